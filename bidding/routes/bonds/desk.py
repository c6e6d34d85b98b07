"""The desk of the centre's finance: sections, overdue refunds, statements, reconciliation; supervisors read along."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, instant_now, reading, requires, status_of
from accounts.queries import names_of
from accounts.rules import Role
from bidding import queries as bidding
from bidding.models import Section
from bidding.queries import bonds as queries
from bidding.queries.reconciliation import reconciliation
from bidding.routes.blueprint import blueprint, done
from bidding.routes.bonds.shown import shown_bond
from bidding.rules.bonds.refunds import KEYS
from bidding.services import bonds as services
from core.calendar import day_of
from core.errors import Invalid, Missing, Refusal
from core.forms import choice, day, text

READERS = (Role.FINANCE, Role.SUPERVISOR)


def released(session: Session, code: str) -> Section:
    """The section whose bonds may be seen; one whose names are not public yet is as good as none (R-154)."""
    section = bidding.section(session, code)
    if not queries.is_released(session, section):
        raise Missing("section.unknown", section=code)
    return section


@blueprint.get("/bonds/desk")
@requires(*READERS)
def bond_desk() -> str:
    """Everything at once: what is held, what is due, what is over its day, whether the books come to zero."""
    with reading() as session:
        today = day_of(instant_now())
        due = [shown_bond(session, bond) for bond in queries.due_bonds(session)]
        sections = [
            {"section": section, "bonds": queries.bonds(session, section)}
            for section in queries.released_sections(session)
        ]
        return render_template(
            "bidding/bonds/desk.html",
            due=due,
            overdue=[one for one in due if one["days_over"]],
            sections=sections,
            report=reconciliation(session),
            days=queries.days(session, 10),
            today=today,
        )


@blueprint.get("/bonds/desk/<code>")
@requires(*READERS)
def section_bonds(code: str) -> tuple[str, int]:
    """One section: every bond with its faults, the statements taken in, its own reconciliation."""
    return _section(code, [])


def _section(code: str, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        section = released(session, code)
        law, statements = queries.bond_law(section), queries.statements(session, section)
        page = render_template(
            "bidding/bonds/section.html",
            section=section,
            terms=queries.bond_terms(session, section),
            found=[shown_bond(session, bond) for bond in queries.bonds(session, section)],
            statements=statements,
            names=names_of(session, {one.taken_by for one in statements}),
            book=queries.bond_book(session, section),
            banks=[one.name for one in queries.institutions(session) if one.kind == "bank"],
            report=reconciliation(session, section),
            bases=[basis for basis, key in KEYS.items() if key in law.rules],
            works_here=current_actor().has(Role.FINANCE),
            today=day_of(instant_now()),
            values=request.form,
            errors=errors,
        )
    return page, status


@blueprint.post("/bonds/desk/<code>/statements")
@requires(Role.FINANCE)
def import_statement(code: str) -> Answer | tuple[str, int]:
    """Take in a bank's CSV; bad lines are shown with their reason."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid("form.required", field="file")
        raw = file.read()
        with acting() as act:
            taken = services.import_statement(
                act, released(act.session, code), text(request.form, "bank", most=120), raw
            )
            lines, bad = taken.rows, len(taken.bad_rows)
    except Refusal as refusal:
        return _section(code, [refusal], status_of(refusal))
    return done(
        _("已导入 %(lines)s 行，%(bad)s 行无法读取。", lines=lines, bad=bad), "bidding.section_bonds", code=code
    )


@blueprint.post("/bonds/desk/<code>/due")
@requires(Role.FINANCE)
def make_bonds_due(code: str) -> Answer | tuple[str, int]:
    """What happened makes the bonds due: the contract was signed, or the result announced, on that day."""
    try:
        with acting() as act:
            section = released(act.session, code)
            basis = choice(request.form, "basis", list(KEYS))
            since = day(request.form, "since")
            if since > day_of(act.now):
                raise Invalid("bond.since", field="since", found=since.isoformat())
            numbers = _numbers(text(request.form, "numbers", required=False))
            made = services.make_due(act, section, basis, numbers=numbers, since=since)
            count = len(made)
    except Refusal as refusal:
        return _section(code, [refusal], status_of(refusal))
    return done(_("%(n)s 笔保证金转入待退还。", n=count), "bidding.section_bonds", code=code)


def _numbers(raw: str) -> list[int] | None:
    """The bids' numbers, separated by blanks or commas; None, all, where nothing is said."""
    words = raw.replace("，", " ").replace(",", " ").replace("、", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):
        raise Invalid("form.integer", field="numbers", found=raw[:40])
    return [int(word) for word in words] or None


@blueprint.get("/bonds/reconciliation")
@requires(*READERS)
def reconcile_bonds() -> str:
    """The reconciliation of everything, section by section, to the fen."""
    with reading() as session:
        sections: list[dict[str, Any]] = [
            {"section": section, "report": reconciliation(session, section)}
            for section in queries.released_sections(session)
        ]
        return render_template(
            "bidding/bonds/reconciliation.html",
            report=reconciliation(session),
            sections=sections,
            days=queries.days(session),
        )


@blueprint.get("/bonds/reconciliation.json")
@requires(*READERS)
def reconciliation_data() -> Response:
    """The same as data."""
    with reading() as session:
        return jsonify(reconciliation(session))

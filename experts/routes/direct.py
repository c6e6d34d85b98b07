"""Direct selection instead of the draw: the proposal, and its approval by another unit (R-320)."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, reading, requires
from accounts.rules import Role
from bidding import queries as bidding
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.committee import PROJECT
from experts.routes.frame import blueprint, done
from experts.services.direct import RULE

ROWS = 5


@blueprint.get("/tender/<code>/committee/direct")
@requires(*PROJECT)
def direct(code: str) -> str:
    """What was proposed and decided so far, and the form for a proposal."""
    return _direct(code, [])


@blueprint.post("/tender/<code>/committee/direct")
@requires(Role.TENDEREE, Role.AGENT)
def propose_direct(code: str) -> Response | tuple[str, int]:
    """Propose experts by name instead of a draw."""
    try:
        values = forms.read_direct(request.form)
        with acting() as act:
            services.propose_direct(act, queries.own_committee(act.session, code, act.actor), **values)
    except Refusal as refusal:
        if refusal.code in ("committee.unknown", "section.unknown"):
            raise
        return _direct(code, [refusal]), 422
    return done(_("已提出，等待行政监督部门核准。"), "experts.direct", code=code)


@blueprint.post("/tender/<code>/committee/direct/<int:number>/approve")
@requires(Role.SUPERVISOR)
def approve_direct(code: str, number: int) -> Response | tuple[str, int]:
    """Approve a proposal."""
    try:
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            services.approve_direct(act, queries.direct_selection(act.session, held, number))
    except Missing:
        raise
    except Refusal as refusal:
        return _direct(code, [refusal]), 422
    return done(_("已核准。"), "experts.direct", code=code)


@blueprint.post("/tender/<code>/committee/direct/<int:number>/refuse")
@requires(Role.SUPERVISOR)
def refuse_direct(code: str, number: int) -> Response | tuple[str, int]:
    """Refuse a proposal, with the reason."""
    try:
        answer = forms.read_reason(request.form, "answer")
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            services.refuse_direct(act, queries.direct_selection(act.session, held, number), answer)
    except Missing:
        raise
    except Refusal as refusal:
        return _direct(code, [refusal]), 422
    return done(_("已决定不予核准。"), "experts.direct", code=code)


def _direct(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        held = queries.own_committee(session, code, actor)
        law = bidding.law_of(held.section)
        selections = queries.direct_selections(session, held)
        told = {
            one.number: [
                {"speciality": row["speciality"], "code": row["code"],
                 "name": queries.expert(session, row["code"]).person.name}
                for row in queries.people_of(session, one)
            ]
            for one in selections
            if queries.is_open(session)
            and (actor.has(Role.SUPERVISOR) or actor.person_id == one.proposed_by)
        }  # fmt: skip
        return render_template(
            "experts/direct.html",
            section=held.section, project=held.section.project, committee=held, selections=selections, told=told,
            rule=law.cite(RULE) if RULE in law.rules else None, grounds=law.words(RULE), errors=errors,
            values=request.form, rows=range(1, ROWS + 1), open_seats=queries.open_direct_seats(session, held),
        )  # fmt: skip

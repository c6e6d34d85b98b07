"""Pages of credit: the lists and what they do, checks with their evidence, imports, one's own record."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import (
    acting,
    current_actor,
    current_person,
    instant_now,
    limited,
    public,
    reading,
    requires,
    status_of,
)
from accounts.rules import Role
from core.errors import Refusal
from core.render.pdf import render_pdf
from credit import forms, queries, services
from credit.rules import CHANNELS, LISTS, REPAIR, SOURCES, rulebook

blueprint = Blueprint("credit", __name__)
STAFF = (Role.OPERATOR, Role.SUPERVISOR, Role.OFFICER)
READERS = (*STAFF, Role.TENDEREE, Role.AGENT, Role.EXPERT, Role.BIDDER)


@blueprint.get("/credit")
@public
def lists() -> str:
    """Which lists count, how fresh they are, what they do in which regime, and how to get off them."""
    with reading() as session:
        return render_template(
            "credit/lists.html",
            statistics=queries.statistics(session, now=instant_now()),
            rules=rulebook(),
            sources=LISTS,
            channels=CHANNELS,
            repair=REPAIR,
        )


@blueprint.get("/credit/mine")
@requires(Role.BIDDER, Role.AGENT, Role.TENDEREE)
def mine() -> str:
    """What the lists, the checks and this platform say about one's own organisation."""
    person = current_person()
    own = person.organisation if person else None
    with reading() as session:
        return render_template(
            "credit/mine.html",
            organisation=own,
            checks=queries.checks_of(session, own.identifier) if own else [],
            facts=queries.facts(session, own.identifier) if own else [],
            sources=SOURCES,
        )


@blueprint.get("/credit/checks")
@requires(*STAFF)
def sections() -> str:
    """Sections with checks, and the checks of one of them, party by party."""
    code = request.args.get("section", "")
    with reading() as session:
        codes = queries.sections_checked(session)
        chosen = code if code in codes else (codes[-1] if codes else "")
        return render_template(
            "credit/checks.html",
            codes=codes,
            chosen=chosen,
            checks=queries.checks(session, chosen) if chosen else [],
            sources=SOURCES,
        )


@blueprint.get("/credit/checks/<sha256>")
@requires(*READERS)
def check(sha256: str) -> str:
    """The evidence of one check: asked whom, when, what was found, which rule, what it means, the way to repair."""
    with reading() as session:
        found = queries.own_check(session, sha256, current_actor())
        return render_template("credit/check.html", check=found, evidence=found.evidence, sources=SOURCES)


@blueprint.get("/credit/checks/<sha256>/print")
@requires(*READERS)
def check_print(sha256: str) -> str:
    """The evidence as a document to print."""
    return _printed(sha256)


@blueprint.get("/credit/checks/<sha256>.pdf")
@requires(*READERS)
def check_pdf(sha256: str) -> Response:
    """The evidence as a PDF."""
    answer = make_response(render_pdf(_printed(sha256)))
    answer.headers["Content-Type"] = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="credit-{sha256[:12]}.pdf"'
    return answer


def _printed(sha256: str) -> str:
    with reading() as session:
        found = queries.own_check(session, sha256, current_actor())
        return render_template("credit/check_print.html", check=found, evidence=found.evidence)


@blueprint.get("/credit/checks/<sha256>.json")
@requires(*READERS)
def check_json(sha256: str) -> Response:
    """The evidence as the data its digest is of."""
    with reading() as session:
        return jsonify(queries.own_check(session, sha256, current_actor()).evidence)


@blueprint.get("/credit/imports")
@requires(*STAFF)
def imports() -> tuple[str, int]:
    """Every snapshot taken over, and the form for the next."""
    return _imports([])


def _imports(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "credit/imports.html",
            found=queries.imports(session),
            sources=LISTS,
            values=request.form,
            errors=errors,
            may_import=current_actor().has(Role.OPERATOR),
        )
    return page, status


@blueprint.post("/credit/imports")
@requires(Role.OPERATOR)
@limited("30/hour", by="token")
def import_list() -> BaseResponse | tuple[str, int]:
    """Take over a snapshot of a list."""
    upload = request.files.get("file")
    try:
        source, raw, as_of, confirmed = forms.list_import(request.form, upload.read() if upload else None)
        with acting() as act:
            snapshot = services.import_list(act, source=source, file=raw, as_of=as_of, confirmed=confirmed)
    except Refusal as refusal:
        return _imports([refusal], status_of(refusal))
    flash(
        _(
            "已导入第 %(version)s 版：新增 %(added)s 条，结束 %(removed)s 条，无法读取 %(bad)s 行。",
            version=snapshot.version,
            added=snapshot.added,
            removed=snapshot.removed,
            bad=snapshot.bad,
        ),
        "warn" if snapshot.bad else "ok",
    )
    return redirect(url_for("credit.snapshot", import_id=snapshot.id), 303)


@blueprint.get("/credit/imports/<int:import_id>")
@requires(*STAFF)
def snapshot(import_id: int) -> str:
    """One snapshot: digest, what changed, and every line that could not be read with its reason."""
    with reading() as session:
        found = queries.import_by_id(session, import_id)
        return render_template("credit/snapshot.html", snapshot=found, sources=SOURCES)


@blueprint.get("/credit/records")
@requires(*STAFF)
def records() -> str:
    """Records by code or name, ended ones too."""
    words = request.args.get("q", "").strip()
    with reading() as session:
        found = queries.records(session, words) if words else []
        return render_template("credit/records.html", found=found, words=words, sources=SOURCES)

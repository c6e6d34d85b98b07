"""Pages of checks: by section, the evidence of one, a person's look, replay, what was known, one's own."""

from __future__ import annotations

from datetime import datetime

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import (
    acting,
    current_actor,
    current_person,
    door,
    instant_now,
    limited,
    reading,
    requires,
    status_of,
)
from accounts.queries import names_of
from accounts.rules import Role
from core.calendar import day_of
from core.errors import Missing, Refusal
from core.law import Snapshot
from core.render.pdf import render_pdf
from credit import forms, queries, services
from credit.models import CreditCheck
from credit.routes.pages import LOOKERS, READERS, STAFF, blueprint, uploaded
from credit.rules import SOURCES, Verdict, masked
from credit.rules.answers import Answer
from credit.services.checking import MOST_SHOT, ROLES, STAGES


@blueprint.get("/credit/mine")
@requires(Role.BIDDER, Role.AGENT, Role.TENDEREE)
def mine() -> str:
    """What the lists, the checks and this platform say about one's own organisation, and one's requests."""
    person = current_person()
    own = person.organisation if person else None
    with reading() as session:
        known = queries.facts(session, own.identifier) if own else []
        return render_template(
            "credit/mine.html",
            organisation=own,
            checks=queries.checks_of(session, own.identifier) if own else [],
            facts=[one for one in known if one.withdraws_id is None],
            gone=queries.withdrawals(known),
            corrections=queries.corrections_of(session, own.identifier) if own else [],
        )


@blueprint.get("/credit/checks")
@requires(*STAFF)
def sections() -> tuple[str, int]:
    """Sections with checks, and the checks of one of them, party by party."""
    return _sections([])


def _sections(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    code = request.values.get("section", "")
    with reading() as session:
        codes = queries.sections_checked(session)
        chosen = code if code in codes else (codes[-1] if codes else "")
        page = render_template(
            "credit/checks.html",
            codes=codes,
            chosen=chosen,
            checks=queries.checks(session, chosen) if chosen else [],
            matrix=queries.matrix_of(session, chosen) if chosen else [],
            sources=SOURCES,
            stages=STAGES,
            roles=[role for role in ROLES if role != "bidder"],
            leads=[one for one in queries.parties(session, chosen) if one.role == "bidder"] if chosen else [],
            errors=errors,
            values=request.form,
            may_check=current_actor().has(*LOOKERS),
        )
    return page, status


@blueprint.post("/credit/checks")
@requires(*LOOKERS)
@limited("60/hour", by="token")
def check_again() -> BaseResponse | tuple[str, int]:
    """Ask about every party of a section once more."""
    code = request.form.get("section", "")
    try:
        with acting() as act:
            made = services.check_again(act, code, request.form.get("stage", ""))
    except Refusal as refusal:
        return _sections([refusal], status_of(refusal))
    flash(_("已重新查询 %(n)s 次。", n=len(made)), "ok")
    return redirect(url_for("credit.sections", section=code), 303)


@blueprint.post("/credit/checks/party")
@requires(*LOOKERS)
@limited("60/hour", by="token")
def check_other() -> BaseResponse | tuple[str, int]:
    """Ask about a consortium's member, an agency, an expert or a bidder's person."""
    code, get = request.form.get("section", ""), request.form.get
    try:
        with acting() as act:
            made = services.check_other(
                act,
                code,
                identifier=get("identifier", ""),
                name=get("name", ""),
                role=get("role", ""),
                member_of=get("member_of", "") if get("role") == "member" else "",
                stage=get("stage", ""),
            )
    except Refusal as refusal:
        return _sections([refusal], status_of(refusal))
    flash(_("已查询 %(n)s 次。", n=len(made)), "ok")
    return redirect(url_for("credit.sections", section=code), 303)


@blueprint.get("/credit/checks/<sha256>")
@requires(*READERS)
def check(sha256: str) -> tuple[str, int]:
    """The evidence of one check: asked whom, when, what was found, which rule, what it means, the way to repair."""
    return _check(sha256, [])


def _check(sha256: str, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    actor = current_actor()
    with reading() as session:
        found = queries.own_check(session, sha256, actor)
        later = queries.successor(session, found)
        is_own = found.identifier == queries.own_code(session, actor)
        page = render_template(
            "credit/check.html",
            check=found,
            evidence=found.evidence,
            shown_code=masked(found.identifier),
            names=names_of(session, [found.checked_by]),
            later=later,
            may_look=actor.has(*LOOKERS) and later is None and found.adapter != "ledger",
            may_correct=is_own and actor.has(Role.BIDDER) and found.decision != "clear" and _has_records(found),
            errors=errors,
            values=request.form,
        )
    return page, status


def _has_records(check: CreditCheck) -> bool:
    return bool(check.evidence.get("records"))


@blueprint.post("/credit/checks/<sha256>/evidence")
@requires(*LOOKERS)
@limited("60/hour", by="token")
def keep_evidence(sha256: str) -> BaseResponse | tuple[str, int]:
    """Keep what a person saw at the source, with its picture."""
    try:
        looked_at, site, record = forms.look(request.form)
        file, name = uploaded("file", MOST_SHOT)
        with acting() as act:
            held = queries.own_check(act.session, sha256, act.actor)
            made = services.keep_evidence(
                act, held, file=file, name=name, site=site, looked_at=looked_at, record=record
            )
    except Missing:
        raise
    except Refusal as refusal:
        return _check(sha256, [refusal], status_of(refusal))
    flash(_("人工查询的证据已保存，处理按同一规则得出。"), "ok")
    return redirect(url_for("credit.check", sha256=made.evidence_sha256), 303)


@blueprint.get("/credit/checks/<sha256>/seen")
@requires(*READERS)
def seen(sha256: str) -> Response:
    """The picture or printout a person kept."""
    with reading() as session:
        found = queries.own_check(session, sha256, current_actor())
    file = (found.evidence.get("seen") or {}).get("file")
    if file is None:
        raise Missing("credit.check_unknown")
    answer = make_response(door().platform.store.read(file["sha256"]))
    answer.headers["Content-Type"] = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}[file["kind"]]
    answer.headers["Content-Disposition"] = f'attachment; filename="credit-{sha256[:12]}.{file["kind"]}"'
    return answer


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
        return render_template(
            "credit/check_print.html",
            check=found,
            evidence=found.evidence,
            shown_code=masked(found.identifier),
            names=names_of(session, [found.checked_by]),
        )


@blueprint.get("/credit/checks/<sha256>.json")
@requires(*READERS)
def check_json(sha256: str) -> Response:
    """The evidence as the data its digest is of."""
    with reading() as session:
        return jsonify(queries.own_check(session, sha256, current_actor()).evidence)


@blueprint.get("/credit/checks/<sha256>/replay")
@requires(*READERS)
@limited("60/hour", by="token")
def replay(sha256: str) -> str:
    """The decision recomputed from what was kept; with `?file=1` from the list's file, line by line."""
    with reading() as session:
        found = queries.own_check(session, sha256, current_actor())
        by_file = request.args.get("file") == "1"
        again = queries.replay(session, door().platform.store, found, from_file=by_file)
        return render_template("credit/replay.html", check=found, again=again, by_file=by_file)


@blueprint.get("/credit/as-of")
@requires(*STAFF)
def as_of() -> tuple[str, int]:
    """What the platform knew about a party at an instant, and what it would have decided then."""
    asked, errors = None, list[Refusal]()
    if request.args.get("identifier"):
        try:
            asked = forms.as_of(request.args)
        except Refusal as refusal:
            errors = [refusal]
    with reading() as session:
        found = _known(session, *asked) if asked else []
        page = render_template(
            "credit/as_of.html", found=found, values=request.args, errors=errors, at=asked[2] if asked else None
        )
    return page, status_of(errors[0]) if errors else 200


def _known(
    session: Session, identifier: str, name: str, at: datetime, regime: str, document: str
) -> list[tuple[str, Answer, Verdict]]:
    law = Snapshot(regime, day_of(at).isoformat(), {})
    return queries.known_at(
        session, min(at, instant_now()), identifier=identifier, name=name, law=law, document=document, cutoff=None
    )

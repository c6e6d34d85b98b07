"""Pages of correction requests: the party files and withdraws, the centre forwards and puts the answer on record."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, door, limited, reading, requires, status_of
from accounts.rules import Role
from core.act import Actor
from core.errors import Missing, Refusal
from credit import queries, services
from credit.models import CreditCorrection
from credit.routes.checks import _check
from credit.routes.pages import LOOKERS, STAFF, blueprint, uploaded
from credit.services.checking import MOST_SHOT


@blueprint.get("/credit/corrections")
@requires(*STAFF)
def corrections() -> str:
    """Every request, the open ones first."""
    with reading() as session:
        return render_template(
            "credit/corrections.html",
            waiting=queries.corrections(session, is_open=True),
            ended=queries.corrections(session, is_open=False),
        )


@blueprint.post("/credit/checks/<sha256>/corrections")
@requires(Role.BIDDER)
@limited("20/hour", by="token")
def file_correction(sha256: str) -> BaseResponse | tuple[str, int]:
    """File a request about a check of one's own organisation."""
    try:
        file, name = uploaded("paper", MOST_SHOT)
        with acting() as act:
            check = queries.own_check(act.session, sha256, act.actor)
            if check.identifier != queries.own_code(act.session, act.actor):
                raise Missing("credit.check_unknown")
            held = services.file_correction(
                act,
                check,
                wish=request.form.get("wish", ""),
                grounds=request.form.get("grounds", ""),
                file=file or None,
                name=name,
            )
    except Missing:
        raise
    except Refusal as refusal:
        return _check(sha256, [refusal], status_of(refusal))
    flash(_("申请已提出（第 %(number)s 号），中心将转送列入机关。", number=held.id), "ok")
    return redirect(url_for("credit.correction", number=held.id), 303)


@blueprint.get("/credit/corrections/<int:number>")
@requires(*STAFF, Role.BIDDER)
def correction(number: int) -> tuple[str, int]:
    """One request with its course, for its own party and the staff."""
    return _correction(number, [])


def _correction(number: int, errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    actor = current_actor()
    with reading() as session:
        held = _own(session, number, actor)
        page = render_template(
            "credit/correction.html",
            held=held,
            check=held.check,
            errors=errors,
            values=request.form,
            may_handle=actor.has(*LOOKERS),
            is_own=held.identifier == queries.own_code(session, actor),
        )
    return page, status


def _own(session: Session, number: int, actor: Actor) -> CreditCorrection:
    """The request for the staff, or for its own party; anybody else finds nothing."""
    if actor.has(*STAFF):
        return queries.correction(session, number)
    return queries.correction(session, number, identifier=queries.own_code(session, actor) or "—")


@blueprint.get("/credit/corrections/<int:number>/paper")
@requires(*STAFF, Role.BIDDER)
def correction_paper(number: int) -> Response:
    """The paper the party filed."""
    with reading() as session:
        held = _own(session, number, current_actor())
    if held.evidence_sha256 is None:
        raise Missing("credit.correction_unknown")
    answer = make_response(door().platform.store.read(held.evidence_sha256))
    answer.headers["Content-Type"] = "application/octet-stream"
    answer.headers["Content-Disposition"] = f'attachment; filename="correction-{number}"'
    return answer


@blueprint.post("/credit/corrections/<int:number>")
@requires(*LOOKERS)
def answer_correction(number: int) -> BaseResponse | tuple[str, int]:
    """Forward it, give it back, or put the source's answer on record."""
    step, words = request.form.get("step", ""), request.form.get("words", "")
    try:
        with acting() as act:
            held = queries.correction(act.session, number)
            if step == "forward":
                services.forward_correction(act, held, to=words)
            elif step == "return":
                services.return_correction(act, held, reason=words)
            else:
                services.answer_correction(act, held, upheld=step == "uphold", answer=words)
    except Missing:
        raise
    except Refusal as refusal:
        return _correction(number, [refusal], status_of(refusal))
    flash(_("已记录并告知申请单位。"), "ok")
    return redirect(url_for("credit.correction", number=number), 303)


@blueprint.post("/credit/corrections/<int:number>/withdraw")
@requires(Role.BIDDER)
def withdraw_correction(number: int) -> BaseResponse:
    """The party takes its request back."""
    with acting() as act:
        services.withdraw_correction(act, _own(act.session, number, act.actor))
    flash(_("申请已撤回。"), "ok")
    return redirect(url_for("credit.correction", number=number), 303)

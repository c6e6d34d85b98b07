"""Requests to avoid: a supplier asks, the supervisor answers; and members who did not come."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, limited, reading, requires
from accounts.rules import Role
from bidding import queries as bidding
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.frame import blueprint, done, refused
from opening import queries as opening


@blueprint.get("/sections/<code>/avoidance")
@requires(Role.BIDDER, Role.SUPERVISOR)
def avoidance(code: str) -> str:
    """The supplier's own requests with their answers and a form; for the supervisor all of them."""
    return _avoidance(code, [])


@blueprint.post("/sections/<code>/avoidance")
@requires(Role.BIDDER)
@limited("10/minute;60/hour", by="token")
def ask_avoidance(code: str) -> Response | tuple[str, int]:
    """Ask that a person stay out of the evaluation."""
    try:
        values = forms.read_avoidance(request.form)
        with acting() as act:
            held = queries.opening_of(act.session, bidding.section(act.session, code))
            own = opening.own_bids(act.session, held, act.actor)
            if not own:
                raise Missing("opening.no_bid")
            services.ask_avoidance(act, own[0], **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _avoidance(code, [refusal]), 422
    return done(_("回避申请已提交，由行政监督部门处理。"), "experts.avoidance", code=code)


@blueprint.post("/sections/<code>/avoidance/<int:number>")
@requires(Role.SUPERVISOR)
def decide_avoidance(code: str, number: int) -> Response | tuple[str, int]:
    """Uphold or dismiss a request."""
    try:
        decision = forms.one_of(request.form, "decision", ("uphold", "dismiss"))
        answer = forms.read_reason(request.form, "answer")
        with acting() as act:
            asked = queries.avoidance_request(act.session, bidding.own_section(act.session, code, act.actor), number)
            services.decide_avoidance(act, asked, is_upheld=decision == "uphold", answer=answer)
    except Missing:
        raise
    except Refusal as refusal:
        return _avoidance(code, [refusal]), 422
    return done(_("已答复。"), "experts.avoidance", code=code)


@blueprint.post("/tender/<code>/committee/absence/<label>")
@requires(Role.OFFICER, Role.SUPERVISOR)
def record_absence(code: str, label: str) -> Response:
    """Record that a member has not come; the next of the order is invited."""
    try:
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            services.record_absence(act, queries.seated(act.session, held, label))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已记录未到场，候补依次递补。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/release")
@requires(Role.SUPERVISOR)
def release_member(code: str) -> Response:
    """Release a member who cannot go on; the next of the order is invited."""
    try:
        reason = forms.read_reason(request.form)
        cause = forms.optional(request.form, "cause")
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            member = queries.seated(act.session, held, forms.optional(request.form, "label"))
            services.release_member(act, member, cause=cause, reason=reason)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已更换，其评审意见作废并存档，候补依次递补。"), "experts.committee", code=code)


def _avoidance(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        section = bidding.section(session, code)
        held = queries.opening_of(session, section)
        asked = queries.avoidance_requests(session, section)
        if not actor.has(Role.SUPERVISOR):
            own = {bid.id for bid in opening.own_bids(session, held, actor)}
            if not own:
                raise Missing("opening.no_bid")
            asked = [one for one in asked if one.bid_id in own]
        return render_template(
            "experts/avoidance.html",
            section=section,
            project=section.project,
            requests=asked,
            is_open=section.state in ("opened", "evaluating"),
            errors=errors,
            values=request.form,
        )

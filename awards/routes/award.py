"""Pages of the candidates' publicity, objections, the award and a bidder's own result."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, public, reading, requires
from accounts.rules import Role
from awards import forms, queries, services
from awards.models import Publicity
from awards.routes.frame import PROJECT, STATUS, blueprint, done, frame, refused
from awards.rules import GROUNDS, PASSED_OVER, SET_ASIDE, remedies_of
from bidding import queries as bidding
from bidding.models import Section
from core.board import Notice
from core.calendar import DAY, national
from core.clock import from_iso
from core.errors import Missing, Refusal
from experts import queries as experts
from experts.rules import scored_criteria


@blueprint.get("/tender/<code>/award")
@requires(*PROJECT)
def desk(code: str) -> str:
    """From the delivered report to the award: what is to be done and what holds it up."""
    return _desk(code, [])


@blueprint.post("/tender/<code>/award/candidates")
@requires(Role.TENDEREE, Role.AGENT)
def publish_candidates(code: str) -> Response:
    """Publish the candidates."""
    try:
        with acting() as act:
            services.publish_candidates(act, bidding.own_section(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "awards.desk", code=code)
    return done(_("中标候选人已公示。"), "awards.candidates", code=code)


@blueprint.post("/tender/<code>/award/end")
@requires(Role.TENDEREE, Role.AGENT)
def end_publicity(code: str) -> Response:
    """End a publicity whose time is over."""
    try:
        with acting() as act:
            services.end_publicity(act, queries.own_publicity(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "awards.desk", code=code)
    return done(_("公示期满。"), "awards.desk", code=code)


@blueprint.post("/tender/<code>/award/objections/<int:number>")
@requires(Role.TENDEREE, Role.AGENT)
def answer_objection(code: str, number: int) -> Response | tuple[str, int]:
    """Answer an objection."""
    try:
        answer, remedy = forms.read_answer(request.form)
        with acting() as act:
            objection = queries.own_objection(act.session, code, number, act.actor)
            services.answer_objection(act, objection, answer, remedy=remedy)
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("异议已答复。"), "awards.desk", code=code)


@blueprint.post("/tender/<code>/award")
@requires(Role.TENDEREE)
def award(code: str) -> Response | tuple[str, int]:
    """Award, after the section's code has been typed."""
    try:
        forms.check_phrase(request.form, code)
        with acting() as act:
            publicity = queries.own_publicity(act.session, code, act.actor)
            services.award(act, publicity, **forms.read_award(request.form, publicity.candidates))
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("中标结果已公告，中标通知书与结果通知书已发出。"), "awards.award_notice", code=code)


@blueprint.post("/tender/<code>/award/result")
@requires(Role.TENDEREE)
def announce_result(code: str) -> Response | tuple[str, int]:
    """Decide for the first candidate and announce the result (regime G), after the section's code has been typed."""
    try:
        forms.check_phrase(request.form, code)
        with acting() as act:
            services.announce_result(act, bidding.own_section(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("结果已公告，成交（中标）通知书与结果通知书已发出。"), "awards.award_notice", code=code)


@blueprint.post("/tender/<code>/award/set-aside")
@requires(Role.TENDEREE)
def set_aside_winner(code: str) -> Response | tuple[str, int]:
    """Set the winner aside, after the section's code has been typed."""
    try:
        forms.check_phrase(request.form, code)
        lost = forms.read_set_aside(request.form)
        with acting() as act:
            services.set_aside_winner(act, queries.own_publicity(act.session, code, act.actor), **lost)
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("中标结果已撤销并公告。"), "awards.desk", code=code)


@blueprint.post("/tender/<code>/award/set-aside/<int:number>/fault")
@requires(Role.TENDEREE)
def judge_abandonment(code: str, number: int) -> Response | tuple[str, int]:
    """Decide whether a winner who gave up did so without due cause."""
    try:
        judged = forms.read_fault(request.form)
        with acting() as act:
            services.judge_abandonment(act, queries.own_publicity(act.session, code, act.actor), number, **judged)
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("认定已记录。"), "awards.desk", code=code)


@blueprint.post("/tender/<code>/award/hold-again")
@requires(Role.TENDEREE)
def hold_again(code: str) -> Response | tuple[str, int]:
    """End the section so that it is tendered again, after its code has been typed."""
    try:
        forms.check_phrase(request.form, code, "again")
        explanation = forms.read_text(request.form, "explanation")
        with acting() as act:
            services.hold_again(act, queries.own_publicity(act.session, code, act.actor), explanation)
    except Missing:
        raise
    except Refusal as refusal:
        return _desk(code, [refusal]), 422
    return done(_("本次招标已终止并公告，可以重新招标。"), "awards.desk", code=code)


@blueprint.post("/bid/<code>/give-up")
@requires(Role.BIDDER)
def give_up(code: str) -> Response | tuple[str, int]:
    """The winner declares not to sign, after the section's code has been typed."""
    try:
        forms.check_phrase(request.form, code)
        words = forms.read_text(request.form, "evidence")
        with acting() as act:
            held = queries.won_publicity(act.session, code, act.actor)
            services.set_aside_winner(act, held, reason="gave_up", evidence=words, by_winner=True)
    except Missing:
        raise
    except Refusal as refusal:
        return _own_result(code, [refusal]), 422
    return done(_("放弃中标的声明已收到并公告。"), "awards.own_result", code=code)


@blueprint.get("/sections/<code>/candidates")
@public
def candidates(code: str) -> str:
    """The public notice of the candidates."""
    with reading() as session:
        section, notice = _notice(session, code, "candidates")
        held = queries.publicity(session, section)
        return render_template(
            "awards/candidates.html",
            **frame(section),
            notice=notice,
            content=notice.content,
            publicity=held,
            status=STATUS[held.state],
            began_at=from_iso(notice.content["began_at"]),
            last_day=held.ends_at - DAY,
            objections=queries.objections(session, held),
        )


@blueprint.get("/sections/<code>/award")
@public
def award_notice(code: str) -> str:
    """The public notice of the award."""
    with reading() as session:
        section, notice = _notice(session, code, "award")
        return render_template(
            "awards/award_notice.html",
            **frame(section),
            notice=notice,
            content=notice.content,
            awarded_at=from_iso(notice.content["awarded_at"]),
            notice_until=from_iso(notice.content["notice_until"]) if "notice_until" in notice.content else None,
            challenge_until=from_iso(notice.content["challenge_until"])
            if "challenge_until" in notice.content
            else None,
        )


@blueprint.get("/bid/<code>/result")
@requires(Role.BIDDER)
def own_result(code: str) -> str:
    """A bidder's own scores and rank, and the objection form while the publicity runs."""
    return _own_result(code, [])


@blueprint.post("/bid/<code>/result")
@requires(Role.BIDDER)
def file_objection(code: str) -> Response | tuple[str, int]:
    """File an objection."""
    try:
        words = forms.read_text(request.form, "text")
        with acting() as act:
            publicity = queries.publicity_of(act.session, code)
            services.file_objection(act, publicity, words)
    except Missing:
        raise
    except Refusal as refusal:
        return _own_result(code, [refusal]), 422
    return done(_("异议已提出，答复之前暂停招标投标活动。"), "awards.own_result", code=code)


def _own_result(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        own = queries.own_result(session, section, current_actor())
        held = queries.publicity(session, section)
        return render_template(
            "awards/own_result.html",
            **frame(section),
            own=own,
            publicity=held,
            status=STATUS[held.state],
            criteria=scored_criteria(own["method"]),
            objections=queries.objections_by(session, held, current_actor()),
            errors=errors,
            values=request.form,
        )


def _desk(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        section = bidding.own_section(session, code, actor)
        values: dict[str, Any] = {
            **frame(section), "publicity": None, "errors": errors, "values": request.form, "objections": [],
            "reasons": PASSED_OVER, "status": None, "bids": {}, "committee": None,
            "decides_at_once": "candidate_publicity_min" not in bidding.law_of(section).rules,
            "remedies": remedies_of(section.project.regime), "grounds": GROUNDS, "set_aside": [],
            "set_aside_reasons": [one for one in SET_ASIDE if one not in ("gave_up", "challenge_upheld")],
        }  # fmt: skip
        try:
            committee = experts.committee(session, section)
            if committee.state == "delivered":
                values["committee"] = committee
                values["result"] = experts.told_result(committee)
                values["bids"] = {bid.number: bid for bid in experts.bids_in_evaluation(session, section)}
            held: Publicity | None = queries.publicity(session, section)
        except Missing:
            held = None
        if held is not None:
            values |= {
                "publicity": held,
                "status": STATUS[held.state],
                "objections": queries.objections(session, held),
                "calendar": national().version,
                "set_aside": queries.set_aside(session, held),
            }
        return render_template("awards/desk.html", **values)


def _notice(session: Session, code: str, kind: str) -> tuple[Section, Notice]:
    section = bidding.section(session, code)
    found = queries.notice_of(session, section, kind)
    if found is None:
        raise Missing("publicity.unknown")
    return section, found

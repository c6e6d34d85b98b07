"""The conformity review in the room: own findings, the committee's decision, begin scoring, reject all."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, reading, requires
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.models import Committee
from experts.routes.frame import ROOM, blueprint, clause_texts, done, own_room, room_frame, shown_contents
from experts.routes.opinions import shown_opinions
from experts.routes.viewing import clause_names
from experts.rules.blind import MARKS
from experts.rules.grounds import ground_of, grounds_for
from opening.models import Bid


@blueprint.get("/expert/<code>/conformity")
@requires(*ROOM)
def conformity(code: str) -> str:
    """The matrix of one's own findings, bids by clauses; the committee's decisions once concluded."""
    return _matrix(code, [])


@blueprint.get("/expert/<code>/conformity/<int:number>")
@requires(*ROOM)
def findings(code: str, number: int) -> str:
    """One's own findings on one bid."""
    return _findings(code, number, [])


@blueprint.post("/expert/<code>/conformity/<int:number>")
@requires(*ROOM)
def save_findings(code: str, number: int) -> Response | tuple[str, int]:
    """Save them and go on to the next bid."""
    try:
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            bids, bid, stand = _reviewed(act.session, member.committee, number)
            clauses = [clause["code"] for clause in stand]
            if queries.in_price_stage(act.session, member.committee):
                services.save_price_findings(act, member, bid, forms.read_findings(request.form, clauses))
                return done(_("已保存。"), "experts.conformity", code=code)
            services.save_findings(act, member, bid, forms.read_findings(request.form, clauses))
            services.answer_opinions(act, member, bid, forms.read_answers(request.form, clauses))
            later = [bid.number for bid in bids if bid.number > number]
    except Missing:
        raise
    except Refusal as refusal:
        return _findings(code, number, [refusal]), 422
    if later:
        return done(_("已保存，请继续评审下一份投标。"), "experts.findings", code=code, number=later[0])
    return done(_("已保存。"), "experts.conformity", code=code)


@blueprint.post("/expert/<code>/begin-scoring")
@requires(*ROOM)
def begin_scoring(code: str) -> Response | tuple[str, int]:
    """The leader concludes the review."""
    try:
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            reason = request.form.get("competition_reason", "")[:2000]
            services.begin_scoring(act, member.committee, competition_reason=reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _matrix(code, [refusal]), 422
    return done(_("符合性评审结束，请开始评分。"), "experts.scores", code=code)


@blueprint.post("/expert/<code>/reject-all")
@requires(*ROOM)
def reject_all(code: str) -> Response | tuple[str, int]:
    """The leader records that all bids are rejected, with the reasoning."""
    try:
        reason = forms.read_reason(request.form, most=2000)
        with acting() as act:
            services.reject_all(act, queries.own_member(act.session, code, act.actor).committee, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _matrix(code, [refusal]), 422
    return done(_("已否决所有投标。"), "experts.room", code=code)


def _bid(bids: list[Bid], number: int) -> Bid:
    found = next((bid for bid in bids if bid.number == number), None)
    if found is None:
        raise Missing("bid.unknown")
    return found


def _reviewed(session: Session, held: Committee, number: int) -> tuple[list[Bid], Bid, list[dict[str, str]]]:
    """The bids under review now, the one of that number, and its clauses: those of its price in the stage of prices."""
    if queries.in_price_stage(session, held):
        bids = queries.price_stage_bids(session, held)
        bid = _bid(bids, number)
        return bids, bid, queries.price_clauses_for(session, held, bid)
    bids = queries.bids_in_evaluation(session, held.section)
    bid = _bid(bids, number)
    return bids, bid, queries.clauses_for(session, held, bid)


def _price_rows(session: Session, held: Committee) -> list[tuple[Bid, list[dict[str, str]]]]:
    return [(bid, queries.price_clauses_for(session, held, bid)) for bid in queries.price_stage_bids(session, held)]


def _matrix(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held = member.committee
        bids = queries.bids_in_evaluation(session, held.section) if member.declared_at else []
        stand = {bid.number: {clause["code"] for clause in queries.clauses_for(session, held, bid)} for bid in bids}
        usual = {clause["code"] for clause in queries.clauses_of(held.section)}
        return render_template(
            "experts/conformity.html",
            **room_frame(session, member),
            bids=bids,
            clauses={
                code: clause
                for code, clause in clause_texts(held).items()
                if code in usual or any(code in codes for codes in stand.values())
            },
            stand=stand,
            texts=clause_texts(held),
            linkable=clause_names(held.section),
            agreement=queries.agreement(session, held)
            if held.conformity and queries.has_opinions(held.section)
            else None,
            own=queries.own_findings(session, member),
            masks=queries.told_labels(held),
            flags=queries.flags(session, held.section) if bids else {},
            is_price_stage=queries.in_price_stage(session, held) and member.declared_at is not None,
            price_rows=_price_rows(session, held) if member.declared_at else [],
            decisions={one["number"]: one for one in held.conformity["bids"]} if held.conformity else None,
            errors=errors,
            values=request.form,
        )


def _findings(code: str, number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        if member.declared_at is None:
            raise Missing("bid.unknown")
        held = member.committee
        bids, bid, stand = _reviewed(session, held, number)
        own = queries.own_findings(session, member)
        clauses = {clause["code"]: clause for clause in stand}
        clauses.pop(MARKS["code"], None)  # decided in the blind round
        return render_template(
            "experts/findings.html",
            **room_frame(session, member),
            bid=bid,
            opened=queries.opened(session, bid, held.section),
            first=queries.first_response(session, bid, held.section),
            bids=bids,
            clauses=clauses,
            linkable=clause_names(held.section),
            opinions=shown_opinions(session, bid),
            answers=queries.own_answers(session, member, bid),
            marks=own.get((bid.id, MARKS["code"])),
            mask=queries.told_labels(held).get(bid.submission.digest),
            own={clause: own.get((bid.id, clause)) for clause in clauses},
            grounds=grounds_for(held.section.project.regime),
            usual={code: ground_of("", clause, held.section.project.regime).code for code, clause in clauses.items()},
            asked=[one for one in queries.bid_clarifications(session, held) if one.bid_id == bid.id],
            flags=queries.flags(session, held.section).get(number, []),
            errors=errors,
            values=request.form,
            **shown_contents(session, bid),
        )

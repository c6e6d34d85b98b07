"""What waits for whom about the committee: its forming, its draw, invitations, the work in the room, answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.rules import Role
from bidding.queries import agenda as bidding
from bidding.queries import law_of
from core.act import Actor
from core.agenda import Item, Kind
from core.draw import record
from core.errors import Missing
from experts.models import BidClarification, Committee, Loan, Member, PoolApplication, Rollback, Sanction
from experts.queries.avoidance import avoidance_requests, committee_of
from experts.queries.blind import masked_progress
from experts.queries.clarifications import own_bid_clarifications
from experts.queries.committee import in_two_stages, invitations, leader, live_members, members, memos, prices_are_open
from experts.queries.direct import direct_selections
from experts.queries.discipline import assessments_in, to_assess
from experts.queries.federation import own_loans
from experts.queries.identity import committees_with_secrets, duty_key, is_open
from experts.queries.scoring import own_progress, own_review_progress
from experts.queries.seats import open_seats

STAGES = ("opened", "evaluating")
"""States of a section in which it needs a committee or has one at work."""
JUDGED = ("evaluated", "candidates_published", "awarded")
"""States of a section in which its experts' work can be judged."""

KINDS = {
    "experts.request": Kind("experts.committee", ("experts.request_committee", "experts.propose_direct")),
    "experts.representative": Kind("experts.committee", ("experts.name_representative",)),
    "experts.announce": Kind("experts.committee", ("experts.announce_expert_draw", "experts.widen_pools")),
    "experts.freeze": Kind(
        "experts.committee", ("experts.freeze", "experts.forgo_partner", "experts.ask_partner_after_all")
    ),
    "experts.commit": Kind("experts.draw", ("experts.commit_draw_nonce",)),
    "experts.reveal": Kind("experts.draw", ("experts.reveal_draw_nonce",)),
    "experts.absent": Kind("experts.committee", ("experts.record_absence",)),
    "experts.duty": Kind("experts.duty", ("experts.go_on_duty",)),
    "experts.decide_direct": Kind("experts.direct", ("experts.approve_direct", "experts.refuse_direct")),
    "experts.decide_avoidance": Kind("experts.avoidance", ("experts.decide_avoidance",)),
    "experts.decide_rollback": Kind("experts.committee", ("experts.decide_rollback",)),
    "experts.answer_invitation": Kind("experts.invitation", ("experts.accept", "experts.decline")),
    "experts.arrive": Kind("experts.invitation", ("experts.sign_in",)),
    "experts.declare": Kind("experts.room", ("experts.declare", "experts.avoid")),
    "experts.vote": Kind("experts.room", ("experts.vote_leader",)),
    "experts.blind": Kind("experts.blind", ("experts.save_masked", "experts.reopen_masked")),
    "experts.lock_blind": Kind("experts.blind", ("experts.lock_blind",)),
    "experts.review": Kind(
        "experts.conformity", ("experts.save_findings", "experts.ask_bidder", "experts.propose_correction")
    ),
    "experts.begin_scoring": Kind("experts.conformity", ("experts.begin_scoring", "experts.reject_all")),
    "experts.score": Kind(
        "experts.scores", ("experts.save_scores", "experts.reopen_sheet", "experts.explain_outlier")
    ),
    "experts.lock": Kind("experts.scores", ("experts.lock_committee", "experts.conclude_first_stage")),
    "experts.opine": Kind("experts.memo", ("experts.opine",)),
    "experts.write_report": Kind("experts.result", ("experts.write_report",)),
    "experts.sign_report": Kind("experts.report", ("experts.sign_report",)),
    "experts.deliver": Kind("experts.report", ("experts.deliver_report",)),
    "experts.answer_loan": Kind("experts.loan", ("experts.accept_loan", "experts.decline_loan")),
    "experts.answer_clarification": Kind("experts.bid_clarifications", ("experts.write_answer", "experts.sign_answer")),
    "experts.assess": Kind("experts.assessment", ("experts.assess_member",)),
    "experts.answer_sanction": Kind("experts.own_sanction", ("experts.state_case",)),
    "experts.decide_sanction": Kind("experts.sanction", ("experts.decide_sanction",)),
    "experts.decide_lift": Kind("experts.sanction", ("experts.decide_lift",)),
    "experts.recommend": Kind("experts.recommendations", ("experts.recommend",)),
    "experts.reapply": Kind("experts.own_record", ("experts.reapply", "experts.withdraw_application")),
    "experts.judge_application": Kind(
        "experts.application",
        ("experts.accept_application", "experts.return_application", "experts.refuse_application"),
    ),
}  # fmt: skip


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if actor.has(Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR):
        for section in bidding.own_sections(session, actor, STAGES):
            held = committee_of(session, section)
            if held is None:
                if section.state == "opened" and actor.has(Role.TENDEREE, Role.AGENT):
                    yield bidding.on(section, "experts.request", rule=bidding.cited(law_of(section), "committee_min"))
                continue
            yield from _forming(session, held, actor, now)
    if actor.has(Role.OFFICER) and duty_key(session) and not is_open(session) and committees_with_secrets(session):
        yield Item("experts.duty", rule={"rule": "R-323", "source": ""})
    if actor.person_id is not None:
        yield from _invitations(session, actor)
    if actor.has(Role.BIDDER):
        yield from _questions(session, actor)
    yield from _applications(session, actor)
    yield from _judging(session, actor, now)


def _forming(session: Session, held: Committee, actor: Actor, now: datetime) -> Iterator[Item]:
    section = held.section
    if actor.has(Role.TENDEREE) and actor.organisation_id == section.project.tenderee_id:
        named = sum(one.is_representative for one in live_members(session, held))
        if held.state in ("requested", "draw_announced", "drawn") and named < held.shape["representatives"]:
            yield bidding.on(section, "experts.representative", due=held.meets_at)
    if actor.has(Role.OFFICER):
        pending = [one for one in direct_selections(session, held) if one.state == "proposed"]
        first = held.state == "requested" and not pending and held.shape["drawn"] > 0
        again = held.state == "drawn" and not _draws(session, held) and open_seats(session, held) > 0
        if first or again:
            yield bidding.on(section, "experts.announce", due=held.meets_at, rule=_pool_rule(section))
    yield from _draw(session, held, actor)
    late = held.meets_at is not None and held.meets_at <= now and held.state == "drawn"
    missing = late and any(one.state in ("invited", "accepted") for one in members(session, held))
    if missing and actor.has(Role.OFFICER, Role.SUPERVISOR):
        yield bidding.on(section, "experts.absent", due=held.meets_at)
    if actor.has(Role.SUPERVISOR):
        yield from _decisions(session, held)


def _pool_rule(section: Any) -> dict[str, str] | None:
    return bidding.cited(law_of(section), "expert_ratio_min")


def _draws(session: Session, held: Committee) -> record.Draw | None:
    """The committee's draw that goes on; None where none does."""
    if not held.draw_label:
        return None
    with suppress(Missing):
        found = record.draw(session, held.draw_label)
        return found if found.state in ("announced", "frozen") else None
    return None


def _draw(session: Session, held: Committee, actor: Actor) -> Iterator[Item]:
    found = _draws(session, held)
    if found is None:
        return
    said = {one.party: one for one in record.nonces(session, found)}
    for party in found.parties:
        mine = actor.has(party) and (
            party != Role.TENDEREE or actor.organisation_id == held.section.project.tenderee_id
        )
        if mine and found.state == "announced" and party not in said:
            yield bidding.on(held.section, "experts.commit", due=held.meets_at)
        if mine and found.state == "frozen" and party in said and not said[party].reveal:
            yield bidding.on(held.section, "experts.reveal", due=held.meets_at)
    if actor.has(Role.OFFICER) and found.state == "announced" and set(found.parties) <= set(said):
        yield bidding.on(held.section, "experts.freeze", due=held.meets_at, rule={"rule": "R-330", "source": ""})


def _decisions(session: Session, held: Committee) -> Iterator[Item]:
    section = held.section
    for one in direct_selections(session, held):
        if one.state == "proposed":
            rule = bidding.cited(law_of(section), "direct_selection")
            yield bidding.on(section, "experts.decide_direct", facts={"number": one.number}, rule=rule)
    for asked in avoidance_requests(session, section):
        if asked.state == "asked":
            yield bidding.on(section, "experts.decide_avoidance", facts={"number": asked.number}, due=held.meets_at)
    query = select(Rollback).where(Rollback.committee_id == held.id, Rollback.state == "asked")
    for back in session.scalars(query):
        yield bidding.on(section, "experts.decide_rollback", facts={"number": back.number})


def _invitations(session: Session, actor: Actor) -> Iterator[Item]:
    """Seats of the actor's own. Before signing in nothing but place and time is told, as in the invitation (R-323)."""
    for member in invitations(session, actor):
        held = member.committee
        if held.section.state not in STAGES:
            continue
        if member.state == "invited":
            yield Item("experts.answer_invitation", {"number": member.id}, held.meets_at, rule=_secret())
        elif member.state == "accepted" and held.state in ("drawn", "blind", "seated", "scoring"):
            yield Item("experts.arrive", {"number": member.id}, held.meets_at, rule=_secret())
        elif member.state in ("signed_in", "signed"):
            yield from _room(session, member)
    loans: list[Loan] = own_loans(session, actor)
    for loan in loans:
        if loan.state == "invited":
            yield Item("experts.answer_loan", {"number": loan.id}, loan.meets_at, name=loan.partner.name)


def _secret() -> dict[str, str]:
    return {"rule": "R-323", "source": ""}


def _room(session: Session, member: Member) -> Iterator[Item]:
    """The member's next things in the room, by the committee's state; others' work is no business of this list."""
    held, section = member.committee, member.committee.section
    if member.declared_at is None:
        yield bidding.on(section, "experts.declare")
        return
    if held.state in ("blind", "seated") and leader(session, held) is None and not member.leader_choice:
        yield bidding.on(section, "experts.vote", rule={"rule": "R-302", "source": ""})
    if held.state == "blind":
        left = sum(state != "locked" for *_rest, state in masked_progress(session, member))
        if left:
            yield bidding.on(section, "experts.blind", facts={"left": left})
        elif member.is_leader:
            yield bidding.on(section, "experts.lock_blind")
    if held.state == "seated":
        made, wanted = own_review_progress(session, member)
        if made < wanted:
            yield bidding.on(section, "experts.review", facts={"left": wanted - made, "all": wanted})
        elif member.is_leader:
            yield bidding.on(section, "experts.begin_scoring")
    if held.state == "scoring" or (held.state == "first_concluded" and prices_are_open(session, section)):
        yield from _scores(session, member)
    if member.is_leader and held.state in ("seated", "scoring", "first_concluded"):
        for memo in memos(session, held):
            if memo.opinion is None:
                yield bidding.on(section, "experts.opine", values={"number": memo.id})
    if held.state == "locked" and member.is_leader:
        yield bidding.on(section, "experts.write_report", rule={"rule": "R-500", "source": ""})
    if held.state == "reported":
        if member.state == "signed_in":
            yield bidding.on(section, "experts.sign_report", rule={"rule": "R-500", "source": ""})
        elif member.is_leader and all(one.state == "signed" for one in live_members(session, held)):
            yield bidding.on(section, "experts.deliver")


def _scores(session: Session, member: Member) -> Iterator[Item]:
    held, section = member.committee, member.committee.section
    left = sum(state == "draft" for *_rest, state in own_progress(session, member))
    if left:
        yield bidding.on(section, "experts.score", facts={"left": left})
    elif member.is_leader and not (in_two_stages(section) and held.state == "first_concluded" and not held.conformity):
        yield bidding.on(section, "experts.lock")


def _questions(session: Session, actor: Actor) -> Iterator[Item]:
    """The committee's questions to the actor's own bids."""
    waiting = select(BidClarification).where(BidClarification.state == "asked")
    codes = {one.committee.section.id: one.committee.section for one in session.scalars(waiting)}
    for section in codes.values():
        for one in own_bid_clarifications(session, section, actor):
            if one.state == "asked":
                facts = {"number": one.number}
                yield bidding.on(section, "experts.answer_clarification", due=one.due_at, facts=facts)


def _applications(session: Session, actor: Actor) -> Iterator[Item]:
    if actor.organisation_id is not None:
        query = select(PoolApplication).where(
            PoolApplication.unit_id == actor.organisation_id,
            PoolApplication.person_id != (actor.person_id or 0),
            PoolApplication.state == "applied",
        )
        for one in session.scalars(query.order_by(PoolApplication.id)):
            yield Item("experts.recommend", name=one.pool.name, facts={"number": one.id})
    if actor.person_id is not None:
        own = select(PoolApplication).where(
            PoolApplication.person_id == actor.person_id, PoolApplication.state == "returned"
        )
        for one in session.scalars(own):
            yield Item("experts.reapply", name=one.pool.name)
    if actor.has(Role.OPERATOR):
        query = select(PoolApplication).where(PoolApplication.state.in_(("applied", "recommended")))
        for one in session.scalars(query.order_by(PoolApplication.id)):
            if one.state == "recommended" or one.unit_id is None:
                facts = {"number": one.id}
                yield Item("experts.judge_application", {"number": one.id}, name=one.pool.name, facts=facts)


def _judging(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Experts' work to be judged, sanctions to be answered and decided; nobody decides what they proposed (R-315)."""
    rule = {"rule": "R-315", "source": ""}
    if actor.has(Role.TENDEREE, Role.AGENT):
        for section in bidding.own_sections(session, actor, JUDGED):
            held = committee_of(session, section)
            if held is not None and held.state == "delivered":
                made = {one.member_id for one in assessments_in(session, held)}
                left = sum(one.id not in made for one in to_assess(session, held))
                if left:
                    yield bidding.on(section, "experts.assess", facts={"left": left}, rule=rule)
    if actor.person_id is None:
        return
    query = select(Sanction).where(Sanction.state.in_(("proposed", "heard", "lift_asked"))).order_by(Sanction.id)
    for one in session.scalars(query):
        at = {"number": one.id}
        is_spoken = one.state == "heard" or now >= one.hear_until
        if one.expert.person_id == actor.person_id:
            if one.state == "proposed":
                yield Item("experts.answer_sanction", at, one.hear_until, rule=rule)
        elif not actor.has(Role.SUPERVISOR):
            continue
        elif one.state == "lift_asked" and one.lift_asked_by != actor.person_id:
            yield Item("experts.decide_lift", at, facts=at, rule=rule)
        elif one.state != "lift_asked" and is_spoken and one.proposed_by != actor.person_id:
            yield Item("experts.decide_sanction", at, facts=at, rule=rule)

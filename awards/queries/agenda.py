"""What waits for whom from the delivered report on: candidates, objections, award, contract, complaints, the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.rules import Role
from awards import queries
from awards.models import Complaint, Contract, Objection, Publicity, Supplement, ValidityExtension
from awards.queries import complaints, contracts, selection, validity
from awards.rules import answer_due
from awards.rules.complaints import complaint_due
from bidding.models import Section
from bidding.queries import agenda as bidding
from bidding.queries import law_of, own_project
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import day_of, end_of_day, national
from core.errors import Missing
from experts.models import Committee
from opening.models import Bid, Opening

KINDS = {
    "awards.candidates": Kind("awards.desk", ("awards.publish_candidates",)),
    "awards.result": Kind("awards.desk", ("awards.announce_result",)),
    "awards.next_candidate": Kind("awards.desk", ("awards.award", "awards.announce_result", "awards.hold_again")),
    "awards.answer_objection": Kind("awards.desk", ("awards.answer_objection",)),
    "awards.award": Kind("awards.desk", ("awards.award", "awards.end_publicity")),
    "awards.select": Kind("awards.selection", ("awards.handle_selection",)),
    "awards.ballot": Kind("awards.selection", ("awards.handle_selection",)),
    "awards.propose_contract": Kind("awards.contract", ("awards.propose_contract", "awards.set_aside_winner")),
    "awards.judge_abandonment": Kind("awards.desk", ("awards.judge_abandonment",)),
    "awards.sign_contract": Kind(
        "awards.contract", ("awards.sign_contract", "awards.bring_signature", "awards.give_up")
    ),
    "awards.perform": Kind("awards.contract", ("awards.handle_contract",), must=False),
    "awards.object": Kind("awards.own_result", ("awards.file_objection",), must=False),
    "awards.complain": Kind("awards.complaint", ("awards.file_complaint", "awards.withdraw_complaint"), must=False),
    "awards.mend_complaint": Kind("awards.complaint", ("awards.file_complaint",)),
    "awards.answer_validity": Kind("awards.own_validity", ("awards.answer_extension",)),
    "awards.extend_validity": Kind("awards.validity", ("awards.ask_extension",), must=False),
    "awards.accept_complaint": Kind("awards.complaint_file", ("awards.handle_complaint",)),
    "awards.decide_complaint": Kind("awards.complaint_file", ("awards.handle_complaint",)),
    "awards.judge_supplement": Kind("awards.supplements", ("awards.approve_supplement", "awards.refuse_supplement")),
}  # fmt: skip

STAGES = ("opened", "evaluating", "evaluated", "candidates_published", "awarded", "failed")
"""States of a section in which something of this floor may wait for its tenderee."""
SOON_INVALID = 15
"""Days before the bids lapse from which on the tenderee is reminded; a reminder, no rule of law."""


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if actor.has(Role.TENDEREE, Role.AGENT):
        yield from _project(session, actor, now)
    if actor.has(Role.BIDDER):
        yield from _bidder(session, actor, now)
    if actor.has(Role.SUPERVISOR):
        yield from _supervisor(session, actor)


def _project(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    for section in bidding.own_sections(session, actor, STAGES):
        with suppress(Missing):
            own_project(session, section.project.code, actor)
            yield from _section(session, section, actor, now)


def _section(session: Session, section: Section, actor: Actor, now: datetime) -> Iterator[Item]:
    law = law_of(section)
    publicity = session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if actor.has(Role.TENDEREE) and publicity is not None:
        # Whoever follows, or whether it is tendered again: the fault of who gave up is still to be decided.
        for lost in queries.set_aside(session, publicity):
            if lost.reason == "gave_up" and lost.fault is None:
                yield bidding.on(section, "awards.judge_abandonment", facts={"number": lost.bid.number})
    if section.state == "failed":
        return
    if section.state in ("opened", "evaluating", "evaluated", "candidates_published"):
        yield from _validity(session, section, now)
    if section.state == "evaluated":
        if queries.set_aside_numbers(session, section):
            yield bidding.on(section, "awards.next_candidate")
            return
        key = "candidate_publish_within" if "candidate_publish_within" in law.rules else "award_decision_within"
        committee = session.scalar(select(Committee).where(Committee.section_id == section.id))
        due = None
        if key in law.rules and committee is not None:
            due = answer_due(national(), committee.state_at, law.days(key), law.rule(key).unit).ends_at
        kind = "awards.candidates" if key == "candidate_publish_within" else "awards.result"
        if kind == "awards.candidates" or actor.has(Role.TENDEREE):
            yield bidding.on(section, kind, due=due, rule=bidding.cited(law, key))
    if publicity is None:
        return
    for one in queries.objections(session, publicity):
        if one.state == "open":
            rule = bidding.cited(law, "objection_answer")
            facts = {"number": one.number}
            yield bidding.on(section, "awards.answer_objection", due=one.answer_due_at, facts=facts, rule=rule)
    if section.state == "candidates_published":
        yield from _award(session, section, publicity, actor)
    if section.state == "awarded":
        yield from _contract(session, section, publicity, actor)


def _validity(session: Session, section: Section, now: datetime) -> Iterator[Item]:
    with suppress(Missing):
        last = validity.valid_until(session, section)
        if (last - day_of(now)).days <= SOON_INVALID and validity.open_extension(session, section) is None:
            rule = bidding.cited(law_of(section), "validity_stated")
            yield bidding.on(section, "awards.extend_validity", due=end_of_day(last), rule=rule)


def _award(session: Session, section: Section, publicity: Publicity, actor: Actor) -> Iterator[Item]:
    if publicity.state != "ended" or queries.open_objections(session, publicity):
        return
    if selection.plan_of(section) is not None:
        sitting = selection.selection(session, publicity)
        if sitting is None:
            if actor.has(Role.TENDEREE):
                yield bidding.on(section, "awards.select", rule=bidding.cited(law_of(section), "selection_separate"))
            return
        seat = selection.seat_of(sitting, actor)
        if sitting.state != "concluded":
            cast = {one.seat for one in selection.ballots(session, sitting, sitting.round)}
            if seat is not None and seat["seat"] not in cast:
                yield bidding.on(section, "awards.ballot", facts={"round": max(1, sitting.round)})
            return
    if actor.has(Role.TENDEREE):
        kind = "awards.next_candidate" if queries.set_aside_numbers(session, section) else "awards.award"
        yield bidding.on(section, kind, rule=bidding.cited(law_of(section), "candidates_max"))


def _contract(session: Session, section: Section, publicity: Publicity, actor: Actor) -> Iterator[Item]:
    law, held = law_of(section), contracts.contract(session, section)
    rule, due = bidding.cited(law, "contract_within"), None
    if held is None and rule is not None:
        began = publicity.began_at if publicity.follows_award else publicity.state_at
        due = end_of_day(national().end_of_days(day_of(began), law.days("contract_within")).on)
    if held is None:
        yield bidding.on(section, "awards.propose_contract", due=due, rule=rule)
    elif held.state == "signing":
        yield from _signature(session, held, actor, rule)
    elif held.state == "concluded":
        yield bidding.on(section, "awards.perform")


def _signature(session: Session, held: Contract, actor: Actor, rule: Any) -> Iterator[Item]:
    party = contracts.party_of(session, held, actor)
    if party is not None and all(one.get("party") != party for one in held.signatures):
        yield bidding.on(held.section, "awards.sign_contract", due=held.due_at, rule=rule)


def _bidder(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """About sections whose bidders' names are public: whoever bid there is known since then."""
    if actor.organisation_id is None:
        return
    own = (
        select(Section)
        .join(Opening, Opening.section_id == Section.id)
        .join(Bid, Bid.opening_id == Opening.id)
        .where(Bid.organisation_id == actor.organisation_id, Section.state.not_in(("archived", "failed")))
        .order_by(Section.id)
    )
    for section in session.scalars(own).unique():
        yield from _own_result(session, section, actor, now)
    signing = session.scalars(select(Contract).where(Contract.state == "signing").order_by(Contract.id))
    for held in signing:
        yield from _signature(session, held, actor, bidding.cited(law_of(held.section), "contract_within"))
    query = select(Complaint).where(Complaint.organisation_id == actor.organisation_id, Complaint.state == "returned")
    for one in session.scalars(query):
        yield bidding.on(one.section, "awards.mend_complaint", facts={"number": one.number})


def _own_result(session: Session, section: Section, actor: Actor, now: datetime) -> Iterator[Item]:
    asked = session.scalar(
        select(ValidityExtension).where(
            ValidityExtension.section_id == section.id, ValidityExtension.concluded_at.is_(None)
        )
    )
    if asked is not None:
        waiting = [bid for bid in validity.unanswered(session, asked) if bid.organisation_id == actor.organisation_id]
        if waiting:
            yield bidding.on(
                section, "awards.answer_validity", due=asked.answer_by, rule={"rule": "R-158", "source": ""}
            )
    publicity = session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if publicity is not None and publicity.state == "running" and now < publicity.ends_at:
        rule = publicity.rule.get("cite") if isinstance(publicity.rule, dict) else None
        yield bidding.on(section, "awards.object", due=publicity.ends_at, rule=rule)
    own = select(Objection).join(Publicity, Publicity.id == Objection.publicity_id)
    answered = own.where(
        Publicity.section_id == section.id,
        Objection.organisation_id == actor.organisation_id,
        Objection.state == "answered",
        Objection.outcome != "upheld",
    )
    is_answered = publicity is not None and session.scalars(answered).first() is not None
    if publicity is not None and is_answered and section.state in ("candidates_published", "awarded"):
        filed = session.scalar(
            select(Complaint.id).where(
                Complaint.section_id == section.id, Complaint.organisation_id == actor.organisation_id
            )
        )
        if filed is None:
            law = complaints.law_of_complaints(section, now)
            held, unit = complaints.grounding(session, section, actor), law.rule("complaint_within").unit
            # Whoever objected knew from the publicity on; who learns of something later may have longer.
            due = complaint_due(national(), law.days("complaint_within"), unit, publicity.began_at, held)
            yield bidding.on(section, "awards.complain", due=due, rule=law.cite("complaint_within"))


def _supervisor(session: Session, actor: Actor) -> Iterator[Item]:
    query = select(Complaint).where(Complaint.state.in_(("filed", "accepted"))).order_by(Complaint.id)
    for one in session.scalars(query):
        verb = "accept" if one.state == "filed" else "decide"
        due = one.accept_due_at if one.state == "filed" else one.decide_due_at
        rule = bidding.cited(complaints.law_of_complaints(one.section, one.filed_at), f"complaint_{verb}_within")
        told: dict[str, Any] = {"values": {"number": one.number}, "facts": {"number": one.number}}
        yield bidding.on(one.section, f"awards.{verb}_complaint", due=due, rule=rule, **told)
    for held in session.scalars(select(Supplement).where(Supplement.state == "asked").order_by(Supplement.id)):
        if held.asked_by != actor.name:
            facts = {"number": held.number, "who": held.asked_by}
            yield bidding.on(held.archive.section, "awards.judge_supplement", facts=facts)

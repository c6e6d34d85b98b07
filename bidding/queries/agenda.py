"""What waits for whom before the opening, and about bonds; nothing here follows from who bids before the names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from accounts.rules import Role
from bidding.models import Bond, BondRefund, Clarification, DocumentObjection, Project, Publication, Question, Section
from bidding.queries.sections import EVERYWHERE, RECEIVING, invited_identifiers, law_of, sections, trustees
from bidding.queries.two_persons import is_party, may_review
from bidding.rules import TRUSTEES
from bidding.rules.periods import latest_start
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import end_of_day, national
from core.law import Snapshot

MOST_OPEN = 12
"""Open tenders told to a bidder, the nearest deadline first; the list of all is a link away."""

KINDS = {
    "bidding.draft": Kind(
        "bidding.update_section",
        (
            "bidding.update_section", "bidding.add_document", "bidding.set_bill", "bidding.invitees",
            "bidding.submit_section", "bidding.create_section", "bidding.update_project", "awards.set_selection",
        ),
    ),
    "bidding.review_notice": Kind("bidding.publish_section", ("bidding.publish_section", "bidding.return_publication")),
    "bidding.review_clarification": Kind(
        "bidding.publish_clarification", ("bidding.publish_clarification", "bidding.return_publication")
    ),
    "bidding.finish_clarification": Kind(
        "bidding.submit_clarification", ("bidding.submit_clarification", "bidding.withdraw_publication")
    ),
    "bidding.answer_question": Kind("bidding.draft_clarification", ("bidding.draft_clarification",)),
    "bidding.answer_objection": Kind("bidding.draft_clarification", ("bidding.draft_clarification",)),
    "bidding.register_key": Kind("bidding.register_trustee", ("bidding.register_trustee",)),
    "bidding.rehearse_key": Kind("bidding.rehearse_trustee", ("bidding.rehearse_trustee",)),
    "bidding.invited": Kind("bidding.workspace", ("bidding.commit_submission",), must=False),
    "bidding.bid": Kind(
        "bidding.workspace",
        ("bidding.commit_submission", "bidding.create_upload", "bidding.ask_question", "bidding.raise_objection"),
        must=False,
    ),
    "bidding.judge_bond": Kind("bidding.bond", ("bidding.receive_guarantee", "bidding.forfeit_bond")),
    "bidding.return_bond": Kind(
        "bidding.bond", ("bidding.prepare_refund", "bidding.confirm_order", "bidding.convert_bond")
    ),
    "bidding.approve_refund": Kind("bidding.bond", ("bidding.approve_refund", "bidding.return_refund")),
    "bidding.confirm_refund": Kind("bidding.bond", ("bidding.confirm_refund",)),
    "bidding.settle_dispute": Kind("bidding.bond", ("bidding.settle_dispute",)),
}  # fmt: skip


def own_sections(session: Session, actor: Actor, states: Collection[str]) -> list[Section]:
    """The sections in these states that the actor works on: its own projects', or all for who acts on every section."""
    query = select(Section).where(Section.state.in_(tuple(states))).order_by(Section.id.desc())
    if not actor.has(*EVERYWHERE):
        mine = actor.organisation_id
        if mine is None or not actor.has(Role.TENDEREE, Role.AGENT):
            return []
        query = query.join(Project, Project.id == Section.project_id).where(
            (Project.tenderee_id == mine) | (Project.agent_id == mine)
        )
    return list(session.scalars(query))


def on(section: Section, kind: str, **more: Any) -> Item:
    """An item about a section, whose page takes its code."""
    values = {"code": section.code, **more.pop("values", {})}
    return Item(kind, values, about=section.code, name=f"{section.project.name} {section.name}", **more)


def cited(law: Snapshot, key: str) -> dict[str, str] | None:
    """The rule as a decision stores it; None where this law has none."""
    return law.cite(key) if key in law.rules else None


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if actor.has(Role.TENDEREE, Role.AGENT):
        yield from _project(session, actor, now)
    if actor.has(*TRUSTEES):
        yield from _keys(session, actor)
    if actor.has(Role.BIDDER):
        yield from _open_tenders(session, actor)
    if actor.has(Role.FINANCE):
        yield from _bonds(session, actor)
    if actor.has(Role.SUPERVISOR) and not actor.has(Role.FINANCE):
        yield from _disputes(session)


def _project(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    for section in own_sections(session, actor, ("draft", *RECEIVING)):
        if not is_party(section, actor):
            continue
        live = select(Publication).where(
            Publication.section_id == section.id, Publication.state.in_(("drafted", "submitted"))
        )
        prepared = list(session.scalars(live.order_by(Publication.number)))
        yield from _publications(section, prepared, actor)
        if section.state == "draft":
            if not any(one.kind == "notice" and one.state == "submitted" for one in prepared):
                yield on(section, "bidding.draft")
            continue
        yield from _answers(session, section, prepared, now)


def _publications(section: Section, prepared: list[Publication], actor: Actor) -> Iterator[Item]:
    for one in prepared:
        numbered = {"values": {"number": one.number}, "facts": {"number": one.number, "who": one.prepared_by}}
        if one.state == "submitted" and may_review(one, actor):
            if one.kind == "notice":
                yield on(section, "bidding.review_notice", facts={"who": one.prepared_by})
            else:
                yield on(section, "bidding.review_clarification", **numbered)
        if one.state == "drafted" and one.kind == "clarification" and one.prepared_by_id == actor.person_id:
            yield on(section, "bidding.finish_clarification", **numbered)


def _answers(session: Session, section: Section, prepared: list[Publication], now: datetime) -> Iterator[Item]:
    """Questions and objections nobody has prepared an answer to.

    A question is due while its answer moves no deadline, from then on by the deadline.
    """
    law = law_of(section)
    deadline = section.deadline_at
    still = deadline and latest_start(law, "clarify_before_deadline", deadline, national())
    asked_due = still if still and now < still else deadline
    under_way = {kind: {one.content.get(kind) for one in prepared} for kind in ("question", "objection")}
    answered = select(Clarification.question_id).where(
        Clarification.section_id == section.id, Clarification.question_id.is_not(None)
    )
    asked = select(Question).where(Question.section_id == section.id, Question.id.not_in(answered))
    for question in session.scalars(asked.order_by(Question.number)):
        if question.number not in under_way["question"]:
            facts, rule = {"number": question.number}, cited(law, "clarify_before_deadline")
            yield on(section, "bidding.answer_question", due=asked_due, facts=facts, rule=rule)
    open_ones = select(DocumentObjection).where(
        DocumentObjection.section_id == section.id, DocumentObjection.state == "open"
    )
    for held in session.scalars(open_ones.order_by(DocumentObjection.number)):
        if held.number not in under_way["objection"]:
            rule = cited(law, "objection_answer")
            facts = {"number": held.number}
            yield on(section, "bidding.answer_objection", due=held.answer_due_at, facts=facts, rule=rule)


def _keys(session: Session, actor: Actor) -> Iterator[Item]:
    """Keys to register before the notice, and canaries to open before the deadline."""
    roles = [role for role in TRUSTEES if actor.has(role)]
    for section in own_sections(session, actor, ("draft", *RECEIVING)):
        held = {one.role: one for one in trustees(session, section)}
        for role in roles:
            if role == Role.TENDEREE and actor.organisation_id != section.project.tenderee_id:
                continue
            one = held.get(role)
            if one is None:
                if section.state == "draft":
                    yield on(section, "bidding.register_key")
            elif one.canary and one.rehearsed_at is None and one.person_id == actor.person_id:
                yield on(section, "bidding.rehearse_key", due=section.deadline_at)


def _open_tenders(session: Session, actor: Actor) -> Iterator[Item]:
    """Invitations to the actor's own organisation, and the open tenders that every bidder is told alike (R-208)."""
    left, own = MOST_OPEN, own_identifier(session, actor)
    for section in sections(session, states=RECEIVING):
        if section.project.invitation != "public":
            invited = invited_identifiers(session, section)
            if own is not None and invited is not None and own in invited:
                yield on(section, "bidding.invited", due=section.closing_at, rule=NOTHING_TOLD)
        elif left:
            left -= 1
            yield on(section, "bidding.bid", due=section.closing_at, rule=NOTHING_TOLD)


NOTHING_TOLD = {"rule": "R-208", "source": ""}


def own_identifier(session: Session, actor: Actor) -> str | None:
    """The code of the actor's organisation."""
    found = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    return found.identifier if found else None


def _bonds(session: Session, actor: Actor) -> Iterator[Item]:
    standing = select(Bond).where(Bond.state.in_(("faulty", "due", "disputed"))).order_by(Bond.due_on, Bond.id)
    for bond in session.scalars(standing):
        refunds = select(BondRefund).where(
            BondRefund.bond_id == bond.id, BondRefund.state.in_(("prepared", "approved"))
        )
        yield from _bond(bond, list(session.scalars(refunds)), actor)


def _bond(bond: Bond, refunds: list[BondRefund], actor: Actor) -> Iterator[Item]:
    due = end_of_day(date.fromisoformat(bond.due_on)) if bond.due_on else None
    rule = bond.due_rule if isinstance(bond.due_rule, dict) and bond.due_rule.get("rule") else None
    told: dict[str, Any] = {"values": {"bond_id": bond.id}, "facts": {"who": bond.name}}
    if bond.state == "faulty":
        yield on(bond.section, "bidding.judge_bond", **told)
    elif bond.state == "disputed":
        yield on(bond.section, "bidding.settle_dispute", **told)
    elif not refunds:
        yield on(bond.section, "bidding.return_bond", due=due, rule=rule, **told)
    for refund in refunds:
        if refund.state == "prepared" and refund.prepared_by_id != actor.person_id:
            yield on(bond.section, "bidding.approve_refund", due=due, rule=rule, **told)
        elif refund.state == "approved":
            yield on(bond.section, "bidding.confirm_refund", due=due, rule=rule, **told)


def _disputes(session: Session) -> Iterator[Item]:
    for bond in session.scalars(select(Bond).where(Bond.state == "disputed").order_by(Bond.id)):
        told: dict[str, Any] = {"values": {"bond_id": bond.id}, "facts": {"who": bond.name}}
        yield on(bond.section, "bidding.settle_dispute", **told)

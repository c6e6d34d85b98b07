"""Reads of complaints: the regulator's desk, a complainant's own, the orders in force, the clocks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from awards import queries
from awards.models import Complaint, ComplaintStep
from awards.rules.complaints import Grounding
from bidding import queries as bidding
from bidding.models import Section
from bidding.rules import law_on
from core.act import Actor
from core.calendar import day_of
from core.errors import Conflict, Missing
from core.law import Snapshot

OPEN = ("filed", "returned", "accepted")


def law_of_complaints(section: Section, now: datetime) -> Snapshot:
    """The project's frozen law, and for what it did not hold yet the law of today (a regulator works by today's)."""
    frozen, today = bidding.law_of(section), law_on(section.project.regime, day_of(now))
    return Snapshot(frozen.regime, frozen.on, {**today.rules, **frozen.rules}, frozen.given)


def complaints(session: Session, section: Section) -> list[Complaint]:
    """The section's complaints, by number."""
    query = select(Complaint).where(Complaint.section_id == section.id).order_by(Complaint.number)
    return list(session.scalars(query))


def complaint(session: Session, section: Section, number: int) -> Complaint:
    """The section's complaint of that number, or Missing."""
    for one in complaints(session, section):
        if one.number == number:
            return one
    raise Missing("complaint.unknown")


def own_complaint(session: Session, code: str, number: int, actor: Actor) -> Complaint:
    """The complaint of the actor's own organisation, or Missing."""
    found = complaint(session, bidding.section(session, code), number)
    if actor.organisation_id is None or found.organisation_id != actor.organisation_id:
        raise Missing("complaint.unknown")
    return found


def complaints_by(session: Session, section: Section, actor: Actor) -> list[Complaint]:
    """What the actor's organisation has filed on the section."""
    return [one for one in complaints(session, section) if one.organisation_id == actor.organisation_id]


def complaints_desk(session: Session) -> list[Complaint]:
    """Every complaint for the regulator: open ones first, the nearest deadline first."""
    held = list(session.scalars(select(Complaint).order_by(Complaint.id)))
    return sorted(held, key=lambda one: (one.state not in OPEN, one.decide_due_at or one.accept_due_at, one.id))


def due_of(held: Complaint) -> datetime | None:
    """Until when the regulator has to act next; None once it is the complainant's turn or over."""
    return {"filed": held.accept_due_at, "accepted": held.decide_due_at}.get(held.state)


def steps(session: Session, held: Complaint) -> list[ComplaintStep]:
    """What was done on the complaint, in order."""
    query = select(ComplaintStep).where(ComplaintStep.complaint_id == held.id).order_by(ComplaintStep.number)
    return list(session.scalars(query))


def tests_of(taken: list[ComplaintStep]) -> list[tuple[datetime, datetime | None]]:
    """The spans of tests and expert reviews among the steps; the last may go on."""
    spans: list[tuple[datetime, datetime | None]] = []
    for step in taken:
        if step.kind == "test_begin":
            spans.append((step.at, None))
        elif step.kind == "test_end" and spans:
            spans[-1] = (spans[-1][0], step.at)
    return spans


def orders(session: Session, section: Section, now: datetime) -> list[Complaint]:
    """The complaints whose order suspends the section now."""
    return [
        one
        for one in complaints(session, section)
        if one.ordered_at is not None and (one.ordered_until is None or now < one.ordered_until)
    ]


def open_complaints(session: Session, section: Section) -> list[Complaint]:
    """The complaints that are neither decided, refused nor withdrawn."""
    return [one for one in complaints(session, section) if one.state in OPEN]


def check_free(session: Session, section: Section, now: datetime) -> None:
    """Refuse to go on while a regulator's order is in force: Conflict("complaint.suspended") naming them (R-562)."""
    held = orders(session, section, now)
    if held:
        raise Conflict("complaint.suspended", numbers=[one.number for one in held])


def grounding(session: Session, section: Section, actor: Actor) -> Grounding:
    """What the platform knows of the actor's organisation on the section, for the checklist."""
    took_part, consortium, objected, answered, due = False, False, None, None, None
    try:
        bid = queries.own_bid(session, section, actor)
        took_part, consortium = True, bool((bid.identity or {}).get("consortium"))
        held = queries.objections_by(session, queries.publicity(session, section), actor)
        if held:
            last = held[-1]
            objected, answered, due = last.filed_at, last.answered_at, last.answer_due_at
    except Missing:
        pass
    return Grounding(section.project.regime, took_part, consortium, objected, answered, due)


def content_digest(content: Mapping[str, Any], files: list[Any]) -> str:
    """SHA-256 of the canonical JSON of a complaint's content and files: what the ledger tells before it is public."""
    return hashlib.sha256(rfc8785.dumps({"content": dict(content), "files": files})).hexdigest()


def due_to_lapse(session: Session, now: datetime) -> list[Complaint]:
    """The complaints whose order has outlived its lawful days."""
    query = select(Complaint).where(Complaint.ordered_until.is_not(None), Complaint.ordered_until <= now)
    return list(session.scalars(query.order_by(Complaint.ordered_until)))

"""Reads of objections to the tender documents; nobody who objects is stored, so nobody can be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import rules
from bidding.models import Clarification, DocumentObjection, Section
from bidding.queries.sections import clarifications, law_of, standing_deadline
from core.calendar import national
from core.errors import Missing


def objections(session: Session, section: Section) -> list[DocumentObjection]:
    """The objections to a section's documents, by number; their texts are the tenderee's and supervisor's only until
    they are answered.
    """
    query = select(DocumentObjection).where(DocumentObjection.section_id == section.id)
    return list(session.scalars(query.order_by(DocumentObjection.number)))


def objection(session: Session, section: Section, number: int) -> DocumentObjection:
    """The objection of that number, or Missing."""
    found = session.scalar(
        select(DocumentObjection).where(DocumentObjection.section_id == section.id, DocumentObjection.number == number)
    )
    if found is None:
        raise Missing("document_objection.unknown", number=number)
    return found


def standing_objections(session: Session, section: Section) -> list[DocumentObjection]:
    """Those raised in time and not answered yet."""
    return [one for one in objections(session, section) if one.is_admissible and one.state == "open"]


def holding_objections(session: Session, section: Section) -> list[DocumentObjection]:
    """Those that keep a suspended section suspended (R-135): under the tendering law all that stand, else none."""
    return standing_objections(session, section) if rules.suspends(law_of(section)) else []


def objections_until(section: Section, now: datetime) -> datetime:
    """The last instant at which an objection is in time, the deadline taken as it stands now."""
    published = section.published_at or now
    return rules.admissible_until(law_of(section), national(), published, standing_deadline(section, now))


def resumes(session: Session, section: Section, answered: DocumentObjection | None) -> bool:
    """Whether answering this objection lets a suspended section go on: no other one stands open, no order in force."""
    if section.state != rules.objections.SUSPENDED or answered is None or rules.orders.in_force(section.orders):
        return False
    return [one.id for one in holding_objections(session, section)] == [answered.id]


def least_deadline(
    session: Session, section: Section, now: datetime, *, affects: bool, answered: DocumentObjection | None = None
) -> datetime:
    """The earliest deadline a clarification published now leaves (R-130, R-135).

    While the section is suspended its deadline stands still and no clarification moves it; the last answer moves it by
    the days stood still, and by the law's days after every clarification since that affects preparation.
    """
    law, old = law_of(section), section.closing_at
    if section.state != rules.objections.SUSPENDED:
        return rules.minimum_deadline(now, old, law) if affects else old
    if not resumes(session, section, answered):
        return old
    return deadline_after_standing(session, section, now, affects=affects)


def deadline_after_standing(session: Session, section: Section, now: datetime, *, affects: bool) -> datetime:
    """The earliest deadline of a suspended section that goes on now, `affects` with a clarification that counts."""
    law, old = law_of(section), section.closing_at
    meanwhile = [one.published_at for one in _since(session, section) if one.affects_preparation]
    return rules.resumed_deadline(old, section.state_at, now, [*meanwhile, *([now] if affects else [])], law)


def _since(session: Session, section: Section) -> list[Clarification]:
    return [one for one in clarifications(session, section) if one.published_at >= section.state_at]

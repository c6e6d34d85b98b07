"""Reads of validity: until when bids stand, who was asked to let them stand longer, who agreed and who did not."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards.models import ValidityAnswer, ValidityExtension
from bidding.models import Section
from bidding.rules.bonds.terms import valid_until as first_until
from core.errors import Missing
from opening import queries as opening
from opening.models import Bid

ASKABLE = ("closed", "opened", "evaluating", "evaluated", "candidates_published")
"""Section states in which bids that were read may still win; before the prices are read there are none."""


def extensions(session: Session, section: Section) -> list[ValidityExtension]:
    """Every time the bidders were asked, oldest first."""
    query = select(ValidityExtension).where(ValidityExtension.section_id == section.id)
    return list(session.scalars(query.order_by(ValidityExtension.number)))


def extension(session: Session, extension_id: int) -> ValidityExtension:
    """The extension with that key, or Missing."""
    found = session.get(ValidityExtension, extension_id)
    if found is None:
        raise Missing("validity.unknown")
    return found


def open_extension(session: Session, section: Section) -> ValidityExtension | None:
    """The one that still waits for answers."""
    return next((one for one in extensions(session, section) if one.concluded_at is None), None)


def valid_until(session: Session, section: Section) -> date:
    """The last day bids stand, for who agreed to every extension; one nobody has answered yet does not count."""
    ended = [one for one in extensions(session, section) if one.concluded_at is not None]
    if ended:
        return date.fromisoformat(ended[-1].until)
    return first_until(section.closing_at, section.validity_days)


def answers(session: Session, extension: ValidityExtension) -> list[ValidityAnswer]:
    """The answers, by the bid's number."""
    query = select(ValidityAnswer).where(ValidityAnswer.extension_id == extension.id)
    return sorted(session.scalars(query), key=lambda one: one.bid.number)


def lapsed(session: Session, section: Section) -> dict[int, ValidityAnswer]:
    """The bids that no longer stand because their bidder did not agree, by number, each with that answer."""
    query = (
        select(ValidityAnswer)
        .join(ValidityExtension, ValidityExtension.id == ValidityAnswer.extension_id)
        .where(ValidityExtension.section_id == section.id, ValidityAnswer.accepts.is_(False))
        .order_by(ValidityAnswer.id)
    )
    return {one.bid.number: one for one in session.scalars(query)}


def standing_bids(session: Session, section: Section) -> list[Bid]:
    """The opened bids that still stand, by number."""
    gone = lapsed(session, section)
    return [bid for bid in opening.opened_bids(session, section) if bid.number not in gone]


def unanswered(session: Session, extension: ValidityExtension) -> list[Bid]:
    """The bids whose bidder has not answered."""
    said = {one.bid_id for one in answers(session, extension)}
    return [bid for bid in standing_bids(session, extension.section) if bid.id not in said]


def due_to_conclude(session: Session, now: datetime) -> list[ValidityExtension]:
    """The extensions whose time to answer is over."""
    query = select(ValidityExtension).where(
        ValidityExtension.concluded_at.is_(None), ValidityExtension.answer_by <= now
    )
    return list(session.scalars(query.order_by(ValidityExtension.id)))

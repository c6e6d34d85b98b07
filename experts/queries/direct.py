"""Reads of direct selections: all of a committee's, one of them, and which of their seats are empty (R-320)."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from core.act import Actor
from core.errors import Missing
from core.vault import vault_of
from experts.models import Committee, DirectSelection
from experts.queries.committee import live_members
from experts.rules import Shape


def direct_selections(session: Session, committee: Committee) -> list[DirectSelection]:
    """Every proposal of the committee, oldest first."""
    query = select(DirectSelection).where(DirectSelection.committee_id == committee.id)
    return list(session.scalars(query.order_by(DirectSelection.number)))


def direct_selection(session: Session, committee: Committee, number: int) -> DirectSelection:
    """The committee's proposal of that number, or Missing."""
    found = next((one for one in direct_selections(session, committee) if one.number == number), None)
    if found is None:
        raise Missing("direct.unknown")
    return found


def people_of(session: Session, selection: DirectSelection) -> list[dict[str, str]]:
    """Who was proposed, as {speciality, code}; Conflict("duty.closed") where sealed and nobody is on duty."""
    held = selection.people
    told = vault_of(session).read(held["sealed"]) if "sealed" in held else held
    return list(told["rows"])


def open_direct_seats(session: Session, committee: Committee) -> Counter[str]:
    """How many directly filled seats of each speciality nobody holds now."""
    wanted = Counter({seat.speciality: seat.count for seat in Shape.from_json(committee.shape).direct})
    wanted.subtract(one.seat for one in live_members(session, committee) if one.label.startswith("D"))
    return +wanted


def person_of(session: Session, actor: Actor) -> Person:
    """The actor as a person, or Missing."""
    found = session.get(Person, actor.person_id) if actor.person_id is not None else None
    if found is None:
        raise Missing("person.unknown")
    return found

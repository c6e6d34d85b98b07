"""Reads of the index of recordings: its entries, the places of each room, and the hours a room was at work."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards import queries
from awards.models import Recording
from awards.queries.selection import selections
from awards.rules.recordings import EVALUATION, NO_SITE, OPENING, ROOMS, SELECTION, STANDING, Span, uncovered
from bidding.models import Section
from core.errors import Missing
from core.ledger.log import entries_of
from experts import queries as experts
from opening import queries as opening

HOURS = {
    OPENING: (("opening.convene",), ("opening.sign_record",)),
    EVALUATION: (("committee.seat", "committee.seat_blind"), ("committee.report",)),
    SELECTION: (("selection.convene",), ("selection.conclude",)),
}
"""What begins a room's hours and what ends them, in the ledger: the first and the last."""


def recordings(session: Session, section: Section) -> list[Recording]:
    """Every entry of the section's index, in order, withdrawn ones too."""
    return list(session.scalars(select(Recording).where(Recording.section_id == section.id).order_by(Recording.number)))


def recording(session: Session, section: Section, number: int) -> Recording:
    """The entry of that number, or Missing."""
    found = next((one for one in recordings(session, section) if one.number == number), None)
    if found is None:
        raise Missing("recording.unknown", number=number)
    return found


def places(session: Session, section: Section) -> dict[str, list[str]]:
    """The places of each room: the sites of a remote evaluation by code, else one without a name."""
    held: dict[str, list[str]] = {room: [NO_SITE] for room in ROOMS}
    sites = sites_of(session, section)
    if sites:
        held[EVALUATION] = [str(one["code"]) for one in sites]
    return held


def sites_of(session: Session, section: Section) -> list[dict[str, Any]]:
    """The sites of the section's evaluation as they stand; empty where it is in one place or not yet asked for."""
    with suppress(Missing):
        return [dict(one) for one in experts.committee(session, section).sites or []]
    return []


def subjects(session: Session, section: Section, room: str) -> list[str]:
    """What the ledger calls the room's own things; empty before there are any."""
    with suppress(Missing):
        if room == OPENING:
            return list(opening.opening(session, section).subjects)
        if room == EVALUATION:
            return [experts.committee(session, section).subject]
        return [one.subject for one in selections(session, queries.publicity(session, section))]
    return []


def hours(session: Session, section: Section, room: str, now: datetime) -> Span | None:
    """From when to when the room was at work as the ledger tells it, up to now while it is; None before it began."""
    told = [entry for subject in subjects(session, section, room) for entry in entries_of(session, subject)]
    starts, ends = HOURS[room]
    began = [entry.at for entry in told if entry.kind in starts]
    if not began:
        return None
    ended = [entry.at for entry in told if entry.kind in ends]
    return min(began), max(ended, default=now)


def gaps(rows: Sequence[Recording], room: str, site: str, held: Span) -> list[Span]:
    """The stretches of the hours that no standing recording of the room at that place covers."""
    spans = [
        (one.began_at, one.ended_at)
        for one in rows
        if (one.room, one.site, one.state) == (room, site, STANDING) and one.began_at and one.ended_at
    ]
    return uncovered(held, spans)

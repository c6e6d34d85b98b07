"""Reads of the watchman: scans, warnings, what is due to be scanned, the regulator's inbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from awards.models import Archive
from bidding.models import Section
from collusion.models import Learning, Scan, Warning
from core.errors import Missing
from core.ledger.log import LedgerEntry, entries_of
from experts import queries as experts
from opening.lifecycle import OPENED
from opening.models import Bid, Opening

SCANNED_FROM = ("opened", "evaluating")
ORDER = {"priority": 0, "review": 1, "lead": 2}


@dataclass(frozen=True)
class Inbox:
    """The regulator's list: the warnings that match, and how many there are by state and by tier."""

    warnings: list[Warning]
    states: dict[str, int]
    tiers: dict[str, int]


def scan(session: Session, section: Section) -> Scan | None:
    """The section's scan, if it was made."""
    return session.scalar(select(Scan).where(Scan.section_id == section.id))


def due_to_scan(session: Session) -> list[Section]:
    """Opened sections not scanned yet: bids may be read from the opening on, never before (R-654).

    Where prices come in a second sitting, the one scan waits for its end: it looks at texts and prices together. Where
    an envelope is anonymous (暗标) it waits for the lock of the blind round: a warning quotes it beside a name.
    """
    done = select(Scan.section_id)
    waiting = select(Opening.section_id).where(
        Opening.sittings == 2, or_(Opening.sitting == 1, Opening.state != "handed_over")
    )
    found = session.scalars(
        select(Section)
        .where(Section.state.in_(SCANNED_FROM), Section.id.not_in(done), Section.id.not_in(waiting))
        .order_by(Section.id)
    )
    return [section for section in found if not experts.awaits_blind_lock(session, section)]


def learning(session: Session, section: Section) -> Learning | None:
    """The note that the section's bids are in the archive index, once they are."""
    return session.scalar(select(Learning).where(Learning.section_id == section.id))


def due_to_learn(session: Session, held: Collection[str]) -> list[Section]:
    """Closed sections whose bids are not in the archive index, or not noted to be; `held` is what it holds."""
    noted = set(session.scalars(select(Learning.section_id)))
    closed = session.scalars(select(Section).join(Archive, Archive.section_id == Section.id).order_by(Section.id))
    return [section for section in closed if section.id not in noted or section.code not in held]


def ringed(session: Session, section: Section) -> set[int]:
    """The numbers of the bids that stand in a warning which people confirmed or referred."""
    found = (item for item in warnings_of(session, section) if item.state in ("confirmed", "referred"))
    return {member["number"] for item in found for member in item.ring}


def warning(session: Session, code: str) -> Warning:
    """The warning of that code, or Missing."""
    found = session.scalar(select(Warning).where(Warning.code == code))
    if found is None:
        raise Missing("warning.unknown", warning=code)
    return found


def warnings_of(session: Session, section: Section) -> list[Warning]:
    """A section's warnings, oldest first."""
    return list(session.scalars(select(Warning).where(Warning.section_id == section.id).order_by(Warning.id)))


def inbox(session: Session, *, state: str = "", tier: str = "", overdue_at: datetime | None = None) -> Inbox:
    """Warnings by urgency, then by due instant; filters by state, tier and overdue at an instant."""
    everything = list(session.scalars(select(Warning).order_by(Warning.due_at)))
    shown = [
        item
        for item in everything
        if (not state or item.state == state)
        and (not tier or item.tier == tier)
        and (overdue_at is None or (item.due_at < overdue_at and item.decided_at is None))
    ]
    shown.sort(key=lambda item: (item.decided_at is not None, ORDER.get(item.tier, 9), item.due_at))
    return Inbox(shown, Counter(item.state for item in everything), Counter(item.tier for item in everything))


def opened_bids(session: Session, section: Section) -> list[Bid]:
    """The section's bids that were opened, by number."""
    query = (
        select(Bid)
        .join(Opening, Bid.opening_id == Opening.id)
        .where(Opening.section_id == section.id, Bid.state.in_([*OPENED, "rejected", "returned"]))
        .order_by(Bid.number)
    )
    return list(session.scalars(query))


def trail(session: Session, found: Warning) -> list[LedgerEntry]:
    """Everything that was done with a warning, who looked at it included."""
    return entries_of(session, found.subject)


def archive_facts(session: Session, section: Section) -> dict[str, Any]:
    """What goes down into the section's archive: the scan and every warning with its decision."""
    made = scan(session, section)
    return {
        "scan": None
        if made is None
        else {"result": made.result, "result_sha256": made.result_sha256, "settings": made.settings},
        "warnings": [
            {
                "code": item.code,
                "ring": item.ring,
                "tier": item.tier,
                "state": item.state,
                "decision": item.decision,
            }
            for item in warnings_of(session, section)
        ],
    }


def archive_of(session: Session, section: Section) -> Archive | None:
    """The section's archive, once it is built."""
    return session.scalar(select(Archive).where(Archive.section_id == section.id))

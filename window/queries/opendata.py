"""What may be taken away: every published process as plain facts, and the feed of what has changed.

Secrecy is decided here, once, for every format: names from the publication of names on, prices from their reading on
(R-043, R-257, R-602), as in the hall itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import awards.queries as awards
import opening.queries as opening
from accounts.models import Organisation
from awards.models import Publicity
from bidding import queries as bidding
from bidding.models import Project, Section
from core.board import Notice, notices
from core.calendar import day_of, end_of_day
from core.clock import iso
from core.errors import Missing
from core.ledger.log import LedgerEntry, entries_of
from opening.lifecycle import OPENED
from opening.rules import NAMES_SHOWN, PRICES_SHOWN

TOLD = ("notice.", "section.", "publicity.", "opening.", "trade.", "trades.", "archive.", "award.")
"""Beginnings of the kinds of ledger entries that change what is published."""
_OF_SECTION = re.compile(r"(?:section|opening|publicity|archive):(.+?)(?::[0-9]+)?")


def section_of(subject: str | None) -> str:
    """The code of the section a ledger's subject belongs to, its hall and result too; empty for anything else."""
    found = _OF_SECTION.fullmatch(subject or "")
    return found[1] if found else ""


def process(session: Session, code: str) -> dict[str, Any]:
    """The published facts of a project by its code; Missing where nothing of it has been published."""
    project = session.scalar(select(Project).where(Project.code == code))
    facts = None if project is None else _facts(session, project)
    if facts is None:
        raise Missing("project.unknown", project=code[:60])
    return facts


def published_codes(session: Session, year: str = "", *, after: str = "", limit: int = 1000) -> list[str]:
    """Codes of projects with a published section, in their order; `year`: of those first published in it."""
    query = (
        select(Project.code).join(Section, Section.project_id == Project.id).where(Section.published_at.is_not(None))
    )
    if year:
        first = end_of_day(date(int(year) - 1, 12, 31))
        last = end_of_day(date(int(year), 12, 31))
        query = query.where(Section.published_at >= first, Section.published_at < last)
    return list(session.scalars(query.where(Project.code > after).distinct().order_by(Project.code).limit(limit)))


def published_years(session: Session) -> list[str]:
    """The years in which something was published, newest first."""
    published = select(Section.published_at).where(Section.published_at.is_not(None))
    first = session.scalar(published.order_by(Section.published_at).limit(1))
    last = session.scalar(published.order_by(Section.published_at.desc()).limit(1))
    if first is None or last is None:
        return []
    return [str(year) for year in range(day_of(last).year, day_of(first).year - 1, -1)]


def processes(session: Session, year: str) -> Iterator[dict[str, Any]]:
    """Every process first published in the year, in the order of codes, a few in memory at a time."""
    after = ""
    while codes := published_codes(session, year, after=after, limit=100):
        for code in codes:
            yield process(session, code)
        after = codes[-1]


def _facts(session: Session, project: Project) -> dict[str, Any] | None:
    sections = [one for one in bidding.sections_of(session, project) if one.published_at is not None]
    if not sections:
        return None
    shown = [section_facts(session, one) for one in sections]
    return {
        "code": project.code,
        "name": project.name,
        "regime": project.regime,
        "category": project.category,
        "procedure": project.procedure,
        "region": project.region,
        "description": project.description,
        "funding": project.funding,
        "is_mandatory": project.is_mandatory,
        "attempt": project.attempt,
        "predecessor": _predecessor(session, project),
        "tenderee": _unit(project.tenderee),
        "agent": _unit(project.agent),
        "sections": shown,
        "leaf": max(one["leaf"] for one in shown),
        "at": max(one["at"] for one in shown),
    }


def _predecessor(session: Session, project: Project) -> str | None:
    """The code of the failed project that this one holds again, where something of it was published (R-561)."""
    tries = [one.project.code for one in bidding.attempts(session, project)]
    return project.predecessor if project.predecessor in tries else None


def _unit(held: Organisation | None) -> dict[str, str] | None:
    return None if held is None else {"identifier": held.identifier, "name": held.name}


def section_facts(session: Session, section: Section) -> dict[str, Any]:
    """The published facts of one section: names and prices only once the hall has told them."""
    entries = entries_of(session, section.subject)
    board = list(reversed(notices(session, subject=section.subject, limit=1000)))
    ids = {one.id: one.number for one in board}
    return {
        "code": section.code,
        "name": section.name,
        "state": section.state,
        "estimate_fen": section.estimate_fen,
        "control_price_fen": section.control_price_fen,
        "duration_days": section.duration_days,
        "published_at": _at(section.published_at),
        "documents_until_at": _at(section.documents_until_at),
        "deadline_at": _at(section.deadline_at),
        "closed_at": _at(section.closed_at),
        "notices": [_notice(one, ids) for one in board],
        "clarifications": [
            {"number": one.number, "text": one.text, "published_at": iso(one.published_at),
             "deadline_at": iso(one.new_deadline_at)}
            for one in bidding.clarifications(session, section)
        ],
        "bids": _bids(session, section),
        **result_facts(session, section),
        "contract": _contract(board),
        "leaf": entries[-1].leaf_index,
        "at": iso(entries[-1].at),
    }  # fmt: skip


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def _notice(one: Notice, ids: dict[int, str]) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "title": one.title,
        "published_at": iso(one.published_at),
        "replaces": ids.get(one.replaces_id) if one.replaces_id else None,
        "attachments": [dict(held) for held in one.attachments],
        "leaf": one.leaf_index,
    }


def _contract(board: list[Notice]) -> dict[str, Any] | None:
    """The concluded contract with its changes and its early end, as their notices tell them (R-555 to R-558)."""
    concluded = next((one for one in board if one.kind == "contract"), None)
    if concluded is None:
        return None
    ended = next((one for one in board if one.kind == "contract_end"), None)
    return {
        "number": concluded.content["contract"],
        "concluded_at": concluded.content["concluded_at"],
        "price_fen": concluded.content["price_fen"],
        "duration_days": concluded.content["duration_days"],
        "changes": [
            {"notice": one.number, "at": iso(one.published_at), "text": one.content["change"],
             "amount_fen": one.content["amount_fen"]}
            for one in board
            if one.kind == "contract_change"
        ],
        "ended": None if ended is None else {"notice": ended.number, "reason": ended.content["reason"]},
    }  # fmt: skip


def _bids(session: Session, section: Section) -> list[dict[str, Any]] | None:
    """The named bids; None before the names are public."""
    held = opening.opening_or_none(session, section)
    if held is None or held.standing not in NAMES_SHOWN:
        return None
    priced = held.standing in PRICES_SHOWN and opening.prices_told(held)
    return [
        {
            "number": bid.number,
            "name": bid.name,
            "identifier": bid.identifier,
            "consortium": bid.members,
            "received_at": iso(bid.submission.received_at),
            "state": bid.state,
            "opened": bid.state in OPENED,
            "price_fen": bid.price_fen if priced else None,
        }
        for bid in opening.bids(session, held)
    ]


def result_facts(session: Session, section: Section) -> dict[str, Any]:
    """Candidates while and after they are public, winners set aside, and the award where it stands."""
    held = session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if held is None:
        return {"candidates": [], "unranked": False, "set_aside": [], "award": None}
    notice = awards.notice_of(session, section, "award")
    award = None
    if held.winner is not None and notice is not None and section.state in ("awarded", "archived"):
        award = {
            "number": held.winner.number,
            "name": held.winner.name,
            "identifier": held.winner.identifier,
            "consortium": held.winner.members,
            "price_fen": held.winner.price_fen,
            "at": iso(notice.published_at),
            "notice": notice.number,
        }
    public = not held.follows_award and section.state in ("candidates_published", "awarded", "archived")
    return {
        "candidates": list(held.candidates) if public else [],
        "unranked": "selection" in (section.method or {}),
        "set_aside": [
            {
                "number": one.bid.number,
                "name": one.bid.name,
                "identifier": one.bid.identifier,
                "consortium": one.bid.members,
                "at": iso(one.at),
            }
            for one in awards.set_aside(session, held)
        ],
        "award": award,
    }


@dataclass(frozen=True)
class Changes:
    """A page of the feed: what changed after `after`, and the cursor to go on from."""

    after: int
    next: int
    entries: list[LedgerEntry]


def changes(session: Session, after: int, limit: int = 500) -> Changes:
    """Ledger entries after the cursor that change what is published, in the order in which they were committed.

    The cursor is the number of a leaf. Leaves are numbered under a lock that is held until the commit is visible, so
    their order is that of the commits and a reader who has seen leaf n has seen every leaf before it: nothing can come
    in late behind the cursor, as it can behind a time or a sequence. As a second guard the page ends before a gap.
    """
    found: list[LedgerEntry] = []
    last = after
    rows = session.scalars(
        select(LedgerEntry).where(LedgerEntry.leaf_index > after).order_by(LedgerEntry.leaf_index).limit(limit)
    )
    for entry in rows:
        if entry.leaf_index != last + 1:
            break
        last = entry.leaf_index
        if entry.kind.startswith(TOLD):
            found.append(entry)
    return Changes(after, last, found)


__all__ = [
    "TOLD", "Changes", "changes", "process", "processes", "published_codes", "published_years", "result_facts",
    "section_facts", "section_of",
]  # fmt: skip

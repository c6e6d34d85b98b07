"""What the watchman knows of earlier sections, and of the tenderer's own side of this one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards.models import Publicity
from bidding import queries as bidding
from bidding.models import Section
from experts.models import Committee, Member
from opening.models import Bid, Opening

NAMED = ("awarded", "archived")
"""States in which everybody may know who judged a section (R-323)."""


def is_opened(session: Session, section: Section) -> bool:
    """Whether the section has an opening."""
    return session.scalar(select(Opening.id).where(Opening.section_id == section.id)) is not None


def kind_of(section: Section) -> str:
    """The trade and region of a section: what it may be compared with."""
    project = section.project
    return f"{project.regime} {project.category} {project.region[:4]}"


def meetings_before(session: Session, section: Section) -> list[dict[str, Any]]:
    """The earlier sections whose names are public: who bid, who was not opened, who won; oldest first.

    A bid not opened for the platform's own fault counts as no absence. `offers` are the totals read out, in the order
    in which the bids were received: both stand in the opening's record.
    """
    rows = session.execute(
        select(Bid, Section)
        .join(Opening, Bid.opening_id == Opening.id)
        .join(Section, Opening.section_id == Section.id)
        .where(Section.id != section.id, Section.closed_at.is_not(None), Opening.state == "handed_over")
        .where(Section.closed_at <= section.closed_at)
        .order_by(Section.closed_at, Section.id, Bid.number)
    ).all()
    ended = session.scalars(select(Publicity).where(Publicity.winner_id.is_not(None)))
    won = {held.section_id: held.winner.identifier for held in ended if held.winner is not None}
    judged = _judged(session)
    found: dict[int, dict[str, Any]] = {}
    offers: dict[int, list[tuple[datetime, str, int]]] = {}
    for bid, earlier in rows:
        told = found.setdefault(
            earlier.id,
            {
                "code": earlier.code,
                "kind": kind_of(earlier),
                "bidders": [],
                "absent": [],
                "winner": won.get(earlier.id),
                "tenderee": earlier.project.tenderee.identifier if earlier.project.tenderee else "",
                "experts": judged.get(earlier.id, []),
                "offers": [],
            },
        )
        if bid.price_fen:
            offers.setdefault(earlier.id, []).append((bid.submission.received_at, bid.identifier, bid.price_fen))
        told["bidders"].append(bid.identifier)
        if bid.state == "deemed_revoked":
            told["absent"].append(bid.identifier)
    for key, held in offers.items():
        found[key]["offers"] = [[who, price] for _, who, price in sorted(held)]
    return list(found.values())


def told_by_tenderer(session: Session, section: Section) -> dict[str, Any]:
    """When the tenderer published what, and which restrictive clauses stayed in it with which reason (R-110).

    All of it is the tenderer's own side: nothing says who looked at anything (R-043). `follows`: an earlier round or
    attempt may have made the text known.
    """
    asked = {one.id: one.text for one in bidding.questions(session, section)}
    objected = {one.id: one.text for one in bidding.objections(session, section)}
    return {
        "published_at": section.published_at,
        "follows": section.round > 1 or bool(section.project.predecessor),
        "documents": [
            (one, max(one.added_at, section.published_at or one.added_at))
            for one in bidding.documents(session, section, all_versions=True)
        ],
        "clarifications": [
            (one, asked.get(one.question_id or 0, "") + objected.get(one.objection_id or 0, ""))
            for one in bidding.clarifications(session, section)
        ],
        "barriers": [
            {name: told.get(name, "") for name in ("words", "cited", "reason")}
            for held in bidding.publications(session, section, states=("published",))
            for told in held.declarations
            if told.get("sort") == "clause"
        ],
    }


def _judged(session: Session) -> dict[int, list[str]]:
    """Who judged each section whose names are public, by numbers that mean nothing outside this list (R-323).

    Before the award even a number tells: whoever sat in another section, too, has a name there.
    """
    rows = session.execute(
        select(Committee.section_id, Member.expert_id)
        .join(Member, Member.committee_id == Committee.id)
        .join(Section, Section.id == Committee.section_id)
        .where(Section.state.in_(NAMED), Member.expert_id.is_not(None), Member.signed_at.is_not(None))
        .order_by(Committee.section_id, Member.id)
    ).all()
    numbers: dict[int | None, str] = {}
    found: dict[int, list[str]] = {}
    for section_id, expert_id in rows:
        found.setdefault(section_id, []).append(numbers.setdefault(expert_id, f"E{len(numbers) + 1}"))
    return found

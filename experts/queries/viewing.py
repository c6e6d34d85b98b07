"""Reads of bids' documents for whoever may look at them; "not yours" and "not there" are one answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.rules import Role
from bidding.models import Section
from bidding.rules.masks import Sign
from core.act import Actor
from core.errors import Missing
from experts.models import CleanedFile, Committee, Member, PageView
from experts.queries.blind import awaits_blind_lock, cleaned_files, is_blind, masked_bid
from experts.queries.committee import (
    bids_in_evaluation,
    first_response,
    opened,
    own_committee,
    own_member,
    own_seat,
)
from experts.rules.blind import anonymous_envelopes
from opening.models import Bid

WATCHED_FROM = frozenset({"blind", "seated", "scoring", "first_concluded", "locked", "reported", "delivered"})
"""Committee states in which a supervisor may look at the bids the committee looks at (R-857)."""
REVIEWED_FROM = frozenset({"reported", "delivered"})
"""Committee states from which the tenderee may, to review the report (R-502)."""


def bid_of(session: Session, section: Section, number: int) -> Bid:
    """The bid of that number that is evaluated, or Missing."""
    found = next((bid for bid in bids_in_evaluation(session, section) if bid.number == number), None)
    if found is None:
        raise Missing("object.unknown")
    return found


def files_of(session: Session, bid: Bid, section: Section) -> Iterator[tuple[str, dict[str, Any]]]:
    """The files of a bid that are open now, with the envelope each lies in; of final offers the first response's too.

    In a blind round nothing of an anonymous envelope is among them.
    """
    hidden = set(anonymous_envelopes(section.envelopes)) if awaits_blind_lock(session, section) else set()
    first = first_response(session, bid, section)
    for held in (opened(session, bid, section).envelopes, (first.envelopes or {}) if first else {}):
        for name, envelope in held.items():
            if name not in hidden:
                for file in envelope.get("files", []):
                    yield name, file


def bid_document(session: Session, bid: Bid, section: Section, sha256: str) -> dict[str, Any]:
    """The file of that hash among those of the bid that are open now, or Missing."""
    for _, file in files_of(session, bid, section):
        if file["sha256"] == sha256:
            return file
    raise Missing("object.unknown")


def own_document(session: Session, code: str, actor: Actor, number: int, sha256: str) -> tuple[Member, dict[str, Any]]:
    """The actor's own seat and a file of a bid, once declared in the room; Missing else."""
    member = own_member(session, code, actor)
    if member.declared_at is None:
        raise Missing("object.unknown")
    section = member.committee.section
    return member, bid_document(session, bid_of(session, section, number), section, sha256)


def masked_document(
    session: Session, code: str, actor: Actor, sign: Sign, mask: str, place: int
) -> tuple[Member, CleanedFile]:
    """The actor's own seat and the cleaned copy of one anonymous file, while the blind round runs; Missing else."""
    member = own_seat(session, code, actor)
    held = member.committee
    if member.declared_at is None or not is_blind(held.section) or held.state != "blind":
        raise Missing("object.unknown")
    bid = masked_bid(session, held, sign, mask)
    file = next((one for one in cleaned_files(session, bid) if one.place == place), None)
    if file is None or file.sha256 is None:
        raise Missing("object.unknown")
    return member, file


def may_watch(held: Committee, actor: Actor) -> bool:
    """Whether the actor may look at the bids from outside now: supervisors while it works, the tenderee after."""
    if actor.has(Role.SUPERVISOR):
        return held.state in WATCHED_FROM
    return actor.has(Role.TENDEREE, Role.AGENT) and held.state in REVIEWED_FROM


def watched_committee(session: Session, code: str, actor: Actor) -> Committee:
    """The committee whose bids the actor may look at from outside; Missing for everybody else, and before."""
    held = own_committee(session, code, actor)
    if not may_watch(held, actor):
        raise Missing("committee.unknown")
    return held


def has_viewed(session: Session, section: Section, person_id: int, document: str) -> bool:
    """Whether the person has looked at any page of the document."""
    query = select(PageView.id).where(
        PageView.section_id == section.id, PageView.person_id == person_id, PageView.document == document
    )
    return session.scalar(query.limit(1)) is not None


def page_view(session: Session, section: Section, person_id: int, document: str, page: int) -> PageView | None:
    """What is kept of this person and this page."""
    query = select(PageView).where(
        PageView.section_id == section.id, PageView.person_id == person_id, PageView.document == document,
        PageView.page == page,
    )  # fmt: skip
    return session.scalar(query)


def reading_of(session: Session, section: Section) -> list[dict[str, Any]]:
    """How much each reader has looked at, by seat: documents, different pages, looks in all."""
    query = (
        select(
            PageView.seat, func.count(func.distinct(PageView.document)), func.count(PageView.id),
            func.sum(PageView.times), func.max(PageView.last_at),
        )
        .where(PageView.section_id == section.id)
        .group_by(PageView.seat, PageView.person_id)
        .order_by(PageView.seat)
    )  # fmt: skip
    return [
        {"seat": seat, "documents": documents, "pages": pages, "looks": int(looks), "last_at": last_at}
        for seat, documents, pages, looks, last_at in session.execute(query)
    ]

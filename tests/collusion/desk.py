"""Sections on the platform whose opened bids hold given texts, without sealing: what the watchman reads and closes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from awards.models import Archive
from bidding import queries as bidding
from bidding.models import Section
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from opening.models import Bid
from tests.experts.story import Story


def opened(
    platform: Platform,
    clock: StoppedClock,
    code: str,
    texts: Mapping[int, str],
    *,
    others: Mapping[int, str] | None = None,
) -> Story:
    """A section whose bids were opened; bid n says `texts[n]`, and is by the bidder `others[n]` where that is given."""
    story = Story(platform, clock, code=code, prices=[900_000_00 + 7_000_00 * n for n in range(max(texts))])
    story.open_section()
    with platform.act(SYSTEM) as act:
        for bid in act.session.scalars(select(Bid).where(Bid.submission.has(section_id=_id(act.session, code)))):
            stored = act.store.put(texts[bid.number].encode())
            file = {"slot": "proposal", "name": "技术标.txt", "sha256": stored.sha256, "size": stored.size}
            bid.identifier = (others or {}).get(bid.number, bid.identifier)
            bid.envelopes = {"technical": {"files": [file]}}
    return story


def closed(platform: Platform, code: str) -> None:
    """The section's file is closed, as far as the watchman asks."""
    with platform.act(SYSTEM) as act:
        section = bidding.section(act.session, code)
        act.session.add(
            Archive(section_id=section.id, section=section, sha256="0" * 64, size=0, contents=[], built_at=act.now)
        )


def _id(session, code: str) -> int:  # type: ignore[no-untyped-def]
    return session.scalar(select(Section.id).where(Section.code == code))

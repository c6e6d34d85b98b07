"""What the instant calls for: sections to close, openings to move; derived from data, nothing is scheduled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Section
from core.errors import Missing
from opening.lifecycle import OPENED
from opening.models import Bid, BidContents, Opening
from opening.queries.layers import final_layer
from opening.queries.opening import bids, opening_of
from opening.rules import PRICES_SHOWN


def due_to_open(session: Session, now: datetime) -> list[Section]:
    """Sections whose deadline has come and that are not closed yet: each is due for `close_and_convene` (R-250)."""
    return list(bidding.due_to_close(session, now))


def due(session: Session, now: datetime) -> list[Opening]:
    """Openings that `services.advance_due` would move at the instant."""
    running = session.scalars(
        select(Opening).where(Opening.state.in_(("decrypt_open", "trustee_fallback"))).order_by(Opening.id)
    )
    return [found for found in running if _is_due(session, found, now)]


def due_to_look(session: Session, limit: int) -> list[Bid]:
    """Opened bids whose bill and links have not been looked into yet, from the reading of prices on (R-257)."""
    return list(
        session.scalars(
            select(Bid)
            .join(Opening, Opening.id == Bid.opening_id)
            .outerjoin(BidContents, BidContents.bid_id == Bid.id)
            .where(
                Opening.state.in_(PRICES_SHOWN),
                Opening.sitting >= Opening.sittings,
                Bid.state.in_(OPENED),
                BidContents.id.is_(None),
            )
            .order_by(Bid.id)
            .limit(limit)
        )
    )


def contents(session: Session, bid: Bid) -> BidContents:
    """What was found in a bid; Missing("contents.unknown") while nobody has looked."""
    found = session.scalar(select(BidContents).where(BidContents.bid_id == bid.id))
    if found is None:
        raise Missing("contents.unknown", number=bid.number)
    return found


def contents_of(session: Session, bids: Iterable[Bid]) -> dict[int, dict[str, Any]]:
    """Bid id → what was found in it, for those that have been looked into."""
    query = select(BidContents).where(BidContents.bid_id.in_([bid.id for bid in bids]))
    return {kept.bid_id: kept.content for kept in session.scalars(query)}


def is_ready(session: Session, bid: Bid) -> bool:
    """Whether the innermost layer of every envelope of this sitting has been handed in, so that it can be opened."""
    if bid.state != "sealed":
        return False
    found = opening_of(session, bid)
    return all(final_layer(session, bid.submission, envelope) for envelope in found.due(bid.submission))


def _is_due(session: Session, found: Opening, now: datetime) -> bool:
    sealed = [bid for bid in bids(session, found) if bid.state == "sealed"]
    if not sealed or any(is_ready(session, bid) for bid in sealed):
        return True
    return found.state == "decrypt_open" and found.decrypt_until_at is not None and now >= found.decrypt_until_at

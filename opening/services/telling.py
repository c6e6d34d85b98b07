"""Messages to the bidders of an opening, once their names are public."""

from __future__ import annotations

from core.act import Act
from core.clock import iso
from core.outbox import post
from opening import queries
from opening.models import Bid, Opening


def tell_bidders(act: Act, opening: Opening, template: str, **facts: str) -> None:
    """Write to every named bidder's organisation; before the names there is nobody to tell but the public."""
    for bid in queries.bids(act.session, opening):
        tell_bidder(act, opening, bid, template, **facts)


def tell_bidder(act: Act, opening: Opening, bid: Bid, template: str, **facts: str) -> None:
    """Write to one bidder's organisation; nothing where it has no account here."""
    if bid.organisation_id is None:
        return
    recipient = f"organisation:{bid.organisation_id}"
    key = f"{template}:{opening.section.code}:{bid.number}:{iso(act.now)}"
    post(act, key=key, recipient=recipient, template=template, section=opening.section.code, **facts)

"""Messages to the bidders of an opening, once their names are public, and to who supervises it."""

from __future__ import annotations

from accounts.queries import holders
from accounts.rules import Role
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


def tell_judged(act: Act, opening: Opening, bid: Bid, status: str) -> None:
    """Write to the bidder that its bid was judged; where it is not the bidder's fault, to who supervises, too (R-254).

    A bid lost by the platform's or another's cause is a failure of the hall: the regulator is warned at once.
    """
    tell_bidder(act, opening, bid, "bid.judged", status=status)
    if status != "withdrawn":
        return
    for person in holders(act.session, Role.SUPERVISOR, opening.section.project.code):
        post(
            act,
            key=f"bid.lost:{bid.subject}:{iso(act.now)}:{person.login}",
            recipient=person.login,
            template="bid.lost",
            section=opening.section.code,
            number=bid.number,
        )

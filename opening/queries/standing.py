"""How the day stands now, as the preconditions of the host's moves see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bidding import rules as bidding_rules
from core.clock import from_iso
from opening.models import Opening
from opening.queries.opening import incidents, open_objections, sitting_bids
from opening.queries.shown import commitments, identities_read
from opening.rules import Standing


def standing(session: Session, found: Opening, now: datetime) -> Standing:
    """The facts `rules.conditions` judges by, read at the instant."""
    read, total = identities_read(session, found)
    parties = commitments(session, found.section) if found.reads_prices else {}
    held = sitting_bids(session, found)
    last = found.suspensions[-1] if found.state == "suspended" and found.suspensions else {}
    return Standing(
        state=found.state,
        subject=found.subject,
        now=now,
        identities_left=total - read,
        uncommitted=tuple(sorted(party for party, said in parties.items() if not said["commitment"])),
        unrevealed=tuple(sorted(party for party, said in parties.items() if not said["nonce"])),
        until=found.decrypt_until_at,
        bids=len(held),
        signed_in=sum(bid.signed_in_at is not None for bid in held),
        sealed=tuple(bid.number for bid in held if bid.state == "sealed"),
        open_objections=len(open_objections(session, found)),
        confirmed=sum(bid.confirmed_at is not None for bid in held),
        open_incidents=sum(item.closed_at is None for item in incidents(session, found)),
        awaits_second=found.sitting < found.sittings or found.awaited is not None,
        is_supplement=found.sitting >= 2,
        supplement_at=from_iso(found.awaited["at"]) if found.awaited and found.awaited["at"] else None,
        is_admitted=found.admitted is not None,
        is_held="held" in (found.admitted or {}),
        second_at=found.section.second_opening_at,
        reconvene_at=from_iso(last["reconvene_at"]) if last.get("reconvene_at") else None,
        is_ordered=bool(bidding_rules.orders.in_force(found.section.orders)),
        cosigned=any(signature.get("role") == "supervisor" for signature in found.record_signatures),
    )

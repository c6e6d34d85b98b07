"""Acting from a seat: the ledger names the seat, never the person who sits on it (R-323)."""

from __future__ import annotations

from dataclasses import replace

from core.act import Act
from experts.models import Member


def from_seat(act: Act, member: Member) -> Act:
    """The same act with the seat's name as actor, so that entries told before the award name nobody."""
    return replace(act, actor=replace(act.actor, name=f"seat:{member.label}"))

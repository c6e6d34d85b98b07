"""What the opening tells of a bid's bond: the guarantee that lay in it, and that a bid was deemed withdrawn."""

from __future__ import annotations

from bidding import services as bidding
from core.act import Act
from opening.models import Bid, Opening

ENVELOPE, SLOT = "qualification", "bond"
"""Where a guarantee lies in a bid."""
MOST = 65_536


def present_bond(act: Act, opening: Opening, bid: Bid) -> None:
    """The bid's envelope for qualification is open: what lies in its place for the bond is looked into (R-153)."""
    held = (bid.envelopes or {}).get(ENVELOPE)
    if held is None:
        return
    files = [one for one in held["files"] if one["slot"] == SLOT and one["name"].endswith(".json")]
    content = None
    if files:
        content = act.store.read(files[0]["sha256"]) if files[0]["size"] <= MOST else b""
    bidding.present_guarantee(act, opening.section, bid.number, content)


def return_bond(act: Act, opening: Opening, bid: Bid) -> None:
    """The bid counts as withdrawn (撤回), not revoked: its bond goes back within the law's days (R-254, R-155)."""
    bidding.make_due(act, opening.section, "withdrawal", numbers=[bid.number])

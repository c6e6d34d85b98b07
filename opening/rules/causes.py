"""Causes of a bid left sealed, whose they are, and what follows from them (R-254, R-256)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import Invalid
from core.law import Snapshot

BIDDER_CAUSES = frozenset({"bidder_absent", "bidder_key", "bidder_certificate", "bidder_file"})
OTHER_CAUSES = frozenset({"platform", "network", "authority", "tenderee", "unknown"})
CAUSES = (
    "bidder_absent",
    "bidder_key",
    "bidder_certificate",
    "bidder_file",
    "platform",
    "network",
    "authority",
    "tenderee",
    "unknown",
)
"""Why a bid was not decrypted: the bidder's own doing → deemed revoked, anything else → deemed withdrawn (R-254).

A cause that cannot be found out counts for the bidder (as art. 25(2) of the Italian code has it): "unknown".
"""

TROUBLES = ("certificate", "key_missing", "damaged", "timeout", "platform", "other")
"""What a bidder reports when decryption fails."""


def deemed(cause: str) -> str:
    """The move for a bid that stays sealed for this cause: 撤销 for the bidder's own, 撤回 for any other (R-254)."""
    if cause not in CAUSES:
        raise Invalid("cause.unknown", field="cause", cause=cause)
    return "deem_revoked" if cause in BIDDER_CAUSES else "deem_withdrawn"


def remedy_of(failure: Mapping[str, str]) -> str | None:
    """The RULES id by which the tender documents let k trustees open for a bidder; None where they do not (R-256)."""
    return failure.get("remedy")


def judgement(verb: str, law: Snapshot, bond_fen: int) -> dict[str, Any]:
    """What a decision hands down: the legal status, what becomes of the bond, and whom the bidder may turn to.

    Revoked and withdrawn have opposite effects (R-254): a bond that may be kept, by the tenderee's reasoned decision
    and never automatically (R-156), or one that must be refunded within the law's days (R-155), with a claim for direct
    losses against whoever caused it.
    """
    if verb == "deem_revoked":
        return {
            "status": "revoked",
            "rule": "R-254",
            "bond": "may_be_kept",
            "bond_fen": bond_fen,
            "bond_rule": "R-156",
            "claim": False,
        }
    refund = law.cite("bond_refund_after_withdrawal")
    return {
        "status": "withdrawn",
        "rule": "R-254",
        "bond": "refunded",
        "bond_fen": bond_fen,
        "bond_rule": refund["rule"],
        "refund_within": refund["value"],
        "refund_unit": refund["unit"],
        "source": refund["source"],
        "claim": True,
    }

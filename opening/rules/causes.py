"""Causes of a bid left sealed, whose they are, and what follows from them (R-254, R-256)."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import Invalid

BIDDER_CAUSES = frozenset({"bidder_absent", "bidder_key", "bidder_certificate", "bidder_file"})
OTHER_CAUSES = frozenset({"platform", "network", "authority", "tenderee"})
CAUSES = (
    "bidder_absent",
    "bidder_key",
    "bidder_certificate",
    "bidder_file",
    "platform",
    "network",
    "authority",
    "tenderee",
)
"""Why a bid was not decrypted: the bidder's own doing → deemed revoked, anything else → deemed withdrawn (R-254)."""


def deemed(cause: str) -> str:
    """The move for a bid that stays sealed for this cause: 撤销 for the bidder's own, 撤回 for any other (R-254)."""
    if cause not in CAUSES:
        raise Invalid("cause.unknown", field="cause", cause=cause)
    return "deem_revoked" if cause in BIDDER_CAUSES else "deem_withdrawn"


def remedy_of(failure: Mapping[str, str]) -> str | None:
    """The RULES id by which the tender documents let k trustees open for a bidder; None where they do not (R-256)."""
    return failure.get("remedy")

"""The files that were brought as evidence in the hall, as the opening records name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def evidence_of(opening: Mapping[str, Any]) -> list[str]:
    """The hashes of the files brought on why bids were not decrypted, in the records of every sitting (R-254)."""
    earlier = [opening.get("first_sitting") or {}, *opening.get("later_sittings", [])]
    records = [opening["record"], *(one.get("record") for one in earlier)]
    return [item["sha256"] for record in records if record for item in record["evidence"] if item["sha256"]]

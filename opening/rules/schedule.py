"""The opening schedule (开标一览表) as sealed by the bidder, and what is signed about what was read out."""

from __future__ import annotations

import json
from typing import Any

from core.errors import Invalid

SCHEDULE = "schedule"

_SCHEDULE_TYPE = "sunbid-schedule/v1"
_SCHEDULE_KEYS = {"type", "price_fen", "duration_days", "quality", "manager", "manager_certificate"}


def read_schedule(data: bytes) -> dict[str, Any]:
    """The opening schedule (开标一览表) as sealed: price in fen, days, quality, manager and their certificate.

    Raises Invalid("schedule.malformed") naming the place.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Invalid("schedule.malformed", field="schedule", place="json") from None
    if not isinstance(value, dict) or set(value) != _SCHEDULE_KEYS or value["type"] != _SCHEDULE_TYPE:
        raise Invalid("schedule.malformed", field="schedule", place="keys")
    for key, most in (("price_fen", 10**15), ("duration_days", 100_000)):
        if type(value[key]) is not int or not 0 < value[key] <= most:
            raise Invalid("schedule.malformed", field="schedule", place=key)
    for key in ("quality", "manager", "manager_certificate"):
        text = value[key]
        if not isinstance(text, str) or not text.strip() or len(text) > 200 or not text.isprintable():
            raise Invalid("schedule.malformed", field="schedule", place=key)
    return value


def record_message(sha256: str) -> bytes:
    """What the platform signs under an opening record: "sunbid-record/v1\\n" ‖ the 32 bytes of the PDF's SHA-256."""
    return b"sunbid-record/v1\n" + bytes.fromhex(sha256)


def readout(digest: str) -> bytes:
    """What a bidder signs to confirm: "sunbid-confirm/v1\\n" ‖ the 32 bytes of the digest of what was read out."""
    return b"sunbid-confirm/v1\n" + bytes.fromhex(digest)

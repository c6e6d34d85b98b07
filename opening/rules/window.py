"""The decrypt window's arithmetic: its end, pauses, prolongations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import from_iso, iso


def window_end(opened_at: datetime, minutes: int) -> datetime:
    """When a window opened at the instant ends, if it is never paused."""
    return opened_at + timedelta(minutes=minutes)


def with_pause(pauses: Sequence[Mapping[str, Any]], at: datetime, reason: str, by: str) -> list[dict[str, Any]]:
    """The list of pauses with one more that begins at the instant and has no end yet."""
    return [*(dict(pause) for pause in pauses), {"from": iso(at), "until": None, "reason": reason, "by": by}]


def resumed(
    pauses: Sequence[Mapping[str, Any]], until: datetime, at: datetime
) -> tuple[list[dict[str, Any]], datetime, timedelta]:
    """The pauses with the last one ended at the instant, the window's end moved by its length, and that length."""
    last = {**pauses[-1], "until": iso(at)}
    length = at - from_iso(last["from"])
    return [*(dict(pause) for pause in pauses[:-1]), last], until + length, length


def paused_at(pauses: Sequence[Mapping[str, Any]]) -> datetime | None:
    """Since when the window is paused; None while it runs."""
    return from_iso(pauses[-1]["from"]) if pauses and pauses[-1]["until"] is None else None


def extended(
    extensions: Sequence[Mapping[str, Any]], until: datetime, minutes: int, at: datetime, reason: str, by: str
) -> tuple[list[dict[str, Any]], datetime]:
    """The list of prolongations with one more, and the window's new end: later than the old by `minutes` (> 0)."""
    new = until + timedelta(minutes=minutes)
    entry = {"at": iso(at), "from": iso(until), "until": iso(new), "minutes": minutes, "reason": reason, "by": by}
    return [*(dict(held) for held in extensions), entry], new

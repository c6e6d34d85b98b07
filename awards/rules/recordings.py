"""Recordings of the rooms (录音录像): what an entry of the index must say, and which hours none covers (R-261)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.clock import iso
from core.errors import Invalid

OPENING, EVALUATION, SELECTION = "opening", "evaluation", "selection"
ROOMS = (OPENING, EVALUATION, SELECTION)
MEDIA = ("video", "audio", "screen")
STANDING, WITHDRAWN = "standing", "withdrawn"
NO_SITE = ""
"""The room is in one place."""
SLIGHT = timedelta(minutes=1)
"""A shorter stretch between two files is a change of files, no gap."""

Span = tuple[datetime, datetime]


def check_times(began_at: datetime, ended_at: datetime, now: datetime) -> None:
    """Refuse a recording that ends before it begins, or is not over yet: recording.times, recording.future."""
    if not began_at < ended_at:
        raise Invalid("recording.times", field="ended_at", rule="R-261")
    if ended_at > now:
        raise Invalid("recording.future", field="ended_at", at=iso(now))


def uncovered(hours: Span, spans: Iterable[Span]) -> list[Span]:
    """The stretches of the room's hours that no recording covers, in order; slight ones are left out."""
    found: list[Span] = []
    at, end = hours
    for began, ended in sorted(spans):
        if began - at > SLIGHT:
            found.append((at, min(began, end)))
        at = max(at, ended)
        if at >= end:
            break
    if end - at > SLIGHT:
        found.append((at, end))
    return [(start, stop) for start, stop in found if stop - start > SLIGHT]


def held_in(index: Mapping[str, Any], room: str) -> tuple[int, bool]:
    """How many recordings of the room stand in an archive's index, and whether each of its places is accounted for.

    The count is nought where a place has none. A place is accounted for by a recording, or by a supervisor's note that
    there is none and why.
    """
    rows = [row for row in index["rows"] if row["room"] == room and row["state"] == STANDING]
    places: Sequence[str] = index["places"][room]
    kept = [row["site"] for row in rows if row["sha256"] is not None]
    told = {row["site"] for row in rows}
    return (len(kept) if set(places) <= set(kept) else 0), set(places) <= told

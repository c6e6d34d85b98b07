"""The clock as a value: guarded wall time for the platform, a stopped one for tests and the demo."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Whatever can say what instant it is, in UTC with its zone."""

    def now(self) -> datetime: ...


class SystemClock:
    """Wall time that never runs backwards: a step back holds until the wall has caught up (R-005)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the current instant, never earlier than one returned (or witnessed) before."""
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last

    def witness(self, instant: datetime) -> None:
        """From here on `now` is never earlier than `instant`, for example the last ledger entry's."""
        with self._lock:
            self._last = max(self._last, instant)


class StoppedClock:
    """A clock that stands until it is told to move."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("an instant needs its zone")
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._instant

    def advance(self, **span: float) -> datetime:
        """Move forward by a timedelta given by its keywords and return the new instant."""
        self._instant += timedelta(**span)
        return self._instant

    def move_to(self, instant: datetime) -> datetime:
        """Stand at `instant` from now on, which may be earlier (a test's clock step)."""
        self._instant = instant.astimezone(UTC)
        return self._instant

    def witness(self, instant: datetime) -> None:
        """Like the guarded clock: never show an instant earlier than one the ledger has seen."""
        self._instant = max(self._instant, instant)


def iso(instant: datetime) -> str:
    """Return `2026-11-21T01:30:00.000000Z`: UTC, microseconds, one spelling for hashing."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote, or any ISO 8601 instant with a zone; ValueError without one."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return instant.astimezone(UTC)

"""The pool of live streams: so many and no more, or pages would find no thread to be served by."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

CHECK_EVERY = 0.5
"""Seconds between two looks into the database for all streams of one hall together."""


class Streams:
    """At most `capacity` streams at once, at most half of them from one address; and what they share."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()
        self._seen: dict[str, tuple[float, int]] = {}
        self._bodies: dict[tuple[str, ...], tuple[int, str]] = {}

    @property
    def open(self) -> int:
        """How many streams are open now."""
        return sum(self._open.values())

    def enter(self, address: str) -> bool:
        """Take a place; False where there is none, and the page asks every two seconds instead."""
        with self._lock:
            if self.open >= self.capacity or self._open[address] >= max(1, self.capacity // 2):
                return False
            self._open[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Give a place back."""
        with self._lock:
            self._open[address] -= 1
            if self._open[address] <= 0:
                del self._open[address]

    def version(self, hall: str, look: Callable[[], int]) -> int:
        """The hall's version, looked up at most every CHECK_EVERY seconds however many streams ask."""
        with self._lock:  # whoever comes meanwhile waits for this look instead of being told an old number
            at, held = self._seen.get(hall, (0.0, -1))
            if hall in self._seen and time.monotonic() - at < CHECK_EVERY:
                return held
            found = look()
            self._seen[hall] = (time.monotonic(), found)
            return found

    def body(self, view: tuple[str, ...], version: int, render: Callable[[], str]) -> str:
        """What the view shows at the version, rendered once for everybody who looks at the same."""
        with self._lock:
            held = self._bodies.get(view)
        if held is not None and held[0] == version:
            return held[1]
        body = render()
        with self._lock:
            if len(self._bodies) > 500:
                self._bodies.clear()
            self._bodies[view] = (version, body)
        return body

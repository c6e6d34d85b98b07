"""The clock as a value: guarded wall time for the platform, a stopped one for tests and the demo."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from core.agreement import TOLERANCE, Agreement, Source, agree

BEIJING = ZoneInfo("Asia/Shanghai")
FRESH = {"database": 120.0, "authority": 3600.0}
"""Seconds for which a comparison with another clock counts."""


OLDEST = 300.0
"""Seconds something can have waited to be looked at; what says it waited longer was given another clock."""


@dataclass(frozen=True)
class Reading:
    """An instant with what is known of it: `now` to go by, the earliest and latest that any clock says.

    `certain` is False while clocks contradict each other and no majority stands behind `now`; `dissent` names the
    clocks more than two seconds off.
    """

    now: datetime
    earliest: datetime
    latest: datetime
    certain: bool = True
    dissent: tuple[str, ...] = ()

    def before(self, ago: timedelta) -> Reading:
        """What this clock would have read so long ago."""
        return (
            replace(self, now=self.now - ago, earliest=self.earliest - ago, latest=self.latest - ago) if ago else self
        )


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


def since_boot() -> float:
    """Seconds since the machine started, sleep included; nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Which start of the machine this is; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class GuardedClock(SystemClock):
    """Wall time under guard (R-005, PROOF T5): a step of the wall is not followed, other clocks are compared.

    The instant at the start is carried on by the count since boot. The database's clock, a timestamping authority's
    and the last ledger entry's are witnesses: `core.agreement` says whom to believe. `share`: a file by which the
    processes of one machine know the last comparison with the authority.
    """

    def __init__(
        self,
        *,
        share: Path | None = None,
        wall: Callable[[], float] = time.time,
        boot: Callable[[], float] = since_boot,
    ) -> None:
        super().__init__()
        self._wall, self._boot, self._share = wall, boot, share
        self._held = wall() - boot()
        self._others: dict[str, tuple[Source, float]] = {}
        self._read_share: float = 0.0

    def now(self) -> datetime:
        """The instant to go by, never earlier than one returned or witnessed before."""
        return self.read().now

    def read(self) -> Reading:
        """The instant with what is known of it."""
        with self._lock:
            boot = self._boot()
            agreement = self._agreement(boot)
            self._held = agreement.offset
            agreed, floor = _instant(boot + agreement.offset), self._last
            self._last = now = max(floor, agreed)
            ahead = floor - agreed > timedelta(seconds=TOLERANCE)
            return Reading(
                now=now,
                earliest=min(agreed, _instant(boot + agreement.earliest)),
                latest=max(now, _instant(boot + agreement.latest)),
                certain=agreement.certain and not ahead,
                dissent=(*agreement.dissent, *(["ledger"] if ahead else [])),
            )

    def _agreement(self, boot: float) -> Agreement:
        self._look_at_share()
        fresh = [source for name, (source, at) in self._others.items() if boot - at <= FRESH[name]]
        return agree(Source("held", self._held), Source("wall", self._wall() - boot), fresh)

    def observe(self, name: str, instant: datetime, *, uncertainty: float) -> None:
        """Another clock ("database", "authority") says `instant`, known to so many seconds."""
        with self._lock:
            boot = self._boot()
            source = Source(name, instant.timestamp() - boot, uncertainty)
            self._others[name] = source, boot
        if name == "authority" and self._share is not None:
            told = {"boot": boot_id(), "offset": source.offset, "uncertainty": uncertainty, "at": boot}
            temp = self._share.with_suffix(f".{os.getpid()}.new")
            temp.write_text(json.dumps(told))
            os.replace(temp, self._share)

    def is_due(self, name: str, every: float) -> bool:
        """Whether the other clock was not compared within so many seconds."""
        held = self._others.get(name)
        return held is None or self._boot() - held[1] >= every

    def _look_at_share(self) -> None:
        if self._share is None:
            return
        try:
            changed = self._share.stat().st_mtime
            if changed == self._read_share:
                return
            told = json.loads(self._share.read_text())
            self._read_share = changed
            if told["boot"] == boot_id():
                source = Source("authority", float(told["offset"]), float(told["uncertainty"]))
                self._others["authority"] = source, float(told["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return


def _instant(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1_000_000))


def reading_of(clock: Clock) -> Reading:
    """The clock's reading; one that keeps no guard is certain of what it says."""
    read = getattr(clock, "read", None)
    if read is not None:
        reading: Reading = read()
        return reading
    now = clock.now()
    return Reading(now, now, now)


def reading_when(clock: Clock, arrived: float | None) -> Reading:
    """What the clock read when the system's clock showed `arrived`, to a millisecond; now where that cannot be.

    While the system's clock and the time kept since boot differ, one of them was set or is wrong and nothing is as of
    before: who sets the system's clock must not move a stamp by more than the guard's tolerance.
    """
    for _ in range(20):
        before = time.time()
        reading = reading_of(clock)
        if time.time() - before < 0.001:
            break  # else this thread stood still between the two clocks
    ago = before - arrived if arrived and not {"wall", "held"} & set(reading.dissent) else 0.0
    return reading.before(timedelta(seconds=ago)) if 0 < ago < OLDEST else reading


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

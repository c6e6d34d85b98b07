"""R18: the edge of the deadline: bids stamped around T while T itself is being moved, judged by the real check.

Threads enter a real section's turnstile as the routes do. Every reading of the clock is one microsecond later than the
one before, so that stamps fall on T - 1 us, T and T + 1 us by themselves; now and then a thread enters alone and moves
the deadline, a few microseconds ahead or far away. Afterwards an oracle that knows only the order of the stamps says
what each bid should have been told. `--sabotage` lets the deadline be moved without entering alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bidding import queries
from bidding.rules import turnstile
from bidding.services.submissions import _check_time
from core.act import SYSTEM, Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.errors import Refusal
from core.ledger.log import platform_signer
from core.store import ObjectStore
from tests.bidding.stage import Stage
from tests.cluster import Cluster, load_tables, postgresql_programs

MICROSECOND = timedelta(microseconds=1)


class Ticking:
    """A clock that goes one microsecond with every look."""

    def __init__(self, start: datetime) -> None:
        self._now, self._lock = start, threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self._now += MICROSECOND
            return self._now


@dataclass
class Seen:
    """What happened: bids with stamp and verdict, deadlines with the stamp of their change."""

    bids: list[tuple[datetime, str]] = field(default_factory=list)
    deadlines: list[tuple[datetime, datetime]] = field(default_factory=list)


def bid(platform: Platform, code: str, seen: Seen) -> None:
    """One commit as far as its time is judged."""
    with platform.act(SYSTEM, through=turnstile(code)) as act:
        try:
            _check_time(act, queries.section(act.session, code))
            seen.bids.append((act.now, "accepted"))
        except Refusal as refusal:
            seen.bids.append((act.now, refusal.code))


def move(platform: Platform, code: str, seen: Seen, chance: random.Random, *, alone: bool) -> None:
    """Move the deadline, as a clarification does: a few microseconds ahead of now, or hours."""
    entered: AbstractContextManager[Any] = platform.act(SYSTEM, through=turnstile(code), shared=False)
    with entered if alone else platform.act(SYSTEM) as act:
        section = queries.section(act.session, code)
        ahead = chance.choice((1, 2, 3, 5, 20, 3_600_000_000))
        section.deadline_at = act.now + ahead * MICROSECOND
        act.session.flush()
        seen.deadlines.append((act.now, section.deadline_at))


def play(platform: Platform, code: str, cases: int, threads: int, seed: int, *, alone: bool) -> Seen:
    """Let the threads bid and move until `cases` bids are judged."""
    seen = Seen()

    def work(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        while len(seen.bids) < cases:
            if chance.random() < 0.25:
                move(platform, code, seen, chance, alone=alone)
            else:
                bid(platform, code, seen)

    workers = [threading.Thread(target=work, args=[number]) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return seen


def wrong(seen: Seen, first: datetime) -> tuple[int, int]:
    """How many bids were told otherwise than the order of the stamps says, and how many stood within 1 us of T."""
    changes = sorted(seen.deadlines)
    count = edge = place = 0
    deadline = first
    for stamp, verdict in sorted(seen.bids):
        while place < len(changes) and changes[place][0] < stamp:
            deadline = changes[place][1]
            place += 1
        edge += abs(stamp - deadline) <= MICROSECOND
        count += verdict != ("accepted" if stamp < deadline else "bid.late")
    return count, edge


def measure(url: str, folder: Path, cases: int, threads: int, *, alone: bool) -> tuple[int, int, int]:
    """(cases, at the edge, wrong) on one database."""
    database = Database(url, folder=folder)
    if database.is_sqlite:
        with database.writing() as session:
            Base.metadata.create_all(session.connection())
    start = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
    signer = platform_signer("sunbid.figure", bytes(range(32)))
    platform = Platform(database, ObjectStore(folder / "o"), StoppedClock(start), signer, seeded(b"r18"))
    stage = Stage(platform).publish()
    first = stage.section().closing_at
    platform.clock = Ticking(first - 5 * MICROSECOND)
    seen = play(platform, stage.code, cases, threads, 1, alone=alone)
    database.close()
    count, edge = wrong(seen, first)
    return len(seen.bids), edge, count


def main(arguments: list[str]) -> int:
    """Short form: 2,000 cases on SQLite; --long: 100,000 on each of both databases."""
    parser = argparse.ArgumentParser(prog="R18", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL too")
    parser.add_argument("--sabotage", action="store_true", help="the deadline is moved without the turnstile")
    options = parser.parse_args(arguments)
    cases = 100_000 if options.long else options.cases
    load_tables()
    results = {}
    with tempfile.TemporaryDirectory(prefix="sunbid-r18-") as name:
        folder = Path(name)
        how = {"alone": not options.sabotage}
        results["SQLite"] = measure(f"sqlite:///{folder / 'x.db'}", folder, cases, options.threads, **how)
        programs = postgresql_programs()
        if (options.long or options.postgresql) and programs is not None:
            cluster = Cluster(programs)
            try:
                results["PostgreSQL"] = measure(cluster.fresh(), folder, cases, options.threads, **how)
            finally:
                cluster.stop()
    words = [
        f"{name} {done} cases, {edge} within 1 us of T, {bad} wrong" for name, (done, edge, bad) in results.items()
    ]
    print(f"R18: {'; '.join(words)}")
    return 1 if any(bad for _, _, bad in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

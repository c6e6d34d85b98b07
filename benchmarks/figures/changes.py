"""The change feed under concurrent writers: nothing missed, nothing twice (`./run figure changes`).

    python -m benchmarks.figures.changes [--inserts 100000] [--writers 8] [--short]

On PostgreSQL, writers append to the ledger in transactions of one to twenty entries that stay open for a random time
before they commit; a reader follows the feed meanwhile. In the same transactions each entry also takes a number from a
plain sequence, and a second reader follows that number, as feeds usually do: what it misses shows that the load bites.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from core.act import Actor, Platform
from core.clock import StoppedClock
from core.db import Database
from core.ledger.log import append, platform_signer
from core.store import ObjectStore
from tests.cluster import Cluster, load_tables, postgresql_programs
from window.queries import changes

AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)


def main(argv: list[str] | None = None) -> int:
    """Print what both readers saw; 0 only where the feed missed nothing and told nothing twice."""
    parser = argparse.ArgumentParser(prog="benchmarks.figures.changes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inserts", type=int, default=100_000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--short", action="store_true", help="240 inserts, 4 writers")
    parser.add_argument("--long", action="store_true", help="as without: the figure is 100,000 inserts")
    given = parser.parse_args(argv)
    if given.short:
        given.inserts, given.writers = 240, 4
    programs = postgresql_programs()
    if programs is None:
        print("changes: NOT MEASURED, no PostgreSQL server is installed")
        return 1
    load_tables()
    cluster = Cluster(programs)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(cluster.fresh(), Path(folder), given.inserts, given.writers)
    finally:
        cluster.stop()


def _measure(url: str, folder: Path, inserts: int, writers: int) -> int:
    signer = platform_signer("sunbid.bench", bytes(range(32)))
    database = Database(url, folder=folder)
    platform = Platform(database, ObjectStore(folder / "objects"), StoppedClock(AT), signer)
    with database.writing() as session:
        session.execute(text("CREATE TABLE numbered (id bigserial PRIMARY KEY, name text)"))
    left, lock, failed = [inserts], threading.Lock(), list[BaseException]()
    finished = threading.Event()

    def write(number: int) -> None:
        dice = random.Random(number)
        try:
            while not failed:
                with lock:
                    count = min(left[0], dice.randint(1, 20))
                    left[0] -= count
                if not count:
                    return
                with platform.act(Actor(f"writer-{number}")) as act:
                    names = [f"{number}-{dice.getrandbits(60):x}" for _ in range(count)]
                    for name in names:  # the sequence gives its number at once, the commit comes later
                        act.session.execute(text("INSERT INTO numbered (name) VALUES (:name)"), {"name": name})
                    time.sleep(dice.random() * 0.004)
                    for name in names:
                        append(act, "trade.record", name, {})
        except BaseException as error:
            failed.append(error)

    feed: list[str] = []
    plain: list[str] = []

    def follow(seen: list[str], ask: object) -> None:
        cursor = -1
        while True:
            last_round = finished.is_set()
            cursor, found = ask(cursor)  # type: ignore[operator]
            seen += found
            if last_round and not found:
                return

    def by_feed(cursor: int) -> tuple[int, list[str]]:
        with platform.reading() as session:
            page = changes(session, cursor, 1000)
        return page.next, [str(one.subject) for one in page.entries]

    def by_number(cursor: int) -> tuple[int, list[str]]:
        with database.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT id, name FROM numbered WHERE id > :c ORDER BY id LIMIT 1000"), {"c": cursor}
            ).all()
        return (rows[-1][0] if rows else cursor), [row[1] for row in rows]

    began = time.monotonic()
    readers = [threading.Thread(target=follow, args=pair) for pair in ((feed, by_feed), (plain, by_number))]
    crew = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for one in [*readers, *crew]:
        one.start()
    for one in crew:
        one.join()
    finished.set()
    for one in readers:
        one.join()
    took = time.monotonic() - began
    if failed:
        raise failed[0]
    with database.engine.connect() as connection:
        held = [row[0] for row in connection.execute(text("SELECT name FROM numbered"))]
    database.close()

    def judged(seen: list[str]) -> tuple[int, int]:
        counted = Counter(seen)
        return len(set(held) - counted.keys()), sum(times - 1 for times in counted.values())

    missed, twice = judged(feed)
    lost, again = judged(plain)
    print(f"{len(held)} inserts by {writers} writers in {took:.0f} s")
    print(f"a feed by a plain sequence: {lost} missed, {again} twice")
    print(f"changes: {len(held)} concurrent inserts, {missed} missed, {twice} twice (target 0 and 0)")
    return 0 if not missed and not twice and len(held) == inserts else 1


if __name__ == "__main__":
    sys.exit(main())

"""Commits of bids against a bare group-commit writer that stores the same bytes, on SQLite, on one machine.

    python -m benchmarks.commit [--bids 300] [--threads 16] [--rounds 3] [--short]

Our side is the whole commit of a bid as the route makes it: turnstile, every check of docs/spec/submission.md §3, row,
ledger entry, signed head, receipt with its proof, in one durable transaction with whatever else waits. The peer is what SQLite can give at
most: one writer thread that takes whatever waits, stores for each bid the same submission, identity packages and
receipt in one table, and commits all of them at once (WAL, synchronous=FULL). In turns, medians.
"""

from __future__ import annotations

import argparse
import json
import queue
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bidding import queries, rules, services
from bidding.models import Section
from core.act import Platform
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import audit, platform_signer
from core.store import ObjectStore
from tests.bidding.stage import Bidder, Stage, commit_of, request_of
from tests.cluster import load_tables
from tests.conftest import START

TARGET = 0.5


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line has the ratio. 0 only where it reaches the target."""
    parser = argparse.ArgumentParser(prog="benchmarks.commit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bids", type=int, default=300, help="bids committed in each round")
    parser.add_argument("--threads", type=int, default=64, help="as many as wait at once; `serve` has so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="8 bids, 4 threads, one round: shows that it runs")
    given = parser.parse_args(argv)
    if given.short:
        given.bids, given.threads, given.rounds = 8, 4, 1
    with tempfile.TemporaryDirectory(dir=".") as folder:
        return _measure(Path(folder), given.bids, given.threads, given.rounds)


def _measure(folder: Path, bids: int, threads: int, rounds: int) -> int:
    stage = _stage(folder / "platform")
    requests = []
    for number in range(bids * rounds):
        sealed = Bidder(f"投标人{number}", folder / f"bidder-{number}").seal(stage.policy())
        stage.deposit(sealed)
        requests.append(request_of(sealed))
    ours: list[float] = []
    peers: list[float] = []
    waits: list[float] = []
    spent: list[float] = []
    for number in range(rounds):
        batch = requests[number * bids : (number + 1) * bids]
        receipts: dict[str, Any] = {}
        cpu = time.process_time()
        wall, single = _at_once(batch, threads, lambda request, kept=receipts: _commit(stage, request, kept))  # type: ignore[misc]
        spent.append((time.process_time() - cpu) / bids)
        ours.append(bids / wall)
        waits += single
        peers.append(bids / _bare(folder / f"bare-{number}.db", batch, receipts, threads))
    with stage.platform.reading() as session:
        held = len(queries.submissions(session, queries.section(session, stage.code)))
        faults = list(audit(session, stage.platform.signer.verifier))
    if held != len(requests) or faults:
        raise SystemExit(f"{held} of {len(requests)} held, {len(faults)} faults in the ledger")
    for name, rates in (("sunbid", ours), ("bare", peers)):
        each = ", ".join(f"{one:.0f}" for one in rates)
        print(f"{name:>7}: {statistics.median(rates):6.0f} commits/s  ({each})")
    print(f"{held} bids held, the ledger holds; slowest of a hundred {sorted(waits)[int(len(waits) * 0.99)]:.2f} s")
    print(f"a commit takes {statistics.median(spent) * 1000:.1f} ms of CPU")
    ratio = statistics.median(a / b for a, b in zip(ours, peers, strict=True))
    print(f"commit: {ratio:.2f}× a bare group-commit writer on SQLite (target ≥ {TARGET}); PostgreSQL not measured")
    return 0 if ratio >= TARGET else 1


def _stage(folder: Path) -> Stage:
    load_tables()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    signer = platform_signer("sunbid.bench", bytes(range(32)))
    stage = Stage(Platform(database, ObjectStore(folder / "objects"), StoppedClock(START), signer)).publish()
    with database.writing() as session:  # so many bids take longer to seal than a stopped clock shows
        section = session.query(Section).filter_by(code=stage.code).one()
        section.deadline_at = (section.deadline_at or START) + timedelta(days=30)
    return stage


def _commit(stage: Stage, request: dict[str, Any], receipts: dict[str, Any]) -> None:
    with stage.platform.stamp(rules.turnstile(stage.code)) as stamp:
        receipt = services.commit_together(stage.platform, stamp, commit_of(stage.code, request))
    receipts[request["idempotency_key"]] = receipt


def _at_once(
    batch: list[dict[str, Any]], threads: int, do: Callable[[dict[str, Any]], None]
) -> tuple[float, list[float]]:
    """All of the batch by so many threads: seconds for all, seconds of each."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    for request in batch:
        waiting.put(request)
    waits: list[float] = []
    failed: list[BaseException] = []

    def work() -> None:
        while not failed:
            try:
                request = waiting.get_nowait()
            except queue.Empty:
                return
            begun = time.perf_counter()
            try:
                do(request)
            except BaseException as error:
                failed.append(error)
            waits.append(time.perf_counter() - begun)

    crew = [threading.Thread(target=work) for _ in range(threads)]
    begun = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - begun, waits


def _bare(file: Path, batch: list[dict[str, Any]], receipts: dict[str, Any], threads: int) -> float:
    """Seconds until the bare writer has durably stored the same bytes."""
    todo: queue.SimpleQueue[tuple[tuple[str, ...], threading.Event] | None] = queue.SimpleQueue()

    def writer() -> None:
        connection = sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("CREATE TABLE bid (id INTEGER PRIMARY KEY, key TEXT UNIQUE, submission, identity, receipt)")
        while (first := todo.get()) is not None:
            taken = [first]
            while len(taken) < 1000:
                try:
                    more = todo.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    todo.put(None)
                    break
                taken.append(more)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO bid (key, submission, identity, receipt) VALUES (?, ?, ?, ?)", [row for row, _ in taken]
            )
            connection.execute("COMMIT")
            for _, done in taken:
                done.set()
        connection.close()

    def store(request: dict[str, Any]) -> None:
        key, done = request["idempotency_key"], threading.Event()
        texts = (json.dumps(request["submission"]), json.dumps(request["identity"]), json.dumps(receipts[key]))
        todo.put(((key, *texts), done))
        done.wait()

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        return _at_once(batch, threads, store)[0]
    finally:
        todo.put(None)
        thread.join()


if __name__ == "__main__":
    sys.exit(main())

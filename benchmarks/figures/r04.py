"""R4: exactly one opening, however many workers ring, with one of them stopped in the middle and waking up late, or killed.

Each race takes a copy of an installation whose deadline has passed. Worker processes tick at the same instant; one of
them is stopped (SIGSTOP) after a random time and goes on (SIGCONT) long after the others, or is killed. Afterwards there
is one opening with one closing in the ledger, whose audit is clean.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

import bidding.queries
import opening.queries
from benchmarks.figures.scene import Scene, place, platform_of
from bidding.models import Section
from core.ledger.log import LedgerEntry, audit
from opening.models import Opening
from portal.cli.tick import Done, close_sections

STOPPED_FOR = (0.05, 0.4)
"""Seconds for which the chosen worker is stopped."""


@dataclass
class Tally:
    """What all races together showed."""

    races: int = 0
    single: int = 0
    stopped: int = 0
    killed: int = 0
    wrong: list[str] = field(default_factory=list)


def _worker(folder: Path, go: int, sabotage: bool) -> None:
    """One worker process: waits for the pipe to close, then rings until the section is closed."""
    platform = platform_of(folder)
    os.read(go, 1)
    done = Done()
    for _ in range(3):
        close_sections(platform, done)
        if sabotage:
            _open_once_more(platform)
    platform.database.close()
    if done.failures:
        raise ExceptionGroup("close", done.failures)


def _open_once_more(platform: object) -> None:
    """The sabotage: a worker that takes itself for the authority and writes an opening of its own."""
    from sqlalchemy import text

    with platform.database.engine.connect() as connection, connection.begin():  # type: ignore[attr-defined]
        connection.execute(
            text(
                "INSERT INTO ledger_entry (leaf_index, at, kind, subject, digest) SELECT MAX(leaf_index) + 1, MAX(at),"
                " 'opening.convene', 'opening:twice', '' FROM ledger_entry"
            )
        )


def race(
    scene: Scene, copy: Path, workers: int, chance: random.Random, tally: Tally, *, sabotage: bool = False
) -> None:
    """One race in a copy of the installation; what it showed goes into the tally."""
    scene.copy(copy)
    go, begin = os.pipe()
    pids = []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            os.close(begin)
            try:
                _worker(copy, go, sabotage)
            except BaseException as error:
                os.write(2, f"worker: {error!r}\n".encode())
                os._exit(3)
            os._exit(0)
        pids.append(pid)
    os.close(go)
    time.sleep(0.05)
    os.close(begin)
    chosen, kill = chance.choice(pids), chance.random() < 0.25
    time.sleep(chance.uniform(0, 0.08))
    os.kill(chosen, signal.SIGSTOP)
    time.sleep(chance.uniform(*STOPPED_FOR))
    os.kill(chosen, signal.SIGKILL if kill else signal.SIGCONT)
    tally.stopped += not kill
    tally.killed += kill
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if pid != chosen and status:
            tally.wrong.append(f"race {tally.races}: a worker ended with {status}")
    _inspect(scene, copy, tally)
    scene.drop(copy)


def _inspect(scene: Scene, copy: Path, tally: Tally) -> None:
    platform = platform_of(copy)
    try:
        close_sections(platform, Done())  # if the killed one was alone on its way, the next ring finishes
        with platform.reading() as session:
            openings = session.scalar(select(func.count()).select_from(Opening))
            kinds = [
                session.scalar(select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind == kind))
                for kind in ("section.close", "opening.convene")
            ]
            faults = list(audit(session, platform.signer.verifier))
            section = bidding.queries.section(session, scene.code)
            closed_set = opening.queries.opening(session, section).closed_set
    finally:
        platform.database.close()
    tally.races += 1
    if openings == 1 and kinds == [1, 1] and not faults and len(closed_set) == 1:
        tally.single += 1
    else:
        tally.wrong.append(f"race {tally.races}: {openings} openings, {kinds} entries, {faults[:1]}, {closed_set}")


def measure(races: int, workers: tuple[int, ...], database: str, *, seed: int = 4, sabotage: bool = False) -> Tally:
    """Run the races, the numbers of workers in turn."""
    with place("sunbid-r04-", database) as (folder, cluster):
        scene = Scene.build(folder, cluster)
        platform = platform_of(scene.folder)
        with platform.database.writing() as session:
            section = session.query(Section).filter_by(code=scene.code).one()
            section.deadline_at = platform.clock.now() - timedelta(seconds=1)
        if cluster is None:
            platform.database.checkpoint()
        platform.database.close()
        tally, chance = Tally(), random.Random(seed)
        for number in range(races):
            count = workers[number % len(workers)]
            race(scene, folder / f"race-{number}", count, chance, tally, sabotage=sabotage)
            if number % 50 == 49:
                print(f"{number + 1} races …", file=sys.stderr)
    return tally


def main(argv: list[str]) -> int:
    """`--races N` (20), `--long` 1,000, with 4 and 16 workers in turn; `--sabotage` must turn the figure red."""
    parser = argparse.ArgumentParser(prog="R4", description=__doc__)
    parser.add_argument("--races", type=int, default=20)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--sabotage", action="store_true")
    options = parser.parse_args(argv)
    tally = measure(1000 if options.long else options.races, (4, 16), options.database, sabotage=options.sabotage)
    for word in tally.wrong[:10]:
        print(word)
    print(f"{tally.stopped} workers stopped and woken late, {tally.killed} killed")
    print(f"R4 on {options.database}: {tally.races} races of 4 and 16 workers, exactly one opening in {tally.single}")
    return 0 if tally.races == tally.single and not tally.wrong else 1

"""Several closings at once, among threads and among processes: exactly one opening is born."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any

from sqlalchemy import func, select

from bidding import queries as bidding
from bidding.rules import turnstile
from core.act import SYSTEM, Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Database
from core.errors import Refusal
from core.ledger.log import LedgerEntry, audit, platform_signer
from core.store import ObjectStore
from opening import queries, services
from opening.models import Opening
from tests.conftest import SIGNER_SEED
from tests.opening.stage import CODE, Stage


def close_once(platform: Platform, *, through: bool) -> str:
    """One closing; the state seen, or the refusal's code."""
    try:
        options: dict[str, Any] = {"through": turnstile(CODE), "shared": False} if through else {}
        with platform.act(SYSTEM, **options) as act:
            return services.close_and_convene(act, bidding.section(act.session, CODE)).state
    except Refusal as refusal:
        return refusal.code


def check_one(stage: Stage) -> None:
    with stage.platform.reading() as session:
        assert session.scalar(select(func.count()).select_from(Opening)) == 1
        kinds = ("section.close", "opening.convene")
        count = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind.in_(kinds))
        assert session.scalar(count) == 2
        assert list(audit(session, stage.platform.signer.verifier)) == []
        assert len(queries.opening(session, bidding.section(session, CODE)).closed_set) == 3


def test_many_threads_close_at_once_and_one_opening_is_born(stage: Stage) -> None:
    """Half of them forget the turnstile: the row's epoch and the unique section still allow one only.

    Sabotage: with the early return removed and the unique constraint dropped, two openings were born.
    """
    for letter in "abc":
        stage.submit(letter)
    stage.clock.move_to(stage.deadline)
    start = threading.Barrier(8)
    seen: list[str] = []

    def run(through: bool) -> None:
        start.wait()
        seen.append(close_once(stage.platform, through=through))

    threads = [threading.Thread(target=run, args=(number % 2 == 0,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 and "closed" in seen
    assert set(seen) <= {"closed", "section.stale", "opening.exists"}
    check_one(stage)


def _process(url: str, folder: str, objects: str, instant: str, results: Any, start: Any) -> None:
    from datetime import datetime
    from pathlib import Path

    platform = Platform(
        Database(url, folder=Path(folder)),
        ObjectStore(Path(objects)),
        StoppedClock(datetime.fromisoformat(instant)),
        platform_signer("sunbid.test", SIGNER_SEED),
        seeded(str(multiprocessing.current_process().pid).encode()),
    )
    start.wait()
    results.put(close_once(platform, through=True))


def test_many_processes_close_at_once_and_one_opening_is_born(stage: Stage) -> None:
    """Sabotage: without the early return all but one were refused as "opening.exists"."""
    for letter in "abc":
        stage.submit(letter)
    stage.clock.move_to(stage.deadline)
    context = multiprocessing.get_context("spawn")
    results, start = context.Queue(), context.Barrier(3)
    database = stage.platform.database
    arguments = (
        database.url.render_as_string(hide_password=False),
        str(database.folder),
        str(stage.platform.store.root),
        stage.deadline.isoformat(),
        results,
        start,
    )
    processes = [context.Process(target=_process, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert sorted(results.get(timeout=5) for _ in processes) == ["closed"] * 3
    check_one(stage)

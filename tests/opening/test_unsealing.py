"""Opening many bids at once: the same as one by one, taken up where it stopped, outside any transaction."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bidding import queries as bidding
from core.act import SYSTEM
from core.db import Gate
from core.ledger.log import entries_of
from core.store import ObjectStore
from opening import queries, services
from opening.lifecycle import OPENED
from opening.services import unsealing
from portal.cli.tick import tick
from tests.opening.stage import Stage

LETTERS = ("a", "b", "c", "d", "e")


@pytest.fixture
def ready(stage: Stage) -> Stage:
    """Five bids, every secret handed in, nothing opened yet."""
    for letter in LETTERS:
        stage.submit(letter)
    stage.to_window()
    for letter in LETTERS:
        stage.release(letter)
    stage.peel("tenderee")
    return stage


def waiting(stage: Stage) -> list[services.Unsealing]:
    with stage.platform.reading() as session:
        found = queries.opening(session, bidding.section(session, stage.code))
        return services.ready_to_unseal(session, found)


def keep(stage: Stage, unsealed: services.Unsealed) -> None:
    with stage.platform.act(SYSTEM) as act:
        services.keep_opened(act, queries.opening(act.session, bidding.section(act.session, stage.code)), unsealed)


def opened(stage: Stage) -> list[str]:
    return [letter for letter in LETTERS if stage.bid(letter).state in OPENED]


def test_many_at_once_give_what_one_by_one_gives(ready: Stage, tmp_path: Path) -> None:
    """The same results in the same order, the same objects. Seen red: with results in the order of their ending."""
    store = ready.platform.store
    copy = ObjectStore(tmp_path / "other")
    for name in store.held():
        copy.put(store.read(name))
    told: list[tuple[int, int]] = []
    bids = waiting(ready)
    together = list(services.unseal_all(store, bids, lambda done, total: told.append((done, total))))
    assert together == [services.unseal(copy, one) for one in bids]
    assert [one.digest for one in together] == [one.digest for one in bids]
    assert len(together) == len(LETTERS) and all(one.refusal is None for one in together)
    assert {name: store.read(name) for name in store.held()} == {name: copy.read(name) for name in copy.held()}
    assert list(store.temp.iterdir()) == []
    sizes = [part["bulk"]["size"] for one in bids for part in one.content["envelopes"].values()]
    assert told[-1] == (sum(sizes), sum(sizes))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_work_that_stopped_is_taken_up_again(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second bid meets a full disk: the first is kept, a second run opens the rest, a third has nothing to do.

    Seen red: with all results gathered before the first is kept.
    """
    real = unsealing.open_sealed
    second = waiting(ready)[1].content["envelopes"]["technical"]["bulk"]["sha256"]

    def full(bulk: Path, *arguments: Any) -> Any:
        if bulk.name == second:
            raise OSError(28, "No space left on device")
        return real(bulk, *arguments)

    monkeypatch.setattr(unsealing, "open_sealed", full)
    threads = threading.active_count()
    with pytest.raises(OSError, match="No space"):
        for one in services.unseal_all(ready.platform.store, waiting(ready)):
            keep(ready, one)
    assert len(opened(ready)) == 1
    assert threading.active_count() == threads
    assert list(ready.platform.store.temp.iterdir()) == []
    monkeypatch.undo()
    for one in services.unseal_all(ready.platform.store, waiting(ready)):
        keep(ready, one)
        keep(ready, one)
    assert opened(ready) == list(LETTERS)
    assert waiting(ready) == []
    with ready.platform.reading() as session:
        for letter in LETTERS:
            kinds = [entry.kind for entry in entries_of(session, ready.bid(letter).subject)]
            assert sum("open" in kind for kind in kinds) == 1, kinds


def test_who_stops_asking_stops_the_work(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause in the window leaves the rest sealed and untouched. Seen red: without cancelling what has not begun."""
    begun: list[str] = []
    real = unsealing.unseal

    def counted(store: ObjectStore, one: Any, took: Any) -> Any:
        begun.append(one.digest)
        return real(store, one, took)

    monkeypatch.setattr(unsealing, "unseal", counted)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    results: Iterator[services.Unsealed] = services.unseal_all(ready.platform.store, waiting(ready))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < len(LETTERS)


def test_a_tick_opens_outside_any_transaction(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gigabytes are opened while others go on writing. Seen red: with open_ready inside the act of the tick."""
    real = unsealing.unseal
    seen: list[bool] = []

    def watched(store: ObjectStore, one: Any, took: Any) -> Any:
        seen.append(others_can_write(ready.platform.database.gate))
        return real(store, one, took)

    if ready.platform.database.is_sqlite:
        monkeypatch.setattr(unsealing, "unseal", watched)
    tick(ready.platform)
    assert opened(ready) == list(LETTERS)
    assert seen in ([], [True] * len(LETTERS))


def others_can_write(gate: Gate) -> bool:
    """Whether the writer gate comes free within five seconds; one act around all the unsealing would never leave it."""
    with gate._file.open("a") as handle:
        for _ in range(500):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                time.sleep(0.01)
    return False

"""An order given before the deadline counts as of then, however long it waits for the turnstile (R-130, R-214)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bidding import queries, rules, services
from bidding.routes.arrivals import Arrivals
from bidding.routes.doorkeeper import Doorkeeper
from core.act import SYSTEM
from core.errors import Untimely
from tests.bidding.stage import Stage

SECOND = timedelta(seconds=1)


def running(work: Callable[[], Any]) -> threading.Thread:
    """The work in a thread of its own, begun."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def later(stage: Stage, seconds: float = 3600) -> tuple[datetime, datetime, bool]:
    """Order the deadline to be later, as the routes do: the act's instant, the deadline it met, whether still open."""
    through = rules.turnstile(stage.code)
    with stage.platform.act(SYSTEM, through=through, shared=False, as_ordered=True) as act:
        section = queries.section(act.session, stage.code)
        old = section.closing_at
        is_open = section.state == "submission_open"
        if not rules.is_late(act.now, old) and is_open:
            section.deadline_at = old + timedelta(seconds=seconds)
            act.session.flush()
        return act.now, old, is_open


def close(stage: Stage) -> bool:
    """The closing, as the tick does it; whether the section is closed now."""
    with stage.platform.act(SYSTEM, through=rules.turnstile(stage.code), shared=False) as act:
        try:
            services.close_section(act, queries.section(act.session, stage.code))
        except Untimely:
            return False
        return True


@pytest.mark.parametrize(("before", "counts"), [(1.0, True), (0.000_001, True), (0.0, False)])
def test_an_order_counts_as_of_when_it_was_given(stage: Stage, before: float, counts: bool) -> None:
    """The doorkeeper stands over the deadline; order and closing both come through only after it.

    Seen red: with the order stamped when its turn came.
    """
    clock, deadline = stage.platform.clock, stage.section().closing_at
    unread, told = threading.Event(), dict[str, Any]()
    clock.move_to(deadline - SECOND)
    keeper = Doorkeeper(Arrivals(None, stage.platform), lambda: unread.wait(10))
    standing = running(lambda: keeper.stand(stage.code, deadline))
    standing.join(0.1)
    clock.move_to(deadline - timedelta(seconds=before))
    ordering = running(lambda: told.update(order=later(stage)))
    ordering.join(0.2)
    assert ordering.is_alive()
    clock.move_to(deadline + SECOND)
    closing = running(lambda: told.update(closed=close(stage)))
    closing.join(0.1)
    assert closing.is_alive() and ordering.is_alive()
    unread.set()
    for thread in (standing, ordering, closing):
        thread.join(20)
    at, met, is_open = told["order"]
    assert (at, met, is_open) == (deadline - timedelta(seconds=before), deadline, True)
    assert told["closed"] is not counts
    moved = stage.section().closing_at
    assert moved == (deadline + timedelta(hours=1) if counts else deadline)


def test_the_closing_waits_for_an_order_that_has_not_come_to_the_turnstile_yet(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stamped in time, then held up anywhere, none is overtaken. Seen red: with the closing not waiting for orders."""
    through, deadline = rules.turnstile(stage.code), stage.section().closing_at
    database, go, told = type(stage.platform.database), threading.Event(), dict[str, Any]()
    enter = database.turnstile

    @contextmanager
    def held_up(self: Any, name: str, *, shared: bool) -> Iterator[None]:
        if name == through and threading.current_thread() is ordering:
            go.wait(20)
        with enter(self, name, shared=shared):
            yield

    monkeypatch.setattr(database, "turnstile", held_up)
    stage.platform.clock.move_to(deadline - SECOND)
    ordering = threading.Thread(target=lambda: told.update(order=later(stage)), daemon=True)
    ordering.start()
    ordering.join(0.2)
    stage.platform.clock.move_to(deadline + SECOND)
    closing = running(lambda: told.update(closed=close(stage)))
    closing.join(0.3)
    assert closing.is_alive()
    go.set()
    ordering.join(20)
    closing.join(20)
    assert told == {"order": (deadline - SECOND, deadline, True), "closed": False}


class Ticking:
    """Every look is some microseconds later than the one before, whoever looks."""

    def __init__(self, start: datetime, chance: random.Random) -> None:
        self.at, self.chance, self.door = start, chance, threading.Lock()

    def now(self) -> datetime:
        with self.door:
            self.at += timedelta(microseconds=self.chance.randrange(1, 40))
            return self.at

    def witness(self, instant: datetime) -> None:
        with self.door:
            self.at = max(self.at, instant)


def test_no_order_in_time_ever_finds_the_section_closed(stage: Stage) -> None:
    """Orders, closings and commits crowd around a deadline in 12 races: in time and yet too late is nobody.

    Each order that is in time moves the deadline by a little, so that it is raced for again.
    """
    chance = random.Random(4)
    kept = stage.platform.clock
    through = rules.turnstile(stage.code)
    wrong: list[Any] = []
    moved = 0
    try:
        for _ in range(12):
            deadline = stage.section().closing_at
            stage.platform.clock = Ticking(deadline - timedelta(microseconds=200), chance)  # type: ignore[assignment]
            told: list[tuple[datetime, datetime, bool]] = []

            def order(told: list[tuple[datetime, datetime, bool]] = told) -> None:
                told.append(later(stage, 0.000_3))

            def commit(wait: float = chance.random() / 50) -> None:
                with stage.platform.stamp(through):
                    threading.Event().wait(wait)

            def shut() -> None:
                close(stage)

            works = [order, order, order, commit, commit, commit, shut, shut]
            chance.shuffle(works)
            threads = [running(work) for work in works]
            for thread in threads:
                thread.join(30)
            wrong += [one for one in told if not one[2] and not rules.is_late(one[0], one[1])]
            moved += sum(not rules.is_late(at, met) for at, met, _ in told)
            with stage.platform.reading() as session:
                if queries.section(session, stage.code).state != "submission_open":
                    break
    finally:
        stage.platform.clock = kept
    assert wrong == [] and moved > 0

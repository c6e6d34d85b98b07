"""The guarded clock: steps are not followed, other clocks are heard, and what cannot be known is said so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.figures import r17, r18
from core.agreement import Source, agree
from core.clock import GuardedClock, reading_when

TRUE = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


class Machine:
    """A machine whose wall can be moved; its count since boot cannot."""

    def __init__(self) -> None:
        self.elapsed, self.skew = 0.0, 0.0

    def wall(self) -> float:
        return TRUE.timestamp() + self.elapsed + self.skew

    def boot(self) -> float:
        return 1000.0 + self.elapsed

    @property
    def true(self) -> datetime:
        return TRUE + timedelta(seconds=self.elapsed)

    def clock(self, **options: object) -> GuardedClock:
        return GuardedClock(wall=self.wall, boot=self.boot, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("skew", [-3600.0, 3600.0, -5.0, 5.0, 1.5])
def test_a_step_of_the_wall_is_not_followed_and_a_great_one_raises_the_alarm(skew: float) -> None:
    """Seen red: with the wall gone by while it is near (the 1.5 s step), and with the wall preferred among equals."""
    machine = Machine()
    clock = machine.clock()
    machine.elapsed, machine.skew = 10.0, skew
    reading = clock.read()
    assert reading.now == machine.true
    assert reading.dissent == (() if abs(skew) < 2 else ("wall",))
    assert reading.certain is (abs(skew) < 2)


@pytest.mark.parametrize("skew", [-240.0, 0.0, 240.0])
def test_who_sets_the_wall_makes_nothing_come_earlier(monkeypatch: pytest.MonkeyPatch, skew: float) -> None:
    """What came three seconds ago is as of then; after a step of the wall everything is as of when it is read.

    Seen red: without the look at who dissents, a step of four minutes made a bid four minutes earlier.
    """
    machine = Machine()
    clock = machine.clock()
    monkeypatch.setattr("core.clock.time.time", machine.wall)
    arrived = machine.wall()
    machine.elapsed, machine.skew = 3.0, skew
    assert reading_when(clock, arrived).now == (TRUE if skew == 0 else machine.true)
    assert reading_when(clock, None).now == machine.true


def test_a_majority_is_certain_and_one_against_one_is_not() -> None:
    machine = Machine()
    machine.skew = 3600.0  # started under a wrong clock
    clock = machine.clock()
    clock.observe("database", machine.true, uncertainty=0.01)
    one = clock.read()
    assert not one.certain and one.earliest == machine.true and one.latest == machine.true + timedelta(hours=1)
    again = machine.clock()
    for name in ("database", "authority"):
        again.observe(name, machine.true, uncertainty=0.5)
    both = again.read()
    assert both.certain and both.now == machine.true


def test_a_machine_that_was_paused_believes_the_outside() -> None:
    """A hypervisor's pause stops the count since boot; wall and database say that time has passed."""
    machine = Machine()
    clock = machine.clock()
    machine.skew = 600.0
    later = machine.true + timedelta(seconds=600)
    clock.observe("database", later, uncertainty=0.01)
    reading = clock.read()
    assert reading.now == later and reading.certain


def test_time_never_runs_back_behind_the_ledger_and_that_is_told() -> None:
    """Seen red: without the floor."""
    machine = Machine()
    clock = machine.clock()
    clock.witness(machine.true + timedelta(minutes=1))
    reading = clock.read()
    assert reading.now == machine.true + timedelta(minutes=1)
    assert reading.dissent == ("ledger",) and not reading.certain
    assert reading.earliest == machine.true


def test_processes_of_one_machine_share_what_the_authority_said(tmp_path: Path) -> None:
    machine = Machine()
    share = tmp_path / "authority.clock"
    machine.clock(share=share).observe("authority", machine.true, uncertainty=0.5)
    machine.skew = -3600.0
    other = machine.clock(share=share)
    assert other.read().dissent == ("authority",)
    told = json.loads(share.read_text())
    share.write_text(json.dumps({**told, "boot": "another start of the machine"}))
    assert machine.clock(share=share).read().dissent == ()
    share.write_text("{torn")
    assert machine.clock(share=share).read().dissent == ()


def test_among_equals_the_held_time_is_kept() -> None:
    held, wall = Source("held", 0.0), Source("wall", 100.0)
    assert agree(held, wall, []).offset == 0.0
    assert not agree(held, wall, []).certain
    assert agree(held, wall, [Source("database", 100.5)]).offset == 100.0
    assert agree(held, Source("wall", 0.5), [Source("database", 50.0)]).dissent == ("database",)


def test_the_figure_of_moved_clocks_holds_and_its_sabotage_is_red() -> None:
    assert r17.main([]) == 0
    assert r17.main(["--sabotage"]) == 1


def test_the_figure_of_the_edge_holds_and_its_sabotage_is_red(tmp_path: Path) -> None:
    """A slice of R18. The deadline moved without the turnstile turns it red."""
    assert r18.main(["--cases", "300"]) == 0
    assert r18.main(["--cases", "300", "--sabotage"]) == 1

"""R17: the clock is moved: steps back and forth, in the middle of a request, a leap second, zones, apart from others.

True time is a number this figure counts up; the machine's wall, the database's clock and the authority's are shown to
the platform's guarded clock with what each scenario does to them. At instants around the deadline the real check of a
commit and the real closing of a real section are asked. Nothing late may be accepted, nothing on time be called late,
nothing be opened early. "disputed" is neither: the bidder is told that the platform's clocks contradict each other and
to try again. `--sabotage` judges by the bare wall instead; it must turn the figure red.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bidding import queries, services
from bidding.services.submissions import _check_time
from core.act import SYSTEM, Platform
from core.chance import seeded
from core.clock import GuardedClock, Reading
from core.db import Base, Database
from core.errors import Conflict, Untimely
from core.ledger.log import platform_signer
from core.store import ObjectStore
from tests.bidding.stage import Stage
from tests.cluster import load_tables

HOUR = 3600.0
AROUND = (-1800.0, -60.0, -2.5, -1.0, -0.000001, 0.0, 0.000001, 1.0, 2.5, 60.0, 1800.0)
Skew = Callable[[float], float]


@dataclass(frozen=True)
class Scenario:
    """What the clocks show at true time t seconds from the deadline; `database` and `authority` None where absent."""

    name: str
    wall: Skew
    database: Skew | None = None
    authority: Skew | None = None
    started: float = -7200.0
    """True time at which the process started, and took the wall for its own."""
    blind: bool = False
    """No other clock can tell: the limit that is stated, not counted."""


def scenarios() -> Iterator[Scenario]:
    """Every scenario, each once without any other clock, with the database's, with the authority's, with both."""
    right: Skew = lambda t: 0.0  # noqa: E731
    walls: dict[str, tuple[Skew, float]] = {
        "right": (right, -7200.0),
        "stepped back 1 h before": (lambda t: -HOUR if t > -3600 else 0.0, -7200.0),
        "stepped forward 1 h before": (lambda t: HOUR if t > -3600 else 0.0, -7200.0),
        "stepped back within the last second": (lambda t: -HOUR if t > -0.5 else 0.0, -7200.0),
        "stepped forward within the last second": (lambda t: HOUR if t > -0.5 else 0.0, -7200.0),
        "leap second repeated": (lambda t: -1.0 if t > 0 else 0.0, -7200.0),
        "drifting by 1.5 s": (lambda t: 1.5 if t > -3600 else 0.0, -7200.0),
        "started 1 h behind": (lambda t: -HOUR, -7200.0),
        "started 1 h ahead": (lambda t: HOUR, -7200.0),
    }
    for name, (wall, started) in walls.items():
        for others in ("alone", "database", "authority", "both"):
            yield Scenario(
                f"{name} · {others}",
                wall,
                right if others in ("database", "both") else None,
                right if others in ("authority", "both") else None,
                started,
                blind=name.startswith("started") and others == "alone",
            )
    for name, skew in (("behind", -HOUR), ("ahead", HOUR)):
        wrong: Skew = lambda t, skew=skew: skew  # type: ignore[misc]  # noqa: E731
        yield Scenario(f"the database 1 h {name} · alone", right, wrong)
        yield Scenario(f"the database 1 h {name} · authority", right, wrong, right)
        yield Scenario(f"the authority 1 h {name} · alone", right, None, wrong)
        yield Scenario(f"the authority 1 h {name} · database", right, right, wrong)


class World:
    """True time, the deadline in it, and the clocks of a scenario."""

    def __init__(self, deadline: datetime, scenario: Scenario) -> None:
        self.deadline, self.scenario, self.t = deadline, scenario, scenario.started
        self.clock = GuardedClock(
            wall=lambda: self.true + scenario.wall(self.t), boot=lambda: self.t - scenario.started + 5000.0
        )

    @property
    def true(self) -> float:
        return self.deadline.timestamp() + self.t

    def show(self) -> None:
        """Let the platform see the other clocks, as its acts and its worker do."""
        for name, skew, doubt in (
            ("database", self.scenario.database, 0.002),
            ("authority", self.scenario.authority, 1.6),
        ):
            if skew is not None:
                instant = datetime.fromtimestamp(self.true + skew(self.t), UTC)
                self.clock.observe(name, instant, uncertainty=doubt)


class Bare:
    """The sabotage: the wall as it is."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.true + self.world.scenario.wall(self.world.t), UTC)

    def read(self) -> Reading:
        now = self.now()
        return Reading(now, now, now)


def judged(platform: Platform, code: str) -> str:
    """What the real check says to a commit now."""
    try:
        with platform.act(SYSTEM) as act:
            _check_time(act, queries.section(act.session, code))
            return "accepted"
    except Untimely:
        return "late"
    except Conflict as refusal:
        return refusal.code


def closed(platform: Platform, code: str) -> bool:
    """Whether the real closing would go through now; it is taken back."""
    try:
        with platform.act(SYSTEM) as act:
            services.close_section(act, queries.section(act.session, code))
            raise KeyError
    except KeyError:
        return True
    except (Untimely, Conflict):
        return False


def main(arguments: list[str]) -> int:
    """Every scenario at eleven instants; the zone of the process is changed on the way."""
    parser = argparse.ArgumentParser(prog="R17", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the same: the figure is whole in its short form")
    parser.add_argument("--sabotage", action="store_true", help="judge by the bare wall")
    parser.add_argument("--all", action="store_true", help="print every scenario")
    options = parser.parse_args(arguments)
    load_tables()
    total, limits = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="sunbid-r17-") as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'x.db'}", folder=folder)
        with database.writing() as session:
            Base.metadata.create_all(session.connection())
        from core.clock import StoppedClock

        start = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
        platform = Platform(
            database, ObjectStore(folder / "o"), StoppedClock(start), platform_signer("sunbid.figure", bytes(range(32))),
            seeded(b"r17"),
        )  # fmt: skip
        stage = Stage(platform).publish()
        deadline = stage.section().closing_at
        count = 0
        for number, scenario in enumerate(scenarios()):
            os.environ["TZ"] = ("UTC", "Asia/Shanghai", "America/New_York")[number % 3]
            time.tzset()
            world = World(deadline, scenario)
            platform.clock = Bare(world) if options.sabotage else world.clock
            told = Counter[str]()
            world.show()
            for t in AROUND:
                world.t = t
                world.show()
                verdict, shut = judged(platform, stage.code), closed(platform, stage.code)
                told["late accepted"] += verdict == "accepted" and t >= 0
                told["on time called late"] += verdict == "late" and t < 0
                told["opened early"] += shut and t < 0
                told["disputed"] += verdict == "clock.disputed"
                told["closing held"] += not shut and t >= 0
                count += 1
            (limits if scenario.blind else total).update(told)
            if options.all or any(told[wrong] for wrong in ("late accepted", "on time called late", "opened early")):
                print(f"{scenario.name}: {dict(told)}{' (no other clock: stated limit)' if scenario.blind else ''}")
        database.close()
    wrong = sum(total[what] for what in ("late accepted", "on time called late", "opened early"))
    print(f"limit: started under a wrong clock with nobody to ask: {dict(limits)}")
    print(
        f"R17: {count} instants in {number + 1} scenarios: {total['late accepted']} late accepted, "
        f"{total['on time called late']} on time called late, {total['opened early']} opened early; "
        f"{total['disputed']} disputed (to try again), {total['closing held']} closings held"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How often the model is wrong, as measured on simulated sections and recorded in `calibration.json`."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from collusion.rules import odds
from collusion.rules.background import History
from collusion.rules.evidence import Remark, remark
from collusion.rules.source_text import _l

RECORD = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Regime:
    """One measured regime: `cold` without an archive, `warm` with one.

    `scores` are the highest pair score of each clean section, ascending; `alarms` the clean sections with a lead.
    """

    name: str
    sections: int
    alarms: int
    scores: tuple[float, ...]
    rigged: int
    found: int
    e_bh: Mapping[str, int] = field(default_factory=dict)
    """Alarms, rings found and innocents accused with the leads chosen by e-BH at the same figure."""

    @property
    def interval(self) -> tuple[float, float]:
        """Give the 95 % Wilson interval of the share of clean sections with a lead."""
        return odds.wilson(self.alarms, self.sections)

    def reaching(self, score: float) -> int:
        """Count the clean sections in which some pair reaches this score."""
        return len(self.scores) - bisect_left(self.scores, score)

    def statement(self, score: float) -> Remark:
        """Say how many clean sections reach the score."""
        count = self.reaching(score)
        low, high = odds.wilson(count, self.sections)
        return remark(
            _l("在 %(sections)d 个模拟清白标段中，%(count)d 个得分不低于本线索（95%% 区间 %(low).2f%%–%(high).2f%%）"),
            sections=self.sections,
            count=count,
            low=100 * low,
            high=100 * high,
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """The record: for which model version, when, from which seed, on what kind of simulation."""

    version: str
    on: str
    seed: int
    simulation: str
    regimes: dict[str, Regime]


@lru_cache(maxsize=1)
def recorded() -> Calibration | None:
    """Read the shipped record; None when there is none, which a card must say as "error rate unknown"."""
    if not RECORD.exists():
        return None
    record = json.loads(RECORD.read_text("utf-8"))
    regimes = {
        name: Regime(name, r["sections"], r["alarms"], tuple(r["scores"]), r["rigged"], r["found"], r["e_bh"])
        for name, r in record["regimes"].items()
    }
    return Calibration(record["version"], record["on"], record["seed"], record["simulation"], regimes)


def regime_of(record: Calibration, history: History) -> Regime:
    """Give the regime whose error belongs to so much history."""
    return record.regimes["warm" if history is History.ENOUGH else "cold"]


def budget(version: str, history: History) -> dict[str, Any]:
    """Give the false-alert budget of a scan: measured rate and interval, and whether it belongs to this version.

    Without enough history the error of a cold start is given; with a little, the wider ends of both regimes.
    """
    record = recorded()
    if record is None:
        return {"measured": False}
    regime = regime_of(record, history)
    low, high = regime.interval
    found_low, found_high = odds.wilson(regime.found, regime.rigged)
    if history is History.THIN:
        others = record.regimes.values()
        low, high = min(other.interval[0] for other in others), max(other.interval[1] for other in others)
        found_low = min(odds.wilson(other.found, other.rigged)[0] for other in others)
    return {
        "measured": True,
        "current": record.version == version,
        "regime": regime.name,
        "history": history.value,
        "simulation": record.simulation,
        "on": record.on,
        "clean_sections": regime.sections,
        "false_alarms": regime.alarms,
        "false_alarms_per_100": round(100 * regime.alarms / regime.sections, 4),
        "interval_per_100": [round(100 * low, 4), round(100 * high, 4)],
        "rigged_sections": regime.rigged,
        "recall": round(regime.found / regime.rigged, 4),
        "recall_interval": [round(found_low, 4), round(found_high, 4)],
    }

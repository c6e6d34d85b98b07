"""What the platform promises, as dated and cited data beside the code: how long its own steps take at most."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from core.law import Rule, Snapshot, freeze, read_rulebook

PROMISES = Path(__file__).resolve().parents[1] / "service.json"


@cache
def rulebook() -> tuple[Rule, ...]:
    """Every promise, of all days."""
    return tuple(read_rulebook(PROMISES))


def promises(on: date, regime: str = "*") -> Snapshot:
    """The promises in force on the day."""
    return freeze(list(rulebook()), regime, on)

"""The times of the regulator's desk as dated, cited rules: until when a warning is decided, a bidder answers."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path

from core.calendar import day_of, end_of_day, national
from core.law import Rule, Snapshot, freeze, read_rulebook


@cache
def rulebook() -> tuple[Rule, ...]:
    """Every rule of the desk, of all days."""
    return tuple(read_rulebook(Path(__file__).parents[1] / "law.json"))


def desk_law(on: date) -> Snapshot:
    """The desk's rules in force on the day."""
    return freeze(list(rulebook()), "*", on)


def due_after(key: str, now: datetime) -> datetime:
    """The first instant after the last working day the rule of that key gives from now on."""
    days = desk_law(day_of(now)).days(key)
    return end_of_day(national().end_of_working_days(day_of(now), days).on)

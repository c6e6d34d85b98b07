"""Days and working days: periods as the law counts them, over a versioned table of holidays (R-001…R-004)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from core.clock import BEIJING

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Reckoned:
    """A reckoned day; `assumed` names the years whose holidays are not published yet and were taken from weekdays."""

    on: date
    assumed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """The holiday table: days off and make-up working days (调休) per published year."""

    holidays: frozenset[date]
    makeup_workdays: frozenset[date]
    years: frozenset[int]
    version: str

    def is_published(self, day: date) -> bool:
        """Say whether the State Council's arrangement for the day's year is in the table."""
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Working day by the table; in a year not published yet, Monday to Friday (the caller says so, R-003)."""
        if day in self.makeup_workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def is_holiday(self, day: date) -> bool:
        """Rest day or statutory holiday on which no period ends (民法典 a203)."""
        return not self.is_working_day(day)

    def end_of_days(self, start: date, days: int) -> Reckoned:
        """The last day of a period of `days` calendar days: the first not counted, a rest day moves the end (R-001)."""
        return self._next_working(start + days * DAY)

    def end_of_working_days(self, start: date, days: int) -> Reckoned:
        """The last day of a period of `days` working days: the first not counted (R-001, R-003)."""
        day, left, assumed = start, days, set[int]()
        while left:
            day += DAY
            if not self.is_published(day):
                assumed.add(day.year)
            left -= self.is_working_day(day)
        return Reckoned(day, tuple(sorted(assumed)))

    def _next_working(self, day: date) -> Reckoned:
        assumed = set[int]()
        while True:
            if not self.is_published(day):
                assumed.add(day.year)
            if self.is_working_day(day):
                return Reckoned(day, tuple(sorted(assumed)))
            day += DAY


def day_of(instant: datetime) -> date:
    """The Beijing day of an instant (R-005)."""
    return instant.astimezone(BEIJING).date()


def end_of_day(day: date) -> datetime:
    """The first instant after the day in Beijing: a period that ends on `day` is over at it."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING) + DAY


def wall_time(instant: datetime, clock: str = "%H:%M:%S") -> tuple[date, str]:
    """The Beijing day and time of day people are told; the end of a day is told as that day's 24:00, never as the next.

    A period that ends on 20 November is over at the first instant of the 21st, and whoever reads "21 November" comes a
    day late.
    """
    local = instant.astimezone(BEIJING)
    if local.time() == time.min:
        return local.date() - DAY, "24:00"
    return local.date(), local.strftime(clock)


def days_apart(earlier: datetime, later: datetime) -> int:
    """Whole calendar days between two instants' Beijing days (R-004, "at least N days from A to B")."""
    return (day_of(later) - day_of(earlier)).days


def at_least_days_before(instant: datetime, target: datetime, days: int) -> bool:
    """Say whether `instant` is at least `days` before `target`, by the clock and by the day (R-004, conservative)."""
    return instant <= target - days * DAY and days_apart(instant, target) >= days


@cache
def national() -> Calendar:
    """The national table as shipped; `version` is the hash of the table's bytes."""
    raw = Path(__file__).with_name("calendar.json").read_bytes()
    return read_calendar(raw)


def read_calendar(raw: bytes) -> Calendar:
    """Read a table in the shipped format; ValueError when a day is malformed."""
    table = json.loads(raw)
    holidays = {day for year in table.values() for span in year["holidays"] for day in _days(span)}
    makeup = {date.fromisoformat(day) for year in table.values() for day in year["makeup_workdays"]}
    years = frozenset(int(year) for year in table)
    return Calendar(frozenset(holidays), frozenset(makeup), years, hashlib.sha256(raw).hexdigest()[:12])


def _days(span: str) -> list[date]:
    first, _, last = span.partition("/")
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return [start + DAY * n for n in range((end - start).days + 1)]

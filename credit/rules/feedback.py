"""The ledger of checks and feedback as statistics: how many were asked, how many answered, which are still open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from core.clock import BEIJING

GROUPS = ("quarter", "source", "region")


@dataclass(frozen=True)
class Asked:
    """One check as the statistics see it: whom, where, when asked, when answered (by itself or a later one)."""

    check_id: int
    identifier: str
    name: str
    section: str
    source: str
    region: str
    outcome: str
    asked_at: datetime
    feedback_at: datetime | None
    evidence_sha256: str

    @property
    def quarter(self) -> str:
        """The quarter it was asked in, in Beijing: `2026Q1`."""
        day = self.asked_at.astimezone(BEIJING)
        return f"{day.year}Q{(day.month + 2) // 3}"


@dataclass(frozen=True)
class Count:
    """How many of a group were asked and answered."""

    group: str
    asked: int
    answered: int

    @property
    def share(self) -> Fraction:
        """The share answered; 1 of an empty group."""
        return Fraction(self.answered, self.asked) if self.asked else Fraction(1)

    @property
    def percent(self) -> str:
        """The share in percent with two decimals, cut and never rounded up to 100."""
        hundredths = int(self.share * 10000)
        return f"{hundredths // 100}.{hundredths % 100:02d}"


@dataclass(frozen=True)
class Open:
    """A check without feedback: its age and what to do next."""

    asked: Asked
    age: timedelta
    step: str


def count(rows: Iterable[Asked], by: str) -> list[Count]:
    """Counts by quarter, source or region, in the groups' own order."""
    groups: dict[str, list[Asked]] = {}
    for row in rows:
        groups.setdefault(getattr(row, by), []).append(row)
    return [
        Count(group, len(held), sum(row.feedback_at is not None for row in held))
        for group, held in sorted(groups.items())
    ]


def total(rows: Iterable[Asked]) -> Count:
    """All of them as one group."""
    held = list(rows)
    return Count("", len(held), sum(row.feedback_at is not None for row in held))


def still_open(rows: Iterable[Asked], now: datetime, within_days: int) -> list[Open]:
    """Those without feedback, oldest first: import the list, wait for the next asking, or ask by hand."""
    found = [
        Open(row, now - row.asked_at, _step(row, now - row.asked_at, within_days))
        for row in rows
        if row.feedback_at is None
    ]
    return sorted(found, key=lambda one: (one.asked.asked_at, one.asked.check_id))


def _step(row: Asked, age: timedelta, within_days: int) -> str:
    if row.outcome in ("no_list", "stale_list"):
        return "import_list"
    return "ask_again" if age <= timedelta(days=within_days) else "by_hand"

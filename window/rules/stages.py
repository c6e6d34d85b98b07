"""The stages of a section's way, each between two entries of the ledger, and by when each should have ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.calendar import Calendar, day_of, end_of_day
from core.law import Snapshot

STAGES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("bidding", "section.publish", "section.close", ()),
    ("opening", "section.close", "section.begin_evaluation", ("opening_within",)),
    ("evaluation", "section.begin_evaluation", "section.deliver_report", ("evaluation_within",)),
    ("candidates", "section.deliver_report", "section.publish_candidates", ("candidate_publish_within",)),
    ("decision", "section.deliver_report", "section.award", ("award_decision_within",)),
    ("publicity", "section.publish_candidates", "section.award", ()),
    ("archive", "section.award", "section.archive", ("archive_within",)),
)
"""Name, entry it begins with, entry it ends with, keys of its promise: the law's first, then the platform's own.

`candidates` and `decision` both begin with the delivered report: the law of tendering asks for the one (R-550), that
of procurement for the other (R-506); a section goes through the one it has entries and a rule for.
"""


@dataclass(frozen=True)
class Stage:
    """One stage gone through; `due_at` is the first instant at which it is late, None without a promise."""

    name: str
    began_at: datetime
    ended_at: datetime
    due_at: datetime | None
    promise: dict[str, str] | None

    @property
    def is_late(self) -> bool:
        """Whether it ended after its time."""
        return self.due_at is not None and self.ended_at >= self.due_at


def stages(entries: Mapping[str, datetime], law: Snapshot, own: Snapshot, calendar: Calendar) -> list[Stage]:
    """The stages gone through by the instants of a section's ledger entries; what was taken back is left out."""
    found = []
    for name, first, last, keys in STAGES:
        if first not in entries or last not in entries or entries[last] < entries[first]:
            continue
        if name == "decision" and "section.publish_candidates" in entries:
            continue
        rules = next(((held, key) for key in keys for held in (law, own) if key in held.rules), None)
        due, cite = (None, None) if rules is None else _due(rules[0], rules[1], entries[first], calendar)
        found.append(Stage(name, entries[first], entries[last], due, cite))
    return found


def _due(held: Snapshot, key: str, began: datetime, calendar: Calendar) -> tuple[datetime, dict[str, Any]]:
    rule = held.rule(key)
    count = held.days(key)
    reckon = calendar.end_of_working_days if rule.unit == "working_days" else calendar.end_of_days
    reckoned = reckon(day_of(began), count)
    return end_of_day(reckoned.on), {**held.cite(key), "assumed_years": list(reckoned.assumed)}

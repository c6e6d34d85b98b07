"""Rules of service ratings: which are bad, what they are about, by when each step must be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.calendar import Calendar, day_of, end_of_day
from core.law import Snapshot

STARS = (5, 4, 3, 2, 1)
"""非常满意, 满意, 基本满意, 不满意, 非常不满意."""

BAD = 2
TOPICS = ("notices", "bidding", "opening", "evaluation", "result", "site", "staff", "other")
STEPS = {"received": "rating_take_on", "handling": "rating_rectify", "rectified": "rating_review"}
"""The promise each waiting state is measured by."""


def rating_due(state: str, since: datetime, own: Snapshot, calendar: Calendar) -> tuple[datetime, dict[str, Any]]:
    """The first instant at which the step that follows `state` is late, and the promise it is measured by."""
    key = STEPS[state]
    reckon = calendar.end_of_working_days if own.rule(key).unit == "working_days" else calendar.end_of_days
    reckoned = reckon(day_of(since), own.days(key))
    return end_of_day(reckoned.on), {**own.cite(key), "assumed_years": list(reckoned.assumed)}

"""Deadlines: when a submission is late, and where a clarification moves the deadline to."""

from __future__ import annotations

from datetime import datetime, timedelta

from bidding.rules.periods import WORKING
from core.calendar import Calendar, at_least_days_before, day_of, national
from core.clock import BEIJING
from core.law import Snapshot


def is_late(at: datetime, deadline: datetime) -> bool:
    """Whether a submission stamped `at` is late: exactly at the deadline is late (R-204)."""
    return at >= deadline


def minimum_deadline(
    published_at: datetime, deadline: datetime, law: Snapshot, calendar: Calendar | None = None
) -> datetime:
    """The earliest deadline allowed after a clarification that affects preparation (R-130, R-601).

    The old one when it still lies the law's days ahead; else the instant of the notice plus those days: calendar days,
    or for a procedure that counts working days the same time of day on the last of them. A procedure without such a
    rule keeps its deadline.
    """
    if "clarify_before_deadline" not in law.rules:
        return deadline
    days = law.days("clarify_before_deadline")
    if law.rule("clarify_before_deadline").unit == WORKING:
        last = (calendar or national()).end_of_working_days(day_of(published_at), days).on
        least = datetime.combine(last, published_at.astimezone(BEIJING).time(), BEIJING)
        return max(deadline, least.astimezone(deadline.tzinfo))
    if at_least_days_before(published_at, deadline, days):
        return deadline
    return published_at + timedelta(days=days)

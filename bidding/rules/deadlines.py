"""Deadlines: when a submission is late, and where a clarification moves the deadline to."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.calendar import at_least_days_before
from core.law import Snapshot


def is_late(at: datetime, deadline: datetime) -> bool:
    """Whether a submission stamped `at` is late: exactly at the deadline is late (R-204)."""
    return at >= deadline


def minimum_deadline(published_at: datetime, deadline: datetime, law: Snapshot) -> datetime:
    """The earliest deadline allowed after a clarification that affects preparation (R-130).

    The old one when it still lies the law's days ahead; else the instant of the notice plus those days.
    """
    days = law.days("clarify_before_deadline")
    if at_least_days_before(published_at, deadline, days):
        return deadline
    return published_at + timedelta(days=days)

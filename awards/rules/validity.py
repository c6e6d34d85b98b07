"""Letting bids stand longer (R-158): what may be asked, and until when it may be asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from core.calendar import day_of, end_of_day
from core.errors import Invalid, Untimely

LEAST_REASON = 10
MOST_REASON = 2000
MOST_DAYS = 365
"""Nobody may be asked to stand by an offer for another year or more at once: a slip of the year is one of these."""


def check_extension(now: datetime, before: date, until: date, answer_by: datetime, reason: str) -> None:
    """Raise unless bids may be asked to stand until `until` instead of `before` (last days, Beijing).

    Untimely("validity.over") once the validity has ended (30号令 a29: before it ends). Invalid validity.until,
    validity.answer_by (later than now, no later than the end of `before`), form.length of the reason.
    """
    if now >= end_of_day(before):
        raise Untimely("validity.over", on=before.isoformat())
    if not before < until <= before + timedelta(days=MOST_DAYS):
        raise Invalid("validity.until", field="until", before=before.isoformat(), most=MOST_DAYS)
    if not now < answer_by <= end_of_day(before):
        raise Invalid("validity.answer_by", field="answer_by", before=before.isoformat())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Invalid("form.length", field="reason", least=LEAST_REASON, most=MOST_REASON, found=len(reason))


def is_over(now: datetime, until: date) -> bool:
    """Whether the validity has ended."""
    return day_of(now) > until

"""Objections to the tender documents: until when they count, until when they are answered, how long all stood still."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from bidding.rules.deadlines import minimum_deadline
from bidding.rules.periods import WORKING
from core.calendar import DAY, Calendar, day_of, end_of_day
from core.law import Snapshot

SUSPENDED = "suspended"


def suspends(law: Snapshot) -> bool:
    """Whether an objection in time stops the tender until it is answered (R-135, 条例 a22; procurement has no such)."""
    return "doc_objection_before" in law.rules


def admissible_until(law: Snapshot, calendar: Calendar, published_at: datetime, deadline: datetime) -> datetime:
    """The last instant at which an objection to the documents is in time (R-135).

    The law's days before the deadline; in procurement the end of the law's working days after the notice period, for
    when each obtained the documents nobody may know (R-043); where neither is laid down, the deadline.
    """
    if "doc_objection_before" in law.rules:
        return deadline - law.days("doc_objection_before") * DAY
    if "challenge_within" in law.rules:
        notice = law.days("notice_period_min") if "notice_period_min" in law.rules else 0
        noticed = calendar.end_of_working_days(day_of(published_at), notice).on
        last = end_of_day(calendar.end_of_working_days(noticed, law.days("challenge_within")).on)
        return min(deadline, last.astimezone(deadline.tzinfo)) - timedelta(microseconds=1)
    return deadline - timedelta(microseconds=1)


def answer_due(law: Snapshot, calendar: Calendar, raised_at: datetime) -> datetime:
    """The instant at which the answer is overdue: the end of the law's last day, the day of receipt not counted."""
    days = law.days("objection_answer")
    if law.rule("objection_answer").unit == WORKING:
        last = calendar.end_of_working_days(day_of(raised_at), days).on
    else:
        last = calendar.end_of_days(day_of(raised_at), days).on
    return end_of_day(last).astimezone(raised_at.tzinfo)


def moved_deadline(deadline: datetime, suspended_at: datetime, resumed_at: datetime) -> datetime:
    """The deadline after standing still: later by whole days, begun days count, so that nobody has a second less and
    the hour stays the announced one (R-135).
    """
    return deadline - ((suspended_at - resumed_at) // DAY) * DAY


def standing_deadline(state: str, state_at: datetime, deadline: datetime, at: datetime) -> datetime:
    """The deadline as it would be if what stands still went on at `at`; never before `at` while suspended."""
    return moved_deadline(deadline, state_at, at) if state == SUSPENDED else deadline


def resumed_deadline(
    deadline: datetime,
    suspended_at: datetime,
    resumed_at: datetime,
    clarified_at: Iterable[datetime],
    law: Snapshot,
) -> datetime:
    """The earliest deadline after the last answer: moved by the days stood still, and the law's days after every
    clarification published meanwhile that affects preparation (R-130).
    """
    moved = moved_deadline(deadline, suspended_at, resumed_at)
    return max([moved, *(minimum_deadline(at, moved, law) for at in clarified_at)])


def names_itself(text: str, names: Iterable[str]) -> str | None:
    """The first of the asker's own names that stands in the text; what is published must not say who asks (R-132)."""
    plain = _plain(text)
    return next((name for name in names if name.strip() and _plain(name) in plain), None)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

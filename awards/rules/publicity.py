"""Publicity of candidates: its period, objections within it, and the only ones who may win (R-503, R-550 to R-552)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from awards.rules.remedies import NOT_EXTENDED, SET_ASIDE
from core.calendar import DAY, Calendar, day_of, days_apart, end_of_day
from core.errors import Conflict, Invalid, Untimely

PASSED_OVER = ("gave_up", "force_majeure", "no_performance_bond", "illegality")
"""The only reasons for which a higher-ranked candidate is passed over (实施条例 a55, R-503)."""


@dataclass(frozen=True)
class Period:
    """The end of a period (the first instant after its last day) and the years whose holidays were assumed."""

    ends_at: datetime
    assumed: tuple[int, ...]


def publicity_period(calendar: Calendar, began_at: datetime, days: int) -> Period:
    """The publicity of at least `days` from its publication: first day not counted, last never a rest day (R-001)."""
    reckoned = calendar.end_of_days(day_of(began_at), days)
    return Period(end_of_day(reckoned.on), reckoned.assumed)


@dataclass(frozen=True)
class ResultPeriods:
    """Under regime G: until when the result notice stands, and until when the result may be challenged (R-506, R-554).

    `assumed`: the years whose holidays were assumed.
    """

    notice_until: datetime
    challenge_until: datetime
    assumed: tuple[int, ...]


def result_periods(calendar: Calendar, announced_at: datetime, notice_days: int, challenge_days: int) -> ResultPeriods:
    """The periods that begin with a result notice: working days of notice, then working days to challenge the result.

    The right to challenge is counted from the end of the notice period (政府采购法实施条例 a53, R-554).
    """
    notice = calendar.end_of_working_days(day_of(announced_at), notice_days)
    challenge = calendar.end_of_working_days(notice.on, challenge_days)
    assumed = tuple(sorted({*notice.assumed, *challenge.assumed}))
    return ResultPeriods(end_of_day(notice.on), end_of_day(challenge.on), assumed)


def resumed_end(calendar: Calendar, ends_at: datetime, suspended_at: datetime, resumed_at: datetime) -> Period:
    """The new end after a suspension: the days it lasted are added, a part of a day counts whole (R-552, R-562)."""
    lost = -((suspended_at - resumed_at) // DAY)
    reckoned = calendar.end_of_days(day_of(ends_at - DAY), lost)
    return Period(end_of_day(reckoned.on), reckoned.assumed)


def answer_due(calendar: Calendar, filed_at: datetime, days: int, unit: str = "days") -> Period:
    """Until when an objection filed then must be answered (实施条例 a54; working days where the rule says so)."""
    count = calendar.end_of_working_days if unit == "working_days" else calendar.end_of_days
    reckoned = count(day_of(filed_at), days)
    return Period(end_of_day(reckoned.on), reckoned.assumed)


def late_by_days(received_at: datetime, published_at: datetime, within: int) -> int:
    """By how many days the candidates were published too late after the report was received (R-550); 0 when in time."""
    return max(0, days_apart(received_at, published_at) - within)


def check_objection_time(state: str, now: datetime, ends_at: datetime) -> None:
    """Raise Untimely("objection.late") from the end of the publicity on; while suspended its clock stands (R-552)."""
    if state == "suspended":
        return
    if state != "running" or now >= ends_at:
        raise Untimely("objection.late", ends_at=ends_at.isoformat())


def check_winner(candidates: Sequence[int], number: int, passed_over: Mapping[int, tuple[str, str]]) -> None:
    """Refuse any winner but the highest-ranked candidate who was not lawfully passed over (R-503).

    `passed_over` gives a reason of PASSED_OVER and its evidence for each higher-ranked candidate. Invalid:
    award.not_candidate, award.rank (naming the candidate in front), award.reason, award.evidence.
    """
    if number not in candidates:
        raise Invalid("award.not_candidate", field="number", number=number)
    for better in candidates[: candidates.index(number)]:
        if better not in passed_over:
            raise Invalid("award.rank", field="number", number=number, better=better)
        reason, evidence = passed_over[better]
        if reason not in (*PASSED_OVER, *SET_ASIDE, NOT_EXTENDED):
            raise Invalid("award.reason", field="reason", found=reason, options=list(PASSED_OVER))
        if not evidence.strip():
            raise Invalid("award.evidence", field="evidence", number=better)
    if set(passed_over) - set(candidates[: candidates.index(number)]):
        raise Conflict("award.passed_over", number=number)


_IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])([1-9]\d{5})\d{8}(\d{3}[0-9Xx])(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def masked(text: str) -> str:
    """The text with the middle of identity numbers and mobile numbers hidden, for public notices (R-551)."""
    return _PHONE.sub(r"\1****\2", _IDENTITY_NUMBER.sub(r"\1********\2", text))

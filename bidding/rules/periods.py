"""Periods of a notice: earliest lawful ends by calendar or working days, the checks on them, the timeline's bands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from bidding.rules.findings import Finding, Level, NoticeFacts, cited, verdict
from core.calendar import DAY, Calendar, Reckoned, day_of, days_apart, end_of_day
from core.clock import BEIJING
from core.law import Snapshot

WORKING = "working_days"


@dataclasses.dataclass(frozen=True)
class Band:
    """One row of a section's timeline: a period or, with `end` None, an instant; `lawful_end` is the earliest end."""

    code: str
    start: datetime
    end: datetime | None = None
    lawful_end: datetime | None = None


def earliest_end(law: Snapshot, key: str, start: datetime, calendar: Calendar) -> Reckoned | None:
    """The first Beijing day on which a period of at least the law's days from `start` may end; None without a rule.

    A minimum in calendar days counts days only (R-004); in working days it counts those of the table (R-003), and
    `assumed` names the years whose table is not published.
    """
    return _least(law, key, start, calendar) if key in law.rules else None


def _least(law: Snapshot, key: str, start: datetime, calendar: Calendar) -> Reckoned:
    days = law.days(key)
    if law.rule(key).unit == WORKING:
        return calendar.end_of_working_days(day_of(start), days)
    return Reckoned(day_of(start) + days * DAY)


def latest_start(law: Snapshot, key: str, end: datetime, calendar: Calendar) -> datetime | None:
    """The last instant from which the law's days still fit before `end`, by the clock and the day (R-004)."""
    if key not in law.rules:
        return None
    days = law.days(key)
    if law.rule(key).unit != WORKING:
        return end - days * DAY
    day = day_of(end)
    while calendar.end_of_working_days(day, days).on > day_of(end):
        day -= DAY
    return datetime.combine(day, end.astimezone(BEIJING).time(), BEIJING)


def check_periods(facts: NoticeFacts, law: Snapshot, calendar: Calendar) -> Iterator[Finding]:
    """Every finding on the notice's instants: deadline, document availability, notice period, second sitting."""
    issued, until, deadline = facts.issued_at, facts.documents_until_at, facts.deadline_at
    if deadline is None:
        yield Finding("R-104", Level.BLOCK, "notice.missing_deadline", "deadline_at")
    else:
        yield from _deadline(facts, law, calendar, issued, deadline)
    if "doc_available_min" in law.rules and until is None:
        yield Finding("R-104", Level.BLOCK, "notice.missing_documents_until", "documents_until_at")
    elif until is not None:
        if "doc_available_min" in law.rules:
            yield _span(law, calendar, "doc_available_min", issued, until, "documents", "documents_until_at")
        if deadline is not None and until > deadline:
            yield Finding("R-101", Level.BLOCK, "notice.documents_after_deadline", "documents_until_at")
    if "notice_period_min" in law.rules and deadline is not None:
        key, name = "notice_period_min", "notice_period"
        yield _span(law, calendar, key, facts.now, deadline, name, "deadline_at", _strictness(law))
    if facts.second_opening_at is not None and deadline is not None:
        later = facts.second_opening_at > deadline
        yield Finding("R-253", verdict(later), "notice.second_opening", "second_opening_at")


def _deadline(
    facts: NoticeFacts, law: Snapshot, calendar: Calendar, issued: datetime, deadline: datetime
) -> Iterator[Finding]:
    key, name = "issue_to_deadline_min", "issue_to_deadline"
    yield _span(law, calendar, key, issued, deadline, name, "deadline_at", _strictness(law))
    if deadline <= facts.now:
        yield Finding("R-100", Level.BLOCK, "notice.deadline_past", "deadline_at")
    on = day_of(deadline)
    if calendar.is_holiday(on):
        yield Finding("R-001", Level.WARN, "notice.deadline_rest_day", "deadline_at", {"on": on.isoformat()})
    if not calendar.is_published(on):
        yield Finding("R-003", Level.WARN, "notice.calendar_assumed", "deadline_at", {"year": on.year})
    if deadline.astimezone(BEIJING).second or deadline.microsecond:
        yield Finding("R-204", Level.WARN, "notice.deadline_uneven", "deadline_at")
    yield Finding("R-204", Level.COMPUTE, "notice.deadline_exclusive", "deadline_at")


def _strictness(law: Snapshot) -> Level:
    """What a deadline too early does: it blocks, or warns where the law leaves the time to the tenderee."""
    return Level.WARN if law.words("deadline_level") == ("warn",) else Level.BLOCK


def _span(
    law: Snapshot,
    calendar: Calendar,
    key: str,
    start: datetime,
    end: datetime,
    name: str,
    field: str,
    otherwise: Level = Level.BLOCK,
) -> Finding:
    """Whether `end` lies the law's days after `start`, told with what was found and the earliest day."""
    least = _least(law, key, start, calendar)
    told = cited(law, key, required=law.days(key), earliest=least.on.isoformat(), found=days_apart(start, end))
    code = f"notice.{name}"
    if law.rule(key).unit == WORKING:
        code, told["found"] = f"{code}_{WORKING}", day_of(end).isoformat()
    return Finding(told["rule"], verdict(day_of(end) >= least.on, otherwise), code, field, told)


def bands(facts: NoticeFacts, law: Snapshot, calendar: Calendar) -> list[Band]:
    """The section's timeline as it would run if it were published now: only what its instants allow to say."""
    issued, deadline = facts.issued_at, facts.deadline_at
    found = []
    if facts.documents_until_at is not None:
        found.append(_band("documents", issued, facts.documents_until_at, law, "doc_available_min", calendar))
    if deadline is None:
        return [band for band in found if band.end is None or band.end >= band.start]
    found.insert(0, _band("preparation", issued, deadline, law, "issue_to_deadline_min", calendar))
    for code, key in (("last_clarification", "clarify_before_deadline"), ("last_objection", "doc_objection_before")):
        at = latest_start(law, key, deadline, calendar)
        if at is not None and at > facts.now:
            found.append(Band(code, at))
    decrypted = deadline + timedelta(minutes=facts.decrypt_minutes)
    found.append(Band("opening", deadline) if decrypted == deadline else Band("opening", deadline, decrypted))
    if facts.second_opening_at is not None:
        found.append(Band("second_opening", facts.second_opening_at))
    return [band for band in found if band.end is None or band.end >= band.start]


def _band(code: str, start: datetime, end: datetime, law: Snapshot, key: str, calendar: Calendar) -> Band:
    least = earliest_end(law, key, start, calendar)
    return Band(code, start, end, midnight(least.on) if least else None)


def midnight(day: date) -> datetime:
    """The instant at which the Beijing day begins."""
    return end_of_day(day) - DAY

"""Complaints to the regulator: formal defects told before filing, and every clock of both regimes (R-553, R-554)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.calendar import DAY, Calendar, day_of, end_of_day
from core.errors import Invalid

ABOUT = ("documents", "opening", "result", "conduct")
"""What a complaint may be about; for the first three an objection comes first (实施条例 a60)."""
OBJECT_FIRST = frozenset({"documents", "opening", "result"})
OUTCOMES = ("rejected", "upheld", "terminated")
STEPS = ("notify", "statement", "inquiry", "hearing", "test_begin", "test_end", "note")
"""What an investigation consists of; time between `test_begin` and `test_end` is not counted (a61, 94号令 a26)."""


@dataclass(frozen=True)
class Defect:
    """One formal defect: its code and what it needs to be said; `bars` where acceptance would be refused for it."""

    code: str
    bars: bool
    facts: dict[str, Any]


@dataclass(frozen=True)
class Grounding:
    """What is known of whoever complains: did they bid and in a consortium, and their objection on the matter."""

    regime: str
    took_part: bool
    is_consortium: bool
    objected_at: datetime | None
    answered_at: datetime | None
    answer_due_at: datetime | None


def complaint_due(calendar: Calendar, days: int, unit: str, known_at: datetime, grounding: Grounding) -> datetime:
    """The first instant that is too late to complain.

    Regime T: the law's days from knowing, the time an objection was being answered not counted (a60). Regime G: the
    law's working days from the answer to the challenge, or from the end of the time to answer it (94号令 a17).
    """
    if grounding.regime == "G":
        begin = grounding.answered_at or grounding.answer_due_at or known_at
        count = calendar.end_of_working_days if unit == "working_days" else calendar.end_of_days
        return end_of_day(count(day_of(begin), days).on)
    spent = 0
    if grounding.objected_at is not None:
        answered = grounding.answered_at or grounding.answer_due_at or grounding.objected_at
        spent = max(0, (day_of(answered) - day_of(grounding.objected_at)).days)
    return end_of_day(calendar.end_of_days(day_of(known_at), days + spent).on)


def formal_defects(draft: Mapping[str, Any], grounding: Grounding, *, now: datetime, due_at: datetime) -> list[Defect]:
    """What a regulator would send the complaint back or refuse it for, told before it is filed; empty is well formed.

    `draft`: about, respondent, facts, claims, basis, signatory, known_at, files, joint, within_challenge.
    """
    found: list[Defect] = []

    def defect(code: str, bars: bool = False, **facts: Any) -> None:
        found.append(Defect(f"complaint.defect_{code}", bars, facts))

    for name in ("respondent", "facts", "claims", "basis", "signatory"):
        if not str(draft.get(name) or "").strip():
            defect(name)
    if not draft.get("files"):
        defect("files")
    if now >= due_at:
        defect("late", True, due_at=due_at)
    if draft["known_at"] > now:
        defect("known")
    if not grounding.took_part:
        defect("party", grounding.regime == "G")
    needs = grounding.regime == "G" or draft["about"] in OBJECT_FIRST
    if needs and grounding.objected_at is None:
        defect("unobjected", True)
    elif needs and grounding.answered_at is None and grounding.answer_due_at and now < grounding.answer_due_at:
        defect("unanswered", True, due_at=grounding.answer_due_at)
    if grounding.regime == "G" and not draft.get("within_challenge"):
        defect("scope", True)
    if grounding.is_consortium and not draft.get("joint"):
        defect("joint", grounding.regime == "G")
    return found


def working_due(calendar: Calendar, begun_at: datetime, days: int) -> datetime:
    """The first instant after the last of so many working days from the day after `begun_at`."""
    return end_of_day(calendar.end_of_working_days(day_of(begun_at), days).on)


def decision_due(
    calendar: Calendar,
    accepted_at: datetime,
    days: int,
    tests: Iterable[tuple[datetime, datetime | None]],
    now: datetime,
) -> datetime:
    """When the decision is overdue: working days from acceptance, later by the whole days tests and reviews took.

    A test that goes on is counted up to now; a begun day counts as one (a61, 94号令 a26 and a27).
    """
    due, lost = working_due(calendar, accepted_at, days), 0
    for begun, ended in tests:
        lost += -((begun - (ended or now)) // DAY)
    return end_of_day(calendar.end_of_days(day_of(due - DAY), lost).on) if lost else due


def checked_decision(outcome: str, remedy: Mapping[str, Any] | None, findings: str, law: str) -> None:
    """Refuse a decision without findings or law, and a remedy for what was not upheld.

    Invalid: complaint.outcome, complaint.findings, complaint.law, complaint.remedy.
    """
    if outcome not in OUTCOMES:
        raise Invalid("complaint.outcome", field="outcome", found=outcome)
    if len(findings.strip()) < 10:
        raise Invalid("complaint.findings", field="findings")
    if len(law.strip()) < 4:
        raise Invalid("complaint.law", field="law")
    if remedy is not None and outcome != "upheld":
        raise Invalid("complaint.remedy", field="remedy")

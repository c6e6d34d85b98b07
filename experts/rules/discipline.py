"""How experts' work is judged: assessments, the yearly review, and what may be done for which cause (R-315)."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from core.errors import Invalid
from experts.rules.law import expert_law

MEASURES = ("warning", "suspension", "removal")
ITEMS = ("competence", "ethics", "discipline")
"""What an assessment speaks of (S4 a62): professional level, professional ethics, discipline of the evaluation."""
GRADES = ("good", "fair", "poor")
YEAR_GRADES = ("pass", "fail")
PUBLIC_MEASURES = frozenset({"suspension", "removal"})
"""What is recorded and published (R-315); a warning is told to the expert alone."""
HELD = ("suspended", "removed", "punished")
"""States of an expert that only a decided sanction brings and only its end takes away, the gravest last."""


@dataclass(frozen=True)
class Cause:
    """One cause: its code, the rule broken, the measures the law allows for it, its source, how far it is known."""

    code: str
    rule: str
    measures: tuple[str, ...]
    source: str
    trust: str


@cache
def causes() -> dict[str, Cause]:
    """Every cause by code, in the order of the law."""
    raw = json.loads((Path(__file__).parent / "causes.json").read_text(encoding="utf-8"))
    return {one["code"]: Cause(**{**one, "measures": tuple(one["measures"])}) for one in raw}


def check_measure(measure: str, cause: str, months: int | None, on: date) -> None:
    """Refuse a measure the cause does not carry, a suspension without a length or beyond the law's, another with one.

    Invalid sanction.measure, .cause, .not_for_cause, .months.
    """
    if measure not in MEASURES:
        raise Invalid("sanction.measure", field="measure", found=measure)
    if cause not in causes():
        raise Invalid("sanction.cause", field="cause", found=cause)
    if measure not in causes()[cause].measures:
        raise Invalid("sanction.not_for_cause", field="measure", source=causes()[cause].source)
    most = expert_law(on).days("suspension_months_max")
    if (measure == "suspension") != (months is not None) or (months is not None and not 1 <= months <= most):
        raise Invalid("sanction.months", field="months", most=most)


def lasts_until(measure: str, months: int | None, decided_on: date) -> date | None:
    """The last day of a measure decided on the day, which is not counted itself (R-001); None for good."""
    if measure == "removal":
        return None
    count = expert_law(decided_on).days("warning_months") if measure == "warning" else int(months or 0)
    return months_after(decided_on, count)


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day where it has none."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def status_under(in_force: Collection[tuple[str, str]], otherwise: str) -> str:
    """An expert's status under the sanctions in force, (measure, cause): the gravest counts (R-330(4), (8)).

    `otherwise` is the status without them, and counts too where it holds the expert itself.
    """
    measures = {measure for measure, _cause in in_force}
    found = "removed" if "removal" in measures else "suspended" if "suspension" in measures else otherwise
    if ("removal", "punished") in in_force:
        found = "punished"
    return max(found, otherwise, key=lambda one: HELD.index(one) if one in HELD else -1)


def check_grades(grades: Mapping[str, str], remark: str) -> None:
    """Refuse an assessment with an item missing, or a poor grade without words: Invalid assessment.grade, .remark."""
    for item in ITEMS:
        if grades.get(item) not in GRADES:
            raise Invalid("assessment.grade", field=item)
    if "poor" in grades.values() and len(remark.strip()) < 5:
        raise Invalid("assessment.remark", field="remark")

"""Scores of single criteria: range, objective agreement, outliers (R-344, R-454)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.errors import Invalid
from experts.rules.law import expert_law
from experts.rules.ranking import published

GROUPS = ("technical", "qualification")
POLICY = "policy"
"""A criterion that gives no points: 1 where a bid is entitled to a deduction from its price, else 0 (F-3, F-6)."""
PLACES = 2


def scored_criteria(method: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The criteria the members score, by code, in the order of the frozen method; Invalid("method.group") on others."""
    criteria = {}
    for criterion in method["criteria"]:
        if criterion["group"] not in (*GROUPS, POLICY):
            raise Invalid("method.group", criterion=criterion["code"], group=criterion["group"])
        criteria[criterion["code"]] = dict(criterion)
    return criteria


def deductions(method: Mapping[str, Any], sheets: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[int, Fraction]:
    """The share of its price deducted from each bid that is entitled to any, several added up; sheets agree on it.

    `sheets`: (bid number, items) of every member.
    """
    return _entitled(method, sheets, "deduct")


def additions(method: Mapping[str, Any], sheets: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[int, Fraction]:
    """The share of its own price score that each entitled bid gains instead, where the base is a mean (F-3)."""
    return _entitled(method, sheets, "add")


def _entitled(
    method: Mapping[str, Any], sheets: Sequence[tuple[int, Mapping[str, Any]]], kind: str
) -> dict[int, Fraction]:
    found: dict[int, Fraction] = {}
    for criterion in method["criteria"]:
        if criterion["group"] == POLICY and kind in criterion:
            for number in {number for number, items in sheets if Decimal(items[criterion["code"]]) == 1}:
                found[number] = found.get(number, Fraction(0)) + Fraction(criterion[kind]) / 100
    return found


def check_score(criterion: Mapping[str, Any], value: Decimal) -> Decimal:
    """Return the score, or refuse one outside 0…points, finer than two decimals, or none of the levels (R-454).

    `levels` of a criterion, where it has any, are all that may be given: bands, pass or fail, so many points each.
    """
    most = Decimal(criterion["points"])
    if not value.is_finite() or value < 0 or value > most:
        raise Invalid(
            "score.out_of_range", field=criterion["code"], criterion=criterion["code"], most=str(most), found=str(value)
        )
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        raise Invalid(
            "score.too_fine", field=criterion["code"], criterion=criterion["code"], places=PLACES, found=str(value)
        )
    if criterion.get("levels") and value not in [Decimal(level) for level in criterion["levels"]]:
        raise Invalid(
            "score.level", field=criterion["code"], criterion=criterion["code"], found=str(value),
            levels="、".join(criterion["levels"]),
        )  # fmt: skip
    return value.quantize(Decimal("0.01"))


def computed_score(criterion: Mapping[str, Any], schedule: Mapping[str, Any]) -> Decimal:
    """The score of a computed criterion: full marks up to `full`, none from `none` on, linear between, half up (R-454).

    `schedule` is the bid's opened schedule (开标一览表); docs/spec/scoring.md, section 2.
    """
    told, offered = criterion["computed"], int(schedule[criterion["computed"]["of"]])
    share = Fraction(told["none"] - offered, told["none"] - told["full"])
    return Decimal(published(min(max(share, Fraction(0)), Fraction(1)) * Fraction(criterion["points"])))


def objective_mismatches(
    criteria: Mapping[str, Mapping[str, Any]], sheets: Sequence[Mapping[str, Decimal]]
) -> list[str]:
    """The objective criteria of one bid on which the members' sheets do not all agree (R-344)."""
    return [
        code
        for code, criterion in criteria.items()
        if criterion["objective"] and len({sheet[code] for sheet in sheets}) > 1
    ]


def outliers(totals: Mapping[str, Decimal], on: date) -> list[str]:
    """The members whose total for one bid is off the mean of the others' by more than the rule of the day (R-344).

    At least three members; a mean of zero has no outlier but a total above zero.
    """
    if len(totals) < 3:
        return []
    found = []
    share = Fraction(expert_law(on).number("outlier_share")) / 100
    whole = sum((Fraction(total) for total in totals.values()), Fraction(0))
    for member, total in totals.items():
        mean = (whole - Fraction(total)) / (len(totals) - 1)
        if abs(Fraction(total) - mean) > share * mean:
            found.append(member)
    return found

"""What a good rating earns (R-707): dated, cited rules that know no region and no owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core.errors import Invalid
from core.law import Rule, Snapshot

BOND = "incentive.bid_bond."
"""Prefix of the rules that say, by grade, how many percent of a bid bond are waived."""

GRADES = ("AAA", "AA", "A")
NEUTRAL = frozenset({"grade", "procedure", "category", "mandatory"})
"""The only circumstances an incentive may turn on: never where a bidder is from or who owns it."""


@dataclass(frozen=True)
class Incentive:
    """What one party's rating earns on one day: `waived` percent of the bond, why, the rule and the evidence.

    `cause` is "rated", or why there is nothing: "no_rating", "no_list", "stale_rating", "low_grade", "restricted",
    "two_ratings". `rule` cites what was used; `evidence` names the list's version and digest and the record.
    """

    grade: str
    waived: int
    cause: str
    rule: dict[str, str] | None
    evidence: dict[str, Any]

    def due(self, bond_fen: int) -> int:
        """What remains of a bond in fen, rounded down to a fen: never more than the rule leaves."""
        return bond_fen * (100 - self.waived) // 100


def check_neutral(rules: Iterable[Rule]) -> None:
    """Refuse an incentive that depends on region, ownership or anything else R-707 does not allow."""
    for rule in rules:
        wrong = sorted(set(rule.only) - NEUTRAL) if rule.key.startswith("incentive.") else []
        if wrong:
            raise Invalid("credit.incentive_partial", field="rule", rule=rule.key, found=wrong)


def incentive_for(
    ratings: Iterable[Mapping[str, Any]],
    *,
    on: date,
    as_of: date | None,
    law: Snapshot,
    restricted: bool = False,
    evidence: Mapping[str, Any] | None = None,
) -> Incentive:
    """What the party's own `ratings` (records with its code) earn on the day; `law` is the credit matrix.

    A party restricted by any list earns nothing; nor does a rating that has run out or a list older than
    `incentive.rating_days`; two ratings at once that differ count as none, since nobody may pick the better one.
    """
    told = dict(evidence or {})
    if as_of is None:
        return Incentive("", 0, "no_list", None, told)
    running = [one for one in ratings if not one.get("ban_until") or date.fromisoformat(one["ban_until"]) >= on]
    grades = {str(one.get("grade", "")).upper() for one in running}
    told["ratings"] = [dict(one) for one in running]
    if not grades:
        return Incentive("", 0, "no_rating", None, told)
    if len(grades) > 1:
        return Incentive("", 0, "two_ratings", None, told)
    grade = grades.pop()
    if on - as_of > timedelta(days=law.days("incentive.rating_days")):
        return Incentive(grade, 0, "stale_rating", law.cite("incentive.rating_days"), told)
    if restricted:
        return Incentive(grade, 0, "restricted", law.cite("incentive.restricted"), told)
    if BOND + grade not in law.rules:
        return Incentive(grade, 0, "low_grade", None, told)
    return Incentive(grade, law.days(BOND + grade), "rated", law.cite(BOND + grade), told)

"""The conformity review: clauses, findings, and the committee's decision by simple majority (R-345, R-400, R-401)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PASS, FAIL, DOUBT = "pass", "fail", "doubt"
FINDINGS = (PASS, FAIL, DOUBT)

CONTROL_PRICE: dict[str, str] = {
    "code": "control_price",
    "text": "投标报价不超过招标文件公布的最高投标限价",
    "source": "《招标投标法实施条例》第五十一条第（五）项",
}
"""The statutory clause that stands on every review, whatever the tender document lists (R-400(5))."""


@dataclass(frozen=True)
class ClauseTally:
    """How the members found on one clause of one bid, and what the majority makes of it."""

    clause: str
    counts: Mapping[str, int]
    members: int

    @property
    def fails(self) -> bool:
        """Whether more than half of the members found that the bid fails the clause (R-345)."""
        return 2 * self.counts.get(FAIL, 0) > self.members

    def as_json(self) -> dict[str, Any]:
        """The tally as a JSON value."""
        return {
            "clause": self.clause,
            **{finding: self.counts.get(finding, 0) for finding in FINDINGS},
            "decision": FAIL if self.fails else PASS,
        }


def review_clauses(method: Mapping[str, Any], *, priced: bool = True) -> list[dict[str, str]]:
    """The clauses to review: those of the frozen method (R-404), and the control price when it is not among them.

    Without prices (the first of two sittings) the control price cannot be reviewed and is left to the second stage.
    """
    clauses = [
        {
            "code": str(clause.get("code") or f"clause-{number}"),
            "text": clause["text"],
            "source": clause.get("source", ""),
        }
        for number, clause in enumerate(method.get("review", []), 1)
    ]
    if not priced:
        return [clause for clause in clauses if clause["code"] != CONTROL_PRICE["code"]]
    if all(clause["code"] != CONTROL_PRICE["code"] for clause in clauses):
        clauses.append(dict(CONTROL_PRICE))
    return clauses


def tally(clauses: Sequence[str], findings: Iterable[tuple[str, str]], members: int) -> list[ClauseTally]:
    """Count (clause, finding) pairs of one bid over its clauses, with `members` votes to be had on each."""
    counts: dict[str, dict[str, int]] = {clause: {} for clause in clauses}
    for clause, finding in findings:
        counts[clause][finding] = counts[clause].get(finding, 0) + 1
    return [ClauseTally(clause, counts[clause], members) for clause in clauses]

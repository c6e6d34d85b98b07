"""How members scored against each other: severity, agreement, influence on the ranking, marked favour of one bid.

Figures about people are evidence for those who assess them (一标一评), never a reason to change a result: nothing
here is part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from experts.rules.ranking import Standing, rank
from experts.rules.scores import GROUPS

LEVEL = 0.05
"""Chance that any member of a committee without favour is marked, over all its members and bids together (Holm)."""

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Mark:
    """One member's total for one bid that lies apart from what the member's severity and the bid's mean explain."""

    member: str
    number: int
    effect: float
    p_value: float
    adjusted: float

    @property
    def is_marked(self) -> bool:
        """Whether it stays marked with all cells of the committee counted."""
        return self.adjusted < LEVEL


@dataclass(frozen=True)
class Influence:
    """What the ranking would be without one member: pairs turned round, and the first then."""

    member: str
    turned: int
    pairs: int
    first: int
    changes_first: bool
    order: tuple[int, ...]


def severity(members: Sequence[str], totals: Matrix) -> dict[str, float]:
    """By member the mean, over bids, of the own total minus the mean of the others': above zero is generous."""
    count = len(members)
    if count < 2:
        return dict.fromkeys(members, 0.0)
    found = {}
    for place, member in enumerate(members):
        others = [
            sum(row[bid] for at, row in enumerate(totals) if at != place) / (count - 1) for bid in range(len(totals[0]))
        ]
        found[member] = sum(own - mean for own, mean in zip(totals[place], others, strict=True)) / len(others)
    return found


def concordance(totals: Matrix) -> float | None:
    """Kendall's W with the correction for ties: 1 all rank alike, 0 no agreement; None below two members or bids."""
    raters, things = len(totals), len(totals[0]) if totals else 0
    if raters < 2 or things < 2:
        return None
    rows = [_ranks(row) for row in totals]
    sums = [sum(row[thing] for row in rows) for thing in range(things)]
    mean = sum(sums) / things
    ties = sum(size**3 - size for row in totals for size in _ties(row))
    below = raters**2 * (things**3 - things) - raters * ties
    return 12 * sum((one - mean) ** 2 for one in sums) / below if below else None


def favours(members: Sequence[str], numbers: Sequence[int], totals: Matrix) -> list[Mark]:
    """Each member's cells tested for favour (effect above zero) or disfavour, in the order of members, then bids.

    The additive model member + bid; a cell's externally studentised residual is Student's t with (m−1)(n−1)−1 degrees
    of freedom; two-sided p-values, adjusted by Holm over all m×n cells. Empty with fewer than three members or bids,
    or where everybody agrees perfectly.
    """
    rows, columns = len(members), len(numbers)
    degrees = (rows - 1) * (columns - 1)
    if rows < 3 or columns < 3:
        return []
    whole = sum(map(sum, totals)) / (rows * columns)
    of_member = [sum(row) / columns for row in totals]
    of_bid = [sum(row[bid] for row in totals) / rows for bid in range(columns)]
    rest = [
        [totals[i][j] - of_member[i] - of_bid[j] + whole for j in range(columns)] for i in range(rows)
    ]  # fmt: skip
    squares = sum(value**2 for row in rest for value in row)
    if squares < 1e-9:
        return []
    free = degrees / (rows * columns)
    cells = []
    for i, member in enumerate(members):
        for j, number in enumerate(numbers):
            left = max(squares - rest[i][j] ** 2 / free, 0.0) / (degrees - 1)
            t = abs(rest[i][j]) / math.sqrt(free * left) if left > 1e-12 else math.inf
            cells.append((member, number, rest[i][j] / free, two_sided(t, degrees - 1)))
    adjusted = holm([cell[3] for cell in cells])
    return [Mark(*cell, after) for cell, after in zip(cells, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment: the chance of any false mark stays below the level however many are tested."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for step, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def two_sided(t: float, degrees: int) -> float:
    """The two-sided p-value of Student's t with whole degrees of freedom, by a finite series (Abramowitz 26.7.3-4)."""
    if math.isinf(t):
        return 0.0
    theta = math.atan(t / math.sqrt(degrees))
    cos, term, inside = math.cos(theta), 1.0, 0.0
    if degrees % 2:
        for step in range((degrees - 1) // 2):
            inside += term
            term *= cos**2 * (2 * step + 2) / (2 * step + 3)
        inside = 2 / math.pi * (theta + (math.sin(theta) * cos * inside if degrees > 1 else 0.0))
    else:
        for step in range(degrees // 2):
            inside += term
            term *= cos**2 * (2 * step + 1) / (2 * step + 2)
        inside = math.sin(theta) * inside
    return max(0.0, 1.0 - inside)


def influences(result: Mapping[str, Any]) -> list[Influence]:
    """The ranking without each member in turn, exactly: the others' means, the same price scores and ties (R-455)."""
    numbers = [row["number"] for row in result["ranking"]]
    labels = [member["label"] for member in result["members"]]
    digests = {bid["number"]: bid["submission"] for bid in result["bids"]}
    prices = {bid["number"]: bid["price_fen"] for bid in result["bids"]}
    prices |= {one["number"]: one["price_fen"] for one in result.get("corrections", [])}
    scores = {row["number"]: Fraction(row["exact"]) for row in result["price"]["scores"]}
    found = []
    for label in labels if len(labels) > 1 else []:
        standings = []
        for number in numbers:
            sheets = [s for s in result["sheets"] if s["number"] == number and s["member"] != label]
            technical, other = (
                sum((Fraction(s[group]) for s in sheets), Fraction(0)) / len(sheets) for group in GROUPS
            )
            lot = result["tie"]["order"].index(digests[number])
            standings.append(Standing(number, technical, other, scores[number], prices[number], lot))
        order = tuple(bid.standing.number for bid in rank(standings))
        places = {number: place for place, number in enumerate(order)}
        turned = sum(places[a] > places[b] for at, a in enumerate(numbers) for b in numbers[at + 1 :])
        pairs = len(numbers) * (len(numbers) - 1) // 2
        found.append(Influence(label, turned, pairs, order[0], order[0] != numbers[0], order))
    return found


def fairness(result: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the report on a locked result says: severity, W, marks, influences, by member and bid."""
    numbers = [row["number"] for row in result["ranking"]]
    labels = [member["label"] for member in result["members"]]
    by_cell = {(row["member"], row["number"]): float(row["total"]) for row in result["sheets"]}
    totals = [[by_cell[label, number] for number in numbers] for label in labels]
    return {
        "severity": severity(labels, totals),
        "w": concordance(totals),
        "marks": [mark for mark in favours(labels, numbers, totals) if mark.is_marked],
        "is_testable": len(labels) >= 3 and len(numbers) >= 3,
        "influences": influences(result),
    }


def _ranks(row: Sequence[float]) -> list[float]:
    ordered = sorted(row)
    return [ordered.index(value) + (1 + ordered.count(value)) / 2 for value in row]


def _ties(row: Sequence[float]) -> list[int]:
    return [row.count(value) for value in set(row)]

"""Calibrating to what people decided: a monotone line on the score, held to the shipped one; drift; calibration error.

The weights of evidence stay as shipped: decided leads are few, and all of them were leads. What is fitted is how a
score reads as a probability here (Platt 1999), drawn towards the shipped reading; it ranks no pair otherwise and
raises no lead. Undecided leads are not taken for clean ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from collusion.rules.fusion import PRIOR

LEAST = 30
"""Decided leads, and LEAST_EACH of either outcome, below which nothing is fitted."""
LEAST_EACH = 5
SPREAD_OFFSET, SPREAD_SLOPE = 3.0, 0.5
"""How far the line is allowed from the shipped one, as standard deviations of a normal prior."""
FOLDS, BINS, STEPS = 5, 5, 50
Decided = tuple[float, bool]
"""A lead's score, and whether people upheld it."""


@dataclass(frozen=True, slots=True)
class Line:
    """log-odds = offset + slope × score; the shipped line is the prior's log-odds and slope 1."""

    offset: float
    slope: float

    def p(self, score: float) -> float:
        """The score read as a probability."""
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.offset + self.slope * score))))


SHIPPED = Line(math.log(PRIOR / (1 - PRIOR)), 1.0)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted line, on how many decided leads, and mean squared error on leads not fitted on, before and after."""

    line: Line
    count: int
    upheld: int
    brier_before: float
    brier_after: float

    @property
    def better(self) -> bool:
        """Whether it reads leads it has not seen better than the line before."""
        return self.brier_after < self.brier_before


def enough(decided: Sequence[Decided]) -> bool:
    """Whether there is anything to fit on."""
    upheld = sum(right for _, right in decided)
    return len(decided) >= LEAST and min(upheld, len(decided) - upheld) >= LEAST_EACH


def line_of(decided: Sequence[Decided]) -> Line:
    """The line nearest to what was decided and to the shipped one, by Newton's method; its slope is never negative."""
    offset, slope = SHIPPED.offset, SHIPPED.slope
    for _ in range(STEPS):
        g0, g1 = (offset - SHIPPED.offset) / SPREAD_OFFSET**2, (slope - SHIPPED.slope) / SPREAD_SLOPE**2
        h00, h01, h11 = 1 / SPREAD_OFFSET**2, 0.0, 1 / SPREAD_SLOPE**2
        for score, right in decided:
            p = Line(offset, slope).p(score)
            weight = p * (1 - p)
            g0 += p - right
            g1 += (p - right) * score
            h00, h01, h11 = h00 + weight, h01 + weight * score, h11 + weight * score * score
        size = h00 * h11 - h01 * h01
        step0, step1 = (h11 * g0 - h01 * g1) / size, (h00 * g1 - h01 * g0) / size
        scale = min(1.0, 2 / max(1e-12, abs(step0), abs(step1)))
        offset, slope = offset - scale * step0, slope - scale * step1
        if abs(step0) + abs(step1) < 1e-10:
            break
    return Line(round(offset, 6), round(max(0.0, slope), 6))


def fit(decided: Sequence[Decided], before: Line) -> Fit:
    """Fit to all, and measure on each fold by a line that has not seen it; `decided` in order of decision."""
    unseen = []
    for fold in range(FOLDS):
        kept = [one for place, one in enumerate(decided) if place % FOLDS != fold]
        line = line_of(kept)
        unseen += [(line.p(score) - right) ** 2 for score, right in decided[fold::FOLDS]]
    return Fit(
        line_of(decided),
        len(decided),
        sum(right for _, right in decided),
        round(brier(decided, before), 6),
        round(sum(unseen) / len(unseen), 6),
    )


def brier(decided: Sequence[Decided], line: Line) -> float:
    """Mean squared error of the line's probabilities."""
    return sum((line.p(score) - right) ** 2 for score, right in decided) / len(decided)


def calibration_error(decided: Sequence[Decided], line: Line) -> float:
    """Expected calibration error over BINS groups of equal size by probability."""
    ordered = sorted((line.p(score), right) for score, right in decided)
    total = 0.0
    for number in range(BINS):
        group = ordered[number * len(ordered) // BINS : (number + 1) * len(ordered) // BINS]
        total += abs(sum(p - right for p, right in group))
    return total / len(ordered)


def drift(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Population stability index of scores, over fifths of the earlier ones; None with fewer than 20 on a side.

    Below 0.1 nothing moved, from 0.25 on much did (Siddiqi 2006).
    """
    if min(len(before), len(after)) < 20:
        return None
    edges = [sorted(before)[len(before) * n // BINS] for n in range(1, BINS)]

    def shares(scores: Sequence[float]) -> list[float]:
        counts = [0.5] * BINS
        for score in scores:
            counts[sum(score >= edge for edge in edges)] += 1
        return [count / sum(counts) for count in counts]

    return sum((new - old) * math.log(new / old) for old, new in zip(shares(before), shares(after), strict=True))

"""Price scores by the formula of the frozen method, in exact arithmetic (F-1, F-10, R-456, R-460)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.errors import Invalid
from experts.rules.bases import BASES, Lots, Scored

MEAN_DEVIATION = "mean-deviation/v1"
CEILING_MEAN = "ceiling-mean/v1"
LOWEST_FIRST = "lowest-first/v1"


@dataclass(frozen=True)
class PriceScores:
    """What the formula made of the prices: which were dropped, the exact base, each bid's deviation and score.

    Fractions are exact; `base` in fen, deviations in per cent, scores in points. Nothing here is rounded.
    """

    k: Fraction | None
    used: tuple[int, ...]
    dropped_high: int | None
    dropped_low: int | None
    base: Fraction
    deviations: Mapping[int, Fraction]
    scores: Mapping[int, Fraction]
    evaluated: Mapping[int, Fraction] = field(default_factory=dict)
    drawn: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[int, Fraction] = field(default_factory=dict)


def check_method(method: Mapping[str, Any]) -> None:
    """Refuse a scoring method this version cannot compute: Invalid, method.unknown_type or method.unknown_formula."""
    if method.get("type") != "comprehensive/v1":
        raise Invalid("method.unknown_type", found=str(method.get("type")))
    if method["price"].get("formula") not in (*BASES, LOWEST_FIRST):
        raise Invalid("method.unknown_formula", found=str(method["price"].get("formula")))


def price_scores(
    prices: Mapping[int, int],
    method: Mapping[str, Any],
    k: Decimal | str | None,
    deducted: Mapping[int, Fraction] | None = None,
    *,
    ceiling: int = 0,
    lots: Lots | None = None,
    means: Mapping[int, Mapping[str, Fraction]] | None = None,
    added: Mapping[int, Fraction] | None = None,
) -> PriceScores:
    """Score prices (fen, by bid number) by the method's formula, with the drawn coefficient `k` where it has one.

    `prices` holds the bids that passed the review and do not exceed the control price: prices above it stay out of
    every mean (R-460). `lowest-first/v1` (F-1): base = lowest price, score = points × base / price. `deducted` (F-3,
    F-6) is the share taken off a bid's price before: that is compared, the contract's price stays what was bid.

    Every other formula has its base from `bases.BASES`, with the maximum price (`ceiling`, fen), the draw (`lots`) and
    the means of the other scores. A price d per cent above the base loses d × above, d per cent below it d × below,
    never under 0; linear inside one per cent. `added` (F-3, regime T) is the share of its own price score a bid gains.
    Invalid: price.none, price.not_positive, price.no_coefficient, price.no_draw.
    """
    if not prices:
        raise Invalid("price.none")
    if min(prices.values()) <= 0:
        raise Invalid("price.not_positive")
    rule = method["price"]
    points = Fraction(rule["points"])
    if rule["formula"] == LOWEST_FIRST:
        off = deducted or {}
        evaluated = {number: price * (1 - off.get(number, Fraction(0))) for number, price in prices.items()}
        lowest = min(evaluated.values())
        deviations = {number: (price - lowest) * 100 / lowest for number, price in evaluated.items()}
        scores = {number: points * lowest / price for number, price in evaluated.items()}
        return PriceScores(None, tuple(sorted(prices)), None, None, lowest, deviations, scores, evaluated)
    if k is None:
        raise Invalid("price.no_coefficient")
    above, below, factor = Fraction(rule["above"]), Fraction(rule["below"]), Fraction(k)
    base = BASES[rule["formula"]](rule, Scored(prices, ceiling, factor, lots, means or {}))
    deviations = {number: (Fraction(price) - base.value) * 100 / base.value for number, price in prices.items()}
    gains = added or {}
    scores = {
        number: max(Fraction(0), points - (above * deviation if deviation > 0 else -below * deviation))
        * (1 + gains.get(number, Fraction(0)))
        for number, deviation in deviations.items()
    }
    return PriceScores(
        factor, tuple(sorted(base.used)), base.dropped_high, base.dropped_low, base.value, deviations, scores,
        drawn=base.drawn, added=gains,
    )  # fmt: skip

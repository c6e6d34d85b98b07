"""Abnormally low prices: when an explanation must be asked for, by the dated rule and the notice (R-440, R-441)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.errors import Invalid

OF_MEAN, OF_SECOND, OF_MAXIMUM = "of_mean", "of_second", "of_maximum"
LAW_KEYS = {OF_MEAN: "low_price_of_mean", OF_SECOND: "low_price_of_second", OF_MAXIMUM: "low_price_of_maximum"}
CAP_KEY = "low_price_share_cap"


@dataclass(frozen=True)
class Trigger:
    """One line a price fell below: which, at how many per cent, the line in fen (exact)."""

    number: int
    which: str
    percent: Fraction
    line: Fraction


def low_price_lines(law: Mapping[str, str], method: Mapping[str, Any]) -> dict[str, Fraction]:
    """The percentages that start a review: the law's, or those of the notice where it raises them (R-441).

    `law`: values of the frozen law by key. Empty where the law has none (regime T: the committee judges, R-440).
    Invalid("method.low_price") for a notice that goes below the law or above its cap.
    """
    lines = {which: Fraction(law[key]) for which, key in LAW_KEYS.items() if key in law}
    for which, text in (method.get("low_price") or {}).items():
        raised = Fraction(text)
        if which not in lines or not lines[which] <= raised <= Fraction(law.get(CAP_KEY, "100")):
            raise Invalid("method.low_price", field="method", which=which, found=str(text))
        lines[which] = raised
    return lines


def low_prices(prices: Mapping[int, int], maximum_fen: int, lines: Mapping[str, Fraction]) -> list[Trigger]:
    """Every price below a line, strictly, among the bids that passed the conformity review (R-441).

    `prices` in fen by number: those to be evaluated, before any deduction of policy. Below a share of the mean of all
    of them; the lowest below a share of the second lowest; below a share of the maximum price. A hit starts a review
    and decides nothing.
    """
    found = []
    if not prices:
        return []
    ordered = sorted(prices, key=lambda number: (prices[number], number))
    for number in sorted(prices):
        for which, percent in lines.items():
            if which == OF_MEAN:
                line = Fraction(sum(prices.values()), len(prices)) * percent / 100
            elif which == OF_MAXIMUM:
                line = Fraction(maximum_fen) * percent / 100
            elif len(ordered) > 1 and number == ordered[0]:
                line = Fraction(prices[ordered[1]]) * percent / 100
            else:
                continue
            if prices[number] < line:
                found.append(Trigger(number, which, percent, line))
    return found

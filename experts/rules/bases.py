"""The base price by formula: a registry of pure functions in exact arithmetic (F-10…F-14; docs/spec/scoring.md).

Another formula is one function here, its parameters in bidding/rules/method.py, its section and vector in the
specification, and its own code in the verifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from core.draw import mechanism
from core.errors import Invalid

NINE = 9
"""How many prices are drawn for the mean of `reasonable-low/v1` (F-11)."""
HIGH, LOW = Fraction(95, 100), Fraction(90, 100)
"""Bounds of the bands of `banded-mean/v1`, as shares of the maximum price (F-12)."""
RANK_SHARES = (Fraction(15, 100), Fraction(10, 100), Fraction(15, 100), Fraction(5, 100), Fraction(55, 100))
"""Technical ranks 1 and 2, credit ranks 1 and 2, the rest (F-11)."""


@dataclass(frozen=True)
class Lots:
    """What further values are drawn from: the published seed of the coefficient draw, its label, the submissions."""

    seed: bytes
    label: str
    submissions: Mapping[int, str] = field(default_factory=dict)

    def pick(self, name: str, values: Sequence[str]) -> str:
        """The first of the values in the order of the draw `<label>:<name>`."""
        return self.order(name, values)[0]

    def order(self, name: str, values: Sequence[str]) -> list[str]:
        """The values in the order of the draw `<label>:<name>`."""
        return mechanism.order(self.seed, f"{self.label}:{name}", values)


@dataclass(frozen=True)
class Scored:
    """The scored bids: prices in fen, the maximum price, K, the draw, and the means of the other scores."""

    prices: Mapping[int, int]
    ceiling: int
    k: Fraction
    lots: Lots | None = None
    means: Mapping[int, Mapping[str, Fraction]] = field(default_factory=dict)

    @property
    def ordered(self) -> list[int]:
        """The bids by price, then number."""
        return sorted(self.prices, key=lambda number: (self.prices[number], number))

    def mean(self, numbers: Sequence[int]) -> Fraction:
        """The mean of their prices."""
        return Fraction(sum(self.prices[number] for number in numbers), len(numbers))

    def draw(self) -> Lots:
        """The draw; Invalid("price.no_draw") where none was held."""
        if self.lots is None:
            raise Invalid("price.no_draw")
        return self.lots


@dataclass(frozen=True)
class Base:
    """The base price in fen, exactly; which bids made it, which were dropped as extremes, what was drawn for it."""

    value: Fraction
    used: tuple[int, ...]
    dropped_high: int | None = None
    dropped_low: int | None = None
    drawn: Mapping[str, str] = field(default_factory=dict)


Formula = Callable[[Mapping[str, Any], Scored], Base]


def _trimmed(rule: Mapping[str, Any], bids: Scored) -> tuple[list[int], int | None, int | None]:
    """With `trim_from` or more bids all but the first and the last by price, then number."""
    ordered = bids.ordered
    if len(ordered) >= max(int(rule["trim_from"]), 3):
        return ordered[1:-1], ordered[-1], ordered[0]
    return ordered, None, None


def mean_deviation(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-10: mean × K."""
    used, high, low = _trimmed(rule, bids)
    return Base(bids.mean(used) * bids.k, tuple(used), high, low)


def ceiling_mean(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-13: (maximum × λ + mean × (1 − λ)) × K; λ is `weight`, or drawn from `weights`."""
    used, high, low = _trimmed(rule, bids)
    drawn = {"weight": bids.draw().pick("weight", rule["weights"])} if "weights" in rule else {}
    weight = Fraction(drawn.get("weight") or rule["weight"])
    value = (bids.ceiling * weight + bids.mean(used) * (1 - weight)) * bids.k
    return Base(value, tuple(used), high, low, drawn)


def reasonable_low(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-11: who lies below the trimmed mean × K makes no base; what does is weighed by ranks, or drawn.

    Of n ≥ `trim_from` bids n ÷ 5, rounded half up, are dropped at each end for that mean. `basis` is `ranks`, `ceiling`
    (maximum × a + m × (1 − a), a drawn from `weights`) or `drawn` (m); m is the mean of up to nine drawn bids, of three
    or more without one highest and one lowest.
    """
    ordered = bids.ordered
    count = len(ordered)
    cut = (2 * count + 5) // 10 if count >= max(int(rule["trim_from"]), 3) else 0
    least = bids.mean(ordered[cut : count - cut]) * bids.k
    kept = [number for number in ordered if bids.prices[number] >= least]
    if not kept:
        raise Invalid("price.none")
    if rule["basis"] == "ranks":
        return Base(_by_ranks(kept, bids), tuple(kept))
    lots = bids.draw()
    by_submission = {lots.submissions[number]: number for number in kept}
    nine = [by_submission[one] for one in lots.order("nine", list(by_submission))[:NINE]]
    used, high, low = sorted(nine, key=lambda number: (bids.prices[number], number)), None, None
    if len(used) >= 3:
        low, *used, high = used
    value, drawn = bids.mean(used), {"nine": " ".join(str(number) for number in nine)}
    if rule["basis"] == "ceiling":
        drawn["weight"] = lots.pick("weight", rule["weights"])
        weight = Fraction(drawn["weight"])
        value = bids.ceiling * weight + value * (1 - weight)
    return Base(value, tuple(used), high, low, drawn)


def _by_ranks(kept: Sequence[int], bids: Scored) -> Fraction:
    """15 % + 10 % of the technically first two, 15 % + 5 % of the first two by credit, 55 % of the mean of the rest.

    Equal scores: the lower price, then the lower number; of one bid alone it is first and second; without a rest the
    mean of all counts for it.
    """

    def first_two(group: str) -> list[int]:
        order = sorted(kept, key=lambda number: (-bids.means[number][group], bids.prices[number], number))
        return [order[0], order[min(1, len(order) - 1)]]

    named = [*first_two("technical"), *first_two("qualification")]
    rest = [number for number in kept if number not in named] or list(kept)
    values = [*(Fraction(bids.prices[number]) for number in named), bids.mean(rest)]
    return sum((share * value for share, value in zip(RANK_SHARES, values, strict=True)), Fraction(0))


def banded_mean(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-12: the mean of one band of prices, lowered by a drawn per cent of that band, × K.

    Bands: P ≥ 95 % of the maximum, between, P ≤ 90 %. With `band_from` or more bids the band is drawn, an empty one
    drawn again; with fewer the mean of all falls into one. `downs` lists for each band what may be drawn.
    """
    ordered, lots = bids.ordered, bids.draw()
    if len(ordered) >= int(rule["band_from"]):
        held = {name: [n for n in ordered if _band(bids.prices[n], bids.ceiling) == name] for name in ("1", "2", "3")}
        name = next(one for one in lots.order("band", ["1", "2", "3"]) if held[one])
        used = held[name]
    else:
        used = ordered
        name = _band(bids.mean(used), bids.ceiling)
    down = lots.pick("down", rule["downs"][int(name) - 1])
    value = bids.mean(used) * (1 - Fraction(down) / 100) * bids.k
    return Base(value, tuple(used), None, None, {"band": name, "down": down})


def _band(price: Fraction | int, ceiling: int) -> str:
    return "1" if price >= HIGH * ceiling else "2" if price > LOW * ceiling else "3"


def second_mean(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-14 二次平均: with A the mean, `below`: the mean of the prices ≤ A; `lowest`: (A + lowest) ÷ 2; × K."""
    used, high, low = _trimmed(rule, bids)
    first = bids.mean(used)
    if rule["second"] == "lowest":
        return Base((first + bids.prices[used[0]]) / 2 * bids.k, tuple(used), high, low)
    below = [number for number in used if bids.prices[number] <= first]
    return Base(bids.mean(below) * bids.k, tuple(below), high, low)


def interval_mean(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-14 区间平均下浮: with A the mean, the mean of the prices within A × `interval`; A where none is; × K."""
    used, high, low = _trimmed(rule, bids)
    first, (least, most) = bids.mean(used), (Fraction(text) for text in rule["interval"])
    inside = [number for number in used if first * least <= bids.prices[number] <= first * most]
    return Base(bids.mean(inside or used) * bids.k, tuple(inside or used), high, low)


def next_lowest_mean(rule: Mapping[str, Any], bids: Scored) -> Base:
    """F-14 次低价平均: (second lowest + mean) ÷ 2 × K; a single price is its own second."""
    used, high, low = _trimmed(rule, bids)
    second = bids.prices[used[min(1, len(used) - 1)]]
    return Base((second + bids.mean(used)) / 2 * bids.k, tuple(used), high, low)


BASES: dict[str, Formula] = {
    "mean-deviation/v1": mean_deviation,
    "ceiling-mean/v1": ceiling_mean,
    "reasonable-low/v1": reasonable_low,
    "banded-mean/v1": banded_mean,
    "second-mean/v1": second_mean,
    "interval-mean/v1": interval_mean,
    "next-lowest-mean/v1": next_lowest_mean,
}
"""Every formula that scores by the distance from a base, by its name and version."""

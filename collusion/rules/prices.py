"""Price comparisons on bills of quantities and totals. Prices are integer fen, keyed by (code, occurrence)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from collusion.rules import odds

Key = tuple[str, int]
Prices = Mapping[Key, int]

LEAST_ITEMS = 30
"""Below this many independent items no statement about unit prices is made (COLLUSION §4, 21)."""
RELATIVE = 2e-6
ROUNDING = 1.0
"""fen; both sides round once."""
COPIED_SHARE = 0.2
COPIED_LEAST = 10
SAME_PRICE_CHANCE = 0.1
"""Chance that two unrelated bidders price one item alike to the fen (published 信息价); assumed, generous."""
CANDIDATES = 5
CHAPTER = 4
"""Leading digits of a GB 50500 item code that name its chapter."""
WINSOR = 4.0
RANK_INFLATION = 1.06
"""Variance of Fisher's z of a rank correlation over that of a plain one (Fieller, Hartley, Pearson 1957)."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """The best constant ratio a = c·b: its agreeing items of `items` compared, and the chance of as many."""

    coefficient: float
    agreeing: tuple[Key, ...]
    items: int
    chance: float


def copied_from_control(prices: Prices, control: Prices) -> frozenset[Key]:
    """Give the items a bidder priced as one constant times the control price, the constant 1 included.

    Cutting the published limit by one percentage is lawful and common, so two such bidders stand in a fixed ratio
    innocently. Nothing is copied when fewer than a fifth of the items, or ten, agree.
    """
    shared = sorted(key for key in prices if control.get(key))
    equal = frozenset(key for key in shared if prices[key] == control[key])
    best = _agreeing([(key, prices[key], control[key]) for key in shared])
    if best is None or len(best[1]) < max(COPIED_LEAST, COPIED_SHARE * len(shared)):
        return equal
    return equal | frozenset(best[1])


def fixed_coefficient(a: Prices, b: Prices, excluded: frozenset[Key], *, spread: float) -> Coefficient | None:
    """Find the constant ratio most items agree on to the fen; None below LEAST_ITEMS comparable items.

    Null model: log ratios are spread at least `spread` (standard deviation), so an item agrees with a given constant
    with chance tolerance × density; the tail is Poisson binomial, times the number of constants the items themselves
    propose.
    """
    rows = [(key, a[key], b[key]) for key in sorted(a.keys() & b.keys()) if key not in excluded]
    if len(rows) < LEAST_ITEMS:
        return None
    best = _agreeing(rows)
    if best is None:
        return Coefficient(1.0, (), len(rows), 1.0)
    coefficient, agreeing = best
    chances = sorted(_item_chance(price, coefficient, spread) for _, price, _ in rows)
    # The constant was proposed by an item, which then agrees with itself: the hardest one is not counted.
    tail = odds.mixed_tail(len(agreeing) - 1, chances[1:])
    return Coefficient(coefficient, agreeing, len(rows), min(1.0, tail * len(rows)))


def _item_chance(price: int, coefficient: float, spread: float) -> float:
    width = 2 * (ROUNDING + RELATIVE * price) / price
    chance = min(0.5, width / (spread * math.sqrt(2 * math.pi)))
    return max(chance, SAME_PRICE_CHANCE) if abs(coefficient - 1) < 1e-9 else chance


def _agreeing(rows: Sequence[tuple[Key, int, int]]) -> tuple[float, tuple[Key, ...]] | None:
    bins = Counter(round(price / other, 4) for _, price, other in rows)
    best: tuple[float, tuple[Key, ...]] | None = None
    for proposed, _ in sorted(bins.items(), key=lambda entry: (-entry[1], entry[0]))[:CANDIDATES]:
        near = [(p, o) for _, p, o in rows if abs(p - proposed * o) <= ROUNDING + 1e-4 * p]
        # Large items fix the constant to more digits than the bin has.
        for coefficient in (proposed, sum(p for p, _ in near) / max(1, sum(o for _, o in near)) if near else proposed):
            agreeing = tuple(key for key, p, o in rows if abs(p - coefficient * o) <= ROUNDING + RELATIVE * p)
            if best is None or len(agreeing) > len(best[1]):
                best = (coefficient, agreeing)
    return best


@dataclass(frozen=True, slots=True)
class Residuals:
    """Rank correlation of two bidders' unit-price residuals, the correlation chance alone may give, and the chance."""

    correlation: float
    expected: float
    items: int
    chance: float
    points: tuple[tuple[Key, float, float], ...]


def unit_residuals(
    a: str, b: str, prices: Mapping[str, Prices], control: Prices, excluded: frozenset[Key]
) -> Residuals | None:
    """Correlate what two bidders do to the control prices once bidder, chapter and item habits are taken out.

    r = ln(price/control) − chapter median of the bidder − mean of the other bidders' residuals for the item. The mean
    of few others brings its own noise into both sides: the correlation that noise alone could give, were all others but
    one a ring themselves, is the null value, not zero. None with fewer than LEAST_ITEMS items or two outsiders.
    """
    others = sorted(name for name in prices if name not in (a, b))
    if len(others) < 2:
        return None
    keys = [key for key in sorted(control) if key not in excluded and all(prices[name].get(key) for name in prices)]
    if len(keys) < LEAST_ITEMS:
        return None
    chapters = _chapters(keys)
    residuals = {
        name: _demeaned([math.log(prices[name][key] / control[key]) for key in keys], chapters) for name in prices
    }
    common = [sum(residuals[name][i] for name in others) / len(others) for i in range(len(keys))]
    left = [r - m for r, m in zip(residuals[a], common, strict=True)]
    right = [r - m for r, m in zip(residuals[b], common, strict=True)]
    spread = math.sqrt(_variance(left) * _variance(right))
    if spread <= 0:
        return None
    single = max(
        _variance([x - y for x, y in zip(residuals[p], residuals[q], strict=True)]) / 2
        for p, q in combinations(sorted(prices), 2)
        if {p, q} != {a, b}
    )
    count = len(others)
    dependence = 1.0 if count < 3 else ((count - 1) ** 2 + 1) / count**2
    expected = min(0.95, dependence * single / spread)
    correlation = _spearman(left, right)
    freedom = len(keys) - len(set(chapters)) - 3
    if freedom < LEAST_ITEMS // 2:
        return None
    z = (math.atanh(min(correlation, 0.9999)) - math.atanh(expected)) * math.sqrt(freedom / RANK_INFLATION)
    points = tuple(zip(keys, left, right, strict=True))
    return Residuals(correlation, expected, len(keys), odds.normal_tail(z), points)


def _chapters(keys: Sequence[Key]) -> list[str]:
    counts = Counter(code[:CHAPTER] for code, _ in keys)
    return [code[:CHAPTER] if counts[code[:CHAPTER]] >= 3 else "" for code, _ in keys]


def _demeaned(values: Sequence[float], groups: Sequence[str]) -> list[float]:
    sums: dict[str, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        sums.setdefault(group, []).append(value)
    centred = [value - _median(sums[group]) for value, group in zip(values, groups, strict=True)]
    # One unbalanced item must not make a correlation: pull it in to four robust deviations.
    reach = WINSOR * 1.4826 * _median([abs(value) for value in centred])
    return [max(-reach, min(reach, value)) for value in centred]


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda i: values[i])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for i in range(start, end + 1):
            ranks[order[i]] = (start + end) / 2
        start = end + 1
    return ranks


def _spearman(left: Sequence[float], right: Sequence[float]) -> float:
    a, b = _ranks(left), _ranks(right)
    mean = (len(a) - 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    scale = math.sqrt(sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b))
    return product / scale if scale else 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """An exact pattern of totals: its form, the bidders in order, the constant, and the chance of it."""

    form: str
    bidders: tuple[str, ...]
    constant: float
    chance: float


EXACT_FEN = 100
EXACT_RATIO = 1e-6
GRIDS = (0.01, 0.005, 0.001)


def exact_steps(totals: Mapping[str, int], declared: Mapping[str, int], *, spread: float) -> list[Step]:
    """Find totals in exact arithmetic or geometric progression, round differences, and ratios on a coarse grid.

    `totals` may be net of what the tenderer priced; how round bidders make totals is read from the `declared` ones.
    Exact is one yuan, or 1e-6 of the total: a tolerance of percent fires on a third to two thirds of innocent tenders
    (COLLUSION App. B). Totals that bidders rounded anyway make coincidences likelier, which the chances account for.
    """
    steps: list[Step] = []
    named = sorted(((total, name) for name, total in totals.items() if total > 0))
    for low, middle, high in combinations(named, 3):
        zeros = min(_roundness(declared[name]) for _, name in (low, middle, high))
        steps.extend(_progression((low, middle, high), len(named), spread, 10**zeros))
    for (x, first), (y, second) in combinations(named, 2):
        zeros = min(_roundness(declared[first]), _roundness(declared[second]))
        steps.extend(_pair_steps(x, first, y, second, zeros))
    return steps


def _roundness(total: int) -> int:
    zeros = 0
    while total and total % 10 == 0:
        total //= 10
        zeros += 1
    return zeros


def _progression(triple: tuple[tuple[int, str], ...], bids: int, spread: float, grain: int) -> Iterable[Step]:
    (x, first), (y, second), (z, third) = triple
    names = (first, second, third)
    if x == y or y == z:
        return
    # x + z − 2y of independent totals is spread by √6·σ·y around a value near zero at the densest.
    density = 1 / (math.sqrt(2 * math.pi) * math.sqrt(6) * spread * y)
    tries = 2 * math.comb(bids, 3)
    if abs(x + z - 2 * y) <= EXACT_FEN:
        yield Step("arithmetic", names, (z - x) / 2, min(1.0, tries * 2 * max(EXACT_FEN, grain) * density))
    elif abs(x * z / (y * y) - 1) <= EXACT_RATIO:
        width = max(EXACT_RATIO * y, grain)
        yield Step("geometric", names, math.sqrt(z / x), min(1.0, tries * 2 * width * density))


def _pair_steps(x: int, first: str, y: int, second: str, zeros: int) -> Iterable[Step]:
    if x == y:
        return
    difference = y - x
    rounder = _roundness(difference) - zeros
    if rounder >= 3:
        yield Step("round", (first, second), float(difference), 10.0**-rounder)
    for grid in GRIDS:
        nearest = round(y / x / grid) * grid
        exactness = max(EXACT_RATIO, 10**zeros / x)
        if abs(nearest - 1) > grid / 2 and abs(y - nearest * x) <= EXACT_RATIO * x:
            yield Step("ratio", (first, second), nearest, min(1.0, len(GRIDS) * 2 * exactness / grid))
            break

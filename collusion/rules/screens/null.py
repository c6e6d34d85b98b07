"""What the screens would show if bids were independent: drawn from other tenders under the same award rule.

A tender's own bids are never part of what it is measured by: tenders are put into folds by a digest of their name, and
a fold is measured by the others. A draw takes the spread of one other tender and places n bids by standardised
residuals of the others, so tenders are as unequal in spread as they really are while bids within one are independent.
Drawn bids are rounded as coarsely as the tender's own: where people bid in round thousands, equal bids are no wonder.
Rings among the other tenders change the measure as well: chances are relative to the market as it is.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collusion.rules.screens import coalitions
from collusion.rules.screens.catalogue import SCREENS, Screen
from collusion.rules.screens.variance import Bids

FOLDS = 5
DRAWS = 999
LEAST_TENDERS = 30
"""Other tenders of three or more bids a measure needs; below it nothing is said (cold start)."""
FINEST = -24
LEAST_SCALE = 1e-12
SEED = "sunbid-screens/1"


@dataclass(frozen=True)
class Measure:
    """Draws of `n` independent bids: every screen's sorted values, the smallest chance per draw, trios per bidder."""

    values: Mapping[str, Bids]
    smallest: Bids
    trios: Bids

    def chances(self, screen: Screen, values: Bids) -> Bids:
        """Give for each value the chance of one as far out, in the direction of a ring."""
        return _chances(self.values[screen.identifier], values, screen.low)

    def joint(self, smallest: Bids) -> Bids:
        """Give the chance that the most striking of all screens is as striking (Westfall and Young 1993, min-P)."""
        return _chances(self.smallest, smallest, True)

    def company(self, values: Bids) -> Bids:
        """Give for each bidder the chance that an independent one keeps company as close."""
        return _chances(self.trios, values, True)


@dataclass
class Null:
    """The measures of one award rule, made when first asked for."""

    rule: str
    tenders: Mapping[str, Bids]
    draws: int = DRAWS
    _made: dict[tuple[int, int, int], Measure | None] = field(default_factory=dict)
    _stocks: dict[int, tuple[Bids, Bids]] = field(default_factory=dict)

    @cached_property
    def _residuals(self) -> list[tuple[int, float, Bids]]:
        found = []
        for name, bids in sorted(self.tenders.items()):
            if len(bids) >= 3:
                scales, residuals = standardised(bids[None, :])
                scale = float(scales[0])
                found.append((fold(name), scale, residuals[0] if scale > LEAST_SCALE else bids[:0]))
        return found

    def measure(self, name: str) -> Measure | None:
        """Give the measure for a tender of three or more bids; None when too few others are known."""
        bids = self.tenders[name]
        key = (fold(name), len(bids), coarseness(bids))
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, own: int, n: int, coarse: int) -> Measure | None:
        if own not in self._stocks:
            others = [entry for entry in self._residuals if entry[0] != own]
            pool = np.concatenate([entry[2] for entry in others]) if others else np.empty(0)
            self._stocks[own] = np.asarray([entry[1] for entry in others]), pool
        return draw(self.rule, own, n, coarse, *self._stocks[own], self.draws)


class Stock(Protocol):
    """Numbers to draw from, wherever they lie; an array is one."""

    def __len__(self) -> int: ...

    def take(self, places: NDArray[np.int64], /) -> Bids:
        """Give the numbers at these places, in their shape."""


def draw(rule: str, own: int, n: int, coarse: int, scales: Stock, pool: Stock, draws: int) -> Measure | None:
    """Draw `n` independent bids `draws` times from the scales and residuals of tenders outside the fold `own`.

    Both in the order of the tenders' names: the same tenders give the same measure. None when too few are known.
    """
    if len(scales) < LEAST_TENDERS or not len(pool):
        return None
    digest = hashlib.sha256(f"{SEED}|{rule}|{own}|{n}|{coarse}".encode()).digest()
    chance = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    spread = scales.take(chance.integers(len(scales), size=(draws, 1)))
    bids = np.exp(spread * pool.take(chance.integers(len(pool), size=(draws, n))))
    if coarse > FINEST:
        grain = 2.0**coarse
        # The middle of a tender may lie anywhere between two round sums.
        offset = chance.random(size=(draws, 1))
        bids = np.maximum(np.round(bids / grain + offset) - offset, 0.5) * grain
    bids = np.sort(bids, axis=-1)
    values = {screen.identifier: screen.compute(bids) for screen in speaking(n)}
    ordered = {name: np.sort(drawn) for name, drawn in values.items()}
    each = [_chances(ordered[s.identifier], values[s.identifier], s.low, itself=True) for s in speaking(n)]
    trios = np.sort(coalitions.company(bids).ravel())
    return Measure(ordered, np.sort(np.minimum.reduce(each)), trios)


def standardised(bids: Bids) -> tuple[Bids, Bids]:
    """Give for tenders of n bids each, shape (m, n), the spread of their logarithms and what they stand out by.

    Where the spread is not above LEAST_SCALE the residuals mean nothing: all bids are alike.
    """
    logs = np.log(bids)
    scales = logs.std(axis=-1, ddof=1)
    known = np.where(scales > LEAST_SCALE, scales, 1.0)
    return scales, (logs - logs.mean(axis=-1, keepdims=True)) / known[:, None]


def speaking(n: int) -> Sequence[Screen]:
    """Give the screens that may speak about a tender of `n` bids."""
    return [screen for screen in SCREENS if n >= screen.least]


def coarseness(bids: Bids) -> int:
    """Give the grain most bids are rounded to, over their mean, as the next power of two; FINEST when finer."""
    last = sorted(Decimal(repr(float(value))).normalize().as_tuple().exponent for value in bids)
    grain = 10.0 ** int(last[len(last) // 2]) / float(bids.mean())
    share, power = math.frexp(
        grain
    )  # the logarithm itself is off by one where the grain is hardly above a power of two
    return max(FINEST, min(0, power - (share == 0.5)))


def fold(name: str) -> int:
    """Give the fold of a tender: a matter of its name alone."""
    return hashlib.sha256(name.encode()).digest()[0] % FOLDS


def _chances(ordered: Bids, values: NDArray[np.float64], low: bool, *, itself: bool = False) -> Bids:
    # Values that differ by rounding only are the same; each counts against itself, so no chance is ever zero.
    slack = 1e-9 * np.abs(values)
    if low:
        as_far = np.searchsorted(ordered, values + slack, side="right")
    else:
        as_far = len(ordered) - np.searchsorted(ordered, values - slack, side="left")
    return np.asarray((as_far + (0 if itself else 1)) / (len(ordered) + (0 if itself else 1)))

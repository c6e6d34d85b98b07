"""Screens, residuals and grain of many tenders at once: those of equally many bids are laid side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from collusion.rules.screens import coalitions
from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.null import FINEST, LEAST_SCALE, standardised
from collusion.rules.screens.variance import Bids

Whole = NDArray[np.int64]
LEAST_MEASURED = 3
TOGETHER = 200_000
"""Bids laid side by side at most; above it nothing gets faster, and memory grows."""
EXACT = 2.0**51
PLACES = 18
LEAST_TEN = -324
_TENS = np.asarray([10.0**place for place in range(LEAST_TEN, 309)])


@dataclass(frozen=True)
class Figures:
    """What the bids of a partition give before anything is known of others; by tender, the last two by bid.

    `screens` has a column per screen of the catalogue, NaN where not defined. `residual` is NaN for tenders of fewer
    than three bids and for those whose bids are all alike, which tell nothing of how bids differ.
    """

    screens: Bids
    coarse: NDArray[np.int8]
    scale: Bids
    company: Bids
    residual: Bids


def blocks(counts: Whole) -> Iterator[tuple[int, Whole, Whole]]:
    """Give tenders of equally many bids together: their number of bids, their places, and (m, n) places of bids."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else counts
    order = np.argsort(counts, kind="stable")
    edges = np.flatnonzero(np.diff(counts[order])) + 1
    for alike in np.split(order, edges):
        if len(alike):
            n = int(counts[alike[0]])
            step = max(1, TOGETHER // n)
            for begin in range(0, len(alike), step):
                tenders = alike[begin : begin + step]
                # Bids of the same rank next to each other in memory: sums over a tender run over whole columns.
                yield n, tenders, (starts[tenders] + np.arange(n)[:, None]).T


def figures(values: Bids, counts: Whole) -> Figures:
    """Compute the figures of tenders whose bids follow each other, ascending within each."""
    screens = np.full((len(counts), len(SCREENS)), np.nan)
    coarse = np.full(len(counts), FINEST, np.int8)
    scale = np.full(len(counts), np.nan)
    company, residual = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for n, tenders, places in blocks(counts):
        bids = values[places]
        for column, screen in enumerate(SCREENS):
            if n >= screen.defined:
                screens[tenders, column] = screen.compute(bids)
        if n >= LEAST_MEASURED:
            coarse[tenders] = coarsenesses(bids)
            company[places] = coalitions.company(bids)
            scales, residuals = standardised(bids)
            scale[tenders] = scales
            residual[places] = np.where(scales[:, None] > LEAST_SCALE, residuals, np.nan)
    return Figures(screens, coarse, scale, company, residual)


def coarsenesses(bids: Bids) -> NDArray[np.int8]:
    """Give for each tender what `null.coarseness` gives; bids of shape (m, n)."""
    middle = np.sort(last_places(bids.ravel()).reshape(bids.shape), axis=-1)[:, bids.shape[-1] // 2]
    shares, powers = np.frexp(_TENS[middle - LEAST_TEN] / bids.mean(axis=-1))
    return np.asarray(np.clip(powers - (shares == 0.5), FINEST, 0), np.int8)


def last_places(values: Bids) -> Whole:
    """Give the power of ten of the last digit that is not zero, of the shortest decimal that means the number.

    A decimal of few digits is found by multiplying with powers of ten, which is exact below 2⁵¹; what needs more
    digits is spelt out one by one.
    """
    found = np.zeros(len(values), np.int64)
    left = np.arange(len(values))
    for place in range(PLACES):
        scaled = np.rint(values[left] * 10.0**place)
        hit = (scaled < EXACT) & (scaled / 10.0**place == values[left])
        found[left[hit]] = -place
        if place == 0:
            _trailing(found, left[hit], values)
        left = left[~hit]
        if not len(left):
            return found
    for index in left.tolist():
        found[index] = int(Decimal(repr(float(values[index]))).normalize().as_tuple().exponent)
    return found


def _trailing(found: Whole, whole: Whole, values: Bids) -> None:
    for place in range(1, PLACES):
        whole = whole[values[whole] % 10.0**place == 0]
        if not len(whole):
            return
        found[whole] = place

"""Screens of the shape of a tender's bids. Arrays as in `variance`; bids that are all alike have no shape: 0."""

from __future__ import annotations

import math

import numpy as np

from collusion.rules.screens.variance import Bids


def skewness(bids: Bids) -> Bids:
    """Adjusted Fisher–Pearson skewness G1; needs three bids. Huber and Imhof 2019 (SKEW)."""
    n = bids.shape[-1]
    return _settled(_moment(bids, 3) * math.sqrt(n * (n - 1)) / (n - 2))


def kurtosis(bids: Bids) -> Bids:
    """Excess kurtosis G2, unbiased for normal bids; needs four bids. Huber and Imhof 2019 (KURTO)."""
    n = bids.shape[-1]
    excess = _moment(bids, 4) - 3.0
    return _settled(np.where(_alike(bids), 0.0, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6)))


def uniformity(bids: Bids) -> Bids:
    """Kolmogorov–Smirnov distance to the uniform law on [lowest, highest]; needs two. Wallimann et al. 2022 (KS)."""
    n = bids.shape[-1]
    low, high = bids[..., :1], bids[..., -1:]
    share = (bids - low) / np.where(_alike(bids)[..., None], 1.0, high - low)
    above = np.arange(1, n + 1) / n - share
    below = share - np.arange(n) / n
    return np.where(_alike(bids), 0.0, np.maximum(above, below).max(axis=-1))


def _alike(bids: Bids) -> np.ndarray:
    return np.asarray(bids[..., -1] - bids[..., 0] <= 1e-12 * bids[..., -1])


def _settled(shape: Bids) -> Bids:
    # Round prices are often exactly symmetric: what the arithmetic leaves of zero must not rank them, by chance.
    return np.where(np.abs(shape) < 1e-7, 0.0, shape)


def _moment(bids: Bids, order: int) -> Bids:
    centred = bids - bids.mean(axis=-1, keepdims=True)
    squares = centred * centred
    variance = squares.mean(axis=-1)
    powers = squares * (centred if order == 3 else squares)  # of the third and fourth order alone; `**` is far slower
    alike = _alike(bids)
    return np.where(alike, 0.0, powers.mean(axis=-1) / np.where(alike, 1.0, variance) ** (order / 2))

"""Screens of groups inside a tender: a ring need not be everybody (Wallimann, Imhof and Huber 2022; Imhof, Wallimann).

The published ones go through all groups of three and four and are summed up by minimum, mean, median and maximum. Here
only the tightest counts, and only groups next to each other in price are tried: any other group holds a wider range.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from collusion.rules.screens.variance import Bids, coefficient_of_variation


def tightest_three(bids: Bids) -> Bids:
    """Smallest coefficient of variation of three bids next to each other; needs four bids to say anything."""
    return np.asarray(coefficient_of_variation(sliding_window_view(bids, 3, axis=-1)).min(axis=-1))


def tightest_four(bids: Bids) -> Bids:
    """Smallest coefficient of variation of four bids next to each other; needs five bids to say anything."""
    return np.asarray(coefficient_of_variation(sliding_window_view(bids, 4, axis=-1)).min(axis=-1))


def company(bids: Bids) -> Bids:
    """Give each bid the range of the tightest three it belongs to, over the mean of all; shape as `bids`, n ≥ 3."""
    width = (bids[..., 2:] - bids[..., :-2]) / bids.mean(axis=-1, keepdims=True)
    open_end = np.full((*width.shape[:-1], 2), np.inf)
    padded = np.concatenate([open_end, width, open_end], axis=-1)
    return np.asarray(sliding_window_view(padded, 3, axis=-1).min(axis=-1))

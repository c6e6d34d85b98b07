"""Screens of spread: how far apart the bids of a tender lie. Arrays (…, n), ascending along the last axis."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bids: TypeAlias = NDArray[np.float64]


def coefficient_of_variation(bids: Bids) -> Bids:
    """Sample standard deviation (n − 1) over the mean; needs two bids. Abrantes-Metz et al. 2006, Imhof 2017."""
    return np.asarray(bids.std(axis=-1, ddof=1) / bids.mean(axis=-1))


def spread(bids: Bids) -> Bids:
    """(highest − lowest) / lowest; needs two bids. Huber and Imhof 2019."""
    return np.asarray((bids[..., -1] - bids[..., 0]) / bids[..., 0])

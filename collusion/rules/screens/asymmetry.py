"""Screens of the lowest bid's lead over the others: cover bids keep a distance. Arrays as in `variance`."""

from __future__ import annotations

import numpy as np

from collusion.rules.screens.variance import Bids

CAP = 1_000.0
"""A lead over losing bids that are all alike is infinite; it is shown as this."""


def percentage_difference(bids: Bids) -> Bids:
    """(second lowest − lowest) / lowest; needs two bids. Imhof, Karagök and Rutz 2018 (DIFFP)."""
    return np.asarray((bids[..., 1] - bids[..., 0]) / bids[..., 0])


def relative_distance(bids: Bids) -> Bids:
    """Lead over the standard deviation (n − 1) of the losing bids; needs three bids. Imhof et al. 2018 (RD)."""
    return _over(bids[..., 1] - bids[..., 0], bids[..., 1:].std(axis=-1, ddof=1), bids)


def alternative_distance(bids: Bids) -> Bids:
    """Lead over the mean step between neighbouring losing bids; needs three bids. Huber and Imhof 2019 (ALTRD)."""
    return _over(bids[..., 1] - bids[..., 0], (bids[..., -1] - bids[..., 1]) / (bids.shape[-1] - 2), bids)


def normalised_distance(bids: Bids) -> Bids:
    """Lead over the mean step between all neighbouring bids; needs three bids. Huber and Imhof 2019 (RDNOR)."""
    return _over(bids[..., 1] - bids[..., 0], (bids[..., -1] - bids[..., 0]) / (bids.shape[-1] - 1), bids)


def _over(lead: Bids, scale: Bids, bids: Bids) -> Bids:
    # Steps below rounding of the arithmetic are none: else the same bids in another currency would give another value.
    nothing = 1e-12 * bids[..., -1]
    alike = scale <= nothing
    ratio = lead / np.where(alike, 1.0, scale)
    return np.where(alike, np.where(lead <= nothing, 0.0, CAP), np.minimum(ratio, CAP))

"""Leak guards: what makes a figure worthless is refused before it is measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LABELS = ("Collusive_competitor", "Collusive_competitor_original", "Cartel_name", "only_cartels_bidding_on_contract")
"""The label, and what the authors of the data derived from it."""
IDENTIFIERS = ("Tender", "Competitors", "Bid")
CASE_MARKS = (
    "Bid_value", "Bid_value_without_inflation", "Bid_value_inflation_raw_milk_price_adjusted_bid",
    "Pre-Tender Estimate (PTE)", "Date", "Site", "Brazilian State", "Capital", "Legal_entity_type", "Consortium",
)  # fmt: skip
"""Columns that tell the case rather than the conduct: price level, period, place, size of the firm."""


class Leak(Exception):
    """The measurement would look at what it must not know; `what` says at what."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def refuse_features(
    names: Sequence[str], values: NDArray[np.float64], label: NDArray[np.int64], *, marks: bool
) -> None:
    """Refuse labels, what is derived from them, identifiers, and (unless `marks`) what marks the case.

    By name; and by value: a column that splits the rows exactly as the label does is the label.
    """
    for place, name in enumerate(names):
        if name in LABELS:
            raise Leak(f"label: {name}")
        if name in IDENTIFIERS:
            raise Leak(f"identifier: {name}")
        if not marks and name in CASE_MARKS:
            raise Leak(f"case mark: {name}")
        column = values[:, place]
        if len(np.unique(label)) == 2 and len(np.unique(column)) == 2 and len(label) > 20:
            high = (column == column.max()).astype(np.int64)
            if np.array_equal(high, label) or np.array_equal(1 - high, label):
                raise Leak(f"label: {name}")


def refuse_overlap(what: str, train: NDArray[np.int64], test: NDArray[np.int64]) -> None:
    """Refuse a split with a tender, bidder or market on both sides."""
    if shared := np.intersect1d(train, test).size:
        raise Leak(f"{what}: {shared} on both sides")

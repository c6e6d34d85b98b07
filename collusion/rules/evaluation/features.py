"""What a model may look at: scale-free screens per tender, a bid's place in its tender, co-bidding history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.evaluation.guards import IDENTIFIERS, LABELS
from collusion.rules.evaluation.markets import Market
from collusion.rules.screens.catalogue import SCREENS

Values = NDArray[np.float64]
PAPER_SEVEN = (
    "variance.cv", "variance.spread", "asymmetry.diffp", "asymmetry.rd", "shape.kurtosis", "shape.skewness", "shape.ks",
)  # fmt: skip
ALL_SCREENS = tuple(screen.identifier for screen in SCREENS)


@dataclass(frozen=True)
class Features:
    """Named columns, a row per tender or per bid; nan where a screen is not defined."""

    names: tuple[str, ...]
    values: Values

    def __add__(self, other: Features) -> Features:
        return Features(self.names + other.names, np.hstack([self.values, other.values]))

    def take(self, rows: NDArray[np.int64]) -> Features:
        """Give the features of some rows, in that order."""
        return Features(self.names, self.values[rows])

    def filled(self) -> Values:
        """Give the values with 0 for what is not defined, as the published files have it."""
        return np.nan_to_num(self.values, nan=0.0)

    def ranked(self) -> Values:
        """Give each column as mid-ranks in (−½, ½) among its defined values, 0 where not defined; needs no label."""
        return np.column_stack([_ranks(column) for column in self.values.T])


def _ranks(column: Values) -> Values:
    known = ~np.isnan(column)
    result = np.zeros(len(column))
    if known.any():
        # Rounded: the same screen of the same bids must tie on every machine.
        values = np.asarray([float(f"{value:.9g}") for value in column[known]])
        ordered = np.sort(values)
        middle = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
        result[known] = middle / len(values) - 0.5
    return result


def count(market: Market) -> Features:
    """Give the number of bids per tender: the control every screen must beat."""
    return Features(("n",), np.asarray([[float(len(rows))] for rows in market.rows]))


def screens(market: Market, wanted: tuple[str, ...] = ALL_SCREENS) -> Features:
    """Compute screens per tender from the bids themselves."""
    chosen = [screen for screen in SCREENS if screen.identifier in wanted]
    table = np.full((len(market.rows), len(chosen)), np.nan)
    for place, rows in enumerate(market.rows):
        bids = np.sort(market.columns["Bid_value"][rows])
        for column, screen in enumerate(chosen):
            if len(bids) >= screen.defined:
                table[place, column] = screen.compute(bids)
    return Features(tuple(screen.identifier for screen in chosen), table)


def per_bid(market: Market, tender_features: Features) -> Features:
    """Give every bid the features of its tender."""
    return tender_features.take(market.tender)


def position(market: Market) -> Features:
    """Place each bid in its tender: over the lowest, over the mean, its rank, distance to its neighbours."""
    bids = market.columns["Bid_value"]
    table = np.zeros((len(bids), 6))
    for rows in market.rows:
        values = bids[rows]
        ordered, n = np.sort(values), len(rows)
        low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
        mean = values.mean()
        gaps = np.concatenate([[0.0], np.diff(ordered), [0.0]]) / mean
        middle = (low + high - 1) // 2
        table[rows] = np.column_stack(
            [
                values / ordered[0] - 1,
                values / mean - 1,
                (low + high) / 2 / n,
                gaps[middle],
                gaps[middle + 1],
                (high - low - 1) / n,
            ]
        )
    names = ("bid.over_lowest", "bid.over_mean", "bid.rank", "bid.gap_below", "bid.gap_above", "bid.equals")
    return Features(names, table)


def estimate(market: Market) -> Features:
    """Give a bid's relative distance to the buyer's estimate where the file has it: scale-free."""
    found = market.columns.get("Difference Bid/PTE")
    if found is None:
        return Features((), np.empty((len(market.tender), 0)))
    mean = np.asarray([found[rows].mean() for rows in market.rows])[market.tender]
    return Features(("bid.to_estimate", "tender.to_estimate"), np.column_stack([found, mean]))


def tender_estimate(market: Market) -> Features:
    """Give a tender's bids relative to the buyer's estimate where the file has it: mean, lowest, spread; scale-free."""
    found = market.columns.get("Difference Bid/PTE")
    if found is None:
        return Features((), np.empty((len(market.rows), 0)))
    table = [[found[rows].mean(), found[rows].min(), found[rows].std()] for rows in market.rows]
    return Features(("estimate.mean", "estimate.lowest", "estimate.spread"), np.asarray(table))


def published(market: Market) -> Features:
    """Give the file's own columns but for labels and identifiers: what the paper's models see, case marks included."""
    names = tuple(name for name in market.columns if name not in (*LABELS, *IDENTIFIERS))
    return Features(names, np.column_stack([market.columns[name] for name in names]))


def circumstances(market: Market) -> Features:
    """Give date and place alone, no price at all: what a leak looks like."""
    known = ("Date", "Site", "Brazilian State", "Consortium", "Legal_entity_type")
    names = tuple(name for name in known if name in market.columns)
    empty = np.empty((len(market.tender), 0))
    return Features(names, np.column_stack([empty, *(market.columns[name] for name in names)]))

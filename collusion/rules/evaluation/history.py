"""Co-bidding history of each bid, learnt without any label: who comes with whom oftener than chance has it."""

from __future__ import annotations

import numpy as np

from collusion.rules.evaluation.features import Features
from collusion.rules.evaluation.markets import Market

NAMES = (
    "history.tenders", "history.company", "history.partners", "history.closest", "history.exclusive",
    "history.near", "history.nearest",
)  # fmt: skip


def cobidding(market: Market) -> Features:
    """Give per bid: the bidder's other tenders, and how its company here compares with independence.

    For two bidders with a and b other tenders of T, meeting c times elsewhere, the excess is (c − ab/T)/√(ab/T + ½);
    mean, largest three and largest over the others of this tender; the largest share c/min(a, b); and how near in price
    they lie elsewhere against the market's ordinary distance. The tender itself is taken out of every count, so being
    here together is no history.
    """
    if market.bidder is None:
        raise ValueError(market.name)
    tenders, bidders = len(market.rows), int(market.bidder.max()) + 1
    present = np.zeros((tenders, bidders))
    present[market.tender, market.bidder] = 1.0
    together = present.T @ present
    near = np.zeros((bidders, bidders))
    place = np.zeros(len(market.tender))
    for rows in market.rows:
        logs = np.log(market.columns["Bid_value"][rows])
        order = np.argsort(np.argsort(logs, kind="stable"), kind="stable")
        place[rows] = order / max(1, len(rows) - 1)
        who = market.bidder[rows]
        near[np.ix_(who, who)] += np.abs(place[rows][:, None] - place[rows][None, :])
    table = np.zeros((len(market.tender), len(NAMES)))
    for rows in market.rows:
        who = market.bidder[rows]
        own = np.diag(together)[who] - 1
        table[rows, 0] = np.log1p(own)
        if len(rows) < 2:
            continue
        met = together[np.ix_(who, who)] - 1
        expected = own[:, None] * own[None, :] / max(1, tenders - 1)
        excess = (met - expected) / np.sqrt(expected + 0.5)
        share = met / np.maximum(1, np.minimum(own[:, None], own[None, :]))
        distance = near[np.ix_(who, who)] - np.abs(place[rows][:, None] - place[rows][None, :])
        # Shrunk towards a third, the mean distance of two independent places.
        closeness = 1 / 3 - (distance + 2 / 3) / (np.maximum(met, 0) + 2)
        others = ~np.eye(len(rows), dtype=bool)
        lowest = np.where(others, excess, -np.inf)
        ordered = -np.sort(-lowest, axis=1)
        table[rows, 1] = np.where(others, excess, 0).sum(axis=1) / (len(rows) - 1)
        table[rows, 2] = ordered[:, : min(3, len(rows) - 1)].mean(axis=1)
        table[rows, 3] = ordered[:, 0]
        table[rows, 4] = np.where(others, share, 0).max(axis=1)
        table[rows, 5] = np.where(others, closeness * met, 0).sum(axis=1) / np.maximum(
            1, np.where(others, met, 0).sum(axis=1)
        )
        table[rows, 6] = np.where(others, closeness, -1).max(axis=1)
    return Features(NAMES, table)

"""The four protocols: the paper's split, leave one market out, forward in time, unseen bidders in unseen tenders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from collusion.rules.evaluation import features as look
from collusion.rules.evaluation import fitting, unlabelled
from collusion.rules.evaluation.choosing import Chosen
from collusion.rules.evaluation.features import Features
from collusion.rules.evaluation.fitting import Split, Trial
from collusion.rules.evaluation.history import cobidding
from collusion.rules.evaluation.markets import Market

LEAST_BIDS = 3
"""Tender-level protocols judge tenders of three or more bids: below it most screens are not defined."""
DRAWS = 40
"""How often a split is drawn at most until each side holds both classes."""


def evaluate(protocol: str, markets: Sequence[Market], repetitions: int) -> Iterator[dict[str, Any]]:
    """Give the rows of one protocol's table; the same files give the same rows."""
    # One thread: sums in one order, and no spinning beside other programs.
    with threadpool_limits(1):
        for trial in PROTOCOLS[protocol](markets, repetitions):
            yield trial.told()


def paper(markets: Sequence[Market], repetitions: int) -> Iterator[Trial]:
    """Every bid gets the paper's label; a fifth of the tenders is held out."""
    for market in markets:
        bare = _bid_features(market)
        yield from _paper(market.name, market.tender, market.label, bare, repetitions)
        published, around = look.published(market), look.circumstances(market)
        for model, kind, chosen in (
            ("published columns", "case marks", published),
            ("date and place", "control", around),
        ):
            if chosen.names:
                trial = Trial("paper", market.name, f"{model}, extra trees", kind, len(market.rows))
                for seed, split in enumerate(fitting.grouped_splits(market.tender, 0.2, repetitions, "tender")):
                    fitting.attempt(
                        trial, fitting.trees, chosen.names, chosen.values, market.label, split, seed=seed, marks=True
                    )
                yield trial
    if len(markets) > 1:
        offsets = np.cumsum([0, *(len(market.rows) for market in markets)])
        tender = np.concatenate([market.tender + offset for market, offset in zip(markets, offsets, strict=False)])
        common = [look.per_bid(m, look.screens(m) + look.count(m)) + look.position(m) for m in markets]
        together = Features(common[0].names, np.vstack([each.values for each in common]))
        label = np.concatenate([market.label for market in markets])
        yield from _paper("all", tender, label, together, repetitions)


def _bid_features(market: Market) -> Features:
    tender = look.screens(market) + look.count(market)
    return look.per_bid(market, tender) + look.position(market) + look.estimate(market)


def _paper(
    name: str, tender: fitting.Labels, label: fitting.Labels, bare: Features, repetitions: int
) -> Iterator[Trial]:
    tenders = len(np.unique(tender))
    model = Trial("paper", name, "scale-free screens and place, extra trees", "model", tenders)
    best = Trial("paper", name, "scale-free screens and place, chosen on the learning side", "model", tenders)
    number = Trial("paper", name, "number of bids, extra trees", "control", tenders)
    mixed = Trial("paper", name, "scale-free, labels shuffled", "shuffled", tenders)
    same = Trial("paper", name, "constant", "constant", tenders)
    values, column = bare.filled(), bare.names.index("n")
    for seed, split in enumerate(fitting.grouped_splits(tender, 0.2, repetitions, "tender")):
        fitting.attempt(model, fitting.even_trees, bare.names, values, label, split, seed=seed, group=tender)
        fitting.attempt(best, Chosen, bare.names, values, label, split, seed=seed, group=tender, folds=tender)
        alone = values[:, [column]]
        fitting.attempt(number, fitting.even_trees, ("n",), alone, label, split, seed=seed, group=tender)
        other = fitting.shuffled(label, tender, seed)
        fitting.attempt(mixed, fitting.even_trees, bare.names, values, other, split, seed=seed, group=tender)
        fitting.constant(same, label, split)
    yield from (model, best, number, mixed, same)


def loco(markets: Sequence[Market], repetitions: int) -> Iterator[Trial]:
    """Learn on all markets but one, each with the same weight, judge on that one; ranks within a market, no label."""
    kept = [np.flatnonzero([len(rows) >= LEAST_BIDS for rows in market.rows]) for market in markets]
    label = np.concatenate([market.tender_label[rows] for market, rows in zip(markets, kept, strict=True)])
    owner = np.concatenate([np.full(len(rows), place) for place, rows in enumerate(kept)])
    weight = (len(label) / len(markets) / np.bincount(owner))[owner]
    for model, kind, wanted in (
        ("seven screens in ranks, logistic", "model", look.PAPER_SEVEN),
        ("eleven screens in ranks, logistic", "model", look.ALL_SCREENS),
        ("number of bids in ranks, logistic", "control", ()),
        ("seven screens in ranks, labels shuffled", "shuffled", look.PAPER_SEVEN),
    ):
        parts = [
            (look.screens(m, wanted) if wanted else look.count(m)).take(rows)
            for m, rows in zip(markets, kept, strict=True)
        ]
        values = np.vstack([part.ranked() for part in parts])
        trials = []
        for place, market in enumerate(markets):
            test = owner == place
            split = Split(np.flatnonzero(~test), np.flatnonzero(test), (("market", owner),))
            trial = Trial("loco", market.name, model, kind, len(kept[place]))
            for seed in range(repetitions if kind == "shuffled" else 1):
                given = fitting.shuffled(label, np.arange(len(label)), seed) if kind == "shuffled" else label
                fitting.attempt(trial, fitting.logistic, parts[0].names, values, given, split, seed=seed, weight=weight)
            trials.append(trial)
            yield trial
        macro = Trial("loco", "macro", model, kind, len(label), rows=sum(trial.rows for trial in trials))
        usable = [trial.figures for trial in trials if trial.figures]
        macro.figures = [
            tuple(np.mean([f[i] for f in usable], axis=0)) for i in range(min(map(len, usable), default=0))
        ]
        macro.note = f"mean of {len(usable)} markets"
        yield macro


def forward(markets: Sequence[Market], repetitions: int) -> Iterator[Trial]:
    """Learn on the first half of the tenders by date, judge on what came strictly later."""
    for market in markets:
        kept = np.flatnonzero([len(rows) >= LEAST_BIDS for rows in market.rows])
        if market.tender_date is None:
            yield Trial("time", market.name, "none", "model", len(kept), note="the file has no date")
            continue
        date, label = market.tender_date[kept], market.tender_label[kept]
        middle = np.sort(date)[(len(date) - 1) // 2]
        period = (date > middle).astype(np.int64)
        split = Split(np.flatnonzero(period == 0), np.flatnonzero(period == 1), (("period", period), ("tender", kept)))
        eleven = look.screens(market) + look.count(market)
        for model, kind, chosen in (
            (
                "seven screens and count, extra trees",
                "model",
                look.screens(market, look.PAPER_SEVEN) + look.count(market),
            ),
            ("eleven screens and count, extra trees", "model", eleven),
            *(
                ("eleven screens, count and estimate, extra trees", "model", eleven + estimate)
                for estimate in [look.tender_estimate(market)]
                if estimate.names
            ),
            ("number of bids, extra trees", "control", look.count(market)),
            ("eleven screens and count, labels shuffled", "shuffled", eleven),
        ):
            trial = Trial("time", market.name, model, kind, len(kept))
            values = chosen.take(kept).filled()
            for seed in range(repetitions):
                given = fitting.shuffled(label, np.arange(len(label)), seed) if kind == "shuffled" else label
                fitting.attempt(trial, fitting.even_trees, chosen.names, values, given, split, seed=seed)
            yield trial
        same = Trial("time", market.name, "constant", "constant", len(kept))
        fitting.constant(same, label, split)
        yield same


def disjoint(markets: Sequence[Market], repetitions: int) -> Iterator[Trial]:
    """The bidder's own label; judged only on unseen bidders (30 %) in unseen tenders (30 %)."""
    for market in markets:
        if market.own is None or market.bidder is None:
            yield Trial("disjoint", market.name, "none", "model", len(market.rows), note="the file has no bidder label")
            continue
        bids = look.per_bid(market, look.screens(market) + look.count(market)) + look.position(market)
        history = bids + cobidding(market)
        for model, kind, chosen, learner in (
            ("screens and place, boosting", "model", bids, fitting.boosting),
            ("screens, place and co-bidding history, boosting", "model", history, fitting.boosting),
            ("screens, place and co-bidding history, extra trees", "model", history, fitting.even_trees),
            ("number of bids, boosting", "control", look.per_bid(market, look.count(market)), fitting.boosting),
            ("with history, labels shuffled, boosting", "shuffled", history, fitting.boosting),
            ("with history, labels shuffled, extra trees", "shuffled", history, fitting.even_trees),
        ):
            trial, drawn = Trial("disjoint", market.name, model, kind, len(market.rows)), 0
            for seed in range(repetitions):
                label = market.own
                if kind == "shuffled":
                    label = fitting.shuffled(label, np.arange(len(label)), seed)
                split, anew = unseen_of_both(market.tender, market.bidder, market.own, seed)
                drawn += anew
                fitting.attempt(trial, learner, chosen.names, chosen.filled(), label, split, seed=seed)
            if drawn and not trial.note:
                trial.note = f"{drawn} draws with one class only on a side were drawn anew"
            yield trial
        same = Trial("disjoint", market.name, "constant", "constant", len(market.rows))
        for seed in range(repetitions):
            fitting.constant(same, market.own, unseen_of_both(market.tender, market.bidder, market.own, seed)[0])
        yield same


def unseen_of_both(
    tender: fitting.Labels, bidder: fitting.Labels, label: fitting.Labels, seed: int
) -> tuple[Split, int]:
    """Hold out as `unseen` does, drawn anew (the second value: how often) until each side holds both classes.

    Where rings are few, a draw may leave none to be judged; what it would say of a model is nothing.
    """
    for anew in range(DRAWS):
        split = unseen(tender, bidder, seed, again=anew)
        if min(len(np.unique(label[split.train])), len(np.unique(label[split.test]))) == 2:
            break
    return split, anew


def unseen(tender: fitting.Labels, bidder: fitting.Labels, seed: int, share: float = 0.3, *, again: int = 0) -> Split:
    """Hold out tenders and bidders; rows with one foot on either side are used by nobody."""
    chance = np.random.default_rng([fitting.SEED, 3, seed, *([again] if again else [])])
    held = []
    for owner in (tender, bidder):
        groups = np.unique(owner)
        held.append(np.isin(owner, chance.choice(groups, max(1, round(share * len(groups))), replace=False)))
    train, test = np.flatnonzero(~held[0] & ~held[1]), np.flatnonzero(held[0] & held[1])
    return Split(train, test, (("tender", tender), ("bidder", bidder)))


def partly(markets: Sequence[Market], repetitions: int) -> Iterator[Trial]:
    """A share of the rigged tenders of the learning side is told as not known: who still finds the held-out ones?

    A fifth of the tenders is held out. Tenders are judged by the paper's label; where the file has the bidder's own,
    bids are judged by that, on unseen bidders in unseen tenders.
    """
    learners: tuple[tuple[str, Any], ...] = (
        ("unknown taken for clean, extra trees", fitting.even_trees),
        ("Elkan–Noto over extra trees", unlabelled.elkan_noto(fitting.trees)),
        ("bagging against the unlabelled", unlabelled.bagging),
        ("unknown taken for clean, logistic", fitting.logistic),
        ("Elkan–Noto over logistic", unlabelled.elkan_noto(fitting.logistic)),
    )
    for market in markets:
        for what, values, names, label, owner, splits in _partly_known(market, repetitions):
            for share in HIDDEN:
                trials = [
                    Trial("partly", market.name, f"{what}, {share:.0%} hidden: {said}", "model", len(market.rows))
                    for said, _ in learners
                ]
                mixed = Trial(
                    "partly", market.name, f"{what}, {share:.0%} hidden: shuffled", "shuffled", len(market.rows)
                )
                for seed, split in enumerate(splits):
                    told = unlabelled.hidden(label, split.train, owner, share, seed)
                    for trial, (_, learner) in zip(trials, learners, strict=True):
                        fitting.attempt(trial, learner, names, values, label, split, seed=seed, told=told)
                    other = fitting.shuffled(label, np.arange(len(label)), seed)
                    known = unlabelled.hidden(other, split.train, owner, share, seed)
                    fitting.attempt(mixed, unlabelled.bagging, names, values, other, split, seed=seed, told=known)
                yield from (*trials, mixed)


def _partly_known(market: Market, repetitions: int) -> Iterator[tuple[Any, ...]]:
    """What is judged, its features, labels, the group whose label is hidden together, and the splits."""
    kept = np.flatnonzero([len(rows) >= LEAST_BIDS for rows in market.rows])
    chosen = (look.screens(market) + look.count(market)).take(kept)
    each = np.arange(len(kept))
    splits = list(fitting.grouped_splits(each, 0.2, repetitions, "tender"))
    yield "tenders", chosen.ranked(), chosen.names, market.tender_label[kept], each, splits
    if market.own is not None and market.bidder is not None:
        bids = look.per_bid(market, look.screens(market) + look.count(market)) + look.position(market)
        bids = bids + cobidding(market)
        apart = [unseen(market.tender, market.bidder, seed) for seed in range(repetitions)]
        yield "bids", bids.filled(), bids.names, market.own, market.tender, apart


HIDDEN = (0.0, 0.3, 0.5, 0.7)
PROTOCOLS = {"paper": paper, "loco": loco, "time": forward, "disjoint": disjoint, "partly": partly}

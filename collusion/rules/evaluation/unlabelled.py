"""Learning from confirmed cases and the rest unlabelled: what is not known to be rigged is not known to be clean.

Elkan and Noto 2008: a first learner tells the chance of being *labelled*; from how it sees labelled rows it has not
learnt from follows c, the share of the rigged that are labelled; every unlabelled row then counts as rigged with weight
w and as clean with 1 − w. Mordelet and Vert 2014: many learners, each between the labelled and another small draw from
the unlabelled; a row is scored by all of them. Both assume that the labelled are a fair draw of the rigged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
FOLDS = 4
BAGS = 40
TREES_OF_A_BAG = 8
LEAST_CHANCE = 0.02
Learner = Callable[[int], Any]


def elkan_noto(learner: Learner) -> Learner:
    """Give the learner that weighs unlabelled rows by Elkan and Noto; any learner with weights and probabilities."""
    return lambda seed: ElkanNoto(learner, seed)


def bagging(seed: int) -> Bagging:
    """Give the bagging learner of Mordelet and Vert over extra trees."""
    return Bagging(seed)


class ElkanNoto:
    """Fitted in two steps; `share` is the estimated c."""

    def __init__(self, learner: Learner, seed: int) -> None:
        self.learner, self.seed = learner, seed
        self.share = 1.0
        self.last: Any = None

    def fit(self, values: Values, label: Labels, sample_weight: Values | None = None) -> ElkanNoto:
        """Learn from 1 = known to be rigged, 0 = not known. Folds are drawn by the seed alone."""
        weight = np.ones(len(label)) if sample_weight is None else sample_weight
        fold = np.random.default_rng([self.seed, 11]).permutation(len(label)) % FOLDS
        seen = np.zeros(len(label))
        for number in range(FOLDS):
            kept, held = fold != number, fold == number
            first = self.learner(self.seed).fit(values[kept], label[kept], sample_weight=weight[kept])
            seen[held] = first.predict_proba(values[held])[:, -1] if len(first.classes_) == 2 else 0.0
        chance = np.clip(seen, LEAST_CHANCE, 1 - LEAST_CHANCE)
        known = label == 1
        self.share = float(np.clip(chance[known].mean(), LEAST_CHANCE, 1 - LEAST_CHANCE))
        rigged = np.clip((1 - self.share) / self.share * chance / (1 - chance), 0.0, 1.0)
        both = np.concatenate([np.where(known, weight, weight * rigged), (weight * (1 - rigged))[~known]])
        self.last = self.learner(self.seed).fit(
            np.vstack([values, values[~known]]),
            np.concatenate([np.ones(len(label), dtype=np.int64), np.zeros(int((~known).sum()), dtype=np.int64)]),
            sample_weight=both,
        )
        return self

    def predict_proba(self, values: Values) -> Values:
        """Give the chance of being clean and of being rigged per row."""
        return np.asarray(self.last.predict_proba(values))


class Bagging:
    """BAGS learners, each between all labelled rows and as many unlabelled ones drawn anew."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.bags: list[Any] = []

    def fit(self, values: Values, label: Labels, sample_weight: Values | None = None) -> Bagging:
        """Learn from 1 = known to be rigged, 0 = not known; weights decide how often an unlabelled row is drawn."""
        known, rest = np.flatnonzero(label == 1), np.flatnonzero(label == 0)
        chance = None if sample_weight is None else sample_weight[rest] / sample_weight[rest].sum()
        for number in range(BAGS):
            drawn = np.random.default_rng([self.seed, 13, number]).choice(rest, len(known), p=chance)
            rows = np.concatenate([known, drawn])
            learner = ExtraTreesClassifier(
                TREES_OF_A_BAG,
                max_features="sqrt",
                min_samples_leaf=2,
                random_state=self.seed * BAGS + number,
                n_jobs=1,
            )
            self.bags.append(learner.fit(values[rows], label[rows]))
        return self

    def predict_proba(self, values: Values) -> Values:
        """Give the mean over all bags."""
        return np.asarray(np.mean([bag.predict_proba(values) for bag in self.bags], axis=0))


def hidden(label: Labels, train: Labels, group: Labels, share: float, seed: int) -> Labels:
    """Give the labels with `share` of the rigged groups of the learning side told as not known."""
    rigged = np.unique(group[train][label[train] == 1])
    chance = np.random.default_rng([seed, 17])
    gone = chance.choice(rigged, round(share * len(rigged)), replace=False)
    told = label.copy()
    told[train] = np.where(np.isin(group[train], gone), 0, label[train])
    return told

"""A learner that chooses among others on the learning side alone: trees, a logistic line, the mean of both.

Each is learnt on parts of the learning side and judged on the rest of it, whole groups at a time; the one with the
best mean of balanced accuracy and AUC is then learnt on all of it. What is judged in the end is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from collusion.rules.evaluation import fitting

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
FOLDS = 4
MOST = 6_000
"""Rows among which is chosen: whole groups by chance up to so many, since trees take long."""
Learner = Callable[[int], Any]


class Together:
    """The mean of what several learners say."""

    def __init__(self, learners: tuple[Learner, ...], seed: int) -> None:
        self.made = [learner(seed) for learner in learners]

    def fit(self, values: Values, label: Labels) -> Together:
        """Learn with each."""
        for one in self.made:
            one.fit(values, label)
        return self

    def predict_proba(self, values: Values) -> Values:
        """Give the mean chance of being clean and of being rigged per row."""
        return np.asarray(np.mean([one.predict_proba(values) for one in self.made], axis=0))


def line(seed: int) -> Any:
    """A logistic line on standardised columns, held short."""
    made = fitting.logistic(seed)
    made.C = 0.1
    return make_pipeline(StandardScaler(), made)


def both(seed: int) -> Together:
    """Trees and the line, half each."""
    return Together((fitting.even_trees, line), seed)


CANDIDATES: Mapping[str, Learner] = {"trees": fitting.even_trees, "line": line, "both": both}


class Chosen:
    """See the head of this file; `kept_together` names the group of each row of the learning side."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.kept_together: Labels | None = None
        self.name = ""
        self.last: Any = None

    def fit(self, values: Values, label: Labels, sample_weight: Values | None = None) -> Chosen:
        """Choose and learn; the fold of a group is drawn by the seed alone. Rows count alike."""
        group = np.arange(len(label)) if self.kept_together is None else self.kept_together
        _, owner, size = np.unique(group, return_inverse=True, return_counts=True)
        order = np.random.default_rng([self.seed, 23]).permutation(size.size)
        place = np.empty(size.size, dtype=np.int64)
        place[order] = np.where(np.cumsum(size[order]) - size[order] < MOST, np.arange(size.size) % FOLDS, FOLDS)
        fold = place[owner]
        figures: dict[str, list[float]] = {name: [] for name in CANDIDATES}
        for number in range(FOLDS):
            kept, held = (fold != number) & (fold < FOLDS), fold == number
            if len(np.unique(label[kept])) < 2 or len(np.unique(label[held])) < 2:
                continue
            scores = {}
            for name in ("trees", "line"):
                scores[name] = CANDIDATES[name](self.seed).fit(values[kept], label[kept]).predict_proba(values[held])
            scores["both"] = (scores["trees"] + scores["line"]) / 2
            for name, score in scores.items():
                told = np.bincount(owner[held], score[:, 1]) / np.maximum(1, np.bincount(owner[held]))
                each = told[owner[held]]
                figures[name].append(
                    balanced_accuracy_score(label[held], each >= 0.5) + roc_auc_score(label[held], each)
                )
        self.name = max(CANDIDATES, key=lambda name: float(np.mean(figures[name])) if figures[name] else 0.0)
        self.last = CANDIDATES[self.name](self.seed).fit(values, label)
        return self

    def predict_proba(self, values: Values) -> Values:
        """Give what the chosen one says."""
        return np.asarray(self.last.predict_proba(values))

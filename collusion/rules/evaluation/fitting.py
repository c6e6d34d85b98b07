"""Fits one learner on one split, behind the leak guards, and says how well it did: a row of the table is a Trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

from collusion.rules.evaluation import guards
from collusion.rules.evaluation.published import ASKED, PUBLISHED

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
TREES = 300
SEED = 20_221_130
LEAST_TO_JUDGE = 5
"""Repetitions below which the scatter of a control is not known well enough to judge it."""
LEAST_BAND = 5.0
"""Points of AUC a shuffled-label control may lie off 50 whatever its own scatter says."""


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be judged on; `apart` names what must not stand on both sides, per row."""

    train: Labels
    test: Labels
    apart: tuple[tuple[str, Labels], ...]


@dataclass
class Trial:
    """One row of the table: figures of every repetition under one protocol, market and model."""

    protocol: str
    market: str
    model: str
    kind: str
    tenders: int
    figures: list[tuple[float, float, float, float]] = field(default_factory=list)
    rows: int = 0
    tried: int = 0
    note: str = ""

    def told(self) -> dict[str, Any]:
        """Give the row in percent with the published one beside it; `holds`: exceeded, or a control at chance.

        `asked`: exceeded in the figures of ASKED. Nothing is said to hold on fewer than half of the repetitions.
        """
        means = np.mean(self.figures, axis=0) if self.figures else np.full(4, np.nan)
        spread = np.std(self.figures, axis=0) if self.figures else np.full(4, np.nan)
        beside = PUBLISHED[self.protocol].get(self.market) if self.kind in ("model", "case marks") else None
        told: dict[str, Any] = {
            "protocol": self.protocol,
            "market": self.market,
            "model": self.model,
            "kind": self.kind,
            "tenders": self.tenders,
            "n": self.rows,
            "repetitions": len(self.figures),
            "tried": max(self.tried, len(self.figures)),
            "balanced_accuracy": _percent(means[0]),
            "balanced_accuracy_sd": _percent(spread[0]),
            "auc": _percent(means[1]),
            "auc_sd": _percent(spread[1]),
            "f1": _percent(means[2]),
            "accuracy": _percent(means[3]),
            "published": beside,
            "holds": None,
            "asked": None,
        }
        if self.note:
            told["note"] = self.note
        if not self.figures or 2 * len(self.figures) < self.tried:
            return told
        if self.kind == "shuffled" and len(self.figures) >= LEAST_TO_JUDGE:
            band = max(LEAST_BAND, 4 * 100 * float(spread[1]) / len(self.figures) ** 0.5)
            told["holds"] = bool(abs(100 * means[1] - 50) <= band)
        elif beside:
            above = {name: told[name] > beside[name] for name in beside if name in ("balanced_accuracy", "auc")}
            told["holds"] = all(above.values())
            told["asked"] = all(above[name] for name in ASKED[self.protocol])
        return told


def _percent(share: float) -> float | None:
    return None if np.isnan(share) else round(100 * float(share), 1)


def trees(seed: int) -> Any:
    """Extra trees as published: 300, square root of the features at each node."""
    return ExtraTreesClassifier(TREES, max_features="sqrt", random_state=seed, n_jobs=1)


def even_trees(seed: int) -> Any:
    """Extra trees that count both classes alike, which is what balanced accuracy judges."""
    return ExtraTreesClassifier(
        TREES, max_features="sqrt", min_samples_leaf=2, class_weight="balanced", random_state=seed, n_jobs=1
    )


def boosting(seed: int) -> Any:
    """Histogram boosting that counts both classes alike."""
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.06,
        max_leaf_nodes=15,
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )  # fmt: skip


def logistic(seed: int) -> Any:
    """Logistic regression that counts both classes alike."""
    return LogisticRegression(class_weight="balanced", max_iter=1000, random_state=seed)


def attempt(
    trial: Trial,
    learner: Callable[[int], Any],
    names: Sequence[str],
    values: Values,
    label: Labels,
    split: Split,
    *,
    seed: int,
    marks: bool = False,
    weight: Values | None = None,
    group: Labels | None = None,
    told: Labels | None = None,
    folds: Labels | None = None,
) -> None:
    """Learn on one side, judge on the other and add the figures to the trial; raises Leak before learning.

    With `group` every row gets the mean score of its group: a label that belongs to the tender is told for the tender.
    A side with one class only cannot be judged and adds nothing. `told`: the labels learnt from, where they are not
    those judged by. `folds`: what a learner that chooses among others (`choosing`) keeps together when it does.
    """
    for what, owner in split.apart:
        guards.refuse_overlap(what, owner[split.train], owner[split.test])
    guards.refuse_features(names, values, label, marks=marks)
    truth = label[split.test]
    trial.rows += len(truth)
    trial.tried += 1
    known = label if told is None else told
    if len(np.unique(truth)) < 2 or len(np.unique(known[split.train])) < 2:
        trial.note = "one class only on a side"
        return
    model = learner(seed)
    if folds is not None:
        model.kept_together = folds[split.train]
    model.fit(values[split.train], known[split.train], sample_weight=None if weight is None else weight[split.train])
    score = model.predict_proba(values[split.test])[:, 1]
    if group is not None:
        _, owner = np.unique(group[split.test], return_inverse=True)
        score = (np.bincount(owner, score) / np.bincount(owner))[owner]
    trial.figures.append(judged(truth, score))


def constant(trial: Trial, label: Labels, split: Split) -> None:
    """Judge the answer that is always the commoner class of the learning side: what accuracy is worth."""
    truth = label[split.test]
    trial.rows += len(truth)
    trial.tried += 1
    if len(np.unique(truth)) == 2:
        trial.figures.append(judged(truth, np.full(len(truth), float(label[split.train].mean() >= 0.5))))


def judged(truth: Labels, score: Values) -> tuple[float, float, float, float]:
    """Give balanced accuracy, AUC, F1 and accuracy at a score of one half."""
    said = score >= 0.5
    return (
        float(balanced_accuracy_score(truth, said)),
        float(roc_auc_score(truth, score)),
        float(f1_score(truth, said, zero_division=0)),
        float(accuracy_score(truth, said)),
    )


def grouped_splits(group: Labels, share: float, repetitions: int, what: str) -> Iterator[Split]:
    """Draw splits with whole groups on one side, `share` of the groups to be judged on."""
    groups = np.unique(group)
    for repetition in range(repetitions):
        chance = np.random.default_rng([SEED, repetition])
        held = chance.choice(groups, max(1, round(share * len(groups))), replace=False)
        test = np.isin(group, held)
        yield Split(np.flatnonzero(~test), np.flatnonzero(test), ((what, group),))


def shuffled(label: Labels, group: Labels, seed: int) -> Labels:
    """Give every group the label of another one: what is learnt from these must be chance."""
    chance = np.random.default_rng([SEED, 7, seed])
    first = np.unique(group, return_index=True)[1]
    return np.asarray(chance.permutation(label[first])[group])

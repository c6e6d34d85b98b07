"""How right reference opinions are: precision, recall and abstention per verdict, and whether the page is the right one.

`./run bench pre-review [--fit] [--short]`: fits on wording A, sets thresholds on B, tests on C and on the demo's bids;
without --fit the weights that are shipped are tested.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.prereview.corpus import DEADLINE, Case, demo_cases, made_cases
from experts.rules.opinions import FOUND, NOT_FOUND, UNCLEAR, candidates, judge, model, unread_share
from experts.rules.opinions.opinion import FEATURES, MODEL, probability

BIDS = {"A": 300, "B": 200, "C": 200}
SHORT = 30
SEED = 2026
WANTED = 0.97
"""Each verdict's precision on wording B from which its threshold is taken."""


LEAST_FOUND = 0.6
MOST_NOT_FOUND = 0.15
"""Whatever the calibration says: to call missing what is there costs a bidder more than to call it unclear."""


@dataclass
class Tally:
    """Counts of (label, verdict), and of pages."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    pages: Counter[bool] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def precision(self, verdict: str) -> float:
        """Of those so judged, the share that is so."""
        judged = sum(n for (_, said), n in self.counts.items() if said == verdict)
        return self.counts[verdict, verdict] / judged if judged else 1.0

    def recall(self, verdict: str) -> float:
        """Of those that are so, the share so judged; abstentions count as missed."""
        real = sum(n for (label, _), n in self.counts.items() if label == verdict)
        return self.counts[verdict, verdict] / real if real else 1.0

    def abstention(self) -> float:
        """The share of readable clauses left unclear."""
        return sum(n for (_, said), n in self.counts.items() if said == UNCLEAR) / max(1, sum(self.counts.values()))

    def as_json(self) -> dict[str, Any]:
        """The figures."""
        return {
            "clauses": sum(self.counts.values()),
            "found": {"precision": round(self.precision(FOUND), 4), "recall": round(self.recall(FOUND), 4)},
            "not_found": {"precision": round(self.precision(NOT_FOUND), 4), "recall": round(self.recall(NOT_FOUND), 4)},
            "unclear": round(self.abstention(), 4),
            "right_page": round(self.pages[True] / max(1, sum(self.pages.values())), 4),
            "unreadable": dict(self.unreadable),
        }


def tally(cases: Iterable[Case], fitted: dict[str, Any]) -> Tally:
    """Opinions on every clause of the cases against their labels."""
    found = Tally()
    for case in cases:
        unread = unread_share(case.leaves)
        held = candidates({code: one.clause for code, one in case.asked.items()}, case.leaves, DEADLINE)
        for code, one in case.asked.items():
            opinion = judge(held[code], code, unread=unread, fitted=fitted)
            if not one.readable:
                found.unreadable[opinion.verdict] += 1
                continue
            found.counts[one.label, opinion.verdict] += 1
            if opinion.verdict == FOUND and one.label == FOUND and code in case.answers:
                found.pages[opinion.page == case.answers[code]] += 1
            if opinion.verdict not in (UNCLEAR, one.label):
                found.wrong.append(
                    f"{case.name} {code} {one.state} is {one.label}, said {opinion.verdict} "
                    f"{opinion.probability:.2f}: {opinion.quotation[:60]}"
                )
    return found


def rows(cases: Iterable[Case]) -> tuple[list[tuple[float, ...]], list[int]]:
    """Values and labels of every readable clause."""
    values, labels = [], []
    for case in cases:
        held = candidates({code: one.clause for code, one in case.asked.items()}, case.leaves, DEADLINE)
        for code, one in case.asked.items():
            if one.readable and held[code].passage is not None:
                values.append(held[code].values)
                labels.append(int(one.label == FOUND))
    return values, labels


def fit(train: Sequence[Case], calibration: Sequence[Case]) -> dict[str, Any]:
    """Weights from `train`, thresholds from `calibration`; the same for the same cases."""
    from sklearn.linear_model import LogisticRegression

    values, labels = rows(train)
    learned = LogisticRegression(C=0.5, max_iter=2000).fit(values, labels)
    fitted: dict[str, Any] = {
        "type": "sunbid-opinions/v1",
        "features": list(FEATURES),
        "weights": [round(float(w), 4) for w in learned.coef_[0]],
        "intercept": round(float(learned.intercept_[0]), 4),
    }
    held, truth = rows(calibration)
    scored = sorted(((probability(one, fitted), label) for one, label in zip(held, truth, strict=True)), reverse=True)
    fitted["found_from"] = max(_threshold(scored, wanted=1), LEAST_FOUND)
    fitted["not_found_to"] = 1 - _threshold([(1 - p, 1 - label) for p, label in reversed(scored)], wanted=1)
    fitted["not_found_to"] = round(min(fitted["not_found_to"], MOST_NOT_FOUND), 4)
    return fitted


def _threshold(scored: Sequence[tuple[float, int]], *, wanted: int) -> float:
    """The lowest chance from which the share of `wanted` is at least WANTED, and at least 0.5."""
    right, best = 0, 0.99
    for number, (chance, label) in enumerate(scored, 1):
        right += label == wanted
        if chance < 0.5:
            break
        if right / number >= WANTED:
            best = chance
    return round(best, 4)


def main(arguments: list[str]) -> int:
    """Print the figures; 0 where each verdict is right at least nine times in ten on both tests."""
    short = "--short" in arguments
    counts = {wording: SHORT if short else count for wording, count in BIDS.items()}
    fitted = dict(model()) if MODEL.exists() else {}
    if "--fit" in arguments:
        fitted = fit(made_cases("A", counts["A"], SEED), made_cases("B", counts["B"], SEED))
        MODEL.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
        print(f"fitted: {json.dumps(fitted)}")
    test = tally(made_cases("C", counts["C"], SEED), fitted)
    with tempfile.TemporaryDirectory() as folder:
        demo = tally(demo_cases(Path(folder)), fitted)
    if "--wrong" in arguments:
        print("\n".join([*test.wrong[:40], *demo.wrong]))
    figures = {"made": test.as_json(), "demo": demo.as_json()}
    good = all(one.precision(verdict) >= 0.9 for one in (test, demo) for verdict in (FOUND, NOT_FOUND))
    print(json.dumps({"figure": "pre-review", **figures, "holds": good}, ensure_ascii=False))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

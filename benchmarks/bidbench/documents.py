"""How well copies are found in bids: bidbench's held-out sources and operators, beside the peers in the same run.

    ./run bench documents --sources DIR [--repetitions N] [--split dev|test] [--seed N] [--cache FILE]

DIR: see `benchmarks/bidbench/sources.py`. Without it texts of invented words stand in, which are easier; the table says so.
Scored are pairs of bids of cases of four. Recall is read at the threshold only one clean pair in a hundred exceeds, and
at the one none exceeds. Hard negatives share text for an honest reason and are judged at the first threshold.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.bidbench import peers
from benchmarks.bidbench.corpus import HARD, Corpus, Planted, Written
from benchmarks.bidbench.operators import EVERY, HELD_OUT
from benchmarks.bidbench.sources import invented, load, synonyms
from collusion.rules import odds
from collusion.rules.passages import Comparison, Seeds, Side, compare_all
from collusion.rules.reading import Ordinary, read_bid

OURS = "sunbid"
SHARES = (0.20, 0.05)
TARGETS = {"recall 20 %": 0.97, "recall 5 %": 0.60, "recall at 0 FP": 0.60, "F1": 0.85, "hard": 0.01}


@dataclass
class Found:
    """Scores of all pairs by detector, and the letters of the passages found and planted."""

    scores: dict[str, list[float]] = field(default_factory=dict)
    labels: list[tuple[bool, str, float, str | None]] = field(default_factory=list)
    """(copied, operator, share, honest reason) of each pair."""
    letters: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def at(self, name: str, false: float) -> float:
        """The least score above which a share `false` of the clean pairs lies."""
        clean = np.sort(
            [s for s, (hit, _, _, hard) in zip(self.scores[name], self.labels, strict=True) if not (hit or hard)]
        )
        return float(clean[::-1][int(false * clean.size)])

    def above(
        self, name: str, threshold: float, *, share: float = 0.0, operator: str = "", hard: bool = False
    ) -> tuple[int, int]:
        """How many pairs of a kind lie above, of how many."""
        hits = [
            score > threshold
            for score, (copied, how, much, why) in zip(self.scores[name], self.labels, strict=True)
            if (why is not None if hard else copied and much == share and operator in ("", how))
        ]
        return sum(hits), len(hits)


def judge(case: Planted, found: Found, *, with_peers: bool = True) -> None:
    """Score every pair of a case by every detector."""
    names = list(case.bids)
    documents = {name: case.bids[name].document() for name in names}
    started = time.process_time()
    ordinary = Ordinary(case.tender, case.background)
    seeds = [Seeds(read_bid(name, [documents[name]], ordinary), ordinary) for name in names]
    compared = compare_all(seeds, ordinary)
    found.seconds[OURS] += time.process_time() - started
    started = time.process_time()
    others = peers.scores(case.tender, documents, case.background) if with_peers else {}
    found.seconds["peers"] += time.process_time() - started
    for (i, j), comparison in sorted(compared.items()):
        pair = (names[i], names[j])
        copied = pair == case.ring
        if case.operator == "mix of two" and pair == (names[1], names[2]):
            continue  # the other half of the copy: neither clean nor the pair that was asked for
        found.labels.append((copied, case.operator, case.share, case.hard if pair == case.hard_pair else None))
        found.scores.setdefault(OURS, []).append(comparison.concentrated)
        for name, scores in others.items():
            found.scores.setdefault(name, []).append(scores[pair])
        if copied:
            _count_letters(found.letters, comparison, case.bids[pair[0]], case.bids[pair[1]], case.share)


def _count_letters(letters: Counter[str], comparison: Comparison, a: Written, b: Written, share: float) -> None:
    for written, sides in ((a, [p.a for p in comparison.passages]), (b, [p.b for p in comparison.passages])):
        truth = {(n, at) for n, spans in written.spans.items() for start, end in spans for at in range(start, end)}
        shown = {place for side in sides for place in _covered(side)}
        for key in ("all", f"{share:.2f}"):
            letters[f"{key} planted"] += len(truth)
            letters[f"{key} shown"] += len(shown)
            letters[f"{key} both"] += len(truth & shown)


def _covered(side: Side) -> set[tuple[int, int]]:
    return {(side.place.paragraph or 0, at) for at in range(side.offset, side.offset + len(side.text))}


def f1(letters: Counter[str], key: str = "all") -> tuple[float, float, float]:
    """Precision, recall and F1 of the letters shown as shared on both sides."""
    precision = letters[f"{key} both"] / max(1, letters[f"{key} shown"])
    recall = letters[f"{key} both"] / max(1, letters[f"{key} planted"])
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def measure(corpus: Corpus, repetitions: int, *, with_peers: bool = True) -> Found:
    """Every operator at every share, and every honest likeness, so many times."""
    found = Found()
    number = 0
    for operator in EVERY:
        for share in SHARES:
            for _ in range(repetitions):
                judge(corpus.case(number, operator=operator, share=share), found, with_peers=with_peers)
                number += 1
    for hard in HARD:
        for _ in range(3 * repetitions):
            judge(corpus.case(number, hard=hard), found, with_peers=with_peers)
            number += 1
    return found


def main(arguments: list[str]) -> int:
    """Print the table; exit 0 when every target is reached."""
    parser = argparse.ArgumentParser(prog="documents", description=__doc__)
    parser.add_argument("--sources", type=Path, help="folder of Chinese texts")
    parser.add_argument("--cache", type=Path, help="keep the texts read here")
    parser.add_argument("--repetitions", type=int, default=6)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--receipts", type=Path, help="write the receipt of every case here, one JSON line each")
    options = parser.parse_args(arguments)
    texts = load(options.sources, cache=options.cache) if options.sources else invented()
    corpus = Corpus(texts, synonyms(options.sources), split=options.split, seed=options.seed)
    started = time.monotonic()
    found = measure(corpus, options.repetitions, with_peers=not options.no_peers)
    if options.receipts:
        with options.receipts.open("w", encoding="utf-8") as lines:
            for number, (operator, share) in enumerate(
                (o, s) for o in EVERY for s in SHARES for _ in range(options.repetitions)
            ):
                lines.write(
                    json.dumps(corpus.case(number, operator=operator, share=share).receipt, ensure_ascii=False) + "\n"
                )
    return report(found, options, time.monotonic() - started, sources=bool(options.sources))


def report(found: Found, options: argparse.Namespace, seconds: float, *, sources: bool) -> int:
    """Print what was found and the figure."""
    clean = sum(not (copied or hard) for copied, _, _, hard in found.labels)
    print(f"{'real texts' if sources else 'INVENTED WORDS, not real texts'}; split {options.split}, seed "
          f"{options.seed}, {clean} clean pairs, {seconds:.0f} s, CPU {dict(found.seconds)}")  # fmt: skip
    print(f"{'detector':26} {'20 % R@1%':>10} {'20 % R@0':>9} {'5 % R@1%':>9} {'5 % R@0':>8} {'hard':>7}")
    for name in found.scores:
        one, zero = found.at(name, 0.01), found.at(name, 0.0)
        cells = [found.above(name, limit, share=share) for share in SHARES for limit in (one, zero)]
        hard = found.above(name, one, hard=True)
        rates = [100 * hits / max(1, many) for hits, many in cells]
        print(
            f"{name:26} {rates[0]:10.1f} {rates[1]:9.1f} {rates[2]:9.1f} {rates[3]:8.1f} {100 * hard[0] / hard[1]:7.1f}"
        )
    one, zero = found.at(OURS, 0.01), found.at(OURS, 0.0)
    print("by operator, recall at 1 % (20 % / 5 % copied):")
    for operator in EVERY:
        told = "  ".join(f"{h}/{n}" for h, n in (found.above(OURS, one, share=s, operator=operator) for s in SHARES))
        print(f"  {operator:20} {told}{'   (held out)' if operator in HELD_OUT else ''}")
    for reason in HARD:
        picked = [s > one for s, (_, _, _, why) in zip(found.scores[OURS], found.labels, strict=True) if why == reason]
        print(f"  honest: {reason:12} {sum(picked)}/{len(picked)} above the threshold")
    held = _held_out(found, one)
    values = {
        "recall 20 %": _rate(found.above(OURS, one, share=0.20)),
        "recall 5 %": _rate(found.above(OURS, one, share=0.05)),
        "recall at 0 FP": _rate(found.above(OURS, zero, share=0.20)),
        "F1": f1(found.letters)[2],
        "hard": _rate(found.above(OURS, one, hard=True)),
    }
    for key in ("0.20", "0.05", "all"):
        precision, recall, both = f1(found.letters, key)
        print(f"passages, {key} copied: precision {precision:.3f}, recall {recall:.3f}, F1 {both:.3f}")
    missed = [n for n, v in values.items() if (v > TARGETS[n] if n == "hard" else v < TARGETS[n])]
    low, high = odds.wilson(*found.above(OURS, one, share=0.20))
    print(
        f"documents: recall at 1 % FPR {100 * values['recall 20 %']:.1f} % of 20 %-copies (95 % {100 * low:.1f}–"
        f"{100 * high:.1f}, target 97), {100 * values['recall 5 %']:.1f} % of 5 %-copies (target 60), at 0 FP "
        f"{100 * values['recall at 0 FP']:.1f} % (target 60), held-out operators {held}, passage F1 {values['F1']:.3f} "
        f"(target 0.85), hard negatives {100 * values['hard']:.1f} % (target ≤ 1)"
        + (f"; missed: {', '.join(missed)}" if missed else "")
    )
    return 1 if missed else 0


def _held_out(found: Found, threshold: float) -> str:
    hits = [[found.above(OURS, threshold, share=s, operator=o) for o in HELD_OUT] for s in SHARES]
    return " / ".join(f"{100 * sum(h for h, _ in row) / max(1, sum(n for _, n in row)):.1f} %" for row in hits)


def _rate(counts: tuple[int, int]) -> float:
    return counts[0] / max(1, counts[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

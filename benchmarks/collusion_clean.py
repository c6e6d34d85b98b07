"""Ten thousand simulated clean tenders: do false leads stay within the budget, and is the posterior as often right as it says?

    ./run bench collusion-clean FOLDER [--clean 10000] [--rigged 300]

plays clean and rigged sections of twenty worlds the calibration has not seen, with and without an archive. Each section
adds a line to FOLDER/<regime>-<kind>.jsonl and is not played again, so a run that was stopped goes on. Prices, marks,
devices and people are judged in all of them; texts and pictures, which cost most of the time, in every rigged one and
in every WHOLE_EVERY-th clean one. What is told of the tenth is told apart: leads that need a text cannot show in the
other nine. Calibration is told on the tenth, at the stated prior, beside a constant.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.collusion_calibration import ARCHIVE_TENDERS
from benchmarks.collusion_sections import Maker, Section
from collusion.rules import catalogue, fusion, odds
from collusion.rules.evidence import Evidence, Family
from collusion.rules.fusion import Judged, Selection
from collusion.rules.scan import evaluate, told_once

FIRST_WORLD = 30_000
WORLDS = 20
BUDGETS = (0.1, 0.05, 0.01, 0.001)
MOST_ERROR = 0.03
WHOLE_EVERY = 10
BINS = 10
EDGES = (0.0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.97, 0.995, 1.0)


class Scored(NamedTuple):
    """A pair as played: score, posterior, supporting families, and whether both belong to the ring."""

    score: float
    p: float
    supporting: int
    ring: bool


def without_documents(section: Section) -> list[Judged]:
    """Judge the pairs by every family but the content's: no text and no picture is compared."""
    held: dict[tuple[str, str], list[Evidence]] = {(a.bidder, b.bidder): [] for a, b in section.case.pairs}
    for indicator in catalogue.indicators():
        if indicator.family is not Family.CONTENT and indicator.lacking(section.case) is None:
            for item in indicator.evaluate(section.case):
                held[item.a, item.b].append(item)
    return [fusion.weigh(*pair, told_once(items)) for pair, items in held.items()]


def play(section: Section, *, whole: bool) -> list[list[float | int]]:
    """Give each pair as [score, supporting families, 1 where both are of the ring]."""
    pairs = evaluate(section.case).pairs if whole else without_documents(section)
    return [[round(pair.score, 4) + 0.0, len(pair.supporting), int({pair.a, pair.b} <= section.ring)] for pair in pairs]


def played(folder: Path, regime: str, kind: str, wanted: int) -> list[list[Scored]]:
    """Play what is missing of `wanted` sections and give them all; lines of another version are refused."""
    path = folder / f"{regime}-{kind}.jsonl"
    version = catalogue.version()
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [json.loads(line) for line in lines[:wanted]]
    if any(line["version"] != version for line in kept):
        raise SystemExit(f"{path}: played by another version of the model; take another folder")
    makers: dict[int, Maker] = {}
    with path.open("a", encoding="utf-8") as out:
        for number in range(len(lines), wanted):
            world = FIRST_WORLD + number % WORLDS
            if world not in makers:
                makers[world] = Maker(world, ARCHIVE_TENDERS if regime == "warm" else 0)
            section = makers[world].clean(number) if kind == "clean" else makers[world].rigged(number)
            line = {
                "version": version,
                "world": world,
                "pairs": play(section, whole=kind == "rigged" or number % WHOLE_EVERY == 0),
            }
            out.write(json.dumps(line) + "\n")
            out.flush()
            kept.append(line)
            if (number + 1) % 500 == 0:
                print(f"{regime} {kind}: {number + 1}", file=sys.stderr)
    return [[scored(*pair) for pair in line["pairs"]] for line in kept]


def scored(score: float, supporting: int, ring: int) -> Scored:
    """A stored pair with its posterior, by the model's own reading."""
    return Scored(score, fusion.posterior(score), supporting, bool(ring))


def leads(section: Sequence[Scored], budget: float, selection: Selection) -> list[Scored]:
    """The pairs of a section that become leads, chosen as a scan chooses them."""
    least = fusion.least_score([pair.score for pair in section], budget, selection)
    return [pair for pair in section if _judged(pair, least).tier is not None]


def _judged(pair: Scored, least: float) -> Judged:
    families = tuple(Family)[: pair.supporting]
    return fusion.tiered(Judged("a", "b", pair.score, pair.p, (), families, None), least)


def weighted(clean: Sequence[Sequence[Scored]], rigged: Sequence[Sequence[Scored]]) -> list[tuple[float, bool, float]]:
    """(posterior, truth, weight) of all pairs, weighted so that a share PRIOR of them belongs to a ring."""
    pairs = [pair for section in (*clean, *rigged) for pair in section]
    rings = sum(pair.ring for pair in pairs)
    weight = {True: fusion.PRIOR / max(1, rings), False: (1 - fusion.PRIOR) / (len(pairs) - rings)}
    return sorted((pair.p, pair.ring, weight[pair.ring]) for pair in pairs)


def bins(pairs: Sequence[tuple[float, bool, float]], edges: Sequence[float]) -> Iterator[tuple[float, float, float]]:
    """Per bin that holds anything: (weight, mean posterior, true share)."""
    for number, (low, high) in enumerate(pairwise(edges)):
        inside = [one for one in pairs if (low < one[0] or number == 0) and one[0] <= high]
        total = sum(weight for *_, weight in inside)
        if total:
            yield (
                total,
                sum(p * weight for p, _, weight in inside) / total,
                sum(weight for _, truth, weight in inside if truth) / total,
            )


def calibration_error(pairs: Sequence[tuple[float, bool, float]], edges: Sequence[float]) -> float:
    """Expected calibration error: the weighted mean distance of posterior and true share over the bins."""
    return sum(weight * abs(p - share) for weight, p, share in bins(pairs, edges))


def even(pairs: Sequence[tuple[float, bool, float]]) -> list[float]:
    """Edges of bins of equal weight."""
    edges, total = [0.0], 0.0
    for p, _, weight in pairs:
        total += weight
        if total >= len(edges) / BINS and len(edges) < BINS:
            edges.append(p)
    return [*edges, 1.0]


def told(regime: str, clean: Sequence[Sequence[Scored]], rigged: Sequence[Sequence[Scored]]) -> dict[str, Any]:
    """Print the tables of one regime and give what the figure rests on."""
    held = bool(clean)
    parts = {"every section": clean, "with documents": clean[::WHOLE_EVERY]}
    for selection, budget, (name, some) in product(Selection, BUDGETS, parts.items()):
        found = [leads(section, budget, selection) for section in some]
        false, alarms = sum(map(len, found)), sum(map(bool, found))
        low, high = odds.wilson(alarms, len(some))
        # Expected false leads a section, or (where none is true) the chance that any lead is made.
        rate = (false if selection is Selection.EACH else alarms) / len(some)
        within = rate <= budget
        held = held and within
        print(
            f"{regime} {selection.value:5} budget {budget:<6g} {name:14} {false} false leads, {alarms} of {len(some)} clean "
            f"sections (95 % {100 * low:.3f}–{100 * high:.3f} per 100){'' if within else '  OVER BUDGET'}"
        )
    for selection, budget in product(Selection, BUDGETS):
        hits = sum(any(pair.ring for pair in leads(section, budget, selection)) for section in rigged)
        beside = sum(not pair.ring for section in rigged for pair in leads(section, budget, selection))
        print(
            f"{regime} {selection.value:5} budget {budget:<6g} rings seen {hits} of {len(rigged)}, leads there on others "
            f"{beside}"
        )
    pairs = weighted(clean[::WHOLE_EVERY], rigged)
    wide = calibration_error(pairs, [n / BINS for n in range(BINS + 1)])
    mass = calibration_error(pairs, even(pairs))
    steady = [(fusion.PRIOR, truth, weight) for _, truth, weight in pairs]
    above = [one for one in pairs if one[0] >= 0.5]
    sharp = calibration_error(above, [0.5, 1.0]) / max(1e-12, sum(weight for *_, weight in above))
    print(
        f"{regime} ECE at prior {fusion.PRIOR:g}: {wide:.4f} (bins of width 0.1), {mass:.4f} (bins of equal weight); "
        f"always saying the prior: {calibration_error(steady, [0.0, 1.0]):.4f}; among posteriors ≥ 0.5 off by {sharp:.3f}"
    )
    for weight, p, share in bins(pairs, EDGES):
        print(f"{regime}   {100 * weight:8.4f} % of pairs say {p:.4f}, {share:.4f} are of a ring")
    once = sum(bool(leads(section, fusion.BUDGET, Selection.EACH)) for section in clean)
    read = clean[::WHOLE_EVERY]
    return {
        "alarms": once,
        "sections": len(clean),
        "read": sum(bool(leads(section, fusion.BUDGET, Selection.EACH)) for section in read),
        "documents": len(read),
        "error": max(wide, mass),
        "held": held,
    }


def main(arguments: list[str]) -> int:
    """Play, print, and give 0 only where every budget is held and ECE is small enough in both regimes."""
    parser = argparse.ArgumentParser(prog="collusion-clean")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clean", type=int, default=10_000)
    parser.add_argument("--rigged", type=int, default=300)
    parser.add_argument("--regime", choices=("cold", "warm"), help="one alone, so that two may run side by side")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    figures = {
        regime: told(
            regime,
            played(given.folder, regime, "clean", given.clean),
            played(given.folder, regime, "rigged", given.rigged),
        )
        for regime in ((given.regime,) if given.regime else ("cold", "warm"))
    }
    holds = all(figure["held"] and figure["error"] <= MOST_ERROR for figure in figures.values())
    parts = [
        f"{name} {figure['alarms']} of {figure['sections']} with a false lead, {figure['read']} of the {figure['documents']} "
        f"whose documents were compared, ECE {figure['error']:.4f}"
        for name, figure in figures.items()
    ]
    print(f"clean tenders: {'; '.join(parts)} (budget {fusion.BUDGET:g} a section, ECE ≤ {MOST_ERROR:g})")
    return 0 if holds else 1

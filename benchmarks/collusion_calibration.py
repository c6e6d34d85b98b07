"""How often the watchman is wrong: false alarms on simulated clean sections, recall on rigged ones.

    python -m benchmarks.collusion_calibration --write

plays every section without an archive (cold) and with one (warm), prints both, and with --write records them in
`collusion/rules/calibration.json`, from which each warning states its error rate. The last line is the figure.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.collusion_sections import Maker, Section
from collusion.rules import calibration, catalogue, fusion, odds
from collusion.rules.scan import chosen, evaluate

SIMULATION = "collusion_sections/1"
ARCHIVE_TENDERS = 12
BUDGET_PER_100 = 2.0
"""The figure holds when the upper end of the cold interval stays below this many clean sections of 100 with a lead."""


def judged(section: Section) -> tuple[float, list[frozenset[str]], list[frozenset[str]]]:
    """Give the highest pair score, and the rings found by the usual choice of leads and by e-BH."""
    result = evaluate(section.case)
    other = chosen(result, fusion.BUDGET, fusion.Selection.E_BH)
    one, two = ([frozenset(ring.bidders) for ring in found.rings] for found in (result, other))
    return max(pair.score for pair in result.pairs), one, two


def hit(rings: list[frozenset[str]], truth: frozenset[str]) -> bool:
    """Say whether rings were found that hit the truth and nobody else."""
    return bool(rings) and all(ring <= truth for ring in rings)


def measure(name: str, maker: Maker, clean: int, rigged: int) -> dict[str, Any]:
    """Play one regime. `accused` counts innocent bidders drawn into a ring of a rigged section."""
    scores, alarms, e_bh = [], 0, {"alarms": 0, "found": 0, "innocents_accused": 0}
    started = time.monotonic()
    for number in range(clean):
        score, rings, others = judged(maker.clean(number))
        e_bh["alarms"] += bool(others)
        scores.append(round(score, 4) + 0.0)
        alarms += bool(rings)
        if (number + 1) % 50 == 0:
            print(f"{name}: {number + 1} clean, {alarms} alarms, {time.monotonic() - started:.0f} s", file=sys.stderr)
    found = whole = accused = 0
    for number in range(rigged):
        section = maker.rigged(number)
        _, rings, others = judged(section)
        found += hit(rings, section.ring)
        e_bh["found"] += hit(others, section.ring)
        e_bh["innocents_accused"] += len(frozenset().union(*others) - section.ring) if others else 0
        whole += section.ring in rings
        accused += len(frozenset().union(*rings) - section.ring) if rings else 0
    return {
        "sections": clean,
        "alarms": alarms,
        "scores": sorted(scores),
        "rigged": rigged,
        "found": found,
        "whole_rings": whole,
        "innocents_accused": accused,
        "e_bh": e_bh,
    }


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and with --write record. Exit 0 only where the figure holds its budget."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clean", type=int, default=400)
    parser.add_argument("--rigged", type=int, default=80)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--on", default=datetime.now(UTC).date().isoformat(), help="date of the record")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args(argv)
    regimes = {
        "cold": measure("cold", Maker(arguments.seed), arguments.clean, arguments.rigged),
        "warm": measure("warm", Maker(arguments.seed, ARCHIVE_TENDERS), arguments.clean, arguments.rigged),
    }
    record = {
        "simulation": SIMULATION,
        "seed": arguments.seed,
        "on": arguments.on,
        "version": catalogue.version(),
        "regimes": {
            name: {
                **regime,
                "interval": [round(end, 6) for end in odds.wilson(regime["alarms"], regime["sections"])],
            }
            for name, regime in regimes.items()
        },
    }
    if arguments.write:
        text = json.dumps(record, ensure_ascii=False, sort_keys=True)
        calibration.RECORD.write_text(text + "\n", encoding="utf-8")
    for name, regime in regimes.items():
        low, high = odds.wilson(regime["alarms"], regime["sections"])
        found_low, found_high = odds.wilson(regime["found"], regime["rigged"])
        print(
            f"{name}: {100 * regime['alarms'] / regime['sections']:.2f} false alarms per 100 clean sections "
            f"(95 % {100 * low:.2f}–{100 * high:.2f}, {regime['alarms']}/{regime['sections']}); recall "
            f"{100 * regime['found'] / regime['rigged']:.1f} % (95 % {100 * found_low:.1f}–{100 * found_high:.1f}), "
            f"whole ring {regime['whole_rings']}/{regime['rigged']}, innocents accused {regime['innocents_accused']}; "
            f"e-BH: alarms {regime['e_bh']['alarms']}, found {regime['e_bh']['found']}, "
            f"innocents accused {regime['e_bh']['innocents_accused']}"
        )
    cold = regimes["cold"]
    upper = 100 * odds.wilson(cold["alarms"], cold["sections"])[1]
    print(
        f"collusion calibration: {100 * cold['alarms'] / cold['sections']:.2f} false alarms per 100 simulated clean "
        f"sections (upper 95 % {upper:.2f}, budget {BUDGET_PER_100}), "
        f"recall {100 * cold['found'] / cold['rigged']:.1f} %"
    )
    return 0 if upper <= BUDGET_PER_100 else 1


if __name__ == "__main__":
    sys.exit(main())

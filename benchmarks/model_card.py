"""Writes the card of the present model's version: what it is, what it rests on, how often it is wrong, what it is not.

    python -m benchmarks.model_card [--write]

Everything stands in the settings, the base rates and the calibration record; a test holds the written card to them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from collusion.rules import calibration, catalogue, fusion, odds
from collusion.rules.base_rates import RATES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "models"


def card() -> str:
    """The card as Markdown."""
    record = calibration.recorded()
    assert record is not None
    version = catalogue.version()
    lines = [
        f"# {catalogue.MODEL}, version {version}",
        "",
        "Written by `python -m benchmarks.model_card --write`; a version is a digest of the weights and thresholds in `collusion/rules/catalogue.py` and of the base rates.",
        "",
        "## What it is for",
        "Leads for people: which bidders of one opened section show traces of having bid together. It rejects nothing, changes no score, accuses nobody. Every lead says what would clear it.",
        "",
        "## What it is not",
        "Not a finding, not a probability of guilt. `p` is a posterior under a stated prior of "
        f"{fusion.PRIOR:g} per pair, a policy and no measurement. It sees only what bids, records and earlier sections say; agreements that leave no trace are invisible to it.",
        "",
        "## How it weighs",
        f"Each indicator gives a log-likelihood ratio from a base rate of unrelated bidders, after what the tender, the archive or a registry explains. A family counts its strongest and {fusion.SECOND:g} of its second, times {fusion.SHRINK:g}, within [{fusion.FLOOR:g}, {fusion.CAP:g}]; a lead needs {fusion.LEAST_FAMILIES} families. No weight is learnt from cases; rates marked *assumed* wait for confirmed ones.",
        "",
        "## How often it is wrong",
        f"Simulation {record.simulation}, seed {record.seed}, {record.on}; record of version {record.version}"
        + ("." if record.version == version else ", **another version: for orientation only**."),
        "",
        "| archive | clean sections | with a lead | 95 % per 100 | rigged | found | e-BH: leads / found |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, said in (("cold", "none"), ("warm", "12 tenders and more")):
        regime = record.regimes[name]
        low, high = odds.wilson(regime.alarms, regime.sections)
        lines.append(
            f"| {said} | {regime.sections} | {regime.alarms} | {100 * low:.2f}–{100 * high:.2f} | {regime.rigged} | "
            f"{regime.found} | {regime.e_bh['alarms']} / {regime.e_bh['found']} |"
        )
    lines += [
        "",
        "A simulation is not the world: the true rate is what people decide, on the desk's page of figures.",
        "",
        "## Indicators",
        "",
        "| identifier | family | page |",
        "|---|---|---|",
    ]
    lines += [
        f"| `{one.identifier}` | {one.family.value} | [{one.name}](../indicators/{one.identifier}.md) |"
        for one in catalogue.indicators()
    ]
    lines += ["", "## Base rates", "", "| name | value | ground | since |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {rate.value:g} | {rate.ground.value} | {rate.on} |" for name, rate in sorted(RATES.items())
    ]
    lines += [
        "",
        "## Data",
        "Rates: 146 and 22 real procurement files, public registers and stated assumptions, row by row above. Calibration: made sections only. Nobody's bid, name or machine is in the model.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the card, or write it under its version; cards of earlier versions stay."""
    if "--write" in arguments:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{catalogue.version()}.md").write_text(card(), encoding="utf-8")
    else:
        print(card())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The rulebook of tendering as shipped (RULES appendix A), and what of it is in force on a day."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from core.law import Rule, Snapshot, freeze, read_rulebook

REGIMES = ("T", "G")
"""T: the tendering law's regime (招标投标法系); G: government procurement (政府采购法系)."""

CATEGORIES = ("works", "goods", "services", "design")
PROCEDURES = ("open", "invited")


@cache
def rulebook() -> list[Rule]:
    """Every rule shipped in `bidding/law.json`."""
    return read_rulebook(Path(__file__).parents[1] / "law.json")


def law_on(regime: str, on: date) -> Snapshot:
    """The rules of `regime` in force on the Beijing day `on`; what a first publication freezes (R-006)."""
    return freeze(rulebook(), regime, on)

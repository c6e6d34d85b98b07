"""What the law fixes for experts and their evaluation, as dated, cited rules: years, terms, times (R-310, R-330)."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from core.law import Rule, Snapshot, freeze, read_rulebook


@cache
def _rulebook() -> tuple[Rule, ...]:
    return tuple(read_rulebook(Path(__file__).parents[1] / "law.json"))


@lru_cache(maxsize=64)
def expert_law(on: date, regime: str = "*") -> Snapshot:
    """The rules in force on the Beijing day; `regime` T or G brings what only holds there."""
    return freeze(list(_rulebook()), regime, on)

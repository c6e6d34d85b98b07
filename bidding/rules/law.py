"""The rulebook of tendering as shipped (RULES appendix A, §2, §13), and what of it holds for a project on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from core.law import Rule, Snapshot, freeze, read_rulebook

REFUSAL = "bond_refund_after_refusal"
"""Days until the bond is back of who does not agree to a longer validity (R-158): the law names none, ours do."""

REGIMES = ("T", "G")
"""T: the tendering law's regime (招标投标法系); G: government procurement (政府采购法系)."""

CATEGORIES = ("works", "goods", "services", "design")
PROCEDURES = ("open", "invited", "negotiation", "consultation", "inquiry", "simple")
"""公开招标, 邀请招标, 竞争性谈判, 竞争性磋商, 询价, 限额以下简易; what each demands stands in `procedures.json`."""

TRUST = ("V", "V2", "M")
"""How far a rule was verified: read in the official text, read in a secondary source, known from memory only."""


@cache
def rulebook() -> list[Rule]:
    """Every rule shipped: `law.json`, what each procedure changes in `procedures.json`, bonds in `bonds.json`."""
    folder = Path(__file__).parents[1]
    return [rule for name in ("law", "procedures", "bonds") for rule in read_rulebook(folder / f"{name}.json")]


def with_document(law: Snapshot, particulars: Mapping[str, Any]) -> Snapshot:
    """The law a project freezes, with the days its tender document itself names where the law leaves them open."""
    days = refusal_days(particulars)
    if days is None or REFUSAL not in law.rules:
        return law
    held = law.rules[REFUSAL]
    own = replace(held, value=str(days), source=f"招标文件；法律未规定日数，见{held.source}", trust="V")
    return replace(law, rules={**law.rules, REFUSAL: own})


def refusal_days(particulars: Mapping[str, Any]) -> int | None:
    """The days the document names for it; None where it leaves them to the rule of the platform."""
    named = str(particulars.get("bond_refusal_days") or "")
    return int(named) if named else None


def law_on(
    regime: str,
    on: date,
    *,
    procedure: str = "open",
    category: str = "works",
    is_mandatory: bool = True,
    region: str = "",
    ground: str = "",
    attempt: int = 1,
) -> Snapshot:
    """The rules of `regime` in force on the Beijing day `on` for a project of that kind; what a first publication
    freezes (R-006).

    `region`: a division code, which also brings its province's and city's exceptions. `ground`: the legal ground the
    procedure was chosen on. `attempt`: 1 for the first tender, more for one held again (R-561).
    """
    given = {
        "procedure": [procedure],
        "category": [category],
        "mandatory": ["yes" if is_mandatory else "no"],
        "region": [region[:length] for length in (2, 4, 6) if len(region) >= length],
        "ground": [ground] if ground else [],
        "attempt": ["again" if attempt > 1 else "first"],
    }
    return freeze(rulebook(), regime, on, given)

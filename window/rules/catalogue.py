"""The catalogue of what must be traded here (平台之外无交易), purchases split up, and what must be disclosed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from core.law import Rule, Snapshot, freeze, read_rulebook

FOLDER = Path(__file__).resolve().parents[1]
MATTERS = {
    "works": "T", "goods": "T", "services": "T", "procurement": "G", "land": "X", "mineral": "X", "property": "X",
}  # fmt: skip
"""Matters of the catalogue, and the regime whose thresholds and exceptions hold for each."""

LEVELS = ("national", "province", "city")


@cache
def rulebook() -> tuple[Rule, ...]:
    """Every rule of the catalogue, of all days."""
    return tuple(read_rulebook(FOLDER / "catalogue.json"))


@cache
def _disclosures() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((FOLDER / "disclosure.json").read_text(encoding="utf-8")))


def catalogue(on: date) -> list[Rule]:
    """The matters that must be traded here on the day, each with its threshold."""
    return [rule for rule in rulebook() if rule.key in MATTERS and rule.in_force(on)]


def catalogue_law(matter: str, on: date) -> Snapshot:
    """The rules that hold for a matter on the day."""
    return freeze(list(rulebook()), MATTERS[matter], on)


def grounds(matter: str, on: date) -> tuple[str, ...]:
    """The exceptions the law knows for a matter on the day (R-054, R-055); none for what must always be traded here."""
    held = catalogue_law(matter, on)
    return held.words("grounds_t") or held.words("grounds_g")


@dataclass(frozen=True)
class Finding:
    """Whether a trade had to be here: `below` its threshold, `excepted` by a ground of law, or `outside` what must."""

    verdict: str
    rule: dict[str, str]
    ground: str = ""


def check_outside(matter: str, amount_fen: int, ground: str, on: date) -> Finding:
    """Judge a trade made outside; an amount at the threshold must be here."""
    held = catalogue_law(matter, on)
    cite = held.cite(matter)
    if amount_fen < int(held.number(matter)) * 100:
        return Finding("below", cite)
    if ground and ground in grounds(matter, on):
        key = "grounds_t" if "grounds_t" in held.rules else "grounds_g"
        return Finding("excepted", {**cite, "exception": held.rule(key).source}, ground)
    return Finding("outside", cite)


@dataclass(frozen=True)
class Deal:
    """A purchase below its threshold: when, how much, its code."""

    on: date
    amount_fen: int
    code: str


@dataclass(frozen=True)
class Split:
    """Purchases below the threshold that within the months lift each other above it (化整为零, R-051)."""

    codes: tuple[str, ...]
    first: date
    last: date
    together_fen: int


def splits(deals: Sequence[Deal], limit_fen: int, months: int) -> Split | None:
    """Return the largest sum of purchases, each below the limit, within any `months` that reaches it; None below it.

    Purchases at or above the limit are no splitting: they had to be tendered by themselves.
    """
    small = sorted((deal for deal in deals if deal.amount_fen < limit_fen), key=lambda deal: (deal.on, deal.code))
    best: Split | None = None
    start = 0
    together = 0
    for end, deal in enumerate(small):
        together += deal.amount_fen
        while small[start].on <= _months_before(deal.on, months):
            together -= small[start].amount_fen
            start += 1
        if end > start and together >= limit_fen and (best is None or together > best.together_fen):
            part = small[start : end + 1]
            best = Split(tuple(one.code for one in part), part[0].on, deal.on, together)
    return best


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the month's last day where it has none."""
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    for last in range(day.day, 0, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise ValueError(day)


def disclosures(on: date, level: str = "") -> list[dict[str, Any]]:
    """What must be disclosed on the day, at one level or at any."""
    return [
        one for one in _disclosures() if date.fromisoformat(one["from"]) <= on and (not level or level in one["levels"])
    ]

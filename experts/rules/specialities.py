"""The national classification of evaluation experts' specialities, as far as it could be cited (R-311).

`specialities.csv` holds the first levels of the standard of 2010 on trial (发改法规〔2010〕1538号), read in a secondary
source. The standard of 2018 (发改法规〔2018〕316号) has up to four levels and was not read; its deeper codes are
named by the nearest level that is known. A pool may also use its own words: they are kept as they are.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Speciality:
    """One entry: its code, its name, the document that says so, the year it was issued, how far it was verified."""

    code: str
    name: str
    source: str
    issued: str
    trust: str


@cache
def classification() -> dict[str, Speciality]:
    """Every entry in hand, by code."""
    with Path(__file__).with_name("specialities.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: Speciality(**row) for row in csv.DictReader(file)}


def speciality_name(code: str) -> str:
    """A speciality in words: `A08 工程施工`, `B 货物`, `A0801 工程施工` by the nearest known level; own words stay."""
    if not (code[:1] in ("A", "B", "C") and code.isascii() and (code[1:].isdigit() or len(code) == 1)):
        return code
    for length in range(len(code), 0, -1):
        found = classification().get(code[:length])
        if found:
            return f"{code} {found.name}"
    return code

"""The pool: reading experts from a table, and how predictable a draw from it would be (R-322)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import comb, log2
from typing import Any

from core.errors import Invalid
from experts.rules.law import expert_law
from experts.rules.table import PARTS, read_rows, shown

STATUSES = ("active", "training", "suspended", "removed", "punished")
MOST_ROWS = 20_000

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,39}", re.ASCII)


@dataclass(frozen=True)
class PoolHealth:
    """How predictable a draw is: eligible experts against seats, committees possible, share of the ten most seated."""

    eligible: int
    needed: int
    bits: float
    top_ten_percent: int | None
    is_thin: bool
    by_speciality: tuple[tuple[str, int, int], ...]

    def as_json(self) -> dict[str, Any]:
        """The figures as a JSON value; `bits` with two decimals."""
        return {
            "eligible": self.eligible,
            "needed": self.needed,
            "bits": f"{self.bits:.2f}",
            "top_ten_percent": self.top_ten_percent,
            "is_thin": self.is_thin,
            "by_speciality": [
                {"speciality": name, "eligible": eligible, "needed": needed}
                for name, eligible, needed in self.by_speciality
            ],
        }


def pool_health(
    eligible: Mapping[str, Sequence[str]], seats: Sequence[tuple[str, int]], seated_before: Mapping[str, int], on: date
) -> PoolHealth:
    """The figures of a pool: `eligible` maps each expert to specialities, `seated_before` to seats taken so far.

    `bits` is log2 of the number of committees that a uniform draw could give (its entropy); `top_ten_percent` the share
    of all seats ever taken by these experts that the ten most seated hold, None without history. Thin means that some
    speciality has fewer than so many times the experts it needs as the rule of the day wants (R-322).
    """
    rows = tuple(
        (name, sum(name in held for held in eligible.values()), count)
        for name, count in seats
    )  # fmt: skip
    needed = sum(count for _, count in seats)
    enough = expert_law(on).number("pool_enough")
    bits = sum(log2(comb(held, count)) for _, held, count in rows if held >= count and held)
    history = sorted((seated_before.get(expert, 0) for expert in eligible), reverse=True)
    total = sum(history)
    return PoolHealth(
        eligible=len(eligible),
        needed=needed,
        bits=bits,
        top_ten_percent=round(100 * sum(history[:10]) / total) if total else None,
        is_thin=len(eligible) < enough * needed or any(held < enough * count for _, held, count in rows),
        by_speciality=rows,
    )


def read_experts(table: str | bytes, *, most: int = MOST_ROWS) -> list[dict[str, Any]]:
    """Read a table of experts (CSV or .xlsx with the columns of `table.COLUMNS`) into rows for `services.add_expert`.

    Lists are `;`-separated, parts of an entry `|`-separated: employers `name|identifier|from|until`, shareholdings
    `name|identifier|kind`, relatives `name|relation|organisation|identifier`, training `name|on|hours`. All or nothing:
    Invalid("pool.rows") with every bad line and its reasons; Invalid("pool.header"), ("pool.unreadable") or
    ("pool.size") for the table as a whole.
    """
    raws = read_rows(table)
    if len(raws) > most:
        raise Invalid("pool.size", field="file", most=most)
    rows: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    codes: set[str] = set()
    logins: set[str] = set()
    for number, raw in enumerate(raws, start=2):
        row, reasons = _row(raw)
        if row["code"] in codes or row["login"] in logins:
            reasons.append("duplicate")
        codes.add(row["code"])
        logins.add(row["login"])
        if reasons:
            faults.append({"line": number, "reasons": reasons})
        rows.append(row)
    if faults:
        lines = "；".join(f"{fault['line']}: {', '.join(fault['reasons'])}" for fault in faults[:20])
        raise Invalid("pool.rows", field="file", count=len(faults), lines=lines, rows=faults)
    if not rows:
        raise Invalid("pool.empty", field="file")
    return rows


def is_term_over(term_until: str | None, on: date) -> bool:
    """Whether an expert's term has ended before the day; a term without an end never does."""
    return bool(term_until) and date.fromisoformat(str(term_until)) < on


def _row(raw: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    reasons: list[str] = []
    # A formula or a control character in a cell is no name of anything.
    if any(cell.startswith("=") or any(ord(char) < 32 for char in cell) for cell in raw.values()):
        reasons.append("cell")
    raw = {name: shown(cell) for name, cell in raw.items()}
    if not _CODE.fullmatch(raw["code"]):
        reasons.append("code")
    if not raw["login"]:
        reasons.append("login")
    if not raw["name"] or len(raw["name"]) > 100:
        reasons.append("name")
    if not re.fullmatch(r"\d{6}", raw["region"], re.ASCII):
        reasons.append("region")
    specialities = _list(raw["specialities"])
    if not specialities:
        reasons.append("specialities")
    status = raw["status"] or "active"
    if status not in STATUSES:
        reasons.append("status")
    row: dict[str, Any] = {
        "code": raw["code"], "login": raw["login"], "name": raw["name"], "specialities": specialities,
        "region": raw["region"], "status": status, "term_until": raw["term_until"] or None,
    }  # fmt: skip
    for column, names in PARTS.items():
        try:
            row[column] = [_entry(item, names) for item in _list(raw[column])]
        except ValueError:
            row[column] = []
            reasons.append(column)
    if not _is_day(row["term_until"]):
        reasons.append("term_until")
    return row, reasons


def _is_day(text: str | None) -> bool:
    try:
        return text is None or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _list(text: str) -> list[str]:
    return [item.strip() for item in re.split("[;；]", text) if item.strip()]


def _entry(item: str, names: Sequence[str]) -> dict[str, str | None]:
    parts = [part.strip() for part in re.split("[|｜]", item)]
    if len(parts) > len(names) or not parts[0]:
        raise ValueError(item)
    entry: dict[str, str | None] = dict.fromkeys(names)
    entry.update({name: part or None for name, part in zip(names, parts, strict=False)})
    if any(not _is_day(entry.get(name)) for name in ("from", "until", "on")):
        raise ValueError(item)
    return entry

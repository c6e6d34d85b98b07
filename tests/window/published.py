"""Tables of trades whose sums are figures that trading centres have published; the single trades are made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from window.rules import COLUMNS

YUAN = 100
WAN = 10_000 * YUAN
YI = 10_000 * WAN
AMOUNT, AMOUNT_BEFORE = 51_493 * YI // 100, 44_866 * YI // 100
SAVING, SAVING_BEFORE = 4_619 * YI // 100, 359_008_239 * YI // 10_000_000
SESSIONS = 625
PARTIES = 14_000


def table(rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows as a file to import; what a row leaves out has an ordinary value."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for number, row in enumerate(rows):
        base = row.pop("base_fen", None)
        amount = row.pop("amount_fen")
        kind = row.get("base_kind", "ceiling" if base is not None else "none")
        writer.writerow(
            {
                "code": f"X{row.get('traded_on', '')[:4]}-{number}", "name": f"第{number}号项目",
                "market": "works", "region": "330100",
                "traded_on": "2025-06-15", "sessions": 1, "tenderee": "滨江水务集团", "winner": "甲公司",
                "participants": "", **row, "base_kind": kind,
                "base_yuan": "" if base is None else f"{base / 100:.2f}", "amount_yuan": f"{amount / 100:.2f}",
            }
        )  # fmt: skip
    return out.getvalue().encode()


def parts(total: int, count: int) -> list[int]:
    """Unequal whole parts that add up to the total, to the fen."""
    weights = [3 + number % 7 for number in range(count)]
    made = [total * weight // sum(weights) for weight in weights]
    made[-1] += total - sum(made)
    return made


def year_of_sessions(year: int, sessions: int, amount: int, saving: int, parties: int) -> list[dict[str, Any]]:
    """A year of trades of four markets and three regions, one session each."""
    amounts, savings = parts(amount, sessions), parts(saving, sessions)
    rows = []
    for number in range(sessions):
        who = range(number * parties // sessions, (number + 1) * parties // sessions)
        people = [f"P{one:06}" for one in (*who, number % 50)]
        rows.append(
            {
                "code": f"Y{year}-{number:04}", "traded_on": f"{year}-{1 + number % 12:02}-{1 + number % 28:02}",
                "market": ("works", "procurement", "property", "other")[number % 4],
                "region": ("330100", "330200", "330300")[number % 3],
                "amount_fen": amounts[number], "base_fen": amounts[number] + savings[number],
                "participants": ";".join(people),
            }
        )  # fmt: skip
    return rows


def two_years(before: int = 544) -> bytes:
    """625 sessions, 514.93 亿元, savings 46.19 亿元 (+28.66 %), and the year before them."""
    return table(
        year_of_sessions(2024, before, AMOUNT_BEFORE, SAVING_BEFORE, 12_000)
        + year_of_sessions(2025, SESSIONS, AMOUNT, SAVING, PARTIES)
    )


def small_projects() -> bytes:
    """108 projects = 25 + 54 + 24 + 5; ceilings of 4394.02 万元 = amounts 4056.98 + savings 337.04."""
    counts = {"works": 25, "procurement": 54, "property": 24, "other": 5}
    total = sum(counts.values())
    amounts, savings = parts(405_698 * WAN // 100, total), parts(33_704 * WAN // 100, total)
    markets = [market for market, count in counts.items() for _ in range(count)]
    return table(
        {"market": market, "traded_on": "2023-03-01", "amount_fen": amount, "base_fen": amount + saving}
        for market, amount, saving in zip(markets, amounts, savings, strict=True)
    )


def parts_that_round_up(amounts: Sequence[int] = (10_125, 15_175, 15_165)) -> bytes:
    """Three markets printed as 10.13 + 15.18 + 15.17 = 40.48 亿元 whose sum prints as 40.47."""
    return table(
        {"market": market, "traded_on": "2022-03-01", "amount_fen": amount * YI // 1000}
        for market, amount in zip(("works", "procurement", "property"), amounts, strict=True)
    )

"""Earlier sections as the watchman sees them: who bid, who stayed away, who won; and how this one is priced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

HISTORY = "sunbid-history/v1"
TENDER = "sunbid-tender/v1"
LEAST_SECTIONS = 30
"""Earlier sections of the same kind without which nothing is said of who meets whom."""
LEAST_JOINT = 6
"""Joint sections with a winner among the two without which nothing is said of their order."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One earlier section: its kind (trade and region), who bid, who of them was not opened, who won.

    `tenderee` is whose project it was; `experts` who judged it, by numbers of this history alone; `offers` are the
    totals in fen that were read out, in order of receipt.
    """

    code: str
    kind: str
    bidders: frozenset[str]
    absent: frozenset[str]
    winner: str | None
    tenderee: str = ""
    experts: frozenset[str] = frozenset()
    offers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pricing:
    """How this section scores prices: the frozen method's price rule, the drawn coefficient, the published limit.

    `kind` and `tenderee` say which earlier sections it is like, and whose it is.
    """

    rule: Mapping[str, Any]
    k: str | None
    limit: int | None
    kind: str
    tenderee: str = ""


def instant(value: Any) -> datetime | None:
    """Read an instant as the platform writes it; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def read_meetings(records: Iterable[Mapping[str, Any]]) -> tuple[Meeting, ...]:
    """Give the earlier sections of the records, oldest first, each once."""
    found: dict[str, Meeting] = {}
    for record in records:
        rows = record.get("sections") if record.get("type") == HISTORY else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and isinstance(row.get("code"), str):
                winner = row.get("winner")
                found[row["code"]] = Meeting(
                    row["code"],
                    str(row.get("kind", "")),
                    _names(row.get("bidders")),
                    _names(row.get("absent")),
                    winner if isinstance(winner, str) else None,
                    str(row.get("tenderee") or ""),
                    _names(row.get("experts")),
                    _offers(row.get("offers")),
                )
    return tuple(found.values())


def read_pricing(records: Iterable[Mapping[str, Any]]) -> Pricing | None:
    """Give how the section is priced, where a record says so."""
    for record in records:
        if record.get("type") == TENDER and isinstance(record.get("price"), dict):
            limit, k = record.get("limit_fen"), record.get("k")
            return Pricing(
                record["price"],
                k if isinstance(k, str) else None,
                limit if isinstance(limit, int) else None,
                str(record.get("kind", "")),
                str(record.get("tenderee") or ""),
            )
    return None


def _names(value: Any) -> frozenset[str]:
    return frozenset(name for name in value if isinstance(name, str)) if isinstance(value, list) else frozenset()


def _offers(value: Any) -> tuple[tuple[str, int], ...]:
    rows = value if isinstance(value, list) else []
    told = [row for row in rows if isinstance(row, list) and len(row) == 2]
    return tuple(
        (name, total) for name, total in told if isinstance(name, str) and isinstance(total, int) and total > 0
    )


def same_kind(history: Sequence[Meeting], pricing: Pricing | None) -> list[Meeting]:
    """The earlier sections of this one's trade and region: firms of one trade meet anyway."""
    return [meeting for meeting in history if pricing is None or meeting.kind == pricing.kind]


def hypergeometric_tail(least: int, whole: int, marked: int, drawn: int) -> float:
    """P(X ≥ least) for `drawn` of `whole` of which `marked` count; exact."""
    total = math.comb(whole, drawn)
    most = min(marked, drawn)
    return sum(math.comb(marked, x) * math.comb(whole - marked, drawn - x) for x in range(least, most + 1)) / total


def runs_tail(sequence: Sequence[bool]) -> float:
    """P(at least as many runs) when the same wins come in any order with equal chance (Wald and Wolfowitz); exact."""
    ones = sum(sequence)
    zeros = len(sequence) - ones
    if not ones or not zeros:
        return 1.0
    runs = 1 + sum(x != y for x, y in pairwise(sequence))
    ways = 0
    for count in range(runs, ones + zeros + 1):
        half = count // 2
        if count % 2 == 0:
            ways += 2 * math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half - 1)
        else:
            ways += math.comb(ones - 1, half) * math.comb(zeros - 1, half - 1)
            ways += math.comb(ones - 1, half - 1) * math.comb(zeros - 1, half)
    return min(1.0, ways / math.comb(ones + zeros, ones))

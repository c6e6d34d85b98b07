"""The result of a large table: the same JSON as of a small one, written entry by entry; a digest of all numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TextIO

from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.report import bidder_told, heading, tender_told
from collusion.rules.screens.scale.database import database, parquet, silent
from collusion.rules.screens.scale.engine import Screened
from collusion.rules.screens.table import Fault

BATCH = 10_000


def write_json(screened: Screened, file: TextIO, first: int | None = None) -> None:
    """Write the result as `report.screen_table` tells it; with `first`, only so many leading tenders and bidders."""
    told: dict[str, Any] = heading(screened.plan.draws) | {"ignored_columns": list(screened.ignored)}
    if first is not None:
        told["left_out"] = left_out(screened.tenders, screened.bidders, first)
    lists = {
        "tenders": _tenders(screened, first),
        "bidders": _bidders(screened, first),
        "faults": (fault.told() for fault in faults(screened)),
        "set_aside": aside(screened),
    }
    file.write("{")
    for place, name in enumerate(sorted([*told, *lists])):
        file.write(("," if place else "") + f"\n {json.dumps(name)}: ")
        if name in told:
            file.write(_dumped(told[name], 1))
        else:
            _write_list(file, lists[name])
    file.write("\n}\n")


def left_out(tenders: int, bidders: int, first: int) -> dict[str, int]:
    """Tell how many entries a result of the leading `first` does not show."""
    return {"tenders": max(0, tenders - first), "bidders": max(0, bidders - first)}


def _dumped(value: Any, depth: int) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).replace("\n", "\n" + " " * depth)


def _write_list(file: TextIO, entries: Iterator[Any]) -> None:
    empty = True
    for entry in entries:
        file.write(("[" if empty else ",") + "\n  " + _dumped(entry, 2))
        empty = False
    file.write("[]" if empty else "\n ]")


def _rows(screened: Screened, query: str) -> Iterator[tuple[Any, ...]]:
    with database(screened.plan) as connection, closing(silent(connection.cursor())) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _limited(first: int | None) -> str:
    return "" if first is None else f" LIMIT {first}"


def _tenders(screened: Screened, first: int | None) -> Iterator[dict[str, Any]]:
    table = parquet([screened.tables[0]])
    many = len(SCREENS)
    values = ", ".join(f"v{place}" for place in range(many))
    chances = ", ".join(f"p{place}" for place in range(many))
    query = f"SELECT tender, rule, count, ratio, p, q, score, {values}, {chances} FROM {table}{_limited(first)}"
    for tender, rule, count, ratio, p, q, score, *numbers in _rows(screened, query):
        found = {s.identifier: numbers[place] for place, s in enumerate(SCREENS) if count >= s.defined}
        judged = {s.identifier: numbers[many + place] for place, s in enumerate(SCREENS) if count >= s.least}
        told = tender_told(tender, rule, count, found, ratio, judged if p is not None else {}, p)
        yield told | {"q": q, "score": score}


def _bidders(screened: Screened, first: int | None) -> Iterator[dict[str, Any]]:
    query = f"SELECT bidder, tenders, measured, wins, closest, p, q, score FROM {parquet([screened.tables[1]])}"
    for bidder, tenders, measured, wins, closest, p, q, score in _rows(screened, query + _limited(first)):
        near = [(entry["p"], entry["tender"]) for entry in closest or []]
        yield bidder_told(bidder, tenders, measured, wins, p, near) | {"q": q, "score": score}


def faults(screened: Screened, first: int | None = None) -> Iterator[Fault]:
    """Give the lines that cannot be used, in their order."""
    query = f"SELECT line, tender, code, facts FROM {parquet([screened.tables[2]])}{_limited(first)}"
    for line, tender, code, facts in _rows(screened, query):
        yield Fault(line, tender, code, json.loads(facts))


def aside(screened: Screened) -> Iterator[str]:
    """Give the tenders that were set aside for their lines."""
    table = parquet([screened.tables[2]])
    for (name,) in _rows(screened, f"SELECT DISTINCT tender FROM {table} WHERE tender <> '' ORDER BY tender"):
        yield name


def digest(screened: Screened) -> str:
    """Give the SHA-256 of all numbers of all tenders and bidders in order, each with six significant digits."""
    found = hashlib.sha256()
    numbers = [f"v{place}" for place in range(len(SCREENS))] + [f"p{place}" for place in range(len(SCREENS))]
    tables = (
        (0, ["tender", "rule", "count"], ["ratio", *numbers, "p", "q", "score"]),
        (1, ["bidder", "tenders", "measured", "wins"], ["p", "q", "score"]),
    )
    for place, plain, figures in tables:
        cells = [f"coalesce({name}::VARCHAR, '')" for name in plain]
        cells += [f"coalesce(format('{{:.6g}}', {name}), '')" for name in figures]
        query = f"SELECT concat_ws(chr(31), {', '.join(cells)}) FROM {parquet([screened.tables[place]])}"
        for (line,) in _rows(screened, query):
            found.update(line.encode() + b"\n")
    return found.hexdigest()

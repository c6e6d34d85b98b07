"""The table brought into parts: from CSV as a small one is read, from Parquet files each by a task of its own.

What is clearly right in a Parquet file never leaves DuckDB; every other line is read as a line of CSV would be.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from collusion.rules.screens.scale.database import (
    Plan,
    add_faults,
    copy,
    database,
    literal,
    names,
    no_bids,
    no_faults,
    part_of,
    silent,
)
from collusion.rules.screens.table import (
    LONGEST,
    NEEDED,
    OPTIONAL,
    Fault,
    Row,
    cells_of,
    ignored_columns,
    read_heading,
    read_row,
)
from core.errors import Invalid

BATCH = 200_000
BLOCK = 1 << 20
SPACE = r"[\s\pZ\x0b\x1c-\x1f\x85]"
ROWS = "line, tender, bidder, value, winner, reserve, rule"
PLAIN = "[0-9]{1,15}([.][0-9]{1,6})?"
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
FLAT = {
    "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DECIMAL", "FLOAT",
    "DOUBLE", *WHOLE, *(f"U{name}" for name in WHOLE),
}  # fmt: skip
"""The types that can be a cell."""


@dataclass(frozen=True, slots=True)
class Split:
    """One Parquet file to bring into parts: its number, the lines of the files before it, and of those with it."""

    number: int
    file: Path
    before: int
    end: int


def read_csv(plan: Plan, file: Path) -> tuple[int, tuple[str, ...]]:
    """Bring a CSV file into parts, a batch after the other; how many batches, and the columns that mean nothing."""
    number = 0
    with file.open(encoding=encoding_of(file), newline="") as text, database(plan) as connection:
        lines = cells_of(text)
        _, cells = next(lines, (0, []))
        heading = read_heading(cells)
        read = (read_row(heading, line, cells) for line, cells in lines if any(cell.strip() for cell in cells))
        while batch := list(islice(read, BATCH)):
            _tables(connection)
            _append(connection, batch)
            _write(connection, plan, number, "SELECT * FROM mended")
            number += 1
    if not number:
        raise Invalid("screen.empty", field="bids")
    return number, ignored_columns(heading)


def encoding_of(file: Path) -> str:
    """Give utf-8-sig or gb18030, whichever the whole file is in; Invalid `screen.unreadable`."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with file.open("rb") as opened:
                while block := opened.read(BLOCK):
                    if b"\x00" in block:
                        raise Invalid("screen.unreadable", field="bids")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            return encoding
        except UnicodeDecodeError:
            continue
    raise Invalid("screen.unreadable", field="bids")


def find_parquet(plan: Plan, folder: Path) -> tuple[list[Split], tuple[str, ...]]:
    """Find the Parquet files of a folder, in the order of their names, and the columns that mean nothing."""
    found: list[Split] = []
    before = 0
    ignored: tuple[str, ...] = ()
    with database(plan) as connection:
        for file in sorted(folder.rglob("*.parquet")):
            try:
                told = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(file)})").fetchone()
                names = [name for name, _ in _described(connection, file)]
            except duckdb.Error as error:
                raise Invalid("screen.unreadable", field="bids") from error
            ignored = tuple(dict.fromkeys((*ignored, *ignored_columns(read_heading(names)))))
            end = before + (int(told[0]) if told else 0)
            found.append(Split(len(found), file.resolve(), before, end))
            before = end
    if not before:
        raise Invalid("screen.empty", field="bids")
    return found, ignored


def split(plan: Plan, given: Split) -> None:
    """Bring a Parquet file into parts: `rows-N/part=M`, and `unread-N` with the lines that cannot be used."""
    with database(plan) as connection:
        try:
            types = {name.strip().lower(): (name, kind) for name, kind in _described(connection, given.file)}
        except duckdb.Error as error:
            raise Invalid("screen.unreadable", field="bids") from error
        for name, (_, kind) in types.items():
            if name in (*NEEDED, *OPTIONAL) and kind.split("(")[0] not in FLAT:
                raise Invalid("screen.type", field="bids", column=name, type=kind)
        cells = {name: _text(*types[name]) if name in types else "''" for name in (*NEEDED, *OPTIONAL)}
        fine = " AND ".join(f"coalesce({_fine(name, *types[name])}, false)" for name in cells if name in types)
        source = f"read_parquet({literal(given.file)}, file_row_number = true, hive_partitioning = false)"
        line = f"{given.before} + file_row_number + 1 line"
        _tables(connection)
        doubtful = silent(connection.cursor())
        doubtful.execute(f"SELECT {line}, {', '.join(cells.values())} FROM {source} WHERE NOT ({fine})")
        heading = list(cells)
        while lines := doubtful.fetchmany(BATCH):
            _append(connection, [read_row(heading, number, texts) for number, *texts in lines])
        doubtful.close()
        value, reserve = (_number(name, types) for name in ("bid_value", "reserve_price"))
        right = (
            f"SELECT {line}, {cells['tender_id']} tender, {cells['bidder_id']} bidder, {value} AS value,"
            f" CASE {cells['winner']} WHEN '1' THEN true WHEN '0' THEN false END winner,"
            f" {reserve} reserve, {cells['award_rule']} rule FROM {source} WHERE {fine}"
        )
        _write(connection, plan, given.number, f"{right} UNION ALL SELECT * FROM mended")


def _described(connection: duckdb.DuckDBPyConnection, file: Path) -> list[tuple[str, str]]:
    query = f"DESCRIBE SELECT * FROM read_parquet({literal(file)}, hive_partitioning = false)"
    return [(name, kind) for name, kind, *_ in connection.execute(query).fetchall()]


def _text(name: str, kind: str) -> str:
    cell = _quoted(name)
    if kind == "BOOLEAN":
        return f"CASE {cell} WHEN true THEN '1' WHEN false THEN '0' ELSE '' END"
    if kind.startswith("TIMESTAMP"):
        cell = f"CAST({cell} AS DATE)"
    return f"coalesce(CAST({cell} AS VARCHAR), '')"


def _number(name: str, types: dict[str, tuple[str, str]]) -> str:
    return f"TRY_CAST({_quoted(types[name][0])} AS DOUBLE)" if name in types else "NULL::DOUBLE"


def _fine(name: str, given: str, kind: str) -> str:
    """Spell what is right at a glance; what is not may still be."""
    cell = _quoted(given)
    text = f"CAST({cell} AS VARCHAR)"
    empty = f"{cell} IS NULL" + (f" OR {cell} = ''" if kind == "VARCHAR" else "")
    if name in ("tender_id", "bidder_id", "award_rule"):
        right = f"strlen({text}) BETWEEN 1 AND {LONGEST} AND NOT regexp_matches({text}, '^{SPACE}|{SPACE}$')"
    elif name in ("bid_value", "reserve_price"):
        right = f"TRY_CAST({cell} AS DOUBLE) BETWEEN 1e-15 AND 1e15"
        if kind == "VARCHAR":
            right += f" AND regexp_full_match({cell}, '{PLAIN}')"
    elif name == "winner":
        right = f"{_text(given, kind)} IN ('0', '1')"
    else:
        right = "true" if kind.startswith(("DATE", "TIMESTAMP")) else "false"
    return f"({right})" if name in NEEDED else f"({empty} OR ({right}))"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE mended AS SELECT {ROWS} FROM {no_bids()}")
    connection.execute(f"CREATE OR REPLACE TABLE unread AS {no_faults()}")


def _append(connection: duckdb.DuckDBPyConnection, read: Sequence[Row | Fault]) -> None:
    rows = [row for row in read if isinstance(row, Row)]
    faults = [fault for fault in read if isinstance(fault, Fault)]
    if rows:
        told = {True: 1, False: 0, None: -1}
        columns: dict[str, Any] = {
            "line": np.asarray([row.line for row in rows], np.int64),
            "tender": names([row.tender for row in rows]),
            "bidder": names([row.bidder for row in rows]),
            "value": np.asarray([row.value for row in rows], np.float64),
            "winner": np.asarray([told[row.winner] for row in rows], np.int8),
            "reserve": np.asarray([row.reserve if row.reserve is not None else np.nan for row in rows], np.float64),
            "rule": names([row.rule for row in rows]),
        }
        connection.register("typed", columns)
        winner = "CASE winner WHEN 1 THEN true WHEN 0 THEN false END"
        connection.execute(f"INSERT INTO mended SELECT line, tender, bidder, value, {winner}, reserve, rule FROM typed")
        connection.unregister("typed")
    if faults:
        add_faults(connection, faults, "unread")


def _write(connection: duckdb.DuckDBPyConnection, plan: Plan, number: int, rows: str) -> None:
    part = f"SELECT {ROWS}, {part_of('tender', plan.parts)} part FROM ({rows})"
    copy(connection, part, plan.folder / f"rows-{number}", by="part")
    copy(connection, "SELECT * FROM unread", plan.folder / f"unread-{number}.parquet")


def rows_of(plan: Plan, part: int) -> list[Path]:
    """Give the files that hold bids of a part."""
    return sorted(plan.folder.glob(f"rows-*/part={part}/*.parquet"))


def unread(plan: Plan) -> Iterator[Path]:
    """Give the files of lines that cannot be used."""
    return plan.folder.glob("unread-*.parquet")

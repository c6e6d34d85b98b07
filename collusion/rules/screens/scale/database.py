"""DuckDB as every task opens it: bounded memory, spilling beside the work, nothing fetched from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from collusion.rules.screens.table import Fault

COMPRESSION = "FORMAT parquet, COMPRESSION zstd"


@dataclass(frozen=True, slots=True)
class Plan:
    """What every task is told: the shared folder, into how many parts tables are cut, draws, megabytes and threads."""

    folder: Path
    parts: int
    draws: int
    memory: int
    threads: int = 1


@contextmanager
def database(plan: Plan, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that spills into the plan's folder; its spilt files are gone at the end."""
    spill = plan.folder / f"spill-{uuid.uuid4().hex}"
    connection = duckdb.connect(
        config={
            "memory_limit": f"{plan.memory}MB",
            "threads": threads or plan.threads,
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "enable_external_file_cache": False,
        }
    )
    try:
        yield silent(connection)
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def silent(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Keep a connection from drawing bars on stdout."""
    connection.execute("SET enable_progress_bar = false")
    return connection


@contextmanager
def finished(target: Path) -> Iterator[Path]:
    """Give a name to write at; what was written takes the target's name only when whole. The first writer wins.

    A cluster may run a task twice; both write the same.
    """
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        yield draft
        if draft.is_dir():
            if not target.exists():
                os.rename(draft, target)
        else:
            os.replace(draft, target)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path, *, by: str = "") -> None:
    """Write the rows of a query as Parquet: one file, or with `by` a folder with a part per value of that column."""
    with finished(target) as draft:
        options = COMPRESSION + (f", PARTITION_BY ({by}), FILENAME_PATTERN 'rows'" if by else "")
        connection.execute(f"COPY ({query}) TO {literal(draft)} ({options})")


def literal(value: Path | str) -> str:
    """Spell a text as SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def parquet(files: Sequence[Path]) -> str:
    """Spell a table made of these files, in this order."""
    return f"read_parquet([{', '.join(literal(file) for file in files)}], hive_partitioning = false)"


def column(fetched: Any, kind: Any) -> NDArray[Any]:
    """Give a fetched column as a plain array; what is not known is NaN, which needs a float."""
    array = np.ma.filled(np.ma.asarray(fetched, kind), np.nan) if np.ma.isMaskedArray(fetched) else fetched
    return np.ascontiguousarray(array, kind)


def part_of(name: str, parts: int) -> str:
    """Spell the part a name belongs to."""
    return f"(hash({name}) % {parts})::INTEGER"


def no_bids() -> str:
    """Spell a table of bids without any."""
    return (
        "(SELECT NULL::BIGINT line, '' tender, '' bidder, NULL::DOUBLE AS value, NULL::BOOLEAN winner,"
        " NULL::DOUBLE reserve, '' rule WHERE false)"
    )


def no_faults() -> str:
    """Spell a table of faults without any."""
    return "SELECT NULL::BIGINT line, '' tender, '' code, '' facts WHERE false"


def add_faults(connection: duckdb.DuckDBPyConnection, faults: Sequence[Fault], table: str) -> None:
    """Add faults to a table of them."""
    columns: dict[str, Any] = {
        "line": np.asarray([fault.line for fault in faults], np.int64),
        "tender": names([fault.tender for fault in faults]),
        "code": names([fault.code for fault in faults]),
        "facts": names([json.dumps(dict(fault.facts), ensure_ascii=False) for fault in faults]),
    }
    connection.register("typed", columns)
    connection.execute(f"INSERT INTO {table} SELECT line, tender, code, facts FROM typed")
    connection.unregister("typed")


def names(texts: Sequence[str]) -> NDArray[Any]:
    """Give texts as DuckDB takes them over."""
    return np.asarray(texts, object)

"""A table of bids screened by the engine that was asked for; its result is written whole or not at all."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from collusion.rules.screens.report import screen_table
from collusion.rules.screens.scale.database import finished
from collusion.rules.screens.scale.engine import Screened, screen_large, workplace
from collusion.rules.screens.scale.runners import Runner, cluster, processes
from collusion.rules.screens.scale.writing import digest, faults, left_out, write_json
from collusion.rules.screens.table import read_table

TOLD = 1_000
"""Faults told one by one; all stand in the result."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: the table, the engine, how many leading entries, and where to work and to leave tables."""

    bids: Path
    engine: str
    first: int | None
    workers: str | None
    cores: int
    memory: int
    work: Path | None
    tables: Path | None


@dataclass(frozen=True, slots=True)
class Faults:
    """How many lines could not be used, and the first of them."""

    found: int
    shown: list[dict[str, Any]]


def screen_bids(asked: Request, out: Path | None) -> tuple[Faults, str]:
    """Screen and write the JSON to `out` (None: stdout); the faults, and the digest of all numbers of a large table."""
    if asked.engine == "memory":
        return _in_memory(asked, out), ""
    with workplace(asked.work) as folder, _runner(asked, folder) as runner:
        screened = screen_large(asked.bids, runner, folder, memory=asked.memory)
        _write(out, lambda file: write_json(screened, file, asked.first))
        if asked.tables:
            _copy(screened, asked.tables)
        shown = [fault.told() for fault in islice(faults(screened), TOLD)]
        return Faults(screened.faults, shown), digest(screened)


def _runner(asked: Request, folder: Path) -> AbstractContextManager[Runner]:
    return cluster(asked.workers, folder) if asked.workers else processes(asked.cores)


def _in_memory(asked: Request, out: Path | None) -> Faults:
    result = screen_table(read_table(asked.bids.read_bytes()))
    if asked.first is not None:
        result["left_out"] = left_out(len(result["tenders"]), len(result["bidders"]), asked.first)
        result |= {name: result[name][: asked.first] for name in ("tenders", "bidders")}
    text = json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    _write(out, lambda file: file.write(text))
    return Faults(len(result["faults"]), result["faults"][:TOLD])


def _write(out: Path | None, write: Callable[[TextIO], Any]) -> None:
    if out is None:
        write(sys.stdout)
        return
    with finished(out) as draft, draft.open("w", encoding="utf-8") as file:
        write(file)


def _copy(screened: Screened, tables: Path) -> None:
    with finished(tables) as draft:
        draft.mkdir(parents=True)
        for table in screened.tables:
            shutil.copyfile(table, draft / table.name)

"""A table of bids screened part by part: the steps in their order, and what each leaves for the next.

1. Lines are read, checked and put into parts by tender. 2. Each part is ordered and its figures computed. 3. The pool
of spreads and residuals is laid out in the order of names. 4. Measures are drawn from it, one per rule, fold, number of
bids and coarseness. 5. Each part is measured; how close bidders came goes into parts by bidder. 6. Bidders are put
together. 7. Chances are weighed against how many were looked at, and everything is put into order.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.null import DRAWS, LEAST_TENDERS
from collusion.rules.screens.report import false_discovery
from collusion.rules.screens.scale import stages
from collusion.rules.screens.scale.database import Plan, column, copy, database, parquet
from collusion.rules.screens.scale.pool import Key, Order, Slice, Told, lay_out, read_code
from collusion.rules.screens.scale.reading import find_parquet, read_csv, rows_of, split
from collusion.rules.screens.scale.runners import Runner

ROWS = 400_000
"""Bids of a part, about; a worker holds some 400 bytes for each."""
LINE = 24
"""Bytes a line of CSV has at least, about."""
KEYS = 100
"""Measures drawn by one task."""
MEMORY = 1_024
SPARE = 160
"""Megabytes a process needs before it has read anything, and for arrays beside the database."""
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Screened:
    """Where the results lie while the work folder stands: ordered tables, lines that cannot be used, their number."""

    plan: Plan
    ignored: tuple[str, ...]
    tenders: int
    bidders: int
    faults: int

    @property
    def tables(self) -> tuple[Path, Path, Path]:
        """Give the files of tenders, bidders and faults."""
        return tuple(self.plan.folder / f"{name}.parquet" for name in ("tenders", "bidders", "faults"))  # type: ignore[return-value]


@contextmanager
def workplace(parent: Path | None) -> Iterator[Path]:
    """Give a folder for the work of one run; it is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="sunbid-screens-", dir=parent)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def screen_large(
    bids: Path,
    runner: Runner,
    folder: Path,
    *,
    draws: int = DRAWS,
    memory: int = MEMORY,
    rows: int = ROWS,
    step: Step = lambda name: None,
) -> Screened:
    """Screen the CSV file or the folder of Parquet files `bids`; the numbers are those of `report.screen_table`.

    All files of the work are in `folder`, which every worker must see. `memory` is in megabytes, for all processes of
    this machine together, or for each worker and this process of a cluster; above it the databases spill to the disk.
    """
    plan, ignored = _split(bids, runner, folder, draws, memory, rows, step)
    unread = sorted(folder.glob("unread-*.parquet"))
    parts = range(plan.parts)
    step("tenders")
    tenders = sum(runner.each(stages.tenders, [(plan, part, rows_of(plan, part), unread) for part in parts]))
    step("pool")
    slices, codes = _pool(plan)
    step("draws")
    where = _draws(plan, runner, slices, codes)
    step("chances")
    runner.each(stages.chances, [(plan, part, where) for part in parts])
    step("bidders")
    met = [sorted(folder.glob(f"company-*/part={part}/*.parquet")) for part in parts]
    runner.each(stages.bidders, [(plan, part, files) for part, files in enumerate(met)])
    step("order")
    with database(plan, threads=runner.workers) as connection:
        columns = ", ".join(f"v{place}, p{place}" for place in range(len(SCREENS)))
        _weighed(
            connection,
            parquet([folder / f"measured-{part}.parquet" for part in parts]),
            f"tender, rule, count, ratio, {columns}",
            "tender",
            folder / "tenders.parquet",
        )
        told = parquet([folder / f"bidders-{part}.parquet" for part in parts])
        columns = "bidder, tenders, measured, wins, closest"
        _weighed(connection, told, columns, "bidder", folder / "bidders.parquet")
        faults = parquet([*unread, *(folder / f"faults-{part}.parquet" for part in parts)])
        copy(connection, f"SELECT * FROM {faults} ORDER BY line", folder / "faults.parquet")
        counted = [_count(connection, told), _count(connection, faults)]
    return Screened(plan, ignored, tenders, *counted)


def _split(
    bids: Path, runner: Runner, folder: Path, draws: int, memory: int, rows: int, step: Step
) -> tuple[Plan, tuple[str, ...]]:
    each = memory // (runner.workers + 1) if runner.workers > 1 else memory
    held = max(64, each - SPARE)
    step("read")
    if not bids.is_dir():
        plan = Plan(folder, _parts(bids.stat().st_size // LINE, rows), draws, held)
        _, ignored = read_csv(plan, bids)
        return plan, ignored
    splits, ignored = find_parquet(Plan(folder, 1, draws, held), bids)
    plan = Plan(folder, _parts(splits[-1].end, rows), draws, held)
    runner.each(split, [(plan, given) for given in splits])
    return plan, ignored


def _parts(lines: int, rows: int) -> int:
    return max(1, -(-lines // rows))


def _pool(plan: Plan) -> tuple[list[Slice], NDArray[np.int64]]:
    parts = range(plan.parts)
    with database(plan) as connection:
        held = parquet([plan.folder / f"tenders-{part}.parquet" for part in parts])
        found = connection.execute(f"SELECT part, place, fold, count FROM {held} ORDER BY rule, tender").fetchnumpy()
        rules = connection.execute(f"SELECT rule, count(*) FROM {held} GROUP BY rule ORDER BY rule").fetchall()
    ends = np.cumsum([0, *(count for _, count in rules)])
    slices = [Slice(rule, int(ends[n]), int(ends[n + 1])) for n, (rule, _) in enumerate(rules)]
    order = Order(
        column(found["part"], np.int64),
        column(found["place"], np.int64),
        np.repeat(np.arange(len(rules)), np.diff(ends)),
        column(found["fold"], np.int8),
        column(found["count"], np.int64),
    )

    def read(part: int) -> Told:
        stored = np.load(plan.folder / f"figures-{part}.npz")
        return stored["scale"], stored["residual"], stored["coarse"]

    return slices, lay_out(plan.folder, order, plan.parts, read)


def _draws(plan: Plan, runner: Runner, slices: Sequence[Slice], codes: NDArray[np.int64]) -> dict[int, tuple[str, int]]:
    wanted: dict[tuple[int, int], list[tuple[int, Key]]] = {}
    for code in codes.tolist():
        rule, fold, key = read_code(code)
        if slices[rule].end - slices[rule].first > LEAST_TENDERS:
            wanted.setdefault((rule, fold), []).append((code, key))
    calls, asked = [], []
    for (rule, fold), keys in wanted.items():
        for begin in range(0, len(keys), KEYS):
            some = keys[begin : begin + KEYS]
            name = f"{rule}-{fold}-{begin}"
            calls.append((plan, slices[rule], fold, [key for _, key in some], name))
            asked.append((name, some))
    drawn = runner.each(stages.draws, calls)
    return {
        code: (name, begins[key])
        for (name, some), begins in zip(asked, drawn, strict=True)
        for code, key in some
        if key in begins
    }


def _weighed(connection: Any, table: str, columns: str, name: str, target: Path) -> None:
    known = connection.execute(f"SELECT p, count(*) FROM {table} WHERE p IS NOT NULL GROUP BY p").fetchall()
    weighed = false_discovery(dict(known))
    connection.register(
        "weighed",
        {
            "p": np.asarray(list(weighed), np.float64),
            "q": np.asarray([q for q, _ in weighed.values()], np.float64),
            "score": np.asarray([score for _, score in weighed.values()], np.float64),
        },
    )
    copy(
        connection,
        f"SELECT {columns}, p, q, score FROM {table} LEFT JOIN weighed USING (p) ORDER BY p IS NULL, p, {name}",
        target,
    )
    connection.unregister("weighed")


def _count(connection: Any, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

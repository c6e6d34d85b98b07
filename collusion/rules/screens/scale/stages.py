"""The tasks: each works on one part of the table, reads and writes files of the shared folder, and may be run twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.null import FOLDS
from collusion.rules.screens.report import SHOWN, WORTH_SHOWING, fisher, rounded
from collusion.rules.screens.scale.batches import Figures, figures
from collusion.rules.screens.scale.database import (
    Plan,
    add_faults,
    column,
    copy,
    database,
    finished,
    no_bids,
    no_faults,
    parquet,
    part_of,
)
from collusion.rules.screens.scale.pool import Key, Slice, measures, read_measure
from collusion.rules.screens.table import Fault, Row, join
from collusion.rules.screens.variance import Bids


def tenders(plan: Plan, part: int, rows: Sequence[Path], faults: Sequence[Path]) -> int:
    """Bring the bids of a part into order and compute what they give by themselves; the number of tenders.

    `bids-N`: tender, bidder, value, winner, ascending; `tenders-N`: one line each in the order of names;
    `figures-N`: the arrays of `Figures` and the counts; `faults-N`: bids at odds with others.
    """
    with database(plan) as connection:
        connection.execute(f"CREATE TABLE bids AS SELECT * FROM {parquet(rows) if rows else no_bids()}")
        connection.execute(
            f"CREATE TABLE aside AS SELECT DISTINCT tender FROM {parquet(faults)}"
            f" WHERE tender <> '' AND {part_of('tender', plan.parts)} = {part}"
        )
        found = _disagreeing(connection)
        connection.execute(f"CREATE TABLE faults AS {no_faults()}")
        if found:
            add_faults(connection, found, "faults")
            connection.execute("INSERT INTO aside SELECT DISTINCT tender FROM faults")
        copy(connection, "SELECT * FROM faults", plan.folder / f"faults-{part}.parquet")
        connection.execute("DELETE FROM bids WHERE tender IN (SELECT tender FROM aside)")
        file = plan.folder / f"bids-{part}.parquet"
        copy(connection, "SELECT tender, bidder, value, winner FROM bids ORDER BY tender, value, bidder", file)
        fold = f"('0x' || sha256(tender)[1:2])::INTEGER % {FOLDS}"
        told = plan.folder / f"tenders-{part}.parquet"
        copy(
            connection,
            f"SELECT {part} part, row_number() OVER (ORDER BY tender) - 1 place, tender, any_value(rule) rule,"
            f" count(*) count, min(value) / any_value(reserve) ratio, {fold} fold"
            " FROM bids GROUP BY tender ORDER BY tender",
            told,
        )
        connection.execute("DROP TABLE bids")
        values = column(connection.execute(f"SELECT value FROM {parquet([file])}").fetchnumpy()["value"], np.float64)
        counts = column(connection.execute(f"SELECT count FROM {parquet([told])}").fetchnumpy()["count"], np.int64)
    made = figures(values, counts)
    with finished(plan.folder / f"figures-{part}.npz") as draft, draft.open("wb") as written:
        np.savez(written, counts=counts, **{name: getattr(made, name) for name in Figures.__dataclass_fields__})
    return len(counts)


def _disagreeing(connection: duckdb.DuckDBPyConnection) -> list[Fault]:
    # Few tenders: those whose lines are not all of one mind are read one line after the other, as a small table is.
    connection.execute(
        "CREATE TABLE doubtful AS "
        "SELECT tender FROM bids GROUP BY tender HAVING min(rule) <> max(rule) OR min(reserve) <> max(reserve)"
        " OR count(reserve) NOT IN (0, count(*)) "
        "UNION SELECT tender FROM bids GROUP BY tender, bidder HAVING count(*) > 1"
    )
    read = connection.execute(
        "SELECT line, tender, bidder, value, winner, reserve, rule FROM bids"
        " WHERE tender IN (SELECT tender FROM doubtful) ORDER BY tender, line"
    )
    found: list[Fault] = []
    held: dict[str, list[Row]] = {}
    seen: dict[tuple[str, str], int] = {}
    while lines := read.fetchmany(10_000):
        for line, tender, bidder, value, winner, reserve, rule in lines:
            if tender not in held:
                held, seen = {}, {}
            fault = join(held, seen, Row(line, tender, bidder, value, "", winner, reserve, rule))
            if fault:
                found.append(fault)
    return found


def draws(plan: Plan, part: Slice, own: int, keys: Sequence[Key], name: str) -> dict[Key, int]:
    """Draw the measures for these keys of a rule and fold into `measures-NAME`; where each begins."""
    with finished(plan.folder / f"measures-{name}") as draft:
        return measures(plan.folder, part, own, keys, plan.draws, draft)


Where = Mapping[int, tuple[str, int]]
"""For a key's code: the file of its measure and where it begins."""


def chances(plan: Plan, part: int, where: Where) -> None:
    """Measure the tenders of a part: `measured-N` with values and chances by tender, `company-N/part=M` by bidder."""
    stored = np.load(plan.folder / f"figures-{part}.npz")
    counts, screens, company = stored["counts"], stored["screens"], stored["company"]
    codes = np.load(plan.folder / f"codes-{part}.npy")
    told = np.full_like(screens, np.nan)
    joint, close = np.full(len(counts), np.nan), np.full(len(company), np.nan)
    starts = np.cumsum(counts) - counts
    order = np.argsort(codes, kind="stable")
    files: dict[str, Any] = {}
    try:
        for alike in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if not len(alike) or int(codes[alike[0]]) not in where:
                continue
            name, begin = where[int(codes[alike[0]])]
            if name not in files:
                files[name] = (plan.folder / f"measures-{name}").open("rb")
            n = int(counts[alike[0]])
            measure = read_measure(files[name], begin, n, plan.draws)
            smallest = np.ones(len(alike))
            for place, screen in enumerate(SCREENS):
                if n >= screen.least:
                    told[alike, place] = measure.chances(screen, screens[alike, place])
                    smallest = np.minimum(smallest, told[alike, place])
            joint[alike] = measure.joint(smallest)
            bids = starts[alike][:, None] + np.arange(n)
            close[bids] = measure.company(company[bids])
    finally:
        for file in files.values():
            file.close()
    _write_measured(plan, part, screens, told, _rounded(joint), close)


def _rounded(values: Bids) -> Bids:
    distinct, places = np.unique(values, return_inverse=True)
    return np.asarray([rounded(value) for value in distinct.tolist()])[places]


def _write_measured(plan: Plan, part: int, values: Bids, told: Bids, joint: Bids, close: Bids) -> None:
    with database(plan) as connection:
        columns = {f"v{place}": np.ascontiguousarray(values[:, place]) for place in range(len(SCREENS))}
        columns |= {f"p{place}": np.ascontiguousarray(told[:, place]) for place in range(len(SCREENS))}
        connection.register("measured", columns | {"p": joint})
        connection.register("closeness", {"p": close})
        held = f"{parquet([plan.folder / f'tenders-{part}.parquet'])}"
        bids = f"{parquet([plan.folder / f'bids-{part}.parquet'])}"
        copy(
            connection,
            f"SELECT tender, rule, count, ratio, measured.* FROM {held} t POSITIONAL JOIN measured",
            plan.folder / f"measured-{part}.parquet",
        )
        copy(
            connection,
            f"SELECT bidder, tender, winner, p, {part_of('bidder', plan.parts)} part FROM {bids} b"
            " POSITIONAL JOIN closeness",
            plan.folder / f"company-{part}",
            by="part",
        )


def bidders(plan: Plan, part: int, files: Sequence[Path]) -> None:
    """Put together what is known of the bidders of a part: `bidders-N`."""
    with database(plan) as connection:
        none = "(SELECT '' bidder, '' tender, NULL::BOOLEAN winner, NULL::DOUBLE p WHERE false)"
        connection.execute(
            f"CREATE TABLE met AS SELECT bidder, tender, winner, p FROM {parquet(files) if files else none}"
        )
        connection.execute(
            "CREATE TABLE told AS SELECT bidder, count(*) tenders, count(p) measured,"
            " CASE WHEN count(winner) > 0 THEN count_if(winner)::BIGINT END wins,"
            f" min({{'p': p, 'tender': tender}}, {SHOWN}) FILTER (p <= {WORTH_SHOWING}) closest"
            " FROM met GROUP BY bidder ORDER BY bidder"
        )
        found = connection.execute("SELECT p FROM met WHERE p IS NOT NULL ORDER BY bidder, p").fetchnumpy()["p"]
        chances = column(found, np.float64)
        connection.execute("DROP TABLE met")
        counts = column(connection.execute("SELECT measured FROM told").fetchnumpy()["measured"], np.int64)
        ends = np.cumsum(counts)
        joint = np.full(len(counts), np.nan)
        for place in np.flatnonzero(counts).tolist():
            joint[place] = rounded(fisher(chances[ends[place] - counts[place] : ends[place]].tolist()))
        connection.register("joint", {"p": joint})
        copy(connection, "SELECT * FROM told POSITIONAL JOIN joint", plan.folder / f"bidders-{part}.parquet")

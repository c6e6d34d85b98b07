"""Large tables: part by part, in processes and on a cluster the same bytes as in memory, whatever they hold."""

from __future__ import annotations

import io
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as some

from collusion.cli import collusion
from collusion.rules.screens import null
from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.report import screen_table
from collusion.rules.screens.scale import engine, runners, stages
from collusion.rules.screens.scale.batches import coarsenesses, figures
from collusion.rules.screens.scale.database import Plan, finished
from collusion.rules.screens.scale.writing import digest, write_json
from collusion.rules.screens.table import read_table
from core.errors import Invalid
from tests.collusion.test_screens import HOSTILE, csv_of, market

DRAWS = 39
COLUMNS = "tender_id,bidder_id,bid_value,winner,reserve_price,award_rule"


def told(table: bytes, first: int | None = None) -> str:
    """What the engine in memory writes."""
    return json.dumps(screen_table(read_table(table), draws=DRAWS), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def large(bids: Path, runner: runners.Runner | None = None, *, rows: int = 150, memory: int = 512) -> tuple[str, str]:
    """The JSON and the digest of the other engine; parts so small that there are several."""
    with engine.workplace(None) as folder:
        found = engine.screen_large(
            bids, runner or runners.Alone(), folder, draws=DRAWS, memory=memory, rows=rows
        )  # fmt: skip
        file = io.StringIO()
        write_json(found, file)
        return file.getvalue(), digest(found)


def mixed(seed: int = 3, tenders: int = 75) -> list[str]:
    """Lines of two award rules, some known winners and reserves, tenders of one bid to eleven, round and odd sums."""
    chance = random.Random(seed)
    lines = []
    for number in range(tenders):
        level, rule = chance.lognormvariate(14, 1), chance.choice(["低价法"] * 5 + ["综合"])
        reserve = f"{level * 1.1:.0f}" if number % 3 else ""
        grain = chance.choice([1000, 1, 0.01])
        for place, bidder in enumerate(chance.sample(range(40), chance.randint(1, 11))):
            bid = max(1, round(level * math.exp(chance.gauss(0, 0.05)) / grain)) * grain
            winner = ("1" if place == 0 else "0") if number % 4 else ""
            lines.append(f"标段{number},单位{bidder:02},{bid:.2f},{winner},{reserve},{rule}")
    alike = [f"same{number},单位{bidder:02},5000,,,低价法" for number in range(9) for bidder in range(4)]
    return chance.sample(lines + alike, len(lines) + len(alike))


def table_of(lines: list[str]) -> bytes:
    return "\n".join([COLUMNS, *lines]).encode()


@pytest.mark.parametrize(
    "table",
    [
        csv_of(market(tenders=45, ring=("r1", "r2", "r3"))),
        csv_of(market(tenders=45, round_to=100_000)),
        csv_of(market(tenders=12)),
        table_of(mixed()),
        HOSTILE.encode("gb18030"),
        f"{COLUMNS}\nt,a,none,,,\n".encode(),
    ],
    ids=["ring", "round", "cold", "mixed", "hostile", "nothing usable"],
)
def test_part_by_part_writes_the_bytes_of_the_engine_in_memory(table: bytes, tmp_path: Path) -> None:
    """Seen red: with folds by another byte of the digest, with places of the pool counted from the left, with wins that
    were no whole numbers (hostile), with the rest of a faulty tender kept, with faults the other way round,
    with bids that are all alike in the pool, and with one pool for all rules (mixed).
    """
    (tmp_path / "bids.csv").write_bytes(table)
    assert large(tmp_path / "bids.csv")[0] == told(table)


def as_parquet(lines: list[str], folder: Path) -> None:
    """Three files with real types: numbers, truth values, dates; a name with a space at its end."""
    folder.mkdir()
    (folder / "all.csv").write_bytes(table_of(lines))
    connection = duckdb.connect()
    for number in range(3):
        connection.execute(
            f"COPY (SELECT tender_id || CASE WHEN random() < 0.1 THEN ' ' ELSE '' END tender_id, bidder_id,"
            f" bid_value::{'DECIMAL(18,2)' if number else 'DOUBLE'} BID_VALUE, winner::INT::BOOLEAN winner,"
            f" reserve_price::BIGINT reserve_price, award_rule, DATE '2024-05-06' date, 7 extra"
            f" FROM read_csv('{folder}/all.csv', all_varchar = true, nullstr = '')"
            f" WHERE hash(tender_id, bidder_id) % 3 = {number}) TO '{folder}/{number}.parquet' (FORMAT parquet)"
        )


def test_a_folder_of_parquet_is_screened_as_the_same_table_in_csv(tmp_path: Path) -> None:
    """Seen red: with names taken as they are, spaces and all, and with losers of unknown fate."""
    as_parquet(mixed(), tmp_path / "bids")
    found, expected = json.loads(large(tmp_path / "bids")[0]), json.loads(told(table_of(mixed())))
    assert found["ignored_columns"] == ["extra"] and not found["faults"]
    assert (found["tenders"], found["bidders"]) == (expected["tenders"], expected["bidders"])


def test_lines_of_parquet_that_cannot_be_used_are_named_by_their_place(tmp_path: Path) -> None:
    """Seen red: with lines counted within their file, and with −1 taken for a bid."""
    connection = duckdb.connect()
    rows = "('t1', 'a', 5.0), ('t1', 'b', -1.0), ('t1', 'c', 'nan'::DOUBLE), ('', 'a', 5.0), ('t2', 'a', 5.0)"
    rows += ", ('t2', 'a', 6.0)"
    connection.execute(
        f"COPY (SELECT * FROM (VALUES {rows}) t(tender_id, bidder_id, bid_value)) TO '{tmp_path}/x.parquet'"
    )
    connection.execute("CREATE TABLE y AS SELECT 't3' tender_id, NULL::VARCHAR bidder_id, 5.0 bid_value")
    connection.execute(f"COPY y TO '{tmp_path}/y.parquet'")
    result = json.loads(large(tmp_path)[0])
    assert [(fault["line"], fault["code"]) for fault in result["faults"]] == [
        (2, "row.number"), (3, "row.number"), (4, "row.empty"), (6, "row.twice"), (7, "row.empty"),
    ]  # fmt: skip
    assert result["set_aside"] == ["t1", "t2", "t3"] and result["tenders"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT 't' tender_id, 'a' bidder_id", "screen.columns"),
        ("SELECT 't' tender_id, 'a' bidder_id, [1] bid_value", "screen.type"),
        ("SELECT 't' tender_id, 'a' bidder_id, 1 bid_value WHERE false", "screen.empty"),
        ("", "screen.unreadable"),
        (None, "screen.empty"),
    ],
)
def test_what_is_no_table_is_refused(query: str | None, code: str, tmp_path: Path) -> None:
    """Seen red: without the question for the type, and without that for any line at all."""
    if query:
        duckdb.connect().execute(f"COPY ({query}) TO '{tmp_path}/x.parquet'")
    elif query is not None:
        (tmp_path / "x.parquet").write_bytes(b"PAR1, not really")
    with pytest.raises(Invalid) as refusal:
        large(tmp_path)
    assert refusal.value.code == code


def test_a_csv_that_breaks_off_or_is_no_text_is_refused(tmp_path: Path) -> None:
    """Seen red: with NUL bytes read over."""
    for bad in (b"", b"tender_id,bidder_id\n1,2\n", f'{COLUMNS}\n1,"2,3\n'.encode(), b"\xff\xfe\xff" * 9, b"a\x00b"):
        (tmp_path / "bids.csv").write_bytes(bad)
        with pytest.raises(Invalid) as here:
            large(tmp_path / "bids.csv")
        with pytest.raises(Invalid) as there:
            read_table(bad)
        assert here.value.code == there.value.code


@example([3.0, 4.0, 5.0], 0, 1.0)
@example([1000.0, 2000.0, 3000.0], 0, 1.0)
@example([0.12345678901234567, 0.22345678901234567, 0.32345678901234567], 17, 1.0)
@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.floats(1e-9, 1e17), min_size=3, max_size=12),
    some.integers(-6, 17),
    some.sampled_from([1.0, 1.5, 2.0**-20]),
)
def test_the_grain_of_many_tenders_is_that_of_each(bids: list[float], places: int, factor: float) -> None:
    """Seen red: without the step for powers of two, without trailing zeros, without the digits spelt out."""
    ordered = np.sort(np.asarray([max(round(bid * factor, places), 1e-9) for bid in bids]))
    assert coarsenesses(ordered[None, :])[0] == null.coarseness(ordered)


def test_figures_of_tenders_side_by_side_are_those_of_each() -> None:
    """Seen red: with tenders beginning one further."""
    rng = np.random.default_rng(5)
    counts = rng.integers(1, 30, 60)
    each = [np.sort(np.round(np.exp(rng.normal(13, 0.1, n)), int(n) % 3)) for n in counts]
    found = figures(np.concatenate(each), counts)
    for place, bids in enumerate(each):
        for column, screen in enumerate(SCREENS):
            value = found.screens[place, column]
            if len(bids) < screen.defined:
                assert math.isnan(value)
            else:
                assert value == pytest.approx(float(screen.compute(bids)), rel=1e-9, abs=1e-12)


def test_what_was_half_written_never_has_the_name_of_the_whole(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), finished(tmp_path / "part") as draft:
        draft.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_is_run_twice_leaves_one_result(tmp_path: Path) -> None:
    """A cluster runs the tasks of a worker again that died; what they leave is the same."""

    class Twice(runners.Alone):
        def each(self, task: Any, calls: Any) -> Any:
            return [(task(*call), task(*call))[1] for call in calls]

    (tmp_path / "bids.csv").write_bytes(table_of(mixed()))
    assert large(tmp_path / "bids.csv", Twice())[0] == told(table_of(mixed()))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, processes of their own as an operator starts them."""
    pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("dask")
    place = folder / "scheduler.json"
    common = ["--scheduler-file", str(place)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    started = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_scheduler",
                *common,
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--no-dashboard",
            ],
            **quiet,
        )
    ]
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        *common,
        "--nthreads",
        "1",
        "--nworkers",
        "2",
        "--no-dashboard",
    ]
    started.append(subprocess.Popen(worker, **quiet))
    try:
        end = time.monotonic() + 60
        while not place.exists() or not place.read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
        from distributed import Client

        with Client(scheduler_file=str(place), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def test_two_workers_of_a_cluster_give_the_same_bytes(scheduler: str, tmp_path: Path) -> None:
    as_parquet(mixed(), tmp_path / "bids")
    here, sum_here = large(tmp_path / "bids")
    with engine.workplace(tmp_path) as folder, runners.cluster(scheduler, folder) as runner:
        assert runner.workers == 2
        found = engine.screen_large(tmp_path / "bids", runner, folder, draws=DRAWS, rows=150)
        file = io.StringIO()
        write_json(found, file)
        there, sum_there = file.getvalue(), digest(found)
    assert (there, sum_there) == (here, sum_here)


def test_a_cluster_that_computes_otherwise_or_sees_another_folder_is_refused(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setattr(runners, "MODEL", "sunbid-screens/0")
        with pytest.raises(Invalid) as refusal, runners.cluster(scheduler, tmp_path):
            pass
    assert refusal.value.code == "screen.workers_differ"
    # A folder of this name exists for every process, but not the same one.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid) as refusal, runners.cluster(scheduler, Path("/proc/self/cwd")):
        pass
    assert refusal.value.code == "screen.not_shared" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "code"),
    [("tcp://10.0.0.9:8786", "screen.open_wire"), ("bids.example:8786", "screen.open_wire")],
)
def test_bids_do_not_leave_the_machine_unencrypted(address: str, code: str, tmp_path: Path) -> None:
    """Seen red: with the question left out."""
    pytest.importorskip("distributed")
    with pytest.raises(Invalid) as refusal, runners.cluster(address, tmp_path):
        pass
    assert refusal.value.code == code
    assert runners.private("tls://10.0.0.9:8786") and runners.private("127.0.0.1:8786")


def test_the_command_chooses_and_checks_the_engine(tmp_path: Path) -> None:
    """Seen red: with all entries written whatever --first says."""
    (tmp_path / "bids.csv").write_bytes(table_of(mixed(tenders=20)))
    out, tables = tmp_path / "out.json", tmp_path / "tables"

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(collusion, ["screen", str(tmp_path / "bids.csv"), "--json", str(out), *arguments])

    assert run("--first", "2").exit_code == 0
    small = out.read_text("utf-8")
    done = run("--first", "2", "--engine", "embedded", "--cores", "1", "--tables", str(tables))
    assert done.exit_code == 0 and "SHA-256" in done.output, done.output
    assert out.read_text("utf-8") == small
    result = json.loads(small)
    assert len(result["tenders"]) == 2 and result["left_out"]["tenders"] == 27
    assert duckdb.connect().execute(f"SELECT count(*) FROM '{tables}/tenders.parquet'").fetchone() == (29,)
    out.unlink()
    for wrong in (
        ["--engine", "cluster"],
        ["--workers", "tls://x:1"],
        ["--engine", "memory", "--tables", "t"],
        ["--tables", str(tables)],
    ):
        assert run(*wrong).exit_code == 2 and not out.exists()


def test_databases_keep_to_their_memory_and_leave_nothing(tmp_path: Path) -> None:
    """A sort of 60 MB in 32 MB goes by way of the disk. Without the spill folder DuckDB refuses."""
    plan = Plan(tmp_path, 1, DRAWS, 32)
    with stages.database(plan) as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() == ("30.5 MiB",)
        rows = "SELECT hash(range) a, repeat('x', 10) || range::VARCHAR b FROM range(2_000_000)"
        assert connection.execute(
            f"SELECT count(*), max(a) > 0 FROM ({rows} ORDER BY a LIMIT 1_900_000)"
        ).fetchone() == (
            1_900_000,
            True,
        )
    assert list(tmp_path.iterdir()) == []

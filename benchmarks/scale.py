"""`./run bench scale [--tenders 2000000] [--short]`: price screens of ten million bids on two cores, in bounded memory.

Made-up bids (seeded, the same every time, five to a tender, one tender in twenty with a ring) are streamed into Parquet
once. Then, each in a process of its own: the embedded engine on a tenth of them and on all; the same engine on a
scheduler and two workers of Dask; and the peer, the eleven screens written by hand as one DuckDB query with as many
threads and as much memory. The peer stops where the screens are computed: no chances, no bidders, no order. Memory is
the sum over all processes of a run, shared pages split between them (PSS), asked five times a second.

Holds where the cluster's numbers have the embedded engine's digest, the peer's screens differ from ours by less than
1e-9, memory stays below 1.5 GB and CPU grows by no more than N^1.1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.scale.database import silent

SEED = 2026
CHUNK = 200_000
BIDDERS = 120_011  # prime: any step through it meets nobody twice
RINGS = 300
CORES = 2
MEMORY = 1_024
BOUND = 1_536
GROWTH = 1.1
SPELT = """
SELECT tender_id tender, stddev_samp / mean v0, (x[n] - x[1]) / x[1] v1, (x[2] - x[1]) / x[1] v2,
  CASE WHEN n >= 3 THEN CASE WHEN rest <= 1e-12 * x[n] THEN CASE WHEN x[2] - x[1] <= 1e-12 * x[n] THEN 0 ELSE 1000 END
    ELSE least((x[2] - x[1]) / rest, 1000) END END v3,
  CASE WHEN n >= 3 THEN CASE WHEN x[n] - x[2] <= 1e-12 * x[n] * (n - 2) THEN CASE WHEN x[2] - x[1] <= 1e-12 * x[n] THEN 0
    ELSE 1000 END ELSE least((x[2] - x[1]) * (n - 2) / (x[n] - x[2]), 1000) END END v4,
  CASE WHEN n >= 3 THEN CASE WHEN x[n] - x[1] <= 1e-12 * x[n] * (n - 1) THEN 0
    ELSE least((x[2] - x[1]) * (n - 1) / (x[n] - x[1]), 1000) END END v5,
  CASE WHEN n >= 3 THEN CASE WHEN alike OR abs(skew) < 1e-7 THEN 0 ELSE skew END END v6,
  CASE WHEN n >= 4 THEN CASE WHEN alike OR abs(kurt) < 1e-7 THEN 0 ELSE kurt END END v7,
  CASE WHEN alike THEN 0 ELSE list_max([greatest(i / n - (x[i] - x[1]) / (x[n] - x[1]),
    (x[i] - x[1]) / (x[n] - x[1]) - (i - 1) / n) for i in range(1, n + 1)]) END v8,
  CASE WHEN n >= 3 THEN list_min([list_stddev_samp(x[i:i + 2]) / list_avg(x[i:i + 2]) for i in range(1, n - 1)]) END v9,
  CASE WHEN n >= 4 THEN list_min([list_stddev_samp(x[i:i + 3]) / list_avg(x[i:i + 3]) for i in range(1, n - 2)]) END v10
FROM (SELECT *, x[n] - x[1] <= 1e-12 * x[n] alike, CASE WHEN n >= 3 THEN list_stddev_samp(x[2:]) END rest FROM (
  SELECT tender_id, list_sort(list(bid_value)) x, count(*) n, avg(bid_value) mean, stddev_samp(bid_value) stddev_samp,
    skewness(bid_value) skew, kurtosis(bid_value) kurt FROM read_parquet('{bids}/*.parquet') GROUP BY tender_id))
"""


def make(folder: Path, tenders: int) -> int:
    """Stream the bids of so many tenders into Parquet files, unless they are there; their number."""
    done = folder / "made.json"
    if done.exists():
        return int(json.loads(done.read_text())["bids"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bids = 0
    for number, first in enumerate(range(0, tenders, CHUNK)):
        columns = chunk(np.random.Generator(np.random.PCG64([SEED, number])), first, min(CHUNK, tenders - first))
        with duckdb.connect() as connection:
            silent(connection)
            connection.register("made", columns)
            connection.execute(
                "COPY (SELECT 'T-' || lpad(tender::VARCHAR, 8, '0') tender_id, '企业' || bidder bidder_id,"
                " value bid_value, winner::BOOLEAN winner, reserve reserve_price,"
                " CASE rule WHEN 0 THEN '经评审的最低投标价法' ELSE '综合评估法' END award_rule FROM made)"
                f" TO '{folder}/{number:04}.parquet' (FORMAT parquet)"
            )
        bids += len(columns["value"])
    done.write_text(json.dumps({"bids": bids}))
    return bids


def chunk(rng: np.random.Generator, first: int, tenders: int) -> dict[str, Any]:
    """Bids of some tenders: 2 to 8 each, spreads of tenders unequal, prices rounded to 1, 100 or 1,000 yuan."""
    counts = rng.integers(2, 9, tenders)
    level, spread = np.exp(rng.normal(14.5, 1.2, tenders)), np.exp(rng.normal(-3.3, 0.5, tenders))
    grain, rule = rng.choice([1.0, 100.0, 1000.0], tenders), rng.integers(0, 2, tenders)
    start, step = (BIDDERS * rng.random(tenders) ** 2).astype(np.int64), rng.integers(1, 997, tenders)
    ring = np.where(rng.random(tenders) < 0.05, rng.integers(0, RINGS, tenders), -1)
    tender = np.repeat(np.arange(tenders), counts)
    place = np.arange(len(tender)) - np.repeat(np.cumsum(counts) - counts, counts)
    inside = (ring[tender] >= 0) & (place < 3)
    noise = rng.normal(size=len(tender)) * np.where(inside, 0.003, spread[tender])
    value = level[tender] * np.exp(noise + np.where(inside, 0.01, 0.0))
    value = np.maximum(np.round(value / grain[tender]), 1) * grain[tender]
    lowest = np.minimum.reduceat(value, np.cumsum(counts) - counts)
    bidder = (start[tender] + place * step[tender]) % BIDDERS
    return {
        "tender": tender + first,
        "bidder": np.where(inside, BIDDERS + 3 * ring[tender] + place, bidder),
        "value": value,
        "winner": (value == lowest[tender]).astype(np.int8),
        "reserve": np.round(level * 1.15)[tender],
        "rule": rule[tender],
    }


def engine(bids: Path, work: Path, workers: str | None, tables: Path | None) -> dict[str, Any]:
    """Screen in this process and those it starts: seconds of each step, the digest, how many."""
    from collusion.rules.screens.command import TOLD
    from collusion.rules.screens.scale.engine import screen_large, workplace
    from collusion.rules.screens.scale.runners import cluster, processes
    from collusion.rules.screens.scale.writing import digest, write_json

    begun = time.perf_counter()
    steps: dict[str, float] = {}
    with workplace(work) as folder, cluster(workers, folder) if workers else processes(CORES) as runner:
        found = screen_large(
            bids, runner, folder, memory=MEMORY, step=lambda name: steps.update({name: time.perf_counter() - begun})
        )
        steps["write"] = time.perf_counter() - begun
        with (folder / "out.json").open("w", encoding="utf-8") as file:
            write_json(found, file, first=TOLD)
        steps["end"] = time.perf_counter() - begun
        if tables:
            shutil.copyfile(found.tables[0], tables)
        spans = dict(zip(steps, np.diff(list(steps.values())).round(1).tolist(), strict=False))
        return {
            "seconds": steps["end"],
            "steps": spans,
            "digest": digest(found),
            "tenders": found.tenders,
            "bidders": found.bidders,
            "faults": found.faults,
            "parts": found.plan.parts,
        }


def peer(bids: Path, work: Path, target: Path) -> dict[str, Any]:
    """The screens by hand in SQL."""
    begun = time.perf_counter()
    settings = {"threads": CORES, "memory_limit": f"{MEMORY}MB", "temp_directory": str(work / "spill")}
    with duckdb.connect(config=settings) as connection:
        silent(connection).execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({SPELT.format(bids=bids)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    return {"seconds": time.perf_counter() - begun}


class Watched:
    """A process and those it starts: CPU seconds when they have ended, the highest memory they had together."""

    def __init__(self, command: list[str], extra: list[int]) -> None:
        self.extra, self.peak, self.largest = extra, 0.0, 0.0
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self) -> dict[str, Any]:
        """Wait for the end and give what the process printed, with CPU and memory."""
        before = {pid: _cpu(pid) for pid in self.extra}
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        said, _ = self.process.communicate()
        watcher.join()
        if self.process.returncode:
            raise SystemExit(f"a run ended with {self.process.returncode}")
        told: dict[str, Any] = json.loads(said.splitlines()[-1])
        told["cpu"] += sum(_cpu(pid) - before[pid] for pid in self.extra)
        return told | {"peak": self.peak, "largest": self.largest}

    def _watch(self) -> None:
        while self.process.poll() is None:
            each = [_pss(pid) for root in (self.process.pid, *self.extra) for pid in _tree(root)]
            self.peak, self.largest = max(self.peak, sum(each)), max([self.largest, *each])
            time.sleep(0.2)


def _tree(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [pid, *(below for child in children for below in _tree(child))]


def _pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def child(arguments: list[str]) -> int:
    """Run one side and print what it took as the last line."""
    kind, bids, work, *rest = arguments
    if kind == "peer":
        told = peer(Path(bids), Path(work), Path(rest[0]))
    else:
        told = engine(Path(bids), Path(work), rest[0] or None, Path(rest[1]) if rest[1] else None)
    used = os.times()
    told["cpu"] = used.user + used.system + used.children_user + used.children_system
    print(json.dumps(told))
    return 0


def run(kind: str, bids: Path, work: Path, *rest: str, extra: list[int] | None = None) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--child", kind, str(bids), str(work), *rest]
    return Watched(command, extra or []).result()


def on_cluster(bids: Path, work: Path) -> dict[str, Any]:
    """Start a scheduler and two workers, as an operator does, screen on them, stop them."""
    place = work / "scheduler.json"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": work}
    dask = [sys.executable, "-m", "distributed.cli."]
    common = ["--scheduler-file", str(place), "--no-dashboard"]
    started = [
        subprocess.Popen(
            [*dask[:2], dask[2] + "dask_scheduler", *common, "--host", "127.0.0.1", "--port", "0"], **quiet
        )
    ]
    for _ in range(CORES):
        started.append(
            subprocess.Popen([*dask[:2], dask[2] + "dask_worker", *common, "--nthreads", "1", "--no-nanny"], **quiet)
        )
    try:
        from distributed import Client

        end = time.monotonic() + 120
        while not place.exists() or not place.read_text():
            if time.monotonic() > end:
                raise SystemExit("no scheduler")
            time.sleep(0.1)
        with Client(scheduler_file=str(place), set_as_default=False) as client:
            client.wait_for_workers(CORES, timeout=120)
            address = client.scheduler.address
        return run("engine", bids, work, address, "", extra=[process.pid for process in started])
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def differences(ours: Path, theirs: Path) -> tuple[int, float]:
    """How many values were compared, and by how much they differ at most (relative above 1)."""
    each = ", ".join(
        f"max(abs(a.v{n} - b.v{n}) / greatest(1, abs(b.v{n}))), count(a.v{n}), count(b.v{n})"
        for n in range(len(SCREENS))
    )
    with duckdb.connect() as connection:
        silent(connection)
        query = f"SELECT {each} FROM '{ours}' a FULL JOIN '{theirs}' b USING (tender)"
        found = connection.execute(query).fetchone() or ()
    worst = max(found[::3])
    here, there = found[1::3], found[2::3]
    return sum(here), worst if tuple(here) == tuple(there) else math.inf


def told(name: str, result: dict[str, Any], bids: int) -> str:
    """One line of a run."""
    steps = " ".join(f"{step} {seconds}" for step, seconds in result.get("steps", {}).items())
    return (
        f"{name:28}{bids:>12,} bids  {result['seconds']:7.1f} s  {result['cpu']:7.1f} s of CPU  "
        f"{result['peak']:6.0f} MB together, {result['largest']:4.0f} the largest  {steps}"
    )


def main(arguments: list[str]) -> int:
    """Make the bids, run every side, compare."""
    if arguments[:1] == ["--child"]:
        return child(arguments[1:])
    parser = argparse.ArgumentParser(prog="scale")
    parser.add_argument("--tenders", type=int, default=2_000_000)
    parser.add_argument("--short", action="store_true", help="a tenth")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sunbid-bench-scale")
    given = parser.parse_args(arguments)
    tenders = given.tenders // 10 if given.short else given.tenders
    sizes = [tenders // 10, tenders]
    made = {size: make(given.folder / f"{SEED}-{size}", size) for size in sizes}
    print(f"load {os.getloadavg()[0]:.0f}; bids in {given.folder}")
    with tempfile.TemporaryDirectory(prefix="sunbid-bench-") as name:
        work = Path(name)
        few, many = given.folder / f"{SEED}-{sizes[0]}", given.folder / f"{SEED}-{sizes[1]}"
        small = run("engine", few, work, "", "")
        print(told("embedded, two processes", small, made[sizes[0]]), flush=True)
        large = run("engine", many, work, "", str(work / "ours.parquet"))
        print(told("embedded, two processes", large, made[sizes[1]]), flush=True)
        by_hand = run("peer", many, work, str(work / "theirs.parquet"))
        print(told("screens as one DuckDB query", by_hand, made[sizes[1]]), flush=True)
        spread = on_cluster(many, work)
        print(told("Dask, two workers", spread, made[sizes[1]]), flush=True)
        compared, worst = differences(work / "ours.parquet", work / "theirs.parquet")
    growth = math.log(large["cpu"] / small["cpu"]) / math.log(made[sizes[1]] / made[sizes[0]])
    same = spread["digest"] == large["digest"]
    peak = max(large["peak"], spread["peak"])
    print(
        f"{large['tenders']:,} tenders, {large['bidders']:,} bidders, {large['faults']} faults, {large['parts']} parts"
    )
    print(f"digest {large['digest']}; on the cluster {'the same' if same else spread['digest']}")
    print(f"{compared:,} values of screens beside the peer's: at most {worst:.1e} apart")
    print(
        f"{made[sizes[1]]:,} bids in {large['seconds']:.0f} s, {large['cpu']:.0f} s of CPU, {peak:.0f} MB; N^{growth:.2f};"
        f" all of it takes {large['cpu'] / by_hand['cpu']:.2f}× the CPU of the peer's screens alone;"
        f" cluster {spread['seconds']:.0f} s, {'equal' if same else 'NOT equal'}"
    )
    return 0 if same and worst < 1e-9 and peak < BOUND and growth <= GROWTH and not large["faults"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

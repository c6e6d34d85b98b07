"""A credit list taken over as an installation does it, against a plain bulk insert or COPY of the same rows.

    python -m benchmarks.credit_import [--rows 200000] [--database sqlite postgresql] [--rounds 1]

Our side reads a CSV from the disk, checks every row, and stages it in acts of 25,000 rows until the last act makes it
count, then takes a second snapshot in which one row in a hundred is gone and one in a hundred is new. The peer has the
same rows ready as values: `executemany` in one transaction on SQLite, `COPY … FROM STDIN` of ready text on PostgreSQL,
into the same table with the same indexes. Each side is a process of its own on a fresh database; the memory said is
the whole process's at its highest.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore
from credit import services
from credit.rules import Row, read_file
from credit.services.importing import BATCH, COLUMNS
from tests.cluster import Cluster, load_tables, postgresql_programs
from tests.factories import ALPHABET

TARGET = 0.3
SOURCE = "judgment_defaulters"
AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
HEADER = "名称,统一社会信用代码,案号,列入事由,列入日期,有效期至,惩戒措施\n"


def lines(rows: int, version: int) -> Iterator[str]:
    """The rows of a snapshot; in version 2 each hundredth is gone and one in a hundred is new."""
    for number in range(rows):
        if version == 2 and number % 100 == 0:
            number += rows
        mixed = number * 2654435761 % 2**32
        tail = "".join(ALPHABET[mixed >> shift & 15] for shift in (28, 24, 20, 16, 12, 8, 4, 0))
        code = f"9133{number % 100:02d}00M{tail}{ALPHABET[number % 31]}"
        yield (
            f"江南{mixed % 9973}建设{number}有限公司,{code},（2026）浙{number % 99:02d}执{number}号,"
            f"有履行能力而拒不履行生效法律文书确定义务,2026-{number % 12 + 1:02d}-{number % 28 + 1:02d},,限制参与招标投标\n"
        )


def _platform(url: str, folder: Path) -> Platform:
    load_tables()
    database = Database(url, folder=folder)
    Base.metadata.create_all(database.engine)
    return Platform(database, ObjectStore(folder / "objects"), StoppedClock(AT), platform_signer("bench", bytes(32)))


def sunbid(url: str, folder: Path, files: list[Path]) -> dict[str, float]:
    """Seconds for the first and the second snapshot."""
    platform = _platform(url, folder)
    told = {}
    for name, file in zip(("first", "second"), files, strict=True):
        begun = time.perf_counter()
        with platform.act(SYSTEM) as act:
            held = services.begin_import(act, source=SOURCE, file=file, as_of=AT)
        done = services.take_import(platform, SYSTEM, held.id)
        told[name] = time.perf_counter() - begun
        if done.bad or not done.rows:
            raise SystemExit(f"{done.bad} bad rows")
    return told


def peer(url: str, folder: Path, files: list[Path]) -> dict[str, float]:
    """Seconds for the same rows, made ready before the watch starts."""
    platform = _platform(url, folder)
    with platform.act(SYSTEM) as act:
        held = services.begin_import(act, source=SOURCE, file=b"x", as_of=AT)
    ready = folder / "ready"
    with files[0].open("rb") as stream, ready.open("w", encoding="utf-8") as out:
        for _, row in read_file(stream):
            assert isinstance(row, Row)
            cells = (SOURCE, *row[:10], *row.digests(), held.id)
            out.write("\t".join("\\N" if cell is None else str(cell) for cell in cells) + "\n")
    names = ", ".join(COLUMNS)
    begun = time.perf_counter()
    with platform.database.writing() as session:
        connection = session.connection()
        if platform.database.is_sqlite:
            marks = ", ".join("?" * len(COLUMNS))
            for rows in _ready(ready):
                connection.exec_driver_sql(f"INSERT INTO credit_record ({names}) VALUES ({marks})", rows)
        else:
            with (
                connection.connection.cursor().copy(f"COPY credit_record ({names}) FROM STDIN") as copy,
                ready.open("rb") as stream,
            ):
                while part := stream.read(1 << 20):
                    copy.write(part)
    return {"first": time.perf_counter() - begun}


def _ready(file: Path) -> Iterator[list[tuple[str | None, ...]]]:
    part: list[tuple[str | None, ...]] = []
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            part.append(tuple(None if cell == "\\N" else cell for cell in line.rstrip("\n").split("\t")))
            if len(part) == BATCH:
                yield part
                part = []
    if part:
        yield part


def _run(side: str, url: str, folder: Path, files: list[Path]) -> dict[str, float]:
    """One side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.credit_import", "--side", side, "--url", url, "--folder", str(folder)]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def compare(kind: str, rows: int, rounds: int, folder: Path) -> float:
    """The median ratio of peer's to our time for the first snapshot."""
    files = []
    for version in (1, 2):
        file = folder / f"{kind}-{version}.csv"
        with file.open("w", encoding="utf-8") as out:
            out.write(HEADER)
            out.writelines(lines(rows, version))
        files.append(file)
    programs = postgresql_programs()
    if kind == "postgresql" and programs is None:
        print("postgresql: not compared, no server under /usr/lib/postgresql")
        return 0.0
    if kind == "postgresql":
        load_tables()
    cluster = Cluster(programs) if kind == "postgresql" and programs else None
    ratios = []
    try:
        for number in range(rounds):
            took = {}
            for side in ("sunbid", "peer"):
                own = folder / f"{kind}-{number}-{side}"
                own.mkdir()
                url = cluster.bare(f"b{number}{side}") if cluster else f"sqlite:///{own / 'sunbid.db'}"
                took[side] = _run(side, url, own, files)
                for used in own.glob("**/*"):
                    if used.is_file():
                        used.unlink()
            ratios.append(took["peer"]["first"] / took["sunbid"]["first"])
            ours, plain = took["sunbid"], took["peer"]
            print(
                f"{kind:>10}: {rows} rows in {ours['first']:.1f} s ({rows / ours['first']:,.0f}/s), peer "
                f"{plain['first']:.1f} s: {ratios[-1]:.2f}×; the next snapshot {ours['second']:.1f} s; "
                f"{ours['memory'] / 1024:.0f} MB"
            )
    finally:
        if cluster:
            cluster.stop()
        for file in files:
            file.unlink()
    return sorted(ratios)[len(ratios) // 2]


def main(arguments: list[str]) -> int:
    """Compare on each database; the last line says both ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--side", choices=("sunbid", "peer"))
    parser.add_argument("--url")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("files", type=Path, nargs="*")
    options = parser.parse_args(arguments)
    if options.side:
        took = (sunbid if options.side == "sunbid" else peer)(options.url, options.folder, options.files)
        print(json.dumps({**took, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
        return 0
    with tempfile.TemporaryDirectory(prefix="sunbid-credit-") as name:
        ratios = {kind: compare(kind, options.rows, options.rounds, Path(name)) for kind in options.database}
    said = ", ".join(f"{ratio:.2f}× on {kind}" for kind, ratio in ratios.items())
    print(f"credit-import: {said} of a plain bulk insert of {options.rows} rows (target ≥ {TARGET})")
    return 0 if min(ratios.values()) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

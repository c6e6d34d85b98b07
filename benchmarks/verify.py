"""Verifying a large closed file against sha256sum and `age -d` over the same bytes, with its memory and progress.

    python -m benchmarks.verify [--bids 50] [--size-mb 50] [--rounds 3] [--short]

A whole section is played with real keys, from the notice to the sealed file, each bid with one large file; the archive
holds every sealed original and nothing of it is opened twice on disk. Then `sunbid verify` and the independent verifier
each judge the file in a process of their own, and the peer hashes the same file and decrypts an age file of the same
size to nowhere. In turns on one disk, medians; the peer's two times are added.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import collusion.services
from benchmarks.opening import Hall
from bidding import queries as bidding
from core.act import Platform
from core.chance import seeded
from core.clock import StoppedClock
from core.db import Base, Database
from core.ledger.notes import Signer
from core.store import ObjectStore
from tests.conftest import START
from tests.experts.story import METHOD
from tests.journeys.whole import Whole

TARGET = 2.0
MEMORY_LIMIT = 512
"""MB that a verifier may take, whatever the file's size."""


class Large(Hall, Whole):
    """A section with as many bids as asked for, each with one large file, played to its closed file."""


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line has the ratio against the peer. 0 only where it and the memory hold."""
    parser = argparse.ArgumentParser(prog="benchmarks.verify", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bids", type=int, default=50)
    parser.add_argument("--size-mb", type=int, default=50, help="content of each bid's large file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="3 bids of 1 MB, one round: shows that it runs")
    given = parser.parse_args(argv)
    if given.short:
        given.bids, given.size_mb, given.rounds = 3, 1, 1
    if shutil.which("age") is None:
        print("verify: not measured, the age program is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=".") as folder:
        return _measure(Path(folder), given.bids, given.size_mb, given.rounds)


def _measure(folder: Path, bids: int, size_mb: int, rounds: int) -> int:
    begun = time.perf_counter()
    archive = _archived(folder, bids, size_mb)
    size = archive.stat().st_size
    print(f"{bids} bids, {size / 1e6:.0f} MB; made in {time.perf_counter() - begun:.0f} s", flush=True)
    key, sealed = folder / "peer.key", folder / "peer.age"
    made = subprocess.run(["age-keygen", "-o", str(key)], capture_output=True, text=True, check=True)
    recipient = made.stderr.split()[-1]
    subprocess.run(["age", "-r", recipient, "-o", str(sealed), str(archive)], check=True)
    ours = [sys.executable, "-c", "from portal.cli.verify import verify; verify()", str(archive), "--json"]
    programs = {
        "sha256sum": ["sha256sum", str(archive)],
        "age -d": ["age", "-d", "-i", str(key), "-o", os.devnull, str(sealed)],
        "sunbid verify": ours,
        "verifier": [sys.executable, "-m", "verifier", str(archive), "--json"],
    }
    walls: dict[str, list[float]] = {name: [] for name in programs}
    memory: dict[str, int] = dict.fromkeys(programs, 0)
    for path in (archive, sealed):
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass  # whoever comes first must not pay alone for reading the disk
    for _ in range(rounds):
        for name, words in programs.items():
            seconds, resident, said = _timed(words)
            walls[name].append(seconds)
            memory[name] = max(memory[name], resident)
            if name in ("sunbid verify", "verifier") and not json.loads(said)["good"]:
                raise SystemExit(f"{name} does not hold the file for good: {said[:2000]}")
    took = {name: statistics.median(held) for name, held in walls.items()}
    for name, seconds in took.items():
        print(f"{name}: {seconds:.2f} s, {size / seconds / 1e6:.0f} MB/s, {memory[name]} MB resident")
    peer = took["sha256sum"] + took["age -d"]
    ratios = {name: took[name] / peer for name in ("sunbid verify", "verifier")}
    most = max(memory[name] for name in ratios)
    print(
        f"verify: {bids} bids, {size / 1e9:.2f} GB: sunbid verify {ratios['sunbid verify']:.2f}x, the independent one"
        f" {ratios['verifier']:.2f}x of sha256sum + age -d ({peer:.2f} s), at most {most} MB (target < {TARGET}x,"
        f" < {MEMORY_LIMIT} MB)"
    )
    return 0 if max(ratios.values()) < TARGET and most < MEMORY_LIMIT else 1


def _archived(folder: Path, bids: int, size_mb: int) -> Path:
    """Play the section; only its closed file is left, everything else is taken away again."""
    held = folder / "platform"
    held.mkdir()
    database = Database(f"sqlite:///{held / 'sunbid.db'}", folder=held)
    signer = Signer("sunbid.bench", b"\x07" * 32)
    platform = Platform(database, ObjectStore(held / "objects"), StoppedClock(START), signer, seeded(b"verify"))
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    stage = Large(platform, folder / "machines", method=METHOD)
    stage.folder.mkdir(parents=True, exist_ok=True)
    stage.size = size_mb << 20
    for number in range(bids):
        stage.compete(number)
    stage.bidders.pop("a", None)
    stage.to_confirmation()
    stage.hand_over()
    room = stage.room()
    room.to_scored()
    room.to_report()
    stage.awarded()
    with platform.act(stage.officer) as act:
        built = collusion.services.archive_section(act, bidding.section(act.session, stage.code))
    archive = folder / "section.archive.tar"
    os.rename(platform.store.path(built.sha256), archive)
    database.close()
    shutil.rmtree(held)
    return archive


def _timed(words: list[str]) -> tuple[float, int, str]:
    """Wall seconds, resident megabytes at most, and what was printed."""
    with tempfile.TemporaryFile() as out:
        begun = time.perf_counter()
        child = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL)
        resident = 0
        while child.poll() is None:
            # The kernel's sum over a child counts what the parent held at the fork: its own high-water mark does not.
            with contextlib.suppress(OSError):
                told = Path(f"/proc/{child.pid}/status").read_text()
                resident = max([resident, *(int(line.split()[1]) for line in told.splitlines() if "VmHWM" in line)])
            time.sleep(0.005)
        seconds = time.perf_counter() - begun
        out.seek(0)
        said = out.read().decode()
    if child.returncode:
        raise SystemExit(f"{words[0]} ended with {child.returncode}: {said[:2000]}")
    return seconds, resident >> 10, said


if __name__ == "__main__":
    sys.exit(main())

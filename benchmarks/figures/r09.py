"""R9: an insider with everything before the opening: database, objects, logs, temporary files, memory of every process.

A real server and worker take bids over HTTP, each with canaries of its own in price, names and every file. Before the
deadline the memory of every process is dumped (gcore) and everything is searched for every canary in several spellings.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import requests

from accounts.queries import person as person_of
from accounts.rules import Role
from accounts.services.signing_in import open_sign_in
from benchmarks.figures.r01 import platform_of
from benchmarks.figures.r03 import serve
from core.act import SYSTEM
from core.db import Base
from core.locker import secret_file
from core.seal import Sealed
from tests import factories
from tests.bidding.stage import Bidder, Stage, request_of
from tests.bidding.test_blind import spellings
from tests.cluster import load_tables

PATH = {"PATH": os.environ["PATH"]}


def bids(folder: Path, stage: Stage, count: int) -> tuple[list[Sealed], list[str]]:
    """Sealed bids and their canaries."""
    sealed, canaries = [], []
    for number in range(count):
        mark = hashlib.sha256(f"canary {number}".encode()).hexdigest()[:20]
        price = int(hashlib.sha256(mark.encode()).hexdigest()[:12], 16) % 10**9 + 3_000_000_000
        name = f"金丝雀{mark[:6]}建设集团有限公司"
        bidder = Bidder(name, folder / f"bidder-{number}")
        sealed.append(bidder.seal(stage.policy(), mark=mark, price_fen=price))
        canaries += [mark, name, str(price)]
    return sealed, canaries


def send(origin: str, code: str, token: str, sealed: Sealed, extra: bytes = b"") -> None:
    """Upload by tus and commit, as a bidder's program does; `extra` goes with a refused upload (the sabotage)."""
    bearer = {"Authorization": f"Bearer {token}"}
    files = [*sealed.bulks.values(), *(path for keys in sealed.keys.values() for path in keys.values())]
    for content in [*(path.read_bytes() for path in files), *([extra] if extra else [])]:
        digest = base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
        headers = {
            **bearer, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)),
            "Upload-Metadata": f"sha256 {digest}", "Content-Type": "application/offset+octet-stream",
        }  # fmt: skip
        answer = requests.post(f"{origin}/files", data=content, headers=headers, timeout=60)
        assert answer.status_code == 201 or content is extra, answer.text
    answer = requests.post(f"{origin}/sections/{code}/submissions", json=request_of(sealed), headers=bearer, timeout=60)
    assert answer.status_code == 201, answer.text


def dumps(folder: Path, pids: list[int]) -> list[Path]:
    """The memory of the processes and of their children, as files."""
    family = list(pids)
    for pid in pids:
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
        family += [int(child) for child in listed.split()]
    subprocess.run(["gcore", "-o", str(folder / "memory"), *map(str, family)], check=True, capture_output=True)
    return [folder / f"memory.{pid}" for pid in family]


def hits(files: Iterator[Path] | list[Path], canaries: list[str]) -> list[str]:
    """Which file holds which canary in which spelling: grep looks for all of them at once, zero bytes left out."""
    spelled = {spelling.replace(b"\0", b""): canary for canary in canaries for spelling in spellings(canary)}
    found = []
    with tempfile.NamedTemporaryFile(prefix="sunbid-r09-patterns-") as patterns:
        patterns.write(b"\n".join(spelled) + b"\n")
        patterns.flush()
        grep = ["grep", "-a", "-o", "-F", "-f", patterns.name]
        for path in files:
            if path.is_file():
                with path.open("rb") as content:
                    plain = subprocess.Popen(["tr", "-d", r"\000"], stdin=content, stdout=subprocess.PIPE)
                    ran = subprocess.run(grep, stdin=plain.stdout, capture_output=True, env={"LC_ALL": "C", **PATH})
                    plain.wait()
                found += [f"{path.name}: {spelled[hit]}" for hit in sorted(set(ran.stdout.splitlines()) & set(spelled))]
    return found


def measure(count: int, *, sabotage: bool = False) -> tuple[int, int, list[str]]:
    """Canaries planted, bytes searched, hits."""
    load_tables()
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sunbid-r09-")))
        folder, dumped = root / "installation", root / "dumps"
        folder.mkdir()
        dumped.mkdir()
        secret_file(folder / "ledger.key")
        platform = platform_of(folder)
        with platform.database.writing() as session:
            Base.metadata.create_all(session.connection())
        stage = Stage(platform).publish()
        sealed, canaries = bids(root / "bidders", stage, count)
        factories.actor(platform, Role.BIDDER)
        with platform.act(SYSTEM) as act:
            token = open_sign_in(act, person_of(act.session, "bidder-a"), method="certificate", carrier="bearer")
        pids: list[int] = []
        port = serve(stack, folder, None, 16, pids=pids, logs=folder / "logs")
        for one in sealed:
            extra = f"plain {canaries[0]}".encode() * 40 if sabotage else b""
            send(f"http://127.0.0.1:{port}", stage.code, token, one, extra)
        time.sleep(1)
        searched = [*dumps(dumped, pids), *folder.rglob("*"), *Path(tempfile.gettempdir()).glob("sunbid-upload*")]
        found = hits(searched, canaries)
        size = sum(path.stat().st_size for path in searched if path.is_file())
        platform.database.close()
    return len(canaries), size, found


def main(argv: list[str]) -> int:
    """8 bids; `--long` 334 bids with 1,002 canaries; `--sabotage` sends a plain file, which must be found."""
    parser = argparse.ArgumentParser(prog="R9", description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--sabotage", action="store_true")
    options = parser.parse_args(argv)
    if shutil.which("gcore") is None:
        print("R9: gcore is not installed (apt-get install gdb)")
        return 1
    planted, size, found = measure(334 if options.long else 8, sabotage=options.sabotage)
    for hit in found[:10]:
        print(hit)
    print(f"R9: {planted} canaries planted, {size / 1e6:.0f} MB of disk and memory searched, {len(found)} found")
    return 0 if not found else 1

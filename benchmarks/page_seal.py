"""Sealing in the page, in a real Chromium: speed against bare typage in the same browser, and memory.

    python -m benchmarks.page_seal [--size-mb 1024] [--short]

The real page is driven: a file is chosen (checked and hashed), the button is pressed (hashed again, packed, padded,
sealed, hashed twice more, written to the browser's file system, opened for a test); uploads are held back. The peer is
age-encryption alone in a worker, on the same file, its output counted and thrown away. Memory is the sum of the resident sizes of all
Chromium processes, shared pages counted in each, above what it was before the file was chosen. CPU is that of the same processes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from flask import Response
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from accounts.access import public
from core.act import Platform
from core.chance import system
from core.clock import SystemClock
from core.db import Base, Database
from core.ledger.log import platform_signer
from core.store import ObjectStore
from tests.bidding.stage import Stage
from tests.browser.conftest import ARGUMENTS
from tests.browser.sealing_stage import Line, PageBidder
from tests.cluster import load_tables

LEAST = 25.0
MOST_GROWTH = 300.0
LONG = 600_000

PEER_WORKER = """
import { Encrypter, generateX25519Identity, identityToRecipient } from "/static/vendor/age.js";
addEventListener("message", async ({ data: file }) => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(await generateX25519Identity()));
  const began = performance.now();
  const reader = (await encrypter.encrypt(file.stream())).getReader();
  let size = 0;
  for (let read; !(read = await reader.read()).done; ) size += read.value.length;
  postMessage([(performance.now() - began) / 1000, size]);
});
"""
PEER = """() => new Promise((resolve) => {
  const worker = new Worker("/peer.worker.js", { type: "module" });
  worker.addEventListener("message", ({ data }) => resolve(data));
  worker.postMessage(document.getElementById("peer").files[0]);
})"""


def main(argv: list[str] | None = None) -> int:
    """Print the figures; 0 only where speed and memory hold."""
    parser = argparse.ArgumentParser(prog="benchmarks.page_seal", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size-mb", type=int, default=256, help="size of the file in MiB")
    parser.add_argument("--short", action="store_true", help="16 MiB: shows that it runs")
    given = parser.parse_args(argv)
    size = (16 if given.short else given.size_mb) << 20
    if (program := shutil.which("chromium")) is None:
        print("page-seal: not measured, chromium is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as temp, _site(Path(temp)) as (stage, line, address), sync_playwright() as play:
        content = Path(temp, "技术标.bin")
        _write(content, size)
        profile = Path(temp, "profile")
        # A profile on disk: in a private window the browser's file system would be memory.
        context = play.chromium.launch_persistent_context(
            str(profile),
            executable_path=program,
            args=ARGUMENTS,
            locale="zh-CN",
            viewport={"width": 1280, "height": 900},
        )
        bidder = PageBidder.at(stage, line.app, line, address, context.pages[0])
        return _measure(bidder, content, size, profile)


def _measure(bidder: PageBidder, content: Path, size: int, profile: Path) -> int:
    page = bidder.open()
    page.set_default_timeout(LONG)
    bidder.fill()
    page.route("**/files", lambda route: route.abort())
    cpu = [_cpu(profile)]
    with _memory(profile) as growth:
        began = time.perf_counter()
        page.locator("#file-technical-proposal").set_input_files(str(content))
        row = page.locator("[data-slot=proposal] .file-row", has_text=content.name)
        expect(row.locator("[data-hash]")).to_contain_text("SHA-256", timeout=LONG)
        checked = time.perf_counter() - began
        cpu.append(_cpu(profile))
        began = time.perf_counter()
        page.locator("#go").click()
        expect(page.locator("[data-line]")).to_contain_text(re.compile("加密完成|自动重连"), timeout=LONG)
        sealed = time.perf_counter() - began
    cpu.append(_cpu(profile))
    peer = _peer(page, content, size)
    cpu.append(_cpu(profile))
    rates = {name: size / 1e6 / seconds for name, seconds in (("check", checked), ("seal", sealed), ("typage", peer))}
    whole = size / 1e6 / (checked + sealed)
    for name, rate in rates.items():
        print(f"{name:>7}: {rate:5.1f} MB/s")
    print(f"  seconds: check {checked:.1f}, seal {sealed:.1f}, typage {peer:.1f}")
    spent = [after - before for before, after in pairwise(cpu)]
    print(f"  CPU of the browser: check {spent[0]:.1f} s, seal {spent[1]:.1f} s, typage {spent[2]:.1f} s")
    print(f"  whole: {whole:5.1f} MB/s from the choice of the file to the sealed bid ({size >> 20} MiB)")
    print(
        f"seal ÷ bare typage on the same file: {rates['seal'] / rates['typage']:.2f}×; whole: {whole / rates['typage']:.2f}×"
    )
    print(
        f"page-seal: {rates['seal']:.0f} MB/s sealed, {whole:.0f} MB/s whole, {rates['seal'] / rates['typage']:.2f}× typage, "
        f"peak growth {growth[0]:.0f} MB at {size >> 20} MiB (targets ≥ {LEAST:.0f} MB/s whole, < {MOST_GROWTH:.0f} MB)"
    )
    return 0 if whole >= LEAST and growth[0] < MOST_GROWTH else 1


def _peer(page: Page, content: Path, size: int) -> float:
    """Seconds of age-encryption alone."""
    page.evaluate(
        """() => document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "peer" }))"""
    )
    page.locator("#peer").set_input_files(str(content))
    seconds, written = page.evaluate(PEER)
    if written <= size:
        raise SystemExit("the peer wrote less than it read")
    return float(seconds)


@contextmanager
def _memory(profile: Path) -> Iterator[list[float]]:
    """Watches all processes of the browser; the peak above the beginning, in MB, as the one item of the list."""
    before, growth, over = _resident(profile), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            growth[0] = max(growth[0], (_resident(profile) - before) / 1e6)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield growth
    over.set()
    thread.join()


def _resident(profile: Path) -> int:
    """Bytes of resident memory of the browser with that profile and of everything it started."""
    total = 0
    for pid in _family(profile):
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


def _cpu(profile: Path) -> float:
    """Seconds of CPU of the same processes, as far as they live."""
    ticks = 0
    for pid in _family(profile):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(profile: Path) -> set[int]:
    """The browser with that profile and everything it started."""
    parents: dict[int, int] = {}
    roots = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        if f"--user-data-dir={profile}".encode() in command:
            roots.add(int(entry.name))
    family = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


@contextmanager
def _site(temp: Path) -> Iterator[tuple[Stage, Line, str]]:
    """The real site with a published section on a local port."""
    from portal.app import Settings, create_app

    load_tables()
    folder = temp / "platform"
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'sunbid.db'}", folder=folder)
    Base.metadata.create_all(database.engine)
    signer = platform_signer("bench.test", bytes(range(32)))
    platform = Platform(database, ObjectStore(folder / "objects"), SystemClock(), signer, system)
    app = create_app(Settings(folder=folder, origin="http://localhost", test=True), platform)
    line = Line(app)
    app.add_url_rule("/peer.worker.js", "peer", public(lambda: Response(PEER_WORKER, mimetype="text/javascript")))
    server = make_server("127.0.0.1", 0, line, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Stage(platform).publish(), line, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        database.close()


def _write(path: Path, size: int) -> None:
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(block)


if __name__ == "__main__":
    sys.exit(main())

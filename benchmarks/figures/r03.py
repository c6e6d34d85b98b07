"""R3: the last second. Many bids are committed over HTTP in the second before a deadline, more in the second after it.

A real server (`sunbid serve`) and a real worker (`sunbid worker`) on one installation; every client connects, sends its
one commit and waits for the answer. Every commit that was stamped in time must be acknowledged and stand in the closed
set, none that was not; no answer may be a server's error; the slowest answers are shown.
"""

from __future__ import annotations

import argparse
import errno
import json
import math
import multiprocessing
import os
import random
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from accounts.queries import person as person_of
from accounts.rules import Role
from accounts.services.signing_in import open_sign_in
from benchmarks.figures.scene import place, platform_of
from bidding import queries
from bidding.models import Section
from bidding.services.closing import closed_set
from core.act import SYSTEM, Platform
from core.db import Base
from core.ledger.log import audit
from core.locker import secret_file
from tests import factories
from tests.bidding.stage import Bidder, Stage, request_of
from tests.cluster import load_tables

LEAD = 6.0
"""Seconds before the deadline at which the clients start."""


@dataclass
class Answer:
    """One client: which bid, when it began and ended to send relative to the deadline, what came back after how long."""

    digest: str
    sent: float
    written: float
    status: int
    body: Any
    seconds: float


@dataclass
class Outcome:
    """What the run showed."""

    answers: list[Answer]
    in_set: set[str]
    audit_faults: int
    server_cpu: float = 0.0
    """Seconds of CPU of the server's processes during the rush."""
    client_cpu: float = 0.0

    @property
    def acknowledged(self) -> set[str]:
        return {answer.digest for answer in self.answers if answer.status == 201}

    @property
    def errors(self) -> int:
        return sum(answer.status >= 500 or answer.status == 0 for answer in self.answers)

    @property
    def refused_in_time(self) -> int:
        """Commits refused for any reason but being late."""
        return sum(
            answer.status not in (201, 0) and answer.status < 500 and answer.body.get("code") != "bid.late"
            for answer in self.answers
        )

    @property
    def shut_out(self) -> int:
        """Commits refused as late by a stamp before the deadline: the closing did not wait for them."""
        late = [answer.body for answer in self.answers if answer.body.get("code") == "bid.late"]
        return sum(str(body["facts"]["at"]) < str(body["facts"]["deadline"]) for body in late)

    @property
    def late_though_written(self) -> int:
        """Commits refused as late whose last byte this machine had before the deadline."""
        return sum(answer.written < 0 and answer.body.get("code") == "bid.late" for answer in self.answers)

    @property
    def holds(self) -> bool:
        """Whether the acknowledged are the closed set, and nobody was refused who was in time."""
        wrong = self.errors or self.refused_in_time or self.shut_out or self.late_though_written or self.audit_faults
        return self.acknowledged == self.in_set and not wrong


def _sealed(arguments: tuple[str, int, Any]) -> tuple[str, dict[str, Any], list[str]]:
    folder, number, policy = arguments
    sealed = Bidder(f"投标人{number}", Path(folder) / str(number)).seal(policy)
    files = [*sealed.bulks.values(), *(path for keys in sealed.keys.values() for path in keys.values())]
    return sealed.digest, request_of(sealed), [str(path) for path in files]


def prepare(folder: Path, url: str | None, count: int) -> tuple[Stage, list[tuple[str, bytes]], str]:
    """A published section, `count` sealed bids whose files are all uploaded, and a bearer to commit them with."""
    load_tables()
    folder.mkdir(exist_ok=True)
    secret_file(folder / "ledger.key")
    if url:
        (folder / "url").write_text(url)
    platform = platform_of(folder)
    with platform.database.writing() as session:
        Base.metadata.create_all(session.connection())
    stage = Stage(platform).publish()
    bids = []
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        work = [(str(folder / "bidders"), number, stage.policy()) for number in range(count)]
        for digest, request, files in pool.imap_unordered(_sealed, work, chunksize=8):
            for file in files:
                platform.store.put(Path(file).read_bytes())
            bids.append((digest, json.dumps(request).encode()))
    factories.actor(platform, Role.BIDDER)
    with platform.act(SYSTEM) as act:
        token = open_sign_in(act, person_of(act.session, "bidder-a"), method="certificate", carrier="bearer")
    return stage, bids, token


def serve(
    stack: ExitStack,
    folder: Path,
    url: str | None,
    threads: int,
    *,
    pids: list[int] | None = None,
    logs: Path | None = None,
) -> int:
    """Start the server and the worker on the installation; the port. Their pids are added to `pids`, what they log to `logs`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = {
        "SUNBID_FOLDER": str(folder), "SUNBID_ORIGIN": f"http://127.0.0.1:{port}", "SUNBID_LOG_NAME": "sunbid.figure",
        "SUNBID_TEST": "1", **({"SUNBID_DATABASE": url} if url else {}),
    }  # fmt: skip
    for command in (["serve", "--port", str(port), "--threads", str(threads)], ["worker", "--every", "0.2"]):
        program = [sys.executable, "-c", "from portal.cli import main; main()", *command]
        log = stack.enter_context((logs or Path(os.devnull)).open("ab"))
        running = subprocess.Popen(program, env={**os.environ, **settings}, stderr=log, stdout=log)
        if pids is not None:
            pids.append(running.pid)
        stack.callback(running.wait)
        stack.callback(running.terminate)
    for _ in range(1800):
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return port
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


class Crowd:
    """Clients of one commit each, on one loop that does nothing else: five thousand of them fit into a second."""

    def __init__(self, port: int, path: str, token: str, deadline: float) -> None:
        self._address, self._deadline = ("127.0.0.1", port), deadline
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        )
        self._lines = selectors.DefaultSelector()
        self.answers: list[Answer] = []

    def run(self, planned: list[tuple[float, str, bytes]]) -> list[Answer]:
        """Send each (instant, digest, body) at its instant; the answers when all have come, 300 seconds at most."""
        waiting = deque(sorted(planned))
        end = self._deadline + 300
        while len(self.answers) < len(planned) and time.time() < end:
            self._begin_due(waiting)
            left = waiting[0][0] - time.time() if waiting else 0.1
            for key, _ in self._lines.select(min(max(left, 0.0), 0.1)):
                key.data.move()
                self._begin_due(waiting)
        for key in list(self._lines.get_map().values()):
            key.data.end("no answer")
        return self.answers

    def _begin_due(self, waiting: deque[tuple[float, str, bytes]]) -> None:
        while waiting and waiting[0][0] <= time.time():
            _, digest, body = waiting.popleft()
            head = f"{self._head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            _Line(self._lines, self.answers, digest, head.encode() + body, self._deadline).connect(self._address)


class _Line:
    """One client's connection."""

    def __init__(
        self, lines: selectors.BaseSelector, answers: list[Answer], digest: str, request: bytes, deadline: float
    ) -> None:
        self._lines, self._answers, self._digest, self._deadline = lines, answers, digest, deadline
        self._left, self._got = memoryview(request), bytearray()
        self._began, self._written = time.time(), math.inf
        self._socket = socket.socket()
        self._socket.setblocking(False)

    def connect(self, address: tuple[str, int]) -> None:
        self._socket.connect_ex(address)
        self._lines.register(self._socket, selectors.EVENT_WRITE, self)
        self.move()

    def move(self) -> None:
        """Write what is left; then read to the end."""
        try:
            if self._left:
                self._left = self._left[self._socket.send(self._left) :]
                if not self._left:
                    self._written = time.time()
                    self._lines.modify(self._socket, selectors.EVENT_READ, self)
            elif part := self._socket.recv(1 << 16):
                self._got += part
            else:
                self.end()
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                self.end(repr(error))

    def end(self, fault: str = "") -> None:
        self._lines.unregister(self._socket)
        self._socket.close()
        header, _, content = bytes(self._got).partition(b"\r\n\r\n")
        status = int(header.split(b" ", 2)[1]) if header and not fault else 0
        told = {"code": fault} if fault else json.loads(content) if content.startswith(b"{") else {}
        sent, written = self._began - self._deadline, self._written - self._deadline
        self._answers.append(Answer(self._digest, sent, written, status, told, time.time() - self._began))


def rush(
    port: int, path: str, token: str, bids: list[tuple[str, bytes]], on_time: int, deadline: float
) -> list[Answer]:
    """Send `on_time` bids in the last second before the deadline and the rest in the second after it."""
    chance = random.Random(3)
    instants = [
        deadline + (chance.uniform(-1, 0) if number < on_time else chance.uniform(0, 1)) for number in range(len(bids))
    ]
    planned = [(at, digest, body) for (digest, body), at in zip(bids, instants, strict=True)]
    return Crowd(port, path, token, deadline).run(planned)


def measure(on_time: int, after: int, database: str, threads: int = 64) -> Outcome:
    """One last second; the outcome."""
    with ExitStack() as stack:
        folder, cluster = stack.enter_context(place("sunbid-r03-", database))
        folder /= "installation"
        url = cluster.fresh() if cluster else None
        stage, bids, token = prepare(folder, url, on_time + after)
        pids: list[int] = []
        port = serve(stack, folder, url, threads, pids=pids)
        platform = stage.platform
        deadline = _set_deadline(platform, stage.code)
        server, client = cpu_of(pids[0]), time.process_time()
        answers = rush(port, f"/sections/{stage.code}/submissions", token, bids, on_time, deadline)
        server, client = cpu_of(pids[0]) - server, time.process_time() - client
        in_set = _closed(platform, stage.code)
        with platform.reading() as session:
            wrong = len(list(audit(session, platform.signer.verifier)))
        platform.database.close()
    return Outcome(answers, in_set, wrong, server, client)


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process and its children, as far as they live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in [str(pid), *children]]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def _set_deadline(platform: Platform, code: str) -> float:
    with platform.database.writing() as session:
        section = session.query(Section).filter_by(code=code).one()
        section.deadline_at = platform.clock.now() + timedelta(seconds=LEAD)
        return section.deadline_at.timestamp()


def _closed(platform: Platform, code: str) -> set[str]:
    for _ in range(1800):
        with platform.act(SYSTEM) as act:
            section = queries.section(act.session, code)
            if section.state in queries.AFTER_CLOSING:
                return {item["submission_digest"] for item in closed_set(act, section).items}
        time.sleep(0.2)
    raise RuntimeError("the worker did not close the section")


def main(argv: list[str]) -> int:
    """`--count N` in the last second (100) and a fifth of that after it; `--long` 1,000 on SQLite, 5,000 on PostgreSQL."""
    parser = argparse.ArgumentParser(prog="R3", description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--threads", type=int, default=64)
    options = parser.parse_args(argv)
    count = {"sqlite": 1000, "postgresql": 5000}[options.database] if options.long else options.count
    found = measure(count, max(1, count // 5), options.database, options.threads)
    waits = sorted(answer.seconds for answer in found.answers)
    p99 = statistics.quantiles(waits, n=100)[98] if len(waits) > 1 else waits[0]
    late = sum(answer.body.get("code") == "bid.late" for answer in found.answers)
    in_time = sum(answer.written < 0 for answer in found.answers)
    print(
        f"{len(found.answers)} commits, {in_time} here in the last second: {len(found.acknowledged)} acknowledged, "
        f"{late} late ({found.late_though_written} of them here before the deadline), "
        f"{found.shut_out} stamped in time and refused, {found.refused_in_time} refused for another reason, "
        f"{found.errors} server errors"
    )
    print(f"answers: median {statistics.median(waits):.2f} s, p99 {p99:.2f} s, slowest {waits[-1]:.2f} s")
    each = 1000 / len(found.answers)
    print(
        f"CPU: {found.server_cpu * each:.1f} ms of the server and {found.client_cpu * each:.1f} ms of the clients a commit"
    )
    missing, additional = len(found.acknowledged - found.in_set), len(found.in_set - found.acknowledged)
    print(
        f"R3 on {options.database}: {len(found.acknowledged)} acknowledged, {missing} of them missing in the closed set, "
        f"{additional} in it without an answer, {found.errors} 5xx, p99 {p99:.2f} s (< 1 s)"
    )
    return 0 if found.holds and p99 < 1 else 1

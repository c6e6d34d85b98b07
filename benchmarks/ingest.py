"""Uploads through the real server, hashed and synced, against nginx's plain PUT, which does neither, on one machine.

    python -m benchmarks.ingest [--large-mb 256] [--rounds 3] [--short]

Our side is `sunbid serve` in a process of its own, as an installation runs it, with SQLite: every upload is opened with
a bearer token, sent in parts of at most 8 MiB, each durable before it is answered, linted, hashed whole, and moved into
the store. The peer is nginx (Debian's nginx-light) with `dav_methods PUT` on the same disk. One client for both, in
turns, medians: 200 files of 1 MB at once, and 8 large ones at once.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from bidding.rules.uploads import MAX_PART
from core.seal import new_identity, recipient_of
from core.seal.bulk import seal_bulk
from core.seal.header import NONCE, lint
from portal.app import Settings, build_platform
from portal.cli import schema
from tests import factories

TARGET = 0.6
ADVICE = "apt-get install -y --no-install-recommends nginx-light"
TUS = "Tus-Resumable: 1.0.0\r\n"
CONFIGURATION = """
daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes auto;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_buffer_size 256k; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/t1; fastcgi_temp_path {folder}/t2; uwsgi_temp_path {folder}/t3; scgi_temp_path {folder}/t4;
  server {{ listen 127.0.0.1:{port} backlog=512; root {folder}/files; location / {{ dav_methods PUT; }} }}
}}
"""


@dataclass(frozen=True)
class Upload:
    """What looks like a sealed file: a real header, then random bytes, the last of them its own."""

    shared: memoryview
    tail: bytes
    sha256: str

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.shared) + len(self.tail)

    def part(self, start: int, end: int) -> list[memoryview]:
        """The bytes from start to end, not copied."""
        edge = len(self.shared)
        return [self.shared[start : min(end, edge)], memoryview(self.tail)[max(0, start - edge) : max(0, end - edge)]]


class Wire:
    """One kept-alive HTTP/1.1 connection, as cheap for the machine as Python can make it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, line: str, headers: str, body: list[memoryview]) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer; its body is read and dropped."""
        length = sum(map(len, body))
        self._socket.sendall(
            f"{line} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n".encode()
        )
        for piece in body:
            self._socket.sendall(piece)
        answer = b""
        while b"\r\n\r\n" not in answer:
            came = self._socket.recv(65536)
            if not came:
                raise SystemExit(f"the server hung up: {line}")
            answer += came
        head, _, rest = answer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        found = dict(one.lower().split(": ", 1) for one in lines[1:])
        left = int(found.get("content-length", 0)) - len(rest)
        while left > 0:
            left -= len(self._socket.recv(left))
        return int(lines[0].split()[1]), found

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


Send = Callable[[Wire, Upload, int], None]


def main(argv: list[str] | None = None) -> int:
    """Print the figures; the last line has both ratios. 0 only where both reach the target."""
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--large-mb", type=int, default=256, help="size of the large files, a step of the ladder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="8 × 1 MB and 2 × 16 MB, one round: shows that it runs")
    given = parser.parse_args(argv)
    loads = {"small": (200, 1 << 20), "large": (8, given.large_mb << 20)}
    if given.short:
        loads, given.rounds = {"small": (8, 1 << 20), "large": (2, 16 << 20)}, 1
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        with _sunbid(folder / "site") as (port, token), _nginx(folder / "nginx") as peer:
            return _measure(folder, port, token, peer, loads, given.rounds)


def _measure(
    folder: Path, port: int, token: str, peer: int | None, loads: dict[str, tuple[int, int]], rounds: int
) -> int:
    ratios = {}
    for name, (count, size) in loads.items():
        shared = _sealed(size)
        speeds: dict[str, list[float]] = {"sunbid": [], "nginx": []}
        slowest: dict[str, list[float]] = {"sunbid": [], "nginx": []}
        for number in range(rounds):
            uploads = list(_uploads(shared, count, f"{name}-{number}"))
            total = sum(one.size for one in uploads)
            wall, waits = _at_once(port, uploads, _by_tus(token))
            speeds["sunbid"].append(total / 1e6 / wall)
            slowest["sunbid"].append(waits[int(len(waits) * 0.99)])
            _check_and_clear(folder / "site/objects", uploads)
            if peer is not None:
                wall, waits = _at_once(peer, uploads, _by_put)
                speeds["nginx"].append(total / 1e6 / wall)
                slowest["nginx"].append(waits[int(len(waits) * 0.99)])
                if [(folder / "nginx/files" / str(n)).stat().st_size for n in range(count)] != [
                    u.size for u in uploads
                ]:
                    raise SystemExit("nginx did not keep everything")
                shutil.rmtree(folder / "nginx/files")
                (folder / "nginx/files").mkdir()
            os.sync()
        print(f"{count} × {size >> 20} MB at once")
        for who, rates in speeds.items():
            if rates:
                each = ", ".join(f"{one:.0f}" for one in rates)
                p99 = statistics.median(slowest[who])
                print(f"{who:>8}: {statistics.median(rates):5.0f} MB/s  p99 {p99:.2f} s  ({each})")
        if peer is not None:
            ratios[name] = statistics.median(a / b for a, b in zip(speeds["sunbid"], speeds["nginx"], strict=True))
    if peer is None:
        print(f"ingest: not compared, nginx is not installed; please run: {ADVICE}")
        return 1
    shown = ", ".join(f"{ratios[name]:.2f}× ({count} × {size >> 20} MB)" for name, (count, size) in loads.items())
    print(f"ingest: {shown} of nginx's PUT without hash and fsync (target ≥ {TARGET} both)")
    return 0 if min(ratios.values()) >= TARGET else 1


def _at_once(port: int, uploads: list[Upload], send: Send) -> tuple[float, list[float]]:
    """Send all, each over its own connection, all at once: seconds until the last is done, and each one's, ascending."""
    wires = [Wire(port) for _ in uploads]
    waits: list[float] = []
    failed: list[BaseException] = []
    start = threading.Barrier(len(uploads) + 1)

    def one(number: int) -> None:
        start.wait()
        begun = time.perf_counter()
        try:
            send(wires[number], uploads[number], number)
        except BaseException as error:
            failed.append(error)
        waits.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(uploads))]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - begun
    for wire in wires:
        wire.close()
    if failed:
        raise SystemExit(f"{len(failed)} of {len(uploads)} failed: {failed[0]}")
    return wall, sorted(waits)


def _by_tus(token: str) -> Send:
    def send(wire: Wire, upload: Upload, number: int) -> None:
        metadata = base64.b64encode(upload.sha256.encode()).decode()
        headers = f"{TUS}Authorization: Bearer {token}\r\nUpload-Length: {upload.size}\r\nUpload-Metadata: sha256 {metadata}\r\n"
        kind, offset = "Content-Type: application/offset+octet-stream\r\n", 0
        first = upload.part(0, upload.size) if upload.size <= MAX_PART else []
        status, answer = wire.ask("POST /files", headers + (kind if first else ""), first)
        if status != 201:
            raise SystemExit(f"opening an upload: {status}")
        offset = int(answer["upload-offset"])
        while offset < upload.size:
            end = min(offset + MAX_PART, upload.size)
            status, told = wire.ask(
                f"PATCH {answer['location']}", f"{TUS}{kind}Upload-Offset: {offset}\r\n", upload.part(offset, end)
            )
            if status != 204:
                raise SystemExit(f"a part: {status}")
            offset = int(told["upload-offset"])

    return send


def _by_put(wire: Wire, upload: Upload, number: int) -> None:
    status, _ = wire.ask(f"PUT /{number}", "", upload.part(0, upload.size))
    if status not in (201, 204):
        raise SystemExit(f"PUT: {status}")


def _sealed(size: int) -> memoryview:
    """The beginning of an age file of an archive of that size, 32 bytes short of the whole; random after its header."""
    begun = b"".join(seal_bulk(iter(()), recipient_of(new_identity())))
    header = begun[: lint(begun) + NONCE]
    whole = header + os.urandom(size + 16 * (size >> 16))
    return memoryview(whole)[:-32]


def _uploads(shared: memoryview, count: int, label: str) -> Iterator[Upload]:
    begun = hashlib.sha256(shared)
    for number in range(count):
        tail = hashlib.sha256(f"{label}-{number}".encode()).digest()
        whole = begun.copy()
        whole.update(tail)
        yield Upload(shared, tail, whole.hexdigest())


def _check_and_clear(objects: Path, uploads: list[Upload]) -> None:
    """Everything is in the store under its hash, the first one also read; then it goes, to leave room."""
    paths = [objects / one.sha256[:2] / one.sha256 for one in uploads]
    if [path.stat().st_size for path in paths] != [one.size for one in uploads]:
        raise SystemExit("the store does not hold everything")
    with paths[0].open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != uploads[0].sha256:
            raise SystemExit("the store holds other bytes")
    for path in paths:
        path.unlink()
    os.sync()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _sunbid(folder: Path) -> Iterator[tuple[int, str]]:
    """`sunbid serve` on a fresh installation: its port, and a bidder's bearer token."""
    platform = build_platform(Settings(folder=folder))
    schema.upgrade(platform.database)
    actor = factories.actor(platform, Role.BIDDER)
    with platform.act(actor) as act:
        held = person_by_id(act.session, actor.person_id or 0)
        token = open_sign_in(act, held, method="certificate", carrier="bearer")
    platform.database.close()
    port = _free_port()
    command = [sys.executable, "-c", "from portal.cli import main; main()", "serve", "--port", str(port)]
    environment = {**os.environ, "SUNBID_FOLDER": str(folder), "SUNBID_ORIGIN": f"http://127.0.0.1:{port}"}
    with _running(command, port, environment):
        yield port, token


@contextmanager
def _nginx(folder: Path) -> Iterator[int | None]:
    """nginx with PUT: its port, or None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        yield None
        return
    for name in ("files", "body", "t1", "t2", "t3", "t4"):
        (folder / name).mkdir(parents=True)
    port = _free_port()
    user = "user root;" if os.getuid() == 0 else ""  # or it works as another user, who may not write here
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, user=user))
    with _running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, dict(os.environ)):
        yield port


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    with subprocess.Popen(command, env=environment) as process:
        try:
            for _ in range(600):
                if process.poll() is not None:
                    raise SystemExit(f"{command[0]} ended with {process.returncode}")
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())

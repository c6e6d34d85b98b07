"""Hostile documents for R22 and R23: mutations of honest ones, and a witness who measures what reading one costs."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.documents.apart import extract
from core.errors import Invalid

ROOT = Path(__file__).resolve().parents[2]
TOKENS = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"\xff\xfe", b"\x00" * 9, b"endstream", b"endobj", b"/Kids[2 0 R]",
    b"<<" * 40, b"[" * 300, b"-1", b"4294967296", b"1e309", b"</w:p>", b"<w:tbl>", b"PK\x05\x06", b"%PDF-1.7",
    b'r="XFD1048576"', b"\xe2\x80\xae", b"NaN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one document: refusal code or `read`, CPU seconds and peak memory of the process that read it.

    CPU, not wall: the measuring machine may be busy with other things; the wall is bounded by the door itself.
    """

    outcome: str
    seconds: float
    peak_mb: float


def witness(path: Path, *, deadline: float = 90.0) -> Seen:
    """Let a small process of its own ask the real door about the file, and say what its child used.

    A process's peak is inherited from whoever started it: so the one who starts it must be small.
    """
    command = [sys.executable, "-m", "benchmarks.figures.hostile", str(path)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=deadline, check=False)
    except subprocess.TimeoutExpired:
        return Seen("host:hung", deadline, 0.0)
    try:
        outcome, seconds, peak = json.loads(done.stdout)
    except (ValueError, TypeError):
        return Seen(f"host:exit {done.returncode}", 0.0, 0.0)
    return Seen(str(outcome), float(seconds), float(peak))


def mutated(seeds: dict[str, bytes], number: int, seed: int) -> tuple[str, bytes]:
    """Give case `number` of a seed: (suffix, bytes), the same on every machine."""
    rng = random.Random(f"{seed}:{number}")
    suffix = rng.choice(sorted(seeds))
    data = seeds[suffix]
    kind = suffix.partition(".")[0]
    if kind in ("docx", "xlsx") and rng.random() < 0.7:
        return kind, _inside(rng, data, seeds)
    return kind, _damaged(rng, data)


def _damaged(rng: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8, 30))):
        at = rng.randrange(len(out) + 1)
        length = rng.choice((1, 2, 4, 16, 200))
        change = rng.randrange(7)
        if change == 0 and out:
            out[min(at, len(out) - 1)] ^= 1 << rng.randrange(8)
        elif change == 1:
            out[at : at + length] = rng.randbytes(length)
        elif change == 2:
            del out[at : at + length]
        elif change == 3:
            out[at:at] = out[at : at + length] * rng.choice((1, 2, 50))
        elif change == 4:
            out[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
        elif change == 5:
            out[at:at] = rng.choice(TOKENS)
        else:
            del out[at:]
    return bytes(out)


def _inside(rng: random.Random, data: bytes, seeds: dict[str, bytes]) -> bytes:
    """Damage one part and pack the container again, so that its sums are right and the damage reaches the parser."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        names = source.namelist()
        chosen = set(rng.sample(names, min(len(names), rng.choice((1, 1, 2)))))
        for name in names:
            part = source.read(name)
            if name in chosen:
                if rng.random() < 0.1:
                    part = rng.choice([seeds[other] for other in sorted(seeds)])
                else:
                    part = _damaged(rng, part)
            target.writestr(name, part)
    return stream.getvalue()


def nursery(
    cases: Iterator[tuple[str, bytes]], read_in_child: Callable[[str], int], *, wall: float = 30.0
) -> Iterator[Seen]:
    """Read each case in a forked child bound like the limited process; what each ended with.

    Forking a process that has the parsers loaded already is what makes a thousand cases a minute possible; the child
    runs the very program of the limited process, from binding its hands to its answer.
    """
    for suffix, data in cases:
        with open("/dev/null", "rb") as nothing, _memory(data) as source, _memory(b"") as answer:
            started = time.monotonic()
            child = os.fork()
            if child == 0:
                code = 70
                try:
                    os.dup2(source.fileno(), 0)
                    os.dup2(answer.fileno(), 1)
                    os.dup2(nothing.fileno(), 2)
                    sys.stdin = open(0, "rb", closefd=False)  # type: ignore[assignment]  # noqa: SIM115
                    sys.stdin.buffer = sys.stdin  # type: ignore[misc, assignment]
                    code = read_in_child(suffix)
                finally:
                    os._exit(code)
            status, usage = _reaped(child, started + wall)
            seconds = usage.ru_utime + usage.ru_stime
            answer.seek(0)
            yield Seen(_outcome(status, answer.read()), seconds, usage.ru_maxrss / 1024)


def _memory(data: bytes) -> io.BufferedRandom:
    made = os.fdopen(os.memfd_create("case"), "w+b")
    made.write(data)
    made.flush()
    made.seek(0)
    return made  # type: ignore[return-value]


def _reaped(child: int, until: float) -> tuple[int, resource.struct_rusage]:
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            return status, usage
        if time.monotonic() > until:
            os.kill(child, 9)
            _, status, usage = os.wait4(child, 0)
            return status, usage
        time.sleep(0.001)


def _outcome(status: int, answer: bytes) -> str:
    if os.WIFSIGNALED(status):
        # The CPU and file-size limits end a reader by signal: that is the limit at work, not a crash.
        limits = {24: "document.timeout", 9: "document.timeout", 25: "document.bomb"}
        return limits.get(os.WTERMSIG(status), f"crash:signal {os.WTERMSIG(status)}")
    if os.WEXITSTATUS(status) != 0:
        return f"uncaught:exit {os.WEXITSTATUS(status)}"
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return "uncaught:answer"
    return str(told.get("refused", "read"))


def main(path: str) -> int:
    """The witness: ask the door, and tell outcome, and CPU seconds and peak MB of its child."""
    try:
        extract(Path(path))
        outcome = "read"
    except Invalid as refusal:
        outcome = refusal.code
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps([outcome, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

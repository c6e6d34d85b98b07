"""A child process that is killed where one says: at the N-th call of one system call, or after a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """One child: what it acknowledged before its end, whether it was killed, how long it took in seconds."""

    acknowledged: Any
    killed: bool
    seconds: float


def child(
    work: Callable[[Callable[[Any], None]], None],
    folder: Path,
    options: list[str] | None,
    *,
    kill_after: float | None = None,
) -> Run:
    """Run `work(tell)` in a forked child; what it tells first is what it acknowledged.

    With `options` the child waits until strace holds it and strace kills it as they say (its log is `folder/trace`);
    else it is killed after `kill_after` seconds, if given. RuntimeError when it fails by itself.
    """
    ready_out, ready_in = os.pipe()
    answer_out, answer_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ready_in)
        os.close(answer_out)
        os.read(ready_out, 1)
        try:
            work(lambda told: os.write(answer_in, json.dumps(told).encode() + b"\n") and None)
        except BaseException as error:
            os.write(2, f"child: {error!r}\n".encode())
            os._exit(3)
        os._exit(0)
    os.close(ready_out)
    os.close(answer_in)
    tracer = _trace(pid, folder, options) if options is not None else None
    began = time.monotonic()
    os.write(ready_in, b"x")
    os.close(ready_in)
    timer = None
    if kill_after is not None:
        timer = threading.Timer(kill_after, lambda: os.kill(pid, signal.SIGKILL))
        timer.start()
    with os.fdopen(answer_out, "rb") as stream:
        answer = stream.read()
    if timer is not None:
        # Before the child is waited for: afterwards its number may be another process's.
        timer.cancel()
        timer.join()
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    if tracer is not None:
        tracer.wait(30)
    if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"the child failed by itself: {status}")
    line = answer.partition(b"\n")
    return Run(json.loads(line[0]) if line[1] else None, os.WIFSIGNALED(status), seconds)


def _trace(pid: int, folder: Path, options: list[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", str(folder / "trace"), *options, "-p", str(pid)], stderr=subprocess.PIPE
    )
    for _ in range(2000):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        if f"TracerPid:\t{tracer.pid}\n" in status:
            return tracer
        if tracer.poll() is not None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            assert tracer.stderr is not None
            raise RuntimeError(f"strace cannot attach: {tracer.stderr.read().decode(errors='replace')}")
        time.sleep(0.005)
    raise RuntimeError("strace did not attach")

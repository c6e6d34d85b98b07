"""Entry of the limited process: bind its own hands, read standard input, answer in JSON on standard output."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import sys

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 20
ANSWER_BYTES = 64 * 1024 * 1024
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_NO_NEW_PRIVS = 38


def bind_hands(*, memory: int = MEMORY_BYTES, answer: int = ANSWER_BYTES, files: int = 64) -> None:
    """Limit this process for good: memory, CPU, file size, no core, no new privileges, no network where allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # An empty network namespace; some kernels forbid it to the unprivileged, then only the code's silence remains.
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (answer, answer))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def main(suffix: str) -> int:
    """Read the document on standard input; print its JSON form, or the named refusal. Exit 0 for both."""
    bind_hands()
    from core.documents.document import encode
    from core.documents.extraction.reader import read
    from core.errors import Refusal

    try:
        answer = encode(read(sys.stdin.buffer, suffix))
    except Refusal as refusal:
        answer = {"refused": refusal.code, "facts": {k: str(v) for k, v in refusal.facts.items()}}
    except MemoryError:
        answer = {"refused": "document.memory", "facts": {}}
    except Exception as error:  # a parser may fail in any way on hostile input: the name of the failure is the answer
        answer = {"refused": "document.unreadable", "facts": {"reason": type(error).__name__}}
    text = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    view = memoryview(text)
    while view:
        view = view[os.write(1, view) :]
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1] if len(sys.argv) > 1 else "")
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    os._exit(code)  # skip destructors of half-open native parsers

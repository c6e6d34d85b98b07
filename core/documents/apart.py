"""The door to the limited process that reads strangers' documents."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, BinaryIO

from core.documents.document import Document, decode
from core.errors import Invalid

MAX_FILE_BYTES = 200 * 1024 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
WALL_SECONDS = 60.0


def extract(path: Path, *, name: str | None = None, wall_seconds: float = WALL_SECONDS) -> Document:
    """Read one document in a child process with limits on memory, CPU, file size and time, and without network.

    The child gets the open file as its standard input and no path. `name` is what the document is called in the
    result. Raises Invalid with `field` = that name and code `document.missing`, `.link`, `.size`, `.kind`, `.bomb`,
    `.macro`, `.active`, `.embedded`, `.doctype`, `.encrypted`, `.names`, `.pixels`, `.memory`, `.timeout` or
    `.unreadable`; nothing else escapes (PROOF T12, R23).
    """
    label = name if name is not None else path.name
    with _opened(path, label) as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
        source.seek(0)
        suffix = (path.suffix or Path(label).suffix).lower().lstrip(".") or "none"
        answer = ask_apart("core.documents.extraction", suffix, source, label=label, wall_seconds=wall_seconds)
    refused = answer.get("refused")
    if refused is not None:
        facts = answer.get("facts")
        code = refused if isinstance(refused, str) and refused.startswith("document.") else "document.unreadable"
        known = facts if isinstance(facts, dict) else {}
        raise Invalid(code, field=label, **{str(k): str(v) for k, v in known.items()})
    try:
        return decode(answer, label, digest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("document.unreadable", field=label, reason="answer") from error


def _opened(path: Path, label: str) -> BufferedReader:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        code = "document.link" if path.is_symlink() else "document.missing"
        raise Invalid(code, field=label) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        os.close(descriptor)
        regular = stat.S_ISREG(status.st_mode)
        raise Invalid("document.size" if regular else "document.link", field=label)
    return os.fdopen(descriptor, "rb")


def ask_apart(
    module: str, argument: str, source: BinaryIO, *, label: str, wall_seconds: float = WALL_SECONDS
) -> dict[str, Any]:
    """What `python -m module argument` answers in JSON on the open file; the module binds its own hands first.

    The child gets the file as its standard input, no path and no environment. Raises Invalid with `field` = `label`
    and code `document.timeout`, `.bomb` (the answer outgrew its limit) or `.unreadable`.
    """
    # The answer goes to an unlinked file, not a pipe: the child's own file-size limit then bounds it.
    with tempfile.TemporaryFile() as answer:
        run_apart(module, argument, source, answer, label=label, wall_seconds=wall_seconds)
        answer.seek(0)
        try:
            decoded = json.loads(answer.read(ANSWER_BYTES + 1))
        except (ValueError, RecursionError) as error:
            raise Invalid("document.unreadable", field=label, reason="answer") from error
    if not isinstance(decoded, dict):
        raise Invalid("document.unreadable", field=label, reason="answer")
    return decoded


def run_apart(
    module: str, argument: str, source: IO[bytes], answer: IO[bytes], *, label: str, wall_seconds: float = WALL_SECONDS
) -> None:
    """Write what `python -m module argument` says of the open file into `answer`; refusals as in `ask_apart`."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-s", "-P", "-m", module, argument]
    try:
        done = subprocess.run(
            command,
            stdin=source,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            timeout=wall_seconds,
            check=False,
            close_fds=True,
            cwd="/",
            env={
                "PYTHONPATH": str(root),
                "LC_ALL": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "MALLOC_ARENA_MAX": "1",
            },
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid("document.timeout", field=label) from error
    if done.returncode != 0:
        # -24 SIGXCPU, -9 the hard CPU limit; -25 SIGXFSZ: the answer outgrew its limit.
        code = {-24: "document.timeout", -9: "document.timeout", -25: "document.bomb"}.get(done.returncode)
        raise Invalid(code or "document.unreadable", field=label, reason=f"exit {done.returncode}")

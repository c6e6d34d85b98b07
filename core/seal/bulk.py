"""The bulk of a bid as an age v1 file for one X25519 recipient: small ones by pyrage, large ones by the age program.

pyrage holds the interpreter lock while it works; `age` runs beside the hashes, in a process of its own. Where it is not
installed (a bidder's own machine) pyrage does the large ones too, slower and in the same format.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import IO, BinaryIO, Protocol, cast

from core.errors import Invalid
from core.seal.age import (
    check_identity,
    check_recipient,
    open_stream,
    open_whole,
    seal_stream,
    seal_whole,
)
from core.seal.header import MAX_HEADER, lint
from core.seal.streams import BLOCK, ReadInto

WHOLE = 4 << 20
"""Up to so many bytes are done in memory by pyrage: less than starting a program costs."""
_NO_KEY = "no identity matched"
_PIPE = 1 << 20

Blocks = Generator[memoryview, None, None]


def seal_bulk(blocks: Iterable[memoryview], recipient: str) -> Blocks:
    """The age file of `blocks` for `recipient`, in blocks of its own that are never written to again.

    What came counts only once the iterator is exhausted; close it where it is left before. What `blocks` raises passes
    through. Large ones are read in another thread. OSError where the age program fails.
    """
    check_recipient(recipient)
    source = iter(blocks)
    begun: deque[memoryview] = deque()
    size = 0
    for block in source:
        begun.append(block)
        size += len(block)
        if size > WHOLE:
            break
    else:
        yield memoryview(seal_whole(b"".join(begun), recipient))
        return
    age = _program()
    way: _Way = _Program([age, "-r", recipient]) if age else _Library(lambda r, w: seal_stream(r, w, recipient))
    yield from _through(way, chain(_drained(begun), source))


def open_bulk(read_into: ReadInto, identity: str) -> Blocks:
    """The plain blocks of the age file that `read_into` gives (0 bytes only at its end), opened with `identity`.

    Every byte is authenticated before it is handed out, but that the end is the end is known last: what came counts
    only once the iterator is exhausted; close it where it is left before. Raises the refusals of `lint`,
    seal.not_for_this_key (another key, or a damaged stanza: the two look alike) and seal.torn; OSError where the age
    program fails otherwise, for which no bid is to blame; what `read_into` raises passes through. Each memoryview given
    to `read_into` is of memory that is not written to again; for large files another thread calls it.
    """
    check_identity(identity)
    head = _fill(read_into, MAX_HEADER)
    lint(bytes(head))
    begun, rest, size = deque([head]), _rest(read_into), len(head)
    while size <= WHOLE:
        block = next(rest, None)
        if block is None:
            yield memoryview(open_whole(b"".join(begun), identity))
            return
        begun.append(block)
        size += len(block)
    age = _program()
    way: _Way = _Program([age, "-d"], identity) if age else _Library(lambda r, w: open_stream(r, w, identity))
    yield from _through(way, chain(_drained(begun), rest))


class _Way(Protocol):
    """Something that reads one pipe and writes another."""

    source: IO[bytes]
    sink: IO[bytes]

    def check(self) -> None:
        """Raise why it failed; to be asked once its output has ended."""

    def stop(self) -> None:
        """Let it write nothing more."""

    def end(self) -> None:
        """It is gone, and so are its pipes."""


class _Program:
    """The age command as a child; an identity reaches it through a pipe, never by its command line, a file, or the
    environment."""

    def __init__(self, command: list[str], identity: str = "") -> None:
        keys: list[int] = []
        try:
            if identity:
                reading, writing = os.pipe()
                keys.append(reading)
                with open(writing, "wb") as pipe:  # a line: far less than a pipe holds
                    pipe.write(f"{identity}\n".encode("ascii"))
                command = [*command, "-i", f"/dev/fd/{reading}"]
            self._child = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=keys,
                env={"LC_ALL": "C"},
            )
        finally:
            for descriptor in keys:
                os.close(descriptor)
        pipes = (self._child.stdin, self._child.stdout, self._child.stderr)
        self.source, self.sink, self._said = (cast("IO[bytes]", pipe) for pipe in pipes)
        for file in (self.source, self.sink):
            _widen(file)

    def check(self) -> None:
        said = self._said.read().decode("utf-8", "replace")
        code = self._child.wait()
        if code == 0:
            return
        if code != 1 or not said.startswith("age: error: ") or "/dev/fd/" in said:
            raise OSError(f"the age program failed ({code}): {said[:200].strip()}")
        raise Invalid("seal.not_for_this_key" if _NO_KEY in said else "seal.torn")

    def stop(self) -> None:
        self._child.kill()

    def end(self) -> None:
        self._child.kill()
        self.sink.close()
        self._said.close()
        self._child.wait()


class _Library:
    """pyrage in a thread, between two pipes as if it were the program."""

    def __init__(self, work: Callable[[BinaryIO, BinaryIO], None]) -> None:
        reading, source = os.pipe()
        sink, writing = os.pipe()
        self.source: IO[bytes] = os.fdopen(source, "wb", 0)
        self.sink: IO[bytes] = os.fdopen(sink, "rb", 0)
        self._error: BaseException | None = None

        def run() -> None:
            try:
                with open(reading, "rb") as plain, open(writing, "wb") as sealed:
                    work(plain, sealed)
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def check(self) -> None:
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """It cannot be stopped; what it still writes counts for nothing, for the feeder's error is raised."""

    def end(self) -> None:
        self.sink.close()
        self._thread.join()


class _Feeder(threading.Thread):
    """Reads `blocks` and writes them to the way's pipe."""

    def __init__(self, blocks: Iterable[memoryview], way: _Way) -> None:
        super().__init__(daemon=True)
        self._blocks, self._way = blocks, way
        self.error: BaseException | None = None
        self.is_cut = False

    def run(self) -> None:
        try:
            with self._way.source as pipe:
                try:
                    for block in self._blocks:
                        self._write(pipe.fileno(), block)
                        if self.is_cut:
                            return
                except BaseException as error:
                    self.error = error
                    self._way.stop()
        except BrokenPipeError:
            self.is_cut = True

    def _write(self, descriptor: int, block: memoryview) -> None:
        try:
            while block:
                block = block[os.write(descriptor, block) :]
        except BrokenPipeError:
            self.is_cut = True


def _through(way: _Way, blocks: Iterable[memoryview]) -> Blocks:
    feeder = _Feeder(blocks, way)
    feeder.start()
    try:
        while block := os.read(way.sink.fileno(), BLOCK):
            yield memoryview(block)
        feeder.join()
        if feeder.error is not None:
            raise feeder.error
        way.check()
        if feeder.is_cut:  # it went without complaint and without having read all
            raise Invalid("seal.torn")
    finally:
        way.end()
        feeder.join()


def _program() -> str | None:
    """Where the age program is; None where there is none, or no /dev/fd to hand it a key."""
    return shutil.which("age") if os.path.isdir("/dev/fd") else None


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold more, where the system can: fewer changes between the processes."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _drained(blocks: deque[memoryview]) -> Iterator[memoryview]:
    """The blocks, each forgotten here as soon as it is handed on."""
    while blocks:
        yield blocks.popleft()


def _rest(read_into: ReadInto) -> Iterator[memoryview]:
    while True:
        view = memoryview(bytearray(BLOCK))
        came = read_into(view)
        if not came:
            return
        yield view[:came]


def _fill(read_into: ReadInto, size: int) -> memoryview:
    """The next `size` bytes, fewer only at the end of the source."""
    view, place = memoryview(bytearray(size)), 0
    while place < size and (came := read_into(view[place:])):
        place += came
    return view[:place]

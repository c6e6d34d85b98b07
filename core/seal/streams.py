"""Hashing and unpacking beside the cipher: pyrage holds the interpreter lock, hashlib and file writes give it up."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

Progress = Callable[[int, int], None]

BLOCK = 512 * 1024
_DEPTH = 8


class Digester:
    """The SHA-256 of a stream, or of consecutive pieces of it, computed in a thread of its own; few blocks wait."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._blocks: queue.Queue[bytes | Callable[[str], None] | None] = queue.Queue(_DEPTH)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def feed(self, block: bytes) -> None:
        """Append `block`."""
        self._blocks.put(block)

    def cut(self, on_digest: Callable[[str], None]) -> None:
        """Hand the hex digest of what was fed since the last cut to `on_digest` (in the thread) and begin anew."""
        self._blocks.put(on_digest)

    def digest(self) -> bytes:
        """The digest of all that was fed since the last cut; the thread has ended."""
        self._end()
        return self._hash.digest()

    def __enter__(self) -> Digester:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._blocks.put(None)
            self._thread.join()

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            if isinstance(block, bytes):
                self._hash.update(block)
            else:
                block(self._hash.hexdigest())
                self._hash = hashlib.sha256()


class BlockReader:
    """A file-like reader over blocks that shows each block to `on_block` as it is begun."""

    def __init__(self, blocks: Iterator[bytes], on_block: Callable[[bytes], None]) -> None:
        self._blocks = blocks
        self._on_block = on_block
        self._block = b""
        self._place = 0

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        if self._place == len(self._block):
            self._block, self._place = next(self._blocks, b""), 0
            if self._block:
                self._on_block(self._block)
        start, self._place = self._place, min(self._place + size, len(self._block))
        return self._block[start : self._place]


class BlockWriter:
    """A file-like writer that hands on what it takes in larger blocks."""

    def __init__(self, on_block: Callable[[bytes], None]) -> None:
        self._on_block = on_block
        self._parts: list[bytes] = []
        self._held = 0

    def write(self, data: bytes, /) -> int:
        """Take `data`; a block is handed on whenever enough is held."""
        self._parts.append(data)
        self._held += len(data)
        if self._held >= BLOCK:
            self.drain()
        return len(data)

    def flush(self) -> None:
        """Nothing: pyrage flushes at its own moments, the holder of this writer drains at the end."""

    def drain(self) -> None:
        """Hand on what is held."""
        block, self._parts, self._held = b"".join(self._parts), [], 0
        if block:
            self._on_block(block)


class Relay:
    """A bounded pipe from the thread that decrypts (`put`) to a thread that consumes (`take`)."""

    def __init__(self, consume: Callable[[Relay], None]) -> None:
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_DEPTH)
        self._block = b""
        self._place = 0
        self._ended = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(consume,), daemon=True)
        self._thread.start()

    def put(self, block: bytes) -> None:
        """Append `block`; raises what the consumer raised, once it has."""
        if self.failure is not None:
            raise self.failure
        self._blocks.put(block)

    def close(self) -> None:
        """Mark the end and wait until the consumer has returned."""
        self._blocks.put(None)
        self._thread.join()

    def take(self, size: int) -> bytes:
        """Up to `size` bytes, as many as one block still holds; empty only at the end (for the consumer)."""
        if self._place == len(self._block) and not self._ended:
            block = self._blocks.get()
            self._ended = block is None
            self._block, self._place = block or b"", 0
        start, self._place = self._place, min(self._place + size, len(self._block))
        return self._block[start : self._place]

    def _run(self, consume: Callable[[Relay], None]) -> None:
        try:
            consume(self)
        except BaseException as error:  # handed to the other thread, which raises it
            self.failure = error
        while not self._ended:  # so that `put` never waits for a consumer that has gone
            self._ended = self._blocks.get() is None


def file_blocks(file: BinaryIO) -> Iterator[bytes]:
    """The content of an unbuffered file in blocks of 512 KiB."""
    while block := file.read(BLOCK):
        yield block


def file_digest(path: Path) -> bytes:
    """SHA-256 of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

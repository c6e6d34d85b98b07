"""Hashing and unpacking beside the cipher, in threads: hashes, ciphers, reads and writes release the lock meanwhile."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Progress = Callable[[int, int], None]

BLOCK = 512 * 1024
"""Bytes of plaintext that go from hand to hand: a multiple of the 64 KiB that age seals together."""
_DEPTH = 4

Block = bytes | memoryview
ReadInto = Callable[[memoryview], int]
"""Fills the beginning of what it is given and says how much; 0 only at the end. (`readinto` of an unbuffered file.)"""


class Digester:
    """The SHA-256 of a stream, computed in a thread of its own; few blocks wait."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._blocks: queue.Queue[Block | None] = queue.Queue(_DEPTH)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def feed(self, block: Block) -> None:
        """Append `block`, which must not be written to afterwards."""
        self._blocks.put(block)

    def digest(self) -> bytes:
        """The digest of all that was fed; the thread has ended."""
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
            self._hash.update(block)


class BlockReader:
    """Reads blocks piece by piece, without copying them."""

    def __init__(self, blocks: Iterator[memoryview]) -> None:
        self._blocks = blocks
        self._block = memoryview(b"")

    def read(self, size: int) -> memoryview:
        """Up to `size` bytes, as many as one block still holds; empty only at the end."""
        if not self._block:
            self._block = next(self._blocks, self._block)
        piece, self._block = self._block[:size], self._block[size:]
        return piece


def file_digest(path: Path) -> bytes:
    """SHA-256 of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

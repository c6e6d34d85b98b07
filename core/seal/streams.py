"""Hashing and unpacking beside the cipher, in threads: hashes, ciphers, reads and writes release the lock meanwhile."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[int, int], None]

BLOCK = 512 * 1024
"""Bytes of plaintext that go from hand to hand: a multiple of the 64 KiB that age seals together."""
_DEPTH = 8

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


class Relay:
    """A bounded pipe from the thread that decrypts (`put`) to a thread that consumes (`take`)."""

    def __init__(self, consume: Callable[[Relay], None]) -> None:
        self._blocks: queue.Queue[memoryview | None] = queue.Queue(_DEPTH)
        self._block = memoryview(b"")
        self._place = 0
        self._ended = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(consume,), daemon=True)
        self._thread.start()

    def put(self, block: memoryview) -> None:
        """Append `block`; raises what the consumer raised, once it has."""
        if self.failure is not None:
            raise self.failure
        self._blocks.put(block)

    def close(self) -> None:
        """Mark the end and wait until the consumer has returned."""
        self._blocks.put(None)
        self._thread.join()

    def take(self, size: int) -> memoryview:
        """Up to `size` bytes, as many as one block still holds; empty only at the end (for the consumer)."""
        if self._place == len(self._block) and not self._ended:
            block = self._blocks.get()
            self._ended = block is None
            self._block, self._place = block or memoryview(b""), 0
        start, self._place = self._place, min(self._place + size, len(self._block))
        return self._block[start : self._place]

    def _run(self, consume: Callable[[Relay], None]) -> None:
        try:
            consume(self)
        except BaseException as error:  # handed to the other thread, which raises it
            self.failure = error
        while not self._ended:  # so that `put` never waits for a consumer that has gone
            self._ended = self._blocks.get() is None


def file_digest(path: Path) -> bytes:
    """SHA-256 of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()

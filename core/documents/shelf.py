"""A bounded shelf of what was made from objects and can be made again: page pictures, page texts."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

MOST_BYTES = 512 * 1024 * 1024
PRUNE_EVERY = 32


class Shelf:
    """Files in one private folder, named by a hash of what they are; the longest unused go when it grows too large.

    Losing a file costs only the time to make it again. Safe for several processes on one folder.
    """

    def __init__(self, root: Path, *, most_bytes: int = MOST_BYTES) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = root
        self.most_bytes = most_bytes
        self._puts = 0

    def get(self, *key: object) -> bytes | None:
        """What is kept under the key; None where nothing is."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return data

    def path(self, *key: object) -> Path | None:
        """The file kept under the key; None where nothing is. It may go at any time: open it at once."""
        path = self._path(key)
        return path if path.is_file() else None

    def put(self, data: bytes, *key: object) -> None:
        """Keep it under the key; a full disk is no reason to fail, it is made again next time."""
        path = self._path(key)
        temp = self.root / f".{secrets.token_hex(16)}"
        try:
            descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temp.rename(path)
        except OSError:
            temp.unlink(missing_ok=True)
            return
        self._puts += 1
        if self._puts % PRUNE_EVERY == 0:
            self.prune()

    def prune(self) -> None:
        """Remove the longest unused files until the rest fits."""
        held = []
        for path in self.root.iterdir():
            try:
                status = path.stat()
            except OSError:
                continue
            held.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in held)
        for _, size, path in sorted(held, key=lambda one: one[0]):
            if total <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, key: tuple[object, ...]) -> Path:
        return self.root / hashlib.sha256("\n".join(str(part) for part in key).encode()).hexdigest()


@cache
def shelf_in(root: Path) -> Shelf:
    """The one shelf of this process in that folder."""
    return Shelf(root)

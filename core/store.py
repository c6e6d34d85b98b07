"""The object store: bytes under the name of their SHA-256, behind one door."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import Invalid, Missing

CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Stored:
    """What the store now surely holds: the SHA-256 in lower-case hex and the size in bytes."""

    sha256: str
    size: int


class ObjectStore:
    """A local directory of content-addressed objects: write temp, fsync, rename, fsync the directory.

    An object that `put` has returned survives power loss; a name never shows other bytes than its hash.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self.temp = root / "temp"
        self.temp.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the object lies or would lie; Missing for what is not a hash."""
        if _NAME.fullmatch(sha256) is None:
            raise Missing("object.unknown", sha256=sha256[:64])
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Say whether the object is held."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """The object's size in bytes; Missing when not held."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            raise Missing("object.unknown", sha256=sha256) from None

    def open(self, sha256: str) -> BinaryIO:
        """Open the object for reading; Missing when not held."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise Missing("object.unknown", sha256=sha256) from None

    def begin(self, sha256: str, most: int) -> tuple[int, bytes]:
        """The object's size in bytes and its first `most` bytes, for a look at many; Missing when not held."""
        if _NAME.fullmatch(sha256) is None:
            raise Missing("object.unknown", sha256=sha256[:64])
        try:
            # Text and not a Path: a commit looks at some twenty objects.
            with open(f"{self._root}/{sha256[:2]}/{sha256}", "rb", buffering=0) as file:
                return os.fstat(file.fileno()).st_size, file.read(most)
        except FileNotFoundError:
            raise Missing("object.unknown", sha256=sha256) from None

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether every one of these objects (SHA-256 → size) is held and of that size; no byte of them is read."""
        try:
            return all(
                _NAME.fullmatch(sha256) is not None and os.stat(f"{self._root}/{sha256[:2]}/{sha256}").st_size == size
                for sha256, size in sizes.items()
            )
        except FileNotFoundError:
            return False

    def read(self, sha256: str) -> bytes:
        """Return the whole object, for small ones."""
        with self.open(sha256) as file:
            return file.read()

    def put(self, chunks: bytes | Iterable[bytes], *, expected: str | None = None) -> Stored:
        """Store the bytes durably and return their hash; Invalid("object.hash") if `expected` differs, nothing kept."""
        if isinstance(chunks, bytes):
            chunks = [chunks]
        temp = self.temp / secrets.token_hex(16)
        hasher = hashlib.sha256()
        size = 0
        try:
            with temp.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    hasher.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            return self._settle(temp, Stored(hasher.hexdigest(), size), expected)
        finally:
            temp.unlink(missing_ok=True)

    def adopt(self, file: Path, *, expected: str | None = None) -> Stored:
        """Move a finished file on the same file system into the store; the same promises as `put`."""
        hasher = hashlib.sha256()
        size = 0
        with file.open("rb") as stream:
            for chunk in chunks_of(stream):
                hasher.update(chunk)
                size += len(chunk)
            os.fsync(stream.fileno())
        return self._settle(file, Stored(hasher.hexdigest(), size), expected)

    def adopt_hashed(self, files: Sequence[tuple[Path, Stored]]) -> None:
        """Move finished files, hashed by whoever wrote them while writing, into the store; nothing is read again.

        The same promises as `put` once this returns; if power is lost before, some may be missing and none is torn.
        """
        for file, _ in files:
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        targets = [self.path(stored.sha256) for _, stored in files]
        folders = {target.parent for target in targets}
        if new := [folder for folder in folders if not folder.is_dir()]:
            for folder in new:
                folder.mkdir(parents=True, exist_ok=True)
            sync_directory(self.root)
        for (file, _), target in zip(files, targets, strict=True):
            file.rename(target)
        for folder in folders:
            sync_directory(folder)

    def _settle(self, temp: Path, stored: Stored, expected: str | None) -> Stored:
        if expected is not None and expected != stored.sha256:
            raise Invalid("object.hash", expected=expected, found=stored.sha256)
        target = self.path(stored.sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True, exist_ok=True)
            sync_directory(self.root)
        temp.rename(target)
        sync_directory(target.parent)
        return stored

    def remove(self, sha256: str) -> None:
        """Take an object away for good, where nobody refers to it any more; one that is not held is no error."""
        self.path(sha256).unlink(missing_ok=True)

    def held(self) -> Iterator[str]:
        """The hash of every object held."""
        for folder in self.root.iterdir():
            if len(folder.name) == 2 and folder.is_dir():
                yield from (file.name for file in folder.iterdir())

    def sweep(self, referenced: set[str], *, older_than: float) -> list[str]:
        """Remove objects nobody refers to whose file is older than the epoch second given, and return their hashes.

        A referenced or a young object is never touched: an upload may be on its way to its commit.
        """
        removed = []
        for sha256 in list(self.held()):
            file = self.path(sha256)
            if sha256 not in referenced and file.stat().st_mtime < older_than:
                file.unlink()
                removed.append(sha256)
        return removed


def chunks_of(stream: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """Read a stream to its end in chunks."""
    while chunk := stream.read(size):
        yield chunk


def sync_directory(folder: Path) -> None:
    """After this, names in `folder` survive power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Unpacking an archive as it streams out of the cipher: every member was promised, or all is refused."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import Invalid
from core.seal.archive import MANIFEST, PADDING, RECORD
from core.seal.manifest import MAX_MANIFEST, Entry, read_manifest
from core.seal.notation import Json
from core.seal.streams import BLOCK, Block
from core.seal.submission import Expected

_PAX_LIMIT = 4096
_PAX_IGNORED = frozenset((b"mtime", b"atime", b"ctime", b"comment"))
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_RECORD_LENGTH = re.compile(rb"[1-9][0-9]{0,4} ")

Take = Callable[[int], Block]


@dataclass(frozen=True)
class _Member:
    path: str
    size: int


class Unpacker:
    """Reads one archive to its end; `manifest` and `entries` hold afterwards."""

    def __init__(self, take: Take, expected: Expected, folder: Path | None) -> None:
        """`take(n)` gives up to n bytes, empty at the end. Files go below `folder`; None checks without writing."""
        self._take = take
        self._expected = expected
        self._folder = folder
        self.manifest: Json = {}
        self.entries: list[Entry] = []

    def head(self) -> None:
        """Read and check the manifest only."""
        first = self._member()
        if first.path != MANIFEST or not 0 < first.size <= MAX_MANIFEST:
            raise Invalid("seal.manifest_invalid", field=MANIFEST, place=MANIFEST)
        data = self._exactly(first.size)
        self._exactly(-first.size % RECORD)
        self.manifest, self.entries = read_manifest(data, self._expected)

    def run(self) -> None:
        """Read everything: manifest, the files in its order, padding, the end marks.

        Raises seal.archive_malformed, seal.archive_torn, seal.member_refused (a link, a device, a folder, a foreign
        extension), seal.member_unexpected, seal.member_missing, seal.file_mismatch and those of `read_manifest`.
        """
        self.head()
        for entry in self.entries:
            member = self._member()
            if member.path == PADDING:
                raise Invalid("seal.member_missing", member=entry.path)
            if member.path != entry.path:
                raise Invalid("seal.member_unexpected", member=_printable(member.path))
            if member.size != entry.size:
                raise Invalid("seal.file_mismatch", name=entry.name)
            self._file(entry)
        last = self._member()
        if last.path != PADDING:
            raise Invalid("seal.member_unexpected", member=_printable(last.path))
        self._skip(last.size + -last.size % RECORD)
        if any(self._exactly(2 * RECORD)):
            raise Invalid("seal.archive_malformed")
        while block := self._take(BLOCK):  # writers that fill a whole tape record end with more zeros
            if bytes(block).strip(b"\0"):
                raise Invalid("seal.archive_malformed")

    def _file(self, entry: Entry) -> None:
        if self._folder is None:
            digest = hashlib.sha256()
            self._pour(entry.size, digest.update)
        else:
            folder = self._folder / "files" / entry.slot
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # O_EXCL and O_NOFOLLOW: the folder is ours and fresh, so nothing may be there yet.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            digest = hashlib.sha256()
            with open(os.open(folder / entry.name, flags, 0o600), "wb") as file:

                def keep(block: Block) -> None:
                    digest.update(block)
                    file.write(block)

                self._pour(entry.size, keep)
        if digest.hexdigest() != entry.sha256:
            raise Invalid("seal.file_mismatch", name=entry.name)
        self._exactly(-entry.size % RECORD)

    def _pour(self, size: int, on_block: Callable[[Block], object]) -> None:
        while size:
            block = self._take(min(size, BLOCK))
            if not block:
                raise Invalid("seal.archive_torn")
            on_block(block)
            size -= len(block)

    def _skip(self, size: int) -> None:
        self._pour(size, lambda block: None)

    def _exactly(self, size: int) -> bytes:
        parts: list[Block] = []
        self._pour(size, parts.append)
        return b"".join(parts)

    def _member(self) -> _Member:
        """The next member; a pax header before it may give its path, and nothing else that matters."""
        header = self._exactly(RECORD)
        path, size, kind = _parse(header)
        if kind == b"x":
            if size > _PAX_LIMIT:
                raise Invalid("seal.member_refused", member=ascii(path)[2:-1])
            longer = _pax_path(self._exactly(size))
            self._exactly(-size % RECORD)
            path, size, kind = _parse(self._exactly(RECORD))
            path = path if longer is None else longer  # the short form may be cut in the middle of a character
        if kind != b"0":
            raise Invalid("seal.member_refused", member=ascii(path)[2:-1])
        return _Member(_utf8(path), size)


def _parse(header: bytes) -> tuple[bytes, int, bytes]:
    """Path, size and type of a ustar header; seal.archive_malformed unless magic and checksum hold."""
    total = sum(header) - sum(header[148:156]) + 8 * 0x20
    if header[257:265] != b"ustar\x0000" or _octal(header[148:156]) != total:
        raise Invalid("seal.archive_malformed")
    name, prefix = header[:100].split(b"\0")[0], header[345:500].split(b"\0")[0]
    path = prefix + b"/" + name if prefix else name
    kind = header[156:157]
    return path, _octal(header[124:136]), b"0" if kind == b"\0" else kind


def _octal(data: bytes) -> int:
    found = _OCTAL.fullmatch(data)
    if found is None:
        raise Invalid("seal.archive_malformed")
    return int(found[1], 8)


def _pax_path(data: bytes) -> bytes | None:
    path = None
    while data:
        found = _RECORD_LENGTH.match(data)
        length = int(found[0]) if found else 0
        record, data = data[:length], data[length:]
        key, equals, value = record[found.end() if found else 0 :].partition(b"=")
        if len(record) != length or not equals or not value.endswith(b"\n"):
            raise Invalid("seal.archive_malformed")
        if key == b"path" and path is None:
            path = value[:-1]
        elif key not in _PAX_IGNORED:
            raise Invalid("seal.member_refused", member=f"pax {ascii(key)[2:-1][:40]}")
    return path


def _utf8(path: bytes) -> str:
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("seal.member_refused", member=ascii(path)[2:-1]) from error


def _printable(path: str) -> str:
    return ascii(path)[1:-1][:200]

"""The archive inside an envelope: a POSIX tar that comes out byte for byte the same wherever it is packed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.poly1305 import Poly1305

from core.errors import Invalid
from core.seal.ladder import step_for
from core.seal.manifest import Entry, check_entries, manifest
from core.seal.notation import Json, canonical
from core.seal.streams import BLOCK, ReadInto

RECORD = 512
MANIFEST = "manifest.json"
PADDING = "padding"
_USTAR_NAME = 100
_END = 2 * RECORD


@dataclass(frozen=True)
class Enclosure:
    """A file to enclose: its slot in the list of required files, where it lies, its name there (default: its own)."""

    slot: str
    path: Path
    name: str = ""

    @property
    def title(self) -> str:
        """The name under which the file travels."""
        return self.name or self.path.name


@dataclass(frozen=True)
class Surveyed:
    """An enclosure that was read once: its entry, what the file system said about it then, and a tag of its content."""

    enclosure: Enclosure
    entry: Entry
    stamp: tuple[int, ...]
    key: bytes = b""
    tag: bytes = b""


@dataclass(frozen=True)
class Plan:
    """Everything about an archive but the content of its files, which is read again while it is written."""

    manifest: Json
    files: list[Surveyed]
    heads: list[bytes]
    padding: int
    size: int


def check_enclosures(enclosures: list[Enclosure]) -> list[tuple[Enclosure, int]]:
    """The enclosures with their sizes in archive order (slot, then name, as UTF-8), if all can be read and named."""
    found = []
    for enclosure in enclosures:
        try:
            with enclosure.path.open("rb") as file:  # opening also refuses a folder
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise Invalid("seal.file_unreadable", field="files", name=ascii(enclosure.title)[1:-1]) from error
        found.append((enclosure.slot, enclosure.title, size))
    check_entries(found)
    sizes = [size for _, _, size in found]
    return sorted(zip(enclosures, sizes, strict=True), key=lambda one: (one[0].slot.encode(), one[0].title.encode()))


def foreseen(enclosure: Enclosure, size: int) -> Surveyed:
    """A stand-in for `survey` before the file is read: right for planning sizes, wrong for writing."""
    return Surveyed(enclosure, Entry(enclosure.slot, enclosure.title, size, "0" * 64), ())


def survey(enclosure: Enclosure) -> Surveyed:
    """Read the file once for its size and SHA-256, and for a tag that tells whether a second reading is the same.

    The tag is Poly1305's under a fresh key that nobody else learns, as is the tag: no other content has the same but
    by luck (less than one in 2⁷⁰ for the largest file), and it costs a seventh of another SHA-256.
    """
    key = os.urandom(32)
    sha256, witness = hashlib.sha256(), Poly1305(key)
    block = memoryview(bytearray(BLOCK))
    with _readable(enclosure.title), enclosure.path.open("rb", buffering=0) as file:
        stamp = _stamp(file.fileno())
        while came := file.readinto(block):
            sha256.update(block[:came])
            witness.update(block[:came])
        same = stamp == _stamp(file.fileno())
    if not same:
        raise Invalid("seal.file_changed", field="files", name=enclosure.title)
    entry = Entry(enclosure.slot, enclosure.title, stamp[2], sha256.hexdigest())
    return Surveyed(enclosure, entry, stamp, key, witness.finalize())


def plan_archive(bound: Mapping[str, str], nonce: bytes, files: list[Surveyed], *, size: int = 0) -> Plan:
    """The archive of surveyed files (in archive order), padded to the ladder; to the step of `size` where that is more.

    Raises seal.archive_too_large.
    """
    head = manifest(bound, nonce, [file.entry for file in files])
    text = canonical(head)
    heads = [_header(MANIFEST.encode(), len(text), b"0") + _filled(text)]
    heads += [_member_head(file.entry, place) for place, file in enumerate(files)]
    content = sum(map(len, heads)) + sum(_rounded(file.entry.size) for file in files) + RECORD + _END
    total = step_for(max(content, size))
    return Plan(head, files, heads, total - content, total)


def archive_blocks(plan: Plan) -> Iterator[memoryview]:
    """The archive in blocks of BLOCK bytes, the last one shorter; they are never written to again.

    Raises seal.file_changed where a file is not what it was when surveyed, seal.file_unreadable.
    """
    block, place = memoryview(bytearray(BLOCK)), 0
    for read_into in _parts(plan):
        while came := read_into(block[place:]):
            place += came
            if place == BLOCK:
                yield block
                block, place = memoryview(bytearray(BLOCK)), 0
    if place:
        yield block[:place]


def _parts(plan: Plan) -> Iterator[ReadInto]:
    """What fills the archive, each part to be read until it gives nothing more: heads, contents, zeros."""
    yield BytesIO(plan.heads[0]).readinto
    for file, head in zip(plan.files, plan.heads[1:], strict=True):
        yield BytesIO(head).readinto
        yield from _content(file)
        yield _zeros(-file.entry.size % RECORD)
    yield BytesIO(_header(PADDING.encode(), plan.padding, b"0")).readinto
    yield _zeros(plan.padding + _END)


def _content(file: Surveyed) -> Iterator[ReadInto]:
    left = file.entry.size
    witness = Poly1305(file.key)

    def read_into(view: memoryview) -> int:
        nonlocal left
        with _readable(file.entry.name):
            came: int = content.readinto(view[:left])
        witness.update(view[:came])
        left -= came
        return came

    with _readable(file.entry.name), file.enclosure.path.open("rb", buffering=0) as content:
        yield read_into
        if left or _stamp(content.fileno()) != file.stamp or witness.finalize() != file.tag:
            raise Invalid("seal.file_changed", field="files", name=file.entry.name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Invalid("seal.file_unreadable", field="files", name=name) from error


def _zeros(size: int) -> ReadInto:
    """So many zeros: the blocks that are filled hold nothing else beforehand."""
    left = size

    def read_into(view: memoryview) -> int:
        nonlocal left
        came = min(left, len(view))
        left -= came
        return came

    return read_into


def _stamp(descriptor: int) -> tuple[int, ...]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _member_head(entry: Entry, place: int) -> bytes:
    """A ustar header; before it, where the path takes more than 100 bytes, a pax header with the one record `path`."""
    path = entry.path.encode("utf-8")
    if len(path) <= _USTAR_NAME:
        return _header(path, entry.size, b"0")
    record = _pax_record(b"path", path)
    short = f"files/{place:04d}".encode()
    return _header(f"pax/{place:04d}".encode(), len(record), b"x") + _filled(record) + _header(short, entry.size, b"0")


def _pax_record(key: bytes, value: bytes) -> bytes:
    """`length key=value\\n`, where the length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    """One POSIX ustar header: mode 0644, owner and group 0 without names, instant 0."""
    fields = [
        name.ljust(100, b"\0"),
        b"0000644\0",
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        kind,
        bytes(100),
        b"ustar\x0000",
        bytes(32),
        bytes(32),
        b"0000000\0",
        b"0000000\0",
        bytes(155),
        bytes(12),
    ]
    fields[6] = b"%06o\0 " % sum(b"".join(fields))
    return b"".join(fields)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % RECORD)


def _rounded(size: int) -> int:
    return size + -size % RECORD

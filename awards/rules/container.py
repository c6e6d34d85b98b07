"""The archive's container: a canonical tar in which every byte is accounted for (docs/spec/archive.md)."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import rfc8785

from core.errors import Invalid
from core.ledger.notes import Signer, Verifier
from core.store import chunks_of

TYPE = "sunbid-archive/v1"
MANIFEST, NOTE = "manifest.json", "manifest.note"
BLOCK = 512
END = bytes(2 * BLOCK)

Progress = Callable[[int, int], None]
"""`progress(done, total)` in bytes."""


@dataclass(frozen=True)
class Source:
    """A member to be written: its path, and its bytes or the file that holds them."""

    path: str
    content: bytes | Path

    def size(self) -> int:
        """Size in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def chunks(self) -> Iterator[bytes]:
        """The bytes."""
        if isinstance(self.content, bytes):
            yield self.content
        else:
            with self.content.open("rb") as file:
                yield from chunks_of(file)


@dataclass(frozen=True)
class Held:
    """A member as found: where its bytes lie in the archive, how many, and their SHA-256."""

    path: str
    offset: int
    size: int
    sha256: str


def header(path: str, size: int) -> bytes:
    """The one allowed ustar header for a member: mode 0644, owner 0, time 0."""
    info = tarfile.TarInfo(path)
    info.size, info.mode, info.mtime = size, 0o644, 0
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def note_body(section: str, manifest: bytes) -> str:
    """What the platform signs: type, section, base64 SHA-256 of the manifest, one line each."""
    return f"{TYPE}\n{section}\n{base64.b64encode(hashlib.sha256(manifest).digest()).decode()}\n"


def write_container(
    out: BinaryIO, *, section: str, built_at: str, signer: Signer, sources: Iterable[Source]
) -> dict[str, Any]:
    """Write the archive and return its manifest. Members stand sorted by path after manifest and note."""
    members = sorted(sources, key=lambda source: source.path)
    listed = []
    for source in members:
        hasher = hashlib.sha256()
        for chunk in source.chunks():
            hasher.update(chunk)
        listed.append({"path": source.path, "sha256": hasher.hexdigest(), "size": source.size()})
    manifest: dict[str, Any] = {
        "type": TYPE,
        "section": section,
        "platform_key": str(signer.verifier),
        "built_at": built_at,
        "members": listed,
    }
    raw = rfc8785.dumps(manifest)
    note = signer.note(note_body(section, raw)).encode()
    for source in [Source(MANIFEST, raw), Source(NOTE, note), *members]:
        size = source.size()
        out.write(header(source.path, size))
        for chunk in source.chunks():
            out.write(chunk)
        out.write(bytes(-size % BLOCK))
    out.write(END)
    return manifest


class Members(Protocol):
    """What an archive is to a check: members of known hashes, read as JSON or copied out."""

    members: dict[str, Held]

    def json(self, path: str) -> Any:
        """A member as JSON."""
        ...

    def copy(self, path: str, to: Path) -> None:
        """Copy a member to a file."""
        ...


class Container:
    """An opened archive: every member's place and hash are known; JSON is read on demand."""

    def __init__(self, file: BinaryIO, members: dict[str, Held]) -> None:
        self._file = file
        self.members = members

    def _held(self, path: str) -> Held:
        held = self.members.get(path)
        if held is None:
            raise Invalid("archive.missing", path=path)
        return held

    def read(self, path: str) -> bytes:
        """The bytes of a member; Invalid("archive.missing") when absent."""
        held = self._held(path)
        self._file.seek(held.offset)
        return self._file.read(held.size)

    def json(self, path: str) -> Any:
        """A member as JSON, which must be canonical; Invalid("archive.json") when it is not."""
        raw = self.read(path)
        try:
            value = json.loads(raw)
            canonical = rfc8785.dumps(value) == raw
        except (ValueError, rfc8785.CanonicalizationError, RecursionError):
            canonical = False
        if not canonical:
            raise Invalid("archive.json", path=path)
        return value

    def copy(self, path: str, to: Path) -> None:
        """Copy a member to a file."""
        with to.open("wb") as out:
            for chunk in self.chunks(path):
                out.write(chunk)

    def chunks(self, path: str) -> Iterator[bytes]:
        """A member's bytes, piece by piece."""
        held = self._held(path)
        self._file.seek(held.offset)
        left = held.size
        while left:
            chunk = self._file.read(min(1 << 20, left))
            yield chunk
            left -= len(chunk)


def open_container(file: BinaryIO, progress: Progress | None = None) -> Container:
    """Read an archive from start to end and account for every byte of it.

    Invalid("archive.bytes", offset) where a header, padding or the end is not the one canonical spelling, or a path
    stands twice; Invalid("archive.truncated") where bytes are missing. Hashes are computed, not yet compared.
    """
    total = file.seek(0, 2)
    file.seek(0)
    members: dict[str, Held] = {}
    offset = 0
    while True:
        head = file.read(BLOCK)
        if head == END[:BLOCK]:
            if file.read() != END[BLOCK:]:
                raise Invalid("archive.bytes", offset=offset + BLOCK)
            return Container(file, members)
        if len(head) < BLOCK:
            raise Invalid("archive.truncated", offset=offset)
        path, size = _parsed(head, offset)
        if header(path, size) != head or path in members:
            raise Invalid("archive.bytes", offset=offset)
        hasher, left = hashlib.sha256(), size
        while left:
            chunk = file.read(min(1 << 20, left))
            if not chunk:
                raise Invalid("archive.truncated", offset=offset + BLOCK + size - left)
            hasher.update(chunk)
            left -= len(chunk)
        members[path] = Held(path, offset + BLOCK, size, hasher.hexdigest())
        if not _is_named(members[path]):
            raise Invalid("archive.bytes", offset=offset)
        padding = file.read(-size % BLOCK)
        if len(padding) < -size % BLOCK:
            raise Invalid("archive.truncated", offset=offset + BLOCK + size + len(padding))
        if any(padding):
            raise Invalid("archive.bytes", offset=offset + BLOCK + size)
        offset += BLOCK + size + len(padding)
        if progress is not None:
            progress(offset, total)


def _is_named(held: Held) -> bool:
    """Whether the member may bear this name: JSON, a note, or an object under its own hash."""
    if held.path.startswith("objects/"):
        return held.path == f"objects/{held.sha256}"
    return "/" not in held.path and held.path.endswith((".json", ".note"))


def _parsed(head: bytes, offset: int) -> tuple[str, int]:
    try:
        path, size = head[:100].rstrip(b"\0").decode("ascii"), int(head[124:135], 8)
        header(path, size)
    except (ValueError, tarfile.TarError):
        raise Invalid("archive.bytes", offset=offset) from None
    return path, size


def check_manifest(container: Container, key: Verifier | None) -> dict[str, Any]:
    """Return the manifest once its signature, order and every member's hash agree.

    Raises Invalid with archive.signature, archive.type, archive.order, archive.member (path) or archive.key when
    `key` was given and is not the one the manifest names.
    """
    manifest: dict[str, Any] = container.json(MANIFEST)
    if manifest.get("type") != TYPE:
        raise Invalid("archive.type", found=str(manifest.get("type")))
    verifier = Verifier.parse(str(manifest.get("platform_key")))
    if key is not None and str(key) != str(verifier):
        raise Invalid("archive.key", expected=str(key), found=str(verifier))
    note = container.read(NOTE).decode("utf-8", errors="replace")
    body = note_body(str(manifest.get("section")), container.read(MANIFEST))
    try:
        signed = verifier.check(note)
    except Invalid:
        raise Invalid("archive.signature", path=NOTE) from None
    # One signature line and nothing else: a second one, even if ignored, would be a byte nobody vouches for.
    if signed != body or note.count("\n") != body.count("\n") + 2 or not note.endswith("\n"):
        raise Invalid("archive.signature", path=NOTE)
    listed = [(member["path"], member["sha256"], member["size"]) for member in manifest["members"]]
    present = [(held.path, held.sha256, held.size) for held in container.members.values()][2:]
    for wanted, found in zip(listed, present, strict=False):
        if wanted != found:
            raise Invalid("archive.member", path=wanted[0] if wanted[0] == found[0] else found[0])
    in_order = [path for path, _, _ in listed] == sorted(path for path, _, _ in listed)
    if len(listed) != len(present) or list(container.members)[:2] != [MANIFEST, NOTE] or not in_order:
        raise Invalid("archive.order", listed=len(listed), present=len(present))
    return manifest

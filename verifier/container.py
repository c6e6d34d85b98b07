"""The archive file: tar blocks in their one allowed spelling, read as a stream; each member hashed, its place kept."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .canonical import Wrong, need, read_canonical

BLOCK = 512
PIECE = 1 << 20
JSON_LIMIT = 64 << 20
DEVICE = bytes(8)  # devmajor, devminor: as archives have them; archive.md (2026-11-22) says 0000000
FIELDS = [(0, "name"), (100, "mode"), (108, "uid"), (116, "gid"), (124, "size"), (136, "mtime"), (148, "checksum"),
          (156, "typeflag"), (157, "linkname"), (257, "magic"), (263, "version"), (265, "uname"), (297, "gname"),
          (329, "devmajor"), (337, "devminor"), (345, "prefix"), (500, "the rest")]  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One member and where its bytes lie in the file."""

    path: str
    offset: int
    size: int
    sha256: str


class Region:
    """The bytes of one member, to be read from the beginning on."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self.file, self.left = file, member.size
        file.seek(member.offset)

    def read(self, size: int) -> bytes:
        """At most so many bytes; fewer only at the end."""
        data = self.file.read(min(size, self.left))
        self.left -= len(data)
        return data


def header(name: bytes, size: int) -> bytes:
    """The one header a member of this name and size may have."""
    zeros = b"0000000\0"
    head = b"".join((
        name.ljust(100, b"\0"), b"0000644\0", zeros, zeros, b"%011o\0" % size, b"00000000000\0", b" " * 8, b"0",
        bytes(100), b"ustar\0", b"00", bytes(64), DEVICE, DEVICE, bytes(167),
    ))  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


class Archive:
    """What could be read of an archive file; `faults` says what is wrong with the file as such."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members: dict[str, Member] = {}
        self.order: list[str] = []
        self.faults: list[tuple[str, str, str]] = []
        self._json: dict[str, Any] = {}
        with path.open("rb") as file:
            for member in self._walk(file):
                self.order.append(member.path)
                if member.path in self.members:
                    self._fault(member.path, "路径出现两次", "the path stands twice")
                self.members.setdefault(member.path, member)
        self._check_paths()

    def _fault(self, where: str, zh: str, en: str) -> None:
        self.faults.append((where, zh, en))

    def _walk(self, file: BinaryIO) -> Iterator[Member]:
        while True:
            at = file.tell()
            block = file.read(BLOCK)
            if len(block) < BLOCK:
                return self._fault(f"@{at}", "文件在此中断", "the file breaks off here")
            if not any(block):
                if file.read(BLOCK) != bytes(BLOCK) or file.read(1):
                    self._fault(f"@{at}", "末尾不是恰好两个零块", "the end is not exactly two zero blocks")
                return None
            name, digits = block[:100].rstrip(b"\0"), block[124:135]
            path = "".join(c if "!" <= c <= "~" else "?" for c in name.decode("latin-1"))
            if not re.fullmatch(rb"[0-7]{11}", digits):
                return self._fault(path or f"@{at}", "文件头损坏：size", "bad header: size")
            size = int(digits, 8)
            meant = header(name, size)
            if block != meant:
                odd = [i for i in range(BLOCK) if block[i] != meant[i]]
                first = next((i for i in odd if not 148 <= i < 156), odd[0])
                field = [label for start, label in FIELDS if start <= first][-1]
                self._fault(path, f"文件头不是规定写法：{field}", f"header not in the allowed spelling: {field}")
            if not name or path.encode() != name:
                self._fault(path or f"@{at}", "名称不是可见 ASCII", "the name is not visible ASCII")
            offset, left, state = file.tell(), size, hashlib.sha256()
            while left:
                piece = file.read(min(left, PIECE))
                if not piece:
                    return self._fault(path, "文件在此成员中中断", "the file breaks off in this member")
                state.update(piece)
                left -= len(piece)
            pad = -size % BLOCK
            if file.read(pad) != bytes(pad):
                self._fault(path, "填充不是零", "the padding is not zero")
            yield Member(path, offset, size, state.hexdigest())

    @property
    def is_export(self) -> bool:
        """Whether the file is an export for one class, and no whole archive."""
        return self.order[:1] == ["export.json"]

    def _check_paths(self) -> None:
        first = ["export.json"] if self.is_export else ["manifest.json", "manifest.note"]
        if self.order[:1] == ["layer.json"]:
            first = ["layer.json", "layer.note"]
        meant = [*first, *sorted(set(self.order) - set(first))]
        for got, should in zip(self.order, meant, strict=False):
            if got != should:
                self._fault(got, f"次序不对：此处应为 {should}", f"out of order: {should} belongs here")
                break
        for path, member in self.members.items():
            if path.startswith("objects/"):
                if path != f"objects/{member.sha256}":
                    self._fault(path, "内容与其名称（散列）不符", "the content does not have the hash it is named by")
            elif path.endswith(".json"):
                try:
                    self.json(path)
                except Wrong as wrong:
                    self._fault(path, wrong.zh, wrong.en)
            elif path not in ("manifest.note", "layer.note"):
                self._fault(path, "不应有此成员", "no such member is allowed")

    def data(self, path: str) -> bytes:
        """All bytes of a small member."""
        member = self.members.get(path)
        if member is None:
            raise Wrong(f"缺少 {path}", f"{path} is missing")
        need(member.size <= JSON_LIMIT, f"{path} 过大", f"{path} is too large")
        with self.path.open("rb") as file:
            return Region(file, member).read(member.size)

    def json(self, path: str) -> Any:
        """What a canonical JSON member says."""
        if path not in self._json:
            data = self.data(path)
            try:
                self._json[path] = read_canonical(data)
            except Wrong as wrong:
                raise Wrong(f"{path} {wrong.zh}", f"{path} {wrong.en}") from wrong
        return self._json[path]

    def rows(self, path: str) -> list[dict[str, Any]]:
        """A JSON member that is a list of objects."""
        value = self.json(path)
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise Wrong(f"{path} 不是对象列表", f"{path} is not a list of objects")
        return value

    def has(self, sha256: object, size: object = None) -> Member:
        """The object of this hash (and size)."""
        member = self.members.get(f"objects/{sha256}")
        if member is None or member.sha256 != sha256:
            raise Wrong(f"缺少对象 {str(sha256)[:64]}", f"object {str(sha256)[:64]} is missing")
        if size is not None:
            need(size is not True and size == member.size, f"对象 {sha256} 大小不符", f"object {sha256}: size differs")
        return member

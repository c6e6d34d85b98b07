"""The archive file: one spelling, and nothing that can change in it unseen."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.verifier.tools import EMPTY, SPELLED, archive, save, spelled, tar
from verifier.canonical import Wrong
from verifier.claims_ledger import container, manifest
from verifier.container import Archive, header
from verifier.notes import Key
from verifier.verdict import Case, Findings

SMALL = {"reports.json": [], "bids.json": []}


def problems(path: Path, key: Key | None = None) -> list[str]:
    """What the lines container and manifest find wrong."""
    out = Findings()
    for claim in (container, manifest):
        with out.at(claim.__name__):
            claim(Case(Archive(path), key), out)
    return [f"{p.where}: {p.en}" for p in out.problems]


def test_a_right_archive(tmp_path: Path) -> None:
    """What the helper builds holds, and Python's tarfile reads the same members."""
    data = archive(EMPTY, (b"object", bytes(1000)))
    assert problems(save(tmp_path, data), Key.read(SPELLED)) == []
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        assert file.getnames() == Archive(tmp_path / "a.tar").order


def test_no_byte_can_change(tmp_path: Path) -> None:
    """Bytes all over the file. Seen red: with the padding not compared, and with the header not compared."""
    data = archive(SMALL, (b"object",))
    path = save(tmp_path, data)
    assert problems(path) == []
    for at in (*range(0, 512, 3), *range(512, len(data), 23)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
        assert problems(path), f"byte {at} changed unseen"


def test_no_cut_and_no_tail(tmp_path: Path) -> None:
    """Seen red: with the end not asked to be the end of the file."""
    data = archive(SMALL)
    for other in (*(data[:at] for at in range(0, len(data), 97)), data + b"\0", data + bytes(512), data[:-512]):
        assert problems(save(tmp_path, other))


def test_header_fields_are_named(tmp_path: Path) -> None:
    """The line says which field of which member was touched."""
    data = bytearray(archive(SMALL))
    data[136] = ord("1")
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 256 + sum(data[156:512]))
    assert problems(save(tmp_path, bytes(data)))[0] == "manifest.json: header not in the allowed spelling: mtime"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("b.json", b"1"), ("a.json", b"1")], "a.json belongs here"),
        ([("a.json", b"1"), ("manifest.json", b"{}"), ("manifest.note", b"")], "manifest.json belongs here"),
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("a.json", b"1"), ("a.json", b"1")], "stands twice"),
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("a.json", spelled({"a": 1}))], "not canonical"),
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("a.txt", b"1")], "no such member"),
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("objects/" + "0" * 64, b"1")], "named by"),
        ([("manifest.json", b"{}"), ("manifest.note", b""), ("a b.json", b"1")], "visible ASCII"),
    ],
)
def test_members(tmp_path: Path, members: list[tuple[str, bytes]], said: str) -> None:
    """Seen red: with each of these tests left out of _check_paths() and _walk()."""
    found = problems(save(tmp_path, tar(members)))
    assert any(said in problem for problem in found), found


def test_another_key(tmp_path: Path) -> None:
    """Signed, but not by the key the reader knows. Seen red: with the archive's own key used instead."""
    other = Key.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    found = problems(save(tmp_path, archive(SMALL)), other)
    assert "manifest.json: the platform key is not the one given" in found
    assert "manifest.note: is not signed by the platform key" in found


def test_members_not_listed(tmp_path: Path) -> None:
    """A member more than the manifest lists, and one less. Seen red: with either comparison left out."""
    data = archive(SMALL)
    extra = header(b"z.json", 1) + b"1" + bytes(511)
    assert "z.json: is not listed" in problems(save(tmp_path, data[:-1024] + extra + bytes(1024)))
    assert "reports.json: listed but missing" in problems(save(tmp_path, data[:-2048] + bytes(1024)))


def test_objects_by_hash_and_size(tmp_path: Path) -> None:
    """Seen red: with the size not compared."""
    case = Archive(save(tmp_path, archive(SMALL, (b"object",))))
    name = next(path for path in case.order if path.startswith("objects/"))[8:]
    assert case.has(name, 6).size == 6
    for digest, size in ((name, 7), (name, True), ("0" * 64, None), (None, None), (f"../{name}", None)):
        with pytest.raises(Wrong):
            case.has(digest, size)

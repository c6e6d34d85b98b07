"""The archive is the same bytes everywhere, stands on the ladder, takes no bad name, and stock tar reads it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import seal as sealing
from core.seal import Enclosure, Sealed
from core.seal.ladder import LARGEST, SMALLEST, on_ladder, step_for
from tests.core.seal.scene import Scene, make_chance, refused


def archive_of(scene: Scene, sealed: Sealed, envelope: str) -> bytes:
    """The plain archive, opened without any of our reading code."""
    key = pyrage.x25519.Identity.from_str(scene.released(sealed, envelope).secret)
    return bytes(pyrage.decrypt(sealed.bulks[envelope].read_bytes(), [key]))


def test_the_same_files_and_chance_make_the_same_archive(scene: Scene, tmp_path: Path) -> None:
    """Other order, other instants, other modes: same bytes. Seen red: with an instant in the tar header."""
    first = scene.seal(tmp_path / "1", chance=make_chance("same"))
    moved = {}
    for name, files in scene.envelopes.items():
        moved[name] = []
        for number, file in enumerate(reversed(files)):
            path = tmp_path / f"{name}{number}"
            path.write_bytes(file.path.read_bytes())
            path.chmod(0o600)
            os.utime(path, (1, 1))
            moved[name].append(Enclosure(file.slot, path, file.title))
    second = scene.seal(tmp_path / "2", chance=make_chance("same"), envelopes=moved)
    third = scene.seal(tmp_path / "3", chance=make_chance("other"))
    for name in scene.envelopes:
        assert archive_of(scene, first, name) == archive_of(scene, second, name)
        assert archive_of(scene, first, name) != archive_of(scene, third, name)
        one, two = (sealed.submission["envelopes"][name] for sealed in (first, second))
        assert one["bid_recipient"] != two["bid_recipient"]  # fresh keys all the same
        assert one["plain_commit"] == two["plain_commit"]


def test_the_commitment_is_what_the_specification_says(scene: Scene, sealed: Sealed) -> None:
    """Computed here from the archive and the salt. Seen red: with the hex of the hash in place of its bytes."""
    for name, parts in sealed.submission["envelopes"].items():
        salt = scene.released(sealed, name).salt
        assert salt is not None
        inner = hashlib.sha256(archive_of(scene, sealed, name)).digest()
        assert parts["plain_commit"] == hashlib.sha256(b"sunbid-plain/v1\n" + salt + inner).hexdigest()


def test_stock_tar_and_python_read_the_archive(scene: Scene, sealed: Sealed, tmp_path: Path) -> None:
    """Names beyond 100 bytes included. Seen red: with the pax header written after its member."""
    data = archive_of(scene, sealed, "technical")
    (tmp_path / "a.tar").write_bytes(data)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "a.tar", "-C", tmp_path / "out"], check=True)
    for file in scene.envelopes["technical"]:
        assert (tmp_path / "out" / "files" / file.slot / file.title).read_bytes() == file.path.read_bytes()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = tar.getmembers()
    assert [members[0].name, members[-1].name] == ["manifest.json", "padding"]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.type) for m in members} == {
        (0, 0, 0, "", "", 0o644, b"0")
    }
    assert on_ladder(len(data))


@given(st.integers(1, LARGEST))
def test_the_ladder_costs_at_most_a_quarter_above_16_mib_and_never_shrinks(size: int) -> None:
    """Seen red: with steps of powers of two all the way up."""
    step = step_for(size)
    assert step >= max(size, SMALLEST)
    assert step % 65536 == 0
    assert on_ladder(step)
    if size > 1 << 24:
        assert step <= size * 1.25


def test_the_ladder_is_the_documented_one() -> None:
    """Seen red: with a step missing."""
    mib = 1 << 20
    assert sealing.LADDER[:9] == tuple(65536 << k for k in range(9))
    assert [step / mib for step in sealing.LADDER[8:17]] == [16, 20, 24, 28, 32, 40, 48, 56, 64]
    assert sealing.LADDER[-1] == 8 << 30
    with refused("seal.archive_too_large"):
        step_for(LARGEST + 1)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 61_440 - 1024, 62_000, 63_000, 64_000, 65_536, 131_072 - 3072])
def test_every_size_around_a_step_lands_on_the_ladder(scene: Scene, tmp_path: Path, size: int) -> None:
    """Seen red: with the end marks not counted, 63 KiB comes out off the ladder."""
    path = tmp_path / "f"
    path.write_bytes(b"z" * size)
    envelopes = scene.envelopes | {"schedule": [Enclosure("f", path)]}
    sealed = scene.seal(tmp_path / "bid", envelopes=envelopes)
    assert len(archive_of(scene, sealed, "schedule")) in sealing.LADDER
    scene.open(sealed, "schedule", tmp_path / "out")
    assert (tmp_path / "out/files/f/f").stat().st_size == size


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("..", "seal.name_unsafe"),
        (".", "seal.name_unsafe"),
        ("../报价.pdf", "seal.name_unsafe"),
        ("/etc/passwd", "seal.name_unsafe"),
        ("a/b", "seal.name_unsafe"),
        ("a\\b", "seal.name_unsafe"),
        ("a\x00b", "seal.name_unsafe"),
        ("a\nb", "seal.name_unsafe"),
        ("a\x9fb", "seal.name_unsafe"),
        ("报价\u202efdp.exe", "seal.name_unsafe"),
        ("\u2066a", "seal.name_unsafe"),
        ("a\u200b.pdf", "seal.name_unsafe"),
        ("\ufeffa", "seal.name_unsafe"),
        ("\ud800", "seal.name_unsafe"),
        ("a\U000e0041", "seal.name_unsafe"),
        (" a", "seal.name_unsafe"),
        ("a ", "seal.name_unsafe"),
        ("中" * 86, "seal.name_too_long"),
    ],
)
def test_bad_names_are_refused_before_anything_is_written(scene: Scene, tmp_path: Path, name: str, code: str) -> None:
    """Seen red: with `check_name` doing nothing, each of these seals."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with refused(code):
        scene.seal(tmp_path / "bid", envelopes=scene.envelopes | {"price": [Enclosure("a", path, name)]})
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_names_that_are_only_just_allowed(scene: Scene, tmp_path: Path) -> None:
    """255 bytes, dots and blanks inside, full-width signs. Seen red: with a limit of 100 bytes."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    names = ["中" * 85, "...", ".隐藏", "a b（终稿）：１.pdf", "-rf", "x" * 255]
    envelopes = scene.envelopes | {"price": [Enclosure("a", path, name) for name in names]}
    scene.open(scene.seal(tmp_path / "bid", envelopes=envelopes), "price", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out/files/a").iterdir()) == sorted(names)


def test_clashing_empty_missing_and_too_many_files_are_refused(scene: Scene, tmp_path: Path) -> None:
    """Seen red: each with its own check in `check_entries` or `check_enclosures` taken out."""
    path, empty = tmp_path / "file", tmp_path / "empty"
    path.write_bytes(b"x")
    empty.write_bytes(b"")

    def attempt(files: list[Enclosure]) -> None:
        scene.seal(tmp_path / "bid", envelopes=scene.envelopes | {"price": files})

    for one, two in (("A.pdf", "a.PDF"), ("é", "e\u0301"), ("x", "x")):
        with refused("seal.name_duplicate"):
            attempt([Enclosure("a", path, one), Enclosure("a", path, two)])
    with refused("seal.file_empty", name="empty"):
        attempt([Enclosure("a", empty)])
    with refused("seal.file_unreadable"):
        attempt([Enclosure("a", tmp_path / "none")])
    with refused("seal.file_unreadable"):
        attempt([Enclosure("a", tmp_path)])
    with refused("seal.too_many_files", count=1001):
        attempt([Enclosure("a", path, str(number)) for number in range(1001)])
    for slot in ("", "A", "a/b", "..", "中", "a" * 33):
        with refused("seal.slot_invalid"):
            attempt([Enclosure(slot, path)])
    with refused("seal.envelope_empty", envelope="price"):
        attempt([])
    with refused("seal.envelopes_differ"):
        scene.seal(tmp_path / "bid", envelopes={"price": scene.envelopes["price"]})
    assert not (tmp_path / "bid").exists()

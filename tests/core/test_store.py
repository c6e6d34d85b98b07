"""The object store: a name shows no other bytes than its hash, nothing half-written, sweeping spares what is used."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import Invalid, Missing
from core.store import ObjectStore, Stored


def test_what_is_put_can_be_read_under_its_hash(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    stored = store.put([b"one", b"two"])
    assert stored.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert store.read(stored.sha256) == b"onetwo"
    assert store.size(stored.sha256) == stored.size == 6


def test_bytes_that_are_not_the_expected_ones_are_refused_and_not_kept(tmp_path: Path) -> None:
    """Sabotage: renaming before comparing was red."""
    store = ObjectStore(tmp_path)
    with pytest.raises(Invalid, match=r"object\.hash"):
        store.put(b"other", expected="00" * 32)
    assert list(store.held()) == []
    assert list(store.temp.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "g" * 64, "A" * 64])
def test_what_is_no_hash_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(Missing):
        ObjectStore(tmp_path).path(name)


def test_files_hashed_by_their_writer_are_adopted_whole(tmp_path: Path) -> None:
    """Contents, names, and nothing left where they lay. Seen red: without the loop that renames."""
    store = ObjectStore(tmp_path)
    files = []
    for number in range(20):
        data = str(number).encode() * 1000
        path = store.temp / str(number)
        path.write_bytes(data)
        files.append((path, Stored(hashlib.sha256(data).hexdigest(), len(data))))
    store.adopt_hashed(files)
    store.adopt_hashed([])
    assert {name: hashlib.sha256(store.read(name)).hexdigest() for name in store.held()} == {
        stored.sha256: stored.sha256 for _, stored in files
    }
    assert list(store.temp.iterdir()) == []


def test_sweeping_spares_referenced_and_young_objects(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    used, young, orphan = (store.put(text).sha256 for text in (b"used", b"young", b"orphan"))
    for sha256 in (used, orphan):
        os.utime(store.path(sha256), (1, 1))
    assert store.sweep({used}, older_than=time.time() - 3600) == [orphan]
    assert store.has(used)
    assert store.has(young)


def test_a_killed_writer_leaves_no_torn_object(tmp_path: Path) -> None:
    """Kill -9 at random moments of writing: every object held has the bytes of its name."""
    program = (
        "import sys, os\nfrom pathlib import Path\nfrom core.store import ObjectStore\n"
        "store = ObjectStore(Path(sys.argv[1]))\nprint('go', flush=True)\n"
        "while True: store.put([os.urandom(1 << 16) for _ in range(4)])\n"
    )
    for delay in (0.01, 0.05, 0.09):
        with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
    store = ObjectStore(tmp_path)
    held = list(store.held())
    assert all(hashlib.sha256(store.read(sha256)).hexdigest() == sha256 for sha256 in held)

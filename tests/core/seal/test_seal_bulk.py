"""Our age files against three other programs that know the format: pyrage, the age command, the verifier's reader."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import shutil
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core import seal as sealing
from core.errors import Invalid
from core.seal import bulk
from core.seal.bulk import WHOLE, open_bulk, seal_bulk
from core.seal.streams import BLOCK
from tests.core.seal.scene import refused
from verifier.age import decrypt as verifier_decrypt
from verifier.age import read_identity, read_recipient

IDENTITY = sealing.new_identity()
RECIPIENT = sealing.recipient_of(IDENTITY)
RAGE = pyrage.x25519.Identity.from_str(IDENTITY)
CHUNK = 1 << 16
SMALL = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, BLOCK - 1, BLOCK, BLOCK + 1)
LARGE = (WHOLE - 1, WHOLE, WHOLE + 1, WHOLE + CHUNK, WHOLE + BLOCK - 5, 2 * WHOLE + CHUNK)
WAYS = ("memory", "program", "library")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the three ways for everything, whatever its size."""
    name: str = request.param
    if name == "program" and shutil.which("age") is None:
        pytest.skip("NOT TESTED with the age command: it is not installed")
    monkeypatch.setattr(bulk, "WHOLE", 1 << 40 if name == "memory" else 0)
    if name == "library":
        monkeypatch.setattr(bulk, "_program", lambda: None)
    return name


def content(size: int) -> bytes:
    return hashlib.shake_256(b"content").digest(size)


def blocks(data: bytes) -> Iterator[memoryview]:
    for place in range(0, len(data), BLOCK):
        yield memoryview(data)[place : place + BLOCK]


def seal(data: bytes) -> bytes:
    return b"".join(seal_bulk(blocks(data), RECIPIENT))


def open_(data: bytes, identity: str = IDENTITY) -> bytes:
    return b"".join(open_bulk(io.BytesIO(data).readinto, identity))


def children() -> bool:
    """Whether this process has a child, running or dead."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def check_exchange(data: bytes, folder: Path) -> None:
    """Four programs open what we seal; we open what two of them seal."""
    sealed = seal(data)
    assert open_(sealed) == data
    assert bytes(pyrage.decrypt(sealed, [RAGE])) == data
    assert b"".join(verifier_decrypt(io.BytesIO(sealed), read_identity(IDENTITY))) == data
    assert open_(pyrage.encrypt(data, [RAGE.to_public()])) == data
    if shutil.which("age") is None:
        pytest.skip("NOT TESTED against the age command: it is not installed")
    (folder / "key").write_text(IDENTITY)
    (folder / "sealed").write_bytes(sealed)
    opened = subprocess.run(["age", "-d", "-i", folder / "key", folder / "sealed"], capture_output=True, check=True)
    assert opened.stdout == data
    theirs = subprocess.run(["age", "-r", RECIPIENT], input=data, capture_output=True, check=True)
    assert open_(theirs.stdout) == data


@pytest.mark.parametrize("size", SMALL)
def test_others_open_what_we_seal_and_we_what_they_seal(size: int, way: str, tmp_path: Path) -> None:
    """Every edge of chunk and block, each way. Seen red: with a short reading of the pipe taken for its end."""
    check_exchange(content(size), tmp_path)


@pytest.mark.parametrize("size", LARGE)
def test_what_is_large_goes_through_the_program(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around the edge between the two. Seen red: with what was read before the edge left out."""
    started: list[Any] = []
    real = subprocess.Popen

    class Counted(real):  # type: ignore[misc,valid-type]
        def __init__(self, command: Any, *more: Any, **options: Any) -> None:
            started.append(command)
            super().__init__(command, *more, **options)

    monkeypatch.setattr(bulk.subprocess, "Popen", Counted)
    sealed = seal(content(size))
    assert bool(started) == (size > WHOLE and shutil.which("age") is not None)
    monkeypatch.undo()
    assert open_(sealed) == content(size)
    check_exchange(content(size), tmp_path)


@pytest.mark.parametrize("most", [7, 4095, 65_551, 100_000])
def test_a_source_may_give_less_than_it_is_asked_for(most: int, way: str) -> None:
    """Seen red: with a short reading taken for the end."""
    data = content(BLOCK + 70_000) if most > 7 else content(70_000)
    stream = io.BytesIO(seal(data))
    assert b"".join(open_bulk(lambda view: stream.readinto(view[:most]), IDENTITY)) == data


def test_every_seal_has_keys_of_its_own(way: str) -> None:
    """Ephemeral share, wrapped file key and nonce differ each time."""
    first, second = seal(b"x"), seal(b"x")
    lines = [[line for line in one.split(b"\n") if line.startswith(b"-> X25519 ")] for one in (first, second)]
    assert lines[0] != lines[1]
    ends = [one.index(b"\n--- ") + 49 for one in (first, second)]
    assert first[ends[0] : ends[0] + 16] != second[ends[1] : ends[1] + 16]
    assert first[ends[0] + 16 :] != second[ends[1] + 16 :]


def test_what_was_handed_out_is_never_written_to_again(way: str) -> None:
    """Threads hash and write the blocks later. Seen red: with one buffer for all blocks."""
    if way == "memory":
        pytest.skip("read at once")
    data = content(4 * BLOCK)
    shown: list[memoryview] = []
    stream = io.BytesIO(seal(data))

    def read_into(view: memoryview) -> int:
        came = stream.readinto(view)
        shown.append(view[:came])
        return came

    opened = list(open_bulk(read_into, IDENTITY))
    assert b"".join(opened) == data
    assert b"".join(shown) == stream.getvalue()


def test_what_is_no_key_is_refused_before_anything_is_read() -> None:
    """And is not shown, for it may be a secret with one letter mistyped."""
    for mangled in (IDENTITY[:-1] + ("Q" if IDENTITY[-1] != "Q" else "P"), IDENTITY.lower(), RECIPIENT, ""):
        with refused("seal.identity_malformed"):
            open_(b"", mangled)
    with refused("seal.recipient_malformed"):
        list(seal_bulk(iter(()), IDENTITY))


def test_another_key_is_told_from_a_torn_file(way: str) -> None:
    """Seen red: with every failure a seal.torn."""
    sealed = seal(b"x")
    with refused("seal.not_for_this_key"):
        open_(sealed, sealing.new_identity())
    with refused("seal.torn"):
        open_(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_every_truncation_is_refused(way: str) -> None:
    """In memory at every place, by the others around the edges. Seen red: without looking how the program ended."""
    for size in (0, 5, CHUNK, CHUNK + 5):
        sealed = seal(content(size))
        start = sealed.index(b"\n--- ") + 49
        edges = {start + more for more in (0, 15, 16, 31, 32)} | {
            start + 16 + CHUNK + more for more in (-1, 0, 15, 16, 17)
        }
        for end in {*edges, len(sealed) - 1} | ({*range(start + 40)} if way == "memory" else set()):
            if end < len(sealed):
                with pytest.raises(Invalid) as error:
                    open_(sealed[:end])
                assert error.value.code in ("seal.torn", "seal.not_encrypted"), (size, end)


def test_every_flipped_bit_is_refused(way: str) -> None:
    """All of the header in memory, and of the payload around every edge."""
    sealed = seal(content(CHUNK + 100))
    start = sealed.index(b"\n--- ") + 49
    places = {*range(start + 40), *range(start + CHUNK, start + CHUNK + 60), *range(len(sealed) - 40, len(sealed))}
    for place in sorted(places) if way == "memory" else sorted(places)[::23]:
        for bit in range(8) if way == "memory" else (place % 8,):
            wrong = bytearray(sealed)
            wrong[place] ^= 1 << bit
            with pytest.raises(Invalid):
                open_(bytes(wrong))


# The program as a child ---------------------------------------------------------------------------------------------


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything through the program."""
    if shutil.which("age") is None:
        pytest.skip("NOT TESTED with the age command: it is not installed")
    monkeypatch.setattr(bulk, "WHOLE", 0)


def test_the_key_is_in_no_command_line_no_environment_and_no_file(
    program: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from the running child itself; what it has open are pipes. Seen red: with `-i` naming a file of the key."""
    sealed, told = seal(content(8 * BLOCK)), dict[str, Any]()
    stream = io.BytesIO(sealed)
    real = subprocess.Popen

    class Watched(real):  # type: ignore[misc,valid-type]
        def __init__(self, *all_: Any, **options: Any) -> None:
            super().__init__(*all_, **options)
            told["pid"] = self.pid

    def read_into(view: memoryview) -> int:
        place = Path(f"/proc/{told['pid']}") if "pid" in told else None
        if place is not None and "cmdline" not in told and stream.tell() > 6 * BLOCK:
            told["cmdline"] = (place / "cmdline").read_bytes()
            told["environ"] = (place / "environ").read_bytes()
            told["files"] = [os.readlink(one) for one in (place / "fd").iterdir()]
        return stream.readinto(view)

    monkeypatch.setattr(bulk.subprocess, "Popen", Watched)
    assert b"".join(open_bulk(read_into, IDENTITY)) == content(8 * BLOCK)
    assert b"AGE-SECRET-KEY" not in told["cmdline"].upper() + told["environ"].upper()
    assert b"/dev/fd/" in told["cmdline"]
    assert not [file for file in told["files"] if file.startswith("/") and not file.startswith("/dev/")], told["files"]


@pytest.mark.parametrize("name", ["program", "library"])
def test_who_leaves_early_leaves_no_child_no_thread_and_no_pipe(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen red: without killing the child it stood there, a zombie later, and the feeder at its pipe."""
    if name == "library":
        monkeypatch.setattr(bulk, "_program", lambda: None)
    monkeypatch.setattr(bulk, "WHOLE", 0)
    sealed = seal(content(4 * WHOLE))
    threads, files = threading.active_count(), len(os.listdir("/dev/fd"))
    for source in (
        open_bulk(io.BytesIO(sealed).readinto, IDENTITY),
        seal_bulk(blocks(content(4 * WHOLE)), RECIPIENT),
    ):
        assert len(next(source)) > 0
        source.close()
    assert not children()
    assert threading.active_count() == threads
    assert len(os.listdir("/dev/fd")) == files


@pytest.mark.parametrize("name", ["program", "library"])
def test_what_the_source_raises_comes_through(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of an end that would pass for one. Seen red: with the feeder's error forgotten."""
    if name == "library":
        monkeypatch.setattr(bulk, "_program", lambda: None)
    monkeypatch.setattr(bulk, "WHOLE", 0)

    def broken() -> Iterator[memoryview]:
        yield memoryview(content(BLOCK))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(seal_bulk(broken(), RECIPIENT))
    stream = io.BytesIO(seal(content(4 * BLOCK)))

    def read_into(view: memoryview) -> int:
        if stream.tell() > BLOCK:
            raise ZeroDivisionError
        return stream.readinto(view)

    with pytest.raises(ZeroDivisionError):
        list(open_bulk(read_into, IDENTITY))
    assert not children()


FAILING = {
    "killed": ("cat >/dev/null; kill -9 $$", OSError),
    "gone without having read": ("head -c 1000 >/dev/null; exit 0", Invalid),
    "no key file": ("cat >/dev/null; echo 'age: error: reading \"/dev/fd/9\": no such file' >&2; exit 1", OSError),
    "not our words": ("cat >/dev/null; echo 'cannot load libc' >&2; exit 1", OSError),
    "another exit": ("cat >/dev/null; echo 'age: error: what' >&2; exit 2", OSError),
    "torn": ("head -c 1000; cat >/dev/null; echo 'age: error: unexpected EOF' >&2; exit 1", Invalid),
}


@pytest.mark.parametrize("name", list(FAILING))
def test_a_program_that_fails_is_no_fault_of_the_bid(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what age says of the file is said of the bid. Seen red: with every failure a seal.torn."""
    script, kind = FAILING[name]
    false = tmp_path / "age"
    false.write_text(f"#!/bin/sh\n{script}\n")
    false.chmod(0o755)
    sealed = seal(content(WHOLE + 1))
    monkeypatch.setattr(bulk, "WHOLE", 0)
    monkeypatch.setattr(bulk, "_program", lambda: str(false))
    with pytest.raises(kind) as error:
        open_(sealed)
    assert kind is not Invalid or error.value.code == "seal.torn"  # type: ignore[attr-defined]
    assert not children()


# Hostile files, put together chunk by chunk ---------------------------------------------------------------------------


def derived(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def hostile(
    chunks: list[tuple[int, bool, bytes]],
    *,
    key: bytes = b"k" * 16,
    share: bytes | None = None,
    mac: Callable[[bytes], bytes] = bytes,
    after: bytes = b"",
) -> bytes:
    """An age file of just these chunks (counter, marked as last, plain)."""
    ephemeral, recipient = X25519PrivateKey.generate(), read_recipient(RECIPIENT)
    share = share or ephemeral.public_key().public_bytes_raw()
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
        wrap = derived(shared, share + recipient, b"age-encryption.org/v1/X25519")
    except ValueError:
        wrap = bytes(32)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), key, None)
    signed = b"age-encryption.org/v1\n-> X25519 " + base64(share) + b"\n" + base64(body) + b"\n---"
    proof = mac(hmac.digest(derived(key, b"", b"header"), signed, "sha256"))
    nonce = os.urandom(16)
    cipher = ChaCha20Poly1305(derived(key, nonce, b"payload"))
    sealed = [cipher.encrypt(n.to_bytes(11, "big") + bytes([last]), plain, None) for n, last, plain in chunks]
    return signed + b" " + base64(proof) + b"\n" + nonce + b"".join(sealed) + after


FULL = content(CHUNK)
HOSTILE = {
    "good": hostile([(0, False, FULL), (1, True, b"end")]),
    "good, full last chunk": hostile([(0, False, FULL), (1, True, FULL)]),
    "good, empty": hostile([(0, True, b"")]),
    "no chunk": hostile([]),
    "no last chunk": hostile([(0, False, FULL), (1, False, b"end")]),
    "no last chunk, full": hostile([(0, False, FULL)]),
    "last twice": hostile([(0, True, FULL), (1, True, b"end")]),
    "last before the end": hostile([(0, True, FULL), (1, False, b"end")]),
    "empty last chunk after a full one": hostile([(0, False, FULL), (1, True, b"")]),
    "only an empty chunk not marked last": hostile([(0, False, b"")]),
    "short chunk amid": hostile([(0, False, b"short"), (1, True, b"end")]),
    "chunk too long": hostile([(0, True, FULL + b"x")]),
    "counter from one": hostile([(1, True, b"end")]),
    "counter skips": hostile([(0, False, FULL), (2, True, b"end")]),
    "counter stands still": hostile([(0, False, FULL), (0, True, b"end")]),
    "chunks swapped": hostile([(1, False, FULL), (0, False, FULL), (2, True, b"end")]),
    "byte after the end": hostile([(0, True, b"end")], after=b"x"),
    "sixteen bytes after the end": hostile([(0, False, FULL), (1, True, FULL)], after=bytes(16)),
    "another file after the end": hostile([(0, True, b"end")], after=seal(b"x")),
    "wrong MAC": hostile([(0, True, b"end")], mac=lambda right: bytes(32)),
    "file key of 15 bytes": hostile([(0, True, b"end")], key=b"k" * 15),
    "file key of 17 bytes": hostile([(0, True, b"end")], key=b"k" * 17),
    "file key of 32 bytes": hostile([(0, True, b"end")], key=b"k" * 32),
    "share of order one": hostile([(0, True, b"end")], share=bytes(32)),
    "share of low order": hostile(
        [(0, True, b"end")], share=bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
    ),
    "foreign share": hostile([(0, True, b"end")], share=content(32)),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files_are_judged_alike_by_every_way(name: str, way: str) -> None:
    """Accepted or refused alike, the good ones with the same bytes."""
    data = HOSTILE[name]
    try:
        theirs = bytes(pyrage.decrypt(data, [RAGE]))
    except (pyrage.DecryptError, OSError):
        theirs = None
    assert (theirs is not None) == name.startswith("good")
    if theirs is None:
        with pytest.raises(Invalid):
            open_(data)
    else:
        assert open_(data) == theirs

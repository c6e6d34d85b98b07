"""Our age files against three other programs that know the format: pyrage, the age command, the verifier's reader."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core import seal as sealing
from core.errors import Invalid
from core.seal.age import raw_identity, raw_recipient
from core.seal.bulk import _file_key, open_bulk, seal_bulk
from core.seal.streams import BLOCK
from tests.core.seal.scene import refused
from verifier.age import decrypt as verifier_decrypt
from verifier.age import read_identity

IDENTITY = sealing.new_identity()
RECIPIENT = sealing.recipient_of(IDENTITY)
RAGE = pyrage.x25519.Identity.from_str(IDENTITY)
CHUNK = 1 << 16
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + CHUNK, 3 * BLOCK - 5)


def content(size: int) -> bytes:
    return hashlib.shake_256(b"content").digest(size)


def blocks(data: bytes) -> Iterator[memoryview]:
    for place in range(0, len(data), BLOCK):
        yield memoryview(data)[place : place + BLOCK]


def seal(data: bytes) -> bytes:
    return b"".join(seal_bulk(blocks(data), RECIPIENT))


def open_(data: bytes, identity: str = IDENTITY) -> bytes:
    return b"".join(open_bulk(io.BytesIO(data).readinto, identity))


@pytest.mark.parametrize("size", SIZES)
def test_others_open_what_we_seal_and_we_what_they_seal(size: int, tmp_path: Path) -> None:
    """Every edge of chunk and block. Seen red: with the last flag on the last chunk of every block."""
    data = content(size)
    sealed = seal(data)
    assert open_(sealed) == data
    assert bytes(pyrage.decrypt(sealed, [RAGE])) == data
    assert b"".join(verifier_decrypt(io.BytesIO(sealed), read_identity(IDENTITY))) == data
    assert open_(pyrage.encrypt(data, [RAGE.to_public()])) == data
    if shutil.which("age") is None:
        pytest.skip("NOT TESTED against the age command: it is not installed")
    (tmp_path / "key").write_text(IDENTITY)
    (tmp_path / "sealed").write_bytes(sealed)
    opened = subprocess.run(["age", "-d", "-i", tmp_path / "key", tmp_path / "sealed"], capture_output=True, check=True)
    assert opened.stdout == data
    theirs = subprocess.run(["age", "-r", RECIPIENT], input=data, capture_output=True, check=True)
    assert open_(theirs.stdout) == data


@pytest.mark.parametrize("most", [1, 7, 4095, 65_551, 100_000])
def test_a_source_may_give_less_than_it_is_asked_for(most: int) -> None:
    """Seen red: with a short reading taken for the end."""
    data = content(BLOCK + 70_000) if most > 7 else content(70_000)
    stream = io.BytesIO(seal(data))
    assert b"".join(open_bulk(lambda view: stream.readinto(view[:most]), IDENTITY)) == data


def test_every_seal_has_keys_of_its_own() -> None:
    """Ephemeral key, file key and nonce differ each time. Seen red: with a constant in place of each os.urandom."""
    first, second = seal(b"x"), seal(b"x")
    lines = [one.split(b"\n") for one in (first, second)]
    assert all(lines[0][place] != lines[1][place] for place in (1, 2, 3))
    end = first.index(b"\n---") + 49
    assert len({_file_key(one[:end], IDENTITY) for one in (first, second)}) == 2
    assert first[end : end + 16] != second[end : end + 16]
    assert first[end + 16 :] != second[end + 16 :]


def test_what_was_handed_out_is_never_written_to_again() -> None:
    """Threads hash and write the blocks later. Seen red: with one buffer for all blocks."""
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
    assert b"".join(list(seal_bulk(iter(opened), RECIPIENT))) != stream.getvalue()


def test_a_short_block_may_only_be_the_last() -> None:
    """It would end in a short chunk amid the file. Seen red: without the check."""
    with pytest.raises(ValueError, match="last"):
        list(seal_bulk(iter([memoryview(b"short"), memoryview(b"more")]), RECIPIENT))


def test_the_raw_keys_are_those_that_are_spelled() -> None:
    """Seen red: with the four bits of filling left in."""
    for _ in range(20):
        identity = sealing.new_identity()
        public = X25519PrivateKey.from_private_bytes(raw_identity(identity)).public_key().public_bytes_raw()
        assert raw_recipient(sealing.recipient_of(identity)) == public
    for mangled in (IDENTITY[:-1] + ("Q" if IDENTITY[-1] != "Q" else "P"), IDENTITY.lower(), RECIPIENT, ""):
        with refused("seal.identity_malformed"):
            raw_identity(mangled)
    with refused("seal.recipient_malformed"):
        raw_recipient(IDENTITY)


def test_another_key_is_told_from_a_torn_file() -> None:
    """Seen red: with every InvalidTag a seal.torn."""
    with refused("seal.not_for_this_key"):
        open_(seal(b"x"), sealing.new_identity())


def test_every_truncation_is_refused() -> None:
    """Seen red: without the check of a last chunk that is only a tag."""
    for size in (0, 5, CHUNK, CHUNK + 5):
        sealed = seal(content(size))
        start = sealed.index(b"\n---") + 49
        for end in {*range(start + 40), start + 15, start + 16, start + 31, start + 32, len(sealed) - 1} | {
            start + 16 + CHUNK + more for more in (-1, 0, 15, 16, 17, 31, 32, 33)
        }:
            if end < len(sealed):
                with pytest.raises(Invalid) as error:
                    open_(sealed[:end])
                assert error.value.code in ("seal.torn", "seal.not_encrypted"), (size, end)


def test_every_flipped_bit_is_refused() -> None:
    """All of the header, and of the payload around every edge. Seen red: without the MAC of the header."""
    sealed = seal(content(CHUNK + 100))
    start = sealed.index(b"\n---") + 49
    places = {*range(start + 40), *range(start + CHUNK, start + CHUNK + 60), *range(len(sealed) - 40, len(sealed))}
    for place in places:
        for bit in range(8):
            wrong = bytearray(sealed)
            wrong[place] ^= 1 << bit
            with pytest.raises(Invalid):
                open_(bytes(wrong))


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
    ephemeral, recipient = X25519PrivateKey.generate(), raw_recipient(RECIPIENT)
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
def test_hostile_files_are_judged_as_pyrage_judges_them(name: str) -> None:
    """Accepted or refused alike, the good ones with the same bytes. Seen red: without each check in `_opened`."""
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

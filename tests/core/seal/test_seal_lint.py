"""The server tells, without any key, what is not a sealed file, and why (R-202)."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import zipfile
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import seal as sealing
from core.errors import Invalid
from core.seal import Sealed
from core.seal import header as door
from tests.core.seal.scene import refused

ONE = pyrage.x25519.Recipient.from_str(sealing.recipient_of(sealing.new_identity()))
GOOD = pyrage.encrypt(b"x" * 65536, [ONE])
VERSION = b"age-encryption.org/v1\n"
X25519 = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
NEVER = re.compile(b"(?!)")
MAC = b"--- " + b"A" * 43 + b"\n"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("word/document.xml", "<w/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (zipped(), "ZIP/DOCX/XLSX"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "DOC/XLS"),
        ("投标报价：8765432.10 元".encode() * 40, "TXT"),
        (b'<?xml version="1.0"?>', "XML"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\x00\x01\x02" * 100, "BIN"),
        (b"x" * 257 + b"ustar\x0000" + bytes(300), "TAR"),
    ],
)
def test_plain_files_are_named(head: bytes, kind: str) -> None:
    """Seen red: with the version line only searched for, not required at the start."""
    with refused("seal.not_encrypted", kind=kind):
        sealing.lint(head)
    with refused("seal.not_encrypted"):
        sealing.lint(head[:4] + b"\n" + GOOD)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "seal.torn"),
        (VERSION[:10], "seal.torn"),
        (GOOD[:60], "seal.torn"),
        (b"age-encryption.org/v2\n" + X25519 + MAC, "seal.version_unknown"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "seal.armored"),
        (VERSION + MAC, "seal.stanza_count"),
        (VERSION + X25519 + X25519 + MAC, "seal.stanza_count"),
        (VERSION + b"-> mlkem768x25519 AAAA\nAAAA\n" + MAC, "seal.wrong_stanza"),
        (VERSION + X25519 + b"-> ssh-ed25519 AAAA AAAA\nAAAA\n" + MAC, "seal.wrong_stanza"),
        (VERSION + X25519 + b"-> x-greasy\nAAAA\n" + MAC, "seal.wrong_stanza"),
        (VERSION + X25519 + b"-> x-grease " + b"a" * 5000 + b"\n\n" + MAC, "seal.header_too_long"),
        (VERSION + X25519.replace(b"A\n", b"B\n") + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"-> x-grease\n" + b"A" * 64 + b"\n" + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"-> x-grease\nA*A\n" + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"->  x-grease\n\n" + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"junk\n" + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"->\n\n" + MAC, "seal.header_malformed"),
        (VERSION + X25519.replace(b"X25519 ", b"X25519 AAAA ") + MAC, "seal.header_malformed"),
        (VERSION + X25519 + b"--- short\n", "seal.header_malformed"),
        (VERSION + X25519.replace(b"\n", b"\r\n") + MAC, "seal.header_malformed"),
    ],
)
def test_headers_that_are_refused(head: bytes, code: str) -> None:
    """Seen red: each with its own check of `header.py` taken out (counting, types, grammar, length)."""
    with refused(code):
        sealing.lint(head)


def test_passphrase_files_and_two_recipients_are_refused() -> None:
    """Seen red: with the types of the stanzas not looked at, and with their number not checked."""
    scrypt = b"-> scrypt " + b"A" * 22 + b" 18\n" + b"A" * 43 + b"\n"  # the shape of what `age -p` writes
    for header in (scrypt, X25519 + scrypt):
        with refused("seal.wrong_stanza", stanza="scrypt"):
            sealing.lint(VERSION + header + MAC)
    two = [ONE, pyrage.x25519.Recipient.from_str(sealing.recipient_of(sealing.new_identity()))]
    with refused("seal.stanza_count", count=2):
        sealing.lint(pyrage.encrypt(b"x", two))


def test_header_length_is_exact_and_grease_is_ignored() -> None:
    """Seen red: with the length taken before the MAC line's newline."""
    assert sealing.lint(VERSION + X25519 + b"-> a-grease x y\n" + b"A" * 64 + b"\n\n" + MAC) > 200
    for _ in range(50):
        sealed = pyrage.encrypt(b"x" * 65536, [ONE])
        length = sealing.lint(sealed[: sealing.MAX_HEADER])
        assert sealed[:length].endswith(b"\n")
        assert len(sealed) == length + 16 + 65536 + 16
        assert sealing.lint_size(len(sealed), length) == 65536


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        (1, "seal.size_off_ladder"),
        (17, "seal.size_off_ladder"),
        (65_535, "seal.size_off_ladder"),
        (65_536, "seal.torn"),
        (65_551, "seal.torn"),
        (65_553, "seal.size_off_ladder"),
        (131_088, "seal.torn"),
        (131_200, "seal.torn"),
    ],
)
def test_truncation_shows_in_the_size(cut: int, code: str) -> None:
    """Seen red: without `on_ladder`, and without the check of the last chunk's tag."""
    sealed = pyrage.encrypt(b"x" * 131_072, [ONE])
    length = sealing.lint(sealed)
    assert sealing.lint_size(len(sealed), length) == 131_072
    with refused(code):
        sealing.lint_size(len(sealed) - cut, length)
    # Exactly one chunk less is a step too: only the hash and the cipher can tell.
    assert sealing.lint_size(len(sealed) - 65_552, length) == 65_536


def test_packages_of_impossible_size_are_refused(sealed: Sealed) -> None:
    """Seen red: without the payload check a package cut down to its header passes."""
    package = sealed.keys["price"]["bidder+tenderee"].read_bytes()
    sealing.lint_package(package)
    length = sealing.lint(package)
    for cut in (length, length + 16, length + 32):
        with refused("seal.torn"):
            sealing.lint_package(package[:cut])
    with refused("seal.package_too_large"):
        sealing.lint_package(package + bytes(sealing.MAX_PACKAGE))


def test_what_the_age_program_writes_passes(tmp_path: Path) -> None:
    """Seen red: with "X25519" required to be followed by a grease stanza, as pyrage writes it."""
    out = subprocess.run(["age", "-r", str(ONE)], input=b"x" * 65536, capture_output=True, check=True).stdout
    assert sealing.lint_size(len(out), sealing.lint(out)) == 65536


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(GOOD) - 65_600), value=st.integers(0, 255))
def test_a_changed_header_byte_never_crashes_the_lint(place: int, value: int) -> None:
    """Only a refusal or a pass; what passes keeps its one stanza. Seen red: with the number of words left out."""
    head = bytearray(GOOD)
    head[place] = value
    try:
        length = sealing.lint(bytes(head))
    except Invalid as error:
        assert error.code.startswith("seal.")
    else:
        assert bytes(head[:length]).count(b"-> X25519 ") == 1
        base64.b64decode(bytes(head[:length]).rstrip(b"\n")[-43:] + b"=", validate=True)


SHARE = b"A" * 43
PIECES = [
    VERSION,
    X25519,
    MAC,
    b"-> a-grease x\n",
    b"-> -grease\nAAAA\n",
    b"-> scrypt 1 2\nAAAA\n",
    b"A" * 64 + b"\n",
    b"\n",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, b"-> ", SHARE, b" ", b"A" * 63 + b"\n", b"---", b"\xff"]), max_size=12))
def test_one_look_and_line_by_line_say_the_same(pieces: list[bytes]) -> None:
    """The same refusal, or the same length. Seen red: with the MAC line only begun."""
    head = b"".join([VERSION, *pieces, MAC, b"payload"])

    def walked() -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(door, "_SOUND", NEVER)
            return told(head)

    assert told(head) == walked()


def told(head: bytes) -> object:
    """The length of the header, or the code of the refusal."""
    try:
        return sealing.lint(head)
    except Invalid as refusal:
        return refusal.code

"""What can be told about an age file without any key: the strict lint of its header and of its size (R-202)."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import Invalid
from core.seal.ladder import on_ladder

MAX_HEADER = 4096
MAX_PACKAGE = 64 * 1024
CHUNK = 64 * 1024
TAG = 16
NONCE = 16

VERSION = b"age-encryption.org/v1\n"
_SHARE = re.compile(rb"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]")
_BODY = re.compile(rb"[A-Za-z0-9+/]*")
_ARGUMENT = re.compile(rb"[\x21-\x7e]+")
_GREASE = rb"(?:-> [\x21-\x7e]*-grease(?: [\x21-\x7e]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)*"
_SOUND = re.compile(
    re.escape(VERSION)
    + _GREASE
    + b"-> X25519 %b\\n%b\\n" % (_SHARE.pattern, _SHARE.pattern)
    + _GREASE
    + b"--- %b\\n" % _SHARE.pattern
)
"""What `lint` accepts, in one look: a commit has some twenty headers. What does not match is asked why."""
_KINDS = (
    (b"PK\x03\x04", "ZIP/DOCX/XLSX"),
    (b"PK\x05\x06", "ZIP"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "DOC/XLS"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7Z"),
    (b"\x1f\x8b", "GZIP"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"<?xml", "XML"),
)


def lint(head: bytes) -> int:
    """Check that `head` (the first 4096 bytes of a file or more, or all of a shorter one) begins a sealed file.

    Sealed means: age v1, binary, a header of at most 4 KiB with exactly one X25519 stanza and otherwise only stanzas
    whose type ends in "-grease". Returns the length of the header in bytes, its MAC line included. Raises Invalid with
    seal.not_encrypted (kind), seal.armored, seal.version_unknown, seal.header_too_long, seal.wrong_stanza (stanza),
    seal.stanza_count (count), seal.header_malformed or seal.torn. Proves the form only: whether the payload opens, and
    with which key, no one can tell before the opening.
    """
    if sound := _SOUND.match(head, 0, MAX_HEADER):
        return sound.end()
    _check_version(head)
    lines, place = [], len(VERSION)
    while True:
        end = head.find(b"\n", place, MAX_HEADER)
        if end < 0:
            raise Invalid("seal.header_too_long", limit=MAX_HEADER) if len(head) >= MAX_HEADER else Invalid("seal.torn")
        line = head[place:end]
        place = end + 1
        if line.startswith(b"---"):
            break
        lines.append(line)
    if not line.startswith(b"--- ") or _SHARE.fullmatch(line[4:]) is None:
        raise Invalid("seal.header_malformed")
    _check_stanzas(lines)
    return place


def lint_size(size: int, header_length: int) -> int:
    """The archive size that a bulk file of `size` bytes with a header of `header_length` bytes must hold.

    Every archive stands on the size ladder, so nearly every truncation shows here: seal.torn where no age payload can
    have this length, seal.size_off_ladder where no archive can.
    """
    payload = size - header_length - NONCE
    rest = payload % (CHUNK + TAG)
    if payload <= TAG or 0 < rest <= TAG:
        raise Invalid("seal.torn")
    plain = payload - TAG * -(-payload // (CHUNK + TAG))
    if not on_ladder(plain):
        raise Invalid("seal.size_off_ladder", size=plain)
    return plain


def lint_file(path: Path) -> int:
    """`lint` and `lint_size` of the bulk file at `path`; the archive size it must hold."""
    with path.open("rb") as file:
        head = file.read(MAX_HEADER)
    return lint_size(path.stat().st_size, lint(head))


def lint_package(package: bytes) -> None:
    """`lint` of a whole key or identity package, which must also be of a possible size, at most 64 KiB."""
    if len(package) > MAX_PACKAGE:
        raise Invalid("seal.package_too_large", limit=MAX_PACKAGE)
    payload = len(package) - lint(package) - NONCE
    if payload <= TAG or 0 < payload % (CHUNK + TAG) <= TAG:
        raise Invalid("seal.torn")


def _check_version(head: bytes) -> None:
    if head.startswith(VERSION):
        return
    if VERSION.startswith(head):
        raise Invalid("seal.torn")
    if head.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----"):
        raise Invalid("seal.armored")
    if head.startswith(b"age-encryption.org/"):
        raise Invalid("seal.version_unknown")
    raise Invalid("seal.not_encrypted", kind=_kind(head))


def _kind(head: bytes) -> str:
    """The format a plain file looks like, in a word that every language shares."""
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "TAR"
    # A character cut at the end of the head must not make a text look binary.
    return "TXT" if b"\x00" not in head and _decodes(head[:512]) else "BIN"


def _decodes(sample: bytes) -> bool:
    return any(_utf8(sample[: len(sample) - cut]) for cut in range(4))


def _utf8(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _check_stanzas(lines: list[bytes]) -> None:
    """The grammar of the age specification: `-> type args…`, then a base64 body ended by a line shorter than 64."""
    found, place = 0, 0
    while place < len(lines):
        words = lines[place].split(b" ")
        if words[0] != b"->" or len(words) < 2 or not all(_ARGUMENT.fullmatch(word) for word in words[1:]):
            raise Invalid("seal.header_malformed")
        body = []
        while True:
            place += 1
            if place == len(lines) or len(lines[place]) > 64 or _BODY.fullmatch(lines[place]) is None:
                raise Invalid("seal.header_malformed")
            body.append(lines[place])
            if len(lines[place]) < 64:
                break
        place += 1
        kind = words[1]
        if kind == b"X25519":
            if len(words) != 3 or len(body) != 1 or not (_SHARE.fullmatch(words[2]) and _SHARE.fullmatch(body[0])):
                raise Invalid("seal.header_malformed")
            found += 1
        elif not kind.endswith(b"-grease"):
            raise Invalid("seal.wrong_stanza", stanza=kind.decode("ascii"))
    if found != 1:
        raise Invalid("seal.stanza_count", count=found)

"""The archive's container: written one way only, and no byte of it can change unseen."""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path

import pytest

from awards.rules.container import MANIFEST, Source, check_manifest, header, open_container, write_container
from core.errors import Invalid
from core.ledger.notes import Signer

SIGNER = Signer("sunbid.test", b"\x05" * 32)
BIG = bytes(range(256)) * 20
NAMED = f"objects/{hashlib.sha256(BIG).hexdigest()}"


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """A small archive with members whose sizes leave padding."""
    big = tmp_path / "big"
    big.write_bytes(BIG)
    out = io.BytesIO()
    sources = [Source(NAMED, big), Source("ledger.json", b'{"a":1}'), Source("bids.json", b"[]")]
    write_container(out, section="T-1", built_at="2026-10-08T01:00:00.000000Z", signer=SIGNER, sources=sources)
    return out.getvalue()


def verdict(raw: bytes) -> str:
    """What reading and checking says: the manifest's section, or the refusal's code."""
    try:
        return str(check_manifest(open_container(io.BytesIO(raw)), SIGNER.verifier)["section"])
    except Invalid as refusal:
        return refusal.code


def test_an_archive_reads_back_and_stock_tar_reads_it_too(archive: bytes) -> None:
    import tarfile

    assert verdict(archive) == "T-1"
    with tarfile.open(fileobj=io.BytesIO(archive)) as stock:
        assert stock.getnames() == ["manifest.json", "manifest.note", "bids.json", "ledger.json", NAMED]


def test_every_flipped_byte_is_found(archive: bytes) -> None:
    """Every byte, one random bit each. Sabotage: without comparing padding and headers 3,000 of these passed."""
    chance = random.Random(2026)
    missed = []
    for place in range(len(archive)):
        changed = bytearray(archive)
        changed[place] ^= 1 << chance.randrange(8)
        if verdict(bytes(changed)) == "T-1":
            missed.append(place)
    assert missed == []


def test_every_bit_of_the_signature_counts(archive: bytes) -> None:
    """Base64 leaves unused bits in its last character. Sabotage: decoding without re-encoding let them flip."""
    start = archive.index("— sunbid.test".encode())
    for place in range(start, archive.index(b"\n", start) + 1):
        for bit in range(8):
            changed = bytearray(archive)
            changed[place] ^= 1 << bit
            assert verdict(bytes(changed)) != "T-1"


def test_cut_and_grown_archives_are_refused(archive: bytes) -> None:
    assert verdict(archive[:-1]) == "archive.bytes"
    assert {verdict(archive[:length]) for length in (100, 600, 2000, 5000)} == {"archive.truncated"}
    assert verdict(archive + b"\0") == "archive.bytes"
    assert verdict(b"") == "archive.truncated"


def test_another_key_is_refused_though_all_is_whole(archive: bytes) -> None:
    other = Signer("sunbid.test", b"\x06" * 32)
    with pytest.raises(Invalid, match=r"archive\.key"):
        check_manifest(open_container(io.BytesIO(archive)), other.verifier)


def test_a_member_nobody_listed_and_a_path_twice_are_refused(archive: bytes) -> None:
    extra = header("zzz.json", 0)
    assert verdict(archive[:-1024] + extra + archive[-1024:]) == "archive.order"
    assert verdict(archive[:-1024] + header("bids.json", 0) + archive[-1024:]) == "archive.bytes"


def test_json_that_is_not_canonical_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    write_container(out, section="T-1", built_at="x", signer=SIGNER, sources=[Source("bids.json", b'{"a": 1}')])
    with pytest.raises(Invalid, match=r"archive\.json"):
        open_container(io.BytesIO(out.getvalue())).json("bids.json")
    assert open_container(io.BytesIO(out.getvalue())).json(MANIFEST)["section"] == "T-1"


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("联系电话 13800138000", True), ("138-0013-8000。", True), ("010-66668888", True),
        ("身份证 110101199003077758", True), ("11010119900307775X", True),
        ("a3f13800138000bc", False), ("投标价 13800138000.00 元", True), ("91110108MA01ABCD2X", False),
        ("BJ2026-SC-0417-01", False), ("GG2026-00001", False), ("2026-10-12T01:00:00.000000Z", False),
    ],
)  # fmt: skip
def test_personal_numbers_are_seen_in_text(text: str, personal: bool) -> None:
    """By both programs."""
    from awards.rules.disclosure import is_personal
    from verifier.claims_export import personal as seen

    assert is_personal({"x": [text]}) is seen({"x": [text]}) is personal
    assert is_personal({text: 1}) is seen({text: 1}) is personal
    assert not is_personal(13800138000)

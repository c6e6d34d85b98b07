"""Bech32 against BIP 173, age files made by the age program, and age files damaged."""

import base64
import io
import shutil
import subprocess
from pathlib import Path

import pytest

from verifier.age import bech32, decrypt, read_header, read_identity, read_recipient
from verifier.canonical import Wrong

SECRET = "AGE-SECRET-KEY-12LH3C7GRA8YDARX4KN75JTKJJKHQPUJGGGKVAWNK7XDFVVVSWS2QLZ3NRG"
RECIPIENT = "age1pvwql5z0uxt2y6g5gq2pckajsl6c8ununc0ps0ud675ueh6tt57q77hmpy"
# made by age 1.1.1: five letters a, and nothing
FIVE = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBNSFVNUSs1T2hhSnZZbWV0ZFNvZ2VFWW91N0oyTVQ4U0xGUlErWFdsUUY0"
    "CmVwMldJWTE1Z1FGMFhDVUFoOUNZK1JURmpmUE1QOGplbGNqazZxejZ4RkUKLS0tIHdrZ3c3RFUyeW1zWlNFQllBN0NRcjBxUGtL"
    "MFFJSzdZNmZxTTExZjcycTQK7IyEWH0ZKENc85JMom2PEvp19ntumdg6IdanXnqqvnDp2pqviw=="
)
NOTHING = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBRU2c4eWltV281N3N2ZVBFQnJsS1BYR0JEVXVtenZBZzJoYUdGVkdlNVhJ"
    "Ckl5MEpaa3NpMThnK1FUbzhtakR0YlV0R3pzcm1aOTdyd2ZaYmxUUE9UTFkKLS0tIE8zR21razVTUGJpcDMzbnJsbHRsTU1sQjVs"
    "dW5NbGtISE4wTHovVlNLVDAKGQKL6AXS2AxUyJwNIVWRRWjgRSyRiKOx1QMHEQM829I="
)


def plain(data: bytes, secret: str = SECRET) -> bytes:
    """The plain text of an age file."""
    return b"".join(decrypt(io.BytesIO(data), read_identity(secret)))


def test_bip_173_vectors() -> None:
    """Valid texts of BIP 173 and of age's own tests."""
    assert bech32("A12UEL5L", "a") == b""
    split = "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"
    assert bech32(split, "split").hex() == "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"
    assert bech32("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef").hex() == (
        "00443214c74254b635cf84653a56d7c675be77df"
    )


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("A12uEL5L", "a"), ("A12UEL5L", "b"), ("a12uel5m", "a"), ("split1cheo2y9e2w", "split"), ("1nwldj5", ""),
     ("split1a2y9w", "split"), ("li1dgmt3", "li"), ("x1b4n0q5v", "x"), ("", "a"), (None, "a"), ("a12uel5l\n", "a"),
     ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3x", "split")],
)  # fmt: skip
def test_bad_bech32(text: object, prefix: str) -> None:
    """Seen red: with the checksum, the one case and the prefix not asked for, one after the other."""
    with pytest.raises(Wrong):
        bech32(text, prefix)


def test_bech32_padding_must_be_zero() -> None:
    """One five-bit group holds no byte; its bits would be lost. Seen red: with the last need() left out."""
    with pytest.raises(Wrong, match="padding"):
        bech32(encode("a", [3]), "a")
    with pytest.raises(Wrong, match="padding"):
        bech32(encode("a", [0, 1]), "a")


def encode(hrp: str, values: list[int]) -> str:
    """A bech32 text of five-bit groups, by trying: six groups that make the checksum hold."""
    from verifier import age

    expanded = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    rest = age._polymod([*expanded, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    return hrp + "1" + "".join(age.CHARSET[v] for v in [*values, *(rest >> 5 * (5 - i) & 31 for i in range(6))])


def test_keys_in_their_case() -> None:
    """Seen red: with isupper() and islower() left out."""
    assert read_identity(SECRET).public_key().public_bytes_raw() == read_recipient(RECIPIENT)
    for text in (SECRET.lower(), RECIPIENT):
        with pytest.raises(Wrong):
            read_identity(text)
    for text in (RECIPIENT.upper(), SECRET):
        with pytest.raises(Wrong):
            read_recipient(text)


def test_files_of_the_age_program() -> None:
    """An empty text is one empty last chunk."""
    assert plain(FIVE) == b"aaaaa" and plain(NOTHING) == b""


@pytest.mark.skipif(shutil.which("age") is None, reason="needs age")
@pytest.mark.parametrize("size", [65535, 65536, 65537, 131072, 200000])
def test_chunks_at_their_edges(tmp_path: Path, size: int) -> None:
    """A text that fills its last chunk has no empty one after it; a cut, a swap or a tail is seen.

    Seen red: with `last` never set (a cut at a chunk's edge passed), and with the counter standing still.
    """
    text = bytes(i % 251 for i in range(size))
    out = tmp_path / "x.age"
    subprocess.run(["age", "-r", RECIPIENT, "-o", str(out)], input=text, check=True)
    sealed = out.read_bytes()
    assert plain(sealed) == text
    start = len(sealed) - size - 16 * -(-size // 65536)
    edges = [start + 65552 * n for n in range(1 + size // 65552)]
    chunks = [sealed[a:b] for a, b in zip(edges, [*edges[1:], len(sealed)], strict=True)]
    bad = [sealed[:-1], sealed + b"\0", sealed[:start], *(sealed[:edge] for edge in edges)]
    if len(chunks) > 2:
        bad.append(sealed[:start] + chunks[1] + chunks[0] + b"".join(chunks[2:]))
    for data in bad:
        with pytest.raises(Wrong):
            plain(data)


def test_no_byte_of_a_file_can_change() -> None:
    """Seen red: with the header's MAC not compared (a byte of the MAC line passed)."""
    for at in range(len(FIVE)):
        data = FIVE[:at] + bytes([FIVE[at] ^ 1]) + FIVE[at + 1 :]
        with pytest.raises(Wrong):
            plain(data)
    for at in range(len(FIVE)):
        with pytest.raises(Wrong):
            plain(FIVE[:at])


def test_another_identity() -> None:
    """Somebody else's key opens nothing."""
    with pytest.raises(Wrong, match="does not open"):
        plain(FIVE, "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6")


def test_stanzas() -> None:
    """One X25519 stanza, grease beside it, nothing else. Seen red: with the test for odd stanzas left out."""
    head, mac = FIVE.split(b"--- ", 1)
    for extra in (b"-> scrypt abc 18\nAAAA\n", head[head.index(b"-> ") :]):
        with pytest.raises(Wrong, match="exactly one"):
            plain(head + extra + b"--- " + mac)
    with pytest.raises(Wrong, match="MAC"):
        plain(head + b"-> x-grease a b\nAAAA\n--- " + mac)
    greased = read_header(io.BytesIO(head + b"-> x-grease a b\n" + b"A" * 64 + b"\n\n--- " + mac))
    assert [len(stanza.body) for stanza in greased.stanzas] == [32, 48]


@pytest.mark.parametrize(
    "data", [b"", b"age", b"age-encryption.org/v1\n", b"age-encryption.org/v1\n--- " + b"A" * 43 + b"\n",
             b"age-encryption.org/v1\n-> \n\n--- x\n", b"age-encryption.org/v1\n" + b"-> a-grease\n\n" * 500],
)  # fmt: skip
def test_bad_headers(data: bytes) -> None:
    """Cut, without a stanza, without an end within 4096 bytes. Seen red: with `need(stanzas` left out."""
    with pytest.raises(Wrong):
        read_header(io.BytesIO(data))

"""Canonical JSON against RFC 8785's own examples; the one spelling of everything small."""

import struct
from fractions import Fraction

import pytest

from verifier.canonical import (
    Wrong,
    canonical,
    decimal,
    digest,
    instant,
    number,
    read_canonical,
    same,
    unbase64,
    unhex,
    whole,
)


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"), ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"), ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"), ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555555", "333333333.3333333"), ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)  # fmt: skip
def test_numbers_of_rfc_8785_appendix_b(bits: str, text: str) -> None:
    """Seen red: with repr() for number(), and with 20 for 21 digits."""
    assert number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


def test_the_rfc_8785_example() -> None:
    """Section 3.2.3's sorting (UTF-16 code units) and 3.2.2's escapes. Seen red: with keys sorted by code point."""
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(read_canonical(canonical(keys)).values()) == [2, 4, 6, 7, 1, 5, 3]
    text = '€$\x0f\nA\'B"\\\\"/'
    assert canonical([text, True, None]) == '["€$\\u000f\\nA\'B\\"\\\\\\\\\\"/",true,null]'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a": 1}', b"1.0", b"-0", b"1e2", b"[1]\n", b'"\\u0041"', b'"\\/"',
        b"\xef\xbb\xbf1", b'"\\ud800"', b"NaN", b"[Infinity]", b"1e999", b"", b"{", b"\xff", b"[" * 100000,
        b"[" * 70 + b"]" * 70, b"0" * 5000, b"9" * 5000, b"9007199254740993",
    ],
)  # fmt: skip
def test_other_spellings_are_refused(data: bytes) -> None:
    """Seen red: with the comparison in read_canonical() left out."""
    with pytest.raises(Wrong):
        read_canonical(data)


def test_true_is_not_one() -> None:
    """Seen red: with == for same(), and without the test for booleans in whole()."""
    assert not same({"a": True}, {"a": 1}) and same([1, "x"], [1, "x"])
    with pytest.raises(Wrong):
        whole(True)


def test_digest_is_of_the_canonical_bytes() -> None:
    """The specification's own withdrawal digest stands in test_sealed; here the empty object's."""
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("text", ["YQ", "YR==", "YQ==\n", " YQ==", "YQ=", "Y-==", 1, None, "é"])
def test_base64_has_one_spelling(text: object) -> None:
    """Seen red: with the re-encoding left out (YR== is YQ== with stray bits)."""
    with pytest.raises(Wrong):
        unbase64(text)


@pytest.mark.parametrize("text", ["AB" * 32, "ab" * 31, "ab" * 33, "zz" * 32, 5, None, "ab" * 31 + "٠٠"])
def test_hex_has_one_spelling(text: object) -> None:
    """Seen red: with bytes.fromhex alone, which takes upper case."""
    with pytest.raises(Wrong):
        unhex(text, 32)


@pytest.mark.parametrize(
    "text",
    ["2026-02-29T00:00:00.000000Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000+00:00", "2026-01-01", 3, None,
     "2026-01-01T24:00:00.000000Z", "２026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z\n"],
)  # fmt: skip
def test_instants_have_one_spelling(text: object) -> None:
    """Seen red: with the six decimals not asked for, and with match() for fullmatch()."""
    with pytest.raises(Wrong):
        instant(text)


def test_instants_of_policies_may_be_shorter() -> None:
    """A fraction of one digit is tenths. Seen red: with the digits not filled on the right."""
    assert instant("2026-01-01T00:00:00.5Z", strict=False) == instant("2026-01-01T00:00:00.500000Z")


def test_decimals_are_exact_and_short() -> None:
    """An exponent could ask for gigabytes of digits. Seen red: with Fraction(text) alone."""
    assert decimal("0.985") == Fraction(197, 200)
    for text in ("1e9", "1/3", " 1", "1.", ".5", "١", "1_0", 1, None, "1" * 50):
        with pytest.raises(Wrong):
            decimal(text)

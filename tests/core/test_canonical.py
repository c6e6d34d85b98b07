"""Canonical JSON: whichever library writes it, the bytes are those of rfc8785."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from core import canonical

EDGES = st.sampled_from([0, -1, 2**53 - 1, 1 - 2**53, 2**53, -(2**53), 2**64, 0.0, -0.0, 1.5, 1e21, 1e-7])
TEXTS = st.text(st.characters(), max_size=6) | st.sampled_from(
    ["\x00\x1f\x7f\x80", '"\\/\b\f\n\r\t', "\u2028\ufeff", "\U0001f600", "\ue000", "\ud800", "阳光", "\x7f"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | EDGES | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def outcome(write: Any, value: Any) -> object:
    """The bytes, or that there are none."""
    try:
        return write(value)
    except (rfc8785.CanonicalizationError, ValueError):
        return "refused"


@given(VALUES)
def test_the_bytes_are_those_of_the_library(value: Any) -> None:
    """Seen red: without the bound of 2^53, and with keys outside ASCII left to the standard library."""
    assert outcome(canonical.dumps, value) == outcome(rfc8785.dumps, value)


@pytest.mark.parametrize("value", [{"\ue000": 1, "\U0001f600": 2}, {"é": 1, "z": 2}, {"a": 2**53}, [1.0], {"a": b"x"}])
def test_what_the_two_write_differently_is_left_to_the_library(value: Any) -> None:
    """UTF-16 order of keys, large numbers, floats, what is no JSON."""
    assert outcome(canonical.dumps, value) == outcome(rfc8785.dumps, value)

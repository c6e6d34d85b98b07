"""Canonical JSON (RFC 8785): one of two libraries' bytes, the faster one where both must write the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import rfc8785

LARGEST = 2**53 - 1
MOST = 10_000_000
"""Values in one document; what holds itself has no end."""

_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Written:
    """A JSON value in its canonical text, for who has written it already; a column takes it as it is."""

    text: str


def dumps(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value; `rfc8785.CanonicalizationError` for what has none.

    The standard library's encoder is written in C and differs from the library in three things only: floats, integers
    beyond 2^53, and the order of keys outside ASCII. Values with one of these, or with anything unknown, go to rfc8785.
    """
    if _is_plain(value):
        try:
            return _WRITER.encode(value).encode()
        except UnicodeEncodeError:
            pass
    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    """Whether the value holds nothing but ASCII keys, text, small integers, true, false and null."""
    todo = [value]
    for one in todo:  # grows while it is walked: a commit's documents are walked often, and calls cost more
        kind = type(one)
        if kind is dict:
            try:
                if not "".join(one).isascii():
                    return False
            except TypeError:
                return False
            todo += one.values()
        elif kind is list or kind is tuple:
            todo += one
        elif kind is int:
            if not -LARGEST <= one <= LARGEST:
                return False
        elif kind is not str and kind is not bool and one is not None:
            return False
        if len(todo) > MOST:
            return False
    return True

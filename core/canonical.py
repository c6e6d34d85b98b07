"""Canonical JSON (RFC 8785): one of two libraries' bytes, the faster one where both must write the same."""

from __future__ import annotations

import json
from typing import Any

import rfc8785

LARGEST = 2**53 - 1


def dumps(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value; `rfc8785.CanonicalizationError` for what has none.

    The standard library's encoder is written in C and differs from the library in three things only: floats, integers
    beyond 2^53, and the order of keys outside ASCII. Values with one of these, or with anything unknown, go to rfc8785.
    """
    if _is_plain(value):
        try:
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            pass
    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-LARGEST <= value <= LARGEST)
    if kind is dict:
        return all(type(key) is str and key.isascii() and _is_plain(item) for key, item in value.items())
    return (kind is list or kind is tuple) and all(map(_is_plain, value))

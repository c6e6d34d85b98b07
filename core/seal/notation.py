"""Canonical JSON (RFC 8785), SHA-256, and the strict readers of the small fields every document is made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NoReturn

import rfc8785

from core.canonical import dumps
from core.errors import Invalid

Json = dict[str, Any]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]*", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_DEPTH = 16


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a JSON value without floats; Invalid("seal.not_canonical") for anything else."""
    _check_values(value)
    try:
        return dumps(value)
    except (rfc8785.CanonicalizationError, ValueError) as error:
        raise Invalid("seal.not_canonical") from error


def digest(value: Any) -> str:
    """Lower-case hex SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def read_canonical(data: bytes, limit: int) -> Json:
    """The JSON object whose canonical form is exactly `data` (≤ `limit` bytes).

    Byte equality with the canonical form excludes duplicate keys, floats, white space and broken UTF-8 in one stroke.
    """
    if len(data) > limit:
        raise Invalid("seal.not_canonical")
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Invalid("seal.not_canonical") from error
    if not isinstance(value, dict) or canonical(value) != data:
        raise Invalid("seal.not_canonical")
    return value


def is_hex(value: Any, size: int) -> bool:
    """Whether `value` is the lower-case hex of exactly `size` bytes."""
    return isinstance(value, str) and len(value) == 2 * size and _HEX.fullmatch(value) is not None


def is_count(value: Any, low: int, high: int) -> bool:
    """Whether `value` is an integer (not a bool) in [low, high]."""
    return type(value) is int and low <= value <= high


def is_section(value: Any) -> bool:
    """Whether `value` is a section code: 1–80 of A–Z a–z 0–9 . _ : - beginning with a letter or digit."""
    return isinstance(value, str) and _SECTION.fullmatch(value) is not None


def is_name(value: Any) -> bool:
    """Whether `value` names an envelope, a role, a slot or a rule: a–z first, then a–z 0–9 _, at most 32."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_text(value: Any, limit: int, *, empty: bool = False) -> bool:
    """Whether `value` is text of at most `limit` UTF-8 bytes, without control characters or lone surrogates."""
    if not isinstance(value, str) or not (value or empty):
        return False
    try:
        return len(value.encode("utf-8")) <= limit and all(ord(c) >= 0x20 and not 0x7F <= ord(c) <= 0x9F for c in value)
    except UnicodeEncodeError:
        return False


def is_instant(value: Any) -> bool:
    """Whether `value` is a real UTC instant written YYYY-MM-DDTHH:MM:SS[.ffffff]Z."""
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def has_keys(value: Any, keys: Collection[str]) -> bool:
    """Whether `value` is an object with exactly these keys."""
    return isinstance(value, Mapping) and set(value) == set(keys)


class Checker:
    """Reads one kind of document strictly: every failed check raises Invalid(`code`) naming the place in it."""

    def __init__(self, code: str) -> None:
        self._code = code

    def fail(self, place: str) -> NoReturn:
        """Refuse, naming `place`."""
        raise Invalid(self._code, field=place, place=place)

    def need(self, holds: bool, place: str) -> None:
        """Refuse, naming `place`, unless `holds`."""
        if not holds:
            self.fail(place)


def _check_values(value: Any) -> None:
    """Refuse floats (two writers print them differently in practice) and depths that exhaust a reader's stack."""
    level = [value]
    for _ in range(_DEPTH + 1):
        below: list[Any] = []
        for one in level:
            if type(one) is str or type(one) is int or isinstance(one, str | int) or one is None:
                continue  # the first two are nearly all there is, and cheaper to ask for
            if isinstance(one, Mapping):
                if not all(isinstance(key, str) for key in one):
                    raise Invalid("seal.not_canonical")
                below += one.values()
            elif isinstance(one, list | tuple):
                below += one
            else:  # a float above all
                raise Invalid("seal.not_canonical")
        if not below:
            return
        level = below
    raise Invalid("seal.not_canonical")

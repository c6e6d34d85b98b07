"""JSON as RFC 8785 writes it, and the small spellings everything else is made of: hex, base64, instants, decimals."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_SAFE = 2**53 - 1
MAX_DEPTH = 64
ESCAPES = {i: f"\\u{i:04x}" for i in range(0x20)} | {
    ord('"'): '\\"', ord("\\"): "\\\\", 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r",
}  # fmt: skip
INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?Z")
DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
HEX = re.compile(r"(?:[0-9a-f]{2})*")


class Wrong(Exception):
    """Something does not hold; said in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def need(condition: object, zh: str, en: str) -> None:
    """Go on only where the condition holds."""
    if not condition:
        raise Wrong(zh, en)


def number(value: float) -> str:
    """A double as ECMAScript's Number::toString writes it."""
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not a finite number")
    if value == 0:
        return "0"
    sign, figures, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, minus = "".join(map(str, figures)), "-" if sign else ""
    k, n = len(digits), len(digits) + int(exponent)
    if k <= n <= 21:
        return minus + digits + "0" * (n - k)
    if 0 < n <= 21:
        return f"{minus}{digits[:n]}.{digits[n:]}"
    if -6 < n <= 0:
        return f"{minus}0.{'0' * -n}{digits}"
    tail = "." + digits[1:] if k > 1 else ""
    return f"{minus}{digits[0]}{tail}e{'+' if n > 0 else '-'}{abs(n - 1)}"


def _write(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value.translate(ESCAPES)}"'
        case int():
            if abs(value) > MAX_SAFE:
                raise ValueError("integer beyond 2^53-1")
            return str(value)
        case float():
            return number(value)
        case list() | tuple():
            return "[" + ",".join(_write(item, depth + 1) for item in value) + "]"
        case dict():
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
            return "{" + ",".join(f"{_write(key, depth)}:{_write(value[key], depth + 1)}" for key in keys) + "}"
    raise ValueError(f"not JSON: {type(value).__name__}")


def canonical(value: object) -> bytes:
    """The canonical bytes of a JSON value (RFC 8785)."""
    return _write(value, 1).encode()


def _integer(text: str) -> int | float:
    return int(text) if len(text) < 18 and abs(int(text)) <= MAX_SAFE else float(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def read_json(data: bytes) -> Any:
    """What a JSON text says, canonical or not."""
    try:
        return json.loads(data.decode(), parse_int=_integer, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Wrong("不是 JSON", "is not JSON") from error


def read_canonical(data: bytes) -> Any:
    """What a canonical JSON text says; any other spelling is wrong."""
    value = read_json(data)
    try:
        held = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Wrong("不是规范 JSON", f"is not canonical JSON ({error})") from error
    need(held, "不是规范 JSON", "is not canonical JSON")
    return value


def same(a: object, b: object) -> bool:
    """Equal as JSON: true is not 1."""
    return canonical(a) == canonical(b)


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def digest(value: object) -> str:
    """Lower-case hex SHA-256 of the canonical JSON of a value."""
    return sha256(canonical(value)).hex()


def unhex(text: object, size: int) -> bytes:
    """The bytes of lower-case hex of exactly this many bytes."""
    held = isinstance(text, str) and len(text) == 2 * size and HEX.fullmatch(text)
    need(held, "不是小写十六进制", "is not lower hex")
    return bytes.fromhex(str(text))


def unbase64(text: object, *, padded: bool = True) -> bytes:
    """The bytes of standard base64 in its one canonical spelling."""
    if not isinstance(text, str) or not text.isascii():
        raise Wrong("不是 base64", "is not base64")
    try:
        data = base64.b64decode(text + ("" if padded else "=" * (-len(text) % 4)), validate=True)
    except ValueError as error:
        raise Wrong("不是 base64", "is not base64") from error
    again = base64.b64encode(data).decode()
    need((again if padded else again.rstrip("=")) == text, "不是规范 base64", "is not canonical base64")
    return data


def instant(text: object, *, strict: bool = True) -> datetime:
    """An instant in UTC; strict ones always have six decimals."""
    match = INSTANT.fullmatch(text) if isinstance(text, str) else None
    if match is None or (strict and len(match[7] or "") != 6):
        raise Wrong("不是时刻", "is not an instant")
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        return datetime(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")), tzinfo=UTC)
    except ValueError as error:
        raise Wrong("不是时刻", "is not an instant") from error


def decimal(text: object, *, signed: bool = False) -> Fraction:
    """A decimal written as text, exactly; below zero only where it may be `signed`."""
    plain = text[1:] if signed and isinstance(text, str) and text.startswith("-") else text
    need(isinstance(plain, str) and DECIMAL.fullmatch(plain), "不是十进制数", "is not a decimal")
    return Fraction(str(text))


def whole(value: object, least: int = 0, most: int = MAX_SAFE) -> int:
    """An integer within bounds (a boolean is none)."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Wrong("不是应有的整数", "is not the integer it should be")
    return value


def exactly(value: object, members: Iterable[str]) -> dict[str, Any]:
    """An object with exactly these members."""
    if not isinstance(value, dict):
        raise Wrong("不是对象", "is not an object")
    odd = sorted(set(value) ^ set(members))
    need(not odd, f"字段多或少：{'、'.join(odd)}", f"members too many or missing: {', '.join(odd)}")
    return value

"""Readers of text: a form's or argument's value, or Invalid with the field named."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from core.clock import BEIJING
from core.errors import Invalid

Fields = Mapping[str, str]


def text(fields: Fields, name: str, *, most: int = 200, required: bool = True, least: int = 0) -> str:
    """Trimmed text of `least`…`most` characters without control characters (line feeds are kept)."""
    value = unicodedata.normalize("NFC", fields.get(name, "")).replace("\r\n", "\n").strip()
    if required and not value:
        raise Invalid("form.required", field=name)
    if len(value) > most or (value and len(value) < least):
        raise Invalid("form.length", field=name, most=most, least=least, found=len(value))
    if any(unicodedata.category(char) in {"Cc", "Cf"} and char != "\n" for char in value):
        raise Invalid("form.control_character", field=name)
    return value


def integer(fields: Fields, name: str, *, least: int, most: int) -> int:
    """A whole number in least…most; full-width digits are read."""
    raw = text(fields, name, most=30)
    try:
        value = int(unicodedata.normalize("NFKC", raw))
    except ValueError:
        raise Invalid("form.integer", field=name, found=raw) from None
    if not least <= value <= most:
        raise Invalid("form.range", field=name, least=least, most=most, found=value)
    return value


def decimal(fields: Fields, name: str, *, least: Decimal, most: Decimal, places: int = 2) -> Decimal:
    """A decimal number in least…most with at most `places` digits after the point."""
    raw = text(fields, name, most=30)
    try:
        value = Decimal(unicodedata.normalize("NFKC", raw))
    except InvalidOperation:
        raise Invalid("form.decimal", field=name, found=raw) from None
    exponent = value.as_tuple().exponent
    if not value.is_finite() or (isinstance(exponent, int) and -exponent > places):
        raise Invalid("form.decimal", field=name, found=raw)
    if not least <= value <= most:
        raise Invalid("form.range", field=name, least=str(least), most=str(most), found=str(value))
    return value


def choice(fields: Fields, name: str, options: Collection[str]) -> str:
    """One of `options`."""
    value = text(fields, name)
    if value not in options:
        raise Invalid("form.choice", field=name, found=value, options=sorted(options))
    return value


def instant(fields: Fields, name: str) -> datetime:
    """A local Beijing date and time (`2026-11-21T09:30`), or an ISO instant with its zone."""
    raw = text(fields, name, most=40)
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        raise Invalid("form.instant", field=name, found=raw) from None
    return value if value.tzinfo else value.replace(tzinfo=BEIJING)


def checked(fields: Fields, name: str) -> bool:
    """Whether a box is ticked."""
    return fields.get(name, "") in {"1", "on", "true", "yes"}


def digest(fields: Fields, name: str) -> str:
    """A SHA-256 in lower-case hex."""
    value = text(fields, name, most=64)
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        raise Invalid("form.digest", field=name)
    return value

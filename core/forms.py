"""Readers of text: a form's or argument's value, or Invalid with the field named."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from core import money
from core.clock import BEIJING
from core.errors import Invalid

Fields = Mapping[str, str]
Given = ParamSpec("Given")
Read = TypeVar("Read")

ASTRAY = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Where a stand-in may lead what looks only at good values; every other trouble within a form stays what it is."""

_found: ContextVar[list[Invalid] | None] = ContextVar("faults of the form being read", default=None)


def whole(read: Callable[Given, Read]) -> Callable[Given, Read]:
    """A reader of a form that reads it to its end: every fault is told at once, the first with the rest as `others`.

    Within it a reader that finds a fault keeps it and gives a stand-in, which leaves the form with nobody: the form is
    refused. One whole reader within another adds to its faults.
    """

    @wraps(read)
    def reading(*args: Given.args, **kwargs: Given.kwargs) -> Read:
        if _found.get() is not None:
            return read(*args, **kwargs)
        found: list[Invalid] = []
        token = _found.set(found)
        try:
            value = read(*args, **kwargs)
        except Invalid as refusal:
            found.append(refusal)
        except ASTRAY:
            if not found:
                raise
        finally:
            _found.reset(token)
        if found:
            first = found[0]
            first.others = _distinct(found)[1:]
            raise first
        return value

    return reading


def fault(refusal: Invalid, stand_in: Read) -> Read:
    """Refuse; within a whole form keep the fault and go on with the stand-in."""
    found = _found.get()
    if found is None:
        raise refusal
    found.append(refusal)
    return stand_in


def every(errors: Collection[Any]) -> list[Any]:
    """The errors with what each says further of the same form."""
    return [one for error in errors for one in (error, *getattr(error, "others", ()))]


def _distinct(found: list[Invalid]) -> list[Invalid]:
    """One fault for each field: a second one about it would only say the same in other words."""
    seen, kept = set[str](), []
    for one in found:
        if one.field is None or one.field not in seen:
            kept.append(one)
        seen |= {one.field} if one.field else set()
    return kept


def text(fields: Fields, name: str, *, most: int = 200, required: bool = True, least: int = 0) -> str:
    """Trimmed text of `least`…`most` characters without control characters (line feeds are kept)."""
    value = unicodedata.normalize("NFC", fields.get(name, "")).replace("\r\n", "\n").strip()
    if required and not value:
        return fault(Invalid("form.required", field=name), "")
    if len(value) > most or (value and len(value) < least):
        return fault(Invalid("form.length", field=name, most=most, least=least, found=len(value)), value[:most])
    if any(unicodedata.category(char) in {"Cc", "Cf"} and char != "\n" for char in value):
        return fault(Invalid("form.control_character", field=name), "")
    return value


def integer(fields: Fields, name: str, *, least: int, most: int) -> int:
    """A whole number in least…most; full-width digits are read."""
    raw = text(fields, name, most=30)
    try:
        value = int(unicodedata.normalize("NFKC", raw))
    except ValueError:
        return fault(Invalid("form.integer", field=name, found=raw), least)
    if not least <= value <= most:
        return fault(Invalid("form.range", field=name, least=least, most=most, found=value), least)
    return value


def decimal(fields: Fields, name: str, *, least: Decimal, most: Decimal, places: int = 2) -> Decimal:
    """A decimal number in least…most with at most `places` digits after the point."""
    raw = text(fields, name, most=30)
    try:
        value = Decimal(unicodedata.normalize("NFKC", raw))
    except InvalidOperation:
        return fault(Invalid("form.decimal", field=name, found=raw, places=places), least)
    exponent = value.as_tuple().exponent
    if not value.is_finite() or (isinstance(exponent, int) and -exponent > places):
        return fault(Invalid("form.decimal", field=name, found=raw, places=places), least)
    if not least <= value <= most:
        told = Invalid("form.range", field=name, least=str(least), most=str(most), found=str(value))
        return fault(told, least)
    return value


def choice(fields: Fields, name: str, options: Collection[str]) -> str:
    """One of `options`."""
    value = text(fields, name)
    if value not in options:
        return fault(Invalid("form.choice", field=name, found=value, options=sorted(options)), value)
    return value


def instant(fields: Fields, name: str) -> datetime:
    """A local Beijing date and time (`2026-11-21T09:30`), or an ISO instant with its zone."""
    raw = text(fields, name, most=40)
    try:
        value = datetime.fromisoformat(raw)
    except ValueError:
        return fault(Invalid("form.instant", field=name, found=raw), datetime(2000, 1, 1, tzinfo=UTC))
    return value if value.tzinfo else value.replace(tzinfo=BEIJING)


def day(fields: Fields, name: str) -> date:
    """A day, `2026-11-21`."""
    raw = text(fields, name, most=10)
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return fault(Invalid("form.day", field=name, found=raw), date(2000, 1, 1))


def amount(fields: Fields, name: str) -> int:
    """An amount in yuan as fen (`1,234.56`); empty is nought."""
    raw = fields.get(name, "")
    try:
        return money.parse(raw, field=name) if raw.strip() else 0
    except Invalid as refusal:
        return fault(refusal, 0)


def checked(fields: Fields, name: str) -> bool:
    """Whether a box is ticked."""
    return fields.get(name, "") in {"1", "on", "true", "yes"}


def digest(fields: Fields, name: str) -> str:
    """A SHA-256 in lower-case hex."""
    value = text(fields, name, most=64)
    if len(value) != 64 or not set(value) <= set("0123456789abcdef"):
        return fault(Invalid("form.digest", field=name), value)
    return value

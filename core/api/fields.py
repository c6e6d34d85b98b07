"""Kinds of fields of the API and how a body that breaks them is refused: every fault by field and rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from core.clock import iso
from core.errors import Invalid, Refusal

MOST_FEN = 10**15
"""Ten trillion yuan: no amount of one tender is larger."""


def _clean(value: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n" for char in value):
        raise PydanticCustomError("form.control_character", "control character")
    value = unicodedata.normalize("NFC", value).strip()
    return value


def _filled(value: str) -> str:
    if not value:
        raise PydanticCustomError("form.required", "empty")
    return value


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None or not 2000 <= value.year <= 2200:
        raise PydanticCustomError("form.instant", "instant", {"found": str(value)[:40]})
    return value


def among(options: Collection[str]) -> AfterValidator:
    """One of `options`; the refusal names them."""

    def check(value: str) -> str:
        if value not in options:
            listed = "、".join(sorted(options))
            raise PydanticCustomError("form.choice", "choice", {"expected": listed})
        return value

    return AfterValidator(check)


Plain = Annotated[str, AfterValidator(_clean)]
"""Text without control characters, trimmed; may be empty."""
Filled = Annotated[str, AfterValidator(_clean), AfterValidator(_filled), Field(min_length=1)]
"""The same, not empty."""
Instant = Annotated[
    datetime,
    AfterValidator(_zoned),
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant with its zone; told in UTC."""
Fen = Annotated[int, Field(ge=0, le=MOST_FEN)]
"""Money in fen (1/100 yuan): a whole number, so that nothing is lost."""


class Told(BaseModel):
    """What the platform tells: these fields; what a fact has beyond them is not told."""


class Given(BaseModel):
    """What a program sends as JSON: exactly these fields, each of its own kind, nothing guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Asked(BaseModel):
    """What a program asks in the address: exactly these parameters, as text."""

    model_config = ConfigDict(extra="forbid")


class PageAsked(Asked):
    """How much of a list, and from where on."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, min_length=1, max_length=400, pattern="^[A-Za-z0-9_-]+$")


Item = TypeVar("Item", bound=BaseModel)


class Page(Told, Generic[Item]):
    """A page of a list; `next` is the cursor of the next one, null on the last."""

    items: list[Item]
    next: str | None


CODES = {
    "missing": "form.required",
    "extra_forbidden": "api.unknown_field",
    "string_too_long": "form.length",
    "string_too_short": "form.length",
    "literal_error": "form.choice",
    "enum": "form.choice",
    "greater_than_equal": "api.least",
    "less_than_equal": "api.most",
}


def refusal_of(error: ValidationError) -> Refusal:
    """The first fault as a refusal with its field, the others beside it; 400 where it is no JSON at all."""
    faults = error.errors(include_url=False)
    if faults[0]["type"] == "json_invalid":
        return Invalid("api.malformed")
    first, *others = [_fault(one) for one in faults[:20]]
    first.others = others
    return first


def _fault(error: ErrorDetails) -> Invalid:
    kind, context = error["type"], error.get("ctx", {})
    place = ".".join(str(part) for part in error["loc"]) or None
    facts: dict[str, Any] = {}
    code = kind if "." in kind else CODES.get(kind, "api.kind")
    if code == "form.choice":
        facts = {"found": str(error["input"])[:80], "options": str(context.get("expected", ""))}
    elif code == "form.length":
        found = len(error["input"]) if isinstance(error["input"], (str, list)) else 0
        facts = {"most": context.get("max_length", "—"), "least": context.get("min_length", 0), "found": found}
    elif code in ("api.least", "api.most"):
        facts = {"bound": context.get("ge", context.get("le")), "found": str(error["input"])[:40]}
    elif code == "api.kind":
        facts = {"rule": kind}
    elif code == "api.unknown_field":
        facts = {"name": (place or "")[:80]}
    elif code == "form.instant":
        facts = {"found": context.get("found", "")}
    return Invalid(code, field=place[:80] if place else None, **facts)

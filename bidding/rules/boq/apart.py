"""Reading somebody else's bill on the platform: in a process apart, its answer trusted in no type."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bidding.rules.boq.stated import BillFinding, StatedBill, StatedLine, refused
from core.documents.apart import ask_apart
from core.errors import Invalid

_NUMBERS = ("quantity", "price", "amount", "rate")
_TEXTS = ("sheet", "code", "name", "feature", "unit", "part", "chapter", "pricing")
_SAID = ("sheet", "section", "title", "unpriced", "tender_sha256")


def read_apart(path: Path) -> StatedBill:
    """What the bill in this file states, read in a limited process; a finding and no lines where it cannot be read."""
    try:
        with path.open("rb") as source:
            return decode(ask_apart("bidding.rules.boq", "read", source, label=path.name))
    except Invalid as refusal:
        swells = refusal.code in ("document.bomb", "document.timeout")
        return refused("boq.bomb" if swells else "boq.not_xlsx", found=refusal.code)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
        return refused("boq.not_xlsx", found="answer")


def encode(stated: StatedBill) -> dict[str, Any]:
    """The JSON form that `decode` reads back; numbers are text."""
    return {
        "lines": [
            {
                **{name: getattr(line, name) for name in _TEXTS},
                **{name: _text_of(getattr(line, name)) for name in _NUMBERS},
                "row": line.row,
                "base": list(line.base),
                "is_computed": line.is_computed,
            }
            for line in stated.lines
        ],
        **{name: getattr(stated, name) for name in _SAID},
        "total": _text_of(stated.total),
        "total_row": stated.total_row,
        "total_is_computed": stated.total_is_computed,
        "silent": sorted(stated.silent),
        "notes": [note.as_json() for note in stated.notes],
    }


def decode(answer: Mapping[str, Any]) -> StatedBill:
    """What the process apart read; raises ValueError and its kin for an answer of another shape."""
    texts: dict[str, Any] = {name: _text(answer[name]) for name in _SAID}
    return StatedBill(
        lines=tuple(_line(line) for line in answer["lines"]),
        **texts,
        total=_number(answer["total"]),
        total_row=_row(answer["total_row"]),
        total_is_computed=bool(answer["total_is_computed"]),
        silent=frozenset(_text(name) for name in answer["silent"]),
        notes=tuple(_note(note) for note in answer["notes"]),
    )


def _line(line: Mapping[str, Any]) -> StatedLine:
    texts: dict[str, Any] = {name: _text(line[name]) for name in _TEXTS}
    numbers: dict[str, Any] = {name: _number(line[name]) for name in _NUMBERS}
    return StatedLine(
        **texts,
        **numbers,
        row=_row(line["row"]),
        base=tuple(_text(part) for part in line["base"]),
        is_computed=bool(line["is_computed"]),
    )


def _note(note: Mapping[str, Any]) -> BillFinding:
    texts: dict[str, Any] = {name: _text(value) for name, value in note.items() if name != "row"}
    return BillFinding(**texts, row=_row(note["row"]))


def _text_of(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _number(value: Any) -> Decimal | None:
    if value is None:
        return None
    number = Decimal(_text(value))
    if not number.is_finite():
        raise ValueError("number")
    return number


def _row(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError("row")
    return value

"""The window's blueprint, and what its pages share: words for codes, tables of bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, Response, current_app

blueprint = Blueprint("window", __name__)


def word(code: str) -> str:
    """A code ("market.works") in the reader's words; the words stand on the roof."""
    return str(current_app.jinja_env.filters["state_word"](code))


def table(name: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A CSV to be saved: UTF-8 with a mark, so that spreadsheets read Chinese; no cell begins like a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows([[_harmless(value) for value in row] for row in rows])
    answer = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _harmless(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "@", "\t") or (text[:1] in ("+", "-") and not _number(text)) else text


def _number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).rstrip("%").isdigit()

"""A pool as a table: read from .csv or .xlsx, written to both; what was written is read back the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell

from bidding.rules.boq.package import BROKEN, Unreadable, plain_workbook
from core.errors import Invalid

HEADINGS = {
    "code": "编号", "login": "登录名", "name": "姓名", "specialities": "专业", "region": "地区",
    "employers": "任职单位", "shareholdings": "持股任职", "relatives": "近亲属", "status": "状态",
    "term_until": "聘期至", "training": "培训",
}  # fmt: skip
COLUMNS = tuple(HEADINGS)
PARTS = {
    "employers": ("name", "identifier", "from", "until"),
    "shareholdings": ("name", "identifier", "kind"),
    "relatives": ("name", "relation", "organisation", "identifier"),
    "training": ("name", "on", "hours"),
}
"""Columns that hold a list: entries by `;`, their parts by `|`, in this order."""
FORMULA = ("=", "+", "-", "@")
"""A spreadsheet takes a cell that begins so for a formula: it is written with an apostrophe before it."""


def read_rows(table: str | bytes) -> list[dict[str, str]]:
    """The rows of a table by column name, every cell as written but trimmed; headings are COLUMNS or Chinese.

    .xlsx by its first bytes, else CSV in UTF-8 or GB 18030. Invalid("pool.unreadable") for what is no table,
    Invalid("pool.header") naming the columns that are missing.
    """
    lines = _workbook(table) if isinstance(table, bytes) and table[:2] == b"PK" else _text(table)
    if not lines:
        raise Invalid("pool.header", field="file", missing=", ".join(COLUMNS[:5]))
    words = {word: name for name, word in HEADINGS.items()}
    header = [words.get(cell.strip(), cell.strip()) for cell in lines[0]]
    missing = [name for name in COLUMNS[:5] if name not in header]
    if missing:
        raise Invalid("pool.header", field="file", missing=", ".join(missing))
    return [
        {name: dict(zip(header, line, strict=False)).get(name, "").strip() for name in COLUMNS}
        for line in lines[1:]
        if any(cell.strip() for cell in line)
    ]


def shown(cell: str) -> str:
    """What a cell says: without the apostrophe that keeps a spreadsheet from computing it."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'")[:1] in FORMULA else cell


def _text(table: str | bytes) -> list[list[str]]:
    try:
        text = table if isinstance(table, str) else _decoded(table)
        return list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise Invalid("pool.unreadable", field="file") from error


def _decoded(table: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return table.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("pool.unreadable", field="file")


def _workbook(table: bytes) -> list[list[str]]:
    try:
        plain, _ = plain_workbook(table)
        sheet = openpyxl.load_workbook(plain, read_only=True, keep_links=False).worksheets[0]
        return [[_cell(value) for value in row[: 2 * len(COLUMNS)]] for row in sheet.iter_rows(values_only=True)]
    except Unreadable as error:
        raise Invalid("pool.unreadable", field="file") from error
    except (*BROKEN, KeyError, AttributeError, TypeError, IndexError, SyntaxError, AssertionError) as error:
        # A library may fail in any of these ways on parts that only pretend to be a workbook.
        raise Invalid("pool.unreadable", field="file") from error


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def joined(entries: Iterable[Mapping[str, Any]], column: str) -> str:
    """Entries of a list column as one cell; what would part a cell in two is written as a space."""

    def part(value: Any) -> str:
        text = "" if value is None else str(value)
        return "".join(" " if char in ";；|｜\r\n" else char for char in text).strip()

    return ";".join("|".join(part(entry.get(name)) for name in PARTS[column]).rstrip("|") for entry in entries)


def write_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The rows as CSV with Chinese headings, UTF-8 with a mark, as spreadsheets open it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS.values())
    for row in rows:
        writer.writerow(_safe(row.get(name, "")) for name in COLUMNS)
    return out.getvalue().encode("utf-8-sig")


def write_workbook(rows: Sequence[Mapping[str, str]]) -> bytes:
    """The rows as .xlsx with Chinese headings, every cell text."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("专家库")
    sheet.freeze_panes = "A2"
    for row in [HEADINGS, *rows]:
        cells = []
        for name in COLUMNS:
            cell = WriteOnlyCell(sheet, value=None)
            cell.value = _safe(row.get(name, ""))
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip("'")[:1] in FORMULA else text

"""Reads an xlsx: rows as text, and the priced bill of quantities (工程量清单) as items."""

from __future__ import annotations

import posixpath
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from collusion.rules.documents import BillItem, Document, Paragraph
from collusion.rules.extraction.parts import Parts
from core.errors import Invalid

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
BILL_SHEET = "工程量清单"
COLUMNS = {
    "序号": "order",
    "项目编码": "code",
    "项目名称": "name",
    "项目特征": "feature",
    "计量单位": "unit",
    "工程量": "quantity",
    "综合单价": "unit_price",
    "合价": "amount",
}
MAX_ROWS = 100_000
MAX_COLUMNS = 256
FEN = Decimal(100)


def read_sheets(parts: Parts) -> Document:
    """Read every sheet's rows; the sheet 工程量清单 also as bill items, prices in fen. Raises Invalid."""
    strings = _shared(parts)
    paragraphs: list[Paragraph] = []
    items: list[BillItem] = []
    for name, target in _sheets(parts):
        rows = _rows(parts.xml(target), strings)
        for cells in rows.values():
            text = "\t".join(cells[c] for c in sorted(cells)).strip()
            if text:
                paragraphs.append(Paragraph(text, len(paragraphs) + 1, None, True))
        if name.strip() == BILL_SHEET:
            items.extend(_bill(rows))
    return Document("", "xlsx", "", paragraphs=tuple(paragraphs), items=tuple(items))


def _shared(parts: Parts) -> list[str]:
    if "xl/sharedStrings.xml" not in parts.names:
        return []
    return [_string(si) for si in parts.xml("xl/sharedStrings.xml").iterfind(S + "si")]


def _string(element: Any) -> str:
    # rPh holds phonetic guides, which are not part of the text.
    return "".join(t.text or "" for t in element.iter(S + "t") if t.getparent().tag != S + "rPh")


def _sheets(parts: Parts) -> list[tuple[str, str]]:
    relations: dict[str, str] = {}
    if "xl/_rels/workbook.xml.rels" in parts.names:
        for relation in parts.xml("xl/_rels/workbook.xml.rels"):
            target = str(relation.get("Target") or "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath("xl/" + target)
            relations[str(relation.get("Id"))] = path
    found = []
    for sheet in parts.xml("xl/workbook.xml").iterfind(f"{S}sheets/{S}sheet"):
        target = relations.get(str(sheet.get(REL)), "")
        if target in parts.names:
            found.append((str(sheet.get("name") or ""), target))
    return found


def _column(reference: str) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    number = 0
    for letter in letters.group() if letters else "":
        number = number * 26 + ord(letter) - 64
    return number


def _rows(sheet: Any, strings: list[str]) -> dict[int, dict[int, str]]:
    rows: dict[int, dict[int, str]] = {}
    for position, row in enumerate(sheet.iterfind(f"{S}sheetData/{S}row"), 1):
        if position > MAX_ROWS:
            raise Invalid("document.bomb", reason="rows")
        cells: dict[int, str] = {}
        for index, cell in enumerate(row.iterfind(S + "c"), 1):
            column = _column(str(cell.get("r") or "")) or index
            value = _value(cell, strings)
            if value and column <= MAX_COLUMNS:
                cells[column] = value
        number = str(row.get("r") or position)
        rows[int(number) if number.isdigit() else position] = cells
    return rows


def _value(cell: Any, strings: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        inline = cell.find(S + "is")
        return _string(inline).strip() if inline is not None else ""
    value = cell.find(S + "v")
    text = (value.text or "").strip() if value is not None else ""
    if kind == "s":
        return strings[int(text)].strip() if text.isdigit() and int(text) < len(strings) else ""
    return text


def _bill(rows: dict[int, dict[int, str]]) -> list[BillItem]:
    header: dict[str, int] = {}
    items = []
    for number, cells in rows.items():
        if not header:
            header = _header(cells)
            continue
        get = {field: cells.get(column, "") for field, column in header.items()}
        quantity = _decimal(get.get("quantity", ""))
        if not get.get("name") or not get.get("code") or quantity is None:
            continue
        unit_price, amount = _fen(get.get("unit_price", "")), _fen(get.get("amount", ""))
        if amount is None and unit_price is not None:
            amount = int((quantity * unit_price).quantize(Decimal(1), ROUND_HALF_UP))
        feature, unit = get.get("feature", ""), get.get("unit", "")
        items.append(BillItem(number, get["code"], get["name"], feature, unit, quantity, unit_price, amount))
    return items


def _header(cells: dict[int, str]) -> dict[str, int]:
    found = {}
    for column, text in cells.items():
        title = re.split(r"[((]", re.sub(r"\s", "", text))[0]
        if title in COLUMNS:
            found[COLUMNS[title]] = column
    return found if {"code", "name", "quantity", "unit_price"} <= found.keys() else {}


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 and value.adjusted() < 15 else None


def _fen(text: str) -> int | None:
    value = _decimal(text)
    # Spreadsheets store binary fractions: 12.34 may read 12.339999999999999.
    return None if value is None else int((value * FEN).quantize(Decimal(1), ROUND_HALF_UP))

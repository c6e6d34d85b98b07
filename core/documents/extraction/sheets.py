"""Reads an xlsx: every sheet row by row, and the rows as text."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from core.documents.document import Document, Line, Paragraph, Sheet
from core.documents.extraction.parts import Parts
from core.errors import Invalid

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MAX_ROWS = 100_000
MAX_COLUMNS = 256
MAX_SHEETS = 256
MAX_LETTERS = 24_000_000
"""Text a workbook may show in all: one long shared string that many cells point at is gigabytes."""


def read_sheets(parts: Parts) -> Document:
    """Read every sheet's rows; each row with its cells joined by tabs is also a paragraph. Raises Invalid."""
    strings = _shared(parts)
    paragraphs: list[Paragraph] = []
    sheets: list[Sheet] = []
    letters = 0
    for name, target in _sheets(parts):
        rows, shown = _rows(parts.xml(target), strings, MAX_LETTERS - letters)
        letters += shown
        lines = [Line(number, tuple(sorted(cells.items()))) for number, cells in rows.items()]
        for line in lines:
            text = "\t".join(text for _, text in line.cells).strip()
            if text:
                paragraphs.append(Paragraph(text, len(paragraphs) + 1, None, True))
        sheets.append(Sheet(name, tuple(line for line in lines if line.cells)))
    return Document("", "xlsx", "", paragraphs=tuple(paragraphs), sheets=tuple(sheets))


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
    # Each sheet has a part of its own: one part shown many times multiplies itself.
    if len(found) > MAX_SHEETS or len({target for _, target in found}) < len(found):
        raise Invalid("document.bomb", reason="sheets")
    return found


def _column(reference: str) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    number = 0
    for letter in letters.group() if letters else "":
        number = number * 26 + ord(letter) - 64
    return number


def _rows(sheet: Any, strings: list[str], budget: int) -> tuple[dict[int, dict[int, str]], int]:
    rows: dict[int, dict[int, str]] = {}
    letters = 0
    for position, row in enumerate(sheet.iterfind(f"{S}sheetData/{S}row"), 1):
        if position > MAX_ROWS:
            raise Invalid("document.bomb", reason="rows")
        cells: dict[int, str] = {}
        for index, cell in enumerate(row.iterfind(S + "c"), 1):
            column = _column(str(cell.get("r") or "")) or index
            value = _value(cell, strings)
            if value and column <= MAX_COLUMNS:
                cells[column] = value
                letters += len(value)
        if letters > budget:
            raise Invalid("document.bomb", reason="text")
        number = str(row.get("r") or position)
        rows[int(number) if number.isdigit() else position] = cells
    return rows, letters


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

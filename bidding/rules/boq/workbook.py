"""Reads a bill from .xlsx in the layout of the published template: every line as stated, every oddity named."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openpyxl
from lxml import etree

from bidding.rules.boq.package import BROKEN, MAX_ROWS, Unreadable, plain_workbook
from bidding.rules.boq.spelling import (
    NO_CHAPTER,
    SUBTOTALS,
    TOTALS,
    WORDS_OF_PARTS,
    WORDS_OF_PRICINGS,
    WORDS_OF_UNPRICED,
    clean,
    folded,
    parts_of,
    typed_number,
    worded,
)
from bidding.rules.boq.stated import WARNING, Notes, StatedBill, StatedLine, refused

SHEET = "工程量清单"
ABOUT = "填报说明"
COLUMNS = {
    "order": ("序号",),
    "code": ("项目编码",),
    "name": ("项目名称",),
    "feature": ("项目特征", "项目特征描述"),
    "unit": ("计量单位", "单位"),
    "quantity": ("工程量", "数量"),
    "price": ("综合单价", "单价"),
    "amount": ("合价", "金额"),
    "pricing": ("计价方式",),
    "rate": ("费率",),
    "base": ("计费基数",),
    "part": ("清单类别",),
    "chapter": ("分部工程",),
}
"""Field → the headings it is known by, the first is the one we write; what follows a bracket does not count."""
NEEDED = ("code", "name", "feature", "unit", "quantity", "price", "amount")
ABOUT_FIELDS = {"标段编号": "section", "清单名称": "title", "漏项处理": "unpriced", "清单指纹": "tender_sha256"}
HEADER_WITHIN = 20
_FLOAT = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?", re.ASCII)
MOST_COLUMNS = 64
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
DIGITS = 15
"""Significant decimal digits a spreadsheet shows of its binary fractions: 12.339999999999999 is 12.34."""


@dataclass(frozen=True)
class _Table:
    sheet: Any
    computed: dict[str, str]
    header: int
    columns: dict[str, int]


def read_workbook(data: bytes) -> StatedBill:
    """The bill in the sheet 工程量清单 of an .xlsx; findings instead of exceptions, whatever the bytes are.

    Formulas count only where an amount stands, which is computed again anyway; a price must be a plain number. Rows
    and columns people cannot see and cells merged over items are errors: the eye must see what the program reads.
    """
    try:
        plain, parts = plain_workbook(data)
        book = openpyxl.load_workbook(plain, data_only=False, keep_links=False)
        names = [sheet.title for sheet in book.worksheets]
        if SHEET not in (name.strip() for name in names):
            return refused("boq.no_sheet", expected=SHEET, found="、".join(names))
        sheet = next(sheet for sheet in book.worksheets if sheet.title.strip() == SHEET)
        if sheet.max_row > MAX_ROWS:
            return refused("boq.too_many_rows", expected=MAX_ROWS, found=sheet.max_row)
        found = _header(sheet)
        if found is None:
            titles = "、".join(COLUMNS[name][0] for name in NEEDED)
            return refused("boq.no_header", expected=titles, found=HEADER_WITHIN)
        table = _Table(sheet, _computed(parts, sheet.title), *found)
        return _read(table, book)
    except Unreadable as reason:
        return StatedBill(notes=(reason.finding,))
    except (*BROKEN, KeyError, AttributeError, TypeError, IndexError, SyntaxError, AssertionError) as error:
        # A library may fail in any of these ways on parts that only pretend to be a workbook.
        return refused("boq.not_xlsx", found=type(error).__name__)


def _computed(parts: dict[str, bytes], title: str) -> dict[str, str]:
    """Cell → what its formula came to when the sheet was last saved; openpyxl gives the formula or this, not both."""
    relations = {
        relation.get("Id"): posixpath.normpath(posixpath.join("xl", str(relation.get("Target")).removeprefix("/xl/")))
        for relation in _parsed(parts["xl/_rels/workbook.xml.rels"])
    }
    for sheet in _parsed(parts["xl/workbook.xml"]).iter(f"{_S}sheet"):
        content = parts.get(relations.get(sheet.get(_ID), ""))
        if sheet.get("name") == title and content is not None:
            found = {}
            for cell in _parsed(content).iter(f"{_S}c"):
                value = cell.findtext(f"{_S}v") if cell.find(f"{_S}f") is not None else None
                if value:
                    found[str(cell.get("r"))] = value
            return found
    return {}


def _parsed(data: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(data, parser)


def _header(sheet: Any) -> tuple[int, dict[str, int]] | None:
    for number, row in enumerate(
        sheet.iter_rows(max_row=HEADER_WITHIN, max_col=min(sheet.max_column, MOST_COLUMNS)), 1
    ):
        columns: dict[str, int] = {}
        for cell in row:
            title = re.split(r"[(（]", folded(cell.value))[0] if isinstance(cell.value, str) else ""
            field = next((name for name, known in COLUMNS.items() if title in known), None)
            if field is not None:
                columns.setdefault(field, cell.column)
        if "code" in columns and "name" in columns and len(columns) > 3:
            return number, columns
    return None


def _read(table: _Table, book: Any) -> StatedBill:
    notes = Notes(sheet=SHEET)
    missing = [COLUMNS[name][0] for name in NEEDED if name not in table.columns]
    if missing:
        notes.add("boq.no_column", row=table.header, expected="、".join(missing))
        return StatedBill(notes=tuple(notes.found))
    _check_seen(table, book, notes)
    rows = _Rows(table, notes)
    rows.read()
    if not rows.lines:
        notes.add("boq.no_lines")
    return StatedBill(
        lines=tuple(rows.lines),
        total=rows.total,
        total_row=rows.total_row,
        total_is_computed=rows.total_is_computed,
        sheet=SHEET,
        silent=frozenset(name for name in COLUMNS if name not in table.columns),
        notes=tuple(notes.found),
        **_about(book),
    )


def _check_seen(table: _Table, book: Any, notes: Notes) -> None:
    if table.sheet.sheet_state != "visible":
        notes.add("boq.hidden_sheet")
    for other in book.worksheets:
        if other is not table.sheet and other.sheet_state != "visible":
            notes.add("boq.other_hidden_sheet", level=WARNING, found=other.title)
    for name, column in table.columns.items():
        for dimension in table.sheet.column_dimensions.values():
            low, high = dimension.min, dimension.max
            unseen = dimension.hidden or dimension.width == 0
            if low is not None and high is not None and low <= column <= high and unseen:
                notes.add("boq.hidden_column", found=COLUMNS[name][0])


class _Rows:
    """Reads the rows below the header one by one."""

    def __init__(self, table: _Table, notes: Notes) -> None:
        self._table = table
        self._notes = notes
        self._part = ""
        self._chapter = ""
        self._merged = _merged_rows(table.sheet)
        self._width = min(table.sheet.max_column, MOST_COLUMNS)
        self.lines: list[StatedLine] = []
        self.total: Decimal | None = None
        self.total_row: int | None = None
        self.total_is_computed = False

    def read(self) -> None:
        """Read every row, each into a line, a heading, a total, or nothing."""
        for cells in self._table.sheet.iter_rows(min_row=self._table.header + 1, max_col=self._width):
            if any(cell.value is not None and str(cell.value).strip() for cell in cells):
                self._row(cells[0].row, cells)

    def _row(self, row: int, cells: Any) -> None:
        at = {name: cells[column - 1] for name, column in self._table.columns.items() if column <= len(cells)}
        code = self._code(row, at["code"])
        if not code:
            self._without_code(row, at, cells)
            return
        item = f"{code} {_text(at['name'])}"
        dimension = self._table.sheet.row_dimensions[row]
        if dimension.hidden or dimension.height == 0:
            self._notes.add("boq.hidden_row", row=row, item=item)
        if row in self._merged:
            self._notes.add("boq.merged", row=row, item=item, found=self._merged[row])
        for name, cell in at.items():
            if cell.data_type == "f" and name not in ("amount", "order"):
                self._notes.add("boq.formula", row=row, item=item, expected=COLUMNS[name][0], found=cell.value)
            elif cell.data_type == "e" and name != "order":
                self._notes.add("boq.cell_error", row=row, item=item, expected=COLUMNS[name][0], found=cell.value)
        self.lines.append(
            StatedLine(
                sheet=SHEET,
                row=row,
                code=code,
                name=_text(at["name"]),
                feature=_text(at["feature"]),
                unit=_text(at["unit"]),
                quantity=self._number(row, item, "quantity", at),
                price=self._number(row, item, "price", at),
                amount=self._number(row, item, "amount", at),
                rate=self._number(row, item, "rate", at),
                part=self._worded(row, item, "part", at, WORDS_OF_PARTS) or self._part,
                chapter=_text(at["chapter"]) if "chapter" in at else self._chapter,
                pricing=self._worded(row, item, "pricing", at, WORDS_OF_PRICINGS),
                base=self._base(row, item, at),
                is_computed=at["amount"].data_type == "f",
            )
        )

    def _code(self, row: int, cell: Any) -> str:
        if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool) and cell.value == int(cell.value):
            # A spreadsheet that takes the code for a number drops its leading zero.
            code = str(int(cell.value)).zfill(12)
            self._notes.add("boq.code_number", level=WARNING, row=row, item=code)
            return code
        return folded(str(cell.value)) if cell.value is not None else ""

    def _without_code(self, row: int, at: dict[str, Any], cells: Any) -> None:
        texts = [_text(cell) for cell in cells if isinstance(cell.value, str) and cell.data_type != "f"]
        plain = [folded(text).rstrip(":") for text in texts]
        bare = [re.split(r"[(（]", text)[0] for text in plain]
        if any(text in TOTALS for text in bare):
            self.total = self._number(row, "", "amount", at)
            self.total_row, self.total_is_computed = row, at["amount"].data_type == "f"
            return
        numbers = [at[name] for name in ("quantity", "price", "amount") if name in at and at[name].value is not None]
        if any(text in SUBTOTALS for text in bare):
            return
        if not texts or any(cell.data_type in "nf" for cell in numbers):
            self._notes.add("boq.row_unknown", row=row, found=" ".join(texts) or numbers[0].value if numbers else "")
            return
        heading = _text(at["name"]) or max(texts, key=len)
        part = worded(WORDS_OF_PARTS, heading)
        if part:
            self._part, self._chapter = part, ""
        else:
            self._part, self._chapter = self._part or "works", "" if heading == NO_CHAPTER else heading

    def _number(self, row: int, item: str, name: str, at: dict[str, Any]) -> Decimal | None:
        cell = at.get(name)
        if cell is None or cell.value is None:
            return None
        value = cell.value
        if cell.data_type == "f":
            value = self._table.computed.get(cell.coordinate) if name == "amount" else None
        if value is None or cell.data_type == "e":
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            self._notes.add("boq.not_number", row=row, item=item, expected=COLUMNS[name][0], found=value)
            return None
        if cell.data_type == "f":
            return _exact(float(value)) if _FLOAT.fullmatch(str(value)) else None
        if not isinstance(value, str):
            return _exact(value)
        if not folded(value):
            return None
        typed = typed_number(value)
        if typed is None:
            self._notes.add("boq.not_number", row=row, item=item, expected=COLUMNS[name][0], found=value)
        else:
            self._notes.add(
                "boq.text_number", level=WARNING, row=row, item=item, expected=format(typed, "f"), found=value
            )
        return typed

    def _worded(self, row: int, item: str, name: str, at: dict[str, Any], words: dict[str, tuple[str, ...]]) -> str:
        text = _text(at[name]) if name in at else ""
        if not text:
            return ""
        key = worded(words, text)
        if not key:
            known = "、".join(known[0] for known in words.values())
            self._notes.add("boq.word_unknown", row=row, item=item, expected=known, found=text)
        return key

    def _base(self, row: int, item: str, at: dict[str, Any]) -> tuple[str, ...]:
        text = _text(at["base"]) if "base" in at else ""
        parts = parts_of(text)
        if parts is None:
            known = "、".join(known[0] for known in WORDS_OF_PARTS.values())
            self._notes.add("boq.word_unknown", row=row, item=item, expected=known, found=text)
        return parts or ()


def _merged_rows(sheet: Any) -> dict[int, str]:
    """Row → the first merged range that touches it."""
    rows: dict[int, str] = {}
    for merged in sheet.merged_cells.ranges:
        for row in range(merged.min_row, min(merged.max_row, MAX_ROWS) + 1):
            rows.setdefault(row, merged.coord)
    return rows


def _text(cell: Any) -> str:
    """A cell as text; whole numbers without their point."""
    value = cell.value
    if value is None or cell.data_type in ("f", "e"):
        return ""
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return clean(str(value))


def _exact(value: int | float) -> Decimal | None:
    """A spreadsheet's number as the decimal it shows; None for what is no finite number."""
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**18 else None
    exact = Decimal(format(value, f".{DIGITS}g"))
    return exact if exact.is_finite() and abs(exact) < 10**18 else None


def _about(book: Any) -> dict[str, str]:
    """What the sheet 填报说明 says of the bill: section, title, its hash."""
    sheet = next((one for one in book.worksheets if one.title.strip() == ABOUT), None)
    found = dict.fromkeys(ABOUT_FIELDS.values(), "")
    if sheet is None:
        return found
    for label, value in sheet.iter_rows(max_row=40, max_col=2, values_only=True):
        field = ABOUT_FIELDS.get(folded(str(label or "")))
        if field and isinstance(value, str):
            found[field] = clean(value)
    found["unpriced"] = worded(WORDS_OF_UNPRICED, found["unpriced"])
    found["tender_sha256"] = unicodedata.normalize("NFKC", found["tender_sha256"]).lower()
    return found

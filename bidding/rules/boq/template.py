"""Writes a bill as .xlsx: the template a bidder fills, a filled one, the empty one a tenderee starts from."""

from __future__ import annotations

import io
import zipfile
from copy import copy
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties

from bidding.rules.boq.bill import PARTS, PRICED, RATE, UNIT, Bill, Line
from bidding.rules.boq.spelling import NO_CHAPTER, WORDS_OF_PARTS, WORDS_OF_PRICINGS, WORDS_OF_UNPRICED
from bidding.rules.boq.workbook import ABOUT, ABOUT_FIELDS, COLUMNS, SHEET

ORDER = ("order", "code", "name", "feature", "unit", "quantity", "price", "amount", "pricing", "rate", "base")
TITLES = {"price": "综合单价(元)", "amount": "合价(元)", "rate": "费率(%)"}
WIDTHS = {
    "order": 7, "code": 16, "name": 34, "feature": 48, "unit": 10, "quantity": 14, "price": 16, "amount": 18,
    "pricing": 11, "rate": 10, "base": 26,
}  # fmt: skip
AT = {name: place for place, name in enumerate(ORDER, 1)}
LETTER = {name: "ABCDEFGHIJK"[place] for place, name in enumerate(ORDER)}
HOW = (
    "只填黄色单元格：综合单价（元，最多两位小数）或费率（%）。其他内容已锁定，不得改变。",
    "单价须直接填数字，不要写公式、不要链接到其他文件；合价与合计由公式算出，评审以工程量×综合单价四舍五入到分为准。",
    "不要隐藏、合并、删除或增加行列；可以改字体和列宽。",
    "填好后用投标页面或 sunbid boq check 核对，再加密递交。",
)
_STAMP = (1980, 1, 1, 0, 0, 0)
_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties '
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
)
_EDGE = Side(style="thin", color="808080")
_BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
_YELLOW = PatternFill("solid", fgColor="FFF2CC")
_GREY = PatternFill("solid", fgColor="E7E6E6")


def write_workbook(bill: Bill) -> bytes:
    """The bill as .xlsx, the same bytes for the same bill; a tender bill is the template its bidders fill.

    Everything but the prices and rates to be filled is locked (without a password: it keeps honest hands from
    slipping, the check finds the rest). Texts are never formulas, whatever they begin with.
    """
    book = openpyxl.Workbook()
    sheet: Any = book.worksheets[0]
    sheet.title = SHEET
    _Writer(sheet, bill).write()
    _write_about(book.create_sheet(ABOUT), bill)
    return _packed(book)


def blank_workbook() -> bytes:
    """The empty layout a tenderee fills to publish a bill, with an example of every way of pricing."""
    example = Bill(
        "tender",
        "-",
        "示例：请改为清单名称",
        "refused",
        (
            Line(1, "works", "土建工程", "010101002001", "挖一般土方", "三类土；深 2m 以内", "m3", Decimal(9), UNIT),
            Line(2, "measures", "", "041109001001", "安全文明施工费", "不可竞争", "项", Decimal(1), "fixed",
                 price_fen=500_000_00),
            Line(3, "others", "", "QT-01", "暂列金额", "", "项", Decimal(1), "fixed", price_fen=1_000_000_00),
            Line(4, "charges", "", "GF-01", "规费", "", "%", Decimal(1), RATE, ("works", "measures")),
            Line(5, "tax", "", "SJ-01", "增值税", "", "%", Decimal(1), "fixed_rate",
                 ("works", "measures", "others", "charges"), rate=Decimal(9)),
        ),
    )  # fmt: skip
    return write_workbook(example)


class _Writer:
    """Writes one bill's sheet from its header to its total."""

    def __init__(self, sheet: Any, bill: Bill) -> None:
        self._sheet = sheet
        self._bill = bill
        self._row = 1
        self._spans: dict[str, list[tuple[int, int]]] = {}
        self._open: list[str] = []
        self._looks: dict[tuple[object, ...], Any] = {}

    def write(self) -> None:
        """Write all rows and protect the sheet."""
        for name in ORDER:
            self._put(name, TITLES.get(name, COLUMNS[name][0]), bold=True, fill=_GREY)
        part = chapter = ""
        for line in self._bill.lines:
            if line.part != part:
                part, chapter = line.part, ""
                self._heading(WORDS_OF_PARTS[part][0])
            if line.chapter != chapter:
                chapter = line.chapter
                self._heading(chapter or NO_CHAPTER)
            self._row += 1
            self._line(line)
        self._row += 1
        self._total()
        self._finish()

    def _heading(self, text: str) -> None:
        self._row += 1
        for name in ORDER:
            self._put(name, text if name == "name" else None, bold=True)

    def _line(self, line: Line) -> None:
        values: dict[str, object] = {
            "order": line.number,
            "code": line.code,
            "name": line.name,
            "feature": line.feature,
            "unit": line.unit,
            "quantity": None if line.is_rate else line.quantity,
            "price": None if line.price_fen is None else Decimal(line.price_fen) / 100,
            "pricing": WORDS_OF_PRICINGS[line.pricing][0],
            "rate": line.rate,
            "base": "+".join(WORDS_OF_PARTS[part][0] for part in line.base),
        }
        asked = {UNIT: "price", RATE: "rate"}.get(line.pricing)
        for name in ORDER:
            if name != "amount":
                self._put(name, values[name], fill=_YELLOW if name == asked else None, locked=name != asked)
        self._amount(line)
        if asked:
            self._open.append(f"{LETTER[asked]}{self._row}")

    def _amount(self, line: Line) -> None:
        row = self._row
        if line.is_rate:
            sums = ",".join(
                f"{LETTER['amount']}{first}:{LETTER['amount']}{last}"
                for part in line.base
                for first, last in self._spans.get(part, [])
            )
            formula = f"=ROUND(SUM({sums})*{LETTER['rate']}{row}/100,2)" if sums else "=0"
        else:
            formula = f"=ROUND({LETTER['quantity']}{row}*{LETTER['price']}{row},2)"
        self._put("amount", formula, formula=True)
        spans = self._spans.setdefault(line.part, [])
        if spans and spans[-1][1] == row - 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))

    def _total(self) -> None:
        sums = "+".join(
            f"SUM({LETTER['amount']}{first}:{LETTER['amount']}{last})"
            for part in PARTS
            for first, last in self._spans.get(part, [])
        )
        for name in ORDER:
            text = {"name": "合计"}.get(name)
            self._put(name, text, bold=True, fill=_GREY)
        self._put("amount", f"={sums}", formula=True, bold=True, fill=_GREY)

    def _put(
        self,
        name: str,
        value: object,
        *,
        bold: bool = False,
        fill: PatternFill | None = None,
        locked: bool = True,
        formula: bool = False,
    ) -> None:
        cell = self._sheet.cell(self._row, AT[name])
        cell.value = value
        if isinstance(value, str) and not formula:
            cell.data_type = "s"
        look = (name, self._row == 1, bold, fill is not None and fill.fgColor.rgb, locked)
        held = self._looks.get(look)
        if held is None:
            _dress(cell, name, head=self._row == 1, bold=bold, fill=fill, locked=locked)
            self._looks[look] = cell._style
        else:
            cell._style = copy(held)  # openpyxl is slow at making the same style again

    def _finish(self) -> None:
        sheet = self._sheet
        for name, width in WIDTHS.items():
            sheet.column_dimensions[LETTER[name]].width = width
        least = "0" if self._bill.unpriced == "included" else "0.01"
        for letter, low, high in ((LETTER["price"], least, "999999999999"), (LETTER["rate"], "0", "100")):
            cells = [cell for cell in self._open if cell.startswith(letter)]
            if cells:
                check = DataValidation(type="decimal", formula1=low, formula2=high, allow_blank=True)
                check.errorTitle, check.error, check.showErrorMessage = "须填数字", f"只能填 {low} 以上的数字。", True
                for cell in cells:
                    check.add(cell)
                sheet.add_data_validation(check)
        sheet.freeze_panes = "A2"
        sheet.protection.sheet = True
        for allowed in ("formatCells", "formatColumns", "formatRows"):
            setattr(sheet.protection, allowed, False)
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_title_rows = "1:1"
        sheet.oddFooter.center.text = "第 &P 页 共 &N 页"


def _dress(cell: Any, name: str, *, head: bool, bold: bool, fill: PatternFill | None, locked: bool) -> None:
    cell.font = Font(name="宋体", size=10, bold=bold)
    cell.border = _BORDER
    across = "right" if name in ("quantity", "price", "amount", "rate") else "left"
    across = "center" if head or name in ("order", "code", "unit", "pricing") else across
    cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
    cell.protection = Protection(locked=locked)
    if fill is not None:
        cell.fill = fill
    if name in ("price", "amount"):
        cell.number_format = "#,##0.00"
    elif name == "code":
        cell.number_format = "@"
    elif name in ("quantity", "rate"):
        cell.number_format = "#,##0.######"


def _write_about(sheet: Any, bill: Bill) -> None:
    answers = bill.tender_sha256 if bill.kind == PRICED else bill.sha256
    values = {
        "section": bill.section,
        "title": bill.title,
        "unpriced": WORDS_OF_UNPRICED[bill.unpriced][0],
        "tender_sha256": answers or "",
    }
    rows = [*((label, values[field]) for label, field in ABOUT_FIELDS.items()), *(("", text) for text in HOW)]
    for number, (label, value) in enumerate(rows, 1):
        for column, text in ((1, label), (2, value)):
            cell = sheet.cell(number, column)
            cell.value = text
            cell.data_type = "s"
            cell.font = Font(name="宋体", size=10, bold=column == 1)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
    sheet.column_dimensions["A"].width = 14
    sheet.column_dimensions["B"].width = 90
    sheet.protection.sheet = True


def _packed(book: Any) -> bytes:
    """The workbook's bytes without the instant and the order of their making."""
    made = io.BytesIO()
    book.save(made)
    out = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = _CORE.encode() if name == "docProps/core.xml" else source.read(name)
            target.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()

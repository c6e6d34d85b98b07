"""A bill of quantities as an Excel file, in the layout every bidder must use."""

from __future__ import annotations

import io
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.properties import PageSetupProperties

from portal.cli.demo.papers import ooxml
from portal.cli.demo.papers.blocks import chinese_number
from portal.cli.demo.papers.personas import Traces
from portal.cli.demo.papers.pricing import Item, Prices, amount, total

HEADER = ("序号", "项目编码", "项目名称", "项目特征", "计量单位", "工程量", "综合单价(元)", "合价(元)")
SHEET = "工程量清单"
HEAD, BOLD, PLAIN = range(3)


@dataclass(frozen=True)
class Look:
    """How a bidder's sheet looks: font, size, header fill (hex, empty for none), column widths, print header."""

    font: str = "宋体"
    size: float = 10
    fill: str = "D9E1F2"
    widths: tuple[float, ...] = (7, 16, 34, 52, 9, 13, 15, 18)
    title: str = ""


def write_sheet(path: Path, items: list[Item], prices: Prices, look: Look, traces: Traces) -> None:
    """Write `path` with one sheet 工程量清单: header in row 1, chapters and items, the total in the last row.

    Only rows with a 项目编码 are items; chapter rows carry no amounts, the last row is 合计.
    """
    book = openpyxl.Workbook()
    sheet: Any = book.worksheets[0]
    sheet.title = SHEET
    rows: list[tuple[object, ...]] = [HEADER]
    bold = set()
    chapter = ""
    chapters = 0
    for number, item in enumerate(items, start=1):
        if item.chapter != chapter:
            chapter = item.chapter
            chapters += 1
            rows.append((chinese_number(chapters), None, chapter))
            bold.add(len(rows))
        price = prices[item.code]
        rows.append((number, item.code, item.name, item.feature, item.unit, item.quantity, price, amount(item, price)))
    rows.append((None, None, "合计", None, None, None, None, total(items, prices)))
    bold.add(len(rows))
    styles = [[_style(book, place, column, look) for column in range(1, 9)] for place in (HEAD, BOLD, PLAIN)]
    for place, row in enumerate(rows, start=1):
        chosen = styles[HEAD if place == 1 else BOLD if place in bold else PLAIN]
        for column in range(1, 9):
            value = row[column - 1] if column <= len(row) else None
            cell = sheet.cell(place, column, value)
            cell._style = copy(chosen[column - 1]._style)
    for letter, width in zip("ABCDEFGH", look.widths, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
    sheet.oddHeader.center.text = look.title
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    replace = {
        "docProps/core.xml": ooxml.core_properties(traces),
        "docProps/app.xml": ooxml.application_properties(traces),
        **ooxml.with_custom(data, traces),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ooxml.repack(data, replace))


def _style(book: openpyxl.Workbook, kind: int, column: int, look: Look) -> Any:
    """A cell that carries the style of this kind of row and column: made once, since openpyxl is slow at it."""
    cell: Any = WriteOnlyCell(book.worksheets[0])
    edge = Side(style="thin", color="000000")
    cell.font = Font(name=look.font, size=look.size, bold=kind != PLAIN)
    cell.border = Border(left=edge, right=edge, top=edge, bottom=edge)
    centred = kind == HEAD or column in (1, 2, 5)
    across = "center" if centred else "right" if column > 5 else "left"
    cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=True)
    if kind != HEAD and column > 5:
        cell.number_format = "#,##0.00"
    if kind == HEAD and look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    return cell

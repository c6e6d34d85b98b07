"""The priced bill of quantities in a workbook."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl

from collusion.rules.bill import fen
from collusion.rules.documents import extract


def test_an_xlsx_gives_bill_items_in_fen(tmp_path: Path) -> None:
    """Seen red: with int() in place of rounding, 13.05 stored as 13.049999999999999 became 1304."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "工程量清单"
    sheet.append(["某工程"])
    sheet.append(["序号", "项目编码", "项目名称", "项目特征", "计量单位", "工程量", "综合单价(元)", "合价(元)"])
    sheet.append(["一", "", "土建工程"])
    sheet.append([1, "010101002001", "挖一般土方", "三类土", "m3", 12500, 12.34, 154250])
    sheet.append([2, "010103001001", "回填方", "级配砂石", "m3", 3.5, 13.05, None])
    book.properties.creator = "造价一组"
    book.save(tmp_path / "b.xlsx")
    read = extract(tmp_path / "b.xlsx")
    first, second = read.items
    assert (first.code, first.unit_price, first.amount, first.quantity) == (
        "010101002001",
        1234,
        15_425_000,
        Decimal(12500),
    )
    assert (second.unit_price, second.amount) == (1305, 4568)
    assert read.marks.creator == "造价一组"
    assert fen("13.049999999999999") == 1305  # as other programs write 13.05

"""The priced bill of quantities (工程量清单) as items, from the rows of a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from core.documents import Sheet

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
FEN = Decimal(100)


@dataclass(frozen=True, slots=True)
class BillItem:
    """One line of a priced bill of quantities; prices in fen, None where the cell is empty."""

    row: int
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal
    unit_price: int | None
    amount: int | None


def bill_items(sheets: Iterable[Sheet]) -> tuple[BillItem, ...]:
    """The items of every sheet called 工程量清单, prices in fen; an amount left out is computed."""
    return tuple(item for sheet in sheets if sheet.name.strip() == BILL_SHEET for item in _bill(sheet))


def _bill(sheet: Sheet) -> list[BillItem]:
    header: dict[str, int] = {}
    items = []
    for line in sheet.lines:
        number, cells = line.number, dict(line.cells)
        if not header:
            header = _header(cells)
            continue
        get = {field: cells.get(column, "") for field, column in header.items()}
        quantity = _decimal(get.get("quantity", ""))
        if not get.get("name") or not get.get("code") or quantity is None:
            continue
        unit_price, amount = fen(get.get("unit_price", "")), fen(get.get("amount", ""))
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


def fen(text: str) -> int | None:
    """Yuan as a spreadsheet spells them, in fen; None where the cell holds no amount."""
    value = _decimal(text)
    # Spreadsheets store binary fractions: 12.34 may read 12.339999999999999.
    return None if value is None else int((value * FEN).quantize(Decimal(1), ROUND_HALF_UP))

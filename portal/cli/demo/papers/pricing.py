"""The bill of quantities: control prices, and what each bidder asks for each item."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from bidding.rules.boq import TENDER, Bill, Line
from portal.cli.demo.papers import criteria
from portal.cli.demo.papers.noise import Noise

FEN = Decimal("0.01")
MEASURES = "措施项目"
CHAPTERS = ("土建工程", "管道工程", "设备安装工程", "电气与自控工程", "绿化道路工程", MEASURES)
BALANCE = "041109005001"  # 既有水厂保护与保供措施: one lump item that takes up the last fen of a wanted total
LADDER = Decimal("1.0150")


@dataclass(frozen=True)
class Item:
    """One line of the bill; `control` is the control unit price, `provisional` is 暂估: equal for all bidders."""

    chapter: str
    code: str
    name: str
    feature: str
    unit: str
    quantity: Decimal
    control: Decimal
    provisional: bool


Prices = Mapping[str, Decimal]  # item code → unit price in yuan, two decimals


def bill() -> list[Item]:
    """The items of the demo's bill, chapter by chapter."""
    path = Path(__file__).parent / "texts" / "boq.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Item(
                row["chapter"],
                row["code"],
                row["name"],
                row["feature"],
                row["unit"],
                Decimal(row["quantity"]),
                Decimal(row["price"]),
                row["provisional"] == "1",
            )
            for row in csv.DictReader(lines)
        ]


def tender_bill(items: list[Item]) -> Bill:
    """The tenderer's bill as data: what is provisional at its given price, everything else for the bidders to price."""
    lines = tuple(
        Line(
            number,
            "measures" if item.chapter == MEASURES else "works",
            "" if item.chapter == MEASURES else item.chapter,
            item.code,
            item.name,
            item.feature,
            item.unit,
            item.quantity.normalize(),
            "fixed" if item.provisional else "unit",
            price_fen=int(item.control * 100) if item.provisional else None,
        )
        for number, item in enumerate(items, 1)
    )
    return Bill(TENDER, criteria.SECTION_CODE, f"{criteria.SECTION_NAME}工程量清单", "included", lines)


def amount(item: Item, price: Decimal) -> Decimal:
    """Quantity × unit price in yuan, rounded to the fen."""
    return (item.quantity * price).quantize(FEN, ROUND_HALF_UP)


def total(items: list[Item], prices: Prices) -> Decimal:
    """The sum of all amounts in yuan."""
    return sum((amount(item, prices[item.code]) for item in items), Decimal(0))


def control_prices(items: list[Item]) -> dict[str, Decimal]:
    """The tenderer's own unit prices; their total is the maximum price."""
    return {item.code: item.control for item in items}


def own_prices(items: list[Item], key: str, wanted: Decimal, seed: int) -> dict[str, Decimal]:
    """A bidder's independent unit prices whose total is exactly `wanted` yuan.

    Each differs from the control price by a factor of the bidder for the chapter (about ±5 %) and noise of its own
    (standard deviation 4.5 %), then by the level that meets the total; provisional items stay as given.
    """
    noise = Noise("prices", seed, key)
    chapter = {name: 1 + Decimal("0.05") * (2 * noise.uniform() - 1) for name in CHAPTERS}
    raw = {item.code: item.control * chapter[item.chapter] * (1 + Decimal("0.045") * noise.normal()) for item in items}
    given = sum((amount(item, item.control) for item in items if item.provisional), Decimal(0))
    free = sum((item.quantity * raw[item.code] for item in items if not item.provisional), Decimal(0))
    level = (wanted - given) / free
    prices = {
        item.code: item.control if item.provisional else (raw[item.code] * level).quantize(FEN, ROUND_HALF_UP)
        for item in items
    }
    prices[BALANCE] += wanted - total(items, prices)
    return prices


def laddered_prices(items: list[Item], base: Prices) -> dict[str, Decimal]:
    """The rigged bidder's prices: `base` × 1.0150 to the fen on every item that is not provisional."""
    return {
        item.code: base[item.code] if item.provisional else (base[item.code] * LADDER).quantize(FEN, ROUND_HALF_UP)
        for item in items
    }


def chinese_amount(yuan: Decimal) -> str:
    """The amount in capital Chinese figures as a letter of bid writes it: 壹亿陆仟零贰拾壹万伍仟捌佰捌拾元整."""
    digits = "零壹贰叁肆伍陆柒捌玖"
    whole, fen = divmod(int(yuan * 100), 100)
    words = ""
    for unit, place in (("亿", 10**8), ("万", 10**4), ("", 1)):
        part = whole // place % 10**4
        if not part:
            continue
        if words and part < 1000:
            words += "零"
        inside = ""
        for name, size in (("仟", 1000), ("佰", 100), ("拾", 10), ("", 1)):
            digit = part // size % 10
            if digit:
                inside += digits[digit] + name
            elif inside and not inside.endswith("零") and part % size:
                inside += "零"
        words += inside + unit
    words = (words or "零") + "元"
    jiao, cent = divmod(fen, 10)
    if not fen:
        return words + "整"
    return words + (digits[jiao] + "角" if jiao else "零") + (digits[cent] + "分" if cent else "整")

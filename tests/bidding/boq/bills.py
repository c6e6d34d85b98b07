"""Bills for tests: a small whole one, filled ones, and a strategy for any bill there may be."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
from hypothesis import strategies as st

from bidding.rules.boq import PRICED, TENDER, Bill, Line, write_workbook
from bidding.rules.boq.bill import PARTS
from bidding.rules.boq.spelling import clean, is_heading

SECTION = "ZB2026-00001-01"
SHEET = "工程量清单"


def tender(section: str = SECTION, unpriced: str = "refused") -> Bill:
    """A bill with every part and every way of pricing."""
    works = ("works", "土建工程")
    return Bill(
        TENDER,
        section,
        "施工一标段工程量清单",
        unpriced,
        (
            Line(1, *works, "010101002001", "挖一般土方", "三类土\n深 2m 以内", "m3", Decimal("1250.5"), "unit"),
            Line(2, *works, "010103001001", "回填方", "级配砂石", "m3", Decimal("3.333"), "unit"),
            Line(3, "works", "管道工程", "040501002001", "钢管铺设 DN800", "", "m", Decimal(86), "unit"),
            Line(4, "measures", "", "041109001001", "安全文明施工费", "不可竞争", "项", Decimal(1), "fixed",
                 price_fen=500_000_00),
            Line(5, "others", "", "QT-01", "暂列金额", "", "项", Decimal(1), "fixed", price_fen=100_000_00),
            Line(6, "charges", "", "GF-01", "规费", "", "%", Decimal(1), "rate", ("works", "measures")),
            Line(7, "tax", "", "SJ-01", "增值税", "", "%", Decimal(1), "fixed_rate",
                 ("works", "measures", "others", "charges"), rate=Decimal(9)),
        ),
    )  # fmt: skip


PRICES: dict[str, int] = {"010101002001": 20_64, "010103001001": 27_23, "040501002001": 1834_76}
RATE = Decimal("2.5")


def filled(bill: Bill, prices: Mapping[str, int] | None = None) -> Bill:
    """The bidder's answer to a bill: given prices by code, and 2.5 % where a rate is asked."""
    own = {**PRICES, **(prices or {})}
    lines = tuple(
        replace(line, price_fen=own.get(line.code, 100)) if line.pricing == "unit"
        else replace(line, rate=RATE) if line.pricing == "rate" else line
        for line in bill.lines
    )  # fmt: skip
    return Bill(PRICED, bill.section, bill.title, bill.unpriced, lines, bill.sha256)


def workbook(change: Callable[[Any], None] | None = None, bill: Bill | None = None) -> bytes:
    """A filled template; `change(sheet)` does to it what people and attackers do."""
    book = openpyxl.load_workbook(io.BytesIO(write_workbook(bill or filled(tender()))))
    if change is not None:
        change(book[SHEET])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


TEXT = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("一二三ＡＢ１２㎡³=+-@ \n")), min_size=1, max_size=20
).map(clean)
WORD = TEXT.filter(bool)
NUMBER = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("9999.999999"), places=6).map(
    lambda value: value.normalize()
)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """Any tender bill: parts in order, every way of pricing, texts that look like formulas."""
    lines: list[Line] = []
    present: list[str] = []
    for part in PARTS:
        count = draw(st.integers(0, 3))
        chapters = draw(st.lists(WORD.filter(is_heading), min_size=1, max_size=2))
        for _ in range(count):
            number = len(lines) + 1
            coded = part in ("works", "measures")
            base = tuple(one for one in PARTS[: PARTS.index(part)] if one in present and draw(st.booleans()))
            ways = ["unit", "fixed"] + (["rate", "fixed_rate"] if base else [])
            pricing = draw(st.sampled_from(ways))
            share = pricing in ("rate", "fixed_rate")
            lines.append(
                Line(
                    number, part, draw(st.sampled_from(["", *chapters])),
                    f"{number:012}" if coded else f"X-{number}", draw(WORD), draw(TEXT), draw(WORD),
                    Decimal(1) if share else draw(NUMBER), pricing, base if share else (),
                    draw(st.integers(0, 10**8)) if pricing == "fixed" else None,
                    draw(st.decimals(0, 100, places=2)).normalize() if pricing == "fixed_rate" else None,
                )
            )  # fmt: skip
            if part not in present:
                present.append(part)
    if not lines:
        lines.append(Line(1, "works", "", "000000000001", "项", "", "m", Decimal(1), "unit"))
    return Bill(TENDER, SECTION, draw(WORD), draw(st.sampled_from(["refused", "included"])), tuple(lines))

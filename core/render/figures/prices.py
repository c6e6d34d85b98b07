"""Prices: a strip with every price as a dot, and a ladder with the steps between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flask_babel import get_locale, gettext  # type: ignore[import-untyped]

from core import money
from core.render.figures import drawing
from core.render.figures.drawing import AMBER, BLUE, FAINT, GRID, INK, RED, WIDTH, Figure, Sheet, Table

LANE = 20.0


def strip_plot(
    prices: Sequence[tuple[str, int]], *, control_price: int | None = None, own: str | None = None
) -> Figure:
    """Draw each (name, fen) as a dot on one axis, labelled, with the control price as a dashed line.

    `own` is the name whose mark is a diamond. At least one price is needed (ValueError).
    """
    if not prices:
        raise ValueError("a strip needs a price")
    unit, divisor, places = _unit([fen for _, fen in prices])
    scale = drawing.axis([fen / divisor for _, fen in prices] + _limit(control_price, divisor), 30, WIDTH - 46)
    names = drawing.short_names([name for name, _ in prices])
    words = [f"{name} {fen / divisor:.{places}f}" for name, (_, fen) in zip(names, prices, strict=True)]
    spots = [scale.at(fen / divisor) for _, fen in prices]
    walls = [scale.at(control_price / divisor)] if control_price is not None else []
    labels = drawing.place_labels(
        [(x, drawing.width_of(text)) for x, text in zip(spots, words, strict=True)], 4, WIDTH - 4, walls
    )
    base = 44 + LANE * (1 + max(label.lane for label in labels)) + (LANE if walls else 0)
    sheet = Sheet(base + 52)
    for wall in walls:
        said = gettext("最高投标限价 %(price)s", price=f"{(control_price or 0) / divisor:.{places}f}")
        half = drawing.width_of(said) / 2
        sheet.line(wall, 28, wall, base, RED, stroke_dasharray="5 4", stroke_width=1.5)
        sheet.text(min(max(wall, half + 4), WIDTH - half - 4), 20, said, anchor="middle", fill=RED, bold=True)
    sheet.line(20, base, WIDTH - 20, base)
    for tick in scale.ticks:
        sheet.line(scale.at(tick), base, scale.at(tick), base + 6)
        sheet.text(scale.at(tick), base + 23, scale.label(tick), anchor="middle", fill=FAINT)
    sheet.text(WIDTH - 20, base + 44, gettext("单位：%(unit)s", unit=unit), anchor="end", fill=FAINT)
    for x, text, label, (name, _) in zip(spots, words, labels, prices, strict=True):
        bottom = base - 22 - LANE * label.lane
        sheet.line(x, base, x, bottom + 4, GRID)
        sheet.text(label.left, bottom, text, bold=name == own)
    for x, (name, _) in zip(spots, prices, strict=True):
        if name == own:
            sheet.shape("path", **{"class": "mark"}, d=_diamond(x, base), fill=AMBER, stroke="#ffffff")
        else:
            sheet.dot(x, base, stroke_width=1.5)
    rows = [[name, money.grouped(fen)] for name, fen in prices]
    if control_price is not None:
        rows.append([gettext("最高投标限价"), money.grouped(control_price)])
    lowest, highest = min(fen for _, fen in prices), max(fen for _, fen in prices)
    described = gettext(
        "%(n)s 个报价，最低 %(low)s 元，最高 %(high)s 元。",
        n=len(prices), low=money.grouped(lowest), high=money.grouped(highest),
    )  # fmt: skip
    table = Table([gettext("投标人"), gettext("投标报价（元）")], rows)
    return sheet.finish(gettext("报价分布"), described, table)


def ladder(prices: Sequence[tuple[str, int]], *, control_price: int | None = None) -> Figure:
    """Draw prices from low to high as rungs with the step to the one below, in yuan and per cent of it.

    At least one price is needed (ValueError).
    """
    if not prices:
        raise ValueError("a ladder needs a price")
    ranked = sorted(prices, key=lambda price: price[1])
    unit, divisor, _ = _unit([fen for _, fen in ranked])
    names = drawing.short_names([name for name, _ in ranked], 8)
    left = 16 + max(drawing.width_of(name) for name in names)
    steps = [""] + [_step(below[1], above[1]) for below, above in pairwise(ranked)]
    values = [money.grouped(fen) for _, fen in ranked]
    right = WIDTH - 24 - max(drawing.width_of(text) for text in values) - max(drawing.width_of(text) for text in steps)
    shown = [fen / divisor for _, fen in ranked] + _limit(control_price, divisor)
    scale = drawing.axis(shown, left + 8, right - 8, wanted=4)
    top, row = 34.0 if control_price is not None else 12.0, 30.0
    bottom = top + row * len(ranked)
    sheet = Sheet(bottom + 46)
    for tick in scale.ticks:
        sheet.line(scale.at(tick), top, scale.at(tick), bottom, GRID)
        sheet.text(scale.at(tick), bottom + 18, scale.label(tick), anchor="middle", fill=FAINT)
    sheet.text(scale.right, bottom + 38, gettext("单位：%(unit)s", unit=unit), anchor="end", fill=FAINT)
    if control_price is not None:
        wall = scale.at(control_price / divisor)
        said = gettext("最高投标限价 %(price)s", price=money.grouped(control_price))
        half = drawing.width_of(said) / 2
        sheet.line(wall, top - 8, wall, bottom, RED, stroke_dasharray="5 4", stroke_width=1.5)
        sheet.text(min(wall, WIDTH - half - 4), top - 14, said, anchor="middle", fill=RED, bold=True)
    before: float | None = None
    for index, ((_, fen), name, value, step) in enumerate(zip(ranked, names, values, steps, strict=True)):
        x, y = scale.at(fen / divisor), top + row * (index + 0.5)
        if before is not None:
            corner = f"M{drawing.number(before)} {drawing.number(y - row)}V{drawing.number(y)}H{drawing.number(x)}"
            sheet.shape("path", d=corner, fill="none", stroke=BLUE)
        sheet.dot(x, y, stroke_width=1.5)
        sheet.text(left, y + 4.5, name, anchor="end")
        sheet.text(right + 8 + max(map(drawing.width_of, values)), y + 4.5, value, anchor="end", fill=INK, bold=True)
        sheet.text(WIDTH - 4, y + 4.5, step, anchor="end", fill=FAINT)
        before = x
    rows = [[name, value, step or "—"] for (name, _), value, step in zip(ranked, values, steps, strict=True)]
    table = Table([gettext("投标人"), gettext("投标报价（元）"), gettext("与前一名的差")], rows)
    described = gettext("%(n)s 个报价由低到高，每级标出与前一名的差额和比例。", n=len(ranked))
    return sheet.finish(gettext("报价阶梯"), described, table)


def _step(below: int, above: int) -> str:
    share = f"{(above - below) / below * 100:.4f}%" if below else "—"
    return f"+{money.grouped(above - below)} / {share}"


def _limit(control_price: int | None, divisor: int) -> list[float]:
    return [] if control_price is None else [control_price / divisor]


def _unit(fen: Sequence[int]) -> tuple[str, int, int]:
    """Return the unit's name, its fen and the decimals a label shows."""
    highest = max(fen)
    if str(get_locale() or "zh").startswith("en"):
        return (gettext("百万元"), 10**8, 3) if highest >= 10**8 else (gettext("元"), 100, 2)
    if highest >= 10**10:
        return gettext("亿元"), 10**10, 3
    return (gettext("万元"), 10**6, 2) if highest >= 10**6 else (gettext("元"), 100, 2)


def _diamond(x: float, y: float, size: float = 8) -> str:
    points = [(x, y - size), (x + size, y), (x, y + size), (x - size, y)]
    return "M" + "L".join(f"{drawing.number(a)} {drawing.number(b)}" for a, b in points) + "Z"

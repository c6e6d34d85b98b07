"""Evidence: likeness of every pair as a heat map, and what each item adds to a score as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext  # type: ignore[import-untyped]

from core.render.figures import drawing
from core.render.figures.drawing import BLUE, DARK, FAINT, GRID, INK, LINE, PAPER, SOFT, WIDTH, Figure, Sheet, Table

STEMS = "甲乙丙丁戊己庚辛壬癸"
SHADES = ("#f4f7fb", "#dce7f3", "#b9cfe6", "#7fa6cf", "#3f74ae", "#1d4e89", "#143a68")
FRAME = "#ffb000"
_LIGHT = 4
"""Shades from here on carry white figures (contrast at least 4.5)."""


def heatmap(
    labels: Sequence[str], matrix: Sequence[Sequence[float | None]], *, title: str = "", top: float = 100,
    mark_from: float | None = None, places: int = 0, stems: str = STEMS,
) -> Figure:  # fmt: skip
    """Draw a square matrix of values from 0 to `top` with the number in each cell; None (the diagonal) stays empty.

    Cells of at least `mark_from` also get a frame and bold figures. Rows bear key and name, columns the key, one
    of `stems` where they suffice. ValueError when the matrix is not square or does not fit the labels.
    """
    count = len(labels)
    if not count or len(matrix) != count or any(len(row) != count for row in matrix):
        raise ValueError("a heat map needs a square matrix as long as its labels")
    short = all(drawing.width_of(label, 1) <= 2 for label in labels)
    keys = list(labels) if short else [stems[n] if count <= len(stems) else str(n + 1) for n in range(count)]
    names = list(labels) if short else [
        f"{key} {name}" for key, name in zip(keys, drawing.short_names(labels, 8), strict=True)
    ]  # fmt: skip
    left = 16 + max(drawing.width_of(name) for name in names)
    cell_width = min((WIDTH - left - 8) / count, 96)
    cell_height = max(24.0, min(36.0, cell_width * 0.5))
    size = drawing.SIZE if cell_width >= 34 else max(8.0, cell_width / 3)
    bottom = 8 + cell_height * count
    sheet = Sheet(bottom + 74)
    for row, (name, values) in enumerate(zip(names, matrix, strict=True)):
        y = 8 + cell_height * row
        sheet.text(left - 8, y + cell_height / 2 + 4.5, name, anchor="end")
        for column, value in enumerate(values):
            x = left + cell_width * column
            if value is None:
                sheet.shape("rect", x=x + 1, y=y + 1, width=cell_width - 2, height=cell_height - 2, fill=PAPER)
                continue
            shade = _shade(value, top)
            marked = mark_from is not None and value >= mark_from
            edge = 2.5 if marked else 1
            stroke = {"stroke": FRAME if marked else GRID, "stroke_width": "3" if marked else "1"}
            sheet.bar(x + edge, y + edge, cell_width - 2 * edge, cell_height - 2 * edge, SHADES[shade], **stroke)
            fill = PAPER if shade >= _LIGHT else INK
            middle, base = x + cell_width / 2, y + cell_height / 2 + size * 0.35
            sheet.text(middle, base, f"{value:.{places}f}", anchor="middle", size=size, fill=fill, bold=marked)
    for column, key in enumerate(keys):
        sheet.text(left + cell_width * (column + 0.5), bottom + 18, key, anchor="middle", fill=FAINT)
    _legend(sheet, left, bottom + 38, top, places, mark_from)
    described = gettext("%(n)s 个对象两两比较，取值 0 到 %(top)s，颜色越深越高。", n=count, top=f"{top:.{places}f}")
    rows = [
        [name, *("—" if value is None else f"{value:.{places}f}" for value in values)]
        for name, values in zip(names, matrix, strict=True)
    ]
    return sheet.finish(title or gettext("两两相似度"), described, Table(["", *keys], rows))


def _shade(value: float, top: float) -> int:
    return min(len(SHADES) - 1, max(0, int(value / top * len(SHADES))))


def _legend(sheet: Sheet, left: float, y: float, top: float, places: int, mark_from: float | None) -> None:
    low, high = gettext("低 0"), gettext("高 %(top)s", top=f"{top:.{places}f}")
    sheet.text(left, y + 12, low, fill=FAINT)
    x = left + drawing.width_of(low) + 8
    for shade in SHADES:
        sheet.shape("rect", x=x, y=y, width=18, height=14, fill=shade, stroke=GRID)
        x += 18
    sheet.text(x + 8, y + 12, high, fill=FAINT)
    if mark_from is not None:
        x += 24 + drawing.width_of(high)
        sheet.shape("rect", x=x, y=y + 0.5, width=16, height=13, fill=DARK, stroke=FRAME, stroke_width=3)
        sheet.text(x + 26, y + 12, gettext("不低于 %(value)s", value=f"{mark_from:.{places}f}"), fill=FAINT)


def waterfall(items: Sequence[tuple[str, float]], *, title: str = "", total: str = "", places: int = 2) -> Figure:
    """Draw each (label, contribution) where the one above ended, and their sum as the last bar.

    Contributions below zero are hollow and run to the left. At least one item is needed (ValueError).
    """
    if not items:
        raise ValueError("a waterfall needs an item")
    total = total or gettext("合计")
    ends = [0.0]
    for _, share in items:
        ends.append(ends[-1] + share)
    lines = [drawing.two_lines(label, 15) for label, _ in items] + [[total]]
    left = 16 + max(drawing.width_of(line) for label in lines for line in label)
    scale = drawing.axis([*ends, 0.0], left + 62, WIDTH - 72, zero=True, wanted=5)
    row = 38.0
    bottom = 8 + row * len(lines)
    sheet = Sheet(bottom + 28)
    for tick in scale.ticks:
        sheet.line(scale.at(tick), 8, scale.at(tick), bottom, LINE if abs(tick) < 1e-12 else GRID)
        sheet.text(scale.at(tick), bottom + 18, scale.label(tick), anchor="middle", fill=FAINT)
    bars = [(start, start + share, share) for start, (_, share) in zip(ends, items, strict=False)]
    bars.append((0.0, ends[-1], ends[-1]))
    for index, ((start, end, share), words) in enumerate(zip(bars, lines, strict=True)):
        y, last = 8 + row * index, index == len(bars) - 1
        for place, line in enumerate(words):
            sheet.text(left, y + row / 2 + 4.5 + (place - (len(words) - 1) / 2) * 16, line, anchor="end", bold=last)
        x, wide = min(scale.at(start), scale.at(end)), abs(scale.at(end) - scale.at(start))
        fill, edge = (DARK if last else BLUE, DARK) if share >= 0 else (SOFT, BLUE)
        sheet.bar(x, y + 9, max(wide, 1.5), row - 18, fill, stroke=edge)
        said = f"{share:.{places}f}" if last else f"{share:+.{places}f}"
        if share >= 0:
            sheet.text(scale.at(end) + 6, y + row / 2 + 4.5, said, bold=True)
        else:
            sheet.text(scale.at(end) - 6, y + row / 2 + 4.5, said, anchor="end", bold=True)
        if not last:
            sheet.line(scale.at(end), y + row - 9, scale.at(end), y + row + 9, LINE, stroke_dasharray="2 2")
    rows = [[label, f"{share:+.{places}f}"] for label, share in items] + [[total, f"{ends[-1]:.{places}f}"]]
    described = gettext("%(n)s 项逐项累加，合计 %(sum)s。", n=len(items), sum=f"{ends[-1]:.{places}f}")
    return sheet.finish(title or gettext("风险构成"), described, Table([gettext("证据"), gettext("贡献")], rows))

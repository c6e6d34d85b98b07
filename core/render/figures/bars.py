"""Bars: amounts side by side as lines, and two years' months as columns; every mark may lead to what it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext  # type: ignore[import-untyped]
from markupsafe import escape

from core.render.figures import drawing
from core.render.figures.drawing import BLUE, DARK, FAINT, GRID, LINE, SOFT, WIDTH, Figure, Sheet, Table


@dataclass(frozen=True)
class Bar:
    """One mark: its label, its value in the figure's unit, the value as written, and where it leads."""

    label: str
    value: float
    text: str
    href: str = ""
    note: str = ""


def bars(title: str, description: str, marks: Sequence[Bar], *, unit: str, headers: Sequence[str]) -> Figure:
    """Draw each mark as a line from zero with its written value at the end; negative values go to the left of zero.

    `headers` name the label, the value and, where a mark has one, the note. At least one mark is needed (ValueError).
    """
    if not marks:
        raise ValueError("bars need a mark")
    names = [drawing.two_lines(mark.label, 11)[0] for mark in marks]
    left = 18 + max(max(drawing.width_of(name) for name in names), 60)
    room = 14 + max(drawing.width_of(mark.text) for mark in marks)
    scale = drawing.axis([mark.value for mark in marks], left, WIDTH - room, zero=True, wanted=5)
    row, top = 36.0, 10.0
    bottom = top + row * len(marks)
    sheet = Sheet(bottom + 46)
    for tick in scale.ticks:
        sheet.line(scale.at(tick), top, scale.at(tick), bottom, GRID)
        sheet.text(scale.at(tick), bottom + 18, scale.label(tick), anchor="middle", fill=FAINT)
    sheet.line(scale.at(0), top, scale.at(0), bottom, LINE)
    sheet.text(WIDTH - 4, bottom + 38, gettext("单位：%(unit)s", unit=unit), anchor="end", fill=FAINT)
    for index, (mark, name) in enumerate(zip(marks, names, strict=True)):
        y = top + row * index
        low, high = sorted((scale.at(0), scale.at(mark.value)))
        _open(sheet, mark)
        sheet.shape("rect", x=0, y=y + 2, width=WIDTH, height=row - 4, fill="#ffffff", fill_opacity=0)
        sheet.bar(low, y + 7, max(high - low, 1.5), row - 14, BLUE)
        sheet.text(left - 8, y + row / 2 + 5, name, anchor="end", fill=DARK)
        sheet.text(high + 8, y + row / 2 + 5, mark.text, bold=True)
        _close(sheet, mark)
    rows = [[mark.label, mark.text, *([mark.note] if len(headers) > 2 else [])] for mark in marks]
    return sheet.finish(title, description, Table(list(headers), rows), role="group" if _linked(marks) else "img")


def columns(
    title: str, description: str, marks: Sequence[tuple[Bar, Bar]], *, unit: str, headers: Sequence[str]
) -> Figure:
    """Draw pairs (before, now) as columns side by side: outlined and striped before, filled now.

    `headers` name the label, the value now and the value before. At least one pair is needed (ValueError).
    """
    if not marks:
        raise ValueError("columns need a mark")
    top, base = 40.0, 250.0
    scale = drawing.axis([one.value for pair in marks for one in pair] + [0], 0, base - top, zero=True, wanted=5)
    left = 14 + max(drawing.width_of(scale.label(tick)) for tick in scale.ticks)
    step = (WIDTH - left - 6) / len(marks)
    sheet = Sheet(base + 34)
    for tick in scale.ticks:
        sheet.line(left, base - scale.at(tick), WIDTH - 4, base - scale.at(tick), GRID)
        sheet.text(left - 6, base - scale.at(tick) + 4.5, scale.label(tick), anchor="end", fill=FAINT)
    sheet.text(4, 16, gettext("单位：%(unit)s", unit=unit), fill=FAINT)
    x = WIDTH - 8.0
    for label, fill, stroke in ((headers[1], BLUE, BLUE), (headers[2], SOFT, DARK)):
        x -= drawing.width_of(label)
        sheet.text(x, 16, label, fill=DARK)
        sheet.shape("rect", x=x - 20, y=5, width=14, height=12, fill=fill, stroke=stroke)
        x -= 40
    wide = min(step * 0.36, 22)
    for index, (before, now) in enumerate(marks):
        centre = left + step * (index + 0.5)
        for one, x, fill, stroke in ((before, centre - wide - 1, SOFT, DARK), (now, centre + 1, BLUE, BLUE)):
            high, low = sorted((base - scale.at(one.value), base - scale.at(0)))
            _open(sheet, one)
            sheet.shape("rect", x=x, y=top, width=wide, height=base - top, fill="#ffffff", fill_opacity=0)
            if one.value:
                sheet.bar(x, high, wide, max(low - high, 1.5), fill, stroke=stroke)
            _close(sheet, one)
        sheet.text(centre, base + 20, now.label, anchor="middle", fill=DARK)
    sheet.line(left, base - scale.at(0), WIDTH - 4, base - scale.at(0), LINE)
    rows = [[now.label, now.text, before.text] for before, now in marks]
    linked = _linked([one for pair in marks for one in pair])
    return sheet.finish(title, description, Table(list(headers), rows), role="group" if linked else "img")


def _linked(marks: Sequence[Bar]) -> bool:
    return any(mark.href for mark in marks)


def _open(sheet: Sheet, mark: Bar) -> None:
    if mark.href:
        said = f"{mark.note or mark.label} {mark.text}"
        sheet.parts.append(f'<a href="{escape(mark.href)}" aria-label="{escape(said)}">')


def _close(sheet: Sheet, mark: Bar) -> None:
    if mark.href:
        sheet.parts.append("</a>")

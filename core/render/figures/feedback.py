"""Questions and answers by group: how many were asked, how many answered, and the few that were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext  # type: ignore[import-untyped]

from core.render.figures import drawing
from core.render.figures.drawing import BLUE, FAINT, GRID, INK, RED, WIDTH, Figure, Sheet, Table


@dataclass(frozen=True)
class Group:
    """One bar: its name, how many were asked and answered, and the share as it is to be printed."""

    label: str
    asked: int
    answered: int
    percent: str


def answered_bars(groups: Sequence[Group], *, title: str) -> Figure:
    """Draw a bar a group, as long as was asked, its unanswered end red; at least one group is needed (ValueError).

    A single unanswered question among thousands still shows: its red end is never thinner than four units.
    """
    if not groups:
        raise ValueError("bars need a group")
    names = [drawing.two_lines(group.label, 10) for group in groups]
    said = [f"{group.answered:,} / {group.asked:,}  {group.percent}%" for group in groups]
    left = 20 + max(drawing.width_of(line) for name in names for line in name)
    right = WIDTH - 16 - max(map(drawing.width_of, said))
    most = max(group.asked for group in groups) or 1
    row, top = 48.0, 34.0
    sheet = Sheet(top + row * len(groups) + 8)
    sheet.bar(left, 8, 14, 12, BLUE)
    sheet.text(left + 20, 19, gettext("已反馈"), fill=FAINT)
    gap = left + 36 + drawing.width_of(gettext("已反馈"))
    sheet.bar(gap, 8, 14, 12, RED)
    sheet.text(gap + 20, 19, gettext("未反馈"), fill=FAINT)
    sheet.line(left, top - 4, left, top + row * len(groups), GRID)
    for place, (group, name, words) in enumerate(zip(groups, names, said, strict=True)):
        y = top + row * place
        for line, part in enumerate(name):
            sheet.text(left - 10, y + (20 if len(name) == 1 else 11) + 20 * line, part, anchor="end")
        whole = (right - left - 10) * group.asked / most
        missing = group.asked - group.answered
        red = max(whole * missing / group.asked, 4.0) if missing and group.asked else 0.0
        sheet.bar(left, y + 4, max(whole - red, 0), 22, BLUE)
        if red:
            sheet.bar(left + max(whole - red, 0), y + 4, red, 22, RED)
        sheet.text(WIDTH - 8, y + 20, words, anchor="end", fill=INK, bold=bool(missing))
    total = sum(group.asked for group in groups), sum(group.answered for group in groups)
    description = gettext("共查询 %(asked)s 次，反馈 %(answered)s 次，未反馈 %(missing)s 次。", asked=f"{total[0]:,}",
                          answered=f"{total[1]:,}", missing=f"{total[0] - total[1]:,}")  # fmt: skip
    table = Table(
        [gettext("分组"), gettext("查询"), gettext("反馈"), gettext("未反馈"), gettext("反馈率")],
        [[g.label, f"{g.asked:,}", f"{g.answered:,}", f"{g.asked - g.answered:,}", f"{g.percent}%"] for g in groups],
    )
    return sheet.finish(title, description, table)

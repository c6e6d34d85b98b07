"""Scores: how far the experts agree on each bidder, who lies apart and what is left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext  # type: ignore[import-untyped]

from core.render.figures import drawing
from core.render.figures.drawing import AMBER, BLUE, DARK, FAINT, GRID, INK, PAPER, WIDTH, Figure, Sheet, Table

RADIUS = 9.5
STEP = 2 * RADIUS + 1


def score_matrix(
    experts: Sequence[str],
    bidders: Sequence[str],
    scores: Sequence[Sequence[Decimal | None]],
    *,
    full: Decimal,
    outliers: Collection[tuple[int, int]] = (),
    dropped: Collection[tuple[int, int]] = (),
    title: str = "",
    places: int = 2,
) -> Figure:
    """Draw `scores[expert][bidder]` out of `full`: a row for each bidder, a dot with the expert's number at each score.

    `outliers` (expert, bidder) get a second ring and their score beside them; `dropped` ones (highest, lowest) are
    hollow, struck out and do not count for the mean, which stands as a bar in the row and a number at its end. None is
    not scored yet. ValueError when the shape does not fit.
    """
    if not experts or not bidders or len(scores) != len(experts) or any(len(row) != len(bidders) for row in scores):
        raise ValueError("a score matrix needs a row for each expert and a column for each bidder")
    given = [float(score) for row in scores for score in row if score is not None] or [0.0, float(full)]
    names = drawing.short_names(bidders, 8)
    left = 16 + max(map(drawing.width_of, names))
    means = [_mean(scores, bidder, dropped, places) for bidder in range(len(bidders))]
    head = gettext("平均")
    right = WIDTH - 24 - max(map(drawing.width_of, [head, *means]))
    # Room at both ends for a ringed dot and its number.
    scale = drawing.axis(given, left + 30, right - 58)
    rows = [_swarm(scores, bidder, scale, outliers, places) for bidder in range(len(bidders))]
    heights = [20 + STEP * (1 + max((lane for _, _, lane in row), default=0)) for row in rows]
    top = 28.0
    bottom = top + sum(heights)
    sheet = Sheet(bottom + 66)
    for tick in scale.ticks:
        sheet.line(scale.at(tick), top, scale.at(tick), bottom, GRID)
        sheet.text(scale.at(tick), bottom + 18, scale.label(tick), anchor="middle", fill=FAINT)
    sheet.text(WIDTH - 8, 18, head, anchor="end", fill=FAINT)
    y = top
    for bidder, (name, row, height, mean) in enumerate(zip(names, rows, heights, means, strict=True)):
        sheet.line(8, y, WIDTH - 8, y, GRID)
        middle = y + height / 2 + 4.5
        sheet.text(left, middle, name, anchor="end")
        sheet.text(WIDTH - 8, middle, mean, anchor="end", bold=True)
        if mean != "—":
            sheet.line(scale.at(float(mean)), y + 3, scale.at(float(mean)), y + height - 3, DARK, stroke_width=3)
        for expert, x, lane in row:
            score = scores[expert][bidder]
            _mark(sheet, x, y + height - 10 - RADIUS - STEP * lane, expert, (expert, bidder) in dropped)
            if (expert, bidder) in outliers and score is not None:
                centre = y + height - 10 - RADIUS - STEP * lane
                sheet.shape("circle", cx=x, cy=centre, r=RADIUS + 3, fill="none", stroke=AMBER, stroke_width=2.5)
                sheet.text(x + RADIUS + 8, centre + 4.5, _said(score, places), fill=AMBER, bold=True)
        y += height
    sheet.line(8, y, WIDTH - 8, y, GRID)
    _legend(sheet, bottom + 50, bool(outliers), bool(dropped))
    described = gettext(
        "%(e)s 位专家对 %(b)s 个投标人的评分，满分 %(full)s。", e=len(experts), b=len(bidders), full=full
    )
    table = _table(experts, bidders, scores, means, outliers, dropped, places)
    return sheet.finish(title or gettext("评分矩阵"), described, table)


def _swarm(
    scores: Sequence[Sequence[Decimal | None]],
    bidder: int,
    scale: drawing.Axis,
    outliers: Collection[tuple[int, int]],
    places: int,
) -> list[tuple[int, float, int]]:
    """Return (expert, x, lane) for each score of a bidder; what would touch stands one above the other."""
    placed: list[tuple[int, float, int]] = []
    taken: list[tuple[float, float, int]] = []
    column = [(score, expert) for expert, row in enumerate(scores) if (score := row[bidder]) is not None]
    for score, expert in sorted(column):
        x = scale.at(float(score))
        start, end = x - STEP / 2, x + STEP / 2
        if (expert, bidder) in outliers:
            start, end = start - 4, end + 12 + drawing.width_of(_said(score, places))
        blocked = {lane for low, high, lane in taken if start < high and low < end}
        lane = next(lane for lane in range(len(column)) if lane not in blocked)
        placed.append((expert, x, lane))
        taken.append((start, end, lane))
    return placed


def _mark(sheet: Sheet, x: float, y: float, expert: int, out: bool) -> None:
    sheet.dot(x, y, RADIUS, PAPER if out else BLUE, stroke=FAINT if out else PAPER)
    sheet.text(x, y + 4, str(expert + 1), anchor="middle", fill=FAINT if out else PAPER, size=11, bold=not out)
    if out:
        sheet.line(x - RADIUS, y + RADIUS, x + RADIUS, y - RADIUS, FAINT, stroke_width=1.5)


def _said(score: Decimal, places: int) -> str:
    return f"{score.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _mean(
    scores: Sequence[Sequence[Decimal | None]], bidder: int, dropped: Collection[tuple[int, int]], places: int
) -> str:
    counted = [
        score
        for expert, row in enumerate(scores)
        if (score := row[bidder]) is not None and (expert, bidder) not in dropped
    ]
    return _said(sum(counted, Decimal(0)) / len(counted), places) if counted else "—"


def _table(
    experts: Sequence[str],
    bidders: Sequence[str],
    scores: Sequence[Sequence[Decimal | None]],
    means: Sequence[str],
    outliers: Collection[tuple[int, int]],
    dropped: Collection[tuple[int, int]],
    places: int,
) -> Table:
    rows = []
    for bidder, (name, mean) in enumerate(zip(bidders, means, strict=True)):
        row = [name]
        for expert, given in enumerate(scores):
            score = given[bidder]
            said = "—" if score is None else _said(score, places)
            if (expert, bidder) in outliers:
                said = gettext("%(score)s（偏离）", score=said)
            if (expert, bidder) in dropped:
                said = gettext("%(score)s（未计入）", score=said)
            row.append(said)
        rows.append([*row, mean])
    numbered = [f"{number} {name}" for number, name in enumerate(experts, 1)]
    return Table([gettext("投标人"), *numbered, gettext("平均")], rows)


def _legend(sheet: Sheet, y: float, outliers: bool, dropped: bool) -> None:
    said = gettext("圆内为专家序号，竖线为平均")
    _mark(sheet, 20, y - 5, 0, False)
    sheet.text(36, y, said, fill=INK)
    x = 36 + drawing.width_of(said) + 36
    if outliers:
        said = gettext("明显偏离")
        _mark(sheet, x, y - 5, 0, False)
        sheet.shape("circle", cx=x, cy=y - 5, r=RADIUS + 3, fill="none", stroke=AMBER, stroke_width=2.5)
        sheet.text(x + 18, y, said, fill=INK)
        x += 18 + drawing.width_of(said) + 36
    if dropped:
        _mark(sheet, x, y - 5, 0, True)
        sheet.text(x + 18, y, gettext("去掉，不计入平均"), fill=INK)

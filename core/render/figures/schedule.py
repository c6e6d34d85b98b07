"""Time: stages as bars and instants as diamonds, with the shortest period the law allows behind them and today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from flask_babel import gettext  # type: ignore[import-untyped]

from core.clock import BEIJING
from core.render.figures import drawing
from core.render.figures.drawing import AMBER, BLUE, FAINT, GRID, RED, SOFT, WIDTH, Figure, Sheet, Table


@dataclass(frozen=True)
class Stage:
    """One row: a period, or with `end` None an instant. `lawful_end` is the earliest end the law allows."""

    label: str
    start: date | datetime
    end: date | datetime | None = None
    lawful_end: date | datetime | None = None


def timeline(stages: Sequence[Stage], *, now: datetime | None = None, title: str = "") -> Figure:
    """Draw stages over time in Beijing days; a period shorter than the law allows is red and says so.

    At least one stage is needed, and no end before its start (ValueError).
    """
    if not stages or any(stage.end is not None and _instant(stage.end) < _instant(stage.start) for stage in stages):
        raise ValueError("a timeline needs stages that end after they start")
    names = [drawing.two_lines(stage.label, 9) for stage in stages]
    said = [_period(stage) for stage in stages]
    left = 16 + max(drawing.width_of(line) for name in names for line in name)
    right = WIDTH - 12 - max(map(drawing.width_of, said))
    spots = [_days(moment) for stage in stages for moment in (stage.start, stage.end, stage.lawful_end) if moment]
    if now is not None:
        spots.append(_days(now))
    low, high = min(spots), max(spots)
    air = max((high - low) * 0.04, 0.5)
    scale = drawing.Axis(low - air, high + air, left + 8, right - 12, (), 0)
    top, row = (32.0 if now is not None else 12.0), 36.0
    bottom = top + row * len(stages)
    sheet = Sheet(bottom + 34)
    for moment in _ticks(low - air, high + air, int((right - left) / 62)):
        x = scale.at(_days(moment))
        sheet.line(x, top, x, bottom, GRID)
        sheet.text(x, bottom + 18, f"{moment.month}-{moment.day:02}", anchor="middle", fill=FAINT)
    for index, (stage, name, period) in enumerate(zip(stages, names, said, strict=True)):
        y = top + row * (index + 0.5)
        for place, line in enumerate(name):
            sheet.text(left, y + 4.5 + (place - (len(name) - 1) / 2) * 15, line, anchor="end")
        start = scale.at(_days(stage.start))
        short = _too_short(stage)
        if stage.end is None:
            diamond = f"M{drawing.number(start)} {drawing.number(y - 8)}l8 8l-8 8l-8 -8Z"
            sheet.shape("path", **{"class": "mark"}, d=diamond, fill=BLUE)
        else:
            if stage.lawful_end is not None:
                wide = scale.at(_days(stage.lawful_end)) - start
                frame = {"fill": SOFT, "stroke": BLUE, "stroke_dasharray": "3 3"}
                sheet.shape("rect", x=start, y=y - 11, width=max(wide, 1), height=22, **frame)
            sheet.bar(start, y - 6, max(scale.at(_days(stage.end)) - start, 3), 12, RED if short else BLUE)
        sheet.text(WIDTH - 4, y + 4.5, period, anchor="end", fill=RED if short else FAINT, bold=short)
    if now is not None:
        x, today = scale.at(_days(now)), gettext("现在")
        sheet.line(x, top - 8, x, bottom, AMBER, stroke_width=2)
        sheet.text(x, top - 14, today, anchor="middle", fill=AMBER, bold=True)
    rows = [
        [stage.label, _day(stage.start), _day(stage.end) if stage.end else "—",
         _day(stage.lawful_end) if stage.lawful_end else "—"]
        for stage in stages
    ]  # fmt: skip
    headers = [gettext("阶段"), gettext("开始"), gettext("结束"), gettext("法定最早结束")]
    first, last = min(map(_start, stages)), max(map(_last, stages))
    described = gettext("%(n)s 个阶段，从 %(first)s 到 %(last)s。", n=len(stages), first=_day(first), last=_day(last))
    return sheet.finish(title or gettext("时间安排"), described, Table(headers, rows))


def _instant(moment: date | datetime) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), BEIJING).astimezone(UTC)


def _days(moment: date | datetime) -> float:
    return _instant(moment).timestamp() / 86400


def _start(stage: Stage) -> datetime:
    return _instant(stage.start)


def _last(stage: Stage) -> datetime:
    return _instant(stage.end or stage.start)


def _too_short(stage: Stage) -> bool:
    return bool(stage.end and stage.lawful_end and _instant(stage.end) < _instant(stage.lawful_end))


def _day(moment: date | datetime) -> str:
    if isinstance(moment, datetime):
        return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return moment.isoformat()


def _brief(moment: date | datetime) -> str:
    local = moment.astimezone(BEIJING) if isinstance(moment, datetime) else moment
    return f"{local.month:02}-{local.day:02}" + (f" {local:%H:%M}" if isinstance(local, datetime) else "")


def _period(stage: Stage) -> str:
    if stage.end is None:
        return _brief(stage.start)
    said = f"{_brief(stage.start)} – {_brief(stage.end)}"
    return gettext("%(period)s 短于法定", period=said) if _too_short(stage) else said


def _ticks(low: float, high: float, wanted: int) -> list[datetime]:
    """Beijing midnights between two day numbers, at most about `wanted`, every 1, 2, 5, 7, 10, 14, 30 … days."""
    offset = 8 / 24  # a day number counts from midnight UTC; Beijing's midnight is eight hours earlier
    step = next((days for days in (1, 2, 5, 7, 10, 14, 30, 60, 90, 180) if (high - low) / days <= max(wanted, 2)), 365)
    first = int(low + offset) + 1
    return [
        datetime.fromtimestamp((day - offset) * 86400, UTC).astimezone(BEIJING)
        for day in range(first, int(high + offset) + 1, step)
    ]

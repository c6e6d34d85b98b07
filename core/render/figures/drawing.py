"""What every figure is drawn with: a sheet of shapes and words, axes, short names, and labels that keep apart."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

INK, FAINT, LINE, GRID = "#1b2430", "#4a5666", "#7b8798", "#d5dbe3"
BLUE, DARK, SOFT = "#1d4e89", "#143a68", "#e8eff8"
RED, AMBER, PAPER = "#a61b1b", "#8a4b00", "#ffffff"
WIDTH = 680
SIZE = 13.0
FONTS = "PingFang SC,Hiragino Sans GB,Microsoft YaHei,Noto Sans CJK SC,WenQuanYi Micro Hei,Sunbid Song,sans-serif"


@dataclass(frozen=True)
class Table:
    """The numbers of a figure, for those who do not see it and those who want to check it."""

    headers: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Figure:
    """A drawing and its table; `description` says in a sentence what is to be seen."""

    title: str
    description: str
    svg: Markup
    table: Table


def width_of(text: str, size: float = SIZE) -> float:
    """Return how wide `text` is drawn at most: full-width signs one em, others 0.62 em (bold digits of wide faces)."""
    return size * sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else 0.62 for sign in text)


def number(value: float) -> str:
    """Return a coordinate with at most two decimals: enough for print, and the same text on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass
class Sheet:
    """A drawing in the making: shapes in painting order, `height` in the same units as WIDTH."""

    height: float
    parts: list[str] = field(default_factory=list)

    def shape(self, tag: str, **attributes: str | float) -> None:
        """Add one element; underscores in attribute names become hyphens."""
        written = "".join(
            f' {name.replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
            for name, value in attributes.items()
        )
        self.parts.append(f"<{tag}{written}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, **more: str | float) -> None:
        """Add a straight line."""
        self.shape("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)

    def dot(self, x: float, y: float, radius: float = 6, fill: str = BLUE, **more: str | float) -> None:
        """Add a data mark; a white edge keeps neighbours apart."""
        self.shape("circle", **{"class": "mark"}, cx=x, cy=y, r=radius, fill=fill, **{"stroke": PAPER, **more})

    def bar(self, x: float, y: float, width: float, height: float, fill: str = BLUE, **more: str | float) -> None:
        """Add a data mark as a rectangle."""
        self.shape("rect", **{"class": "mark"}, x=x, y=y, width=max(width, 0), height=height, fill=fill, **more)

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "start", fill: str = INK, size: float = SIZE,
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Add words on the baseline `y`; `anchor` is start, middle or end."""
        weight = ' font-weight="700"' if bold else ""
        size_said = "" if size == SIZE else f' font-size="{number(size)}"'
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}" fill="{fill}"{weight}{size_said}>'
            f"{escape(words)}</text>"
        )

    def finish(self, title: str, description: str, table: Table, *, role: str = "img") -> Figure:
        """Return the figure; its ids come from its content, so the same figure is the same text everywhere.

        `role` is `group` for a figure whose marks are links: an image may hold nothing to be focused.
        """
        body = "".join(self.parts)
        mark = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:12]
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="{role}" viewBox="0 0 {WIDTH} {number(self.height)}" '
            f'width="{WIDTH}" height="{number(self.height)}" font-family="{FONTS}" font-size="{number(SIZE)}" '
            f'aria-labelledby="t{mark} d{mark}"><title id="t{mark}">{escape(title)}</title>'
            f'<desc id="d{mark}">{escape(description)}</desc>{body}</svg>'
        )
        return Figure(title, description, Markup(svg), table)  # noqa: S704 - every word above went through escape


@dataclass(frozen=True)
class Axis:
    """A linear scale from values to places with round ticks."""

    low: float
    high: float
    left: float
    right: float
    ticks: tuple[float, ...]
    places: int

    def at(self, value: float) -> float:
        """Return the place of `value`."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def label(self, tick: float) -> str:
        """Return a tick as text, with as many decimals as the step needs."""
        return f"{tick:.{self.places}f}"


def axis(values: Iterable[float], left: float, right: float, *, zero: bool = False, wanted: int = 6) -> Axis:
    """Return an axis that shows all `values` with a little air, and 0 if `zero`; steps are 1, 2, 2.5, 5 times 10ⁿ.

    It has about `wanted` ticks, fewer where their labels would touch.
    """
    values = list(values)
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0), max(high, 0)
    span = (high - low) or abs(high) * 0.1 or 1
    low, high = low - (0 if zero and low == 0 else span * 0.06), high + span * 0.06
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = next((count for count in range(10) if abs(round(step, count) - step) < step * 1e-6), 10)
    scale = Axis(low, high, left, right, tuple(n * step for n in range(first, last + 1)), places)
    widest = max((width_of(scale.label(tick)) for tick in scale.ticks), default=0.0)
    if wanted > 1 and widest + 6 > scale.at(step) - scale.at(0):
        return axis(values, left, right, zero=zero, wanted=wanted - 1)
    return scale


@dataclass(frozen=True)
class Label:
    """Where a label came to stand: `left` edge of its words, lane counted from below."""

    left: float
    lane: int


def place_labels(
    points: Sequence[tuple[float, float]], low: float, high: float, walls: Sequence[float] = ()
) -> list[Label]:
    """Place a label for each (x, width) above its point, in lanes, so that no words touch words or a leader line.

    A leader rises from the point to its label; `walls` are lines through all lanes. Labels stay in [low, high]; points
    may coincide. Several ways of working are tried: fewest crossings win, then fewest lanes, then centred labels. All
    labels on one side, lanes rising from that side, cross nothing; so only a crowd against an edge or a wall can leave
    a leader behind words. Words never touch words.
    """
    order = sorted(range(len(points)), key=lambda index: (points[index][0], index))
    results = [
        _place(points, turn, low, high, walls, sides)
        for sides in ((0.0, 1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0,), (-1.0,))
        for turn in (order[::-1], order)
    ]
    return min(
        results,
        key=lambda placed: (_crossings(points, placed, walls), max((label.lane for label in placed), default=0)),
    )


def _place(
    points: Sequence[tuple[float, float]],
    order: Sequence[int],
    low: float,
    high: float,
    walls: Sequence[float],
    sides: Sequence[float],
) -> list[Label]:
    """Place greedily in `order`; `sides`: 0 centres a label on its point, 1 puts it to the right, -1 to the left."""
    placed: dict[int, Label] = {}
    for index in order:
        x, width = points[index]
        places = [min(max(x - width / 2 + side * (width / 2 + 4), low), high - width) for side in sides]
        lanes = range(2 * len(points) + 1)
        options = (Label(left, lane) for lane in lanes for left in places)
        free = (option for option in options if _free(points, placed, index, option, walls))
        above = 1 + max((label.lane for label in placed.values()), default=-1)
        placed[index] = next(free, Label(places[0], above))
    return [placed[index] for index in range(len(points))]


def _free(
    points: Sequence[tuple[float, float]], placed: dict[int, Label], index: int, option: Label, walls: Sequence[float]
) -> bool:
    """Return whether `option` touches no placed words, no leader of higher ones and no wall, nor its leader words."""
    x, width = points[index]
    left, right = option.left - 2, option.left + width + 2
    if any(left < wall < right for wall in walls):
        return False
    for other, label in placed.items():
        there, wide = points[other]
        if label.lane == option.lane and left < label.left + wide + 4 and label.left < right + 4:
            return False
        if label.lane > option.lane and left < there < right:
            return False
        if label.lane < option.lane and label.left - 2 < x < label.left + wide + 2:
            return False
    return True


def _crossings(points: Sequence[tuple[float, float]], placed: Sequence[Label], walls: Sequence[float]) -> int:
    """Count the words a leader of higher words or a wall runs through."""
    leaders = [(x, upper.lane) for (x, _), upper in zip(points, placed, strict=True)]
    leaders += [(wall, 2 * len(points) + 2) for wall in walls]
    return sum(
        lower.lane < lane and lower.left < x < lower.left + width
        for x, lane in leaders
        for (_, width), lower in zip(points, placed, strict=True)
    )


_TAIL = re.compile(r"(?:集团)?(?:股份)?有限(?:责任)?公司$")


def short_names(names: Sequence[str], limit: int = 6) -> list[str]:
    """Return names short enough for a drawing, still different from each other; the table keeps the full ones."""
    for cut in (limit, limit + 2, limit + 4):
        short = [_cut(_TAIL.sub("", name) or name, cut) for name in names]
        if len(set(short)) == len(set(names)):
            return short
    return [f"{_cut(_TAIL.sub('', name) or name, limit)}{index}" for index, name in enumerate(names, 1)]


def _cut(name: str, limit: int) -> str:
    """Cut to `limit` full-width signs; letters count as half."""
    if width_of(name, 1) <= limit:
        return name
    kept = ""
    for sign in name:
        if width_of(kept + sign, 1) > limit - 1:
            break
        kept += sign
    return kept.rstrip() + "…"


def two_lines(name: str, limit: float) -> list[str]:
    """Break a name into at most two lines of `limit` em, the second one cut."""
    if width_of(name, 1) <= limit:
        return [name]
    first = name
    while width_of(first, 1) > limit:
        first = first[:-1]
    space = first.rfind(" ")
    if space > 0 and not name[len(first) :].startswith(" "):
        first = first[:space]
    return [first.rstrip(), _cut(name[len(first) :].strip(), int(limit))]

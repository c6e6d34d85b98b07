"""A small network: nodes on an oval at fixed places, ties as lines whose weight and kind can be read without colour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask_babel import gettext  # type: ignore[import-untyped]

from core.render.figures import drawing
from core.render.figures.drawing import BLUE, DARK, FAINT, LINE, PAPER, WIDTH, Figure, Sheet, Table

ROW = 34.0
RADIUS = 140.0
HEAVIEST = 7.0


@dataclass(frozen=True)
class Tie:
    """A line between two nodes by their index; `strong` ones are solid, others dashed; `said` stands in the table."""

    a: int
    b: int
    weight: float
    strong: bool
    said: str


def network(
    labels: Sequence[str], ties: Sequence[Tie], *, marked: Collection[int] = (), title: str = "", legend: str = ""
) -> Figure:
    """Draw the nodes on an oval, `marked` ones filled and bold, and a line per tie, the heaviest on top.

    The place of a node depends on its index and their number alone: the same network is the same drawing. ValueError
    without a node, or for a tie whose ends are not two of them.
    """
    count = len(labels)
    if not count or any(tie.a == tie.b or not (min(tie.a, tie.b) >= 0 and max(tie.a, tie.b) < count) for tie in ties):
        raise ValueError("a network needs nodes, and ties between two of them")
    left = (count + 1) // 2
    height = max(180.0, 40 + ROW * left)
    places = [_place(n, left, count, height) for n in range(count)]
    sheet = Sheet(height + 52)
    heaviest = max((tie.weight for tie in ties), default=1.0) or 1.0
    for tie in sorted(ties, key=lambda tie: tie.weight):
        (x1, y1), (x2, y2) = places[tie.a], places[tie.b]
        wide = 1 + (HEAVIEST - 1) * max(0.0, tie.weight) / heaviest
        dashes: dict[str, str] = {} if tie.strong else {"stroke_dasharray": "5 5"}
        sheet.line(x1, y1, x2, y2, DARK if tie.strong else LINE, stroke_width=wide, **dashes)
    room = (WIDTH / 2 - RADIUS - 24) / drawing.SIZE
    names = drawing.short_names(labels, int(room))
    for n, ((x, y), name) in enumerate(zip(places, names, strict=True)):
        is_marked = n in marked
        sheet.dot(x, y, 9 if is_marked else 7, DARK if is_marked else PAPER, stroke=DARK if is_marked else BLUE)
        side = -1 if n < left else 1
        sheet.text(x + 15 * side, y + 4.5, name, anchor="start" if side > 0 else "end", bold=is_marked)
    _legend(sheet, height + 30, legend)
    table = [[labels[tie.a], labels[tie.b], tie.said] for tie in sorted(ties, key=lambda tie: -tie.weight)]
    empty = [["—", "—", gettext("没有联系")]]
    described = gettext(
        "%(n)s 个对象，%(m)s 条联系，其中 %(k)s 条达到线索标准。",
        n=count, m=len(ties), k=sum(tie.strong for tie in ties),
    )  # fmt: skip
    headers = [gettext("一方"), gettext("另一方"), gettext("联系")]
    return sheet.finish(title or gettext("关系图"), described, Table(headers, table or empty))


def _place(n: int, left: int, count: int, height: float) -> tuple[float, float]:
    """The left half from the top down, the right half from the bottom up: neighbours in number are neighbours here."""
    on_left = n < left
    many = left if on_left else count - left
    row = n if on_left else count - 1 - n
    share = (row + 0.5) / many * 2 - 1
    bow = (1 - share * share) ** 0.5
    x = WIDTH / 2 + (-1 if on_left else 1) * RADIUS * (0.45 + 0.55 * bow)
    return x, 12 + (height - 24) * (share + 1) / 2


def _legend(sheet: Sheet, y: float, words: str) -> None:
    strong, weak = gettext("达到线索标准"), gettext("未达到")
    sheet.line(16, y, 52, y, DARK, stroke_width=4)
    sheet.text(60, y + 4.5, strong, fill=FAINT)
    x = 84 + drawing.width_of(strong)
    sheet.line(x, y, x + 36, y, LINE, stroke_width=2, stroke_dasharray="5 5")
    sheet.text(x + 44, y + 4.5, weak, fill=FAINT)
    if words:
        sheet.text(x + 68 + drawing.width_of(weak), y + 4.5, words, fill=FAINT)

"""Figures: they say what the numbers say, keep their words apart, and carry nothing a strict policy would refuse."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pypdfium2
import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.render import figures, pdf
from core.render.figures import Figure, Stage, drawing

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text("长河水务江南建设恒基利电工程局东启北辰市政 ABC", min_size=1, max_size=18).map(str.strip).filter(bool)
PRICES = st.lists(
    st.tuples(NAMES, st.integers(1, 10**12) | st.integers(16_000_000_000, 16_000_100_000)), min_size=1, max_size=12
)
AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)

EXAMPLES: dict[str, Callable[[], Figure]] = {
    "strip_plot": lambda: figures.strip_plot(
        [("长河水务集团有限公司", 16021588000), ("江南建设集团有限公司", 17143000000)], control_price=18650000000
    ),
    "ladder": lambda: figures.ladder([("乙", 17143000000), ("甲", 16021588000)], control_price=18650000000),
    "heatmap": lambda: figures.heatmap(
        ["甲", "乙", "丙"], [[None, 11, 30], [11, None, 92], [30, 92, None]], mark_from=70
    ),
    "waterfall": lambda: figures.waterfall([("雷同段落", 0.34), ("设备指纹", 0.27), ("合理解释", -0.05)]),
    "score_matrix": lambda: figures.score_matrix(
        ["专家 1", "专家 2"], ["甲", "乙"], [[Decimal("36.5"), Decimal("31")], [Decimal("30"), None]], full=Decimal(40),
        outliers={(0, 0)}, dropped={(1, 0)},
    ),
    "network": lambda: figures.network(
        ["长河水务集团有限公司", "江南建设集团有限公司", "恒基水利水电工程局", "东启建工股份有限公司", "北辰市政"],
        [figures.Tie(3, 4, 11.2, True, "+11.20"), figures.Tie(0, 1, 0.4, False, "+0.40")], marked={3, 4},
    ),
    "timeline": lambda: figures.timeline([Stage("公告", AT, AT + timedelta(days=5)), Stage("开标", AT)], now=AT),
}  # fmt: skip


def parsed(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(str(figure.svg))


def words(figure: Figure) -> list[str]:
    return [element.text or "" for element in parsed(figure).iter(f"{SVG}text")]


def boxes(figure: Figure) -> list[tuple[float, float, float, float, str]]:
    """Return left, right, top, bottom and text of each word, by the widest letters we expect."""
    found = []
    for element in parsed(figure).iter(f"{SVG}text"):
        size = float(element.get("font-size", drawing.SIZE))
        wide = drawing.width_of(element.text or "", size)
        left = (
            float(element.get("x", 0))
            - {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor", "")] * wide
        )
        y = float(element.get("y", 0))
        found.append((left, left + wide, y - size * 0.85, y + size * 0.2, element.text or ""))
    return found


def collisions(figure: Figure) -> list[tuple[str, str]]:
    found, hits = boxes(figure), []
    for n, a in enumerate(found):
        for b in found[n + 1 :]:
            if a[0] < b[1] - 0.5 and b[0] < a[1] - 0.5 and a[2] < b[3] - 0.5 and b[2] < a[3] - 0.5:
                hits.append((a[4], b[4]))
    return hits


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_figure_is_named_described_and_fit_for_a_strict_policy(name: str) -> None:
    """Seen red: a style attribute, a missing <desc>, ids by chance instead of by content."""
    figure = EXAMPLES[name]()
    root = parsed(figure)
    assert root.get("role") == "img"
    title, description = root.get("aria-labelledby", "").split()
    assert root.find(f"{SVG}title[@id='{title}']").text == figure.title != ""  # type: ignore[union-attr]
    assert root.find(f"{SVG}desc[@id='{description}']").text == figure.description != ""  # type: ignore[union-attr]
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=|href=|url\(", str(figure.svg))
    assert figure.svg == EXAMPLES[name]().svg
    assert figure.table.rows and all(len(row) == len(figure.table.headers) for row in figure.table.rows)


@pytest.mark.parametrize("name", EXAMPLES)
def test_words_keep_apart_and_inside(name: str) -> None:
    figure = EXAMPLES[name]()
    assert collisions(figure) == []
    assert all(left >= -0.5 and right <= drawing.WIDTH + 0.5 for left, right, *_ in boxes(figure))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_drawing_prints(name: str) -> None:
    """The words stand in the PDF as text. Seen red: a font size of 0."""
    figure = EXAMPLES[name]()
    with pypdfium2.PdfDocument(pdf.render_pdf(f'<html lang="zh-CN"><body>{figure.svg}')) as paper:
        assert len(paper) == 1
        printed = re.sub(r"\s", "", paper[0].get_textpage().get_text_range())
    for text in words(figure):
        assert re.sub(r"\s", "", text) in printed


@settings(deadline=None, max_examples=60)
@given(PRICES, st.none() | st.integers(1, 10**12))
def test_a_strip_never_lets_labels_collide(prices: list[tuple[str, int]], control_price: int | None) -> None:
    """Equal prices too. Seen red: dropping the comparison inside a lane."""
    figure = figures.strip_plot(prices, control_price=control_price)
    assert collisions(figure) == []
    assert all(left >= -0.5 and right <= drawing.WIDTH + 0.5 for left, right, *_ in boxes(figure))
    marks = [element for element in parsed(figure).iter() if element.get("class") == "mark"]
    assert len(marks) == len(prices)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(150, 500), min_size=1, max_size=9), st.none() | st.floats(600, 640))
def test_no_leader_and_no_limit_runs_through_a_label(spots: list[float], wall: float | None) -> None:
    """Away from the edges. Seen red: without the one-sided ways of working, and without walls among the crossings."""
    points = [(x, 80.0) for x in spots]
    walls = [] if wall is None else [wall]
    labels = drawing.place_labels(points, 0, 700, walls)
    for other in labels:
        for (x, _), label in zip(points, labels, strict=True):
            assert not (other.lane < label.lane and other.left < x < other.left + 80)
        assert not any(other.left < x < other.left + 80 for x in walls)


@settings(deadline=None, max_examples=40)
@given(st.lists(NAMES, min_size=1, max_size=30))
@example([f"长河水务{n}" for n in range(30)])
def test_a_network_keeps_its_names_apart(names: list[str]) -> None:
    """Up to thirty nodes. Seen red: with the nodes at equal angles, names touched at the top."""
    ties = [figures.Tie(n, n + 1, n, n % 2 == 0, str(n)) for n in range(len(names) - 1)]
    figure = figures.network(names, ties, marked={0})
    assert collisions(figure) == []
    assert all(left >= -0.5 and right <= drawing.WIDTH + 0.5 for left, right, *_ in boxes(figure))
    assert len([e for e in parsed(figure).iter() if e.get("class") == "mark"]) == len(names)


def test_the_strip_of_the_opening_hall_is_free_of_crossings() -> None:
    """Seven prices close together under their limit. Seen red: a layout that wrote a name across the limit's line."""
    prices = [160.22, 171.43, 168.90, 175.99, 183.76, 169.55, 172.02]
    names = ["长河水务", "江南建设", "恒基水利水电", "东启建工", "北辰市政建设", "宏图路桥工程", "天衡环境科技"]
    spots = [30 + (price - 158) / 30 * 600 for price in prices]
    points = [(x, drawing.width_of(f"{name} 1.602")) for x, name in zip(spots, names, strict=True)]
    limit = 30 + (186.5 - 158) / 30 * 600
    labels = drawing.place_labels(points, 4, 676, [limit])
    for (_, width), other in zip(points, labels, strict=True):
        assert not other.left < limit < other.left + width
        for (x, _), label in zip(points, labels, strict=True):
            assert not (other.lane < label.lane and other.left < x < other.left + width)


@settings(deadline=None, max_examples=60)
@given(PRICES)
@example([("A", 16_000_067_559), ("B", 16_000_075_516)])
def test_a_ladder_climbs_and_its_steps_add_up(prices: list[tuple[str, int]]) -> None:
    """Seen red: rungs in the order given; four ticks on an axis whose labels have eight decimals."""
    figure = figures.ladder(prices)
    heights = [float(mark.get("cx", 0)) for mark in parsed(figure).iter(f"{SVG}circle")]
    assert heights == sorted(heights)
    assert collisions(figure) == []
    fen = [round(float(row[1].replace(",", "")) * 100) for row in figure.table.rows]
    steps = [round(float(row[2].split(" / ")[0].replace(",", "")) * 100) for row in figure.table.rows[1:]]
    if fen[-1] < 10**11:  # within float's exact cents
        assert fen[0] + sum(steps) == fen[-1] == max(price for _, price in prices)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 14), st.randoms(use_true_random=False))
def test_a_heat_map_writes_every_number_readably(count: int, chance: random.Random) -> None:
    """Contrast of figures on their shade is at least 4.5. Seen red: white figures from the middle shade on."""
    values = [[None if i == j else float(chance.randint(0, 100)) for j in range(count)] for i in range(count)]
    figure = figures.heatmap([f"投标人{n}" for n in range(count)], values)
    assert collisions(figure) == []
    shade = ""
    for element in parsed(figure):
        if element.get("class") == "mark":
            shade = element.get("fill", "")
        elif shade and (element.text or "").isdigit() and element.get("fill") != drawing.FAINT:
            assert contrast(element.get("fill", ""), shade) >= 4.5
    assert [row[1:] for row in figure.table.rows] == [["—" if v is None else f"{v:.0f}" for v in row] for row in values]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two #rrggbb colours."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_marked_cells_differ_by_more_than_colour() -> None:
    """A frame and bold figures. Seen red: without `mark_from`."""
    svg = str(EXAMPLES["heatmap"]().svg)
    assert svg.count('stroke-width="3"') == 2 + 1  # two cells and the legend
    assert svg.count('font-weight="700">92') == 2


def test_a_waterfall_stands_where_the_one_above_ended() -> None:
    """Seen red: starting each bar at zero."""
    bars = [
        (float(bar.get("x", 0)), float(bar.get("width", 0)))
        for bar in parsed(EXAMPLES["waterfall"]()).iter(f"{SVG}rect")
    ]
    (first, wide), (second, wider), (back, small), (total, whole) = bars
    assert second == pytest.approx(first + wide, abs=0.02)
    assert back + small == pytest.approx(second + wider, abs=0.02)
    assert (total, whole) == (pytest.approx(first, abs=0.02), pytest.approx(back - first, abs=0.02))
    assert words(EXAMPLES["waterfall"]())[-1] == "0.56" or "0.56" in words(EXAMPLES["waterfall"]())


def test_the_mean_leaves_out_what_was_dropped_and_says_so() -> None:
    """Seen red: taking the mean over all scores gives 33.25."""
    table = EXAMPLES["score_matrix"]().table
    assert table.headers == ["投标人", "1 专家 1", "2 专家 2", "平均"]
    assert table.rows == [["甲", "36.50（偏离）", "30.00（未计入）", "36.50"], ["乙", "31.00", "—", "31.00"]]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(1, 6), st.randoms(use_true_random=False))
def test_dots_of_experts_never_hide_each_other(experts: int, bidders: int, chance: random.Random) -> None:
    """Seen red: every dot in the lowest lane."""
    scores = [[Decimal(chance.randint(280, 320)) / 10 for _ in range(bidders)] for _ in range(experts)]
    names = [f"专家 {n}" for n in range(experts)], [f"投标人{n}" for n in range(bidders)]
    figure = figures.score_matrix(*names, scores, full=Decimal(40), outliers={(0, 0)})
    marks = [dot for dot in parsed(figure).iter(f"{SVG}circle") if dot.get("class") == "mark"]
    dots = [(float(dot.get("cx", 0)), float(dot.get("cy", 0)), float(dot.get("r", 0))) for dot in marks]
    for n, (x, y, r) in enumerate(dots):
        for other, height, radius in dots[n + 1 :]:
            assert (x - other) ** 2 + (y - height) ** 2 >= (r + radius) ** 2 - 0.1
    assert collisions(figure) == []


def test_a_period_below_the_lawful_one_is_said_in_words() -> None:
    """Seen red: comparing with <=, and colour alone."""
    begin = date(2026, 10, 1)
    short = figures.timeline([Stage("编制投标文件", begin, date(2026, 10, 20), lawful_end=date(2026, 10, 21))])
    exact = figures.timeline([Stage("编制投标文件", begin, date(2026, 10, 21), lawful_end=date(2026, 10, 21))])
    assert "10-01 – 10-20 短于法定" in words(short)
    assert "10-01 – 10-21" in words(exact)


def test_a_timeline_speaks_beijing_days() -> None:
    """16:00 UTC is the next day there. Seen red: formatting the UTC instant."""
    figure = figures.timeline([Stage("开标", datetime(2026, 11, 20, 16, 0, tzinfo=UTC))])
    assert figure.table.rows == [["开标", "2026-11-21 00:00", "—", "—"]]
    assert "11-21 00:00" in words(figure)


def test_words_from_outside_are_escaped() -> None:
    """Seen red: leaving `escape` out of `text`."""
    figure = figures.strip_plot([("<script>alert(1)</script>&\"'", 100)])
    assert "<script" not in str(figure.svg)
    parsed(figure)


def test_english_readers_get_millions() -> None:
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.test_request_context():
        figure = figures.strip_plot([("Changhe", 16021588000)])
    assert "Changhe 160.216" in words(figure)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: figures.strip_plot([]),
        lambda: figures.ladder([]),
        lambda: figures.heatmap(["甲"], [[None, 1]]),
        lambda: figures.waterfall([]),
        lambda: figures.score_matrix(["甲"], ["乙"], [], full=Decimal(1)),
        lambda: figures.timeline([Stage("甲", AT, AT - timedelta(days=1))]),
    ],
)
def test_shapes_that_do_not_fit_are_refused(wrong: Callable[[], Figure]) -> None:
    with pytest.raises(ValueError):
        wrong()


def test_short_names_stay_different() -> None:
    """Seen red: cutting at a fixed length."""
    names = ["江南建设集团有限公司", "江南建设有限公司", "恒基水利水电工程局有限公司", "恒基水利水电工程局第二有限公司"]
    short = drawing.short_names(names)
    assert len(set(short)) == 4 and all(drawing.width_of(name, 1) <= 10.7 for name in short)

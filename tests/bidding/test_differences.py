"""Differences of two versions: by paragraph, by word, with pages; what only moved or was cut elsewhere is told so."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidding.rules.differences import Change, Row, changes_in, compare
from core.documents import Paragraph


def pages(*texts: str, each: int = 3) -> list[Paragraph]:
    """Paragraphs, `each` to a page."""
    return [Paragraph(text, n, (n - 1) // each + 1) for n, text in enumerate(texts, 1)]


def marked(row: Row) -> tuple[list[str], list[str]]:
    """What is marked on either side."""
    old = [text for text, mark in row.old.parts if mark] if row.old else []
    new = [text for text, mark in row.new.parts if mark] if row.new else []
    return old, new


def told(rows: Sequence[Row]) -> list[str]:
    """The changes of all rows."""
    return [str(row.change) for row in rows]


BASE = (
    "第一章 招标公告",
    "本工程工期为三十日历天，质量要求合格。",
    "投标保证金金额为人民币 80.00 万元，投标截止前到账。",
    "第二章 投标人须知",
    "桩长按 10 米计算，桩径 600 毫米。",
    "停水接驳窗口每次不超过 8 小时，须提前 72 小时报招标人批准。",
)


def test_the_same_words_are_no_change_however_they_are_cut() -> None:
    """White space, full-width forms, a page break inside a paragraph. Seen red: with texts compared as they are."""
    cut = [text for text in BASE if "桩长" not in text]
    new = pages(*cut[:3], "第二章\u3000投标人须知", "桩长按１０米计算，", "桩径600毫米。", BASE[5], each=2)
    assert set(told(compare(pages(*BASE), new))) == {"same"}


def test_only_the_changed_words_are_marked() -> None:
    """Chinese by letter, numbers whole. Seen red: with numbers cut into digits, and with single letters left over."""
    new = list(BASE)
    new[1] = "本工程工期为四十五日历天，质量要求合格。"
    new[2] = new[2].replace("80.00", "75.50")
    rows = compare(pages(*BASE), pages(*new))
    changed = [row for row in rows if row.change is Change.CHANGED]
    assert [marked(row) for row in changed] == [(["三十"], ["四十五"]), (["80.00"], ["75.50"])]
    assert [(row.old.page, row.new.page) for row in changed if row.old and row.new] == [(1, 1), (1, 1)]
    assert changes_in(rows) == 2


def test_added_and_removed_paragraphs_stand_alone() -> None:
    """Unlike ones are not forced into a pair. Seen red: with ALIKE at nought."""
    new = [*BASE[:2], "招标人将组织一次公开的现场踏勘，所有潜在投标人均可参加。", *BASE[3:]]
    rows = compare(pages(*BASE), pages(*new))
    assert [change for change in told(rows) if change != "same"] == ["removed", "added"]
    assert marked(rows[2]) == ([BASE[2]], [])


def test_a_moved_paragraph_is_one_change_with_both_its_places() -> None:
    """Also when a word changed on the way; short lines do not count as moved. Seen red: without `_with_moves`."""
    new = [BASE[0], *BASE[2:], BASE[1].replace("合格", "优良")]
    rows = compare(pages(*BASE), pages(*new))
    (moved,) = [row for row in rows if row.change is not Change.SAME]
    assert moved.change is Change.MOVED and moved.old and moved.new
    assert (moved.old.number, moved.new.number) == (2, 6)
    assert (moved.old.page, moved.new.page) == (1, 2)
    assert marked(moved) == (["合格"], ["优良"])
    short = compare(pages("甲", *BASE, each=9), pages(*BASE, "甲", each=9))
    assert [change for change in told(short) if change != "same"] == ["removed", "added"]


LIKE = (*BASE, BASE[1].replace("三十", "四十五"), BASE[2].replace("80.00", "75"), BASE[5].replace("8 小时", "6 小时"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(LIKE), max_size=8), st.lists(st.sampled_from(LIKE), max_size=8))
def test_nothing_is_lost_on_either_side(old: list[str], new: list[str]) -> None:
    """Each side's paragraphs appear exactly once. Seen red: with pairs dropped, and the rest after the last pair."""
    rows = compare(pages(*old), pages(*new))
    left = "".join(sorted(row.old.text for row in rows if row.old))
    right = "".join(row.new.text for row in rows if row.new)
    assert sorted("".join(left)) == sorted("".join(old))
    assert right == "".join(new)
    assert (changes_in(rows) == 0) == (old == new)


def test_a_thick_document_is_compared_in_seconds() -> None:
    """3,000 paragraphs with 60 changes. Seen red: with every paragraph tried against every other."""
    chance = random.Random(7)
    words = ["管道", "基坑", "混凝土", "强度", "接驳", "验收", "监理", "水泵", "阀门", "试压", "回填", "支护"]
    old = ["".join(chance.choices(words, k=25)) + str(n) for n in range(3_000)]
    new = list(old)
    for place in chance.sample(range(3_000), 60):
        new[place] = new[place].replace("管道", "箱涵", 1) + "。"
    began = time.monotonic()
    rows = compare(pages(*old), pages(*new))
    assert changes_in(rows) == 60
    assert time.monotonic() - began < 10

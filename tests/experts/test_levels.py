"""Criteria scored by published levels: bands, pass or fail, so many points each; nothing between them counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bidding.forms import read_method
from bidding.rules.method import check_method
from core.act import SYSTEM
from core.errors import Invalid
from experts import queries, services
from experts.rules import check_score
from tests.experts.story import METHOD, Story


def leveled(levels: Any) -> dict[str, Any]:
    """The story's method, its first criterion (20 points) with levels."""
    first, *rest = METHOD["criteria"]
    return {**METHOD, "criteria": [{**first, "levels": levels}, *rest]}


def test_levels_are_published_scores_from_the_full_mark_down() -> None:
    """R-454. Seen red: without the order, without the full mark first."""
    assert check_method(leveled(["20", "12", "0"]))["criteria"][0]["levels"] == ["20", "12", "0"]
    for wrong in (
        ["20"],
        ["12", "20"],
        ["20", "20"],
        ["19", "0"],
        ["20", "-1"],
        ["20", "x"],
        ["20", "0.005"],
        "20/0",
        None,
    ):
        with pytest.raises(Invalid, match=r"method\.levels"):
            check_method(leveled(wrong))


def test_the_wizard_reads_levels_from_one_line() -> None:
    """10/6/0, also with full-width strokes. Seen red: with the line kept as one text."""
    fields = {"formula": "lowest-first/v1", "price_points": "90"}
    lists = {
        "criterion_name": ["方案", "业绩"], "criterion_group": ["technical", "qualification"],
        "criterion_points": ["6", "4"], "criterion_levels": ["6／3／0", ""], "criterion_text": ["", ""],
    }  # fmt: skip
    first, second = read_method(fields, lists)["criteria"]
    assert first["levels"] == ["6", "3", "0"] and "levels" not in second


def test_a_member_can_give_only_a_level(story: Story, enter: Any) -> None:
    """In the service and on the sheet, where the levels are to be chosen. Seen red: without the check."""
    with pytest.raises(Invalid, match=r"score\.level"):
        check_score(leveled(["20", "12", "0"])["criteria"][0], Decimal("13"))
    story.to_drawn()
    with story.platform.act(SYSTEM) as act:
        story.section(act.session).method = leveled(["20", "12", "0"])
    story.arrive()
    story.elect()
    story.review()
    story.begin_scoring()
    with story.as_member("M1") as act:
        sheet = queries.own_sheet(act.session, story.seat_of(act, "M1"), 1)
        with pytest.raises(Invalid, match=r"score\.level"):
            services.save_scores(act, sheet, {"T1": Decimal("18")})
        services.save_scores(act, sheet, {"T1": Decimal("12.00")})
    browser = enter(story.person_actor(next(one for one in story.members() if one.label == "M1")))
    page = browser.get(f"/expert/{story.code}/score/1").text
    assert '<option value="12" selected>12</option>' in page and "只取所列分档" in page
    refused = browser.post(f"/expert/{story.code}/score/1", data={"T1": "13"})
    assert refused.status_code == 422 and "20、12、0" in refused.text

"""A criterion computed from the bid's own schedule: nobody scores it, and everybody can compute it again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bidding.forms import read_method
from bidding.rules.method import check_method
from core.act import SYSTEM
from core.errors import Invalid
from experts import queries, services
from experts.rules import computed_score
from tests.experts.story import METHOD, Story

DAYS = {"of": "duration_days", "full": 281, "none": 284}


def computed(told: Any, **more: Any) -> dict[str, Any]:
    """The story's method, its third criterion (10 points, objective) computed."""
    first, second, third, *rest = METHOD["criteria"]
    return {**METHOD, "criteria": [first, second, {**third, "computed": told, **more}, *rest]}


@pytest.mark.parametrize(
    ("days", "points"), [(1, "10.00"), (281, "10.00"), (282, "6.67"), (283, "3.33"), (284, "0.00"), (9_999, "0.00")]
)
def test_full_up_to_one_day_none_from_another_linear_between(days: int, points: str) -> None:
    """Half up to a hundredth. Seen red: without either clamp."""
    assert str(computed_score(computed(DAYS)["criteria"][2], {"duration_days": days})) == points


@pytest.mark.parametrize(
    ("told", "more"),
    [({**DAYS, "of": "price_fen"}, {}), ({**DAYS, "full": 284}, {}), ({**DAYS, "full": "281"}, {}), ({"full": 1}, {}),
     (None, {}), (DAYS, {"objective": False}), (DAYS, {"levels": ["10", "0"]})],
)  # fmt: skip
def test_a_method_that_could_not_be_computed_is_refused(told: Any, more: dict[str, Any]) -> None:
    """Seen red: each without its part of the check."""
    assert check_method(computed(DAYS))
    with pytest.raises(Invalid, match=r"method\.computed"):
        check_method(computed(told, **more))


@pytest.mark.parametrize("text", ["工期 90-120", "工期90至120天", "Duration 90 – 120 days"])
def test_the_wizard_reads_it_from_one_line(text: str) -> None:
    """And a line that is no such thing is levels, which the check then refuses. Seen red: with the line as levels."""
    fields = {"formula": "lowest-first/v1", "price_points": "90"}
    lists = {
        "criterion_name": ["工期"], "criterion_group": ["technical"], "criterion_points": ["10"],
        "criterion_levels": [text], "criterion_text": [""], "criterion_objective": ["1"],
    }  # fmt: skip
    assert read_method(fields, lists)["criteria"][0]["computed"] == {"of": "duration_days", "full": 90, "none": 120}
    with pytest.raises(Invalid, match=r"method\.levels"):
        check_method(read_method(fields, lists | {"criterion_levels": ["工期 90"]}))


def test_every_sheet_holds_it_from_the_start_and_nobody_can_change_it(story: Story, enter: Any) -> None:
    """In the service and on the page. Seen red: without the refusal; without the scores at the beginning."""
    story.to_drawn()
    with story.platform.act(SYSTEM) as act:
        story.section(act.session).method = computed(DAYS)
    story.arrive()
    story.elect()
    story.review()
    story.begin_scoring()
    with story.as_member("M1") as act:
        sheet = queries.own_sheet(act.session, story.seat_of(act, "M1"), 2)
        assert queries.own_items(act.session, sheet.member)[sheet.id]["Q1"].value == Decimal("6.67")
        with pytest.raises(Invalid, match=r"score\.computed"):
            services.save_scores(act, sheet, {"Q1": Decimal("6.67")})
    browser = enter(story.person_actor(next(one for one in story.members() if one.label == "M1")))
    page = browser.get(f"/expert/{story.code}/score/2").text
    assert "按投标数据自动计算" in page and "本投标 282 日" in page and 'name="Q1"' not in page
    assert browser.post(f"/expert/{story.code}/score/2", data={"Q1": "10"}).status_code == 422

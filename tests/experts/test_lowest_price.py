"""A method in which the price alone decides: nothing to score, the lowest responsive price is first (R-451, R-603)."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest

from core.act import Platform
from core.clock import StoppedClock
from tests.experts import opened
from tests.experts import story as stories
from tests.experts.story import PRICES, Story

LOWEST: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [],
    "price": {"formula": "lowest-first/v1", "points": "100"},
    "review": stories.METHOD["review"],
}


def test_the_lowest_responsive_price_ranks_first(
    platform: Platform, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reviewed, locked, reported: the members have no criterion to score, and the report names this method.

    Seen red: with prices ranked downwards; with the method's name written into the report's template.
    """
    monkeypatch.setattr(opened, "METHOD", LOWEST)
    monkeypatch.setattr(stories, "SCORES", {})
    story = Story(platform, clock)
    story.to_delivered()
    with platform.reading() as session:
        committee = story.committee(session)
        result, report = committee.result, platform.store.read(str(committee.report_sha256))
    paper = pypdfium2.PdfDocument(report)
    text = "".join(page.get_textpage().get_text_bounded() for page in paper).replace("\r\n", "")
    assert "评标办法：经评审的最低投标价法" in text and "综合评估法" not in text and "lowest-first" not in text
    by_price = sorted(range(1, len(PRICES) + 1), key=lambda number: PRICES[number - 1])
    rejected = {bid["number"] for bid in result["conformity"]["bids"] if bid["rejected"]}
    assert [row["number"] for row in result["ranking"]] == [number for number in by_price if number not in rejected]
    assert result["ranking"][0]["total"] == "100.00"
    assert result["candidates"] == [row["number"] for row in result["ranking"]][:3]

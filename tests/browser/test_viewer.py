"""The viewer in a real browser: keys, panel beside the score sheet, bids side by side; sound at both widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.oracles import Watch, problems_at_widths
from tests.browser.test_evaluation import member, story, visit
from tests.experts.story import Story
from tests.experts.test_viewing import pages, plant

__all__ = ["story", "visit"]


def test_pages_are_turned_by_keys_and_stand_beside_the_form(
    story: Story, visit: Callable[..., tuple[Page, Watch]]
) -> None:
    """Sabotage: without viewer.js the link leaves the score sheet, and no key turns a page."""
    story.to_scoring()
    plant(story, 1)
    plant(story, 2, data=pages("a", "b", "c", "d"))
    reader = member(story, "M1")
    page, watch = visit(reader, f"/expert/{story.code}/score/1")
    page.get_by_label("施工组织设计得分").fill("17")
    page.locator("a[data-view]").first.click()
    panel: Any = page.locator("#view-panel")
    expect(panel.locator(".viewer-text")).to_contain_text("dewatering by wells")
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".viewer-text")).to_contain_text("three")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_label("施工组织设计得分")).to_have_value("17")
    page.locator("a[data-view]").first.click()
    panel.get_by_role("link", name="整页打开").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("阅读文件")
    page.wait_for_load_state()  # keys are heard once the script has run
    page.keyboard.press("Home")
    expect(page.locator("input[name=page]")).to_have_value("1")
    page.keyboard.press("=")
    expect(page.locator("[data-zoom-now]")).to_have_text("125%")
    found = problems_at_widths(page, watch)
    page.goto(page.url.split("/bids/")[0] + "/compare-pages/T1")
    expect(page.locator(".viewer-column img")).to_have_count(2)
    assert found + problems_at_widths(page, watch) == []

"""The regulator's desk, the public figures and the warnings in a real browser, empty and with a complaint (R-562)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.rules import Role
from core.act import Platform
from tests import factories
from tests.awards.test_orders import filed
from tests.bidding.stage import Stage
from tests.browser.oracles import Watch, problems_at_widths
from tests.browser.test_page_opening import enter

__all__ = ["enter"]
pytestmark = pytest.mark.browser


def test_a_complaint_is_taken_from_the_desk_to_an_order_and_its_end(platform: Platform, enter: Any) -> None:
    """Each page sound on a phone and on a desk; what the order does stands on the tender's page at once."""
    stage = Stage(platform).publish()
    page, site = enter(factories.actor(platform, Role.SUPERVISOR, "a"))
    watch = Watch(page)
    found: list[str] = []

    def look(path: str) -> None:
        page.goto(site + path)
        found.extend(problems_at_widths(page, watch))

    for path in ("/supervise/complaints", "/supervise/warnings", "/stats", "/notices?q=zzzz"):
        look(path)
    expect(page.get_by_text("没有符合条件的公告")).to_be_visible()
    filed(platform, stage.code)
    look("/supervise/complaints")
    page.get_by_role("link", name=f"{stage.code} · 1").click()
    found.extend(problems_at_widths(page, watch))
    page.get_by_text("责令暂停招标投标活动").click()
    page.locator("#order-text").fill("涉嫌排斥潜在投标人，需要核实")
    page.get_by_role("button", name="责令暂停", exact=True).click()
    expect(page.get_by_text("已责令暂停", exact=True)).to_be_visible()
    found.extend(problems_at_widths(page, watch))
    look(f"/sections/{stage.code}")
    expect(page.get_by_text("招标暂停，截止时间停走")).to_be_visible()
    page.goto(f"{site}/supervise/complaints/{stage.code}/1")
    page.locator("details summary", has_text="恢复").click()
    page.locator("#order-text").fill("已经核实，未见排斥")
    page.get_by_role("button", name="恢复", exact=True).click()
    look(f"/sections/{stage.code}/complaints")
    expect(page.get_by_text("期间各项期限停走")).to_be_visible()
    assert found == []

"""The wizard in a real browser: sound at every width, the law answers as one types, and all without scripts too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts.rules import Role
from bidding import queries, services
from bidding.rules.readiness import FORMS
from core.act import Platform
from tests.bidding.stage import Stage
from tests.browser.oracles import problems_at_widths
from tests.browser.test_bidding import Visit, visit  # noqa: F401 - the fixture

PAGES = [*(f"edit/{step}" for step in FORMS), "preview", "invitees"]


def drafted(platform: Platform) -> str:
    """A draft with a deadline too early, a bond too high and a suspicious wording."""
    stage = Stage(platform)
    code = stage.draft(bond_fen=900_000_00, qualification="须为本市注册企业，具有二级及以上资质")
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        services.update_section(act, section, deadline_at=act.now + timedelta(days=18))
    return code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_step_is_sound_at_every_width(platform: Platform, visit: Visit, language: str) -> None:  # noqa: F811
    """Overflow, axe, targets, console, titles. Seen red: long English stage names made the drawing's ticks collide."""
    code = drafted(platform)
    found = []
    for path in PAGES if language == "zh" else ("edit/procedure", "edit/method", "edit/bond"):
        page, watch = visit(Role.TENDEREE, f"/tender/sections/{code}/{path}?lang={language}")
        found += problems_at_widths(page, watch)
    assert found == []


def test_the_law_answers_beside_the_field_as_one_types(platform: Platform, visit: Visit) -> None:  # noqa: F811
    """Nothing is saved by it. Seen red: without the out-of-band parts."""
    code = drafted(platform)
    page, _ = visit(Role.TENDEREE, f"/tender/sections/{code}/edit/procedure")
    beside = page.locator("#found-deadline_at")
    expect(beside).to_contain_text("18 日，规定不少于 20 日")
    expect(beside).to_contain_text("招标投标法第二十四条")
    page.fill("#deadline_at", "2026-11-06T09:30")
    expect(beside).to_contain_text("29 日")
    expect(page.locator("#timeline")).to_contain_text("11-06 09:30")
    page.check("#procedure-3")
    expect(page.locator("#found-procedure")).to_contain_text("不能采用这种方式")
    page.reload()
    expect(beside).to_contain_text("18 日")


def test_the_points_add_up_as_one_types(platform: Platform, visit: Visit) -> None:  # noqa: F811
    """Seen red: with the total of the saved draft."""
    code = drafted(platform)
    page, _ = visit(Role.TENDEREE, f"/tender/sections/{code}/edit/method")
    expect(page.locator("#points-total")).to_contain_text("100 / 100")
    page.fill("#price_points", "40")
    expect(page.locator("#points-total")).to_contain_text("90 / 100")
    page.locator("input[name=criterion_points]").nth(3).fill("10")
    page.locator("input[name=criterion_name]").nth(3).fill("售后服务")
    expect(page.locator("#points-total")).to_contain_text("100 / 100")


def test_the_wizard_works_without_scripts(platform: Platform, visit: Visit) -> None:  # noqa: F811
    """Saving shows the same answer. Seen red: with the findings only in the fragment."""
    code = drafted(platform)
    page, _ = visit(Role.TENDEREE, f"/tender/sections/{code}/edit/procedure", javascript=False)
    page.fill("#deadline_at", "2026-10-20T09:30")
    page.get_by_role("button", name="保存草稿并检查").click()
    expect(page.locator("#found-deadline_at")).to_contain_text("12 日，规定不少于 20 日")
    page.fill("#deadline_at", "2026-11-03T09:30")
    page.get_by_role("button", name="保存并到下一步").click()
    expect(page).to_have_url(f"{page.url.split('/tender')[0]}/tender/sections/{code}/edit/qualification")

"""An objection from its form to the moved deadline, and a document's changes, in a real browser: phone and desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from core.act import Platform
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Stage
from tests.bidding.test_versions import replace
from tests.browser.oracles import Watch, problems

Visit = Callable[..., tuple[Page, Watch]]
OBJECTION = "第三章评分办法要求本市业绩，属于不合理限制，请删去。"
LOOKS = ((1280, "zh-CN"), (390, "en"))


@pytest.fixture
def visit(app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Visit:
    """`visit(role, path, width=390)`: a page signed in as the test's person of that role, with its watch."""
    address = serve(app)

    def go(role: Role | None, path: str, *, width: int = 1280, person: str = "a", **options: str) -> tuple[Page, Watch]:
        page = new_page(width, **options)
        if role is not None:
            actor = factories.actor(platform, role, person)
            with platform.act(actor) as act:
                token = open_sign_in(
                    act, person_by_id(act.session, actor.person_id or 0), method="certificate", carrier="cookie"
                )
            with app.app_context():
                page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        watch = Watch(page)
        page.goto(address + path)
        return page, watch

    return go


def sound(visit: Visit, role: Role | None, path: str) -> list[str]:
    """What is wrong with the page on a desk in Chinese and on a phone in English."""
    found = []
    for width, locale in LOOKS:
        page, watch = visit(role, path, width=width, locale=locale)
        found += [f"{path} at {width}: {one}" for one in problems(page, watch)]
        page.context.close()
    return found


def test_an_objection_suspends_and_its_answer_moves_the_deadline(platform: Platform, visit: Visit) -> None:
    """As people do it: form, 暂停 for everybody, the desk, the answer by two people. Seen red: without resuming."""
    stage = Stage(platform).publish()
    code, old = stage.code, stage.section().closing_at
    faults = sound(visit, Role.BIDDER, f"/sections/{code}/objections")
    page, _ = visit(Role.BIDDER, f"/sections/{code}/objections", width=390)
    page.fill("#text", "请致电 13812345678。")
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_text("138******78").first).to_be_visible()
    page.fill("#text", OBJECTION)
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_text("招标暂停，截止时间停走")).to_be_visible()
    assert OBJECTION not in page.content()
    paths = (
        (None, f"/sections/{code}"),
        (Role.BIDDER, f"/bid/{code}"),
        (None, "/sections"),
        (Role.TENDEREE, f"/tender/sections/{code}/objections"),
        (Role.TENDEREE, "/inbox"),
    )
    for role, path in paths:
        faults += sound(visit, role, path)
    platform.clock.advance(days=1, hours=2)  # type: ignore[attr-defined]
    page, _ = visit(Role.TENDEREE, f"/tender/sections/{code}/objections")
    page.get_by_role("link", name="答复", exact=True).click()
    page.fill("#text", "该项为加分项，不作资格条件，文件不改。")
    page.get_by_label("不影响", exact=False).first.check()
    page.fill("#reason", "文件内容没有变化")
    page.get_by_role("button", name="下一步：检查并送审").click()
    page.get_by_role("button", name="送审", exact=True).click()
    address = page.url
    second, _ = visit(Role.TENDEREE, address[address.index("/tender") :], person="a2")
    expect(second.get_by_text("发布后恢复招标")).to_be_visible()
    second.fill("#confirmation", code)
    second.get_by_role("button", name="发布给所有人").click()
    expect(second.get_by_text(OBJECTION)).to_be_visible()
    expect(second.get_by_text("招标暂停，截止时间停走")).to_have_count(0)
    assert stage.section().closing_at == old + timedelta(days=2)
    faults += sound(visit, None, f"/sections/{code}")
    assert faults == []


def test_the_changes_of_a_document_are_read_without_scripts_and_by_keyboard(platform: Platform, visit: Visit) -> None:
    """Two columns on a desk, one below the other on a phone, from change to change. Seen red: without the targets."""
    stage = Stage(platform).publish()
    replace(stage)
    two_persons.clarify(platform, stage.code, text="另一处说明。")
    path = f"/sections/{stage.code}/documents/tender/1/2"
    faults = sound(visit, None, path)
    faults += sound(visit, None, f"/sections/{stage.code}")
    page, _ = visit(None, path, javascript=False)
    page.get_by_role("link", name="第一处").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#change-1")
    page.locator("#change-1").get_by_role("link", name="下一处").press("Enter")
    assert page.url.endswith("#change-2")
    old, new = (page.locator("#change-2").locator(mark).bounding_box() for mark in ("del", "ins"))
    assert old is not None and new is not None
    assert new["x"] > old["x"] + 200, "side by side"
    page.context.close()
    page, _ = visit(None, path, width=390, javascript=False)
    old, new = (page.locator("#change-2").locator(mark).bounding_box() for mark in ("del", "ins"))
    assert old is not None and new is not None
    assert new["y"] > old["y"] + 20, "one below the other"
    assert faults == []

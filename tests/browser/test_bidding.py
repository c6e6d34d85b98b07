"""Bidding in a real browser: every page sound on a phone and a desk, and a tenderee's way without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from bidding import queries, services
from core.act import Platform
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Bidder, Stage
from tests.browser.oracles import Watch, problems, problems_at_widths

Visit = Callable[..., tuple[Page, Watch]]


@pytest.fixture
def visit(app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Visit:
    """`visit(role, path, width=390)`: a page signed in as the test's person of that role, with its watch."""
    address = serve(app)

    def go(role: Role | None, path: str, *, width: int = 1280, person: str = "a", **options: Any) -> tuple[Page, Watch]:
        page = new_page(width, **options)
        if role is not None:
            actor = factories.actor(platform, role, person)
            with platform.act(actor) as act:
                held = person_by_id(act.session, actor.person_id or 0)
                token = open_sign_in(act, held, method="certificate", carrier="cookie")
            with app.app_context():
                page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        watch = Watch(page)
        page.goto(address + path)
        return page, watch

    return go


def test_every_page_is_sound_at_every_width(platform: Platform, visit: Visit, tmp_path: Path) -> None:
    """Overflow, wrapping, axe, targets, console, titles. Seen red: with a table of inputs without labels."""
    draft, stage = Stage(platform), Stage(platform)
    draft.draft(bond_fen=900_000_00, qualification="须为本市注册企业，具有二级及以上资质")
    stage.publish()
    with stage.act(Role.BIDDER) as act:
        services.ask_question(
            act, queries.section(act.session, stage.code), "第 32 页桩长与图纸 S-07 不一致，以哪个为准？"
        )
    platform.clock.advance(days=20)  # type: ignore[attr-defined]
    two_persons.clarify(platform, stage.code, text="桩长 12 米。", question=1)
    waiting = two_persons.draft_clarification(platform, stage.code, text="外地企业另行通知。")
    sealed = Bidder("宏远市政", tmp_path / "bidder").seal(stage.policy())
    stage.commit(sealed)
    project, drafted = stage.section().project.code, draft.section().project.code
    handle = sealed.submission["handle"]
    visits: list[tuple[Role | None, str]] = [
        (None, "/sections"),
        (None, f"/sections/{stage.code}"),
        (None, f"/sections/{stage.code}/held?handle={handle}"),
        (None, "/receipts/check"),
        (Role.TENDEREE, "/tender"),
        (Role.TENDEREE, "/tender/new"),
        (Role.TENDEREE, f"/tender/projects/{project}"),
        (Role.TENDEREE, f"/tender/projects/{drafted}"),
        (Role.TENDEREE, f"/tender/projects/{drafted}/sections/new"),
        (Role.TENDEREE, f"/tender/sections/{draft.code}/edit"),
        (Role.TENDEREE, f"/tender/sections/{draft.code}/documents"),
        (Role.TENDEREE, f"/tender/sections/{draft.code}/submit"),
        (Role.TENDEREE, f"/tender/sections/{draft.code}/publish"),
        (Role.TENDEREE, f"/tender/sections/{stage.code}/publications/{waiting.number}"),
        (Role.TENDEREE, f"/tender/sections/{stage.code}/clarifications"),
        (Role.OFFICER, "/custody"),
        (Role.OFFICER, f"/sections/{draft.code}/trustees"),
        (Role.OFFICER, f"/sections/{stage.code}/rehearsal"),
        (Role.BIDDER, "/bid"),
        (Role.BIDDER, f"/bid/{stage.code}"),
        (Role.BIDDER, f"/sections/{stage.code}/questions"),
    ]
    found = []
    for role, path in visits:
        page, watch = visit(role, path)
        found += problems_at_widths(page, watch)
        page.context.close()
    assert found == []


def test_a_receipt_is_checked_in_the_browser(platform: Platform, visit: Visit, tmp_path: Path) -> None:
    """Pasted, checked, explained; changed, refused with the focus on why. Seen red: with the form's CSRF demanded."""
    stage = Stage(platform).publish()
    _, receipt = stage.commit(Bidder("宏远市政", tmp_path / "bidder").seal(stage.policy()))
    page, watch = visit(None, "/receipts/check", width=390)
    page.get_by_label("回执 JSON").fill(json.dumps(receipt))
    page.get_by_role("button", name="核验").click()
    expect(page.get_by_role("heading", name="回执成立")).to_be_visible()
    assert problems(page, watch) == []
    page.get_by_label("回执 JSON").fill(json.dumps({**receipt, "kind": "withdraw"}))
    page.get_by_role("button", name="核验").click()
    expect(page.get_by_role("alert")).to_contain_text("签名不成立")


def test_a_tenderee_publishes_without_scripts(platform: Platform, visit: Visit) -> None:
    """Checks, typed confirmation and notice need no JavaScript. Seen red: a button enabled by script."""
    stage = Stage(platform)
    two_persons.submit(platform, stage.draft())
    page, _ = visit(Role.TENDEREE, f"/tender/sections/{stage.code}/publish", javascript=False, person="a2")
    expect(page.get_by_text("送审指纹")).to_be_visible()
    page.get_by_label("确认文字").fill(stage.code)
    page.get_by_role("button", name="发布公告").click()
    expect(page.get_by_text("已发布")).to_be_visible()
    expect(page.get_by_role("heading", name="为什么看不到投标家数")).to_be_visible()

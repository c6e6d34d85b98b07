"""A trustee's key in the page: made with a tested backup, rehearsed, and used on opening day after its own checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from bidding import queries as bidding
from core.act import Actor, Platform
from core.seal import recipient_of
from core.seal.keyfile import KeyFile
from opening import services
from tests import factories
from tests.bidding.stage import Stage as Draft
from tests.browser.oracles import Watch, problems
from tests.opening.stage import CODE, Stage

PASSPHRASE = "correct-horse-battery"


@pytest.fixture
def enter(app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]) -> Any:
    """`enter(actor, width=390)`: a browser signed in as the actor, and the site's address; again with `page`."""
    address = serve(app)

    def go(actor: Actor, width: int = 1280, page: Page | None = None) -> tuple[Page, str]:
        page = page or new_page(width)
        with platform.act(actor) as act:
            person = person_by_id(act.session, actor.person_id or 0)
            token = open_sign_in(act, person, method="certificate", carrier="cookie")
        with app.app_context():
            page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        return page, address

    return go


def test_a_key_is_registered_only_once_its_backup_opened(platform: Platform, enter: Any, tmp_path: Path) -> None:
    """Made, downloaded, tested, registered; the program takes the backup over. Seen red: registered when made."""
    draft = Draft(platform)
    draft.draft()
    officer = factories.actor(platform, Role.OFFICER)
    page, address = enter(officer, 390)
    watch = Watch(page)
    before = recipients(platform, draft, officer)
    page.goto(f"{address}/sections/{draft.code}/trustees")
    expect(page.locator("#trustee-key [data-light=missing]").first).to_be_visible()
    page.locator("#make-passphrase").fill(PASSPHRASE)
    page.locator("#make-repeat").fill(PASSPHRASE)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="生成钥匙并下载备份").click()
    file = tmp_path / "officer.age"
    download.value.save_as(file)
    held = KeyFile.unwrap(file.read_bytes(), PASSPHRASE)
    assert held.section == draft.code and held.key is None
    expect(page.locator("form[data-form=make] [data-said]")).to_contain_text("钥匙已生成", timeout=20_000)
    assert problems(page, watch) == []
    assert recipients(platform, draft, officer) == before
    page.locator("#test-file").set_input_files(file)
    page.locator("#test-passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="测试恢复并登记公钥").click()
    expect(page.locator("#trustee-key [data-light=ok]").first).to_be_visible(timeout=30_000)

    assert recipients(platform, draft, officer)["officer"] == recipient_of(held.identity)


def recipients(platform: Platform, draft: Draft, officer: Actor) -> dict[str, str]:
    """The public keys registered for the draft, by role."""
    with platform.reading() as session:
        section = bidding.own_section(session, draft.code, officer)
        return {held.role: held.recipient for held in bidding.trustees(session, section)}


def key_in(page: Page, address: str, stage: Stage, role: str, folder: Path) -> None:
    """Bring the stage's key of that role into the browser and rehearse with it."""
    file = folder / f"{role}.age"
    file.write_bytes(KeyFile(stage.keys[role], stage.secrets[role], section=CODE).wrapped(PASSPHRASE))
    page.goto(f"{address}/sections/{CODE}/rehearsal")
    page.get_by_text("从备份恢复本标段的钥匙").click()
    page.locator("#restore-file").set_input_files(file)
    page.locator("#restore-passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="恢复", exact=True).click()
    expect(page.locator("#trustee-key [data-light=ok]").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="试开", exact=True).click()
    expect(page.get_by_text("您已于").first).to_be_visible(timeout=20_000)


def test_trustees_open_the_names_in_the_page(platform: Platform, enter: Any, tmp_path: Path) -> None:
    """Canary, pinning, then layer after layer in two browsers; before the deadline the key does nothing.

    Seen red: with the machine's clock left out of the check.
    """
    stage = Stage(platform, tmp_path / "machines")
    for letter in "abc":
        stage.submit(letter)
    pages = {}
    for role in ("officer", "supervisor"):
        page, address = enter(stage.trustees[role])
        key_in(page, address, stage, role, tmp_path)
        pages[role] = page
    with platform.reading() as session:
        assert bidding.trustee(session, bidding.section(session, CODE), "officer").rehearsed_at is not None
    stage.commit_draw()
    stage.close()
    for role, page in pages.items():
        enter(stage.trustees[role], page=page)
        watch = Watch(page)
        page.clock.set_fixed_time(stage.deadline - timedelta(milliseconds=1))  # the machine's own clock decides
        page.goto(f"{address}/opening/{CODE}/key")
        assert problems(page, watch) == []
        page.get_by_role("button", name="用本机钥匙剥开").click()
        expect(page.locator("form[data-form=peel] [data-said]")).to_contain_text("还没有到", timeout=20_000)
    assert stage.opening.state == "closed" and stage.tasks("officer")
    for page in pages.values():
        page.clock.set_fixed_time(stage.clock.now())
        page.get_by_role("button", name="用本机钥匙剥开").click()
        expect(page.locator("form[data-form=peel] [data-said]")).to_contain_text("等待", timeout=40_000)
    expect(pages["officer"].locator("form[data-form=peel] [data-said]")).to_contain_text("已剥开 6 层")
    expect(pages["supervisor"].locator("form[data-form=peel] [data-said]")).to_contain_text("已剥开 3 层")

    stage.act(stage.tenderee, services.publish_names)
    assert len([stage.bid(letter) for letter in "abc"]) == 3

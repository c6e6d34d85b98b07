"""Bonds in a real browser: finance returns one by two persons at the desk, the bidder reads it on the phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.services import open_sign_in
from bidding import queries as bidding
from bidding.services import bonds as services
from core.act import SYSTEM, Actor, Platform
from tests.bidding.bonds.stage import BondStage
from tests.browser.oracles import Watch, assert_sound

pytestmark = pytest.mark.browser


def test_a_refund_by_two_persons_and_the_bidder_reads_it(
    app: Flask, platform: Platform, tmp_path: Path, serve: Callable[[Flask], str], new_page: Callable[..., Page]
) -> None:
    """Another account is refused where it was typed; the second person approves; the phone shows the money back."""
    stage = BondStage(platform, tmp_path)
    stage.by_transfer("b")
    party, bidder = stage.party("b"), stage.bidder("b")
    claim = services.Claim(1, party["uscc"], party["name"], bidder.actor.organisation_id, bidder.facts["bond"])
    with platform.act(SYSTEM) as act:
        services.declare_bonds(act, bidding.section(act.session, stage.code), [claim])
    stage.state_bank()
    stage.due("contract")
    address = serve(app)

    def signed_in(actor: Actor, page: Page) -> tuple[Page, Watch]:
        with platform.act(actor) as act:
            person = person_by_id(act.session, actor.person_id or 0)
            token = open_sign_in(act, person, method="certificate", carrier="cookie")
        with app.app_context():
            page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        page.set_default_timeout(30_000)
        return page, Watch(page, lambda problem: "422" in problem)

    desk, watch = signed_in(stage.finance, new_page(1280))
    desk.goto(address)
    expect(desk.get_by_text("对账为零")).to_be_visible()
    desk.get_by_role("link", name="去办理").click()
    assert_sound(desk, watch)
    desk.get_by_role("link", name=bidder.name).click()
    desk.get_by_label("付款账号").fill("6222 9999 0000 1111")
    desk.get_by_role("button", name="提交退还单").click()
    expect(desk.get_by_text("已记录并告知监督部门").first).to_be_visible()
    desk.get_by_label("付款账号").fill(bidder.facts["bond"]["account"])
    desk.get_by_role("button", name="提交退还单").click()
    expect(desk.get_by_text("您经办的退还单须由另一人复核")).to_be_visible()
    assert_sound(desk, watch)
    second, watched = signed_in(stage.second, new_page(1280, locale="en"))
    second.goto(desk.url)
    second.get_by_role("button", name="Approve and pay").click()
    expect(second.get_by_text("attempt").first).to_be_visible()
    assert_sound(second, watched)
    phone, held = signed_in(bidder.actor, new_page(390))
    phone.goto(f"{address}/bonds/mine")
    expect(phone.get_by_text("已复核，待付款")).to_be_visible()
    assert_sound(phone, held)

"""A restriction is explained to the party and answered, and the ledger is read, in a real browser: phone and desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from core.act import Platform
from core.law import Snapshot
from credit import services
from tests import factories
from tests.browser.oracles import Watch, assert_sound
from tests.credit.city import ledger

pytestmark = pytest.mark.browser
T = Snapshot("T", "2026-10-01", {}, {"mandatory": ["yes"]})


def test_a_party_reads_why_and_asks_for_repair_and_the_public_reads_the_figures(
    app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]
) -> None:
    address = serve(app)
    bidder = factories.actor(platform, Role.BIDDER)
    with platform.act(factories.actor(platform, Role.OPERATOR)) as act:
        services.take_ledger(act, ledger())
        own = act.session.get(factories.Organisation, bidder.organisation_id)
        assert own is not None
        row = f"{own.name},{own.identifier},江水罚〔2026〕7号,串通投标,2026-03-01,2027-02-28,"
        factories.credit_lists(act, tender_bans=row)
        made = services.check_party(
            act, section_code="BJ-1", stage="opening", identifier=own.identifier, name=own.name, law=T
        )
        digest = next(check for check in made if check.source == "tender_bans").evidence_sha256
    phone = new_page(390, locale="en")
    phone.set_default_timeout(30_000)
    with platform.act(bidder) as act:
        token = open_sign_in(
            act, person_by_id(act.session, bidder.person_id or 0), method="certificate", carrier="cookie"
        )
    with app.app_context():
        phone.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
    watch = Watch(phone)
    phone.goto(f"{address}/credit/checks/{digest}")
    expect(phone.get_by_text("Restricted by law").first).to_be_visible()
    assert_sound(phone, watch)
    phone.get_by_label("Repair (put right or fulfilled)").check()
    phone.get_by_label("Reasons").fill("The ban was lifted last month; the decision is enclosed.")
    phone.get_by_role("button", name="Submit request").click()
    expect(phone.get_by_role("heading", name="Credit correction request no. 1")).to_be_visible()
    assert_sound(phone, watch)
    desk = new_page(1280)
    desk.set_default_timeout(30_000)
    watch = Watch(desk)
    desk.goto(f"{address}/credit/ledger?kind=ledger")
    expect(desk.get_by_text("99.85")).to_be_visible()
    desk.get_by_role("link", name="按名单").click()
    expect(desk.get_by_role("heading", name="按名单")).to_be_visible()
    assert_sound(desk, watch)

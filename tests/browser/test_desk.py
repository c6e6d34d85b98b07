"""The desk in a browser: a lead is taken on, machines are compared across projects, the card is read on a phone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person
from accounts.services import open_sign_in
from bidding import queries as bidding
from collusion import queries, services
from collusion.cli import collusion
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.seal import new_identity, recipient_of
from core.seal.keyfile import KeyFile
from opening import services as opening
from opening.services.devices import keep_record
from tests.browser.oracles import Watch, assert_sound
from tests.collusion.desk import opened
from tests.collusion.test_desk import CODE, scanned, supervisor
from tests.collusion.test_passages import OWN
from tests.factories import uscc

pytestmark = pytest.mark.browser
OTHER = "XS-2026-002-01"
MACHINE = {"mac": "3C-52-82-11-22-33", "disk": "S4EVNX0M778", "cpu": "", "host": "", "tool": "t/1"}
PASSPHRASE = "correct horse battery"


def lead(platform: Platform, clock: StoppedClock, key: str) -> None:
    """A lead on bids 1 and 2; another bidder's bid in another project was made on the machine of bid 1."""
    with platform.act(supervisor(platform)) as act:
        opening.name_regulator_key(act, recipient_of(key))
    opened(platform, clock, CODE, {1: OWN, 2: OWN, 3: "完全不同的第三家做法，逐段验收。"})
    opened(platform, clock, OTHER, {1: "甲", 2: "乙"}, others={2: uscc(777)})
    with platform.act(SYSTEM) as act:
        for code, number in ((CODE, 1), (OTHER, 2)):
            bids = queries.opened_bids(act.session, bidding.section(act.session, code))
            keep_record(act, bids[number - 1], MACHINE)
    with platform.act(supervisor(platform)) as act:
        services.record_scan(act, bidding.section(act.session, CODE), scanned(platform))


def signed_in(app: Flask, platform: Platform, page: Page, address: str, which: str) -> Page:
    with platform.act(SYSTEM) as act:
        held = person(act.session, supervisor(platform, which).name)
        token = open_sign_in(act, held, method="certificate", carrier="cookie")
    with app.app_context():
        page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
    page.set_default_timeout(30_000)
    return page


def test_a_lead_is_taken_on_and_its_machines_compared_then_read_on_a_phone(
    app: Flask,
    platform: Platform,
    clock: StoppedClock,
    serve: Callable[[Flask], str],
    new_page: Callable[..., Page],
    tmp_path: Path,
) -> None:
    key, address = new_identity(), serve(app)
    lead(platform, clock, key)
    file = tmp_path / "regulator.age"
    file.write_bytes(KeyFile(key, secrets.token_bytes(32)).wrapped(PASSPHRASE))
    desk = signed_in(app, platform, new_page(1280), address, "a")
    watch = Watch(desk)
    desk.goto(f"{address}/supervise/warnings")
    assert_sound(desk, watch)
    desk.get_by_role("link", name="W-2026-0001").click()
    desk.get_by_role("button", name="签收并承办").click()
    desk.get_by_text("比对其他项目的制作设备").click()
    desk.get_by_label("比对理由").fill("太短")
    desk.get_by_role("button", name="下载记录").click()
    expect(desk.get_by_text("至少写 10 个字").first).to_be_visible()
    watch = Watch(desk)  # the browser itself tells of the 422
    desk.get_by_label("比对理由").fill("两家设备标识相同，核查其他项目是否出自同一台机器。")
    with desk.expect_download() as handed:
        desk.get_by_role("button", name="下载记录").click()
    bundle, answer = tmp_path / "machines.json", tmp_path / "answer.json"
    handed.value.save_as(bundle)
    words = ["link", str(bundle), "--key", str(file), "--out", str(answer), "--passphrase", PASSPHRASE]
    assert CliRunner().invoke(collusion, words, catch_exceptions=False).exit_code == 0
    desk.get_by_label("比对结果文件").set_input_files(answer)
    desk.get_by_role("button", name="交回结果").click()
    expect(desk.get_by_role("cell", name=OTHER)).to_be_visible()
    assert_sound(desk, watch)
    phone = signed_in(app, platform, new_page(390, locale="en"), address, "b")
    watch = Watch(phone)
    phone.goto(f"{address}/supervise/warnings/W-2026-0001")
    expect(phone.get_by_role("heading", name="Machines compared across projects")).to_be_visible()
    assert_sound(phone, watch)

"""A certificate in a lock: the page signs through the program on this machine, and says so when it may not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, expect

from accounts import services
from accounts.access import door
from accounts.cli import Agent, Identity
from accounts.queries import person_by_id
from accounts.rules import Role
from core.act import SYSTEM, Platform
from core.seal.keys import certificate_signed
from portal.app import Settings, create_app
from tests import factories

PASSPHRASE = "correct-horse-battery"


def test_keys_with_a_lock_sign_by_the_program(
    platform: Platform, tmp_path: Path, serve: Callable[[Flask], str], new_page: Callable[..., Page]
) -> None:
    """Certificate from the program, sealing keys from the browser, the backup without a signing key."""
    answers = {"agree": True}
    actor = factories.actor(platform, Role.BIDDER)
    own = Identity.create(tmp_path / "lock")
    with platform.act(SYSTEM) as act:
        authority = factories.authority(act.now)
        services.add_authority(act, name="滨江演示认证中心", pem=authority.pem)
        person = person_by_id(act.session, actor.person_id or 0)
        held = services.issue_certificate(act, person, authority=authority, public_key=own.public_key)
        own.accept_certificate(held.pem)
        token = services.open_sign_in(act, person, method="certificate", carrier="cookie")
    agent = Agent(own, "http://127.0.0.1", lambda line: answers["agree"], port=0)
    threading.Thread(target=agent.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{agent.server_address[1]}"
    app = create_app(
        Settings(folder=tmp_path / "platform", origin="http://localhost", test=True, agent=address), platform
    )
    site = serve(app)
    agent.origin = site
    page = new_page()
    with app.app_context():
        page.context.add_cookies([{"name": door().cookie, "value": token, "url": site}])
    page.goto(site + "/account/keys")
    page.get_by_text("私钥在证书锁里（CA 锁）").click()
    page.locator("#agent-passphrase").fill(PASSPHRASE)
    page.locator("#agent-repeat").fill(PASSPHRASE)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="连接并下载备份").click()
    file = tmp_path / "backup.age"
    download.value.save_as(file)
    page.locator("#test-file").set_input_files(file)
    page.locator("#test-passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="测试恢复").click()
    expect(page.locator("#key-state [data-light=ok]")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("签名私钥在证书锁里")).to_be_visible()
    sign = """async (name) => {
      const { openKeys, hexOf } = await import("/static/seal/keys.js");
      const message = new Uint8Array([...new TextEncoder().encode(name), 10, ...new Uint8Array(32)]);
      try { return hexOf(await (await openKeys()).sign(message)); } catch (error) { return error.code; }
    }"""
    signature = bytes.fromhex(page.evaluate(sign, "sunbid-confirm/v1"))
    assert certificate_signed(held.pem, signature, b"sunbid-confirm/v1\n" + bytes(32))
    assert page.evaluate(sign, "anything/v1") == "agent.message"
    facts = """async () => (await import("/static/seal/device.js")).deviceFacts(
      await (await import("/static/seal/keys.js")).openKeys())"""
    agent.device = lambda: {"locks": ["4407-9921", "4407-9921", "", "锁", 7, *map(str, range(9))]}  # type: ignore[method-assign]
    assert page.evaluate(facts)["locks"] == ["4407-9921", *map(str, range(7))]
    agent.device = lambda: {"locks": []}  # type: ignore[method-assign]
    assert "locks" not in page.evaluate(facts)
    answers["agree"] = False
    assert page.evaluate(sign, "sunbid-confirm/v1") == "agent.refused"
    agent.shutdown()
    agent.server_close()
    assert page.evaluate(sign, "sunbid-confirm/v1") == "agent.unreachable"
    page.goto(site + "/help")  # a page that signs nothing may not ask the program at all
    blocked = page.evaluate(f"fetch('{address}/v1/certificate').then(() => 'asked', () => 'blocked')")
    assert blocked == "blocked"

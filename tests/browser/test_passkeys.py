"""Passkeys in a real Chromium with its virtual authenticator: bound, used, not replayed, not for another site."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from accounts import queries, services
from accounts.rules import Role
from core.act import SYSTEM, Platform
from tests import factories
from tests.factories import PASSWORD


@pytest.fixture
def address(platform: Platform, tmp_path: Any, free_port: int) -> Iterator[str]:
    """The site on http://localhost, where browsers allow passkeys."""
    from portal.app import Settings, create_app

    origin = f"http://localhost:{free_port}"
    app: Flask = create_app(Settings(folder=tmp_path / "platform", origin=origin, test=True), platform)
    server = make_server("127.0.0.1", free_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield origin
    server.shutdown()
    thread.join()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Any]:
    """A page of Chromium with a virtual authenticator that always says yes."""
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(20_000)
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield page
    context.close()


def test_a_passkey_is_bound_and_opens_the_roles(page: Any, address: str, platform: Platform) -> None:
    """From a password, which opens no role, to a passkey, which does. Seen red: with another relying party name."""
    with platform.act(SYSTEM) as act:
        factories.person(act, Role.EXPERT, login="zhou", name="周明", password=PASSWORD)
    page.goto(f"{address}/login?next=%2Faccount")
    page.fill("#login", "zhou")
    page.fill("#password", PASSWORD)
    page.click("text=用口令登录")
    page.wait_for_selector("h1:has-text('我的账户')")
    assert "角色暂不可用" in page.content()
    page.fill("#passkey-name", "办公室电脑")
    page.click("button[data-passkey]")
    page.wait_for_selector("h3:has-text('办公室电脑')")
    page.click("text=退出")
    page.goto(f"{address}/login?next=%2Faccount")
    answers: list[Any] = []
    page.on("request", lambda request: answers.append(request) if request.url.endswith("/login/passkey") else None)
    page.click("text=用通行密钥登录")
    page.wait_for_selector("h1:has-text('我的账户')")
    assert "角色暂不可用" not in page.content() and "评标专家" in page.content()
    with platform.reading() as session:
        person = queries.person(session, "zhou")
        assert [held.name for held in queries.passkeys(session, person.id)] == ["办公室电脑"]
    replay = answers[0].post_data_json["credential"]
    with pytest.raises(Exception, match=r"signin\.challenge"), platform.act(SYSTEM) as act:
        services.sign_in_with_passkey(act, response=replay, origin=address)


def test_an_answer_for_another_site_signs_nobody_in(page: Any, address: str, platform: Platform) -> None:
    """The browser signs the origin it sees; ours must be it. Seen red: `expected_origin` taken from the answer."""
    with platform.act(SYSTEM) as act:
        person = factories.person(act, Role.EXPERT, login="zhou", password=PASSWORD)
        options = services.begin_passkey(act, person, origin=address)
    page.goto(f"{address}/help")
    made = page.evaluate(
        """async (options) => (await navigator.credentials.create(
          { publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })).toJSON()""",
        options,
    )
    with pytest.raises(Exception, match=r"passkey\.invalid"), platform.act(SYSTEM) as act:
        services.register_passkey(act, person, response=made, name="x", origin="http://localhost:1")
    with platform.act(SYSTEM) as act:
        services.register_passkey(act, person, response=made, name="x", origin=address)
        asked = services.start_passkey_sign_in(act, origin=address)
    answer = page.evaluate(
        """async (options) => (await navigator.credentials.get(
          { publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })).toJSON()""",
        asked,
    )
    forged = {**answer, "rawId": made["rawId"], "response": {**answer["response"], "signature": "AAAA"}}
    for response, origin in ((forged, address), (answer, "http://localhost:1")):
        with pytest.raises(Exception, match=r"signin\.refused"), platform.act(SYSTEM) as act:
            services.sign_in_with_passkey(act, response=response, origin=origin)
    with platform.act(SYSTEM) as act:
        assert services.sign_in_with_passkey(act, response=answer, origin=address)

"""Start-up: demonstration, test and production never touch each other, secrets are made and kept (PROOF T7, R20)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from accounts import services
from accounts.rules import Role
from core.act import SYSTEM, Platform
from core.db import Base
from core.errors import Conflict
from core.locker import Locker, secret_file
from opening.cli.keyring import Keyring
from portal.app import TEST_FLAGS, Settings, build_platform, create_app
from portal.cli.demo.desk import open_desk
from tests import factories
from tests.conftest import Browser


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an installation: none of our settings in it."""
    for name in list(os.environ):
        if name.startswith("SUNBID_") or name in TEST_FLAGS:
            monkeypatch.delenv(name)


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    """An installation ready for production: https, own name, own database with tables."""
    settings = Settings(folder=tmp_path / "data", origin="https://bid.example.cn", log_name="bid.example.cn")
    platform = build_platform(settings)
    Base.metadata.create_all(platform.database.engine)
    platform.database.close()
    return settings


def refusal(settings: Settings, platform: Platform | None = None) -> str:
    with pytest.raises(Conflict) as caught:
        create_app(settings, platform)
    return caught.value.code


def test_home_answers(client: Browser) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "公共资源交易平台" in answer.get_data(as_text=True)


def test_an_installation_starts_and_answers_its_own_name_only(installation: Settings) -> None:
    client = create_app(installation).test_client()
    assert client.get("/healthz", base_url="https://bid.example.cn").status_code == 200
    assert client.get("/healthz", base_url="https://evil.test").status_code == 400


@pytest.mark.parametrize("flag", TEST_FLAGS)
def test_production_refuses_every_test_flag(installation: Settings, flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen red: with `check_settings` not called."""
    monkeypatch.setenv(flag, "1")
    assert refusal(installation) == "settings.test_flag"


def test_production_refuses_plain_http_and_test_names(installation: Settings) -> None:
    assert refusal(installation.model_copy(update={"origin": "http://bid.example.cn"})) == "settings.plain_http"
    assert refusal(installation.model_copy(update={"log_name": "sunbid.test"})) == "settings.test_name"


@pytest.mark.parametrize("content", ["00" * 32, "changeme", "", "ab" * 32, "ff" * 16])
def test_production_refuses_secrets_nobody_made_at_random(installation: Settings, content: str) -> None:
    """Default and typed-in secrets. Seen red: with only the length checked."""
    (installation.folder / "cookie.key").write_text(content)
    (installation.folder / "cookie.key").chmod(0o600)
    assert refusal(installation) == "settings.default_secret"


def test_secrets_are_made_private_kept_and_refused_when_others_can_read(tmp_path: Path) -> None:
    first = secret_file(tmp_path / "deep" / "ledger.key")
    assert len(first) == 32 and secret_file(tmp_path / "deep" / "ledger.key") == first
    assert (tmp_path / "deep" / "ledger.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "deep" / "ledger.key").chmod(0o640)
    with pytest.raises(Conflict, match=r"settings\.open_secret"):
        secret_file(tmp_path / "deep" / "ledger.key")


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert secret_file(tmp_path / "a") != secret_file(tmp_path / "b")


def test_a_database_locked_under_another_key_is_not_opened(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dump restored without its key file. Seen red: it started, and locked what came under a second key."""
    platform = build_platform(installation)
    with platform.act(SYSTEM) as act:
        factories.person(act, login="someone")
    assert create_app(installation, platform)
    monkeypatch.setattr(platform.database.engine.dialect, "locker", Locker(bytes(range(1, 33))))
    assert refusal(installation, platform) == "locker.unreadable"


def test_demo_mode_is_refused_on_a_real_database(installation: Settings) -> None:
    """Seen red: deciding by the setting alone. An empty database is not the demo's either."""
    demo = installation.model_copy(update={"demo": True, "origin": "http://localhost:8000"})
    assert refusal(demo) == "settings.real_database"
    platform = build_platform(installation)
    with platform.act(SYSTEM) as act:
        factories.person(act, login="someone")
    with pytest.raises(Conflict, match=r"demo\.database"), platform.act(SYSTEM) as act:
        services.mark_demo(act)
    assert refusal(demo) == "settings.real_database"


def test_a_demo_database_is_refused_in_production(installation: Settings) -> None:
    platform = build_platform(installation)
    with platform.act(SYSTEM) as act:
        services.mark_demo(act)
    assert refusal(installation) == "settings.demo_database"


def test_the_demo_switches_roles_with_one_click(platform: Platform, tmp_path: Path) -> None:
    with platform.act(SYSTEM) as act:
        services.mark_demo(act)
    for role in Role:
        factories.actor(platform, role)
    app = create_app(Settings(folder=tmp_path / "platform", origin="http://localhost", demo=True), platform)
    app.test_client_class = Browser
    browser: Browser = app.test_client()  # type: ignore[assignment]
    page = browser.get("/").get_data(as_text=True)
    assert "演示环境" in page and 'action="/demo/become/expert-a"' in page
    for role in Role:
        assert browser.post(f"/demo/become/{role}-a").status_code == 303
        assert browser.get("/account", headers={"Accept": "application/json"}).json["roles"] == [str(role)]
    assert browser.post("/demo/become/nobody").status_code == 404
    assert browser.post("/demo/become/expert-a", plain=True).status_code == 403, "the switch too needs its form"
    assert browser.post("/demo/become").status_code == 303
    assert browser.get("/account", headers={"Accept": "application/json"}).status_code == 401


def test_nothing_of_the_demo_is_on_a_site_that_is_none(
    app: Flask, client: Browser, login: Callable[..., Browser], tmp_path: Path
) -> None:
    """No guide, key, draft or switch, for the public or for one signed in. Seen red: the desk opened on any site."""
    officer = login(Role.OFFICER)
    keys = tmp_path / "keys" / "officer-a"
    Keyring.create(keys, tmp_path / "backup").make_key("S-01")
    with pytest.raises(Conflict, match="real_database"):
        open_desk(app, tmp_path)
    for browser in (client, officer):
        for path in ("/demo", "/demo/keys.age", "/demo/keys/S-01.age", "/demo/drafts/S-01.zip"):
            assert browser.get(path).status_code == 404, path
        assert browser.post("/demo/become/officer-a").status_code == 404
    assert "/demo" not in officer.get("/").get_data(as_text=True)
    assert client.get("/account", headers={"Accept": "application/json"}).status_code == 401


def test_settings_come_from_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sunbid.toml"
    file.write_text('origin = "https://file.example.cn"\nproxies = 2\n')
    monkeypatch.setenv("SUNBID_CONFIG", str(file))
    assert (Settings().origin, Settings().proxies) == ("https://file.example.cn", 2)
    monkeypatch.setenv("SUNBID_ORIGIN", "https://environment.example.cn")
    assert Settings().origin == "https://environment.example.cn"
    assert Settings(origin="https://argument.example.cn").origin == "https://argument.example.cn"
    file.write_text('orign = "https://typo.example.cn"\n')
    with pytest.raises(ValueError, match="orign"):
        Settings()


def test_behind_a_proxy_only_the_hops_told_are_believed(platform: Platform, tmp_path: Path) -> None:
    """X-Forwarded-For from a stranger must not choose the address a limit counts by."""
    from flask import request

    from accounts.access import public

    for proxies, expected in ((0, "127.0.0.1"), (1, "203.0.113.9")):
        settings = Settings(folder=tmp_path / "platform", origin="http://localhost", test=True, proxies=proxies)
        app = create_app(settings, platform)

        @app.get("/probe-address")
        @public
        def probe() -> str:
            return str(request.remote_addr)

        answer = app.test_client().get("/probe-address", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
        assert answer.get_data(as_text=True) == expected


def test_a_fixed_word_is_of_who_reads_not_of_who_read_first(app: Flask) -> None:
    """Seen red: without `_when_asked`, and (the second page) with Jinja's optimizer: each computed the word once."""
    for template in (
        "{{ 'credit_wish.repair'|state_word }}",
        "{{ [{'label': 'credit_wish.repair'|state_word}][0].label }}",
    ):
        with app.test_request_context("/?lang=zh"):
            page = app.jinja_env.from_string(template)
            assert page.render() == "修复（已纠正或已履行）"
        with app.test_request_context("/?lang=en"):
            assert page.render() == "Repair (put right or fulfilled)"

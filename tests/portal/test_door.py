"""The door: forms of other sites, unmarked routes, headers, languages, equal answers, and the log that names nobody."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing.converters import NumberConverter

from accounts.access import access_of, public
from accounts.rules import Role
from core.act import SYSTEM, Platform
from core.errors import Untimely
from core.outbox import Message
from tests.conftest import Browser

Login = Callable[..., Browser]
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
EVERYBODY = list(Role)


def _changing(app: Flask) -> list[tuple[str, str, Any]]:
    """Every route that may change something: method, an address for it, its view."""
    found = []
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) & UNSAFE
        if not methods:
            continue
        values = {
            name: 1 if isinstance(converter, NumberConverter) else "x" for name, converter in rule._converters.items()
        }
        address = app.url_map.bind("localhost").build(rule.endpoint, values, method=min(methods))
        for method in sorted(methods):
            found.append((method, address, app.view_functions[rule.endpoint]))
    return found


def _someone_for(view: Any, login: Login, cache: dict[str, Browser]) -> Browser:
    access = access_of(view)
    role = min(access.roles) if access and access.roles else Role.EXPERT
    if role not in cache:
        cache[role] = login(role)
    return cache[role]


def test_no_route_changes_anything_for_a_form_of_another_site(app: Flask, login: Login, platform: Platform) -> None:
    """Cross-site request forgery, on every route of the whole site, by somebody whose role may come (R25).

    Three forgeries each: no token, another browser's token, the right token from another origin. Seen red: with
    `_let_in` not calling `protect`, and with `_check_origin` emptied.
    """
    cache: dict[str, Browser] = {}
    stranger: Browser = app.test_client()  # type: ignore[assignment]
    foreign = stranger.csrf_token()
    routes = [row for row in _changing(app) if not getattr(row[2], "__cookieless__", False)]
    assert len(routes) > 20
    for method, address, view in routes:
        browser = _someone_for(view, login, cache)
        own = browser.csrf_token()
        forgeries: list[dict[str, str]] = [
            {"Origin": "http://localhost"},
            {"Origin": "http://localhost", "X-CSRFToken": foreign},
            {"Origin": "http://evil.test", "X-CSRFToken": own},
            {"Origin": "null", "X-CSRFToken": own},
            {"Sec-Fetch-Site": "cross-site", "X-CSRFToken": own},
        ]
        for headers in forgeries:
            answer = browser.open(
                address, method=method, headers={**headers, "Accept": "application/json"}, data={"x": "y"}, plain=True
            )
            got = (answer.status_code, (answer.json or {}).get("code"))
            assert got in {(403, "door.csrf"), (403, "door.origin")}, (method, address, headers, got)


def test_cookieless_routes_do_not_see_the_cookie(app: Flask, login: Login) -> None:
    """What needs no form token must not act for whoever's browser it is. Seen red: `_recognise` ignoring the mark."""
    browser = login(Role.BIDDER)

    @app.post("/probe-cookieless")
    @public
    def probe() -> dict[str, Any]:
        from accounts.access import current_actor

        return {"name": current_actor().name}

    app.view_functions["probe"].__cookieless__ = True  # type: ignore[attr-defined]
    assert browser.post("/probe-cookieless", plain=True).json == {"name": "public"}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, open to routes a test adds."""
    app._got_first_request = False
    return app


def test_a_route_nobody_marked_is_refused(app: Flask, client: Browser, login: Login) -> None:
    """Deny by default. Seen red: treating a missing mark as public."""

    @app.get("/probe-unmarked")
    def probe() -> str:
        return "secret"

    for browser in (client, login(Role.OPERATOR)):
        answer = browser.get("/probe-unmarked")
        assert answer.status_code == 403 and "secret" not in answer.get_data(as_text=True)


def test_a_role_that_may_not_come_is_refused_and_the_public_led_to_sign_in(client: Browser, login: Login) -> None:
    answer = client.get("/ops/people?q=a")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/ops/people?q%3Da")
    refused = client.get("/ops/people", headers={"Accept": "application/json"})
    assert refused.status_code == 401
    assert refused.content_type == "application/problem+json"
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    for role in set(EVERYBODY) - {Role.OPERATOR}:
        assert login(role).get("/ops/people").status_code == 403


def test_every_page_carries_the_headers(client: Browser, login: Login) -> None:
    for answer in (client.get("/"), client.get("/nowhere"), login(Role.EXPERT).get("/account"), client.get("/time")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Cookie" in answer.headers["Vary"]
    nonces = [re.findall(r"nonce-([\w-]+)", client.get("/").headers["Content-Security-Policy"])[0] for _ in range(2)]
    assert nonces[0] != nonces[1]
    page = client.get("/")
    nonce = re.findall(r"'nonce-([\w-]+)'", page.headers["Content-Security-Policy"])[0]
    scripts = re.findall(r"<script[^>]*>", page.get_data(as_text=True))
    assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)


def test_private_pages_are_not_kept_by_browsers_or_proxies(client: Browser, login: Login) -> None:
    assert login(Role.EXPERT).get("/account").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_reader_chooses_the_language(client: Browser) -> None:
    assert 'lang="zh-CN"' in client.get("/").get_data(as_text=True)
    assert 'lang="en"' in client.get("/", headers={"Accept-Language": "en-GB"}).get_data(as_text=True)
    answer = client.get("/?lang=en")
    assert any(cookie.startswith("lang=en") for cookie in answer.headers.getlist("Set-Cookie"))
    assert 'lang="en"' in client.get("/").get_data(as_text=True)
    assert 'lang="zh-CN"' in client.get("/?lang=zh").get_data(as_text=True)
    assert client.get("/?lang=xx").status_code == 200


def test_refusals_become_pages_and_problems(app: Flask, client: Browser, platform: Platform) -> None:
    @app.get("/probe-late")
    @public
    def probe() -> str:
        raise Untimely("bid.late", deadline=platform.clock.now(), at=platform.clock.now())

    page = client.get("/probe-late")
    assert page.status_code == 409 and "bid.late" in page.get_data(as_text=True)
    problem = client.get("/probe-late", headers={"Accept": "application/json"})
    assert problem.status_code == 409
    assert problem.json["code"] == "bid.late" and problem.json["facts"]["deadline"] == "2026-10-08 09:00:00"
    assert problem.json["type"].endswith("/help/refusals#bid.late")


def test_an_unknown_error_tells_its_number_and_nothing_else(
    app: Flask, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/probe-broken")
    @public
    def probe() -> str:
        raise ValueError("AGE-SECRET-KEY-1 in the message")

    for headers in ({}, {"Accept": "application/json"}):
        answer = client.get("/probe-broken", headers=headers)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500 and "SECRET" not in text and "Traceback" not in text
        assert answer.headers["X-Request-Id"] in text


@pytest.mark.parametrize(("path", "method", "status"), [("/nowhere", "GET", 404), ("/time", "POST", 405)])
def test_http_errors_are_pages_and_problems_too(client: Browser, path: str, method: str, status: int) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status and "<html" in answer.get_data(as_text=True)
    problem = client.open(path, method=method, headers={"Accept": "application/json"})
    assert (problem.status_code, problem.content_type) == (status, "application/problem+json")
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_a_body_over_the_limit_is_refused(app: Flask, client: Browser) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/login/password", data={"login": "x" * 2000})
    assert answer.status_code == 413


def test_the_log_names_no_person_no_address_no_value(
    app: Flask, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen red: with the path or the person written to the line."""
    browser = login(Role.BIDDER)
    with caplog.at_level(logging.INFO, logger="sunbid.access"):
        browser.get("/account", environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
        browser.get("/notices/GG2026-00001?q=secret-word", environ_overrides={"REMOTE_ADDR": "203.0.113.77"})
    lines = [record.getMessage() for record in caplog.records if record.name == "sunbid.access"]
    assert [json.loads(line)["endpoint"] for line in lines] == ["accounts.account", "portal.notice"]
    for line in lines:
        for secret in ("203.0.113", "bidder", "GG2026", "secret-word"):
            assert secret not in line


def test_submission_paths_leave_not_even_a_request_number(
    app: Flask, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    from accounts.access import unlinked

    @app.get("/probe-upload")
    @unlinked
    @public
    def probe() -> str:
        return "ok"

    with caplog.at_level(logging.INFO, logger="sunbid.access"):
        client.get("/probe-upload")
    line = json.loads(next(r.getMessage() for r in caplog.records if r.name == "sunbid.access"))
    assert set(line) == {"endpoint", "method", "status"}


def test_a_page_of_a_program_and_a_person_answers_alike_for_the_unknown(client: Browser) -> None:
    """An object that is held but not published answers as one nobody holds (T11)."""
    answers = [client.get(f"/objects/{'0' * 63}{n}", headers={"Accept": "application/json"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json["detail"] == answers[1].json["detail"]


def test_of_two_who_came_at_once_one_is_told_to_try_again(
    app: Flask, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    """A unique key taken a moment ago (PostgreSQL lets both read first) is no failure of ours; another broken rule is.

    Seen red: without the handler, both were answered as failures.
    """

    def insert(table: Any, **values: Any) -> None:
        with platform.act(SYSTEM) as act:
            for _ in range(2):
                act.session.execute(table.__table__.insert().values(**values))

    app.add_url_rule(
        "/twice",
        view_func=public(lambda: insert(Message, key="甲", channel="x", recipient="r", template="t", facts={},
                                        written_at=platform.clock.now(), attempts=0)),
        endpoint="twice",
    )  # fmt: skip
    app.add_url_rule("/broken", view_func=public(lambda: insert(Message, key=None)), endpoint="broken")
    client: Browser = app.test_client()  # type: ignore[assignment]
    asked = {"Accept": "application/problem+json"}
    twice, broken = (client.get(place, headers=asked) for place in ("/twice", "/broken"))
    assert (twice.status_code, twice.json["code"]) == (409, "act.concurrent")
    assert (broken.status_code, broken.json["code"]) == (500, "http.failed")
    assert "甲" not in caplog.text

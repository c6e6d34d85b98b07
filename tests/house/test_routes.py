"""Every route says who may come, the written table agrees, and everybody else is kept out (deny by default, R7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.routing.converters import NumberConverter

from accounts.access import access_of
from accounts.rules import Role
from tests.conftest import Browser

TABLE = Path(__file__).resolve().parents[2] / "docs" / "routes.md"
PREFACE = """# Who may come

Every route of the site with the roles its door lets in; ownership is checked again in the query. Written by
`pytest tests/house/test_routes.py --write-routes`; the test compares it with the running application, so a new
route without a line here, or with another answer, fails the suite. *cookieless*: cookies are ignored, a bearer token or
nobody. *unlinked*: nothing that is kept about a request may lead to a person.

| method | address | who | | endpoint |
|---|---|---|---|---|
"""


def routes(app: Flask) -> Iterator[tuple[str, Rule, Any]]:
    """Method, rule and view of everything but static files, in the order of the addresses."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if rule.endpoint != "static":
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"} or {"HEAD"}
            for method in sorted(methods):
                yield method, rule, app.view_functions[rule.endpoint]


def table(app: Flask) -> str:
    """The table of docs/routes.md."""
    lines = []
    for method, rule, view in routes(app):
        marks = [mark for mark in ("cookieless", "unlinked") if getattr(view, f"__{mark}__", False)]
        who = access_of(view) or "NOBODY HAS SAID"
        lines.append(f"| {method} | `{rule.rule}` | {who} | {' '.join(marks)} | {rule.endpoint} |")
    return PREFACE + "\n".join(lines) + "\n"


def address_of(app: Flask, rule: Rule) -> str:
    """An address of the rule with things nobody has."""
    values = {name: 1 if isinstance(kind, NumberConverter) else "x" for name, kind in rule._converters.items()}
    methods = rule.methods or {"GET"}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=min(methods))


def test_every_route_says_who_may_come(app: Flask) -> None:
    """Seen red: with a route that carries no mark."""
    assert [rule.rule for _, rule, view in routes(app) if access_of(view) is None] == []


def test_the_written_table_is_true(app: Flask, request: pytest.FixtureRequest) -> None:
    """Seen red: with a role added to a route."""
    if request.config.getoption("--write-routes"):
        TABLE.write_text(table(app), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table(app)


@pytest.mark.slow
def test_whoever_may_not_come_is_kept_out(app: Flask, client: Browser, login: Callable[..., Browser]) -> None:
    """Every route by every role and the public: who is not in the table meets the door, who is passes it.

    Seen red: with `_let_in` comparing roles by `or True`, and with a password-only sign-in counted as strong.
    """
    browsers: dict[str, Browser] = {str(role): login(role) for role in Role}
    weak = login(Role.OPERATOR, method="password")
    tokens = {name: browser.csrf_token() for name, browser in browsers.items()}
    tokens |= {"weak": weak.csrf_token(), "public": client.csrf_token()}
    wrong = []
    cells = 0
    for method, rule, view in routes(app):
        access = access_of(view)
        if access is None or getattr(view, "__cookieless__", False) or rule.endpoint == "accounts.sign_out":
            continue
        address = address_of(app, rule)
        for name, browser in {**browsers, "weak": weak, "public": client}.items():
            expected = {
                "public": None,
                "signed in": None if name != "public" else "signin.required",
                "roles": None if name in access.roles else ("signin.required" if name == "public" else "door.role"),
            }[access.kind]
            if expected is None and access.kind != "roles":
                continue
            headers = {"Accept": "application/json", "Origin": "http://localhost", "X-CSRFToken": tokens[name]}
            answer = browser.open(address, method=method, headers=headers, plain=True)
            code = (answer.json or {}).get("code") if answer.is_json else None
            cells += 1
            if answer.status_code >= 500 or (code in ("signin.required", "door.role")) != (expected is not None):
                wrong.append((method, rule.rule, name, answer.status_code, code))
    assert wrong == []
    assert cells > 100

"""The short way of a commit answers as the site does, where it is accepted; everything else the site says itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from accounts.models import Passkey
from accounts.queries import sign_in_by_token
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.routes import short
from bidding.services import judging
from core.errors import Invalid
from core.seal import Sealed, handle_of
from tests.bidding.stage import Bidder, Stage, commit_of, refused, request_of, resigned
from tests.conftest import Browser

Headers = dict[str, str]
DRAWN = {"X-Request-Id", "Content-Security-Policy", "Date"}
"""Headers with something random in them."""


def brought(stage: Stage, request: dict[str, Any]) -> dict[str, Any]:
    """Commit it as the routes do."""
    with stage.platform.stamp(rules.turnstile(stage.code)) as stamp:
        return services.commit_together(stage.platform, stamp, commit_of(stage.code, request))


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each commit that came the short way: whether it was answered there."""
    ways: list[bool] = []
    real = short.ShortWay.answer

    def answer(self: short.ShortWay, *given: Any) -> Any:
        found = real(self, *given)
        ways.append(found is not None)
        return found

    monkeypatch.setattr(short.ShortWay, "answer", answer)
    return ways


def test_it_answers_byte_for_byte_as_the_site(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, app: Flask, taken: list[bool]
) -> None:
    """The same request once each way: status, body, every header. Seen red: with one header left out."""
    stage.deposit(sealed)
    url = f"/sections/{stage.code}/submissions"
    one = client.post(url, json=request_of(sealed), headers=headers)
    app.extensions["sunbid.arrivals"].short = None
    two = client.post(url, json=request_of(sealed), headers=headers)
    assert taken == [True]
    assert (one.status, one.data) == (two.status, two.data)

    def still(answer: Any) -> dict[str, str]:
        return {name: value for name, value in answer.headers.items() if name not in DRAWN}

    assert still(one) == still(two)
    assert set(dict(one.headers)) == set(dict(two.headers))


@pytest.mark.parametrize("role", [Role.BIDDER, Role.AGENT, Role.EXPERT])
def test_only_who_may_enter_by_the_door_goes_the_short_way(
    stage: Stage, client: Browser, bearer: Callable[..., Headers], sealed: Sealed, role: Role, taken: list[bool]
) -> None:
    """Roles, no token, a cookie, a token nobody gave. Seen red: with the role not asked for."""
    stage.deposit(sealed)
    url, may = f"/sections/{stage.code}/submissions", role == Role.BIDDER
    answer = client.post(url, json=request_of(sealed), headers=bearer(role))
    assert (answer.status_code, taken) == (201 if may else 403, [may])
    for odd in ({}, {"Authorization": "Bearer no"}, {"Authorization": "Basic x"}, {"Cookie": "sunbid=x"}):
        assert client.post(url, json=request_of(sealed), headers=odd).status_code in (401, 403)
    assert not any(taken[1:])


@pytest.mark.parametrize("ended", ["revoked", "expires_at", "disabled_at"])
def test_who_may_not_come_any_more_goes_to_the_door(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, ended: str, taken: list[bool]
) -> None:
    """A sign-in revoked or over, a person disabled. Seen red: with each of the three not asked for."""
    stage.deposit(sealed)
    now = stage.platform.clock.now()
    with stage.platform.database.writing() as session:
        found = sign_in_by_token(session, headers["Authorization"].removeprefix("Bearer "), at=now)
        assert found is not None
        setattr(found.person if ended == "disabled_at" else found, ended, True if ended == "revoked" else now)
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert (answer.status_code, answer.json["code"], taken) == (401, "signin.required", [False])


def test_who_has_bound_a_passkey_is_asked_for_it_here_too(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, taken: list[bool]
) -> None:
    """A certificate alone opens nothing then. Seen red: with the passkey not asked for."""
    stage.deposit(sealed)
    from accounts.queries import person

    with stage.platform.database.writing() as session:
        who = person(session, "bidder-a")
        session.add(
            Passkey(
                person_id=who.id,
                credential_id=b"1",
                public_key=b"k",
                name="x",
                added_at=stage.platform.clock.now(),
            )
        )
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert (answer.status_code, answer.json["code"], taken) == (403, "passkey.required", [False])


def test_what_is_refused_is_refused_once_and_told_by_the_site(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, taken: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing object, as ever a problem in the reader's language. Seen red: with the commit brought again."""
    brought: list[str] = []
    real = short.services.commit_together

    def once(platform: Any, stamp: Any, asked: Any) -> Any:
        brought.append(asked.section)
        return real(platform, stamp, asked)

    monkeypatch.setattr(short.services, "commit_together", once)
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "bid.object_missing")
    assert answer.content_type.startswith("application/problem+json")
    assert (len(brought), taken) == (1, [False])


def test_an_object_taken_away_after_it_was_looked_at_is_missed(
    stage: Stage, sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged before it waits, recorded after: what was swept in between is no bid. Seen red: without asking again."""
    from bidding.services import submissions

    stage.deposit(sealed)
    real = judging.judge

    def judge(store: Any, content: Any, identity: Any) -> Any:
        found = real(store, content, identity)
        assert found is not None
        store.remove(sealed.submission["envelopes"]["schedule"]["bulk"]["sha256"])
        return found

    monkeypatch.setattr(submissions, "judge", judge)
    with refused(Invalid, "bid.object_missing"):
        brought(stage, request_of(sealed))
    with stage.platform.reading() as session:
        assert queries.submissions(session, stage.section()) == []


def test_who_names_this_policy_for_another_section_is_refused(stage: Stage, bidder: Callable[[str], Bidder]) -> None:
    """Judged by itself it holds: signed, whole, well shaped. Seen red: with the section not compared."""
    one = bidder("甲")
    sealed = one.seal(stage.policy())
    stage.deposit(sealed)
    request = request_of(sealed)
    other = {"section": "S-OTHER", "handle": handle_of(one.keys.secret, "S-OTHER")}
    request["submission"] = resigned(one, sealed, lambda content: content.update(other))
    with refused(Invalid, "bid.other_section"):
        brought(stage, request)

"""The commit over HTTP: what is no commit, refusals as problems, decoys, the policy a bidder fetches."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from accounts.rules import Role
from bidding import queries, services
from core.clock import iso
from core.seal import Sealed
from tests.bidding.stage import Stage, request_of
from tests.bidding.test_uploads import objects, upload
from tests.conftest import Browser

Headers = dict[str, str]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"null", b'{"submission": 1}'])
def test_a_commit_that_is_no_commit(stage: Stage, client: Browser, headers: Headers, body: bytes) -> None:
    """Seen red: a 500 from json.loads on deep nesting."""
    answer = client.post(f"/sections/{stage.code}/submissions", data=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "bid.request")


def test_refusals_of_the_commit_are_problems_with_code_and_sentence(
    stage: Stage, client: Browser, headers: Headers, sealed: Sealed, app: Flask
) -> None:
    """Late, missing, unknown section, too large, not a bidder. Seen red: with the turnstile before the section."""
    url = f"/sections/{stage.code}/submissions"
    missing = client.post(url, json=request_of(sealed), headers=headers)
    assert (missing.status_code, missing.json["code"]) == (422, "bid.object_missing")
    unknown = client.post("/sections/NONE/submissions", json=request_of(sealed), headers=headers)
    assert unknown.status_code == 404
    large = client.post(url, data=b"x" * (1 << 20) + b"x", headers=headers)
    assert large.status_code == 413
    assert client.post(url, json=request_of(sealed)).status_code == 401
    stage.deposit(sealed)
    stage.platform.clock.move_to(stage.section().closing_at - timedelta(minutes=1))
    from tests import factories

    fresh = _bearer(stage, factories.actor(stage.platform, Role.BIDDER).person_id)
    stage.platform.clock.move_to(stage.section().closing_at)
    late = client.post(url, json=request_of(sealed), headers=fresh)
    assert (late.status_code, late.json["code"]) == (409, "bid.late")
    assert "R-204" in late.json["detail"] and "2026-11-02 09:00:00" in late.json["detail"]


def test_late_comers_do_not_enter_the_turnstile(
    stage: Stage, client: Browser, sealed: Sealed, headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crowd of them would keep the closing waiting; a retry of what is held still gets its receipt.

    Seen red: without check_admission.
    """
    from tests import factories

    url = f"/sections/{stage.code}/submissions"
    stage.deposit(sealed)
    receipt = client.post(url, json=request_of(sealed), headers=headers).json
    stage.platform.clock.move_to(stage.section().closing_at)
    fresh = _bearer(stage, factories.actor(stage.platform, Role.BIDDER).person_id)
    assert client.post(url, json=request_of(sealed), headers=fresh).json == receipt
    monkeypatch.setattr(type(stage.platform.database), "turnstile", None)
    late = client.post(url, json=request_of(sealed, "another-key-of-mine"), headers=fresh)
    assert (late.status_code, late.json["code"]) == (409, "bid.late")


def test_a_deadline_moved_since_the_last_arrival_counts(
    stage: Stage, client: Browser, sealed: Sealed, bearer: Callable[..., Headers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the door remembers of a section decides nothing: later, the commit comes in; sooner, it is late.

    Seen red: without the comparison in `_check_time`.
    """
    monkeypatch.setattr("bidding.routes.arrivals.FRESH", 3600.0)
    url, clock, old = f"/sections/{stage.code}/submissions", stage.platform.clock, stage.section().closing_at
    stage.deposit(sealed)
    clock.move_to(old - timedelta(minutes=1))
    assert client.post(url, json={}, headers=bearer(Role.BIDDER)).json["code"] == "bid.request"
    _move_deadline(stage, old - timedelta(minutes=2))
    late = client.post(url, json=request_of(sealed), headers=bearer(Role.BIDDER))
    assert (late.status_code, late.json["code"]) == (409, "bid.late")
    _move_deadline(stage, old + timedelta(hours=1))
    clock.move_to(old + timedelta(minutes=1))
    kept = client.post(url, json=request_of(sealed), headers=bearer(Role.BIDDER))
    assert (kept.status_code, kept.json["received_at"]) == (201, iso(old + timedelta(minutes=1)))


def _move_deadline(stage: Stage, to: datetime) -> None:
    with stage.platform.database.writing() as session:
        queries.section(session, stage.code).deadline_at = to


def _bearer(stage: Stage, person_id: int | None) -> Headers:
    from accounts.queries import person_by_id
    from accounts.services import open_sign_in

    assert person_id is not None
    with stage.act(Role.BIDDER) as act:
        token = open_sign_in(act, person_by_id(act.session, person_id), method="certificate", carrier="bearer")
    return {"Authorization": f"Bearer {token}"}


def test_a_trustee_may_commit_a_decoy(
    stage: Stage, client: Browser, bearer: Callable[..., Headers], tmp_path: Any
) -> None:
    """And its row has the same shape as a real one. Seen red: with Role.BIDDER alone at the door."""
    from core.seal import seal_decoy

    decoy = seal_decoy(stage.policy(), "officer", tmp_path / "decoy", ceiling=1 << 17)
    headers = bearer(Role.OFFICER)
    for content in objects(decoy):
        upload(client, headers, content)
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(decoy), headers=headers)
    assert answer.status_code == 201, answer.text


def test_a_policy_is_fetched_with_its_digest(stage: Stage, client: Browser) -> None:
    """What a bidder's program needs, publicly. Seen red: with the digest of version 1 after a correction."""
    from core.seal import policy_digest

    told = client.get(f"/sections/{stage.code}/policy.json").json
    assert told["digest"] == policy_digest(told["policy"])
    assert told["platform_key"] == str(stage.platform.signer.verifier)
    assert json.dumps(told["slots"])
    with stage.platform.reading() as session:
        assert told["version"] == queries.policy(session, stage.section()).version


def stop_in_line(app: Flask, way: str, meanwhile: Callable[[], None]) -> None:
    """`meanwhile` happens after a commit was stamped and before anything else is done with it, on either way."""
    arrivals: Any = app.wsgi_app
    if way == "site":
        arrivals.short = None
    there, name = (arrivals, "site") if way == "site" else (arrivals.short, "answer")
    go = getattr(there, name)

    def in_line(*given: Any) -> Any:
        meanwhile()
        return go(*given)

    setattr(there, name, in_line)


@pytest.mark.parametrize("way", ["short", "site"])
def test_what_arrived_in_time_is_in_time_however_long_the_line_is(
    app: Flask, client: Browser, stage: Stage, bearer: Callable[..., Headers], sealed: Sealed, way: str
) -> None:
    """The whole request is there before the deadline, its turn comes after it: received, as of its arrival (R-203).

    Seen red: with the instant stamped by the view, which a crowd before it keeps waiting.
    """
    deadline = stage.section().closing_at
    clock = stage.platform.clock
    clock.move_to(deadline - timedelta(microseconds=1))
    stage.deposit(sealed)
    headers = bearer(Role.BIDDER)
    stop_in_line(app, way, lambda: clock.move_to(deadline + timedelta(seconds=30)))
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    assert answer.status_code == 201
    assert answer.json["received_at"] == iso(deadline - timedelta(microseconds=1))
    assert [item["submission_digest"] for item in stage.close().items] == [sealed.digest]


@pytest.mark.parametrize("way", ["short", "site"])
def test_the_closing_waits_for_what_arrived(
    app: Flask, client: Browser, stage: Stage, bearer: Callable[..., Headers], sealed: Sealed, way: str
) -> None:
    """Whoever closes while a stamped commit waits for its turn finds it in the set. Seen red: without the turnstile."""
    deadline = stage.section().closing_at
    stage.platform.clock.move_to(deadline - timedelta(microseconds=1))
    stage.deposit(sealed)
    headers = bearer(Role.BIDDER)
    closed: list[services.ClosedSet] = []
    closer = threading.Thread(target=lambda: closed.append(stage.close()))

    def close() -> None:
        stage.platform.clock.move_to(deadline)
        closer.start()
        closer.join(0.3)

    stop_in_line(app, way, close)
    answer = client.post(f"/sections/{stage.code}/submissions", json=request_of(sealed), headers=headers)
    closer.join(20)
    assert answer.status_code == 201
    assert [item["submission_digest"] for item in closed[0].items] == [sealed.digest]

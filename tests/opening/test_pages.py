"""The hall through HTTP: every page at every stage, no price before its time for anybody, programs' doors."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from accounts.rules import Role
from bidding import queries as bidding
from core.act import SYSTEM
from core.money import grouped
from core.seal import peel
from opening import queries, services
from tests.opening.stage import CODE, TRUSTEES, Stage

PLAYERS = (None, Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR, Role.EXPERT)


@pytest.fixture
def enter(stage: Stage, app: Flask, login: Callable[..., Any]) -> Callable[[], dict[Any, Any]]:
    """`enter()`: a browser of the public and one of each role, signed in now (a sign-in does not outlast weeks)."""
    return lambda: {None: app.test_client(), **{role: login(role) for role in PLAYERS if role is not None}}


def pages(app: Flask) -> list[str]:
    """Every address of the whole site that a GET may ask for, with this section's code filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        filled = re.sub(r"<(?:\w+:)?code>", CODE, rule.rule)
        filled = re.sub(r"<int:\w+>", "1", filled)
        found.append(re.sub(r"<[^>]+>", CODE, filled))
    return sorted(found)


def spellings(price_fen: int) -> list[bytes]:
    """The ways a price could be written on a page or in JSON."""
    return [str(price_fen).encode(), grouped(price_fen).encode(), f"{price_fen / 100:.2f}".encode()]


def seen(
    app: Flask, browsers: dict[Any, Any], words: list[bytes], *, below: str = "/opening"
) -> Iterator[tuple[Any, str, bytes]]:
    for role, browser in browsers.items():
        for page in (page for page in pages(app) if page.startswith(below)):
            answer = browser.get(page)
            assert answer.status_code < 500 or not page.startswith("/opening"), (role, page)
            body = answer.get_data()
            for word in words:
                if word in body:
                    yield role, page, word
        for page in (f"/opening/{CODE}/layers?role={role}" for role in ("bidder", *TRUSTEES)):
            body = browser.get(page).get_data()
            yield from ((role, page, word) for word in words if word in body)


@pytest.mark.slow
def test_no_price_is_seen_by_anyone_on_any_page_before_it_is_read(
    stage: Stage, app: Flask, enter: Callable[[], dict[Any, Any]]
) -> None:
    """Every GET of the site as every role, with all bids opened and the price in the database.

    Sabotage: with `priced = True` in queries.board every role saw all prices from the first opened bid on.
    """
    for letter in "abc":
        stage.submit(letter)
    words = [word for letter in "abc" for word in spellings(stage.bidders[letter].price_fen)]
    stage.to_window()
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    browsers = enter()
    assert browsers[Role.TENDEREE].get(f"/opening/{CODE}/desk").status_code == 200
    assert list(seen(app, browsers, words)) == []
    stage.open_ready()
    assert stage.bid("a").price_fen == stage.bidders["a"].price_fen
    assert list(seen(app, browsers, words)) == []
    stage.tick()
    assert list(seen(app, browsers, words)) == []
    stage.draw()
    assert list(seen(app, browsers, words, below="/")) == []
    stage.act(stage.tenderee, services.read_prices)
    assert {role for role, page, _ in seen(app, browsers, words) if page == f"/opening/{CODE}"} == set(PLAYERS)


def test_no_name_is_seen_before_the_names_are_published(
    stage: Stage, app: Flask, enter: Callable[[], dict[Any, Any]]
) -> None:
    """The hall's own pages and answers, with all identities read but not published.

    Sabotage: with the texts of the identities in queries.state_facts the names showed, spelled as JSON escapes.
    """
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    stage.peel(*TRUSTEES)
    names = [stage.bidders[letter].name for letter in "abc"]
    words = [word for name in names for word in (name.encode(), json.dumps(name)[1:-1].encode())]
    assert list(seen(app, enter(), words)) == []


@pytest.mark.slow
def test_every_page_answers_at_every_stage(stage: Stage, app: Flask, enter: Callable[[], dict[Any, Any]]) -> None:
    """Sabotage: a template that read a missing value (StrictUndefined) failed here with 500."""

    def look() -> None:
        browsers = enter()
        for role, pages_of in {
            None: [
                "",
                "/board?state=x&page=mine",
                "/draw",
                "/state",
                "/closing",
                "/record",
                "/record.pdf",
                "/draw.json",
            ],
            Role.TENDEREE: ["/desk"],
            Role.OFFICER: ["/desk", "/watch"],
            Role.SUPERVISOR: ["/watch"],
            Role.BIDDER: ["/mine"],
        }.items():
            for page in pages_of:
                answer = browsers[role].get(f"/opening/{CODE}{page}")
                assert answer.status_code in (200, 404), (stage_of(stage), role, page, answer.data[:3000])
                assert answer.status_code == 200 or page not in ("", "/desk", "/watch", "/mine", "/draw"), page

    look()
    for letter in "abcd":
        stage.submit(letter)
    stage.commit_draw()
    look()
    stage.close()
    look()
    stage.peel("officer", "supervisor")
    stage.act(stage.tenderee, services.publish_names)
    look()
    stage.act(stage.tenderee, services.open_decryption)
    stage.release("a")
    look()
    stage.act(stage.tenderee, services.pause, "机房断电")
    look()
    stage.clock.advance(minutes=5)
    stage.act(stage.tenderee, services.resume)
    stage.release("b")
    stage.release("c")
    stage.peel("tenderee")
    stage.open_ready()
    look()
    stage.clock.advance(minutes=40)
    stage.tick()
    look()
    stage.as_bid("d", stage.tenderee, services.decide_cause, "bidder_absent", "三次电话未接")
    look()
    stage.peel("officer", "supervisor")
    stage.tick()
    look()
    stage.draw()
    look()
    stage.act(stage.tenderee, services.read_prices)
    look()
    stage.act(stage.tenderee, services.ask_confirmation)
    objection = stage.as_bid("b", stage.bidders["b"].actor, services.raise_objection, "唱标顺序有误")
    look()
    stage.reply(objection, "顺序按递交时间，无误")
    stage.act(stage.tenderee, services.sign_record)
    look()
    stage.act(stage.tenderee, services.hand_over)
    look()


def stage_of(stage: Stage) -> str:
    try:
        return stage.opening.state
    except Exception:
        return "before"


def test_the_board_costs_nothing_while_it_stands(stage: Stage, app: Flask) -> None:
    """Sabotage: without `make_conditional` every answer was the whole board."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    client = app.test_client()
    page = f"/opening/{CODE}/board?state=names_published"
    first = client.get(page)
    stage.clock.advance(seconds=30)
    assert client.get(page, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    stage.sign_in("b")
    again = client.get(page, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200 and again.headers["ETag"] != first.headers["ETag"]
    stage.act(stage.tenderee, services.open_decryption)
    assert client.get(page).headers["HX-Refresh"] == "true"


def test_hosts_of_other_projects_and_bidders_of_other_bids_find_nothing(
    stage: Stage, login: Callable[..., Any]
) -> None:
    """Sabotage: with `bidding.section` instead of `own_section` at the desk a stranger published the names."""
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    stage.peel(*TRUSTEES)
    stranger = login(Role.TENDEREE, person="b")
    assert stranger.get(f"/opening/{CODE}/desk").status_code == 404
    assert stranger.post(f"/opening/{CODE}/publish-names").status_code == 404
    assert login(Role.SUPERVISOR).post(f"/opening/{CODE}/publish-names").status_code == 403
    assert login(Role.TENDEREE).post(f"/opening/{CODE}/publish-names").status_code == 303
    outsider = login(Role.BIDDER, person="j")
    assert outsider.post(f"/opening/{CODE}/sign-in").status_code == 404
    assert login(Role.BIDDER, person="b").post(f"/opening/{CODE}/sign-in").status_code == 303
    assert stage.bid("b").signed_in_at is not None and stage.bid("a").signed_in_at is None


def test_programs_peel_release_and_draw_through_http(
    stage: Stage, app: Flask, bearer: Callable[..., dict[str, str]]
) -> None:
    """The whole of key holders' and bidders' programs as JSON.

    Sabotage: without `open_what_is_ready` after the last layer the bids stayed sealed until a tick.
    """
    client = app.test_client()
    for letter in "abc":
        stage.submit(letter)
    roles = {"officer": Role.OFFICER, "supervisor": Role.SUPERVISOR, "tenderee": Role.TENDEREE}

    def post(role: Any, path: str, body: Any, person: str = "a") -> Any:
        return client.post(f"/opening/{CODE}{path}", json=body, headers=bearer(role, person=person))

    for party in ("officer", "supervisor"):
        commitment = hashlib.sha256(stage.nonce(party)).hexdigest()
        assert post(roles[party], "/draw/commitment", {"party": party, "commitment": commitment}).status_code == 200
    stage.close()
    proof = client.get(f"/opening/{CODE}/closing").get_json()
    assert {item["submission_digest"] for item in proof["entry"]["facts"]["closed_set"]} == {
        stage.bidders[letter].digest for letter in "abc"
    }

    def peel_all(*parties: str) -> None:
        for party in parties:
            headers = bearer(roles[party])
            tasks = client.get(f"/opening/{CODE}/layers?role={party}", headers=headers).get_json()["tasks"]
            for task in tasks:
                inner = peel(base64.b64decode(task["content"]), stage.keys[party])
                body = {**task, "content": base64.b64encode(inner).decode()}
                assert post(roles[party], "/layers", body).status_code == 200

    peel_all("officer", "supervisor")
    assert post(Role.TENDEREE, "/publish-names", {}).get_json()["state"] == "names_published"
    assert post(Role.TENDEREE, "/open-decryption", {}).get_json()["state"] == "decrypt_open"
    for letter in "abc":
        bidder = stage.bidders[letter]
        headers = bearer(Role.BIDDER, person=letter)
        assert post(Role.BIDDER, "/sign-in", {}, letter).status_code == 200
        tasks = client.get(f"/opening/{CODE}/layers?role=bidder", headers=headers).get_json()["tasks"]
        assert {task["submission"] for task in tasks} == {bidder.digest}
        layers = {
            task["package"]: base64.b64encode(peel(base64.b64decode(task["content"]), bidder.keys.identity)).decode()
            for task in tasks
        }
        stranger = "b" if letter == "a" else "a"
        assert (
            post(Role.BIDDER, "/release", {"submission": bidder.digest, "layers": layers}, stranger).status_code == 404
        )
        assert post(Role.BIDDER, "/release", {"submission": bidder.digest, "layers": layers}, letter).status_code == 200
    peel_all("tenderee")
    assert {stage.bid(letter).state for letter in "abc"} == {"opened_by_bidder"}
    assert post(Role.TENDEREE, "/close-decryption", {}).get_json()["state"] == "decrypt_closed"
    for party in ("officer", "supervisor"):
        body = {"party": party, "nonce": stage.nonce(party).hex()}
        assert post(roles[party], "/draw/nonce", body).status_code == 200
    for path, state in (
        ("/draw-coefficients", "coefficients_drawn"),
        ("/read-prices", "prices_read"),
        ("/ask-confirmation", "record_confirm"),
    ):
        assert post(Role.TENDEREE, path, {}).get_json()["state"] == state
    digest = client.get(f"/opening/{CODE}/readout", headers=bearer(Role.BIDDER)).get_json()["digest"]
    key = stage.bidders["a"].keys
    signature = base64.b64encode(key.sign(b"sunbid-confirm/v1\n" + bytes.fromhex(digest))).decode()
    assert post(Role.BIDDER, "/confirm", {"signature": signature}, "b").status_code == 422
    assert post(Role.BIDDER, "/confirm", {"signature": signature}).status_code == 200
    assert post(Role.TENDEREE, "/sign-record", {}).get_json()["state"] == "record_signed"
    assert client.get(f"/opening/{CODE}/record.pdf").data.startswith(b"%PDF")
    assert post(Role.TENDEREE, "/hand-over", {}).get_json()["state"] == "handed_over"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "form.required"),
        ({"submission": "x"}, "form.integer"),
        ({"submission": "z" * 64, "stage": 0}, "form.digest"),
        ({"submission": "a" * 64, "stage": 0, "package": "identity", "set": "a+b", "role": "officer"}, "peel.content"),
        ({"submission": "a" * 64, "stage": True, "package": "identity", "set": "a", "role": "b"}, "form.integer"),
    ],
)
def test_a_malformed_layer_is_refused_by_name(
    stage: Stage, app: Flask, bearer: Callable[..., dict[str, str]], body: Any, code: str
) -> None:
    """Sabotage: with `fields["stage"]` read unchecked, True counted as stage 1."""
    stage.submit("a")
    stage.close()
    answer = app.test_client().post(f"/opening/{CODE}/layers", json=body, headers=bearer(Role.OFFICER))
    told = json.loads(answer.data)
    assert answer.status_code == 422 and code in json.dumps(told), told


def test_forms_come_back_with_their_error(stage: Stage, login: Callable[..., Any]) -> None:
    """Sabotage: without the `except Invalid` an empty reason led to an error page and the text was lost."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_window()
    host = login(Role.TENDEREE)
    answer = host.post(f"/opening/{CODE}/pause", data={"reason": ""})
    assert answer.status_code == 422 and 'id="error-summary"' in answer.get_data(as_text=True)
    bidder = login(Role.BIDDER)
    answer = bidder.post(f"/opening/{CODE}/object", data={"text": "x"})
    assert answer.status_code == 422 and re.search(r">\s*x</textarea>", answer.get_data(as_text=True))


def test_of_a_bonds_account_the_record_tells_the_last_four_signs(stage: Stage) -> None:
    """The record is everybody's to read; what the bidder sealed stays as it was. Seen red: with the bond as sealed."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    bond = {"form": "transfer", "account": "3301040160001234567", "payer": "甲", "amount_fen": 80_000_000}
    with stage.platform.act(SYSTEM) as act:
        act.session.merge(stage.bid("a")).identity = {**stage.bid("a").identity, "bond": bond}
    with stage.platform.reading() as session:
        facts = queries.record_facts(session, bidding.section(session, CODE))
    (told,) = [one["bond"] for one in facts["bids"] if one["submission_digest"] == stage.bidders["a"].digest]
    assert told == {**bond, "account": "****4567"} and bond["account"] not in json.dumps(facts)

"""What is published, through the programs' interface: cursors, tags, problems; nothing before its time."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.rules import Role
from core.act import SYSTEM, Platform
from core.api.cursors import cursor, place
from core.board import publish_notice
from core.errors import Invalid
from opening import services as hall
from tests.conftest import Browser
from tests.opening.stage import TRUSTEES, Stage
from window import queries
from window.routes.api import shapes


def board(platform: Platform, count: int) -> None:
    with platform.act(SYSTEM) as act:
        for number in range(count):
            publish_notice(act, kind="tender", subject="section:S1", title=f"公告 {number}", content={})


def pages(client: Browser, address: str) -> list[Any]:
    """Every item of a list, page by page."""
    found, following = [], address
    while True:
        told = client.get(following).json
        found += told["items"]
        if told["next"] is None:
            return found
        following = f"{address.partition('&')[0]}&cursor={told['next']}"


def test_a_list_is_paged_by_cursor_without_gap_or_double(client: Browser, platform: Platform) -> None:
    """Also while others publish. Seen red: with the cursor of the item behind the page."""
    board(platform, 7)
    first = client.get("/api/v1/notices?limit=3")
    board(platform, 2)
    assert first.headers["Link"] == f'<http://localhost/api/v1/notices?limit=3&cursor={first.json["next"]}>; rel="next"'
    rest = pages(client, f"/api/v1/notices?limit=3&cursor={first.json['next']}")
    assert [one["title"] for one in first.json["items"] + rest[:4]] == [f"公告 {n}" for n in (6, 5, 4, 3, 2, 1, 0)]
    assert len(pages(client, "/api/v1/notices?limit=1")) == 9


def test_the_change_feed_goes_on_for_ever(client: Browser, platform: Platform) -> None:
    board(platform, 3)
    told = client.get("/api/v1/changes?limit=2").json
    assert [one["leaf"] for one in told["items"]] == [0, 1]
    following = client.get(f"/api/v1/changes?cursor={told['next']}").json
    assert [one["leaf"] for one in following["items"]] == [2]
    empty = client.get(f"/api/v1/changes?cursor={following['next']}").json
    assert empty == {"items": [], "next": following["next"]} == client.get("/api/v1/changes?latest=true").json


def test_nothing_is_sent_again_to_who_has_it(client: Browser, platform: Platform) -> None:
    """Seen red: with the answer not made conditional."""
    board(platform, 1)
    first = client.get("/api/v1/notices")
    again = client.get("/api/v1/notices", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    board(platform, 1)
    assert client.get("/api/v1/notices", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "code", "field"),
    [
        ("/api/v1/notices?limit=0", 422, "api.least", "limit"),
        ("/api/v1/notices?limit=many", 422, "api.kind", "limit"),
        ("/api/v1/notices?colour=blue", 422, "api.unknown_field", "colour"),
        ("/api/v1/notices?limit=2&limit=3", 422, "api.repeated", "limit"),
        ("/api/v1/notices?q=%00", 422, "form.control_character", "q"),
        (f"/api/v1/notices?cursor={cursor('sections', 3)}", 422, "api.cursor", "cursor"),
        ("/api/v1/sections?state=draft", 422, "form.choice", "state"),
        ("/api/v1/sections/nobody", 404, "section.unknown", None),
        ("/api/v1/sections/a%00b", 404, "api.name", None),
        ("/api/v1/nothing", 404, "http.not_found", None),
        ("/api/v1/account", 401, "signin.required", None),
    ],
)
def test_what_is_wrong_is_a_problem_naming_field_and_rule(
    client: Browser, address: str, status: int, code: str, field: str | None
) -> None:
    """RFC 9457, in the language asked for. Seen red: with one of the codes unknown to the words."""
    told = {lang: client.get(address, headers={"Accept-Language": lang}) for lang in ("zh", "en")}
    for answer in told.values():
        assert (answer.status_code, answer.json["code"], answer.json.get("field")) == (status, code, field)
        assert answer.content_type == "application/problem+json" and answer.json["status"] == status
    assert "没有接受这一步" not in told["zh"].json["detail"]  # what is said where nobody has worded a code
    chinese = re.compile("[\u4e00-\u9fff]")
    assert not chinese.search(told["en"].json["detail"]) and chinese.search(told["zh"].json["detail"])


def test_every_fault_of_a_request_is_told_at_once(client: Browser) -> None:
    told = client.get("/api/v1/notices?limit=0&colour=blue&cursor=!").json["errors"]
    assert {one["field"] for one in told} == {"limit", "colour", "cursor"}


def test_a_method_nobody_offers_is_refused_with_those_offered(client: Browser) -> None:
    told = client.open("/api/v1/notices", method="DELETE", plain=True)
    assert told.status_code == 405 and "GET" in told.headers["Allow"] and told.json["code"] == "http.method"


def test_too_many_requests_are_told_when_to_come_again(client: Browser, bearer: Any) -> None:
    """By who asks, not by what anybody may make up. Seen red: with the limits not applied to operations."""
    held = bearer(Role.TENDEREE)
    answers = [
        client.post("/api/v1/tokens/x/revoke", headers=held | {"X-Forwarded-For": f"1.1.1.{n}"}) for n in range(121)
    ]
    assert {one.status_code for one in answers[:-1]} == {404}
    assert answers[-1].status_code == 429 and answers[-1].json["code"] == "http.too_many"
    assert int(answers[-1].headers["Retry-After"]) <= 60
    assert client.post("/api/v1/tokens/x/revoke", headers=bearer(Role.AGENT)).status_code == 404
    assert client.get("/api/v1/draws").headers["X-RateLimit-Remaining"] == "599"


def test_nothing_leaves_before_its_time(platform: Platform, tmp_path: Any, app: Any) -> None:
    """No bidder, no count before the names; no price before the reading. Seen red: with names told at once."""
    stage = Stage(platform, tmp_path / "machines")
    client: Browser = app.test_client()
    lists = ("tenders", "sections", "notices", "results", "draws", "trades", "dataset/bidder", "dataset/candidate")
    addresses = [f"/api/v1/{one}" for one in lists] + [f"/api/v1/sections/{stage.code}"]

    def told() -> list[Any]:
        return [client.get(one).data for one in addresses] + client.get("/api/v1/changes?limit=200").json["items"]

    def bids() -> Any:
        return client.get(f"/api/v1/sections/{stage.code}").json["bids"]

    before = told()
    for letter in "abc":
        stage.bidder(letter)
        stage.submit(letter)
    names = {stage.bidder(letter).name for letter in "abc"}
    assert told() == before and bids() is None
    stage.commit_draw()
    stage.close()
    assert bids() is None
    stage.peel(*TRUSTEES)
    assert bids() is None
    stage.act(stage.tenderee, hall.publish_names)
    assert {one["name"] for one in bids()} == names and {one["price_fen"] for one in bids()} == {None}
    stage.act(stage.tenderee, hall.open_decryption)
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    stage.tick()
    stage.draw()
    assert {one["price_fen"] for one in bids()} == {None}
    stage.act(stage.tenderee, hall.read_prices)
    assert None not in {one["price_fen"] for one in bids()}
    tender = client.get(f"/api/v1/tenders/{stage.code.rpartition('-')[0]}").json
    assert tender["sections"][0]["bids"] == bids()


def test_programs_are_told_what_open_data_tells(platform: Platform, tmp_path: Any) -> None:
    """A fact added to one is added to the other. Seen red: by a field another floor had added."""
    stage = Stage(platform, tmp_path / "machines")
    with platform.reading() as session:
        facts = queries.process(session, stage.code.rpartition("-")[0])
    assert set(facts) == set(shapes.TenderTold.model_fields)
    assert set(facts["sections"][0]) == set(shapes.SectionTold.model_fields)
    assert set(facts["sections"][0]["notices"][0]) == set(shapes.NoticeBrief.model_fields)


def _raw(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True))
@example(cursor("notices", "5"))
@example(cursor("notices", 5, 6))
@example(cursor("notices", True))
@example(cursor("sections", 5))
@example(cursor("notices", 5) + "=")
@example(_raw(b'["notices",9007199254740993]'))
def test_no_made_up_cursor_is_taken(text: str) -> None:
    """Seen red: with the kinds of a place not asked; with a number canonical JSON has no bytes for."""
    try:
        held = place(text, "notices", int)
    except Invalid:
        return
    assert held is not None and cursor("notices", *held) == text
    assert len(held) == 1 and type(held[0]) is int


@pytest.mark.parametrize("day", [b'"\\ud800"', b'"\\u0000"'])
def test_a_cursor_names_no_text_that_a_database_cannot_hold(day: bytes) -> None:
    """Seen red: both made the answer an error of the platform's own, the second one only on PostgreSQL."""
    with pytest.raises(Invalid, match=r"api\.cursor"):
        place(_raw(b'["trades",' + day + b",5]"), "trades", str, int)

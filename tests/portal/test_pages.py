"""The public pages: notices and their files, and a ledger anybody can check from what the pages say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from flask import Flask

from accounts.rules import Role
from bidding.rules import DEFAULT_SLOTS
from bidding.services.rounds import FINAL_SLOTS
from core.act import SYSTEM, Act, Platform
from core.board import Notice, publish_notice
from core.clock import StoppedClock
from core.ledger import merkle
from core.ledger.log import append, facts_digest, signed_head
from core.ledger.notes import Verifier, open_head
from experts.queries.clarifications import FURTHER
from experts.rules.blind import MARKS
from experts.rules.review import CONTROL_PRICE
from portal.words import own_word
from tests.conftest import Browser

ActAs = Callable[..., AbstractContextManager[Act]]


def _publish(act: Act, title: str = "滨江泵站工程招标公告", kind: str = "tender", **more: Any) -> Notice:
    stored = act.store.put(f"招标文件 {title}".encode())
    return publish_notice(
        act,
        kind=kind,
        subject="section:BJ-1",
        title=title,
        content={"project_name": "滨江泵站工程", "control_price_fen": 1_602_158_800, "is_mandatory": True,
                 "deadline_at": "2026-11-08T01:30:00.000000Z", "candidates": [{"rank": 1, "name": "甲公司"}],
                 "empty": None, "policy_sha256": "ab" * 32},
        attachments=[{"name": "招标 文件.pdf", "sha256": stored.sha256, "size": stored.size}],
        **more,
    )  # fmt: skip


@pytest.fixture
def notice(platform: Platform) -> Notice:
    with platform.act(SYSTEM) as act:
        for number in range(3):
            append(act, "probe", f"thing:{number}", {})
        held = _publish(act)
        append(act, "probe", "thing:last", {})
        signed_head(act)
        return held


def test_filters_live_in_the_address(client: Browser, platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        for number in range(25):
            _publish(act, f"第{number}号工程招标公告")
        _publish(act, "中标结果", kind="award")
    page = client.get("/notices").get_data(as_text=True)
    assert "中标结果" in page and "第24号工程" in page and "第3号工程" not in page
    assert 'href="/notices?page=2"' in page
    second = client.get("/notices?page=2").get_data(as_text=True)
    assert "第3号工程" in second and "第24号工程" not in second
    award = client.get("/notices?kind=award").get_data(as_text=True)
    assert "中标结果" in award and "第24号工程" not in award
    found = client.get("/notices", query_string={"q": "第7号", "kind": "tender"}).get_data(as_text=True)
    assert "第7号工程" in found and "第8号工程" not in found
    nothing = client.get("/notices", query_string={"q": "100%_"}).get_data(as_text=True)
    assert "没有符合条件的公告" in nothing
    assert client.get("/notices?page=-3&kind=<script>").status_code == 200


def test_a_notice_shows_its_content_in_words(client: Browser, notice: Notice) -> None:
    page = client.get(f"/notices/{notice.number}").get_data(as_text=True)
    for shown in ("滨江泵站工程", "最高投标限价", "¥16,021,588.00", "2026-11-08 09:30:00", "依法必须招标", "甲公司"):
        assert shown in page, shown
    assert "None" not in page and "control_price_fen" not in page
    assert client.get(f"/notices/{notice.number}/print").status_code == 200
    assert client.get("/notices/GG2026-99999").status_code == 404


def test_a_corrected_notice_points_to_its_follower(client: Browser, platform: Platform, notice: Notice) -> None:
    with platform.act(SYSTEM) as act:
        newer = _publish(act, "更正公告", kind="correction", replaces=act.session.merge(notice))
    assert newer.number in client.get(f"/notices/{notice.number}").get_data(as_text=True)
    assert notice.number in client.get(f"/notices/{newer.number}").get_data(as_text=True)


def test_the_ledger_proves_the_notice_to_a_stranger(client: Browser, notice: Notice) -> None:
    """From JSON alone: facts → digest → leaf → root → signature. Seen red: with the proof of the next entry."""
    told = client.get(f"/notices/{notice.number}.json").json["ledger"]
    entry = told["entry"]
    assert facts_digest(entry["salt"], entry["facts"]) == entry["digest"]
    assert entry["facts"]["content"]["project_name"] == "滨江泵站工程"
    leaf = {name: entry[name] for name in ("at", "digest", "index", "kind", "subject")}
    leaf_hash = merkle.leaf_hash(rfc8785.dumps(leaf))
    key = Verifier.parse(client.get("/ledger/key").get_data(as_text=True))
    head = open_head(told["head"]["note"], key)
    steps = [bytes.fromhex(step) for step in told["inclusion"]]
    assert merkle.verify_inclusion(leaf_hash, entry["index"], head.size, steps, head.root)
    assert client.get("/ledger/checkpoint").get_data(as_text=True) == told["head"]["note"]


def test_the_public_log_does_not_tell_facts(client: Browser, platform: Platform) -> None:
    """Seen red: `told()` in place of `leaf()`."""
    with platform.act(SYSTEM) as act:
        held = append(act, "person.register", "person:1", {"login": "secret-login"})
        signed_head(act)
    for path in (f"/ledger/{held.leaf_index}", f"/ledger/{held.leaf_index}.json", "/ledger/entries", "/ledger"):
        answer = client.get(path)
        assert answer.status_code == 200 and "secret-login" not in answer.get_data(as_text=True)
        assert (held.salt or "") not in answer.get_data(as_text=True)


def test_every_entry_read_recomputes_the_root_and_growth_is_proved(client: Browser, platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        for number in range(13):
            append(act, "probe", f"thing:{number}", {"n": number})
        signed_head(act)
    answer = client.get("/ledger/entries").json
    leaves = [merkle.leaf_hash(rfc8785.dumps(entry)) for entry in answer["entries"]]
    head = open_head(client.get("/ledger/checkpoint").get_data(as_text=True), platform.signer.verifier)
    assert merkle.root(merkle.nodes_of(leaves), len(leaves)) == head.root
    assert len(client.get("/ledger/entries?from=10&limit=2").json["entries"]) == 2
    proof = client.get("/ledger/consistency?old=5&new=13").json
    old = merkle.root(merkle.nodes_of(leaves), 5)
    assert proof["roots"]["5"] == old.hex()
    steps = [bytes.fromhex(step) for step in proof["consistency"]]
    assert merkle.verify_consistency(5, 13, old, head.root, steps)
    for query in ("old=0&new=5", "old=5&new=99", "old=9&new=5", "old=-1&new=2"):
        assert client.get(f"/ledger/consistency?{query}").status_code == 404
    assert client.get("/ledger/consistency?old=x").status_code == 422
    assert client.get("/ledger/999").status_code == 404


def test_an_entry_without_a_head_yet_says_so(client: Browser, platform: Platform) -> None:
    assert client.get("/ledger/checkpoint").status_code == 404
    with platform.act(SYSTEM) as act:
        append(act, "probe", "thing:1", {})
    assert client.get("/ledger/0.json").json["head"] is None
    assert "尚未签发新的签名头" in client.get("/ledger/0").get_data(as_text=True)


def test_files_of_notices_are_for_everybody_and_others_for_nobody(
    client: Browser, platform: Platform, notice: Notice
) -> None:
    """Seen red: serving whatever the store holds."""
    listed = notice.attachments[0]
    answer = client.get(f"/objects/{listed['sha256']}")
    assert hashlib.sha256(answer.data).hexdigest() == listed["sha256"]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E6%8B%9B")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    held = platform.store.put(b"a sealed bid")
    refused, unknown = client.get(f"/objects/{held.sha256}"), client.get(f"/objects/{'0' * 64}")
    assert (refused.status_code, unknown.status_code) == (404, 404)
    for odd in ("../../etc/passwd", "%", "A" * 64, listed["sha256"][:63] + "%"):
        assert client.get(f"/objects/{odd}").status_code == 404


def test_markup_in_a_title_is_text(client: Browser, platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        held = _publish(act, "<script>alert(1)</script>")
    for path in ("/", "/notices", f"/notices/{held.number}"):
        page = client.get(path).get_data(as_text=True)
        assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_health_pages(client: Browser, platform: Platform) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["parts"] == {"database": True, "ledger": True, "objects": True, "clock": True}
    platform.store.temp.rmdir()
    broken = client.get("/readyz")
    assert broken.status_code == 503 and broken.json["parts"]["objects"] is False
    assert "异常" in client.get("/status").get_data(as_text=True)


def test_the_clock_of_the_page_is_the_platforms(client: Browser, clock: StoppedClock) -> None:
    clock.advance(days=3)
    answer = client.get("/time")
    assert answer.json == {"now": "2026-10-11T01:00:00.000000Z"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_home_shows_todays_openings_and_the_week(client: Browser, platform: Platform, act_as: ActAs) -> None:
    from bidding.models import Project, Section

    with act_as(Role.TENDEREE) as act:
        project = Project(
            code="BJ", name="滨江泵站", tenderee_id=act.actor.organisation_id, regime="T", category="works",
            procedure="open", is_mandatory=True, region="330100", funding="财政",
            description="泵站", created_at=act.now,
        )  # fmt: skip
        act.session.add(project)
        act.session.flush()
        for code, hours in (("BJ-1", 3), ("BJ-2", 50), ("BJ-3", 24 * 9)):
            section = Section(
                code=code, project_id=project.id, name=f"{code}标段", estimate_fen=1, control_price_fen=1, bond_fen=1,
                duration_days=1, validity_days=1, decrypt_minutes=30, qualification="", accepts_consortium=False,
                credit_rule="", method={}, deadline_at=act.now + timedelta(hours=hours), published_at=act.now,
                state="submission_open", state_at=act.now, epoch=0,
            )  # fmt: skip
            for name in ("slots", "particulars"):
                if hasattr(Section, name):
                    setattr(section, name, [] if name == "slots" else {})
            act.session.add(section)
    page = client.get("/").get_data(as_text=True)
    assert "BJ-1标段" in page and "BJ-2标段" in page and "BJ-3标段" not in page
    today, _, week = page.partition("七日内开标")
    assert "BJ-1标段" in today and "BJ-2标段" in week


def test_every_refusal_is_explained(client: Browser) -> None:
    page = client.get("/help/refusals").get_data(as_text=True)
    for code in ("bid.late", "role.clash", "credit.shrunk", "door.csrf", "settings.test_flag"):
        assert f'id="{code}"' in page


def test_the_glossary_has_every_row(client: Browser) -> None:
    page = client.get("/glossary").get_data(as_text=True)
    assert "统一社会信用代码" in page and page.count("<tr") > 230


def test_no_dead_links_on_the_public_pages(client: Browser, notice: Notice) -> None:
    """Every internal link of every public page answers. Seen red: with the footer naming a page nobody had built."""
    import re

    seen: set[str] = set()
    waiting = ["/"]
    dead = []
    while waiting and len(seen) < 300:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        if answer.status_code >= 400:
            dead.append((path, answer.status_code))
        elif answer.mimetype == "text/html":
            links = re.findall(r'(?:href|src)="(/[^"#]*)', answer.get_data(as_text=True))
            waiting += [link.replace("&amp;", "&") for link in links if not link.endswith("/BJ-1")]
    assert dead == []
    assert len(seen) > 20


def test_problem_documents_are_json(client: Browser) -> None:
    body = json.loads(client.get("/ledger/7", headers={"Accept": "application/json"}).data)
    assert body["status"] == 404 and body["facts"] == {"index": 7}


def test_the_usual_files_of_a_bid_are_named_in_the_readers_language(app: Flask) -> None:
    """So are the clauses that stand on every review; what a tenderee named otherwise stays as written.

    Seen red: with one name missing in OWN."""
    clauses = (MARKS, CONTROL_PRICE, *FURTHER.values())
    usual = [*(slot["name"] for slot in (*DEFAULT_SLOTS, *FINAL_SLOTS)), *(clause["text"] for clause in clauses)]
    with app.test_request_context("/?lang=en"):
        assert not [name for name in usual if not own_word(name).isascii()]
        assert own_word("类似工程业绩表") == "类似工程业绩表"
    with app.test_request_context("/?lang=zh"):
        assert [own_word(name) for name in usual] == usual

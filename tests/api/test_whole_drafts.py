"""A tenderee's program brings a whole tender to where two people publish it: criteria, envelopes, files, bill, list."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.rules import Role
from bidding.rules.boq import write_workbook
from core.act import Platform
from core.api.files import receive
from core.errors import Conflict
from core.seal import new_identity, recipient_of
from core.store import ObjectStore
from tests.api.test_drafts import PROJECT, SCOPES
from tests.api.test_tokens import token_of
from tests.bidding.boq.bills import tender
from tests.bidding.stage import METHOD, PARTICULARS, SECTION, Stage, refused
from tests.conftest import Browser

Login = Callable[..., Browser]
LEVELLED = METHOD["criteria"][0] | {"levels": ["1", "2"]}
FILE = {"Content-Type": "application/octet-stream"}


def digest_of(content: bytes) -> str:
    """The Content-Digest of these bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


class Program:
    """A tenderee's program that keeps the tag of the draft it has seen."""

    def __init__(self, client: Browser, headers: dict[str, str], draft: str = "") -> None:
        self.client, self.headers, self.draft = client, headers, draft
        self.tag = client.get(draft, headers=headers).headers["ETag"] if draft else ""

    def send(self, content: bytes, place: str, *, name: str = "招标文件.pdf", **changes: str) -> Any:
        """PUT a file to a place of the draft."""
        headers = self.headers | FILE | {"If-Match": self.tag, "Content-Digest": digest_of(content)}
        headers |= {key.replace("_", "-"): value for key, value in changes.items()}
        answer = self.client.put(
            f"{self.draft}/{place}", query_string={"name": name}, data=content, headers=headers, plain=True
        )
        self.tag = answer.headers.get("ETag", self.tag) if answer.status_code == 200 else self.tag
        return answer

    def change(self, body: dict[str, Any]) -> Any:
        """PATCH the draft."""
        answer = self.client.patch(self.draft, headers=self.headers | {"If-Match": self.tag}, json=body)
        self.tag = answer.headers.get("ETag", self.tag) if answer.status_code == 200 else self.tag
        return answer


@pytest.fixture
def program(client: Browser, platform: Platform) -> Program:
    """One with a draft of its own."""
    held = token_of(platform, Role.TENDEREE, SCOPES)
    project = client.post("/api/v1/projects", headers=held, json=PROJECT)
    made = client.post(f"{project.headers['Location']}/drafts", headers=held, json={"name": "一标段"})
    return Program(client, held, made.headers["Location"])


def test_a_program_brings_a_tender_to_where_two_people_publish_it(
    client: Browser, platform: Platform, login: Login
) -> None:
    """Everything but the trustees' keys and the two looks. Seen red: with the tag made before the row was read back."""
    held = token_of(platform, Role.TENDEREE, SCOPES)
    project = client.post(
        "/api/v1/projects", headers=held, json=PROJECT | {"funding": "财政资金", "description": "新建"}
    )
    facts = {name: SECTION[name] for name in SECTION if name not in ("particulars", "method")}
    made = client.post(f"{project.headers['Location']}/drafts", headers=held, json=facts | {"particulars": PARTICULARS})
    assert made.status_code == 201, made.json
    program = Program(client, held, made.headers["Location"])
    envelopes = [{"name": "qualification"}, {"name": "technical", "anonymous": True}]
    envelopes += [{"name": name, "opens": "second"} for name in ("schedule", "price")]
    instants = {"documents_until_at": "2026-10-14T17:00:00+08:00", "deadline_at": "2026-11-03T09:30:00+08:00"}
    instants["second_opening_at"] = "2026-11-06T09:30:00+08:00"
    told = program.change({"method": METHOD, "envelopes": envelopes, **instants}).json
    assert told["method"] == METHOD and [one["opens"] for one in told["envelopes"]] == ["first"] * 2 + ["second"] * 2
    assert [one["envelope"] for one in told["slots"]][-2:] == ["schedule", "price"]
    content = b"%PDF-1.7 tender" * 100_000
    told = program.send(content, "documents/tender").json
    assert told["documents"] == [
        {"slot": "tender", "name": "招标文件.pdf", "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    ]
    code = told["code"]
    told = program.send(write_workbook(tender(section=code)), "bill", name="清单.xlsx").json
    assert [one["slot"] for one in told["documents"]] == ["bill", "bill_template", "tender"]
    assert program.send(b"%PDF boq", "documents/boq", name="清单.pdf").status_code == 200
    for role in (Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR):
        keys = {"recipient": recipient_of(new_identity())}
        assert login(role).post(f"/sections/{code}/trustees", data=keys).status_code == 303
    found = client.get(f"{program.draft}/findings", headers=held).json
    assert found["blocks"] == 0, [one for one in found["items"] if one["level"] == "block"]
    first, second = login(Role.TENDEREE), login(Role.TENDEREE, person="a2")
    concerns = first.get(f"/tender/sections/{code}/submit", headers={"Accept": "application/json"}).json["concerns"]
    reasons = {f"reason-{one['key']}": "已核对" * 3 for one in concerns}
    assert first.post(f"/tender/sections/{code}/submit", data=reasons).status_code == 303
    page = second.get(f"/tender/sections/{code}/publish").get_data(as_text=True)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest is not None
    form = {"confirmation": code, "digest": digest[1]}
    assert second.post(f"/tender/sections/{code}/publish", data=form).location == f"/sections/{code}"
    late = program.send(
        b"%PDF another", "documents/tender", If_Match=client.get(program.draft, headers=held).headers["ETag"]
    )
    assert (late.status_code, late.json["code"]) == (409, "section.published")


def test_a_file_is_taken_whole_or_not_at_all(program: Program, platform: Platform) -> None:
    """Each refusal by its field, nothing kept of it. Seen red: with the digest not compared."""
    content = b"%PDF one"
    before = sorted(platform.store.held())
    other, torn = digest_of(b"x"), content[:4]
    cases = [
        (program.send(content, "documents/tender", Content_Digest=""), 422, "digest.absent", "Content-Digest"),
        (
            program.send(content, "documents/tender", Content_Digest="md5=:x:"),
            422,
            "digest.malformed",
            "Content-Digest",
        ),
        (program.send(content, "documents/tender", Content_Digest=other), 422, "digest.other", "Content-Digest"),
        (
            program.send(torn, "documents/tender", Content_Digest=digest_of(content)),
            422,
            "digest.other",
            "Content-Digest",
        ),
        (program.send(b"", "documents/tender"), 422, "file.empty", "body"),
        (program.send(content, "documents/secret"), 422, "form.choice", "slot"),
        (program.send(content, "documents/bill"), 422, "form.choice", "slot"),
        (program.send(content, "documents/tender", name=""), 422, "form.required", "name"),
        (program.send(content, "documents/tender", name="a\x00.pdf"), 422, "form.control_character", "name"),
        (program.send(content, "documents/tender", Content_Type="application/pdf"), 415, "api.media_type", None),
        (program.send(content, "documents/tender", If_Match='"0"'), 412, "etag.stale", None),
        (program.send(content, "bill", name="清单.xlsx"), 422, "boq.refused", "body"),
    ]
    for answer, status, code, field in cases:
        assert (answer.status_code, answer.json["code"], answer.json.get("field")) == (status, code, field), answer.json
    assert sorted(platform.store.held()) == before and list(platform.store.temp.iterdir()) == []
    assert program.client.get(program.draft, headers=program.headers).headers["ETag"] == program.tag


def test_a_file_beyond_the_limit_is_not_read(program: Program) -> None:
    """One byte more than the site takes."""
    program.client.application.config["MAX_CONTENT_LENGTH"] = 1000
    answer = program.send(b"x" * 1001, "documents/tender")
    assert (answer.status_code, answer.json["code"]) == (413, "http.too_large")
    assert program.send(b"x" * 1000, "documents/tender").status_code == 200


def test_a_file_that_grows_or_finds_no_room_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen red: without the count of what comes."""
    store = ObjectStore(tmp_path)
    with (
        refused(Exception, "api.large"),
        receive(  # type: ignore[arg-type]
            store, io.BytesIO(b"x" * 11), announced=None, digest=digest_of(b"x" * 11), most=10
        ),
    ):
        pass
    monkeypatch.setattr("core.api.files.RESERVE", 1 << 62)
    with (
        refused(Conflict, "upload.no_space"),
        receive(store, io.BytesIO(b"x"), announced=1, digest=digest_of(b"x"), most=10),
    ):
        pass
    assert list(store.temp.iterdir()) == []


def test_a_file_sent_again_under_its_key_is_put_once(program: Program) -> None:
    """The answer that was lost comes again, though the draft has changed; other bytes under the key are refused."""
    key, tag = {"Idempotency_Key": "erp-2026-0001"}, program.tag
    first = program.send(b"%PDF one", "documents/tender", **key)
    again = program.send(b"%PDF one", "documents/tender", If_Match=tag, **key)
    assert first.status_code == 200 and (again.status_code, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true" and again.headers["ETag"] == first.headers["ETag"]
    assert program.send(b"%PDF one", "documents/tender", If_Match=tag).status_code == 412
    other = program.send(b"%PDF two", "documents/tender", **key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency.other")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"method": METHOD | {"minimum_price": "1"}}, "method.minimum_price", "api.unknown_field"),
    ({"method": METHOD | {"criteria": []}}, "criteria", "method.criteria"),
    ({"method": METHOD | {"price": {"formula": "guess", "points": "50"}}}, "method.price.formula", "form.choice"),
    ({"method": METHOD | {"price": {"formula": "mean-deviation/v1", "points": "50"}}}, "k_range", "method.formula"),
    ({"method": METHOD | {"criteria": [METHOD["criteria"][0]] * 2}}, "criteria", "method.criteria"),
    ({"method": METHOD | {"criteria": [LEVELLED]}}, "criteria", "method.levels"),
    ({"method": None}, "method", "form.required"),
    ({"envelopes": [{"name": "price"}]}, "envelopes", "envelopes.schedule"),
    ({"envelopes": [{"name": "schedule"}, {"name": "price", "opens": "second"}]}, "envelopes", "envelopes.prices"),
    ({"envelopes": [{"name": "letters"}]}, "envelopes.0.name", "form.choice"),
    ({"slots": [{"envelope": "schedule", "slot": "a b", "name": "x"}]}, "slots.0.slot", "api.kind"),
    ({"slots": [{"envelope": "schedule", "slot": "a", "name": "x"}]}, "slots", "slots.envelope"),
    ({"particulars": {"credit_cutoff": "never"}}, "particulars.credit_cutoff", "form.choice"),
]  # fmt: skip


def test_a_wrong_part_is_named_and_nothing_changes(program: Program) -> None:
    """Seen red: with the method taken as it came."""
    for body, field, code in WRONG:
        answer = program.change(body)
        assert (answer.status_code, answer.json["field"], answer.json["code"]) == (422, field, code), answer.json
    assert program.client.get(program.draft, headers=program.headers).headers["ETag"] == program.tag


def test_a_substantive_clause_carries_its_star_and_what_is_told_can_be_sent_back(program: Program) -> None:
    """R-125, one way to say it for people and programs."""
    clauses = [{"code": "R1", "text": "有签章", "substantive": True}, {"code": "R2", "text": "★ 工期不得超出"}]
    told = program.change({"method": METHOD | {"review": clauses}}).json["method"]
    assert [(one["text"], one["substantive"]) for one in told["review"]] == [
        ("★有签章", True),
        ("★ 工期不得超出", True),
    ]
    assert program.change({"method": told}).json["method"] == told
    lowest = {"criteria": [], "price": {"formula": "lowest-first/v1", "points": "100"}}
    assert program.change({"method": lowest}).json["method"]["price"] == lowest["price"]


def test_the_list_of_the_invited_is_replaced_against_the_list_seen(program: Program, client: Browser) -> None:
    """R-043. Seen red: without `check_match`."""
    place = f"{program.draft}/invitees"
    seen = client.get(place, headers=program.headers)
    body = {"items": [{"identifier": "91330100MA2AXXXX0A", "name": "甲公司"}]}
    assert seen.json == {"items": []}
    assert client.put(place, headers=program.headers, json=body, plain=True).status_code == 428
    match = program.headers | {"If-Match": seen.headers["ETag"]}
    put = client.put(place, headers=match, json=body, plain=True)
    assert put.status_code == 200 and put.json["items"][0]["is_invited"] is False
    assert client.put(place, headers=match, json={"items": []}, plain=True).status_code == 412
    twice = client.put(
        place,
        headers=program.headers | {"If-Match": put.headers["ETag"]},
        json={"items": body["items"] * 2},
        plain=True,
    )
    assert (twice.status_code, twice.json["code"]) == (422, "invitees.doubled")


def test_nobody_puts_a_file_into_anothers_draft(program: Program, client: Browser, platform: Platform) -> None:
    """As if it did not exist, and before a byte is kept.

    Seen red: with the section found without asking whose it is before the bytes come (a bill was read).
    """
    from accounts.queries import person_by_id
    from accounts.services import create_token
    from tests import factories

    other = factories.actor(platform, Role.TENDEREE, "b")
    with platform.act(other) as act:
        made = create_token(act, person_by_id(act.session, other.person_id or 0), name="x", scopes=SCOPES, days=1)
    before = sorted(platform.store.held())
    for draft in (program.draft, "/api/v1/drafts/none"):
        stranger = Program(client, {"Authorization": f"Bearer {made[1]}"})
        stranger.draft, stranger.tag = draft, program.tag
        for place in ("documents/tender", "bill"):
            answer = stranger.send(b"%PDF x", place)
            assert (answer.status_code, answer.json["code"]) == (404, "section.unknown")
    reads = Program(client, token_of(platform, Role.TENDEREE, ["drafts:read"]), program.draft)
    assert reads.send(b"%PDF x", "documents/tender").json["code"] == "token.scope"
    assert sorted(platform.store.held()) == before


def test_a_tokens_file_travels_over_a_published_stage_unchanged(platform: Platform, client: Browser) -> None:
    """What a person drafted on the pages a program reads in the same words."""
    stage = Stage(platform)
    stage.draft()
    held = token_of(platform, Role.TENDEREE, SCOPES)
    told = client.get(f"/api/v1/drafts/{stage.code}", headers=held).json
    assert [one["slot"] for one in told["documents"]] == ["boq", "tender"]
    assert told["method"] == METHOD and {one["name"] for one in told["envelopes"]} >= {"schedule", "price"}

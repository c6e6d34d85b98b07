"""Speaking in the hall: under names, after the names, not too fast; presence; the supervisor's notes and signature."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from accounts.models import Certificate
from accounts.queries import person as person_of
from accounts.rules import Role
from core.act import SYSTEM
from core.errors import Conflict, Forbidden, Invalid, Untimely
from core.ledger.log import signed_head
from core.ledger.notes import Head
from opening import queries, services
from opening.models import Presence
from opening.rules import record_message
from tests import factories
from tests.opening.stage import CODE, TRUSTEES, Stage


def test_nobody_speaks_and_nobodys_presence_is_kept_before_the_names(stage: Stage) -> None:
    """Seen red: with the check of the standing left out a row told who sat there before the names."""
    for letter in "abc":
        stage.submit(letter)
    stage.commit_draw()
    stage.close()
    stage.peel(*TRUSTEES)
    actor = stage.bidders["a"].actor
    with pytest.raises(Conflict, match=r"saying\.before_names"):
        stage.act(actor, services.say, "我们到了", role="bidder")
    assert stage.act(actor, services.keep_presence, role="bidder") is False
    assert stage.act(stage.tenderee, services.keep_presence, role="tenderee") is False
    with stage.platform.reading() as session:
        assert session.scalars(select(Presence)).all() == []
    stage.act(stage.tenderee, services.publish_names)
    assert stage.act(actor, services.keep_presence, role="bidder") is True
    stranger = factories.actor(stage.platform, Role.BIDDER, "z")
    assert stage.act(stranger, services.keep_presence, role="bidder") is False
    with pytest.raises(Forbidden, match=r"saying\.stranger"):
        stage.act(stranger, services.say, "我也来", role="bidder")
    with stage.platform.reading() as session:
        assert [held.name for held in queries.presences(session, stage.opening)] == [stage.bidders["a"].name]


def test_what_is_said_stands_under_a_name_in_ledger_board_and_record_and_not_too_fast(stage: Stage, app: Any) -> None:
    """Seen red: with the count of the last minute left out a bidder filled the board."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    actor = stage.bidders["b"].actor
    for number in range(5):
        stage.act(actor, services.say, f"第{number}句", role="bidder")
    with pytest.raises(Untimely, match=r"saying\.too_fast"):
        stage.act(actor, services.say, "再说一句", role="bidder")
    stage.clock.advance(minutes=1, seconds=1)
    stage.act(actor, services.say, "可以再说", role="bidder")
    with pytest.raises(Invalid):
        stage.act(actor, services.say, "长" * 1001, role="bidder")
    stage.act(stage.tenderee, services.announce, "请全体投标人签到", role="tenderee")
    stage.as_bid("c", stage.tenderee, services.call_bidder, "请立即签到", role="tenderee")
    page = app.test_client().get(f"/opening/{CODE}").get_data(as_text=True)
    assert "可以再说" in page and "请全体投标人签到" in page and stage.bidders["b"].name in page
    with stage.platform.reading() as session:
        lines = queries.log_lines(session, stage.opening)
    assert sum(line.kind == "opening.say" for line in lines) == 6


def test_a_supervisor_notes_cosigns_and_stops_nothing(stage: Stage, login: Any) -> None:
    """Seen red: with any signature taken, another person's key co-signed."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    stage.act(stage.supervisor, services.record_irregularity, "主持人离席五分钟", role="supervisor")
    stage.act(stage.tenderee, services.sign_record)
    record = stage.opening.record
    assert [item["kind"] for item in record["sayings"]] == ["irregularity"]  # type: ignore[index]
    browser = login(Role.SUPERVISOR)
    sha256 = stage.opening.record_sha256
    assert sha256 is not None
    wrong = browser.post(f"/opening/{CODE}/cosign", data={"form": "cosign", "cosign-confirmation": "000000000000"})
    assert wrong.status_code == 422
    key = factories.SigningKey.create()
    foreign = base64.b64encode(key.sign(record_message(sha256))).decode()
    with pytest.raises(Invalid, match=r"record\.signature"):
        stage.act(stage.supervisor, services.cosign_record, signature=foreign)
    with stage.platform.act(SYSTEM) as act:
        person = person_of(act.session, stage.supervisor.name)
        pem = stage.authority.issue(
            key.public, name="滨江市住建局", identifier="12330000MB0TE5T01Q", person=person.name, at=stage.clock.now()
        )
        act.session.add(
            Certificate(
                person_id=person.id,
                fingerprint="f" * 64,
                serial="1",
                pem=pem,
                not_before=stage.clock.now(),
                not_after=stage.clock.now() + timedelta(days=1),
                revoked_at=None,
            )
        )
    another = base64.b64encode(factories.SigningKey.create().sign(record_message(sha256))).decode()
    with pytest.raises(Invalid, match=r"record\.signature"):
        stage.act(stage.supervisor, services.cosign_record, signature=another)
    with pytest.raises(ZeroDivisionError), stage.platform.act(stage.supervisor) as act:
        services.cosign_record(act, queries.opening(act.session, stage.opening.section), signature=foreign)
        raise ZeroDivisionError  # taken, and rolled back: the same person signs below by the page
    done = browser.post(f"/opening/{CODE}/cosign", data={"form": "cosign", "cosign-confirmation": sha256[:12]})
    assert done.status_code == 303
    last = stage.opening.record_signatures[-1]
    assert (last["role"], last["method"]) == ("supervisor", "sign_in")
    with pytest.raises(Conflict, match=r"record\.cosigned"):
        stage.act(stage.supervisor, services.cosign_record)
    stage.act(stage.tenderee, services.hand_over)
    assert browser.get(f"/opening/{CODE}/watch").status_code == 200


def test_a_head_somebody_kept_is_compared_with_the_log(stage: Stage, login: Any) -> None:
    """Seen red: with check_not_rolled_back left out a head of a log that never was agreed."""
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    note = stage.opening.closing_note
    with stage.platform.act(stage.officer) as act:
        signed_head(act)
    browser = login(Role.SUPERVISOR)
    told = browser.post(f"/opening/{CODE}/head", json={"head": note}).get_json()
    assert told["agrees"] and told["size"] == stage.opening.closing_size and told["consistency"]
    lines = note.split("\n")
    forged = "\n".join([lines[0], str(int(lines[1]) + 1), *lines[2:]])
    assert browser.post(f"/opening/{CODE}/head", json={"head": forged}).get_json()["code"] == "note.signature"
    signer, size = stage.platform.signer, int(lines[1])
    for told_size, code in ((size, "ledger.fork"), (size + 10_000, "ledger.rolled_back")):  # signed, and not this log's
        other = signer.note(Head(lines[0], told_size, bytes(32)).text())
        assert browser.post(f"/opening/{CODE}/head", json={"head": other}).get_json()["code"] == code
    page = browser.post(f"/opening/{CODE}/head", data={"form": "mine", "mine-head": note})
    assert page.status_code == 200 and "一致性证明" in page.get_data(as_text=True)

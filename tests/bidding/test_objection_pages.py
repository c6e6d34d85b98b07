"""Objections through the pages: the form, what everyone sees while all stands still, the desk, the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.rules import Role
from bidding import queries
from bidding.models import Publication
from core.board import notices
from portal.words.labels import label
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Stage
from tests.conftest import Browser

Login = Callable[..., Browser]
OBJECTION = "第三章要求本市业绩，请删去。"


def test_an_objection_its_suspension_and_the_answer(stage: Stage, login: Login, client: Browser) -> None:
    """From the form to the moved deadline; its text is nobody's to read before the answer but the tenderee's.

    Seen red: with the public page showing every objection's text.
    """
    page = f"/sections/{stage.code}/objections"
    bidder = login(Role.BIDDER)
    assert "平台不保存提出人" in bidder.get(page).text
    empty = bidder.post(page, data={"text": ""})
    assert empty.status_code == 422
    raised = bidder.post(page, data={"text": OBJECTION})
    assert raised.status_code == 303
    old = stage.section().closing_at
    public = client.get(f"/sections/{stage.code}").text
    assert "招标暂停，截止时间停走" in public
    assert "最后一个答复公布时恢复" in public
    assert OBJECTION not in public
    assert 'role="timer"' not in public or "data-deadline" not in public, "no clock runs"
    for address in ("/sections", "/bid", f"/bid/{stage.code}"):
        assert "停走" in bidder.get(address).text, address
    desk = login(Role.TENDEREE).get(f"/tender/sections/{stage.code}/objections").text
    assert OBJECTION in desk
    assert "答复期限" in desk
    assert OBJECTION in login(Role.SUPERVISOR).get(f"/tender/sections/{stage.code}/objections").text
    assert bidder.get(f"/tender/sections/{stage.code}/objections").status_code == 403
    tenderee = login(Role.TENDEREE)
    assert "有异议待答复" in tenderee.get(f"/tender/projects/{stage.section().project.code}").text
    stage.platform.clock.advance(days=1, hours=3)
    form = f"/tender/sections/{stage.code}/clarifications"
    assert 'value="1" selected' in tenderee.get(f"{form}?objection=1").text
    drafted = tenderee.post(form, data={"objection": "1", "text": "不改。", "affects": "no", "reason": "业绩为加分项"})
    assert drafted.status_code == 303
    with stage.platform.reading() as session:
        number = queries.publications(session, stage.section())[-1].number
    submit = f"/tender/sections/{stage.code}/publications/{number}/submit"
    assert OBJECTION in tenderee.get(submit).text
    with stage.platform.reading() as session:
        held: Publication = queries.publication(session, stage.section(), number)
        keys = [one.key for one in queries.concerns(session, held, stage.platform.clock.now())]
    assert tenderee.post(submit, data={f"reason-{key}": "逐条核对确需保留" for key in keys}).status_code == 303
    second = login(Role.TENDEREE, person="a2")
    review = f"/tender/sections/{stage.code}/publications/{number}"
    shown = second.get(review).text
    assert "发布后恢复招标" in shown
    with stage.platform.reading() as session:
        digest = queries.publication(session, stage.section(), number).digest
    assert second.post(review, data={"confirmation": stage.code, "digest": digest}).status_code == 303
    assert stage.section().closing_at == old + timedelta(days=2)
    public = client.get(f"/sections/{stage.code}").text
    assert OBJECTION in public
    assert "招标暂停" not in public
    assert 'href="/rules/R-135"' in public


def test_the_page_seals_for_the_deadline_that_stands_still(stage: Stage, login: Login) -> None:
    """Past the old deadline pages and programs are told one that is ahead. Seen red: with the old one."""
    bidder = login(Role.BIDDER)
    old = stage.section().closing_at
    bidder.post(f"/sections/{stage.code}/objections", data={"text": OBJECTION})
    stage.platform.clock.move_to(old + timedelta(hours=1))
    bidder = login(Role.BIDDER)
    now = stage.platform.clock.now()
    told = bidder.get(f"/sections/{stage.code}/policy.json").get_json()
    assert told["state"] == "suspended"
    assert told["deadline"] > now.strftime("%Y-%m-%dT%H:%M:%S")
    assert "投标已截止" not in bidder.get(f"/bid/{stage.code}").text
    assert bidder.get(f"/bid/{stage.code}/submit").status_code == 200


def test_the_tenderee_does_not_object_to_itself(stage: Stage, login: Login) -> None:
    """A bidder's person in the tenderee's organisation neither. Seen red: without the look at the party."""
    assert login(Role.TENDEREE).get(f"/sections/{stage.code}/objections").status_code == 403
    other = Stage(stage.platform).publish()
    name = other.section().project.tenderee.name
    answer = login(Role.BIDDER).post(f"/sections/{other.code}/objections", data={"text": f"{name}的文件写错了。"})
    assert answer.status_code == 303, "the tenderee's name is not the asker's"


def test_a_late_objection_is_told_as_late(stage: Stage, login: Login, client: Browser) -> None:
    """On the form before, in the answer after; and the tender goes on. Seen red: with the box always hidden."""
    stage.platform.clock.move_to(stage.section().closing_at - timedelta(days=9))
    bidder = login(Role.BIDDER)
    page = f"/sections/{stage.code}/objections"
    assert "已过异议期限" in bidder.get(page).text
    assert bidder.post(page, data={"text": OBJECTION}).status_code == 303
    assert "逾期提出" in client.get(f"/sections/{stage.code}").text
    assert stage.section().state == "submission_open"
    two_persons.clarify(stage.platform, stage.code, objection=1)
    assert OBJECTION in client.get(f"/sections/{stage.code}").text


def test_the_log_of_an_objection_leads_nowhere(stage: Stage, login: Login, caplog: pytest.LogCaptureFixture) -> None:
    """No login, organisation, section or request id beside it (R-208). Seen red: without @unlinked on the form."""
    actor = factories.actor(stage.platform, Role.BIDDER)
    with caplog.at_level(logging.DEBUG):
        bidder = login(Role.BIDDER)
        assert bidder.post(f"/sections/{stage.code}/objections", data={"text": OBJECTION}).status_code == 303
    lines = [line for line in caplog.messages if "raise_objection" in line]
    assert lines
    for word in (actor.name, OBJECTION, stage.code, '"request"', '"ms"'):
        assert not [line for line in lines if word in line], word


def test_the_notices_of_a_suspension_speak_words(stage: Stage, login: Login, client: Browser) -> None:
    """Every fact of it has its label, the rule's parameter too. Seen red: with the labels as they were before."""
    login(Role.BIDDER).post(f"/sections/{stage.code}/objections", data={"text": OBJECTION})
    stage.platform.clock.advance(days=1)
    two_persons.clarify(stage.platform, stage.code, objection=1)
    with stage.platform.reading() as session:
        newest, suspension, _ = notices(session, subject=stage.section().subject)
    assert (newest.kind, suspension.kind) == ("correction", "suspension")
    facts = {**suspension.content, **suspension.content["objection"], **newest.content["clarification"]}
    assert sorted(key for key in facts if label(key) == key) == []
    page = client.get(f"/notices/{suspension.number}").text
    assert "对文件异议距截止" in page
    assert "doc_objection_before" not in page.partition("</main>")[0]

"""Objections to the documents: who raises one is nowhere, the section stands still, nothing that arrives is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Clarification, DocumentObjection
from core.board import notices
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.outbox import inbox
from portal.cli.tick import tick
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import Bidder, Stage, refused

OBJECTION = "评分办法要求本市业绩，属于不合理限制，请修改。"
ANSWER = "已删除本市业绩的要求。"
DAY = timedelta(days=1)


def object_to(stage: Stage, text: str = OBJECTION, **options: Any) -> DocumentObjection:
    """Raise an objection as the page does: as nobody, alone in the turnstile."""
    with stage.act(Role.BIDDER, through=rules.turnstile(stage.code), shared=False) as act:
        return services.raise_objection(act, queries.section(act.session, stage.code), text, **options)


def answer(stage: Stage, number: int, **options: Any) -> Clarification:
    """Answer it through both people; unless told otherwise nothing in the documents changes."""
    values: dict[str, Any] = {"text": ANSWER, "affects_preparation": False, "reason": "仅作说明，文件未改"}
    return two_persons.clarify(stage.platform, stage.code, **{**values, "objection": number, **options})


def last_moment(stage: Stage) -> datetime:
    """The last instant for an objection: ten days before the deadline."""
    return stage.section().closing_at - 10 * DAY


# In time or not ---------------------------------------------------------------------------------------------------


def test_an_objection_in_time_suspends_and_one_a_microsecond_later_does_not(stage: Stage) -> None:
    """R-135: ten days before the deadline, the instant itself in time; a late one is kept and suspends nothing.

    Seen red: with `<` for `<=`, and with every objection admissible.
    """
    stage.platform.clock.move_to(last_moment(stage) + timedelta(microseconds=1))
    assert object_to(stage).is_admissible is False
    assert stage.section().state == "submission_open"
    other = Stage(stage.platform).publish()
    other.platform.clock.move_to(last_moment(other))
    assert object_to(other).is_admissible is True
    section = other.section()
    assert (section.state, section.state_at) == ("suspended", other.platform.clock.now())
    with other.platform.reading() as session:
        newest = notices(session, subject=section.subject)[0]
    assert (newest.kind, newest.content["standing_deadline_at"]) == ("suspension", iso(section.closing_at))
    assert OBJECTION not in str(newest.content), "public only with its answer"


def test_after_the_deadline_nobody_objects(stage: Stage) -> None:
    """Seen red: without the look at the deadline."""
    stage.platform.clock.move_to(stage.section().closing_at)
    with refused(Untimely, "document_objection.late"):
        object_to(stage)


def test_the_answer_is_due_at_the_end_of_the_third_day_and_later_on_a_rest_day() -> None:
    """R-135, R-001: Thursday's is due on Sunday, which is Monday. Seen red: adding hours instead of days."""
    law = rules.law_on("T", date(2026, 10, 8))
    raised = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)
    assert rules.answer_due(law, national(), raised) == datetime(2026, 11, 9, 16, 0, tzinfo=UTC)
    raised = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    assert rules.answer_due(law, national(), raised) == datetime(2026, 11, 5, 16, 0, tzinfo=UTC)


def test_in_procurement_the_challenge_counts_working_days_and_stops_nothing() -> None:
    """R-135 G: seven working days after the notice period; only a complaint suspends. Seen red: suspending always."""
    law = rules.law_on("G", date(2026, 11, 2))
    published = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
    last = rules.admissible_until(law, national(), published, published + 40 * DAY)
    assert last == datetime(2026, 11, 18, 16, 0, tzinfo=UTC) - timedelta(microseconds=1)
    assert not rules.suspends(law)
    assert rules.suspends(rules.law_on("T", date(2026, 11, 2)))
    simple = rules.law_on("T", date(2026, 11, 2), procedure="simple", is_mandatory=False)
    assert not rules.suspends(simple)


# Nobody is named --------------------------------------------------------------------------------------------------


def test_who_objects_is_stored_nowhere(stage: Stage) -> None:
    """R-132, R-208: not in row, ledger, notice or message. Seen red: with the acting person in the move."""
    with stage.act(Role.BIDDER) as act:
        who = act.actor
    object_to(stage)
    with stage.platform.reading() as session:
        (held,) = queries.objections(session, stage.section())
        told = [str(entry.told()) for entry in queries.timeline(session, stage.section())]
        tenderee = stage.section().project.tenderee_id
        (message,) = inbox(session, f"organisation:{tenderee}")
    columns = {column.key for column in DocumentObjection.__table__.columns}
    assert columns == {
        "id", "section_id", "number", "text", "is_admissible", "raised_at", "answer_due_at", "answered_at",
        "state", "state_at", "epoch",
    }  # fmt: skip
    everything = " ".join([*told, str(message.facts), held.text])
    assert who.name not in everything
    assert OBJECTION not in " ".join(told), "the text waits for its answer"


def test_an_objection_that_names_its_author_is_not_taken(stage: Stage) -> None:
    """However it is spaced or written in full-width signs. Seen red: comparing the texts as they are."""
    with refused(Invalid, "document_objection.names_itself"):
        object_to(stage, "我司滨江 建设（集团）公司认为评分不公。", own_names=["滨江建设(集团)公司"])
    with refused(Invalid, "document_objection.private", found=["138******78"]):
        object_to(stage, "请致电 13812345678 说明。")
    assert object_to(stage, "文件中的电话 13812345678 是私人号码。", keeps_private=True).number == 1


# Standing still ---------------------------------------------------------------------------------------------------


def test_while_suspended_nothing_closes_and_what_arrives_is_kept(stage: Stage, bidder: Callable[[str], Bidder]) -> None:
    """Over the old deadline: the tick closes nothing, a commit is received, and after the answer it counts.

    Seen red: with the state left out of `_check_time`, of `is_receiving` and of `due_to_close` in turn.
    """
    old = stage.section().closing_at
    stage.platform.clock.move_to(last_moment(stage))
    object_to(stage)
    raised = stage.platform.clock.now()
    stage.platform.clock.move_to(old + timedelta(hours=5))
    tick(stage.platform)
    assert stage.section().state == "suspended"
    with refused(Conflict, "section.suspended"):
        stage.close()
    with stage.platform.reading() as session:
        assert queries.due_to_close(session, stage.platform.clock.now()) == []
        assert queries.is_receiving(session, stage.code, stage.platform.clock.now())
        queries.check_admission(session, stage.code, "a-key-nobody-has-used", stage.platform.clock.now())
    first = bidder("甲").seal(stage.policy())
    _, receipt = stage.commit(first)
    assert receipt["received_at"] > iso(old)
    answer(stage, 1)
    section = stage.section()
    stood = stage.platform.clock.now() - raised
    assert section.state == "submission_open"
    assert section.closing_at == old + (stood.days + 1) * DAY, "whole days, begun ones count"
    assert section.closing_at.timetz() == old.timetz()
    late = bidder("乙").seal(stage.policy())
    stage.platform.clock.move_to(section.closing_at)
    with refused(Untimely, "bid.late"):
        stage.commit(late)
    stage.close()
    with stage.platform.reading() as session:
        assert [row.digest for row in queries.counted(session, stage.section())] == [first.digest]


def test_the_last_answer_moves_the_deadline_in_either_order(stage: Stage) -> None:
    """Two objections: the section goes on with the second answer only. Seen red: resuming with the first."""
    for order in ((1, 2), (2, 1)):
        one = Stage(stage.platform).publish()
        old = one.section().closing_at
        one.platform.clock.move_to(last_moment(one))
        object_to(one)
        raised = one.platform.clock.now()
        one.platform.clock.advance(days=1)
        assert object_to(one, "另一处异议。").is_admissible, "the deadline it is measured by moves with the days"
        answer(one, order[0])
        assert (one.section().state, one.section().closing_at) == ("suspended", old)
        one.platform.clock.advance(days=1, hours=1)
        made = answer(one, order[1])
        section = one.section()
        assert (section.state, section.closing_at) == ("submission_open", old + 3 * DAY)
        assert (made.old_deadline_at, made.new_deadline_at) == (old, section.closing_at)
        assert one.platform.clock.now() - raised == timedelta(days=2, hours=1)
        assert one.policy()["version"] == 2
        with one.platform.reading() as session:
            newest = notices(session, subject=section.subject)[0]
            kinds = [entry.kind for entry in queries.timeline(session, section)]
        assert newest.kind == "correction"
        assert newest.content["deadline_at"] == iso(section.closing_at)
        assert newest.content["clarification"]["objection"]["number"] == order[1]
        assert kinds.count("section.suspend") == kinds.count("section.resume") == 1


def test_an_answer_that_changes_the_documents_moves_it_by_r130_too(stage: Stage) -> None:
    """Fifteen days from its notice where that is later. Seen red: leaving the clarification's days out."""
    stage.platform.clock.move_to(last_moment(stage))
    object_to(stage)
    stage.platform.clock.advance(hours=2)
    answer(stage, 1, affects_preparation=True, reason="")
    assert stage.section().closing_at == stage.platform.clock.now() + 15 * DAY


def test_a_clarification_while_suspended_counts_its_days_at_the_resumption(stage: Stage) -> None:
    """Published meanwhile it moves nothing; the last answer does. Seen red: forgetting what was published meanwhile."""
    old = stage.section().closing_at
    stage.platform.clock.move_to(last_moment(stage))
    object_to(stage)
    stage.platform.clock.advance(hours=1)
    published = stage.platform.clock.now()
    with refused(Invalid, "clarification.suspended"):
        two_persons.clarify(stage.platform, stage.code, deadline_at=old + 30 * DAY)
    two_persons.clarify(stage.platform, stage.code)
    assert stage.section().closing_at == old
    stage.platform.clock.advance(hours=1)
    answer(stage, 1)
    assert stage.section().closing_at == published + 15 * DAY


def test_a_section_is_suspended_twice(stage: Stage) -> None:
    """The moved deadline opens the time for objections again; each suspension moves by its own days.

    Seen red: reckoning the second from the first suspension.
    """
    old = stage.section().closing_at
    for days in (1, 2):
        stage.platform.clock.move_to(last_moment(stage))
        object_to(stage, f"第 {days} 次异议。")
        stage.platform.clock.advance(days=days)
        answer(stage, days)
        old += days * DAY
        assert (stage.section().state, stage.section().closing_at) == ("submission_open", old)
    assert stage.policy()["version"] == 3


def test_no_outage_moves_a_deadline_that_stands_still(stage: Stage) -> None:
    """Seen red: without the look at the state."""
    object_to(stage)
    with refused(Conflict, "outage.suspended"), stage.act(Role.OFFICER) as act:
        section = queries.section(act.session, stage.code)
        services.extend_for_outage(act, section, {}, cause="platform", reason="机房断电")


def test_a_suspended_section_can_fail(stage: Stage) -> None:
    """R-137: documents that break the law end the tender. Seen red: with the move left as it was."""
    object_to(stage)
    with stage.act(Role.OFFICER) as act:
        services.fail_section(act, queries.section(act.session, stage.code), "R-137")
    assert stage.section().state == "failed"


# Answering --------------------------------------------------------------------------------------------------------


def test_an_objection_is_answered_once(stage: Stage) -> None:
    """Also where a second answer was prepared before the first went out.

    Seen red: with neither the look at its state nor the lifecycle refusing a second answer.
    """
    object_to(stage)
    waiting = two_persons.draft_clarification(
        stage.platform, stage.code, objection=1, affects_preparation=False, reason="说明"
    )
    answer(stage, 1)
    moved = stage.section().closing_at
    with refused(Conflict, "document_objection.state"):
        answer(stage, 1)
    reviewer = two_persons.reviewer(stage.platform)
    turnstile = rules.turnstile(stage.code)
    with (
        refused(Conflict, "document_objection.state"),
        stage.platform.act(reviewer, through=turnstile, shared=False) as act,
    ):
        held = queries.publication(act.session, queries.section(act.session, stage.code), waiting.number)
        services.publish_clarification(act, held, held.digest)
    assert stage.section().closing_at == moved


def test_only_the_tenderee_answers_and_two_of_its_people(stage: Stage) -> None:
    """Seen red: without `prepare`'s look at the party."""
    object_to(stage)
    with refused(Forbidden, "publication.not_party"), stage.act(Role.BIDDER) as act:
        section = queries.section(act.session, stage.code)
        objection = queries.objection(act.session, section, 1)
        services.draft_clarification(
            act, section, text=ANSWER, affects_preparation=False, reason="说明", objection=objection
        )
    with stage.platform.reading() as session, pytest.raises(Missing):
        queries.own_section(session, stage.code, factories.actor(stage.platform, Role.BIDDER))
    assert stage.section().state == "suspended"


def test_private_data_in_an_objection_is_answered_for_before_it_is_published(stage: Stage) -> None:
    """Restrictive words in it are its quotation and need nothing. Seen red: without the objection's passage."""
    text = "文件写有私人电话 13812345678，且须具有本市注册的分公司。"
    object_to(stage, text, keeps_private=True)
    with stage.platform.reading() as session:
        content = {"text": "已修改。", "reason": "", "objection": 1, "documents": []}
        now = stage.platform.clock.now()
        (found,) = queries.clarification_concerns(session, stage.section(), now, content)
    assert found.exposure is not None
    assert (found.sort, found.exposure.kind) == ("privacy", "mobile")
    answer(stage, 1)
    with stage.platform.reading() as session:
        newest = notices(session, subject=stage.section().subject)[0]
    assert newest.content["clarification"]["objection"]["text"] == text

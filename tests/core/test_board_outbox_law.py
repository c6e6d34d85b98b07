"""Notices are numbered and never edited, messages are written once, rules are in force by the day."""

from __future__ import annotations

from datetime import date
from threading import Thread

import pytest

from core import board, law, outbox
from core.act import SYSTEM, Platform
from core.carriers import Undeliverable
from core.clock import StoppedClock
from core.errors import Missing
from core.ledger import log
from core.outbox import Message

RULES = [
    law.Rule("R-1", "days", "T", "20", "days", "S1 a24", "V", "2000-01-01", "2026-06-30"),
    law.Rule("R-1", "days", "T", "25", "days", "S1 a24", "V", "2026-07-01"),
    law.Rule("R-2", "share", "*", "2", "%", "S2 a26", "V", "2000-01-01"),
    law.Rule("R-3", "days", "G", "5", "working days", "S6 a16", "V", "2000-01-01"),
]


def test_notices_are_numbered_within_the_year_and_stand_in_the_ledger(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        first = board.publish_notice(act, kind="tender", subject="section:T-1", title="招标公告", content={"a": 1})
        second = board.publish_notice(
            act, kind="correction", subject="section:T-1", title="更正公告", content={"a": 2}, replaces=first
        )
    assert (first.number, second.number) == ("GG2026-00001", "GG2026-00002")
    with platform.reading() as session:
        assert log.entry(session, first.leaf_index).facts["content"] == {"a": 1}
        assert board.notice(session, "GG2026-00002").replaces_id == first.id
        assert [notice.title for notice in board.notices(session, words="更正")] == ["更正公告"]
        with pytest.raises(Missing):
            board.notice(session, "GG2026-00003")


def test_two_who_publish_at_once_get_two_numbers(platform: Platform) -> None:
    """The second counts when the first has committed. Seen red on PostgreSQL: both took one number, one act failed."""
    numbers: list[str] = []

    def publish() -> None:
        with platform.act(SYSTEM) as act:
            numbers.append(
                board.publish_notice(act, kind="tender", subject="section:T-2", title="二", content={}).number
            )

    other = Thread(target=publish)
    with platform.act(SYSTEM) as act:
        numbers.append(board.publish_notice(act, kind="tender", subject="section:T-1", title="一", content={}).number)
        other.start()
        other.join(0.3)
    other.join(30)
    assert numbers == ["GG2026-00001", "GG2026-00002"]


def test_a_message_is_written_once_per_key_and_taken_again_only_after_its_wait(
    platform: Platform, clock: StoppedClock
) -> None:
    """Half a minute, doubled, an hour at most; what is no use is given up at once, what never arrives in the end.

    Seen red: claimed again by the next tick while the first still delivers; given up without `failed_at`.
    """
    with platform.act(SYSTEM) as act:
        for _ in range(2):
            outbox.post(act, key="k", recipient="person:1", template="x")
    waits = []
    for attempt in range(1, outbox.MOST_ATTEMPTS + 1):
        with platform.act(SYSTEM) as act:
            (letter,) = outbox.claim_letters(act)
        with platform.act(SYSTEM) as act:
            assert outbox.claim_letters(act) == []
            outbox.record_missed(act, letter, ConnectionError("someone@example.cn is unknown here"))
            waits.append(outbox.wait_after(attempt))
        clock.advance(seconds=waits[-1].total_seconds())
    assert [wait.total_seconds() for wait in waits[:3]] == [30, 60, 120] and waits[-1].total_seconds() == 3600
    with platform.act(SYSTEM) as act:
        assert outbox.claim_letters(act) == [] and outbox.unsent(act.session) == []
        held = act.session.query(Message).one()
        assert (outbox.state_of(held), held.last_error) == ("failed", "ConnectionError")
        outbox.post(act, key="other", recipient="person:2", template="x")
        (letter,) = outbox.claim_letters(act)
        outbox.record_missed(act, letter, Undeliverable("address"))
        assert outbox.state_of(act.session.get_one(Message, letter.id)) == "failed"


def test_the_rule_in_force_on_the_day_is_frozen_and_cited() -> None:
    before, after = law.freeze(RULES, "T", date(2026, 6, 30)), law.freeze(RULES, "T", date(2026, 7, 1))
    assert (before.days("days"), after.days("days")) == (20, 25)
    assert after.cite("days") == {"rule": "R-1", "key": "days", "value": "25", "unit": "days", "source": "S1 a24"}
    assert law.Snapshot.from_json(before.as_json()) == before
    assert law.freeze(RULES, "G", date(2026, 7, 1)).days("days") == 5
    with pytest.raises(Missing, match=r"law\.rule"):
        before.number("unknown")

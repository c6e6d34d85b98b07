"""A regulator's order stops a section at any stage: bidding, the hall, the committee; and lets it go on (R-562)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import Role
from awards import services as awards
from awards.models import Complaint
from awards.queries import complaints as found
from bidding import queries as bidding
from bidding import rules
from bidding.rules.law import law_on
from core.act import Act, Platform
from core.board import notices
from core.calendar import day_of
from core.clock import StoppedClock, iso
from core.errors import Conflict, Untimely
from core.ledger import log
from opening import queries as opening
from opening import services as hall
from portal.cli.tick import tick
from tests import factories
from tests.bidding import stage as before
from tests.bidding.stage import refused
from tests.bidding.test_objections import answer, object_to
from tests.conftest import Browser
from tests.experts.answers import Signing
from tests.opening.stage import TRUSTEES
from tests.opening.stage import Stage as Day

DAY = timedelta(days=1)


def filed(platform: Platform, code: str) -> None:
    """A complaint, accepted."""
    draft: dict[str, Any] = {
        "about": "conduct", "respondent": "招标人", "facts": "招标活动有违法情形", "claims": "纠正", "basis": "条例",
        "signatory": "张三", "files": [], "known_at": platform.clock.now(), "joint": False, "within_challenge": True,
    }  # fmt: skip
    with platform.act(factories.actor(platform, Role.BIDDER, "z")) as act:
        section = bidding.section(act.session, code)
        number = awards.file_complaint(act, section, draft, acknowledged=True).number
    by_regulator(platform, code, awards.accept_complaint, number=number)


def by_regulator(platform: Platform, code: str, verb: Callable[..., None], *words: str, number: int = 1) -> None:
    """One act of the supervisor on the complaint, alone in the section's turnstile."""
    regulator = factories.actor(platform, Role.SUPERVISOR, "a")
    with platform.act(regulator, through=rules.turnstile(code), shared=False) as act:
        verb(act, held(act, code, number), *words)


def held(act: Act, code: str, number: int = 1) -> Complaint:
    """The section's complaint."""
    return found.complaint(act.session, bidding.section(act.session, code), number)


def kinds(platform: Platform, code: str) -> list[str]:
    """The kinds of the section's notices, newest first."""
    with platform.reading() as session:
        return [notice.kind for notice in notices(session, subject=f"section:{code}")]


def test_before_the_deadline_the_deadline_stands_still(platform: Platform, tmp_path: Path) -> None:
    """Over the old deadline nothing closes and a bid is kept; the end moves the deadline by whole days, in public.

    Seen red: with the section left open by the order, and with the deadline left where it was.
    """
    stage = before.Stage(platform).publish()
    old, policy = stage.section().closing_at, stage.policy()
    filed(platform, stage.code)
    platform.clock.move_to(old - timedelta(hours=1))  # type: ignore[attr-defined]
    by_regulator(platform, stage.code, awards.order_suspension, "涉嫌排斥潜在投标人，需要核实")
    assert stage.section().state == "suspended" and kinds(platform, stage.code)[0] == "order"
    with refused(Conflict, "complaint.ordered"):
        by_regulator(platform, stage.code, awards.order_suspension, "再次责令")
    platform.clock.move_to(old + timedelta(hours=5))  # type: ignore[attr-defined]
    tick(platform)
    with refused(Conflict, "section.suspended"):
        stage.close()
    sealed = before.Bidder("甲", tmp_path / "bidder").seal(stage.policy())
    stage.commit(sealed)
    by_regulator(platform, stage.code, awards.lift_suspension, "已经核实")
    section = stage.section()
    assert (section.state, section.closing_at) == ("submission_open", old + DAY)
    assert kinds(platform, stage.code)[:2] == ["order_lifted", "correction"]
    assert stage.policy()["version"] == policy["version"] + 1
    platform.clock.move_to(section.closing_at)  # type: ignore[attr-defined]
    stage.close()
    with platform.reading() as session:
        assert [row.digest for row in bidding.counted(session, stage.section())] == [sealed.digest]


@pytest.mark.parametrize("first", ["order", "objection"])
def test_order_and_objection_both_have_to_end(platform: Platform, first: str) -> None:
    """The section goes on with the last of the two, later by all the time. Seen red: without each of the two looks."""
    stage = before.Stage(platform).publish()
    old = stage.section().closing_at
    filed(platform, stage.code)
    steps: list[Callable[[], Any]] = [
        lambda: by_regulator(platform, stage.code, awards.order_suspension, "需要核实情况"),
        lambda: object_to(stage),
    ]
    for step in steps if first == "order" else reversed(steps):
        step()
        platform.clock.advance(days=1)  # type: ignore[attr-defined]
    ends: list[Callable[[], Any]] = [
        lambda: answer(stage, 1),
        lambda: by_regulator(platform, stage.code, awards.lift_suspension, "已经核实"),
    ]
    if first == "objection":
        ends.reverse()
    ends[0]()
    assert (stage.section().state, stage.section().closing_at) == ("suspended", old)
    platform.clock.advance(hours=1)  # type: ignore[attr-defined]
    ends[1]()
    assert stage.section().state == "submission_open"
    assert stage.section().closing_at >= old + 3 * DAY


def test_in_procurement_no_objection_holds_what_an_order_stopped(platform: Platform, client: Browser) -> None:
    """R-135 is the tendering law's: it goes on with the order's end, and the page cites procurement's article.

    Seen red: with any objection waited for; with the tendering law's article for both.
    """
    stage = before.Stage(platform).publish()
    with stage.act(Role.OFFICER) as act:
        project = bidding.section(act.session, stage.code).project
        project.regime, project.law = "G", law_on("G", day_of(act.now), category="services").as_json()
    filed(platform, stage.code)
    by_regulator(platform, stage.code, awards.order_suspension, "需要核实情况")
    assert object_to(stage).is_admissible
    page = client.get(f"/sections/{stage.code}").text
    assert "财政部令第94号）第二十八条" in page and "R-135" not in page
    by_regulator(platform, stage.code, awards.lift_suspension, "已经核实")
    assert stage.section().state == "submission_open"


def test_a_complaint_withdrawn_ends_its_order_and_names_nobody(platform: Platform) -> None:
    """R-043: neither the ledger nor a notice tells who complained. Seen red: with the order ended by who withdraws."""
    stage = before.Stage(platform).publish()
    filed(platform, stage.code)
    by_regulator(platform, stage.code, awards.order_suspension, "需要核实情况")
    who = factories.actor(platform, Role.BIDDER, "z")
    with platform.act(who, through=rules.turnstile(stage.code), shared=False) as act:
        awards.withdraw_complaint(act, held(act, stage.code))
    assert stage.section().state == "submission_open" and kinds(platform, stage.code)[0] == "order_lifted"
    with platform.reading() as session:
        told = [str(entry.told()) for entry in log.entries_of(session, f"section:{stage.code}")]
        told += [str(entry.told()) for entry in log.entries_of(session, f"complaint:{stage.code}:1")]
        told += [str(notice.content) for notice in notices(session, subject=f"section:{stage.code}")]
    assert who.name not in " ".join(told)


def test_where_no_names_were_published_a_decision_names_nobody(platform: Platform, tmp_path: Path) -> None:
    """R-043: too few bid, nobody was named, so the complainant is not either. Seen red: with the state alone asked."""
    day = Day(platform, tmp_path / "machines")
    day.submit("a")
    filed(platform, day.code)
    day.commit_draw()
    day.close()
    day.peel(*TRUSTEES)
    day.act(day.tenderee, hall.publish_names)
    assert day.opening.section.state == "failed"
    regulator = factories.actor(platform, Role.SUPERVISOR, "a")
    with platform.act(regulator, through=rules.turnstile(day.code), shared=False) as act:
        awards.decide_complaint(
            act, held(act, day.code), outcome="rejected", findings="经核实，没有违法情形。", law="条例第六十一条"
        )
    with platform.reading() as session:
        decision = notices(session, subject=f"section:{day.code}")[0]
    assert (decision.kind, decision.content["complainant"]) == ("complaint_decision", None)


def test_an_order_in_the_last_second_stops_the_opening(platform: Platform) -> None:
    """A deadline that has come is a fact: the tick closes, and what it convenes stands still at once."""
    stage = before.Stage(platform).publish()
    filed(platform, stage.code)
    platform.clock.move_to(stage.section().closing_at)  # type: ignore[attr-defined]
    by_regulator(platform, stage.code, awards.order_suspension, "需要核实情况")
    assert stage.section().state == "submission_open"
    tick(platform)
    assert stage.section().state == "closed"
    with platform.reading() as session:
        assert opening.opening(session, stage.section()).state == "suspended"


def test_an_order_suspends_the_hall_and_the_window_keeps_its_time(platform: Platform, tmp_path: Path) -> None:
    """No move of the host, no resumption while it stands; then the incident is closed and the window has its time.

    Seen red: with the host's conditions blind to the order the hall was resumed; without the pause the window was over.
    """
    day = Day(platform, tmp_path / "machines")
    for letter in "abc":
        day.submit(letter)
    day.to_window()
    filed(platform, day.code)
    left = (day.opening.decrypt_until_at or platform.clock.now()) - platform.clock.now()
    by_regulator(platform, day.code, awards.order_suspension, "收到举报，需要核实")
    assert day.opening.state == "suspended"
    day.clock.advance(days=2)
    tick(platform)
    at = platform.clock.now() + timedelta(minutes=1)
    for verb, words in ((hall.announce_reconvening, (at, "恢复")), (hall.reconvene, ()), (hall.cancel, ())):
        with platform.act(day.tenderee) as act, refused(Conflict, "opening.ordered"):
            said = {"reason": "不再招标", "basis": "决定"} if verb is hall.cancel else {}
            verb(act, opening.opening(act.session, bidding.section(act.session, day.code)), *words, **said)  # type: ignore[operator]
    by_regulator(platform, day.code, awards.lift_suspension, "举报不属实")
    assert day.opening.state == "suspended", "the host says when it is resumed"
    with platform.act(day.tenderee) as act:
        held = opening.opening(act.session, bidding.section(act.session, day.code))
        assert [one.closed_at for one in opening.incidents(act.session, held)] == [platform.clock.now()]
        hall.announce_reconvening(act, held, at, "行政监督部门已恢复")
    day.clock.move_to(at)
    with platform.act(day.tenderee) as act:
        hall.reconvene(act, opening.opening(act.session, bidding.section(act.session, day.code)))
    assert day.opening.state == "decrypt_open" and day.opening.decrypt_until_at == at + left


def test_the_committee_and_whom_it_asks_stand_still(platform: Platform, clock: StoppedClock) -> None:
    """Nobody finds, asks or answers while it stands; the time to answer is later by it, to the microsecond.

    Seen red: with the guard out of `check_own`, out of `check_leader`, and with the time to answer left as it was.
    """
    story = Signing(platform, clock)
    story.to_seated()
    story.certify()
    number = story.ask(1, minutes=60)
    with platform.reading() as session:
        code, due = story.section(session).code, clock.now() + timedelta(minutes=60)
    filed(platform, code)
    by_regulator(platform, code, awards.order_suspension, "需要核实评标情况")
    for move in (
        lambda: story.find(1, "R1"), lambda: story.ask(2), lambda: story.answer(number), lambda: story.correct(2),
    ):  # fmt: skip
        with refused(Conflict, "section.ordered"):
            move()
    clock.advance(hours=3)
    assert not [done for done in tick(platform) if done.startswith("lapse clarification")]
    by_regulator(platform, code, awards.lift_suspension, "已经核实")
    clock.move_to(due + timedelta(hours=3) - timedelta(microseconds=1))
    story.answer(number)
    other = story.ask(2, minutes=60)
    clock.advance(hours=1)
    with refused(Untimely, "bid_clarification.late"):
        story.answer(other)


def test_times_that_stand_still_are_counted_once() -> None:
    """Overlapping orders together, only from the begin of the time limit on, one in force until now."""
    start = datetime(2026, 10, 12, 1, tzinfo=UTC)

    def hours(begun: float, ended: float | None) -> dict[str, Any]:
        until = None if ended is None else iso(start + timedelta(hours=ended))
        return {"order": "o", "reason": "r", "from": iso(start + timedelta(hours=begun)), "until": until}

    def due(*orders: dict[str, Any], now: float = 9) -> float:
        end = start + timedelta(hours=2)
        moved = rules.moved_due(end, start, orders, start + timedelta(hours=now))
        return (moved - start) / timedelta(hours=1)

    assert due() == 2
    assert due(hours(1, 4)) == 5
    assert due(hours(1, 4), hours(3, 5)) == 6
    assert due(hours(-1, 1)) == 3
    assert due(hours(-3, -1)) == 2
    assert due(hours(3, 4)) == 2, "it was over"
    assert due(hours(1, None)) == 10

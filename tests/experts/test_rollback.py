"""Going back one stage with the supervisor's approval, and two windows on one sheet: nothing is lost unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.rules import Role
from core.act import Actor
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import LedgerEntry, audit
from experts import queries, services
from experts.models import Sheet
from tests.experts.story import Story


def ask(story: Story, reason: str = "第 3 号投标的业绩计分有误，须重新评分") -> int:
    leader = next(member for member in story.members() if member.is_leader)
    with story.platform.act(story.person_actor(leader)) as act:
        return services.ask_rollback(act, story.committee(act.session), reason).number


def decide(story: Story, number: int, role: Role = Role.SUPERVISOR, *, is_approved: bool = True) -> None:
    with story.platform.act(story.actor(role)) as act:
        asked = queries.rollback(act.session, story.committee(act.session), number)
        services.decide_rollback(act, asked, is_approved=is_approved, answer="情况属实")


def told(story: Story, kind: str) -> list[Any]:
    with story.platform.reading() as session:
        return [e.facts for e in session.query(LedgerEntry).where(LedgerEntry.kind == kind).order_by(LedgerEntry.id)]


def test_scoring_is_opened_again_only_by_the_supervisor_and_what_stood_stays_in_the_ledger(story: Story) -> None:
    """Seen red: without the role's check, with the sheets left locked, with the old result kept as the committee's."""
    story.to_locked()
    with pytest.raises(Conflict, match=r"committee\.leader_only"), story.as_member("M2") as act:
        services.ask_rollback(act, story.committee(act.session), "第 3 号投标的业绩计分有误")
    with pytest.raises(Invalid, match=r"rollback\.reason"):
        ask(story, "算错了")
    number = ask(story)
    with pytest.raises(Conflict, match=r"rollback\.pending"):
        ask(story)
    for role in (Role.OFFICER, Role.TENDEREE, Role.OPERATOR):
        with pytest.raises(Forbidden, match=r"rollback\.supervisor"):
            decide(story, number, role)
    with story.platform.reading() as session:
        first = story.committee(session).result
    decide(story, number)
    with story.platform.reading() as session:
        held = story.committee(session)
        assert (held.state, held.result) == ("scoring", None)
        with pytest.raises(Conflict, match=r"result\.not_locked"):
            queries.locked_result(held)
    with pytest.raises(Conflict, match=r"scoring\.unfinished"):
        story.lock()
    story.score(change={("M1", 1, "T1"): "10"})
    second = story.lock()
    assert second["ranking"] != first["ranking"]
    assert [facts["result"] for facts in told(story, "committee.lock")] == [first, second]
    with story.platform.reading() as session:
        assert list(audit(session, story.platform.signer.verifier)) == []


def test_the_review_is_opened_again_and_the_sheets_stay(story: Story) -> None:
    """Seen red: with conformity kept, so that the review could not be concluded again."""
    story.to_scoring()
    story.score()
    decide(story, ask(story, "第 5 号投标的签章须重新核对"), is_approved=False)
    with story.platform.reading() as session:
        assert story.committee(session).state == "scoring"
    decide(story, ask(story, "第 5 号投标的签章须重新核对"))
    story.review({5: "R1"})
    story.begin_scoring()
    assert {row["number"] for row in story.lock()["ranking"]} == {1, 2, 3, 4}
    assert len(told(story, "committee.begin_scoring")) == 2


def test_no_way_back_once_the_report_is_written(story: Story) -> None:
    """Seen red: with `reported` among the states."""
    story.to_locked()
    story.report()
    with pytest.raises(Conflict, match=r"committee\.state"):
        ask(story)


def test_a_score_changed_in_another_window_is_not_overwritten(
    story: Story, enter: Callable[[Actor | None], Any]
) -> None:
    """409 with both values, the saved one stays. Seen red: without is_versioned, with `>=` for `>`."""
    story.to_scoring()
    browser = enter(story.person_actor(next(one for one in story.members() if one.label == "M1")))
    page, old = f"/expert/{story.code}/score/1", {"version": "", "T1": "15"}
    assert browser.post(page, data=old).status_code == 303
    with story.platform.reading() as session:
        seen = story.clock.now()
        sheet = queries.own_sheet(session, next(m for m in story.members() if m.label == "M1"), 1)
        assert queries.own_items(session, sheet.member)[sheet.id]["T1"].saved_at == seen
    story.clock.advance(minutes=1)
    assert browser.post(page, data={"version": seen.isoformat(), "T1": "16"}).status_code == 303
    late = browser.post(page, data={"version": seen.isoformat(), "T1": "12"})
    assert late.status_code == 409 and "16.00" in late.text and 'value="12"' in late.text
    fragment = browser.post(page, data={"version": "", "T1": "12"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 409 and "12.00" in fragment.text
    assert story.clock.now().isoformat() in fragment.text  # both values were seen: saving again is a choice
    assert browser.post(page, data={"version": seen.isoformat(), "T1": "16"}).status_code == 303
    assert browser.post(page, data={"version": "gestern", "T1": "16"}).status_code == 422
    with story.platform.reading() as session:
        assert queries.own_items(session, sheet.member)[sheet.id]["T1"].value == Decimal("16.00")
    saved = browser.post(page, data={"T2": "10"}, headers={"HX-Request": "true"})
    assert (seen + timedelta(minutes=1)).isoformat() in saved.text and 'hx-swap-oob="true"' in saved.text


def test_a_venue_cut_off_for_a_while_loses_nothing_and_one_that_stays_away_is_replaced(story: Story) -> None:
    """R-332, R-341: half a sheet is there when the line is back; for good, the supervisor releases the seat.

    Seen red: without the role's check; with `leave` not voiding sheets.
    """
    story.to_scoring()
    story.score("M1", "M2", "M4", "R1")
    with story.as_member("M3") as act:
        member = story.seat_of(act, "M3")
        services.save_scores(act, queries.own_sheet(act.session, member, 1), {"T1": Decimal("17")})
    story.clock.advance(minutes=40)
    with story.as_member("M3") as act:
        sheet = queries.own_sheet(act.session, story.seat_of(act, "M3"), 1)
        assert queries.own_items(act.session, sheet.member)[sheet.id]["T1"].value == 17
    with pytest.raises(Conflict, match=r"scoring\.unfinished"):
        story.lock()
    for role, cause, refusal in (
        (Role.OFFICER, "cut_off", r"member\.release"), (Role.SUPERVISOR, "bored", r"form\.choice"),
    ):  # fmt: skip
        with pytest.raises((Forbidden, Invalid), match=refusal), story.platform.act(story.actor(role)) as act:
            services.release_member(act, story.seat_of(act, "M3"), cause=cause, reason="副场网络中断四十分钟未恢复")
    with story.platform.act(story.actor(Role.SUPERVISOR)) as act:
        (fresh,) = services.release_member(
            act, story.seat_of(act, "M3"), cause="cut_off", reason="副场网络中断四十分钟未恢复"
        )
        label = fresh.label
    story.arrive()
    story.review()
    story.begin_scoring()
    story.score()
    assert [one["label"] for one in story.lock()["members"]] == ["M1", "M2", "M4", "R1", label]
    with story.platform.reading() as session:
        assert {sheet.state for sheet in session.query(Sheet) if sheet.member.label == "M3"} == {"void"}


def test_the_leader_learns_of_an_unusual_total_only_with_its_members_explanation(story: Story) -> None:
    """R-344: the member first. Seen red: with unexplained ones named to the leader."""
    story.to_scoring()
    story.score(change={("M2", 1, "T1"): "2", ("M2", 1, "T2"): "1"})
    with story.platform.reading() as session:
        assert queries.outliers_told(session, story.committee(session)) == ([], 1)
    with story.as_member("M2") as act:
        sheet = queries.own_sheet(act.session, story.seat_of(act, "M2"), 1)
        services.explain_outlier(act, sheet, "方案没有针对取水泵站")
    with story.platform.reading() as session:
        explained, left = queries.outliers_told(session, story.committee(session))
    assert explained == [{"number": 1, "label": "M2", "explanation": "方案没有针对取水泵站"}] and left == 0

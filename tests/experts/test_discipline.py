"""Experts' work is judged: assessments, yearly reviews, sanctions by two persons after a hearing (R-315)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.queries import actor_for
from accounts.rules import Role
from core.act import SYSTEM, Actor
from core.calendar import day_of
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Untimely
from core.outbox import inbox
from credit import services as credit
from credit.models import CreditFact
from experts import queries, services
from experts.cli import experts as command
from experts.models import Sanction
from experts.rules.discipline import ITEMS, causes, check_measure, lasts_until, months_after, status_under
from experts.services.pool import set_status
from portal.cli.tick import tick
from tests import factories
from tests.experts.story import Story, expert_by_code

PDF = ("举报材料.pdf", "pdf", b"%PDF-1.7 evidence")
REASON = "多次无故缺席评标，经提醒不改。"
Enter = Callable[[Actor | None], Any]


class Desk:
    """One expert of a pool, the officer who proposes, two supervisors."""

    def __init__(self, story: Story) -> None:
        self.story, self.platform, self.clock = story, story.platform, story.clock
        with self.platform.act(SYSTEM) as act:
            factories.person(act, Role.SUPERVISOR, login="second", name="乙监督")
        self.officer, self.supervisor = story.actor(Role.OPERATOR), story.actor(Role.SUPERVISOR)
        self.second = self.actor("second")

    def actor(self, login: str) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, login)

    def expert(self, code: str) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, expert_by_code(session, code).person.login)

    def propose(self, code: str, by: Actor | None = None, **other: Any) -> int:
        values: dict[str, Any] = {
            "measure": "suspension", "cause": "absence", "reason": REASON, "months": 6, "documents": [PDF],
        }  # fmt: skip
        with self.platform.act(by or self.officer) as act:
            return services.propose_sanction(act, expert_by_code(act.session, code), **(values | other)).id

    def do(self, verb: Callable[..., Any], number: int, by: Actor, *given: Any, **more: Any) -> Any:
        with self.platform.act(by) as act:
            return verb(act, queries.sanction(act.session, number), *given, **more)

    def state(self, number: int) -> tuple[str, str]:
        with self.platform.reading() as session:
            held = queries.sanction(session, number)
            return held.state, held.expert.status


@pytest.fixture
def desk(story: Story) -> Desk:
    return Desk(story)


def test_a_cause_carries_only_its_measures_and_only_a_suspension_has_a_length() -> None:
    """Seen red: without the cause's own list; without the length's upper end."""
    on = date(2026, 10, 8)
    wrong = [
        ("warning", "bribery", None, "not_for_cause"), ("suspension", "absence", None, "months"),
        ("suspension", "absence", 37, "months"), ("removal", "absence", 3, "months"),
        ("fine", "absence", None, "measure"),
        ("warning", "rudeness", None, "cause"),
    ]  # fmt: skip
    for measure, cause, months, code in wrong:
        with pytest.raises(Invalid, match=f"sanction.{code}"):
            check_measure(measure, cause, months, on)
    check_measure("removal", "bribery", None, on)
    check_measure("suspension", "absence", 36, on)
    assert all(one.source and one.trust in ("V", "V2", "M") for one in causes().values())


@given(st.dates(date(2000, 1, 1), date(2090, 12, 31)), st.integers(1, 60))
def test_months_end_on_the_same_day_of_the_month_or_its_last(day: date, months: int) -> None:
    """R-001: the first day is not counted."""
    end = months_after(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or ((end + timedelta(days=1)).day == 1 and end.day < day.day)
    assert lasts_until("removal", None, day) is None and lasts_until("suspension", months, day) == end


def test_the_gravest_sanction_in_force_counts() -> None:
    """R-330(4), (8)."""
    assert status_under([], "training") == "training"
    assert status_under([("warning", "absence")], "active") == "active"
    assert status_under([("suspension", "absence"), ("warning", "review")], "active") == "suspended"
    assert status_under([("suspension", "absence"), ("removal", "bribery")], "active") == "removed"
    assert status_under([("removal", "punished"), ("removal", "bribery")], "active") == "punished"
    assert status_under([("suspension", "absence")], "removed") == "removed"


@pytest.mark.parametrize(("measure", "months"), [("warning", None), ("suspension", 6)])
def test_who_was_removed_before_sanctions_were_kept_stays_removed(desk: Desk, measure: str, months: int | None) -> None:
    """A table of before brought the status; a lighter measure frees nobody, nor its end. Seen red: taken for active."""
    [code] = desk.story.add_experts(1)
    with desk.platform.act(SYSTEM) as act:
        set_status(act, expert_by_code(act.session, code), "removed", "table")
    number = desk.propose(code, measure=measure, months=months)
    desk.do(services.state_case, number, desk.expert(code), "无异议")
    desk.do(services.confirm_sanction, number, desk.supervisor, "事实清楚")
    assert desk.state(number) == ("in_force", "removed")
    desk.do(services.ask_lift, number, desk.expert(code), "已经改正，请求提前终止。")
    desk.do(services.decide_lift, number, desk.supervisor, is_lifted=True, opinion="同意")
    assert desk.state(number) == ("lifted", "removed")


def test_two_persons_and_a_hearing_stand_between_a_proposal_and_its_effect(desk: Desk) -> None:
    """From the proposal to the end by time. Seen red: the decider allowed to be the proposer; the hearing skipped."""
    [code] = desk.story.add_experts(1)
    for wrong, refusal in (
        ({"by": desk.expert(code)}, "sanction.proposer"), ({"documents": []}, "sanction.evidence"),
        ({"reason": "短"}, "sanction.reason"), ({"section_code": desk.story.code}, "sanction.section"),
        ({"months": 0}, "sanction.months"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=re.escape(refusal)):
            desk.propose(code, **wrong)
    number = desk.propose(code, by=desk.supervisor)
    with pytest.raises(Conflict, match=r"sanction\.pending"):
        desk.propose(code)
    assert desk.state(number) == ("proposed", "active")
    with desk.platform.reading() as session:
        told = [one.template for one in inbox(session, expert_by_code(session, code).person.login)]
        assert told == ["experts.sanction_proposed"]
    for by, error in ((desk.supervisor, Forbidden), (desk.officer, Forbidden), (desk.second, Untimely)):
        with pytest.raises(error):
            desk.do(services.confirm_sanction, number, by, "事实清楚")
    with pytest.raises(Missing):
        desk.do(services.state_case, number, desk.second, "替他说")
    desk.do(services.state_case, number, desk.expert(code), "当日住院，附证明。")
    desk.do(services.state_case, number, desk.expert(code), "补充：已提前请假。")
    assert desk.do(services.confirm_sanction, number, desk.second, "证明不属实") == 0
    assert desk.state(number) == ("in_force", "suspended")
    with desk.platform.reading() as session:
        held = queries.sanction(session, number)
        assert held.statement == "当日住院，附证明。\n\n补充：已提前请假。"
        until = date.fromisoformat(str(held.until_on))
        assert [one.id for one in queries.public_sanctions(session)] == [number]
        fact = session.query(CreditFact).filter_by(kind="expert_sanction").one()
        assert (
            fact.identifier == fact.name == code
            and fact.facts["until"] == held.until_on
            and "住院" not in str(fact.facts)
        )
    desk.clock.advance(days=(until - day_of(desk.clock.now())).days)
    assert not [one for one in tick(desk.platform) if one.startswith("sanction")]
    desk.clock.advance(days=1)
    assert f"sanction {number}" in tick(desk.platform)
    assert desk.state(number) == ("expired", "active")
    with desk.platform.reading() as session:
        assert queries.public_sanctions(session) == []
        assert session.query(CreditFact).count() == 1, "it ended by time, nothing is taken back"


def test_silence_ends_the_hearing_and_a_warning_bars_nobody(desk: Desk) -> None:
    """After the days somebody else decides; a second officer may decide a warning, and it stays unpublished."""
    [code] = desk.story.add_experts(1)
    with desk.platform.act(SYSTEM) as act:
        factories.person(act, Role.OPERATOR, login="officer.two", name="丙管理")
    number = desk.propose(code, measure="warning", months=None, documents=[])
    with desk.platform.reading() as session:
        until = queries.sanction(session, number).hear_until
    desk.clock.move_to(until - timedelta(seconds=1))
    with pytest.raises(Untimely):
        desk.do(services.confirm_sanction, number, desk.actor("officer.two"), "予以警告")
    desk.clock.move_to(until)
    with pytest.raises(Forbidden):
        desk.do(services.confirm_sanction, number, desk.officer, "予以警告")
    desk.do(services.confirm_sanction, number, desk.actor("officer.two"), "予以警告")
    assert desk.state(number) == ("in_force", "active")
    with desk.platform.reading() as session:
        assert queries.public_sanctions(session) == [] and session.query(CreditFact).count() == 0


def test_an_early_end_is_asked_by_one_and_decided_by_another(desk: Desk) -> None:
    """Seen red: whoever asked allowed to decide."""
    [code] = desk.story.add_experts(1)
    number = desk.propose(code, measure="removal", cause="bribery", months=None)
    desk.do(services.state_case, number, desk.expert(code), "没有此事。")
    desk.do(services.confirm_sanction, number, desk.supervisor, "有判决书")
    assert desk.state(number) == ("in_force", "removed")
    with pytest.raises(Conflict, match=r"sanction\.removed"):
        desk.propose(code)
    desk.do(services.ask_lift, number, desk.supervisor, "判决已经被撤销，附新判决。")
    with pytest.raises(Forbidden):
        desk.do(services.decide_lift, number, desk.supervisor, is_lifted=True, opinion="同意")
    desk.do(services.decide_lift, number, desk.second, is_lifted=False, opinion="材料不全")
    assert desk.state(number) == ("in_force", "removed")
    desk.do(services.ask_lift, number, desk.expert(code), "判决已经被撤销，附新判决全文。")
    # The supervision may have withdrawn the fact on its page already. Seen red: with a second withdrawal tried.
    with desk.platform.act(desk.second) as act:
        fact = act.session.scalars(select(CreditFact)).one()
        credit.withdraw_fact(act, fact, source="credit.fact:1", decision="（2026）渝行终9号", reason="判决撤销原决定")
    desk.do(services.decide_lift, number, desk.second, is_lifted=True, opinion="属实")
    assert desk.state(number) == ("lifted", "active")
    with desk.platform.reading() as session:
        assert [one.kind for one in session.query(CreditFact).order_by(CreditFact.id)] == [
            "expert_sanction",
            "withdrawn",
        ]


def test_nobody_suspends_alone_nor_ends_what_two_decided(desk: Desk) -> None:
    """The old short way is closed, on the page and by table. Seen red: with the old `change_status`."""
    [code] = desk.story.add_experts(1)

    def change(status: str) -> None:
        with desk.platform.act(desk.officer) as act:
            services.change_status(act, expert_by_code(act.session, code), status, "说明")

    for status in ("suspended", "removed", "punished"):
        with pytest.raises(Conflict, match=r"expert\.sanctioned"):
            change(status)
    number = desk.propose(code)
    desk.do(services.state_case, number, desk.expert(code), "无异议")
    desk.do(services.confirm_sanction, number, desk.second, "同意")
    with pytest.raises(Conflict, match=r"expert\.sanctioned"):
        change("active")
    with desk.platform.reading() as session:
        login = expert_by_code(session, code).person.login
    table = "code,login,name,specialities,region,employers,shareholdings,relatives,status,term_until,training\n"
    with pytest.raises(Conflict, match=r"expert\.sanctioned"), desk.platform.act(desk.officer) as act:
        services.import_experts(act, f"{table}{code},{login},甲,A08,330100,,,,active,,\n")
    assert desk.state(number) == ("in_force", "suspended")


def test_from_the_decision_on_a_seat_is_lost_and_the_next_of_the_order_is_invited(desk: Desk, enter: Enter) -> None:
    """R-332. And whoever stands by but was suspended since is passed over. Seen red: the seat kept."""
    story = desk.story.to_drawn()
    with story.platform.reading() as session:
        held = story.committee(session)
        seated = [queries.expert_in(session, one).code for one in queries.live_members(session, held) if one.expert_id]
        order = queries.table_of(session, held.rounds[-1])["codes"].values()
        standby = [code for code in order if code not in seated]
        first = queries.live_members(session, held)[0]
    good = dict.fromkeys(ITEMS, "good")
    with pytest.raises(Conflict, match=r"assessment\.early"), story.platform.act(story.actor(Role.TENDEREE)) as act:
        services.assess_member(act, story.committee(act.session), story.seat_of(act, first.label), good)
    assert "才能评价" in enter(story.actor(Role.TENDEREE)).get(f"/tender/{story.code}/committee/assessment").text
    for code in standby[:-1]:
        number = desk.propose(code)
        desk.do(services.state_case, number, desk.expert(code), "无异议")
        assert desk.do(services.confirm_sanction, number, desk.second, "同意") == 0
    number = desk.propose(seated[0])
    desk.do(services.state_case, number, desk.expert(seated[0]), "无异议")
    assert desk.do(services.confirm_sanction, number, desk.second, "同意") == 1
    with story.platform.reading() as session:
        held = story.committee(session)
        now = [queries.expert_in(session, one).code for one in queries.live_members(session, held) if one.expert_id]
        assert sorted(now) == sorted([*seated[1:], standby[-1]])
        left = [one for one in queries.members(session, held) if one.state == "avoided"]
        assert [(queries.expert_in(session, one).code, one.reason) for one in left] == [(seated[0], "R-330(8) status")]


def test_a_delivered_evaluation_is_assessed_answered_and_counted_in_the_year(desk: Desk, enter: Enter) -> None:
    """一标一评 by page: one assessment by each unit, the expert's answer, the year's figures, the review."""
    story = desk.story.to_delivered()
    tenderee, address = enter(story.actor(Role.TENDEREE)), f"/tender/{story.code}/committee/assessment"
    with story.platform.reading() as session:
        member = queries.to_assess(session, story.committee(session))[0]
        code, number = queries.expert_in(session, member).code, member.id
        before = queries.figures_of_year(session, expert_by_code(session, code), desk.clock.now().year)
    form = {"competence": "good", "ethics": "good", "discipline": "poor", "remark": ""}
    refused = tenderee.post(f"{address}/{number}", data=form)
    assert refused.status_code == 422 and "须写明事实" in refused.text and 'value="poor" checked' in refused.text
    form["remark"] = "两次离开评标室接听电话"
    assert tenderee.post(f"{address}/{number}", data=form).status_code == 303
    assert tenderee.post(f"{address}/{number}", data=form).status_code == 422
    mine = enter(desk.expert(code))
    page = mine.get("/expert/record").text
    assert "两次离开评标室" in page
    with story.platform.reading() as session:
        made = queries.assessments_in(session, story.committee(session))[0].id
    assert mine.post(f"/expert/assessments/{made}/reply", data={"reply": "电话系家属急病"}).status_code == 303
    officer = enter(desk.officer)
    shown = officer.get(f"/ops/experts/{code}").text
    assert "电话系家属急病" in shown and f"/ops/experts/{code}/sanction?section={story.code}" in shown.replace(
        "&amp;", "&"
    )
    year = desk.clock.now().year
    with story.platform.reading() as session:
        after = queries.figures_of_year(session, expert_by_code(session, code), year)
    assert after["grades"] == {"good": 2, "fair": 0, "poor": 1} and before["grades"]["poor"] == 0
    assert after["evaluated"] == 1 and after["invited"] == 1
    early = officer.post(f"/ops/experts/{code}/review", data={"year": year, "grade": "pass"})
    assert early.status_code == 422
    desk.clock.advance(days=400)
    officer = enter(desk.officer)
    failed = {"year": year, "grade": "fail", "remark": ""}
    assert officer.post(f"/ops/experts/{code}/review", data=failed).status_code == 422
    failed["remark"] = "纪律评价为差，培训学时不足"
    assert officer.post(f"/ops/experts/{code}/review", data=failed).status_code == 303
    assert "cause=review" in officer.get(f"/ops/experts/{code}").text
    with story.platform.reading() as session:
        assert queries.sat_in(session, expert_by_code(session, code), story.code)


def test_the_whole_way_by_page_keeps_what_was_typed_and_tells_nobody_else(desk: Desk, enter: Enter) -> None:
    """Form, evidence, statement, decision, public list. Seen red: the own page without the ownership."""
    code, other = desk.story.add_experts(2)
    officer, second = enter(desk.officer), enter(desk.second)
    wrong = {"measure": "suspension", "cause": "absence", "reason": REASON, "months": "99"}
    answer = officer.post(f"/ops/experts/{code}/sanction", data=wrong)
    assert answer.status_code == 422 and REASON in answer.text and "36" in answer.text
    data = {**wrong, "months": "6", "documents": (io.BytesIO(PDF[2]), PDF[0])}
    sent = officer.post(f"/ops/experts/{code}/sanction", data=data, content_type="multipart/form-data")
    assert sent.status_code == 303
    with desk.platform.reading() as session:
        [held] = session.query(Sanction)
        number, sha256 = held.id, held.documents[0]["sha256"]
    mine, stranger = enter(desk.expert(code)), enter(desk.expert(other))
    assert REASON in mine.get(f"/expert/sanctions/{number}").text
    assert mine.get(f"/expert/sanctions/{number}/documents/{sha256}").data == PDF[2]
    assert stranger.get(f"/expert/sanctions/{number}").status_code == 404
    assert stranger.get(f"/expert/sanctions/{number}/documents/{sha256}").status_code == 404
    early = second.post(f"/ops/sanctions/{number}/decide", data={"decision": "confirm", "opinion": "同意处理"})
    assert early.status_code == 422 and "同意处理" in early.text
    assert mine.post(f"/expert/sanctions/{number}/statement", data={"statement": "我有话说"}).status_code == 303
    own = officer.post(f"/ops/sanctions/{number}/decide", data={"decision": "confirm", "opinion": "同意处理"})
    assert own.status_code == 422
    decided = second.post(f"/ops/sanctions/{number}/decide", data={"decision": "confirm", "opinion": "同意处理"})
    assert decided.status_code == 303
    public = enter(None).get("/experts/sanctions").text
    assert "/experts/sanctions" in enter(None).get("/").text
    assert "擅离职守" in public and REASON not in public and "我有话说" not in public
    assert mine.post(f"/expert/sanctions/{number}/lift", data={"lift_reason": "短"}).status_code == 422
    lift = {"lift_reason": "已经参加培训并改正，请求提前解除。"}
    assert mine.post(f"/expert/sanctions/{number}/lift", data=lift).status_code == 303
    freed = {"lift_decision": "lift", "lift_opinion": "同意解除"}
    assert second.post(f"/ops/sanctions/{number}/lift", data=freed).status_code == 303
    assert desk.state(number) == ("lifted", "active")
    assert officer.get("/ops/sanctions?state=lifted").status_code == 200
    found = second.get("/ops/sanctions/find", query_string={"code": code})
    assert found.status_code == 303 and second.get("/ops/sanctions/find?code=XX").status_code == 404


def test_the_same_by_command(desk: Desk, tmp_path: Any) -> None:
    """Propose, decide, list, review."""
    [code] = desk.story.add_experts(1)
    file = tmp_path / "evidence.pdf"
    file.write_bytes(PDF[2])

    def run(*given: str) -> str:
        done = CliRunner().invoke(command, list(given), obj=desk.platform, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output.strip()

    number = run(
        "sanction", code, "--measure", "suspension", "--cause", "absence", "--months", "3", "--reason", REASON,
        "--evidence", str(file), "--as", desk.officer.name,
    )  # fmt: skip
    desk.do(services.state_case, int(number), desk.expert(code), "无异议")
    assert run("decide-sanction", number, "--confirm", "--opinion", "同意", "--as", "second").endswith("suspended")
    assert f"{number}\tin_force\tsuspension\tabsence\t{code}" in run("sanctions", "--state", "in_force")
    desk.clock.advance(days=366)
    year = str(desk.clock.now().year - 1)
    assert "sanctions\t1" in run("review-year", code, year, "--pass", "--as", desk.officer.name)

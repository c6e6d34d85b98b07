"""What may happen between the report and the contract: objections upheld, winners lost, held again; verified twice."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import Role
from awards import queries as awards
from bidding import queries as bidding
from core.act import Platform
from core.clock import BEIJING
from credit import queries as credit
from portal.cli.tick import tick
from tests import factories
from tests.conftest import Browser
from tests.experts.story import METHOD as WORKS
from tests.journeys.recorded import entry
from tests.journeys.test_government import METHOD as SERVICES
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines

LARGE = {"estimate_fen": 500_000_000, "control_price_fen": 500_000_000, "bond_fen": 0, "duration_days": 60}


def to_report(
    platform: Platform,
    folder: Path,
    regime: str,
    early: Callable[[Whole], None] = lambda stage: None,
    joint: Callable[[Whole, str], Any] = lambda stage, letter: None,
) -> Whole:
    """A section of three bids with its evaluation report delivered; `early` happens once the first has come.

    `joint` gives the facts under which a letter bids where they are others than its own.
    """
    if regime == "G":
        stage = Whole(
            platform, folder, method=SERVICES, regime="G", project={"category": "services"}, section=dict(LARGE)
        )
    else:
        stage = Whole(platform, folder, method=WORKS)
    for number, letter in enumerate("abc"):
        stage.bidder(letter)
        if regime == "G":
            stage.bidders[letter].price_fen = 480_000_000 - number * 1_000_000
        stage.submit(letter, facts=joint(stage, letter))
        if letter == "a":
            early(stage)
    stage.to_confirmation()
    stage.hand_over()
    room = stage.room()
    room.to_scored()
    room.to_report()
    return stage


def post(browser: Callable[[], Browser], address: str, expected: int = 303, **fields: Any) -> str:
    """Send a form and say what came back."""
    answer = browser().post(address, data=fields)
    assert answer.status_code == expected, answer.text
    return answer.text


@pytest.mark.slow
def test_an_upheld_objection_sends_the_committee_back_and_the_second_result_counts(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-552, R-504: no award while open; upheld, the same committee scores again; a new publicity; archive verifies."""
    stage = to_report(platform, tmp_path / "machines", "T")
    code, tenderee, loser = stage.code, partial(login, Role.TENDEREE), partial(login, Role.BIDDER, person="c")
    post(tenderee, f"/tender/{code}/award/candidates")
    post(loser, f"/bid/{code}/result", text="第一名业绩合同与公开信息不符，请核查。")
    stage.clock.advance(days=1)
    page = tenderee().get(f"/tender/{code}/award").text
    assert "从哪一步重新评审" in page
    answer = f"/tender/{code}/award/objections/1"
    kept = post(
        tenderee,
        answer,
        422,
        answer="经核查属实，业绩分应重评。",
        outcome="upheld",
        remedy="next_candidate",
        objection="1",
    )
    assert "经核查属实，业绩分应重评。" in kept and "请选择法律允许的处理方式" in kept
    post(tenderee, answer, answer="经核查属实，业绩分应重评。", outcome="upheld", remedy="re_evaluate", stage="scoring")
    with platform.reading() as session:
        section = bidding.section(session, code)
        assert section.state == "evaluating"
        assert awards.publicity(session, section).state == "revoked"
    assert loser().get(f"/bid/{code}/result").status_code == 404
    room = stage.room()
    room.score()
    room.to_report()
    post(tenderee, f"/tender/{code}/award/candidates")
    assert "成立" in loser().get(f"/bid/{code}/result").text
    stage.challenges_over()
    winner = stage.publicity().candidates[0]
    post(tenderee, f"/tender/{code}/award", confirmation=code, number=str(winner))
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    for change in (
        lambda value: value["objections"][0].update(outcome="dismissed", remedy=None),
        lambda value: value.update(round=1, earlier=[]),
    ):
        assert found_wrong(stage, tampered(stage, archive, "award.json", change), tmp_path) == ({"award"}, {"award"})


@pytest.mark.parametrize("regime", ["T", "G"])
def test_a_winner_who_gives_up_is_followed_by_the_next_candidate(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser], regime: str
) -> None:
    """R-503, R-561, 政府采购法实施条例 a49: set aside in public, then the next; in G a new time to challenge."""
    stage = to_report(platform, tmp_path / "machines", regime)
    code, tenderee = stage.code, partial(login, Role.TENDEREE)
    stage.awarded()
    held = stage.publicity()
    first = held.winner
    assert first is not None
    letter = "abc"[first.number - 1]
    winner = partial(login, Role.BIDDER, person=letter)
    assert "放弃中标" in winner().get(f"/bid/{code}/result").text
    other = next(one for one in stage.bidders if one != letter)
    assert login(Role.BIDDER, person=other).post(f"/bid/{code}/give-up", data={"confirmation": code}).status_code in (
        404,
        422,
    )
    kept = post(winner, f"/bid/{code}/give-up", 422, confirmation="x", evidence="项目经理调离，不能履约")
    assert "项目经理调离，不能履约" in kept
    post(winner, f"/bid/{code}/give-up", confirmation=code, evidence="项目经理调离，不能履约")
    page = tenderee().get(f"/tender/{code}/award").text
    assert "放弃中标" in page and "重新招标" in page
    fault = f"/tender/{code}/award/set-aside/1/fault"
    with platform.reading() as session:
        assert credit.facts_of_section(session, code) == [], "nobody has decided that it was without due cause"
    assert "项目经理在职" in post(tenderee, fault, 422, fault_reason="项目经理在职，未调离")
    post(tenderee, fault, fault="without_cause", fault_reason="经向社保机构核实，项目经理在职，未调离")
    post(tenderee, fault, 422, fault="with_cause", fault_reason="又认为有正当理由，改为不记入")
    with platform.reading() as session:
        (told,) = credit.facts_of_section(session, code)
    assert (told.kind, told.identifier, told.rule["rule"]) == ("award_abandoned", first.identifier, "R-561")
    assert "无正当理由放弃中标" in winner().get(f"/credit/facts/{told.id}").text
    with platform.reading() as session:
        assert bidding.section(session, code).project.barred == [], "no article bars after a tender"
    if regime == "T":
        judged_otherwise(stage, login, letter, told.id)
    if regime == "G":
        with platform.act(stage.tenderee) as act:
            factories.credit_lists(act)
        post(tenderee, f"/tender/{code}/award/result", confirmation=code)
    else:
        post(tenderee, f"/tender/{code}/award", 422, confirmation=code, number=str(first.number))
        post(tenderee, f"/tender/{code}/award", confirmation=code, number=str(held.candidates[1]))
    second = stage.publicity()
    assert second.winner is not None and second.winner.number == held.candidates[1]
    assert stage.notices()["award"]["passed_over"] == [{"number": first.number, "reason": "gave_up"}]
    if regime == "G":
        assert second.round == 2 and second.ends_at > held.ends_at
        order_lapses(stage, login)
        stage.challenges_over()
        # By now it is December, and the list in force asks for the recordings of a public purchase.
        for role, place in ((Role.TENDEREE, "opening"), (Role.OFFICER, "evaluation")):
            post(partial(login, role), f"/sections/{code}/recordings", **entry(stage, place, f"{len(place):064x}"))
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    if regime == "T":
        silent = tampered(stage, archive, "credit_facts.json", lambda value: value.pop())
        assert found_wrong(stage, silent, tmp_path) == ({"facts"}, {"facts"})
    changed = tampered(stage, archive, "award.json", lambda value: value["set_aside"].clear())
    assert found_wrong(stage, changed, tmp_path) == ({"award"}, {"award"})


def judged_otherwise(stage: Whole, login: Callable[..., Browser], letter: str, number: int) -> None:
    """A complaint about the fault is upheld: the fact is withdrawn by that decision, which nothing less could do."""
    code, page = stage.code, f"/supervise/complaints/{stage.code}/1"
    regulator, winner = partial(login, Role.SUPERVISOR), partial(login, Role.BIDDER, person=letter)
    form = {"about": "conduct", "facts": "项目经理病休，有医院证明。", "action": "file", "acknowledged": "yes"}
    form["known_at"] = f"{stage.clock.now().astimezone(BEIJING):%Y-%m-%dT%H:%M}"
    post(winner, f"/bid/{code}/complaint", **form)
    post(regulator, page, verb="accept")
    assert "无正当理由放弃中标" in regulator().get(page).text
    decided = {"verb": "decide", "section": code, "confirmation": code, "findings": "医院证明属实，有正当理由。",
               "law": "实施条例第六十一条", "remedy": "none", "withdraws": str(number)}  # fmt: skip
    kept = post(regulator, page, 422, **{**decided, "outcome": "rejected"})
    assert "只有投诉成立" in kept and f'value="{number}" checked' in kept
    post(regulator, page, 422, **{**decided, "outcome": "upheld", "withdraws": "999"})
    post(regulator, page, **{**decided, "outcome": "upheld"})
    assert "医院证明属实" in winner().get(f"/credit/facts/{number}").text
    with stage.platform.reading() as session:
        first, by = credit.facts_of_section(session, code)
    assert (by.withdraws_id, by.source) == (first.id, f"complaint:{code}:1")


def order_lapses(stage: Whole, login: Callable[..., Browser]) -> None:
    """94号令 a28: an order of the finance department ends by itself after its thirty days, by the tick, in the log."""
    code, loser = stage.code, partial(login, Role.BIDDER, person="c")
    regulator, page = partial(login, Role.SUPERVISOR), f"/supervise/complaints/{stage.code}/1"
    form = {"about": "result", "facts": "评审有误，请核查。", "action": "file", "acknowledged": "yes"}
    form["known_at"] = f"{stage.clock.now().astimezone(BEIJING):%Y-%m-%dT%H:%M}"
    post(loser, f"/bid/{code}/complaint", **form)
    post(regulator, page, verb="accept")
    post(regulator, page, verb="order", text="需要核实")
    assert stage.publicity().state == "suspended"
    stage.clock.advance(days=30)
    assert f"lapse order {code} 1" in tick(stage.platform)
    assert stage.publicity().state != "suspended"
    post(loser, f"/bid/{code}/complaint/1/withdraw")


@pytest.mark.slow
def test_a_section_without_a_winner_is_held_again_with_a_link(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-561: only after a winner was lost; the section fails in public and the new project names it."""
    stage = to_report(platform, tmp_path / "machines", "T")
    code, tenderee = stage.code, partial(login, Role.TENDEREE)
    stage.awarded()
    post(tenderee, f"/tender/{code}/award/hold-again", 422, again=code, explanation="其余候选人报价过高")
    post(
        tenderee, f"/tender/{code}/award/set-aside", confirmation=code, reason="no_performance_bond",
        evidence="招标文件要求的履约保证金到期未交",
    )  # fmt: skip
    post(tenderee, f"/tender/{code}/award/hold-again", again=code, explanation="其余候选人报价过高，不再确定")
    assert stage.notices()["failure"]["reason"] == "R-561"
    desk = tenderee().get(f"/tender/{code}/award").text
    project = code.rsplit("-", 1)[0]
    assert f"/tender/new?predecessor={project}" in desk
    assert f'value="{project}"' in tenderee().get(f"/tender/new?predecessor={project}").text
    assert "我的评标结果" in login(Role.BIDDER, person="a").get(f"/bid/{code}/result").text


def stopped_early(stage: Whole, login: Callable[..., Browser]) -> None:
    """Before the deadline a complaint stops everything by order; the end is public and moves the deadline a day."""
    code, page = stage.code, f"/supervise/complaints/{stage.code}/1"
    asker, regulator = partial(login, Role.BIDDER, person="d"), partial(login, Role.SUPERVISOR)
    form = {
        "about": "conduct",
        "facts": "招标文件以不合理条件排斥潜在投标人。",
        "acknowledged": "yes",
        "action": "file",
    }
    post(asker, f"/bid/{code}/complaint", known_at=f"{stage.clock.now().astimezone(BEIJING):%Y-%m-%dT%H:%M}", **form)
    post(regulator, page, verb="accept")
    assert "任何阶段都可以责令暂停" in regulator().get(page).text
    post(regulator, page, verb="order", text="涉嫌排斥潜在投标人，需要核实")
    head = asker().get(f"/sections/{code}").text
    assert "招标暂停，截止时间停走" in head and "第六十二条" in head and "行政监督部门处理第 1 号投诉" in head
    old = stage.deadline
    stage.clock.advance(hours=3)
    post(regulator, page, verb="lift", text="已责成招标人说明，未见排斥")
    stage.learn()
    assert stage.deadline == old + timedelta(days=1) and "resumed_at" in stage.notices()["order_lifted"]
    post(asker, f"/bid/{code}/complaint/1/withdraw")


@pytest.mark.slow
def test_a_complaint_suspends_is_decided_and_the_committee_judges_again(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-553, R-562: checked before filing, suspended by order, upheld, carried out; the archive holds every step."""
    stage = to_report(platform, tmp_path / "machines", "T", early=partial(stopped_early, login=login))
    code, tenderee = stage.code, partial(login, Role.TENDEREE)
    loser, regulator = partial(login, Role.BIDDER, person="c"), partial(login, Role.SUPERVISOR)
    post(tenderee, f"/tender/{code}/award/candidates")
    post(loser, f"/bid/{code}/result", text="第一名业绩合同与公开信息不符，请核查。")
    post(tenderee, f"/tender/{code}/award/objections/1", answer="经核查无误，结果不变。", outcome="dismissed")
    form = {"about": "result", "known_at": "2026-10-20T09:00", "facts": "第一名的业绩合同系伪造，附公开信息。",
            "respondent": "招标人", "claims": "重新评审", "basis": "实施条例第六十条", "signatory": "王五"}  # fmt: skip
    with platform.reading() as session:
        form["known_at"] = f"{stage.clock.now().astimezone(BEIJING):%Y-%m-%dT%H:%M}"
        assert bidding.section(session, code).state == "candidates_published"
    checked = post(loser, f"/bid/{code}/complaint", 200, action="check", **{**form, "facts": ""})
    assert "没有附任何证据" in checked and "没有写明基本事实" in checked and "王五" in checked
    refused = post(loser, f"/bid/{code}/complaint", 422, action="file", **form)
    assert "没有附任何证据" in refused and "没有写明基本事实" not in refused
    file = (io.BytesIO(b"%PDF-1.7 evidence"), "公开信息.pdf")
    kept = post(loser, f"/bid/{code}/complaint", 200, action="check", files=file, **form)
    carried = re.findall(r'name="kept" value="([^"]+)"', kept)
    post(loser, f"/bid/{code}/complaint", action="file", kept=carried, **form)
    page = f"/supervise/complaints/{code}/2"
    assert login(Role.BIDDER, person="a").get(page).status_code == 403
    assert "公开信息.pdf" in regulator().get(page).text and code in regulator().get("/supervise/complaints").text
    post(regulator, page, 422, verb="order", text="涉嫌造假，需要核实")
    post(regulator, page, verb="accept")
    post(regulator, page, verb="order", text="涉嫌造假，需要核实")
    waits = tenderee().get(f"/sections/{code}").text
    assert "行政监督部门处理第 2 号投诉" in waits
    assert "What this tender waits for" in tenderee().get(f"/sections/{code}?lang=en").text
    held_back = post(tenderee, f"/tender/{code}/award", 422, confirmation=code, number="1")
    assert "责令暂停，恢复之前不能进行这一步" in held_back
    stage.clock.advance(days=6)
    post(tenderee, f"/tender/{code}/award/end", text="")
    assert stage.publicity().state == "suspended"
    post(regulator, page, verb="record", kind="test_begin", text="送合同出具单位核实")
    stage.clock.advance(days=2)
    post(regulator, page, verb="record", kind="test_end", text="出具单位回函：合同不属实")
    verdict = {"verb": "decide", "section": code, "outcome": "upheld", "findings": "经核实，业绩合同不属实。",
               "law": "实施条例第六十一条", "remedy": "re_evaluate", "stage": "scoring"}  # fmt: skip
    unsure = post(regulator, page, 422, confirmation="x", **verdict)
    assert "经核实，业绩合同不属实。" in unsure
    post(regulator, page, confirmation=code, **verdict)
    public = login(Role.BIDDER, person="a").get(f"/sections/{code}/complaints").text
    assert "投诉成立" in public and "行政复议" in public
    assert stage.notices()["complaint_decision"]["appeal"]["reconsideration_days"] == 60
    room = stage.room()
    room.score()
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    changed = tampered(stage, archive, "complaints.json", lambda value: value[0]["steps"].pop())
    assert found_wrong(stage, changed, tmp_path) == ({"complaints"}, {"complaints"})
    changed = tampered(stage, archive, "complaints.json", lambda value: value[1]["content"].update(facts="没有事实"))
    assert found_wrong(stage, changed, tmp_path) == ({"complaints"}, {"complaints"})

"""The pages of evaluation and award in a real browser: sound at both widths, saving with and without scripts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.access import door
from accounts.queries import person_by_id
from accounts.rules import Role
from accounts.services import open_sign_in
from awards import queries as award_queries
from awards import services as awards
from core.act import Actor, Platform
from core.clock import StoppedClock
from core.errors import Missing
from core.ledger.log import platform_signer
from experts import queries, services
from experts.services.partners import add_partner
from experts.services.sites import set_sites
from tests.browser.oracles import Watch, problems_at_widths
from tests.experts.answers import Signing
from tests.experts.story import Story
from tests.experts.test_sites import ROWS

PICTURES = os.environ.get("SUNBID_PICTURES")
"""A folder for screenshots of every page visited, for people who want to look."""


@pytest.fixture
def story(platform: Platform, clock: StoppedClock) -> Story:
    """A story that has not begun."""
    return Story(platform, clock)


@pytest.fixture
def visit(
    app: Flask, platform: Platform, serve: Callable[[Flask], str], new_page: Callable[..., Page]
) -> Callable[..., tuple[Page, Watch]]:
    """`visit(actor, path, width=390)`: a page signed in as the actor, with its watch."""
    address = serve(app)

    def go(actor: Actor | None, path: str, *, width: int = 1280, **options: Any) -> tuple[Page, Watch]:
        page = new_page(width, **options)
        if actor is not None:
            with platform.act(actor) as act:
                person = person_by_id(act.session, actor.person_id or 0)
                token = open_sign_in(act, person, method="certificate", carrier="cookie")
            with app.app_context():
                page.context.add_cookies([{"name": door().cookie, "value": token, "url": address}])
        watch = Watch(page)
        page.goto(address + path)
        return page, watch

    return go


def check(visit: Callable[..., tuple[Page, Watch]], visits: list[tuple[Actor | None, str]]) -> None:
    """Visit each page at both widths and gather everything unsound."""
    found = []
    for actor, path in visits:
        page, watch = visit(actor, path)
        found += problems_at_widths(page, watch)
        if PICTURES:
            name = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
            page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
        page.context.close()
    assert found == []


def member(story: Story, label: str) -> Actor:
    return story.person_actor(next(one for one in story.members() if one.label == label))


def test_pages_before_and_at_the_draw_are_sound(story: Story, visit: Callable[..., tuple[Page, Watch]]) -> None:
    """Sabotage: a table without labels, a missing title: red."""
    story.open_section()
    story.add_experts(11)
    with story.platform.reading() as session:
        bid = queries.bids_in_evaluation(session, story.section(session))[0]
    story.add_experts(
        2, 50, employers=[{"name": bid.name, "identifier": bid.identifier, "from": "2020-01-01", "until": None}]
    )
    agent, officer = story.actor(Role.AGENT), story.actor(Role.OFFICER)
    check(visit, [(agent, f"/tender/{story.code}/committee"), (story.actor(Role.OPERATOR), "/ops/experts"),
                  (story.actor(Role.OPERATOR), "/ops/experts/ZJ-0050")])  # fmt: skip
    story.request()
    story.announce()
    story.commit()
    check(visit, [(officer, f"/tender/{story.code}/committee"), (officer, f"/draws/experts/{story.code}")])
    story.freeze()
    story.reveal()
    invited = story.members()[0]
    operator, sites = story.actor(Role.OPERATOR), f"/tender/{story.code}/committee/sites"
    with story.platform.act(operator) as act:
        key = str(platform_signer("jiaxing.test", bytes(range(1, 33))).verifier)
        add_partner(act, code="jx", name="嘉兴市公共资源交易平台", url="https://jx.example", key=key)
    check(visit, [(operator, "/ops/partners"), (operator, "/ops/partners/jx"), (officer, sites)])
    with story.platform.act(officer) as act:
        set_sites(act, story.committee(act.session), ROWS)
    check(visit, [(officer, sites)])
    check(visit, [(None, f"/draws/experts/{story.code}"), (member(story, "M1"), "/expert"),
                  (member(story, "M1"), f"/expert/invitations/{invited.id}"),
                  (story.actor(Role.TENDEREE), f"/tender/{story.code}/committee")])  # fmt: skip


def test_pages_of_the_room_are_sound(story: Story, visit: Callable[..., tuple[Page, Watch]]) -> None:
    """Sabotage: a label without its control, an inline style: red."""
    story.prices = (920_000_00, 935_000_00, 940_000_00, 948_000_00, 1_050_000_00)
    story.to_drawn()
    with story.as_member("M1") as act:
        services.accept(act, story.seat_of(act, "M1"))
        services.sign_in(act, story.seat_of(act, "M1"))
    room = f"/expert/{story.code}"
    check(visit, [(member(story, "M1"), room)])
    story.arrive()
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        content = {"投标人": "1 号、2 号", "线索": "施工组织设计第 12—14 页有 3 处相同的笔误"}
        services.receive_memo(act, story.committee(act.session), key="s", title="技术标雷同线索", content=content)
    check(visit, [(member(story, "M2"), room)])
    story.elect()
    story.review({5: "control_price"}, "M2", "M3", "M4", "R1")
    with story.platform.reading() as session:
        (memo,) = queries.memos(session, story.committee(session))
    check(visit, [(member(story, "M1"), f"{room}/memos/{memo.id}"), (member(story, "M2"), f"{room}/conformity"),
                  (member(story, "M1"), f"{room}/conformity/5")])  # fmt: skip
    story.review({5: "control_price"})
    story.begin_scoring()
    story.score("M2", "M3", "M4", "R1", change={("M2", 1, "Q1"): "6", ("M2", 2, "T1"): "2", ("M2", 2, "T2"): "2"})
    check(visit, [(member(story, "M1"), f"{room}/score/1"), (member(story, "M2"), f"{room}/score/2"),
                  (member(story, "M2"), f"{room}/compare/T1")])  # fmt: skip
    story.score("M1")
    check(visit, [(member(story, "M2"), f"{room}/scores"), (member(story, "M1"), f"{room}/scores")])


def test_pages_after_the_lock_are_sound(story: Story, visit: Callable[..., tuple[Page, Watch]]) -> None:
    """Sabotage: text over text in the score matrix: red."""
    story.to_scoring({5: "R2"})
    story.score(change={("M3", 2, "T1"): "4", ("M3", 2, "T2"): "4"})
    story.lock()
    room, project = f"/expert/{story.code}", f"/tender/{story.code}"
    check(visit, [(member(story, "M1"), f"{room}/result")])
    story.report()
    check(visit, [(member(story, "M2"), f"{room}/report"), (story.actor(Role.SUPERVISOR), f"{project}/committee")])
    story.sign()
    story.deliver()
    tenderee = story.actor(Role.TENDEREE)
    check(visit, [(tenderee, f"{project}/evaluation"), (tenderee, f"{project}/award"),
                  (tenderee, f"{project}/committee")])  # fmt: skip
    with story.platform.act(tenderee) as act:
        awards.publish_candidates(act, story.section(act.session))
    with story.platform.act(story.bidder_actor(2)) as act:
        awards.file_objection(
            act, award_queries.publicity_of(act.session, story.code), "第一名的类似业绩与公开信息不符，请核查。"
        )
    public, own = f"/sections/{story.code}/candidates", f"/bid/{story.code}/result"
    check(
        visit,
        [(None, public), (story.bidder_actor(2), own), (story.bidder_actor(5), own), (tenderee, f"{project}/award")],
    )
    with story.platform.act(tenderee) as act:
        awards.answer_objection(act, award_queries.own_objection(act.session, story.code, 1, tenderee), "经核查属实。")
        ends = award_queries.publicity_of(act.session, story.code).ends_at
    story.clock.move_to(ends + timedelta(minutes=1))
    with story.platform.act(tenderee) as act:
        awards.end_publicity(act, award_queries.publicity_of(act.session, story.code))
    check(visit, [(tenderee, f"{project}/award")])
    with story.platform.act(tenderee) as act:
        awards.award(act, award_queries.publicity_of(act.session, story.code))
    check(visit, [(None, f"/sections/{story.code}/award"), (tenderee, f"{project}/award")])


def saved(story: Story, number: int = 1) -> dict[str, str]:
    with story.platform.reading() as session:
        held = next(one for one in queries.members(session, story.committee(session)) if one.label == "M1")
        try:
            sheet = queries.own_sheet(session, held, number)
        except Missing:
            return {}
        return {code: str(item.value) for code, item in queries.own_items(session, held).get(sheet.id, {}).items()}


def test_what_is_typed_is_saved_without_a_click(story: Story, visit: Callable[..., tuple[Page, Watch]]) -> None:
    """Autosave, range told at once, Enter and j / k between boxes. Sabotage: no hx-post: red."""
    story.to_scoring()
    page, _ = visit(member(story, "M1"), f"/expert/{story.code}/score/1")
    page.get_by_label("施工组织设计得分").fill("18.5")
    expect(page.locator("#saved")).to_contain_text("本表已评 1 / 4")
    assert saved(story) == {"T1": "18.50"}
    page.get_by_label("施工组织设计得分").press("Enter")
    expect(page.get_by_label("质量与安全措施得分")).to_be_focused()
    page.get_by_label("质量与安全措施得分").fill("16")
    expect(page.locator("#saved")).to_contain_text("应在 0 至 15 之间")
    assert saved(story) == {"T1": "18.50"}
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("k")
    expect(page.get_by_label("施工组织设计得分")).to_be_focused()


def test_scoring_works_without_scripts(story: Story, visit: Callable[..., tuple[Page, Watch]]) -> None:
    """A save button and a submit button do everything. Sabotage: only htmx saves: red."""
    story.to_scoring()
    page, _ = visit(member(story, "M1"), f"/expert/{story.code}/score/2", javascript=False)
    page.get_by_label("施工组织设计得分").fill("17")
    page.get_by_role("button", name="保存", exact=True).click()
    assert saved(story, 2) == {"T1": "17.00"}
    page.get_by_role("button", name="提交 2 号评分表").click()
    expect(page.get_by_role("alert")).to_contain_text("还有未评分的项")
    for label, value in (("质量与安全措施得分", "12"), ("类似业绩得分", "8"), ("信用评价得分", "3")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="提交 2 号评分表").click()
    expect(page.get_by_text("2 号投标的评分表已提交。")).to_be_visible()


def test_pages_of_questions_to_bidders_are_sound(platform: Platform, clock: StoppedClock, visit: Any) -> None:
    """The committee's questions, the correction of a price, the bidder's page with a draft to be signed."""
    story = Signing(platform, clock)
    story.to_seated()
    story.certify()
    story.answer(story.ask(2, clause="R1"))
    story.ask(1, "low_price")
    number = story.correct(3, words_fen=910_000_00)
    with platform.act(story.bidder_actor(3)) as act:
        asked = queries.own_bid_clarification(act.session, story.section(act.session), act.actor, number)
        services.write_answer(act, asked, text="接受，见投标函大写金额", accepts=True)
    leader = member(story, "M1")
    check(visit, [(leader, f"/expert/{story.code}/clarifications"), (leader, f"/expert/{story.code}/corrections/4"),
                  (story.bidder_actor(3), f"/sections/{story.code}/bid-clarifications")])  # fmt: skip

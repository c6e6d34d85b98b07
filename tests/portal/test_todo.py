"""What waits for whom (待办): the right people are told at the right state, nobody learns who bids before the names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from accounts.rules import Role
from awards import services as after_award
from awards.queries import agenda as from_the_report_on
from awards.queries import publicity as publicity_of
from bidding import queries, rules, services
from core.act import Actor, Platform
from core.calendar import DAY, day_of, end_of_day, national
from core.clock import StoppedClock
from credit.rules import SOURCES
from opening import services as opening
from portal import agenda
from tests import factories
from tests.awards import test_awards as awards
from tests.bidding import two_persons
from tests.bidding.stage import Stage as Tender
from tests.conftest import Browser
from tests.experts.story import Story
from tests.opening.stage import TRUSTEES, Stage

Login = Callable[..., Browser]
Tell = Callable[[Actor], list[str]]


@pytest.fixture
def tell(app: Flask, platform: Platform) -> Tell:
    """What the actor must or may do now, as kinds."""

    def told(actor: Actor) -> list[str]:
        with platform.reading() as session:
            now = platform.clock.now()
            return [item.kind for floor in agenda.FLOORS for item in floor.agenda(session, actor, now)]

    return told


def test_working_days_are_counted_over_the_holiday_table() -> None:
    """The week of the National Day counts nothing. Seen red: with calendar days."""
    assert agenda.working_days(date(2026, 9, 30), date(2026, 10, 8)) == 1
    assert agenda.working_days(date(2026, 10, 8), date(2026, 10, 8)) == 0
    assert agenda.working_days(date(2026, 10, 9), date(2026, 10, 8)) == 0


def test_a_draft_waits_for_its_author_then_for_the_second_person_and_keys_for_their_holders(
    platform: Platform, tell: Tell
) -> None:
    """Seen red: with the second person told of what they prepared themselves."""
    tender = Tender(platform)
    officer = factories.actor(platform, Role.OFFICER)
    author, reviewer = two_persons.preparer(platform), two_persons.reviewer(platform)
    tender.draft()
    assert "bidding.draft" in tell(author)
    assert "bidding.register_key" not in tell(officer)
    two_persons.submit(platform, tender.code)
    assert "bidding.draft" not in tell(author)
    assert "bidding.review_notice" not in tell(author)
    assert "bidding.review_notice" in tell(reviewer)
    assert "bidding.review_notice" not in tell(factories.actor(platform, Role.TENDEREE, "j"))


def test_questions_and_objections_wait_with_their_day_and_their_rule(app: Flask, platform: Platform) -> None:
    """Seen red: with the objection's day, and the question's, taken from the deadline."""
    tender = Tender(platform).publish()
    own = factories.actor(platform, Role.TENDEREE)
    with tender.act(Role.BIDDER) as act:
        services.ask_question(act, queries.section(act.session, tender.code), "桩长是多少？")
    with tender.act(Role.BIDDER, through=rules.turnstile(tender.code), shared=False) as act:
        held = services.raise_objection(act, queries.section(act.session, tender.code), "第三章有误。")
        due = held.answer_due_at
    with app.test_request_context(), platform.reading() as session:
        lines = agenda.todo(session, own, platform.clock.now())
    objection = next(line for line in lines if "异议" in line.text)
    assert objection.due == due and objection.rule is not None and objection.rule["rule"] == "R-135"
    assert "实施条例第二十二条" in objection.rule["source"]
    assert objection.left is not None and not objection.is_late
    question = next(line for line in lines if "提问" in line.text)
    assert lines.index(objection) < lines.index(question)
    deadline = tender.section().deadline_at
    assert question.due == deadline - 15 * DAY  # answered later, it moves the deadline
    with app.test_request_context(), platform.reading() as session:
        late = agenda.todo(session, own, due)
    assert next(line for line in late if "异议" in line.text).is_late
    with app.test_request_context(), platform.reading() as session:
        late = agenda.todo(session, own, question.due)
    assert next(line for line in late if "提问" in line.text).due == deadline


def test_nothing_on_the_page_follows_from_a_submission(platform: Platform, login: Login, tmp_path: Path) -> None:
    """Every role's page before and after a commit, word for word (R-043, R-208).

    Seen red: with the number of submissions told in the line of an open tender.
    """
    stage = Stage(platform, tmp_path)
    stage.bidder("a")
    seen = []
    for _ in range(2):
        pages = {}
        for role in (Role.BIDDER, Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR, Role.FINANCE):
            text = login(role).get("/todo").text
            pages[role] = text[text.index("<main") : text.index("</main>")]
        seen.append(pages)
        if len(seen) == 1:
            stage.submit("a")
    assert seen[0] == seen[1]
    assert stage.code in seen[0][Role.BIDDER]


def test_the_day_of_the_opening_leads_everybody_to_their_next_step(
    platform: Platform, clock: StoppedClock, tell: Tell, tmp_path: Path
) -> None:
    """Seen red: with the bidder asked to decrypt after it had, and the key holder told of no layer."""
    stage = Stage(platform, tmp_path)
    for letter in "abc":
        stage.submit(letter)
    assert "opening.commit_draw" in tell(stage.officer)
    stage.commit_draw()
    assert "opening.commit_draw" not in tell(stage.officer)
    assert "opening.sign_in" not in tell(stage.bidders["a"].actor)
    stage.close()
    assert "opening.peel" in tell(stage.officer) and "opening.host" in tell(stage.tenderee)
    stage.peel(*TRUSTEES)
    assert "opening.peel" not in tell(stage.officer)
    stage.act(stage.tenderee, opening.publish_names)
    assert "opening.sign_in" in tell(stage.bidders["a"].actor)
    assert "opening.sign_in" not in tell(factories.actor(platform, Role.BIDDER, "j"))
    stage.act(stage.tenderee, opening.open_decryption)
    assert "opening.decrypt" in tell(stage.bidders["a"].actor)
    for letter in "abc":
        stage.release(letter)
    assert "opening.peel" in tell(stage.tenderee)
    stage.peel("tenderee")
    stage.open_ready()
    assert "opening.decrypt" not in tell(stage.bidders["a"].actor)
    stage.tick()
    assert "opening.reveal_draw" in tell(stage.supervisor)
    stage.draw()
    stage.act(stage.tenderee, opening.read_prices)
    stage.act(stage.tenderee, opening.ask_confirmation)
    assert "opening.confirm" in tell(stage.bidders["a"].actor)
    stage.act(stage.tenderee, opening.sign_record)
    assert "opening.cosign" in tell(stage.supervisor)
    stage.act(stage.tenderee, opening.hand_over)
    assert "experts.request" in tell(stage.tenderee)
    assert not {kind for kind in tell(stage.bidders["a"].actor) if kind.startswith("opening.")}


def test_members_are_led_through_the_room_and_the_leader_through_its_ends(
    platform: Platform, clock: StoppedClock, tell: Tell
) -> None:
    """Seen red: with a member told to score whose sheets were locked."""
    story = Story(platform, clock)
    story.to_seated()
    seats = {one.label: story.person_actor(one) for one in story.members()}
    actor, leads = seats["M2"], seats["M1"]
    assert "experts.review" in tell(actor)
    story.review()
    assert "experts.review" not in tell(actor)
    assert "experts.begin_scoring" in tell(leads) and "experts.begin_scoring" not in tell(actor)
    story.begin_scoring()
    assert "experts.score" in tell(actor)
    story.score()
    assert "experts.score" not in tell(actor) and "experts.lock" in tell(leads)
    story.lock()
    story.report()
    assert "experts.sign_report" in tell(actor)
    story.sign()
    story.deliver()
    assert not {kind for kind in tell(actor) if kind.startswith("experts.")}
    tenderee = factories.actor(platform, Role.TENDEREE)
    assert "awards.candidates" in tell(tenderee)


def test_who_objected_in_vain_is_told_until_when_to_complain(platform: Platform, clock: StoppedClock) -> None:
    """Ten days from the publicity, the time of the answer not counted (R-553). Seen red: with no day told."""
    story = Story(platform, clock)
    story.to_delivered()
    awards.publish(story)
    number = awards.objection(story, 3)
    clock.advance(days=2)
    awards.answer(story, number)
    with platform.reading() as session:
        found = from_the_report_on.agenda(session, story.bidder_actor(3), clock.now())
        told = next(item for item in found if item.kind == "awards.complain")
    began = day_of(awards.publicity(story).began_at)
    assert told.due == end_of_day(national().end_of_days(began, 12).on)
    assert told.rule is not None and told.rule["rule"] == "R-553"


def test_whose_fault_a_giving_up_was_waits_until_it_is_decided(
    platform: Platform, clock: StoppedClock, login: Login
) -> None:
    """Also where nobody followed and it is tendered again. Seen red: after the evaluated section's return."""
    story = Story(platform, clock)
    story.to_delivered()
    awards.publish(story)
    clock.move_to(awards.publicity(story).ends_at)
    awards.end(story)
    awards.award(story)
    tenderee = story.actor(Role.TENDEREE)

    def waits() -> bool:
        with platform.reading() as session:
            found = from_the_report_on.agenda(session, tenderee, clock.now())
            return any(item.kind == "awards.judge_abandonment" for item in found)

    with platform.act(tenderee) as act:
        held = publicity_of(act.session, queries.section(act.session, story.code))
        after_award.set_aside_winner(act, held, reason="gave_up", evidence="中标人来函放弃中标，原件已存档。")
    assert waits()
    with platform.act(tenderee) as act:
        held = publicity_of(act.session, queries.section(act.session, story.code))
        after_award.hold_again(act, held, "其余候选人报价过高，重新招标。")
    assert waits()
    page = f"/tender/{story.code}/award"
    judged = {"fault": "without_cause", "fault_reason": "经核实没有正当理由，项目经理在职"}
    assert f"{page}/set-aside/1/fault" in login(Role.TENDEREE).get(page).text
    assert login(Role.TENDEREE).post(f"{page}/set-aside/1/fault", data=judged).status_code == 303
    assert not waits()


def test_the_page_says_so_in_both_languages_and_only_to_who_is_signed_in(
    platform: Platform, login: Login, client: Browser
) -> None:
    assert client.get("/todo").status_code == 303
    tender = Tender(platform)
    tender.draft()
    browser = login(Role.TENDEREE)
    page = browser.get("/todo").text
    assert "编制招标公告并提交复核" in page and f"/tender/sections/{tender.code}/edit" in page
    assert "Prepare the tender notice" in browser.get("/todo?lang=en").text
    assert "现在没有等您办理的事项" in login(Role.FINANCE).get("/todo?lang=zh").text


def test_lists_too_old_and_a_certificate_that_ends_soon_are_told_of(
    platform: Platform, tell: Tell, tmp_path: Path
) -> None:
    """Seen red: with certificates told of only once they had ended."""
    stage = Stage(platform, tmp_path)
    assert "accounts.renew_certificate" in tell(stage.bidder("a", days=20).actor)
    assert "accounts.renew_certificate" not in tell(stage.bidder("b").actor)
    operator = factories.actor(platform, Role.OPERATOR)
    assert tell(operator).count("credit.stale") == len(SOURCES)
    with platform.act(operator) as act:
        factories.credit_lists(act)
    assert "credit.stale" not in tell(operator)

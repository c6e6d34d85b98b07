"""From the delivered report to the award: publicity, objections that hold everything up, notices to all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.rules import Role
from awards import queries, services
from awards.models import Publicity
from core.board import Notice, notices
from core.errors import Conflict, Invalid, Missing, Untimely
from core.ledger.log import audit
from core.outbox import inbox
from tests.experts.story import Story


def publish(story: Story) -> None:
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        services.publish_candidates(act, story.section(act.session))


def publicity(story: Story) -> Publicity:
    with story.platform.reading() as session:
        return queries.publicity(session, story.section(session))


def end(story: Story) -> None:
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        services.end_publicity(act, queries.publicity(act.session, story.section(act.session)))


def award(story: Story, **options: object) -> None:
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        services.award(act, queries.publicity(act.session, story.section(act.session)), **options)  # type: ignore[arg-type]


def objection(story: Story, bidder: int, text: str = "第一名业绩不实，请核查。") -> int:
    with story.platform.act(story.bidder_actor(bidder)) as act:
        return services.file_objection(act, queries.publicity(act.session, story.section(act.session)), text).number


def answer(story: Story, number: int) -> None:
    actor = story.actor(Role.TENDEREE)
    with story.platform.act(actor) as act:
        services.answer_objection(
            act, queries.own_objection(act.session, story.code, number, actor), "经核查属实，评审结果不变。"
        )


def notice(story: Story, kind: str) -> Notice:
    with story.platform.reading() as session:
        (found,) = notices(session, kind=kind, subject=f"section:{story.code}")
        return found


def test_candidates_are_published_with_everything_the_law_asks(story: Story) -> None:
    """R-551. Sabotage: leave out any key of _candidate: red."""
    story.to_delivered({5: "R2"})
    publish(story)
    content = notice(story, "candidates").content
    assert content["candidates"][0]["name"] == "宏远市政建设有限公司"
    assert set(content["candidates"][0]) >= {
        "rank", "name", "price_fen", "quality", "duration_days", "manager", "manager_certificate",
        "qualification_response",
    }  # fmt: skip
    out = {"number": 5, "name": "新时代建设有限公司", "consortium": [], "reasons": ["第 5 号不符合R2"]}
    assert content["rejected"] == [out]
    assert content["objection_to"] and content["late_by_days"] == 0
    assert [law["rule"] for law in content["law"]] == ["R-550", "R-550", "R-135"]
    with story.platform.reading() as session:
        assert story.section(session).state == "candidates_published"
    with pytest.raises(Conflict, match=r"publicity\.exists"):
        publish(story)


def test_late_publication_is_made_and_said(story: Story) -> None:
    """R-550: three days from receiving the report. Sabotage: late_by_days not stored: red."""
    story.to_delivered()
    story.clock.advance(days=5)
    publish(story)
    assert notice(story, "candidates").content["late_by_days"] == 2


def test_nothing_is_published_before_the_report(story: Story) -> None:
    """Sabotage: publish without the section's move: red."""
    story.to_locked()
    with pytest.raises(Conflict, match=r"section\.state"):
        publish(story)


def test_the_publicity_ends_at_its_instant_by_data_alone(story: Story) -> None:
    """R-550: due at the very end and not before; ending twice is ending once. Sabotage: `<` for `<=`: red."""
    story.to_delivered()
    publish(story)
    ends = publicity(story).ends_at
    story.clock.move_to(ends - timedelta(microseconds=1))
    with story.platform.reading() as session:
        assert queries.due_to_end(session, story.clock.now()) == []
    with pytest.raises(Untimely, match=r"publicity\.running"):
        end(story)
    with pytest.raises(Conflict, match=r"award\.publicity"):
        award(story)
    story.clock.move_to(ends)
    with story.platform.reading() as session:
        assert [p.section.code for p in queries.due_to_end(session, story.clock.now())] == [story.code]
    end(story)
    end(story)
    award(story)
    assert publicity(story).state == "awarded"


def test_the_award_goes_to_rank_one_and_everybody_is_told_their_own(story: Story) -> None:
    """R-503, R-505, R-557. Sabotage: post only to the winner, or all scores to everyone: red."""
    story.to_delivered({5: "R2"})
    publish(story)
    story.clock.move_to(publicity(story).ends_at)
    end(story)
    with pytest.raises(Invalid, match=r"award\.rank"):
        award(story, number=2)
    award(story)
    assert notice(story, "award").content["winner"]["name"] == "宏远市政建设有限公司"
    with story.platform.reading() as session:
        assert story.section(session).state == "awarded"
        for number in range(1, 6):
            (letter,) = [
                one
                for one in inbox(session, f"organisation:{story.bidder_actor(number).organisation_id}")
                if one.template.startswith("awards.")
            ]
            assert letter.template == ("awards.won" if number == 1 else "awards.lost")
            assert letter.facts["number"] == number
            if number == 5:
                assert letter.facts["reasons"] == ["第 5 号不符合R2"] and letter.facts["ranking"] is None
            else:
                assert letter.facts["ranking"]["number"] == number
        (report,) = inbox(session, story.actor(Role.SUPERVISOR).name)
        assert (report.template, report.facts["law"]["rule"]) == ("awards.regulator_report", "R-557")
        assert list(audit(session, story.platform.signer.verifier)) == []
    with pytest.raises(Conflict):
        award(story)


def test_the_next_candidate_wins_only_for_a_lawful_reason(story: Story) -> None:
    """R-503. Sabotage: reason not checked: red."""
    story.to_delivered()
    publish(story)
    story.clock.move_to(publicity(story).ends_at)
    end(story)
    award(story, number=2, passed_over={1: ("gave_up", "2026 年 10 月 14 日书面放弃")})
    content = notice(story, "award").content
    assert content["winner"]["number"] == 2 and content["passed_over"] == [{"number": 1, "reason": "gave_up"}]


def test_an_objection_holds_up_the_end_and_the_award_until_it_is_answered(story: Story) -> None:
    """R-552. Sabotage: file without suspend: the publicity ends under the objection: red."""
    story.to_delivered()
    publish(story)
    first = publicity(story).ends_at
    story.clock.advance(days=1)
    number = objection(story, 2)
    assert publicity(story).state == "suspended"
    story.clock.move_to(first + timedelta(days=10))
    with story.platform.reading() as session:
        assert queries.due_to_end(session, story.clock.now()) == []
    with pytest.raises(Conflict, match=r"publicity\.suspended"):
        end(story)
    with pytest.raises(Conflict, match=r"publicity\.suspended"):
        award(story)
    answer(story, number)
    held = publicity(story)
    assert held.state == "running" and held.ends_at > story.clock.now()
    with pytest.raises(Conflict, match=r"objection\.state"):
        answer(story, number)
    story.clock.move_to(held.ends_at)
    end(story)
    award(story)


def test_two_objections_are_both_answered_before_anything_goes_on(story: Story) -> None:
    """Sabotage: resume at the first answer: red."""
    story.to_delivered()
    publish(story)
    objection(story, 2)
    objection(story, 3)
    answer(story, 1)
    assert publicity(story).state == "suspended"
    answer(story, 2)
    assert publicity(story).state == "running"


def test_objections_come_from_bidders_of_this_section_in_time(story: Story) -> None:
    """R-552, R-503. Sabotage: own_bid without the section, or no time check: red."""
    story.to_delivered()
    publish(story)
    other = Story(story.platform, story.clock, code="BJ-2026-002-01", prices=(1_000_00, 2_000_00, 3_000_00))
    other.open_section()
    stranger = story.actor(Role.BIDDER)
    for actor in (stranger, story.actor(Role.TENDEREE), story.actor(Role.SUPERVISOR)):
        with pytest.raises(Missing), story.platform.act(actor) as act:
            services.file_objection(act, queries.publicity(act.session, story.section(act.session)), "异议")
    with pytest.raises(Invalid, match=r"form\.required"):
        objection(story, 2, "  ")
    with pytest.raises(Invalid, match=r"form\.length"):
        objection(story, 2, "长" * 5001)
    story.clock.move_to(publicity(story).ends_at)
    with pytest.raises(Untimely, match=r"objection\.late"):
        objection(story, 2)


def test_a_foreign_tenderee_cannot_answer(story: Story) -> None:
    """Sabotage: own_objection without the owner: red."""
    from tests import factories

    story.to_delivered()
    publish(story)
    objection(story, 2)
    foreign = factories.actor(story.platform, Role.TENDEREE, "b")
    with story.platform.reading() as session, pytest.raises(Missing):
        queries.own_objection(session, story.code, 1, foreign)


def test_a_bidder_sees_the_own_result_after_publication_and_nothing_else(story: Story) -> None:
    """R-505. Sabotage: sheets of all bids: red; before publication: red."""
    story.to_delivered({5: "R2"})
    with story.platform.reading() as session, pytest.raises(Missing):
        queries.own_result(session, story.section(session), story.bidder_actor(2))
    publish(story)
    with story.platform.reading() as session:
        own = queries.own_result(session, story.section(session), story.bidder_actor(2))
        assert own["ranking"]["rank"] == 2 and {row["number"] for row in own["sheets"]} == {2}
        rejected = queries.own_result(session, story.section(session), story.bidder_actor(5))
        assert rejected["rejected"] and rejected["sheets"] == [] and rejected["ranking"] is None
        with pytest.raises(Missing):
            queries.own_result(session, story.section(session), story.actor(Role.BIDDER))

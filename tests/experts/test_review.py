"""The committee room: review, leader, replacement of members, what the watchman hands in."""

from __future__ import annotations

import pytest

from core.act import SYSTEM
from core.errors import Conflict, Invalid
from experts import queries, services
from experts.models import ScoreItem, Sheet
from tests.experts.story import CONTROL, Story, tie_to_bidder
from tests.experts.test_evaluation import recompute


class TestReview:
    def test_a_reason_for_every_fail_and_doubt(self, story: Story) -> None:
        """Sabotage: accept empty reasons: red."""
        story.to_seated()
        with story.as_member("M1") as act:
            bid = queries.bids_in_evaluation(act.session, story.section(act.session))[0]
            for finding in ("fail", "doubt"):
                with pytest.raises(Invalid, match=r"review\.reason"):
                    services.save_findings(act, story.seat_of(act, "M1"), bid, {"R1": (finding, " ")})
            with pytest.raises(Invalid, match=r"review\.clause"):
                services.save_findings(act, story.seat_of(act, "M1"), bid, {"R9": ("pass", "")})
            with pytest.raises(Invalid, match=r"review\.finding"):
                services.save_findings(act, story.seat_of(act, "M1"), bid, {"R1": ("maybe", "")})

    def test_two_of_five_do_not_reject_three_do(self, story: Story) -> None:
        """R-345. Sabotage: reject on any fail: red."""
        story.to_seated()
        story.review({2: "R1"}, "M1", "M2")
        story.review({3: "R2"}, "M3", "M4", "R1")
        story.begin_scoring()
        with story.platform.reading() as session:
            bids = queries.concluded_review(story.committee(session))["bids"]
            assert [bid["number"] for bid in bids if bid["rejected"]] == [3]
            assert bids[1]["clauses"][0] == {"clause": "R1", "pass": 3, "fail": 2, "doubt": 0, "decision": "pass"}
            assert [reason["reason"] for reason in bids[2]["reasons"]] == ["第 3 号不符合R2"]

    def test_incomplete_reviews_hold_scoring_up(self, story: Story) -> None:
        """Sabotage: no count: red."""
        story.to_seated()
        story.review(None, "M1", "M2", "M3", "M4")
        with pytest.raises(Conflict) as refusal:
            story.begin_scoring()
        assert refusal.value.code == "review.incomplete" and refusal.value.facts["missing"] == 15

    def test_a_bid_above_the_control_price_must_be_rejected_and_leaves_every_mean(self, story: Story) -> None:
        """R-400(5), R-460; equality is valid. Sabotage: `>=` in the check, or no check: red."""
        story.prices = (920_000_00, 935_000_00, CONTROL, CONTROL + 1, 950_000_00)
        story.to_seated()
        story.review()
        with story.platform.reading() as session:
            found = queries.flags(session, story.section(session))
            assert {n: [m["code"] for m in marks] for n, marks in found.items()} == {4: ["over_control_price"]}
        with pytest.raises(Conflict) as refusal:
            story.begin_scoring()
        assert (refusal.value.code, refusal.value.facts) == ("review.control_price", {"number": 4})
        story.review({4: "control_price"})
        story.begin_scoring()
        story.score()
        assert story.lock()["price"]["used"] == [1, 2, 3, 5]

    def test_fewer_than_three_left_need_the_committees_reasoning(self, story: Story) -> None:
        """R-412. Sabotage: begin without the reason: red."""
        story.to_seated()
        story.review({1: "R1", 2: "R1", 3: "R1"})
        with pytest.raises(Invalid, match=r"review\.competition"):
            story.begin_scoring()
        story.begin_scoring(competition_reason="两家报价差异明显，均低于控制价，仍具竞争性")
        story.score()
        assert len(story.lock()["ranking"]) == 2

    def test_all_rejected_fails_the_section(self, story: Story) -> None:
        """R-412. Sabotage: reject_all while enough bids pass: red."""
        story.to_seated()
        story.review(dict.fromkeys(range(1, 4), "R1"))
        with pytest.raises(Invalid, match=r"review\.reasoning"), story.as_member("M1") as act:
            services.reject_all(act, story.committee(act.session), "不行")
        story.review(dict.fromkeys(range(1, 6), "R1"))
        with pytest.raises(Conflict, match=r"review\.none_left"):
            story.begin_scoring()
        with story.as_member("M1") as act:
            services.reject_all(act, story.committee(act.session), "全部投标均未通过符合性评审，否决所有投标")
        with story.platform.reading() as session:
            assert story.section(session).state == "failed"

    def test_enough_bids_cannot_all_be_rejected_by_the_leader_alone(self, story: Story) -> None:
        """Sabotage: no tally in reject_all: red."""
        story.to_seated()
        story.review()
        with pytest.raises(Conflict, match=r"review\.enough_left"), story.as_member("M1") as act:
            services.reject_all(act, story.committee(act.session), "招标人希望重新招标，故全部否决")


class TestLeader:
    def test_most_votes_lead_and_the_earlier_seat_breaks_ties(self, story: Story) -> None:
        """R-302. Sabotage: last vote wins: red."""
        story.to_drawn()
        story.arrive()
        choices = {"M1": "M3", "M2": "M4", "M3": "M3", "M4": "M4", "R1": "M2"}
        for label, choice in choices.items():
            with story.as_member(label) as act:
                services.vote_leader(act, story.seat_of(act, label), story.seat_of(act, choice))
        assert [m.label for m in story.members() if m.is_leader] == ["M3"]

    def test_only_the_leader_leads(self, story: Story) -> None:
        """Sabotage: check_leader returns without comparing: red."""
        story.to_seated()
        story.review()
        with pytest.raises(Conflict, match=r"committee\.leader_only"), story.as_member("M2") as act:
            services.begin_scoring(act, story.committee(act.session))


class TestReplacement:
    def test_a_replaced_members_opinions_are_void_and_kept(self, story: Story) -> None:
        """R-332. Sabotage: leave the sheets locked: they count in the mean: red."""
        story.to_scoring()
        story.score()
        with story.as_member("M2") as act:
            services.avoid(act, story.seat_of(act, "M2"), "与 3 号投标人的项目经理是同学")
        with story.platform.reading() as session:
            committee = story.committee(session)
            assert committee.state == "drawn" and committee.conformity is None
            void = session.query(Sheet).filter_by(state="void").all()
            assert len(void) == 5
            assert session.query(ScoreItem).filter(ScoreItem.sheet_id.in_([s.id for s in void])).count() == 20
        assert [m.label for m in story.members()] == ["M1", "M3", "M4", "R1", "M5"]
        story.arrive("M5")
        story.review(None, "M5")
        story.begin_scoring()
        with pytest.raises(Conflict, match=r"scoring\.unfinished"):
            story.lock()
        story.score("M5", change={("M5", n, "T1"): "5" for n in range(1, 6)})
        result = story.lock()
        assert {row["member"] for row in result["sheets"]} == {"M1", "M3", "M4", "M5", "R1"}
        assert recompute(result) == [(r["rank"], str(r["number"]), r["total"]) for r in result["ranking"]]

    def test_a_leader_who_leaves_leaves_the_chair(self, story: Story) -> None:
        """Sabotage: is_leader stays: red."""
        story.to_seated()
        with story.as_member("M1") as act:
            services.avoid(act, story.seat_of(act, "M1"), "健康原因")
        story.arrive()
        with story.platform.reading() as session:
            assert not any(m.is_leader for m in queries.members(session, story.committee(session)))
        story.elect("M2")
        story.review()
        story.begin_scoring()

    def test_a_member_tied_to_a_bidder_cannot_come_back_in(self, story: Story) -> None:
        """Sabotage: barred without `gone`: the avoided one is seated again: red."""
        story.to_drawn()
        with story.platform.reading() as session:
            bid = queries.bids_in_evaluation(session, story.section(session))[0]
        first = story.members()[0]
        tie_to_bidder(story.platform, first.person_id, bid)
        with story.as_member("M1") as act:
            services.accept(act, story.seat_of(act, "M1"))
            services.sign_in(act, story.seat_of(act, "M1"))
        with story.as_member("M2") as act:
            services.decline(act, story.seat_of(act, "M2"), "出差")
        assert first.person_id not in {m.person_id for m in story.members()}

    def test_nobody_leaves_after_the_lock(self, story: Story) -> None:
        """Sabotage: no state check in _leave: red."""
        story.to_locked()
        with pytest.raises(Conflict, match=r"committee\.state"), story.as_member("M2") as act:
            services.avoid(act, story.seat_of(act, "M2"), "后悔")


def test_a_memo_is_shown_and_decides_nothing(story: Story) -> None:
    """R-652. Sabotage: opine by any member: red; receive twice: red."""
    story.to_seated()
    with story.platform.act(SYSTEM) as act:
        committee = story.committee(act.session)
        memo = services.receive_memo(
            act, committee, key="similarity:1-2", title="技术标雷同线索", content={"bids": [1, 2]}
        )
        assert services.receive_memo(act, committee, key="similarity:1-2", title="再次", content={}).id == memo.id
    with pytest.raises(Conflict, match=r"committee\.leader_only"), story.as_member("M2") as act:
        services.opine(
            act, story.seat_of(act, "M2"), queries.memos(act.session, story.committee(act.session))[0], "noted", "x"
        )
    with story.as_member("M1") as act:
        held = queries.memos(act.session, story.committee(act.session))[0]
        services.opine(act, story.seat_of(act, "M1"), held, "rejected", "系同一厂家产品说明书")
    story.review()
    story.begin_scoring()
    with story.platform.reading() as session:
        assert len(queries.valid_bids(session, story.committee(session))) == 5

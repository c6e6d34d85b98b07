"""Questions to bidders: who asks, who answers, what must be asked before a rejection, what a corrected price does."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.rules import Role
from bidding.rules.boq.bill import Bill, Line
from core.act import Actor, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid, Missing, Untimely
from experts import queries, services
from experts.rules.clarifications import answer_message
from experts.rules.corrections import correct_price
from experts.rules.grounds import agreed_ground, ground_of, grounds_for
from experts.rules.low_price import low_price_lines, low_prices
from opening.models import BidContents
from portal.cli.tick import Done, lapse_clarifications
from tests.experts.answers import Signing

LAW = {
    "low_price_of_mean": "50",
    "low_price_of_second": "50",
    "low_price_of_maximum": "45",
    "low_price_share_cap": "65",
}


@pytest.fixture
def story(platform: Platform, clock: StoppedClock) -> Signing:
    return Signing(platform, clock)


def seated(story: Signing) -> Signing:
    story.to_seated()
    return story.certify()


class TestRules:
    def test_the_vector_of_abnormally_low_prices(self) -> None:
        """R-441: 400, 820, 900, 1000 under 1000: not (a), (b) and (c). Strictly below.

        Seen red: with `<=`, and with the mean of the others instead of all.
        """
        lines = low_price_lines(LAW, {})
        found = low_prices({1: 400, 2: 820, 3: 900, 4: 1000}, 1000, lines)
        assert [(hit.number, hit.which) for hit in found] == [(1, "of_second"), (1, "of_maximum")]
        assert low_prices({1: 410, 2: 820, 3: 900, 4: 1000}, 900, lines) == []
        three = low_prices({1: 299, 2: 600, 3: 901}, 500, lines)
        assert [hit.which for hit in three] == ["of_mean", "of_second"] and three[0].line == Fraction(300)

    def test_a_notice_may_raise_the_lines_but_not_lower_them_nor_pass_the_cap(self) -> None:
        """R-441. Seen red: without the cap."""
        assert low_price_lines(LAW, {"low_price": {"of_mean": "65"}})["of_mean"] == 65
        for text in ("49", "65.01"):
            with pytest.raises(Invalid, match=r"method\.low_price"):
                low_price_lines(LAW, {"low_price": {"of_mean": text}})
        with pytest.raises(Invalid, match=r"method\.low_price"):
            low_price_lines({}, {"low_price": {"of_mean": "50"}})

    def test_words_go_before_figures_and_unit_prices_before_totals(self) -> None:
        """R-430: 2.5 × 100.00 + 10 × 20.00, and tax of 9 % on both; an amount of 2,500.00 where the point slipped.

        Seen red: without following the rates, and with the slip's amount taken although nobody found one.
        """
        bill = Bill(
            "priced", "S", "清单", "refused",
            (
                Line(1, "works", "", "010101001001", "挖土", "", "m3", Decimal("2.5"), "unit", (), 10_000),
                Line(2, "works", "", "010101001002", "回填", "", "m3", Decimal(10), "unit", (), 2_000),
                Line(3, "tax", "", "S1", "税金", "", "项", Decimal(1), "rate", ("works",), None, Decimal(9)),
            ),
        )  # fmt: skip
        assert bill.total_fen == 49_050
        plain = correct_price("T", 49_050, words_fen=None, bill=bill, slips={})
        assert plain.steps == () and plain.price_fen == 49_050
        off = correct_price("T", 50_000, words_fen=51_000, bill=bill, slips={})
        assert [(step.rule, step.from_fen, step.to_fen) for step in off.steps] == [
            ("R-430(1)", 50_000, 51_000), ("R-430(2)", 51_000, 49_050),
        ]  # fmt: skip
        slip = correct_price("G", 294_300, words_fen=None, bill=bill, slips={"010101001001": 250_000})
        assert slip.price_fen == 294_300 and slip.steps == ()
        assert slip.lines == (("010101001001", "挖土", 25_000, 250_000), ("S1", "税金", 4_050, 24_300))

    def test_grounds_are_the_laws_and_the_clause_names_its_own(self) -> None:
        """R-400, R-402, R-410: binding and layout are none. Seen red: with any code accepted."""
        clause = {"code": "R1", "text": "盖章", "source": "实施条例第五十一条第（三）项"}
        assert ground_of("", clause, "T").code == "T3"
        assert ground_of("", {"code": "low_price", "text": "", "source": ""}, "G").code == "G8"
        assert ground_of("", {"code": "R9", "text": "", "source": "招标文件 3.2"}, "T").code == "T6"
        for code in ("T99", "G1", "binding"):
            with pytest.raises(Invalid, match=r"review\.ground"):
                ground_of(code, clause, "T")
        assert [one.needs for one in grounds_for("T").values()].count("content") == 1
        assert agreed_ground(["T6", "T8", "T8"]) == "T8" and agreed_ground(["T6", "T8"]) == "T6"


class TestAsking:
    def test_the_leader_asks_and_only_the_asked_bidder_can_read_and_answer(self, story: Signing) -> None:
        """R-420. Seen red: own_bid_clarifications without the organisation, sign_answer without verify_signature."""
        seated(story)
        with pytest.raises(Conflict, match=r"committee\.leader_only"), story.as_member("M2") as act:
            services.ask_bidder(
                act, story.committee(act.session), story.bid(act, 2), kind="content", text="请说明工期如何安排",
                minutes=60,
            )  # fmt: skip
        number = story.ask(2)
        with pytest.raises(Conflict, match=r"bid_clarification\.pending"):
            story.ask(2)
        with story.platform.act(story.bidder_actor(3)) as act:
            section = story.section(act.session)
            assert queries.own_bid_clarifications(act.session, section, act.actor) == []
            with pytest.raises(Missing, match=r"bid_clarification\.unknown"):
                queries.own_bid_clarification(act.session, section, act.actor, number)
            foreign = queries.bid_clarification(act.session, story.committee(act.session), number)
            with pytest.raises(Missing, match=r"bid_clarification\.unknown"):
                services.write_answer(act, foreign, text="代为答复")
        with story.platform.reading() as session:
            asked = queries.bid_clarification(session, story.committee(session), number)
            named = str(queries.question_of(asked)) + str(asked.basis)
            assert not any(member.person.name in named or f"'{member.label}'" in named for member in story.members())
        with pytest.raises(Invalid, match=r"bid_clarification\.signature"):
            story.answer(number, by=3)
        with pytest.raises(Conflict, match=r"bid_clarification\.open"):
            story.review()
            story.begin_scoring()
        story.answer(number)
        with pytest.raises(Conflict, match=r"bid_clarification\.state"):
            story.answer(number)
        story.begin_scoring()

    def test_what_is_written_and_not_signed_is_nobodys_to_read_and_lapses(self, story: Signing) -> None:
        """Seen red: shown_answer without the state, lapse without dropping the draft."""
        seated(story)
        number = story.ask(1, minutes=30)
        with story.platform.act(story.bidder_actor(1)) as act:
            asked = queries.own_bid_clarification(act.session, story.section(act.session), act.actor, number)
            first = services.write_answer(act, asked, text="草稿一")
            services.write_answer(act, asked, text="草稿二")
            made = base64.b64encode(b"x").decode()
            with pytest.raises(Conflict, match=r"bid_clarification\.other"):
                services.sign_answer(act, asked, answer_sha256=first, signature=made)
            assert queries.shown_answer(asked) is None
        story.clock.advance(minutes=30)
        with pytest.raises(Untimely, match=r"bid_clarification\.late"):
            story.answer(number)
        done = Done()
        for _twice in range(2):
            lapse_clarifications(story.platform, done)
        assert done == [f"lapse clarification {number} of {story.code}"]
        with story.platform.reading() as session:
            asked = queries.bid_clarification(session, story.committee(session), number)
            assert (asked.state, asked.answer) == ("lapsed", None)

    def test_a_low_price_gets_at_least_thirty_minutes(self, story: Signing) -> None:
        """R-441. Seen red: with the ten minutes of other questions."""
        seated(story)
        with pytest.raises(Invalid, match=r"bid_clarification\.minutes"):
            story.ask(1, "low_price", minutes=29)
        story.ask(1, "low_price", minutes=30)


class TestClarifyFirst:
    def test_unclear_content_is_asked_about_before_it_rejects(self, story: Signing) -> None:
        """R-402. Seen red: with needs ignored in _decision, with a question about another clause counting."""
        seated(story)
        story.review()
        story.find(2, "R1", "fail", "T8")
        with pytest.raises(Conflict) as refusal:
            story.begin_scoring()
        assert refusal.value.code == "review.clarify_first" and refusal.value.facts["number"] == 2
        story.answer(story.ask(2, clause="R2"))
        with pytest.raises(Conflict, match=r"review\.clarify_first"):
            story.begin_scoring()
        story.answer(story.ask(2, clause="R1"))
        story.begin_scoring()
        with story.platform.reading() as session:
            decided = queries.concluded_review(story.committee(session))["bids"][1]
        assert decided["rejected"] and decided["grounds"][0]["ground"] == "T8"

    def test_a_low_price_rejects_only_by_majority_after_an_explanation(self, story: Signing) -> None:
        """R-440: never automatic. Seen red: with the clause low_price on every bid, and without its votes."""
        seated(story)
        story.review()
        with pytest.raises(Invalid, match=r"review\.clause"):
            story.find(1, "low_price", "fail")
        story.find(1, "R2", "fail", "T5a")
        with pytest.raises(Conflict, match=r"review\.clarify_first"):
            story.begin_scoring()
        story.find(1, "R2", "pass")
        story.answer(story.ask(1, "low_price"))
        with pytest.raises(Conflict, match=r"review\.incomplete"):
            story.begin_scoring()
        story.find(1, "low_price", "pass")
        story.find(1, "low_price", "fail", "", "M1", "M2")
        story.begin_scoring()
        with story.platform.reading() as session:
            decided = queries.concluded_review(story.committee(session))["bids"][0]
        assert not decided["rejected"] and decided["clauses"][-1]["fail"] == 2


class TestCorrection:
    def test_a_confirmed_correction_is_the_price_that_counts(self, story: Signing) -> None:
        """R-432: base, score and rank follow from the corrected price. Seen red: with `_corrections` empty."""
        seated(story)
        with pytest.raises(Conflict, match=r"correction\.nothing"):
            story.correct(3)
        number = story.correct(3, words_fen=910_000_00)
        with pytest.raises(Invalid, match=r"bid_clarification\.accepts"):
            story.answer(number)
        story.answer(number, text="", accepts=True)
        with pytest.raises(Conflict, match=r"correction\.accepted"):
            story.correct(3, words_fen=911_000_00)
        story.review()
        story.begin_scoring()
        story.score()
        result = story.lock()
        assert result["corrections"] == [
            {"number": 3, "clarification": number, "read_fen": 940_000_00, "price_fen": 910_000_00}
        ]
        assert result["price"]["dropped_low"] == 3 and result["bids"][2]["price_fen"] == 940_000_00

    def test_a_corrected_price_above_the_maximum_must_be_rejected(self, story: Signing) -> None:
        """R-432, R-400(5). Seen red: with evaluated_prices telling the price read out."""
        seated(story)
        story.answer(story.correct(3, words_fen=1_000_000_01), text="", accepts=True)
        story.review()
        with pytest.raises(Conflict, match=r"review\.control_price"):
            story.begin_scoring()

    @pytest.mark.parametrize("way", ["refused", "lapsed"])
    def test_a_correction_not_accepted_must_be_found_failing_and_is_the_committees_act(
        self, story: Signing, way: str
    ) -> None:
        """R-431. Seen red: without review.correction_refused."""
        seated(story)
        number = story.correct(3, words_fen=910_000_00)
        if way == "refused":
            story.answer(number, text="我方以小写金额为准", accepts=False)
        else:
            story.clock.advance(minutes=60)
            lapse_clarifications(story.platform, Done())
        story.review()
        story.find(3, "correction", "pass")
        with pytest.raises(Conflict, match=r"review\.correction_refused"):
            story.begin_scoring()
        story.find(3, "correction", "fail")
        story.begin_scoring()
        with story.platform.reading() as session:
            decided = queries.concluded_review(story.committee(session))["bids"][2]
        assert decided["rejected"] and decided["grounds"][0]["ground"] == "T9"

    def test_a_bill_that_does_not_add_up_to_the_price_read_out_must_be_put_to_the_bidder(self, story: Signing) -> None:
        """R-430. Seen red: without review.correction."""
        seated(story)
        with story.as_member("M1") as act:
            bill = {"total_fen": 930_000_00, "findings": []}
            act.session.add(BidContents(bid_id=story.bid(act, 4).id, content={"bill": bill}, checked_at=act.now))
        story.review()
        with pytest.raises(Conflict, match=r"review\.correction ") as refusal:
            story.begin_scoring()
        assert refusal.value.facts["number"] == 4


def test_the_pages_ask_answer_sign_and_show(story: Signing, enter: Callable[[Actor | None], Any]) -> None:
    """Over HTTP, with wrong input too. Seen red: without the check of a file's beginning, without the seat's check."""
    seated(story)
    leader = enter(story.person_actor(next(one for one in story.members() if one.is_leader)))
    room = f"/expert/{story.code}/clarifications"
    values = {"bid": "2", "kind": "content", "clause": "R1", "text": "请说明第 3 页的工期", "minutes": "5"}
    refused = leader.post(room, data=values)
    assert refused.status_code == 422 and "答复时间应为 10 至" in refused.text and "请说明第 3 页的工期" in refused.text
    assert leader.post(room, data={**values, "minutes": "30"}).status_code == 303
    corrected = {"text": "请书面确认修正后的投标报价", "minutes": "30", "words": "900000"}
    correction = f"/expert/{story.code}/corrections/4"
    assert leader.post(correction, data={**corrected, "words": ""}).status_code == 422
    assert leader.post(correction, data=corrected).status_code == 303
    bidder, other = enter(story.bidder_actor(2)), enter(story.bidder_actor(3))
    mine = f"/sections/{story.code}/bid-clarifications"
    assert "请说明第 3 页的工期" in bidder.get(mine).text and "请说明第 3 页的工期" not in other.get(mine).text
    assert other.post(f"{mine}/1", data={"text": "代答"}).status_code == 404
    wrong = bidder.post(f"{mine}/1", data={"text": "见附件", "files": (io.BytesIO(b"MZ"), "说明.pdf")})
    assert wrong.status_code == 422 and "不能作为附件" in wrong.text
    proof = b"%PDF-1.7 schedule"
    assert (
        bidder.post(f"{mine}/1", data={"text": "见附件", "files": (io.BytesIO(proof), "说明.pdf")}).status_code == 303
    )
    assert "见附件" not in leader.get(room).text
    digest = re.search(r'data-digest="([0-9a-f]{64})"', bidder.get(mine).text)[1]  # type: ignore[index]
    made = base64.b64encode(story.keys[2].sign(answer_message(digest))).decode()
    body = {"answer_sha256": digest, "signature": made}
    assert other.post(f"{mine}/1/sign", json=body).status_code == 404
    assert bidder.post(f"{mine}/1/sign", json={**body, "signature": made[:-8]}).status_code == 422
    assert bidder.post(f"{mine}/1/sign", json=body).get_json() == {"number": 1, "answered": True}
    shown = leader.get(room).text
    file = f"{room}/1/{hashlib.sha256(proof).hexdigest()}"
    assert "见附件" in shown and file in shown
    assert leader.get(file).data == proof
    for stranger in (bidder, enter(story.actor(Role.TENDEREE, "b")), enter(story.actor(Role.AGENT))):
        assert stranger.get(file).status_code in (403, 404)

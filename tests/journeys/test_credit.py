"""Credit along a tender: a listed member of a consortium, a record repaired, a source down at the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import credit.queries
import credit.services
from accounts.rules import Role
from awards import services as awards
from awards.queries import publicity
from bidding import queries as bidding
from core.act import Act, Platform
from core.errors import Conflict
from core.ledger.log import audit
from core.outgoing import networks_of
from credit.services import client
from experts.queries import final_bids, flags
from opening import queries as opening
from opening.models import Bid
from portal.cli.credit_sources import ask_credit_sources
from tests import factories
from tests.credit.source_server import Source, record, serving
from tests.experts.conftest import story
from tests.experts.story import Story
from tests.opening.stage import Stage

__all__ = ["story"]
BANS = "tender_bans"


@pytest.fixture
def source(platform: Platform) -> Iterator[Source]:
    with serving(platform.clock.now()) as held:
        yield held


def test_a_source_that_is_down_at_the_deadline_holds_up_no_opening_and_clears_nobody(
    platform: Platform, tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names go on, the check is pending and is asked again; what the source says then counts, also of a member.

    Seen red: with an unanswered check taken for a clear one.
    """
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.0)
    platform.trust = replace(platform.trust, networks=networks_of(["127.0.0.0/8"]))
    with platform.act(factories.actor(platform, Role.OPERATOR)) as act:
        factories.credit_lists(act)
        credit.services.set_source(
            act, source=BANS, url=source.url, key_kind="ed25519", key=source.public, is_asked=True
        )
    stage = Stage(platform, tmp_path / "machines")
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    bids = {bid.name: bid for bid in stage_bids(platform, stage)}
    assert all({one["decision"] for one in bid.credit if one["source"] == BANS} == {"pending"} for bid in bids.values())
    source.as_of = platform.clock.now()
    source.faults = ["500"] * 3
    assert ask_credit_sources(platform) == []
    listed = stage.bidder("b")
    code, name = listed.facts["bidder"]["uscc"], listed.name
    source.records = [record(code, name, ban_until="2027-12-31")]
    stage.clock.advance(seconds=61)
    assert ask_credit_sources(platform) == ["3 credit answers"]
    with platform.reading() as session:
        decisions = {
            bid.name: credit.queries.newest_checks(session, stage.code, bid.identifier)[BANS].decision
            for bid in bids.values()
        }
        assert decisions == {bid: "restricted" if bid == name else "clear" for bid in bids}
        rows = [row for row in credit.queries.feedback(session, section=stage.code) if row.source == BANS]
        assert len(rows) == 3 and all(row.feedback_at is not None for row in rows)
        for check in credit.queries.checks(session, stage.code):
            assert credit.queries.replay(session, platform.store, check).same
        assert list(audit(session, platform.signer.verifier)) == []


def stage_bids(platform: Platform, stage: Stage) -> list[Bid]:
    with platform.reading() as session:
        return list(opening.bids(session, opening.opening(session, bidding.section(session, stage.code))))


def first_candidate(story: Story, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Open the section and name who will be ranked first."""
    story.open_section()
    monkeypatch.setattr(story, "open_section", lambda: None)
    with story.platform.reading() as session:
        bids = final_bids(session, story.section(session))
        return next((bid.identifier, bid.name) for bid in bids if bid.name == "宏远市政建设有限公司")


def ask(act: Act, story: Story, members: list[tuple[str, str]], lead: str) -> None:
    section = story.section(act.session)
    credit.services.check_consortium(
        act, members, lead=lead, section_code=section.code, stage="opening", law=bidding.law_of(section),
        document="列入取消投标资格处罚名单的投标人，其投标予以否决",
    )  # fmt: skip


def to_award(story: Story) -> None:
    with story.platform.act(story.actor(Role.TENDEREE)) as act:
        held = awards.publish_candidates(act, story.section(act.session))
    story.clock.move_to(held.ends_at)


def try_award(story: Story, **options: object) -> None:
    tenderee = story.actor(Role.TENDEREE)
    with story.platform.act(tenderee) as act:
        awards.end_publicity(act, publicity(act.session, story.section(act.session)))
    with story.platform.act(tenderee) as act:
        awards.award(act, publicity(act.session, story.section(act.session)), **options)  # type: ignore[arg-type]


def test_a_listed_member_stops_the_award_until_its_record_is_repaired(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-704, R-706. One member's ban is its whole consortium's; the check of the opening stays, the newest counts.

    The committee takes its seats and everyone is asked about anew, the platform by itself (R-701). Seen red: without
    `check_qualification` in the act that seats the committee.
    """
    lead = first_candidate(story, monkeypatch)
    member = (factories.uscc(77), "第77号劳务有限公司")
    row = f"{member[1]},{member[0]},〔2026〕8号,串通投标,2026-03-01,2027-03-01,"
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        factories.credit_lists(act, tender_bans=row)
        ask(act, story, [lead, member], lead[0])
        marks = flags(act.session, story.section(act.session))
        found = [(mark["detail"], mark["party"]) for marks in marks.values() for mark in marks]
        assert found == [(BANS, member[1])]
        rows = [(row.party.identifier, row.whole) for row in credit.queries.matrix_of(act.session, story.code)]
        assert rows == [(lead[0], "restricted"), (member[0], None)]
    story.to_delivered()
    to_award(story)
    with pytest.raises(Conflict) as caught:
        try_award(story)
    assert (caught.value.code, caught.value.facts["party"]) == ("credit.stage_restricted", member[1])
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        factories.credit_lists(act)
        credit.services.check_again(act, story.code, "award")
        assert flags(act.session, story.section(act.session)) == {}
    try_award(story)
    with story.platform.reading() as session:
        checks = [
            one
            for one in credit.queries.checks(session, story.code)
            if (one.source, one.identifier) == (BANS, member[0])
        ]
        assert [(one.stage, one.decision) for one in checks] == [
            ("opening", "restricted"), ("qualification", "restricted"), ("award", "restricted"), ("award", "clear"),
        ]  # fmt: skip
        assert all(credit.queries.replay(session, story.platform.store, one).same for one in checks)
        assert story.section(session).state == "awarded"

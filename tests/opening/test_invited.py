"""Where not all may bid: whoever was not invited is refused at the names, with the reason on record (R-053, R-210)."""

from __future__ import annotations

from typing import Any

from accounts import queries as accounts
from bidding import queries as bidding
from bidding.models import Invitee
from bidding.services import create_project
from core.board import notices
from core.errors import Forbidden
from core.ledger.log import entries_of
from opening import queries, services
from tests.bidding.stage import refused
from tests.opening.stage import Stage
from tests.opening.test_consortia import joint, member


def invite(stage: Stage, *letters: str) -> None:
    """Make the section one for these bidders only, and one that stays away."""
    invited = [stage.bidder(letter).actor.organisation_id for letter in letters]
    with stage.platform.act(stage.tenderee) as act:
        section = bidding.section(act.session, stage.code)
        section.project.invitation = "list"
        identifiers = ["91330000000000000X"]
        for organisation_id in invited:
            assert organisation_id is not None
            identifiers.append(accounts.organisation(act.session, organisation_id).identifier)
        for identifier in identifiers:
            row: dict[str, Any] = {"name": identifier, "identifier": identifier, "salt": act.chance(32).hex()}
            act.session.add(Invitee(section_id=section.id, is_invited=True, added_at=act.now, **row))


def test_an_uninvited_bid_is_refused_at_the_names_and_stays_sealed(stage: Stage) -> None:
    """Handed in under an invited person's sign-in, which the door cannot tell; the others go on without it.

    Seen red: without the look at the list when names are published.
    """
    invite(stage, "a", "b", "c")
    for letter in "abcd":
        stage.submit(letter)
    stage.to_window()
    refused = stage.bid("d")
    assert (refused.state, refused.cause) == ("refused", "identity.not_invited")
    assert {"code": "identity.not_invited", "rule": "R-210"} in refused.identity_faults
    with stage.platform.reading() as session:
        (told,) = [entry for entry in entries_of(session, refused.subject) if entry.kind == "bid.refuse"]
        (notice,) = notices(session, kind="bidders")
    assert (told.facts["cause"], told.facts["rule"]) == ("identity.not_invited", "R-210")
    listed = {bidder["number"]: [fault["code"] for fault in bidder["faults"]] for bidder in notice.content["bidders"]}
    assert [number for number, codes in listed.items() if "identity.not_invited" in codes] == [refused.number]
    with stage.platform.reading() as session:
        opening = queries.opening(session, bidding.section(session, stage.code))
        tasks = queries.peel_tasks(session, stage.platform.store, opening, stage.bidders["d"].actor, "bidder")
    assert [task for task in tasks if task.submission == stage.bidders["d"].digest] == []
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    assert {stage.bid(letter).state for letter in "abc"} == {"opened_by_bidder"}
    assert stage.bid("d").state == "refused"
    assert stage.bid("d").price_fen is None


def test_an_uninvited_bid_does_not_make_up_the_number(stage: Stage) -> None:
    """R-252 counts those who may bid. Seen red: counting every name."""
    invite(stage, "a", "b")
    for letter in "abc":
        stage.submit(letter)
    stage.close()
    stage.peel("officer", "supervisor", "tenderee")
    with stage.platform.act(stage.officer) as act:
        opening = queries.opening(act.session, bidding.section(act.session, stage.code))
        assert services.publish_names(act, opening) == []
        assert opening.state == "failed"


def bar(stage: Stage, letter: str) -> None:
    """The section's project is held again after this bidder refused to sign."""
    organisation_id = stage.bidder(letter).actor.organisation_id
    assert organisation_id is not None
    with stage.platform.act(stage.tenderee) as act:
        project = bidding.section(act.session, stage.code).project
        unit = accounts.organisation(act.session, organisation_id)
        refuser = {"identifier": unit.identifier, "name": unit.name, "section": "ZB-0-01", "reason": "gave_up"}
        before = create_project(
            act, tenderee=project.tenderee, code="ZB-0", name=project.name, regime="G", category="services",
            funding="", region=project.region, description="",
        )  # fmt: skip
        before.barred, project.predecessor = [refuser], before.code


def test_who_refused_to_sign_may_not_bid_when_it_is_held_again(stage: Stage) -> None:
    """R-561 (74号令 a22): refused at the door, and at the names where another's sign-in handed it in; told in public.

    Seen red: without the look at the door, and without the look at the names.
    """
    bar(stage, "d")
    with stage.platform.reading() as session:
        section = bidding.section(session, stage.code)
        bidding.check_unbarred(session, section, stage.bidder("a").actor)
        with refused(Forbidden, "bid.barred"):
            bidding.check_unbarred(session, section, stage.bidder("d").actor)
    for letter in "abcd":
        stage.submit(letter)
    stage.to_names()
    shut_out = stage.bid("d")
    assert (shut_out.state, shut_out.cause) == ("refused", "identity.barred")
    assert {"code": "identity.barred", "rule": "R-561"} in shut_out.identity_faults
    assert {stage.bid(letter).state for letter in "abc"} == {"sealed"}


def test_a_consortium_with_a_barred_member_does_not_make_up_the_number(stage: Stage) -> None:
    """R-252, R-561: it is refused, so it is none of the three. Seen red: with only the bidders themselves compared."""
    bar(stage, "d")
    unit = stage.bidder("d").facts["bidder"]
    stage.submit("a")
    stage.submit("b")
    stage.submit("c", facts=joint(stage, "c", {**member(71, 3_000, unit["name"]), "uscc": unit["uscc"]}))
    stage.close()
    stage.peel("officer", "supervisor", "tenderee")
    assert stage.act(stage.tenderee, services.publish_names) == []
    assert stage.opening.state == "failed"

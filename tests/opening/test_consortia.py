"""Consortia at the names: published whole, every member checked, what is off named as a fact and nobody rejected."""

from __future__ import annotations

from typing import Any

import credit.queries
from bidding.queries import section as section_of
from bidding.rules.bonds.matching import check_declared
from core.act import SYSTEM
from core.board import notices
from opening import queries
from opening.models import Bid
from opening.rules import members_of, stands_twice
from opening.services.names import _claimed
from tests import factories
from tests.opening.stage import Stage


def member(number: int, share: int, name: str = "") -> dict[str, Any]:
    return {
        "name": name or f"第{number}号机电有限公司", "uscc": factories.uscc(number), "role": "member", "share": share,
        "work": "机电安装",
    }  # fmt: skip


def joint(stage: Stage, letter: str, *members: dict[str, Any]) -> dict[str, Any]:
    """The facts of a bidder who leads these members."""
    facts = stage.bidder(letter).facts
    own = {key: facts["bidder"][key] for key in ("name", "uscc")}
    lead = {**own, "role": "lead", "share": 10_000 - sum(one["share"] for one in members), "work": "土建"}
    return {**facts, "consortium": [lead, *members]}


def test_members_are_published_and_checked_and_what_is_off_is_a_fact_for_the_committee(stage: Stage) -> None:
    """R-112, R-211, R-704, R-012: a leads two, b leads one of them too and d bids alone though a's member; all opened.

    Seen red: with only the bidders themselves compared; with the members left out of the credit check; with the
    notice's word on consortia not asked for.
    """
    alone = stage.bidder("d")
    both, wrong = member(71, 3_000), {**member(72, 1_000), "uscc": factories.uscc(72)[:-1] + "?"}
    own = {**member(73, 2_000, alone.name), "uscc": alone.facts["bidder"]["uscc"]}
    with stage.platform.act(SYSTEM) as act:
        row = f"{both['name']},{both['uscc']},〔2026〕8号,串通投标,2026-03-01,2027-03-01,"
        factories.credit_lists(act, tender_bans=row)
        agency = factories.organisation(act, 790)
        section_of(act.session, stage.code).project.agent_id = agency.id
    stage.submit("a", facts=joint(stage, "a", both, wrong, own))
    stage.submit("b", facts=joint(stage, "b", both))
    stage.submit("c")
    stage.submit("d")
    stage.to_names()
    bids = {letter: stage.bid(letter) for letter in "abcd"}
    told = {
        letter: sorted(
            (one["code"], one.get("party", ""), tuple(one.get("numbers", ()))) for one in bid.identity_faults
        )
        for letter, bid in bids.items()
    }
    number = {letter: bid.number for letter, bid in bids.items()}
    twice, refused = "identity.consortium_twice", ("identity.consortium_refused", "", ())
    assert told == {
        "a": sorted([
            refused, (twice, both["uscc"], (number["b"],)), (twice, own["uscc"], (number["d"],)),
            ("identity.member_uscc", wrong["uscc"], ()),
        ]),
        "b": sorted([refused, (twice, both["uscc"], (number["a"],))]),
        "c": [],
        "d": [(twice, own["uscc"], (number["a"],))],
    }  # fmt: skip
    assert {bid.state for bid in bids.values()} == {"sealed"}
    with stage.platform.reading() as session:
        checks = credit.queries.checks(session, stage.code)
        asked = {(one.identifier, one.member_of) for one in checks if one.stage == "opening"}
        assert {(one.role, one.stage, one.member_of) for one in checks if one.identifier == agency.identifier} == {
            ("agency", "opening", "")
        }, "the agency is asked about with the bidders (R-708)"
        lead = {letter: bid.identifier for letter, bid in bids.items()}
        assert {(both["uscc"], lead["a"]), (both["uscc"], lead["b"]), (own["uscc"], lead["a"])} <= asked
        restricted = {letter for letter in "abcd" if credit.queries.is_restricted(session, stage.code, lead[letter])}
        assert restricted == {"a", "b"}
        rows = {row["number"]: row["consortium"] for row in queries.board(session, stage.opening)}
        assert rows[number["a"]] == members_of(bids["a"].identity) and rows[number["c"]] == []
        (notice,) = notices(session, kind="bidders", subject=stage.opening.section.subject)
        sealed = [bid.identity["consortium"] for bid in sorted(bids.values(), key=lambda bid: bid.number)]
        assert [row["consortium"] for row in notice.content["bidders"]] == sealed


def test_who_stands_twice() -> None:
    """Twice alone is no matter of consortia. Seen red: with `any` of the joint bids left out."""
    one, two, three = frozenset("AB"), frozenset("BC"), frozenset("A")
    assert stands_twice({1: (one, True), 2: (two, True)}) == {
        1: [{"party": "B", "numbers": [2]}], 2: [{"party": "B", "numbers": [1]}],
    }  # fmt: skip
    assert stands_twice({1: (three, False), 2: (three, False), 3: (two, True)}) == {}
    assert stands_twice({}) == {}


def test_who_answers_for_a_bond_is_whom_the_list_of_bidders_names() -> None:
    """A decision that keeps it is told of each of them (R-156), so nobody is named by an unsigned package or beside it.

    Seen red: with what the package says of the bond taken whole; with the members of a broken seal; with no members
    where nothing is said of a bond, which a waiver allows.
    """
    said = {"form": "cash", "account": "6222", "payer": "甲"}
    lead = {**member(1, 7_000), "role": "lead"}

    def declared(identity: dict[str, Any], *faults: str) -> dict[str, Any] | None:
        named = Bid(number=1, identifier="", name="", identity=identity, identity_faults=[{"code": f} for f in faults])
        return _claimed(named).declared

    own = {key: member(2, 3_000)[key] for key in ("name", "uscc")}
    assert declared({"consortium": [lead, member(2, 3_000)], "bond": said}) == {**said, "members": [own]}
    assert declared({"consortium": [lead, member(2, 3_000)]}) == {"members": [own]}
    assert declared({"consortium": [lead, member(2, 3_000)], "bond": said}, "seal.signature") == said
    assert declared({"bond": {**said, "members": [own]}}) == said
    assert declared({}) is declared({"bond": {"form": "cash"}}) is None
    missing = check_declared({"members": [own]}, forms=("cash",), due_fen=1)
    assert [one.code for one in missing] == ["bond.missing"]

"""AAA and AA: what a rating takes off the bond, with its evidence; granted by the section, never by place (R-707)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bidding import queries as bidding
from bidding.queries import bonds as queries
from bidding.routes.bill import preparation_of
from collusion.services.layout import lay_out
from core.act import SYSTEM, Platform
from credit import services as credit
from tests.bidding.bonds.stage import ASKED, BondStage


def rated(stage: BondStage, **grades: str) -> None:
    """The public list of ratings, taken over."""
    rows = [f"{stage.party(letter)['name']},{stage.party(letter)['uscc']},{grade}," for letter, grade in grades.items()]
    file = "\n".join(["名称,统一社会信用代码,信用等级,有效期至", *rows]).encode()
    with stage.platform.act(SYSTEM) as act:
        credit.import_list(act, source="credit_ratings", file=file, as_of=act.now)


def test_a_good_rating_is_taken_off_with_its_evidence(platform: Platform, tmp_path: Path) -> None:
    """AAA waived, AA half, a claim without a rating told; paying accounts go to the watchman, masked nowhere else.

    Seen red: with `relief_of` answering None.
    """
    stage = BondStage(platform, tmp_path)
    rated(stage, a="AAA", b="AA")
    stage.declare("a", "waiver")
    stage.by_transfer("b", ASKED // 2)
    stage.declare("c", "waiver")
    stage.by_transfer("d")
    for letter in "abcd":
        stage.submit(letter)
    terms = stage.terms()
    assert terms["forms"][-1] == "waiver" and [one["grade"] for one in terms["relief"]] == ["AAA", "AA"]
    with platform.reading() as session:
        asked: dict[str, Any] = preparation_of(session, bidding.section(session, stage.code))
    steps = {step.get("field"): step for task in asked["tasks"] for step in task["steps"]}
    assert asked["bond_least_fen"] == 0 and steps["bond.form"]["options"] == terms["forms"]
    stage.to_opened()
    stage.state_bank()
    assert [stage.bond(letter).state for letter in "abcd"] == ["waived", "held", "faulty", "held"]
    assert stage.codes("c") == ["bond.no_relief"]
    relief = stage.bond("b").relief
    assert relief["grade"] == "AA" and relief["asked_fen"] == ASKED // 2 and relief["rule"] == "R-707"
    assert relief["evidence"]["list"]["version"] == 1
    stage.due("contract")
    assert [stage.bond(letter).state for letter in "abcd"] == ["waived", "due", "returned", "due"]
    with platform.reading() as session:
        section = bidding.section(session, stage.code)
        folder = tmp_path / "laid"
        lay_out(session, platform.store, section, folder)
        told = {path.parent.name: json.loads(path.read_text())["payer_account"] for path in folder.rglob("bond.json")}
        numbers = {letter: f"{stage.bond(letter).number:02d}" for letter in "bd"}
        accounts = {letter: queries.payments(session, stage.bond(letter))[0].payer_account for letter in "bd"}
    assert told == {numbers[letter]: accounts[letter] for letter in "bd"}


def test_a_project_that_grants_nothing_asks_the_whole_bond_of_everybody(platform: Platform, tmp_path: Path) -> None:
    """Chosen by the tenderee before the first publication, the same for all."""
    stage = BondStage(platform, tmp_path)
    rated(stage, a="AAA")
    with platform.act(stage.tenderee) as act:
        credit.choose_incentives(act, bidding.section(act.session, stage.code).project.code, uses=False)
    assert stage.terms()["relief"] == [] and "waiver" not in stage.terms()["forms"]
    stage.declare("a", "waiver")
    for letter in "abc":
        stage.submit(letter)
    stage.to_names()
    assert stage.codes("a") == ["bond.no_relief"]

"""Bonds on their way through a whole procurement, for journeys: given, met, back too late; and how a file may lie."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from awards.rules.container import open_container
from awards.rules.verdict.bonds import check_bonds
from awards.rules.verdict.told import Told
from bidding import queries as bidding
from bidding.queries import bonds as queries
from bidding.services import bonds as services
from core.act import SYSTEM
from core.errors import Refusal
from tests.bidding.bonds.stage import BondStage
from tests.journeys.whole import Whole, tampered
from verifier.claims_bonds import bonds as their_claim
from verifier.container import Archive
from verifier.verdict import Case, Findings

ASKED = 3_800_000


class Bonded(BondStage, Whole):
    """A stage whose bidders give bonds and that goes on to the archive."""

    asked = ASKED


def give_bonds(stage: Bonded) -> None:
    """A guarantee and two transfers, one of them in two parts."""
    stage.by_guarantee("a")
    stage.by_transfer("b")
    stage.by_transfer("c", 1_800_000, 2_000_000)


def pay_back(stage: Bonded, letter: str) -> None:
    """Every payment of the bond goes back by two persons, on the day it is prepared."""
    for place in range(9):
        if stage.bond(letter).state == "returned":
            return
        refund = stage.prepare(letter)
        stage.approve(refund)
        with stage.platform.act(stage.second) as act:
            held = queries.refund(act.session, refund.id)
            services.confirm_refund(act, held, reference=f"R{letter}{place}", paid_at=act.now)
    raise AssertionError("it never ends")


def both_say(stage: Whole, archive: bytes, file: Path) -> tuple[bool, bool]:
    """Whether the platform's claim of bonds holds, and the independent one."""
    told = Told(open_container(io.BytesIO(archive)), stage.platform.signer.verifier)
    try:
        check_bonds(told)
        ours = True
    except (Refusal, KeyError, TypeError, ValueError):
        ours = False
    file.write_bytes(archive)
    found = Findings()
    with found.at("bonds"):
        their_claim(Case(Archive(file), None), found)
    return ours, not found.problems


def held_through_both_rounds(stage: Bonded, final: Whole) -> None:
    """The bank's statement came after the names; no bond is asked again for final offers."""
    with stage.platform.reading() as session:
        assert queries.bonds(session, bidding.section(session, final.code)) == []
    assert {stage.bond(letter).state for letter in "abc"} == {"held"}


def back_too_late(stage: Bonded, final: Whole, winner: str) -> int:
    """Losers' bonds are due by the notice, the winner's by the contract; the money comes late. How many payments."""
    won = next(letter for letter in "abc" if stage.party(letter)["uscc"] == winner)
    assert [stage.bond(one).state for one in "abc"] == ["held" if one == won else "due" for one in "abc"]
    stage.clock.advance(days=20)
    with stage.platform.act(SYSTEM) as act:
        section = bidding.section(act.session, final.code)
        services.after_contract(act, section, winner=winner, price_fen=172_000_000, performance_fen=0)
    for letter in "bc":
        pay_back(stage, letter)
    return sum({"b": 1, "c": 2}[letter] for letter in "bc" if letter != won)


def both_find_what_is_touched(stage: Bonded, final: Whole, archive: bytes, late: int, folder: Path) -> None:
    """Each touched fen, day, account and person is found by the platform's claim and by the independent one."""
    counted = check_bonds(Told(open_container(io.BytesIO(archive)), stage.platform.signer.verifier))
    assert counted == {"bonds": 3, "refunds": 3, "late": late, "open": 1}, "the guarantee's issuer has not answered"
    file = folder / "touched.tar"
    assert both_say(final, archive, file) == (True, True)
    for name, change in SABOTAGES.items():
        touched = tampered(final, archive, "bonds.json", change)
        assert both_say(final, touched, file) == (False, False), name
    assert both_say(final, tampered(final, archive, "bonds.json", None), file) == (False, False)


def _money(value: Any) -> Any:
    return next(one for one in value["bonds"] if any(refund["fee_fen"] for refund in one["refunds"]))


def _refund(value: Any, **changed: Any) -> None:
    _money(value)["refunds"][0].update(changed)


def later(value: Any) -> None:
    """As if the last day had been a month later."""
    bond = _money(value)
    bond["due_on"] = f"{int(bond['due_on'][:4]) + 1}{bond['due_on'][4:]}"


def in_time(value: Any) -> None:
    """As if the bank had paid on the last day."""
    bond = _money(value)
    line = next(one for one in bond["payments"] if one["direction"] == "out")
    line["at"], line["day"] = f"{bond['due_on']}T02:00:00.000000Z", bond["due_on"]


def fewer_days(value: Any) -> None:
    """Last day and the ground's day moved together, so that the law's period still fits."""
    bond = _money(value)
    bond["since"] = bond["due_on"]
    bond["basis"] = "contract"


def other_account(value: Any) -> None:
    """To another account, in the refund and in the bank's lines alike."""
    bond = _money(value)
    refund = bond["refunds"][0]
    for line in bond["payments"]:
        if line["reference"] == refund["reference"]:
            line["account"] = "6222999900001111"
    refund["account"] = "6222999900001111"


def moved_fen(value: Any) -> None:
    """One fen less of the fee and one more of the principal: the total that was paid is the same."""
    refund = _money(value)["refunds"][0]
    refund["fee_fen"] -= 1
    refund["principal_fen"] += 1


def left_out(value: Any) -> None:
    """A bond is nowhere."""
    value["bonds"].remove(_money(value))


def stays(value: Any) -> None:
    """A refund that was paid is not there, nor its line."""
    bond = _money(value)
    refund = bond["refunds"].pop()
    bond["payments"] = [one for one in bond["payments"] if one["reference"] != refund["reference"]]


def cheaper_law(value: Any) -> None:
    """The frozen rate is another."""
    value["law"]["bond_late_factor"] = "1.0"


def posting(value: Any) -> None:
    """A posting of one fen that nothing answers."""
    value["postings"].append({"bond": None, "move": "x", "account": "bank", "fen": 1})


SABOTAGES: dict[str, Callable[[Any], None]] = {
    "later": later,
    "in time": in_time,
    "fewer days": fewer_days,
    "other account": other_account,
    "interest": lambda value: _refund(value, interest_fen=1),
    "fee": lambda value: _refund(value, fee_fen=_money(value)["refunds"][0]["fee_fen"] - 1),
    "moved fen": moved_fen,
    "one person": lambda value: _refund(value, approved_by=_money(value)["refunds"][0]["prepared_by"]),
    "left out": left_out,
    "stays": stays,
    "law": cheaper_law,
    "posting": posting,
    "state": lambda value: _money(value).update(state="held"),
}

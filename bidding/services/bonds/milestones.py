"""What the award and the contract mean for the bonds of a section: called by the floor where they happen."""

from __future__ import annotations

from bidding.models import Bond, Section
from bidding.queries import bonds as queries
from bidding.rules.bonds import PAPERS
from bidding.services.bonds.performance import (
    ask_performance_bond,
    keep_performance_bond,
    release_performance_bond,
)
from bidding.services.bonds.refunds import make_due
from core.act import Act
from core.calendar import day_of


def after_notice(act: Act, section: Section, *, winner: str) -> list[Bond]:
    """The result is announced: where the law says so the losers' bonds go back within its days (G, R-155).

    `winner`: the credit code of who was awarded; their bond stays until the contract.
    """
    here = queries.bonded_section(act.session, section)
    if "bond_refund_losers_after_notice" not in queries.bond_law(here).rules:
        return []
    losers = {
        one.number for one in queries.bonds(act.session, here, "bid") if one.number is not None and one.holder != winner
    }
    return make_due(act, here, "notice", numbers=losers)


def after_contract(act: Act, section: Section, *, winner: str, price_fen: int, performance_fen: int) -> list[Bond]:
    """The contract is signed: every bid bond still held goes back (R-155), and the performance bond agreed is asked.

    Money of the winner's may still be turned into it (`convert_bid_bond`).
    """
    here = queries.bonded_section(act.session, section)
    own = next((one for one in queries.bonds(act.session, here, "bid") if one.holder == winner), None)
    if performance_fen and own is not None and own.number is not None:
        ask_performance_bond(act, here, number=own.number, contract_fen=price_fen, asked_fen=performance_fen)
    return make_due(act, here, "contract")


def after_performance(act: Act, section: Section, *, winner: str, reason: str) -> Bond | None:
    """The contract was performed: the performance bond, where one was given, goes back now; else None."""
    here = queries.bonded_section(act.session, section)
    for bond in queries.bonds(act.session, here, "performance"):
        if bond.holder == winner and bond.state == "held" and bond.number is not None:
            return release_performance_bond(act, here, bond.number, due_on=day_of(act.now), reason=reason)
    return None


def after_termination(
    act: Act, section: Section, *, winner: str, refund_fen: int, reason: str, document: str = ""
) -> Bond | None:
    """The contract ended before it was performed: what the decision leaves of the performance bond goes back.

    All of it: due now. None of it: kept, for the decision's reason. A part of a guarantee: the rest is claimed of the
    issuer. A part of money: it is due now, the rest is booked as kept; money beyond what was asked goes back in any
    case. None where no bond is held.
    """
    here = queries.bonded_section(act.session, section)
    for bond in queries.bonds(act.session, here, "performance"):
        if bond.holder != winner or bond.state != "held" or bond.number is None:
            continue
        given = bond.asked_fen if bond.form in PAPERS else queries.held_fen(act.session, bond)
        if refund_fen >= min(given, bond.asked_fen):
            return release_performance_bond(act, here, bond.number, due_on=day_of(act.now), reason=reason)
        kept = min(given, bond.asked_fen) - refund_fen
        if bond.form not in PAPERS and kept < given:
            return release_performance_bond(
                act, here, bond.number, due_on=day_of(act.now), reason=reason, kept_fen=kept, document=document
            )
        keep_performance_bond(act, bond, bond.asked_fen - refund_fen, reason=reason, document=document)
        return bond
    return None

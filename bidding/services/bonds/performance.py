"""The performance bond (履约保证金) of an awarded section: asked within the law's share, given, released or claimed.

For the floor that signs contracts: `ask_performance_bond`, then money converted from the bid bond, money the bank's
later statement tells of, or a guarantee; `is_given` says whether the contract may be signed;
`release_performance_bond` once the contract says so.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from bidding.models import Bond, Section
from bidding.queries import bonds as queries
from bidding.rules.bonds import (
    MONEY,
    PAPERS,
    books,
    check_guarantee,
    check_performance,
    most_performance_fen,
    read_guarantee,
)
from bidding.rules.bonds.guarantee import digest_of
from bidding.services.bonds.books import post
from bidding.services.bonds.facts import FACT, record_kept
from bidding.services.bonds.orders import order_claim, order_release
from bidding.services.lock import lock_row
from core.act import Act
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid
from core.machine import advance
from core.money import grouped

TERMINATED = "terminated"
"""The cause for which a performance bond is kept: the contract was ended, and its termination says how much."""


def ask_performance_bond(act: Act, section: Section, *, number: int, contract_fen: int, asked_fen: int) -> Bond:
    """The winner's performance bond: no more than the law's share of the contract's price (R-556).

    Raises Invalid("performance.over") with both amounts, Conflict("performance.asked") for a second one.
    """
    law = queries.bond_law(section)
    most = most_performance_fen(contract_fen, law)
    if not 0 < asked_fen <= most:
        told = law.cite("perf_bond_max")
        raise Invalid(
            "performance.over", field="asked_fen", found=grouped(asked_fen), most=grouped(most), share=told["value"],
            source=told["source"],
        )  # fmt: skip
    if queries.bond(act.session, section, number, "performance") is not None:
        raise Conflict("performance.asked", number=number)
    bid = queries.bond(act.session, section, number)
    if bid is None:
        raise Conflict("performance.no_bid", number=number)
    bond = Bond(
        section_id=section.id, section=section, kind="performance", number=number, holder=bid.holder, name=bid.name,
        organisation_id=bid.organisation_id, form="none", asked_fen=asked_fen, declared=None, relief=None, faults=[],
        state="declared", state_at=act.now,
    )  # fmt: skip
    act.session.add(bond)
    act.session.flush()
    return bond


def convert_bid_bond(act: Act, section: Section, number: int) -> Bond:
    """The winner's bid bond, paid in money, becomes (part of) the performance bond (S6 a38, R-155).

    Afterwards the bid bond is converted and its payments belong to the performance bond, which is held once whole.
    """
    bond, bid = _asked(act, section, number), queries.bond(act.session, section, number)
    if bid is not None:
        lock_row(act, bid)  # nobody prepares its return meanwhile
    held = queries.held_fen(act.session, bid) if bid is not None else 0
    if bid is None or bid.form in PAPERS or held <= 0 or queries.is_going_back(act.session, bid):
        raise Conflict("performance.nothing_to_convert", number=number)
    for payment in queries.payments(act.session, bid):
        payment.bond_id = bond.id
    _convert(act, section, bid, bond, held)
    advance(act, bid, "convert", number=number, amount_fen=held)
    bond.form = bid.form
    _accept_when_whole(act, bond)
    return bond


def _convert(act: Act, section: Section, bid: Bond, bond: Bond, held: int) -> None:
    """Two movements over the bank account, so that each bond's own postings add up."""
    post(act, section, bid, f"convert:{bid.id}", [(books.HELD, held), (books.BANK, -held)])
    post(act, section, bond, f"convert:{bid.id}", [(books.BANK, held), (books.PERFORMANCE, -held)])


def receive_performance_bond(act: Act, section: Section, number: int, *, content: bytes, valid_until: date) -> Bond:
    """A guarantee for the performance bond, checked like a bid's: purpose, amount, beneficiary, issuer, unconditional.

    `valid_until`: the last day of the works or the delivery the contract names. Faults are kept with it.
    """
    bond = _asked(act, section, number)
    document = read_guarantee(content)
    terms = {
        **queries.bond_terms(act.session, section), "purpose": "performance", "amount_fen": bond.asked_fen,
        "valid_until": valid_until.isoformat(),
    }  # fmt: skip
    found = check_guarantee(document, terms=terms, applicant=[bond.holder], known=queries.known(act.session))
    bond.form = "guarantee"
    bond.guarantee = {"document": document, "sha256": None, "digest": digest_of(document)}
    bond.faults = [one.as_json() for one in found]
    for one in queries.institutions(act.session):
        if one.name == document["issuer"].get("name"):
            bond.institution_id = one.id
    if not found:
        advance(act, bond, "accept", number=number, form=bond.form, asked_fen=bond.asked_fen)
    elif bond.state == "declared":
        advance(act, bond, "fault", number=number, faults=[one.code for one in found])
    return bond


def is_payable(bond: Bond) -> bool:
    """Whether money that comes in for it belongs to it: it is waited for, or was given in money."""
    return bond.state in ("declared", "faulty") or (bond.state == "held" and bond.form not in PAPERS)


def judge_performance(act: Act, bond: Bond) -> None:
    """The bank has told of money paid for it: once whole it is held; what it lacks, or who else paid, is told.

    Whoever paid, the money goes back only to where it came from (R-155), so another payer is told and refuses nothing.
    Money may follow a guarantee that was found wanting, or part of the bid bond turned into it.
    """
    if bond.state not in ("declared", "faulty") or queries.held_fen(act.session, bond) <= 0:
        return
    if bond.form not in MONEY:
        bond.form = "transfer"
    bid = queries.bond(act.session, bond.section, bond.number) if bond.number is not None else None
    joint = [one["name"] for one in ((bid.declared or {}).get("members", []) if bid else [])]
    payments = queries.as_payments(queries.payments(act.session, bond))
    found = check_performance(payments, due_fen=bond.asked_fen, names=[bond.name, *joint])
    bond.faults = [one.as_json() for one in found]
    _accept_when_whole(act, bond)
    act.session.flush()


def is_given(bond: Bond | None) -> bool:
    """Whether the performance bond is whole; None (none was asked) needs none."""
    return bond is None or bond.state in ("held", "due", "returned")


def release_performance_bond(
    act: Act, section: Section, number: int, *, due_on: date, reason: str, kept_fen: int = 0, document: str = ""
) -> Bond:
    """The contract's works are accepted: the bond goes back by the day the contract says; a guarantee at once.

    `kept_fen`: of money, what the contract's termination keeps; it is booked as kept, the rest goes back as always.
    """
    bond = _asked(act, section, number)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    bond.basis, bond.due_on = "performance", due_on.isoformat()
    bond.due_rule = {"rule": "R-556", "reason": reason.strip()[:200], "since": day_of(act.now).isoformat()}
    facts: dict[str, Any] = {"basis": "performance", "due_on": bond.due_on, "since": bond.due_rule["since"]}
    if kept_fen:
        bond.decision = _decided(act, bond, reason, kept_fen, document)
        post(act, bond.section, bond, f"keep:{bond.id}", books.moved(kept_fen, books.PERFORMANCE, books.KEPT))
        facts |= {"kept_fen": kept_fen, "cause": TERMINATED, "fact": FACT}
    advance(act, bond, "make_due", number=number, reason=reason.strip(), **facts)
    if kept_fen:
        record_kept(act, bond)
    if bond.form in PAPERS:
        order_release(act, bond)
    return bond


def keep_performance_bond(act: Act, bond: Bond, fen: int, *, reason: str, document: str = "") -> None:
    """The contract was ended and this much is kept: claimed of the issuer, or all of the money booked as kept."""
    held = queries.held_fen(act.session, bond)
    bond.decision = _decided(act, bond, reason, held, document)
    if bond.form in PAPERS:
        order_claim(act, bond, fen, reason.strip()[:200])
        bond.decision = {**bond.decision, "claimed_fen": fen}
    else:
        post(act, bond.section, bond, f"keep:{bond.id}", books.moved(held, books.PERFORMANCE, books.KEPT))
    advance(act, bond, "forfeit", number=bond.number, fact=FACT, **bond.decision)
    record_kept(act, bond)


def _decided(act: Act, bond: Bond, reason: str, kept_fen: int, document: str) -> dict[str, Any]:
    return {
        "cause": TERMINATED, "reason": reason.strip()[:500], "by": act.actor.name, "at": iso(act.now),
        "kept_fen": kept_fen, "document": document or bond.section.code,
        "law": queries.bond_law(bond.section).cite("perf_bond_max"),
    }  # fmt: skip


def _asked(act: Act, section: Section, number: int) -> Bond:
    bond = queries.bond(act.session, section, number, "performance")
    if bond is None:
        raise Conflict("performance.not_asked", number=number)
    return bond


def _accept_when_whole(act: Act, bond: Bond) -> None:
    held = queries.held_fen(act.session, bond)
    facts: dict[str, Any] = {"number": bond.number, "held_fen": held, "asked_fen": bond.asked_fen, "at": iso(act.now)}
    if held >= bond.asked_fen:
        advance(act, bond, "accept", **facts)

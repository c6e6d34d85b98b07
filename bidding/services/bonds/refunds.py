"""Refunds: made due by what happened, prepared by one person, approved by another after a recount, paid, or stopped."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from bidding.models import Bond, BondPayment, BondRefund, Section
from bidding.queries import bonds as queries
from bidding.rules.bonds import PAPERS, books, due, interest_fen, late_days, late_fee_fen, masked, plain_account
from bidding.rules.bonds.recount import recounted
from bidding.services.bonds.books import post
from bidding.services.bonds.orders import order_payment, order_release
from bidding.services.lock import lock_row
from core.act import Act
from core.calendar import day_of, national
from core.clock import iso
from core.db import EPOCH, MICROSECOND
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post as post_message


def make_due(
    act: Act,
    section: Section,
    basis: str,
    *,
    numbers: Collection[int] | None = None,
    kind: str = "bid",
    since: date | None = None,
) -> list[Bond]:
    """Whatever is held of these bids (None: of all) is to go back by the law's last day (R-155, R-114).

    `basis`: withdrawal, contract, notice, termination; `since`: the Beijing day it happened, today unless told. Bonds
    with nothing to give back, kept, disputed or on their way already stay as they are. A guarantee is released at once.
    """
    candidates = [
        bond
        for bond in queries.bonds(act.session, section, kind)
        if (numbers is None or bond.number in numbers)
        and bond.state in ("declared", "held", "faulty", "waived")
        and (_has_something(act, bond) or _is_empty(act, bond))
    ]
    if not candidates:
        return []
    found = due(queries.bond_law(section), national(), basis, since or day_of(act.now))
    made = []
    for bond in candidates:
        bond.basis, bond.due_on = basis, found.on.isoformat()
        bond.due_rule = {**found.rule, "since": found.since.isoformat(), "assumed": list(found.assumed)}
        facts = {"basis": basis, "due_on": bond.due_on, "since": found.since.isoformat(), **found.rule}
        advance(act, bond, "make_due", number=bond.number, **facts)
        made.append(bond)
        if not _has_something(act, bond):
            advance(act, bond, "return", number=bond.number, nothing=True)
        elif bond.form in PAPERS:
            order_release(act, bond)
        elif bond.organisation_id is not None:
            post_message(
                act,
                key=f"bond.due:{section.code}:{bond.id}",
                recipient=f"organisation:{bond.organisation_id}",
                template="bond.due",
                section=section.code,
                due_on=bond.due_on,
            )
    return made


def _has_something(act: Act, bond: Bond) -> bool:
    if bond.form in PAPERS:
        return bool(bond.guarantee and bond.guarantee["document"])
    return queries.held_fen(act.session, bond) > 0


def _is_empty(act: Act, bond: Bond) -> bool:
    """Nothing of it was ever here: a guarantee never shown, a bond that was missing. Money may still be stated."""
    return (bond.form in PAPERS or bond.state == "faulty") and not _has_something(act, bond)


def prepare_refund(
    act: Act, bond: Bond, payment: BondPayment, *, typed_account: str, pay_on: date, note: str = ""
) -> BondRefund:
    """The first person prepares the return of one payment to where it came from, with interest and late fee.

    Where a decision keeps a part of the bond, what is left of the payment goes back.

    `typed_account` is the payer's account read from the bank's slip and typed anew: Invalid("refund.other_account")
    for any other, for money goes back only where it came from; the door puts that attempt on record. `pay_on`: the day
    it is to be paid, to which interest runs; Invalid("refund.past"). Conflict("refund.under_way") where one covers it.
    """
    lock_row(act, bond)
    _check_payable(act, bond)
    if payment.bond_id != bond.id or payment.direction != "in":
        raise Invalid("refund.payment", field="payment")
    if plain_account(typed_account) != payment.payer_account:
        told = {"account": masked(plain_account(typed_account)), "name": bond.name}
        raise Invalid("refund.other_account", field="typed_account", **told)
    if payment.id not in {one.id for one in queries.unrefunded(act.session, bond)}:
        raise Conflict("refund.under_way", reference=payment.reference)
    if pay_on < day_of(act.now):
        raise Invalid("refund.past", field="pay_on", on=pay_on.isoformat())
    sums = _sums(bond, payment, queries.shares_of(act.session, bond)[payment.id], pay_on)
    refund = BondRefund(
        bond_id=bond.id, bond=bond, payment_id=payment.id, to_name=payment.payer, to_account=payment.payer_account,
        pay_on=pay_on.isoformat(), prepared_by_id=_person(act), prepared_by=act.actor.name, note=note.strip()[:500],
        state="prepared", state_at=act.now, **sums,
    )  # fmt: skip
    act.session.add(refund)
    act.session.flush()
    append(act, "refund.prepare", bond.subject, _told(act, refund, payment))
    return refund


def approve_refund(act: Act, refund: BondRefund) -> BondRefund:
    """A second person approves, after everything was asked of the tables anew and reckoned a second way (R27).

    Forbidden in law and by the database for whoever prepared it: Conflict("refund.same_person"). Conflict of
    "refund.recount" where any figure or the account differs, "refund.day_passed" once the day it was reckoned for is
    over, "refund.disputed" while the bond is disputed.
    """
    bond = refund.bond
    lock_row(act, bond)
    _check_payable(act, bond)
    if refund.prepared_by_id == _person(act):
        raise Conflict("refund.same_person", name=refund.prepared_by)
    if refund.pay_on < day_of(act.now).isoformat():
        raise Conflict("refund.day_passed", on=refund.pay_on)
    _recount(act, refund)
    refund.approved_by_id, refund.approved_by = _person(act), act.actor.name
    facts = {"refund": refund.id, "principal_fen": refund.principal_fen, "total_fen": refund.total_fen}
    advance(act, refund, "approve", prepared_by=refund.prepared_by, **facts)
    order_payment(act, refund)
    return refund


def return_refund(act: Act, refund: BondRefund, *, reason: str) -> None:
    """The second person sends it back with a reason; another may be prepared."""
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if refund.prepared_by_id == _person(act):
        raise Conflict("refund.same_person", name=refund.prepared_by)
    refund.note = reason.strip()[:500]
    advance(act, refund, "return", refund=refund.id, reason=refund.note)


def confirm_refund(act: Act, refund: BondRefund, *, reference: str, paid_at: datetime) -> None:
    """The bank has paid it: booked, told to the bidder; the bond is returned once nothing of it is left.

    The bank's line out is kept with it, and waits for the statement that shows it.
    """
    if not reference.strip():
        raise Invalid("form.required", field="reference")
    bond, payment = refund.bond, act.session.get_one(BondPayment, refund.payment_id)
    refund.reference, refund.paid_at = reference.strip()[:120], paid_at
    section = bond.section
    facts = {"reference": refund.reference, "total_fen": refund.total_fen, "paid_at": iso(paid_at)}
    advance(act, refund, "pay", refund=refund.id, **facts)
    act.session.add(
        BondPayment(
            section_id=section.id, bond_id=bond.id, statement_id=None, bank=payment.bank, reference=refund.reference,
            direction="out", account=payment.account, holder=payment.holder, payer=refund.to_name,
            payer_account=refund.to_account, basic=payment.basic, amount_fen=refund.total_fen, paid_at=paid_at,
            note=f"refund:{refund.id}",
        )
    )  # fmt: skip
    owed = books.PERFORMANCE if bond.kind == "performance" else books.HELD if bond.number is not None else books.STRAY
    post(
        act, section, bond, f"out:{payment.bank}:{refund.reference}",
        books.paid_out(refund.principal_fen, refund.interest_fen, refund.fee_fen, owed=owed),
    )  # fmt: skip
    if bond.organisation_id is not None:
        post_message(
            act,
            key=f"bond.returned:{refund.id}",
            recipient=f"organisation:{bond.organisation_id}",
            template="bond.returned",
            section=section.code,
            amount=f"{refund.total_fen / 100:.2f}",
            account=masked(refund.to_account),
        )
    if bond.state == "due" and queries.owed_fen(act.session, bond) == 0:
        advance(act, bond, "return", number=bond.number, late_days=_late(bond, day_of(paid_at)))


def record_attempt(act: Act, bond: Bond, account: str) -> None:
    """Put on record, and tell the supervisors, that somebody tried to pay a refund to another account."""
    facts = {"account": masked(plain_account(account)), "name": bond.name, "actor": act.actor.name}
    append(act, "refund.attempt", bond.subject, facts)
    post_message(
        act,
        key=f"refund.attempt:{bond.id}:{iso(act.now)}",
        recipient="role:supervisor",
        template="bond.attempt",
        section=bond.section.code,
        **{name: value for name, value in facts.items() if name != "actor"},
        person=act.actor.name,
    )


def _check_payable(act: Act, bond: Bond) -> None:
    if bond.state == "disputed":
        raise Conflict("refund.disputed", name=bond.name)
    if bond.state != "due":
        raise Conflict("refund.not_due", name=bond.name, state=bond.state)


def _sums(bond: Bond, payment: BondPayment, fen: int, pay_on: date) -> dict[str, int]:
    law = queries.bond_law(bond.section)
    last = date.fromisoformat(bond.due_on or pay_on.isoformat())
    return {
        "principal_fen": fen,
        "interest_fen": interest_fen(fen, day_of(payment.paid_at), pay_on, bond.basis or "", law),
        "fee_fen": late_fee_fen(fen, last, pay_on, law),
    }


def _recount(act: Act, refund: BondRefund) -> None:
    """Everything a refund says, found a second way: by one statement over the tables, by another arithmetic."""
    row = queries.recount(act.session, refund)
    if row is None:
        raise Conflict("refund.recount", what="payment", said=refund.principal_fen, found=None)
    law = queries.bond_law(refund.bond.section)
    wanted = recounted(
        came_fen=row["came"] - min(max(row["kept"] - row["newer"], 0), row["came"]),
        came_on=day_of(from_micro(row["paid_at"])),
        pay_on=date.fromisoformat(refund.pay_on),
        last=date.fromisoformat(refund.bond.due_on or refund.pay_on),
        basis=refund.bond.basis or "",
        law={rule.key: rule.value for rule in law.rules.values()},
    )
    told = {
        "principal": (refund.principal_fen, wanted["principal_fen"]),
        "interest": (refund.interest_fen, wanted["interest_fen"]),
        "fee": (refund.fee_fen, wanted["fee_fen"]),
        "account": (refund.to_account, row["account"]),
        "name": (refund.to_name, row["name"]),
        "before": (0, row["gone"]),
    }
    for what, (said, found) in told.items():
        if said != found:
            raise Conflict("refund.recount", what=what, said=str(said)[-12:], found=str(found)[-12:])
    if row["owed"] < refund.principal_fen:
        raise Conflict("refund.recount", what="owed", said=refund.principal_fen, found=row["owed"])


def from_micro(value: int) -> datetime:
    """An instant as a bare statement gives it."""
    return EPOCH + value * MICROSECOND


def _late(bond: Bond, on: date) -> int:
    return late_days(date.fromisoformat(bond.due_on), on) if bond.due_on else 0


def _person(act: Act) -> int:
    if act.actor.person_id is None:
        raise Conflict("refund.no_person")
    return act.actor.person_id


def _told(act: Act, refund: BondRefund, payment: BondPayment) -> dict[str, Any]:
    return {
        "refund": refund.id, "payment": payment.reference, "principal_fen": refund.principal_fen,
        "interest_fen": refund.interest_fen, "fee_fen": refund.fee_fen, "account": masked(refund.to_account),
        "pay_on": refund.pay_on, "actor": act.actor.name,
    }  # fmt: skip

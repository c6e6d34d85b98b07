"""Whether what the bank received for one bidder is the bond that was asked: every lack told apart (R-150…R-157)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bidding.rules.bonds.faults import Fault, fault
from bidding.rules.bonds.statement import Payment, plain_account
from bidding.rules.bonds.terms import MONEY
from core.clock import iso
from core.money import grouped


def check_declared(declared: Mapping[str, Any] | None, *, forms: Sequence[str], due_fen: int) -> list[Fault]:
    """What is wrong with what the sealed identity package says of the bond; nothing is where none is asked."""
    if not due_fen:
        return []
    if declared is None or "form" not in declared:
        return [fault("bond.missing", "R-151", expected=grouped(due_fen))]
    if declared["form"] not in forms:
        return [fault("bond.form", "R-153", found=declared["form"][:40], allowed=list(forms))]
    return []


def check_money(
    payments: Sequence[Payment],
    *,
    declared: Mapping[str, Any],
    due_fen: int,
    deadline: datetime,
    bidder: str,
    names: Sequence[str],
    basic: Sequence[str],
) -> list[Fault]:
    """The faults of a bond paid in money, from the lines of this bidder's virtual account; empty when it is whole.

    Only what came in before the deadline counts. `names`: who may pay: the bidder, the members of a joint bid (R-157);
    `basic`: the forms that must come from the basic account (R-152).
    """
    received = [one for one in payments if one.direction == "in"]
    if not received:
        return [fault("bond.unpaid", "R-151", expected=grouped(due_fen), bidder=bidder)]
    found = []
    in_time = [one for one in received if one.at < deadline]
    total = sum(one.amount_fen for one in in_time)
    for one in received:
        if one.at >= deadline:
            found.append(fault("bond.late", "R-151", at=iso(one.at), amount=grouped(one.amount_fen)))
    if total < due_fen:
        found.append(fault("bond.short", "R-150", found=grouped(total), expected=grouped(due_fen), parts=len(in_time)))
    for one in in_time:
        if one.payer not in names:
            found.append(fault("bond.other_payer", "R-157", found=one.payer[:80], amount=grouped(one.amount_fen)))
        if declared["form"] in basic and one.basic is False:
            found.append(fault("bond.not_basic", "R-152", account=masked(one.payer_account)))
        if declared["form"] in basic and one.basic is None:
            found.append(fault("bond.basic_unknown", "R-152", account=masked(one.payer_account)))
    said = plain_account(declared["account"])
    if declared["form"] in MONEY and said and said not in {one.payer_account for one in in_time}:
        found.append(fault("bond.other_account", "R-152", found=masked(said)))
    return found


def check_performance(payments: Sequence[Payment], *, due_fen: int, names: Sequence[str]) -> list[Fault]:
    """What is to be told of a performance bond paid in money: short of what was agreed, or paid by another (R-556)."""
    received = [one for one in payments if one.direction == "in"]
    found, total = [], sum(one.amount_fen for one in received)
    if total < due_fen:
        found.append(fault("bond.part", "R-556", found=grouped(total), expected=grouped(due_fen), parts=len(received)))
    for one in received:
        if one.payer not in names:
            found.append(fault("bond.payer", "R-556", found=one.payer[:80], amount=grouped(one.amount_fen)))
    return found


def duplicates(payments: Sequence[Payment], due_fen: int) -> list[str]:
    """The references of payments that would each alone have been the whole bond, from the second on: paid twice."""
    whole = [one for one in payments if one.direction == "in" and one.amount_fen == due_fen]
    return [one.reference for one in sorted(whole, key=lambda one: one.at)[1:]]


def masked(account: str) -> str:
    """An account as a page shows it: its last four signs."""
    return f"****{account[-4:]}"

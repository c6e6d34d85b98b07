"""Decisions of people on bonds: stopped for a dispute, kept for a cause with a reason, never by themselves (R-156)."""

from __future__ import annotations

from bidding.models import Bond
from bidding.queries import bonds as queries
from bidding.rules.bonds import PAPERS, books, check_forfeit
from bidding.services.bonds.books import post
from bidding.services.bonds.facts import FACT, is_of, record_kept
from bidding.services.bonds.orders import order_claim
from bidding.services.bonds.performance import release_performance_bond
from bidding.services.lock import lock_row
from core.act import Act
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid
from core.machine import advance
from credit import queries as credit_queries
from credit import services as credit

LEAST_REASON = 10


def dispute_bond(act: Act, bond: Bond, *, reason: str) -> None:
    """Stop everything about the bond until the dispute is settled; refunds under way are stopped with it.

    What the bank has been told to pay already cannot be called back: Conflict("refund.ordered").
    """
    _check_reason(reason, "dispute")
    lock_row(act, bond)
    for refund in queries.refunds(act.session, bond):
        if refund.state == "approved" and queries.orders(act.session, bond):
            raise Conflict("refund.ordered", name=bond.name)
        if refund.state in ("prepared", "approved"):
            advance(act, refund, "stop", refund=refund.id, reason=reason.strip())
    bond.stood_in = bond.state
    bond.dispute = {"reason": reason.strip(), "by": act.actor.name, "at": iso(act.now)}
    advance(act, bond, "dispute", number=bond.number, reason=reason.strip())


def settle_dispute(act: Act, bond: Bond, *, outcome: str) -> None:
    """The dispute is settled: the bond stands where it stood, its last day unchanged, and the days go on counting."""
    _check_reason(outcome, "outcome")
    bond.dispute = {**(bond.dispute or {}), "outcome": outcome.strip(), "settled_by": act.actor.name,
                    "settled_at": iso(act.now)}  # fmt: skip
    advance(act, bond, "settle", number=bond.number, outcome=outcome.strip())
    bond.stood_in = None
    act.session.flush()


def forfeit_bond(act: Act, bond: Bond, *, cause: str, reason: str, document: str, withdrawn: bool = False) -> None:
    """Keep the bond, by the tenderee's decision: a cause the frozen law names, a reason, the decision's number.

    撤回 is never a cause: Conflict("forfeit.withdrawn") for a bid deemed withdrawn or withdrawn in time (R-254);
    `withdrawn` says so. A performance bond is decided on where its contract ends: Conflict("forfeit.performance").
    Money moves to what is kept; a guarantee is claimed, the issuer pays. Invalid("forfeit.cause").
    """
    if bond.kind == "performance":
        raise Conflict("forfeit.performance", name=bond.name)
    if withdrawn or bond.basis == "withdrawal" or bond.number is None:
        raise Conflict("forfeit.withdrawn", name=bond.name)
    check_forfeit(cause, queries.bond_law(bond.section))
    _check_reason(reason, "reason")
    if not document.strip():
        raise Invalid("form.required", field="document")
    lock_row(act, bond)
    if queries.is_going_back(act.session, bond):
        raise Conflict("forfeit.refunded", name=bond.name)
    held = queries.held_fen(act.session, bond)
    bond.decision = {
        "cause": cause, "reason": reason.strip(), "document": document.strip()[:120], "by": act.actor.name,
        "at": iso(act.now), "law": queries.bond_law(bond.section).cite("bond_forfeit_causes"), "kept_fen": held,
    }  # fmt: skip
    if bond.form in PAPERS:
        order_claim(act, bond, bond.asked_fen, reason.strip()[:200])
        bond.decision = {**bond.decision, "claimed_fen": bond.asked_fen}
    elif held:
        post(act, bond.section, bond, f"keep:{bond.id}", books.moved(held, books.HELD, books.KEPT))
    advance(act, bond, "forfeit", number=bond.number, fact=FACT, **bond.decision)
    record_kept(act, bond)


def restore_bond(act: Act, bond: Bond, *, reason: str, document: str) -> None:
    """What kept the money was reversed, by a decision on a complaint, a reconsideration, a judgment: it is owed again.

    It goes back as any other: where it had been due before, by that day, so that what came late is paid for; a
    performance bond at once, for its contract has ended. The credit fact is withdrawn in the same act, of everybody the
    decision named. Conflict("restore.claimed") for a guarantee, whose money the tenderee has, not the bank;
    Conflict("restore.nothing") where nothing was kept; Invalid: bond.reason, form.required.
    """
    _check_reason(reason, "restoring")
    if not document.strip():
        raise Invalid("form.required", field="reversal")
    lock_row(act, bond)
    if bond.state == "forfeited" and bond.form in PAPERS:
        raise Conflict("restore.claimed", name=bond.name)
    kept = int((bond.decision or {}).get("kept_fen", 0))
    if bond.state == "forfeited" and not kept:
        raise Conflict("restore.nothing", name=bond.name)
    reason, document = reason.strip(), document.strip()[:120]
    advance(act, bond, "restore", number=bond.number, reason=reason, document=document, kept_fen=kept)
    owed = books.PERFORMANCE if bond.kind == "performance" else books.HELD
    post(act, bond.section, bond, f"restore:{bond.id}:{bond.epoch}", books.moved(kept, books.KEPT, owed))
    bond.decision = None
    for fact in credit_queries.standing_facts(act.session, bond.section.code):
        if is_of(bond, fact):
            credit.withdraw_fact(act, fact, source=bond.subject, decision=document, reason=reason)
    if bond.kind == "performance" and bond.number is not None:
        release_performance_bond(act, bond.section, bond.number, due_on=day_of(act.now), reason=reason)
    elif bond.due_on and bond.due_rule:
        told = {name: bond.due_rule[name] for name in ("since", "rule", "key", "value", "unit", "source")}
        advance(act, bond, "make_due", number=bond.number, basis=bond.basis, due_on=bond.due_on, **told)


def _check_reason(text: str, field: str) -> None:
    if len(text.strip()) < LEAST_REASON:
        raise Invalid("bond.reason", field=field, least=LEAST_REASON)

"""What institutions answer to orders, and what follows from it for the bond or the refund."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bidding.models import Bond, BondOrder, BondRefund
from bidding.queries import bonds as queries
from bidding.rules.bonds import PAPERS
from bidding.services.bonds.refunds import confirm_refund
from core.act import Act
from core.clock import from_iso, iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance


def record_answer(act: Act, order_id: int, answer: dict[str, Any]) -> None:
    """The institution has carried it out: what follows from it is done in this act; again changes nothing."""
    order = act.session.get_one(BondOrder, order_id)
    if order.done_at is not None:
        return
    order.done_at, order.answer, order.last_error = act.now, answer, None
    act.session.flush()
    finish(act, order, reference=str(answer["reference"])[:120], at=from_iso(str(answer["at"])))


def finish(act: Act, order: BondOrder, *, reference: str, at: datetime) -> None:
    """What an order's being carried out means for its bond or refund."""
    bond = order.bond
    append(act, "bond.answer", bond.subject, {"order": order.code, "reference": reference, "at": iso(at)})
    if order.kind == "pay" and order.refund_id is not None:
        refund = act.session.get_one(BondRefund, order.refund_id)
        if refund.state == "approved":
            confirm_refund(act, refund, reference=reference, paid_at=at)
    elif order.kind == "release" and bond.state == "due":
        advance(act, bond, "return", number=bond.number, guarantee=(order.content or {}).get("guarantee"))
    elif order.kind == "claim" and bond.decision is not None:
        bond.decision = {**bond.decision, "paid_fen": order.content["amount_fen"], "reference": reference}
        act.session.flush()


def confirm_order(act: Act, bond: Bond, *, reference: str) -> None:
    """A person enters the institution's slip: the order about the guarantee that waits is done.

    A guarantee of an institution nobody registered has no order: its return is entered. Conflict("order.none") where
    nothing waits; what a bank owes is entered with the refund itself.
    """
    if not reference.strip():
        raise Invalid("form.required", field="receipt")
    waiting = [one for one in queries.orders(act.session, bond) if one.done_at is None and one.kind != "pay"]
    answer = {"reference": reference.strip()[:120], "at": iso(act.now), "by": act.actor.name}
    if waiting:
        record_answer(act, waiting[0].id, {**answer, "order": waiting[0].code, "state": "done"})
    elif bond.form in PAPERS and bond.state == "due":
        advance(act, bond, "return", number=bond.number, reference=answer["reference"], by=act.actor.name)
    else:
        raise Conflict("order.none", name=bond.name)

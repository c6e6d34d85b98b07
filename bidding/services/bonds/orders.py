"""Orders to institutions: written and signed in the act, handed over outside any, answered in another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bidding.models import Bond, BondOrder, BondPayment, BondRefund
from bidding.queries import bonds as queries
from bidding.rules.bonds.orders import sign_order
from core.act import Act
from core.clock import from_iso, iso
from core.errors import Conflict, Missing
from core.ledger.log import append
from core.outbox import wait_after
from core.outgoing import Network, Unreachable, post

PATIENCE = 10
MOST_ANSWERED = 64 * 1024


class Institution(Protocol):
    """Whoever carries out an order: gives the answer {order, state "done", reference, at}, or raises."""

    def __call__(self, order: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Counter:
    """An institution reached over HTTP: POST /orders with the signed order as JSON; only where messages may go."""

    address: str
    networks: Sequence[Network] = ()

    def __call__(self, order: dict[str, Any]) -> dict[str, Any]:
        """Hand the order over; ConnectionError with the status or the institution's code where it is not done."""
        try:
            answer = post(
                f"{self.address}/orders",
                json.dumps(order, ensure_ascii=False).encode(),
                {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "sunbid"},
                networks=self.networks,
                patience=PATIENCE,
                most=MOST_ANSWERED,
            )
        except Unreachable as refused:
            raise ConnectionError(refused.cause) from None
        if answer.status != 200:
            raise ConnectionError(str(answer.status))
        told: Any = json.loads(answer.body)
        if (
            not isinstance(told, dict)
            or told.get("order") != order["order"]
            or told.get("state") != "done"
            or not told.get("reference")
        ):
            raise ConnectionError("answer")
        from_iso(str(told["at"]))
        return {str(name): value for name, value in told.items()}


def order_release(act: Act, bond: Bond) -> BondOrder | None:
    """Tell the issuer that the guarantee is free; None where it is not one of ours to tell: a person then confirms."""
    document = (bond.guarantee or {}).get("document")
    if document is None or bond.institution_id is None:
        return None
    return _order(act, bond, "release", guarantee=document["number"], amount_fen=0, reason=bond.basis or "")


def order_claim(act: Act, bond: Bond, amount_fen: int, reason: str) -> BondOrder:
    """Demand payment under the guarantee, on the decision that is on record; Conflict("claim.no_guarantee")."""
    document = (bond.guarantee or {}).get("document")
    if document is None or bond.institution_id is None:
        raise Conflict("claim.no_guarantee", name=bond.name)
    return _order(act, bond, "claim", guarantee=document["number"], amount_fen=amount_fen, reason=reason)


def order_payment(act: Act, refund: BondRefund) -> BondOrder | None:
    """Tell the bank to pay an approved refund; None where it takes no orders: a person pays and confirms."""
    payment = act.session.get_one(BondPayment, refund.payment_id)
    try:
        bank = queries.institution(act.session, payment.bank)
    except Missing:
        return None
    return _order(
        act, refund.bond, "pay", refund=refund, institution_id=bank.id, payment=payment.reference,
        account=refund.to_account, amount_fen=refund.total_fen, reason=refund.bond.basis or "",
    )  # fmt: skip


def _order(
    act: Act,
    bond: Bond,
    kind: str,
    *,
    amount_fen: int,
    reason: str,
    guarantee: str = "",
    payment: str = "",
    account: str = "",
    refund: BondRefund | None = None,
    institution_id: int | None = None,
) -> BondOrder:
    code = f"{kind}:{bond.section.code}:{bond.id}" + (f":{refund.id}" if refund else "")
    content = sign_order(
        {
            "order": code, "kind": kind, "section": bond.section.code, "guarantee": guarantee, "payment": payment,
            "account": account, "amount_fen": amount_fen, "reason": reason, "at": iso(act.now),
        },
        act.signer,
    )  # fmt: skip
    institution = institution_id or bond.institution_id
    if institution is None:
        raise Conflict("claim.no_guarantee", name=bond.name)
    order = BondOrder(
        code=code, kind=kind, bond_id=bond.id, bond=bond, refund_id=refund.id if refund else None,
        institution_id=institution, content=content, ordered_at=act.now, due_at=act.now, attempts=0,
    )  # fmt: skip
    act.session.add(order)
    act.session.flush()
    facts = {"order": code, "kind": kind, "amount_fen": amount_fen, "guarantee": guarantee}
    append(act, "bond.order", bond.subject, facts)
    return order


def take_orders(act: Act, limit: int = 20) -> list[tuple[int, str, dict[str, Any]]]:
    """Take the orders that are due, each for the length of its wait: (key, address, signed order).

    Those of an institution without an address wait for a person's confirmation and are not among them.
    """
    taken = []
    for order in queries.waiting_orders(act.session, act.now, limit):
        if order.institution.address:
            order.attempts += 1
            order.due_at = act.now + wait_after(order.attempts)
            taken.append((order.id, order.institution.address, dict(order.content)))
    return taken


def record_missed_order(act: Act, order_id: int, error: str) -> None:
    """The institution did not take it; tried again after its wait, for as long as it takes."""
    act.session.get_one(BondOrder, order_id).last_error = error[:80]

"""A section's bonds as one JSON value for whoever recounts: law, calendar, payments, refunds, postings (R27)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import BondEntry, BondPayment, BondRefund, Section
from bidding.queries import bonds as queries
from core.calendar import day_of, national
from core.clock import iso

TYPE = "sunbid-bonds/v1"


def bond_record(session: Session, section: Section) -> dict[str, Any]:
    """Everything a recount needs and nothing it has to believe: days and sums are told beside what they come from."""
    calendar = national()
    return {
        "type": TYPE,
        "section": section.code,
        "law": {key: rule.value for key, rule in queries.bond_law(section).rules.items() if "bond" in key},
        "units": {key: rule.unit for key, rule in queries.bond_law(section).rules.items() if "bond_refund" in key},
        "calendar": {
            "version": calendar.version,
            "holidays": sorted(day.isoformat() for day in calendar.holidays),
            "workdays": sorted(day.isoformat() for day in calendar.makeup_workdays),
        },
        "bonds": [
            {
                "id": bond.id,
                "kind": bond.kind,
                "number": bond.number,
                "form": bond.form,
                "state": bond.state,
                "asked_fen": bond.asked_fen,
                "basis": bond.basis,
                "since": (bond.due_rule or {}).get("since"),
                "due_on": bond.due_on,
                "decision": bond.decision,
                "payments": [_payment(one) for one in queries.payments(session, bond)],
                "refunds": [_refund(one) for one in queries.refunds(session, bond)],
            }
            for bond in queries.bonds(session, section)
        ],
        "postings": [
            {"bond": one.bond_id, "move": one.move, "account": one.account, "fen": one.amount_fen}
            for one in session.scalars(
                select(BondEntry).where(BondEntry.section_id == section.id).order_by(BondEntry.id)
            )
        ],
    }


def _payment(one: BondPayment) -> dict[str, Any]:
    return {
        "id": one.id, "reference": one.reference, "direction": one.direction, "fen": one.amount_fen,
        "day": day_of(one.paid_at).isoformat(), "at": iso(one.paid_at), "account": one.payer_account,
    }  # fmt: skip


def _refund(one: BondRefund) -> dict[str, Any]:
    return {
        "id": one.id, "payment": one.payment_id, "state": one.state, "principal_fen": one.principal_fen,
        "interest_fen": one.interest_fen, "fee_fen": one.fee_fen, "account": one.to_account, "pay_on": one.pay_on,
        "prepared_by": one.prepared_by_id, "approved_by": one.approved_by_id, "reference": one.reference,
    }  # fmt: skip

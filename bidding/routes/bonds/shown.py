"""Bonds as pages show them: states with their tags, faults and refunds in words, days left or over."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import get_locale
from sqlalchemy.orm import Session

from accounts.access import instant_now
from accounts.models import Person
from bidding.models import Bond, BondRefund
from bidding.queries import bonds as queries
from bidding.rules.bonds import late_days, masked
from bidding.rules.sentences import say
from core.calendar import day_of

KINDS = {
    "declared": "info", "held": "ok", "faulty": "bad", "waived": "ok", "due": "warn", "returned": "ok",
    "forfeited": "bad", "converted": "ok", "disputed": "warn", "prepared": "info", "approved": "info", "paid": "ok",
    "stopped": "muted",
}  # fmt: skip


def language() -> str:
    """The reader's."""
    return "en" if str(get_locale()) == "en" else "zh"


def told_faults(bond: Bond) -> list[dict[str, str]]:
    """Every fault in words with its rule."""
    return [
        {"code": one["code"], "rule": one["rule"], "text": say(one["code"], one["facts"], language())}
        for one in bond.faults
    ]


def shown_bond(session: Session, bond: Bond) -> dict[str, Any]:
    """One bond for a table or its page."""
    today = day_of(instant_now())
    last = date.fromisoformat(bond.due_on) if bond.due_on else None
    waits = bond.state == "due" or (bond.state == "disputed" and last is not None)
    return {
        "bond": bond,
        "kind": KINDS[bond.state],
        "faults": told_faults(bond),
        "held_fen": queries.held_fen(session, bond),
        "owed_fen": queries.owed_fen(session, bond),
        "kept_fen": queries.kept_fen(bond),
        "due_on": last,
        "days_over": late_days(last, today) if last and waits else 0,
        "days_left": (last - today).days if last and waits and last >= today else None,
    }


def shown_refund(session: Session, refund: BondRefund) -> dict[str, Any]:
    """One refund, its account masked, the two persons by name."""
    return {
        "refund": refund,
        "kind": "muted" if refund.state == "returned" else KINDS[refund.state],
        "account": masked(refund.to_account),
        "pay_on": date.fromisoformat(refund.pay_on),
        "prepared_by": _named(session, refund.prepared_by_id),
        "approved_by": _named(session, refund.approved_by_id),
    }


def _named(session: Session, person_id: int | None) -> str:
    found = session.get(Person, person_id) if person_id is not None else None
    return "" if found is None else found.name

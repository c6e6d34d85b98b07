"""The books of bonds: postings that balance, the report that must come to zero, the daily closing in the ledger."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from bidding.models import Bond, BondDay, BondEntry, Section
from bidding.queries import bonds as queries
from bidding.queries.reconciliation import reconciliation
from bidding.rules.bonds import books
from core import canonical
from core.act import Act
from core.calendar import end_of_day
from core.clock import iso
from core.errors import Conflict
from core.ledger.log import append


def post(act: Act, section: Section, bond: Bond | None, move: str, postings: books.Postings) -> None:
    """Write one movement's postings; ValueError unless they balance. `move` names it, for whoever recounts."""
    for account, fen in books.balanced(postings):
        act.session.add(
            BondEntry(
                section_id=section.id, bond_id=bond.id if bond else None, move=move, account=account,
                amount_fen=fen, at=act.now,
            )
        )  # fmt: skip
    act.session.flush()


def close_bond_day(act: Act) -> BondDay | None:
    """Close yesterday's books: every account's balance and the digest of every posting so far go into the ledger.

    None when there is nothing to close. A day whose report does not come to zero is closed all the same, with the
    differences in the ledger: hiding them would be worse.
    """
    on = queries.day_to_close(act.session, act.now)
    if on is None:
        return None
    entries = act.session.execute(
        select(
            BondEntry.id, BondEntry.section_id, BondEntry.move, BondEntry.account, BondEntry.amount_fen, BondEntry.at
        )
        .where(BondEntry.at < end_of_day(on))
        .order_by(BondEntry.id)
    ).all()
    digest = hashlib.sha256()
    for row in entries:
        digest.update(canonical.dumps([row[1], row[2], row[3], row[4], iso(row[5])]) + b"\n")
    totals = books.totals((row[3], row[4]) for row in entries)
    closed = BondDay(on=on.isoformat(), totals=totals, digest=digest.hexdigest(), written_at=act.now)
    if act.session.scalar(select(BondDay.id).where(BondDay.on == closed.on)) is not None:
        raise Conflict("bond_day.closed", on=closed.on)
    act.session.add(closed)
    act.session.flush()
    report = reconciliation(act.session)
    append(
        act,
        "bond.day",
        f"bond-day:{closed.on}",
        {
            "on": closed.on, "entries": len(entries), "digest": closed.digest, "totals": totals,
            "balanced": report["balanced"], "differences": len(report["differences"]),
        },
    )  # fmt: skip
    return closed

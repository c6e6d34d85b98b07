"""The reconciliation of bonds: bank lines, books, bonds, each counted by itself; differences named to the fen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, func, select
from sqlalchemy.orm import Session

from bidding.models import Bond, BondEntry, BondPayment, BondRefund, Section
from bidding.rules.bonds import books

ENDED = ("returned", "forfeited")


def reconciliation(session: Session, section: Section | None = None) -> dict[str, Any]:
    """What the bank says against the books, and the books against every bond, of one section or of all.

    `balanced` holds when nothing differs: the postings add up to nothing, the books' bank account is what came in less
    what went out, every payment of the bank is posted, each bond's money is owed or gone as its state says.
    """
    here = [] if section is None else [BondEntry.section_id == section.id]
    sums = select(BondEntry.account, func.sum(BondEntry.amount_fen)).where(*here).group_by(BondEntry.account)
    totals = books.totals((row[0], int(row[1])) for row in session.execute(sums))
    bank = _bank(session, section)
    differences = []
    whole = sum(totals.values())
    if whole:
        differences.append({"code": "books.unbalanced", "fen": whole})
    if bank["in_fen"] - bank["out_fen"] != totals[books.BANK]:
        differences.append({"code": "books.bank", "fen": bank["in_fen"] - bank["out_fen"] - totals[books.BANK]})
    differences += _bonds(session, section)
    return {
        "totals": totals,
        "sum_fen": whole,
        "bank": bank,
        "held_fen": -totals[books.HELD],
        "stray_fen": -totals[books.STRAY],
        "performance_fen": -totals[books.PERFORMANCE],
        "differences": differences,
        "balanced": not differences,
    }


def _bank(session: Session, section: Section | None) -> dict[str, int]:
    query = select(BondPayment.direction, func.sum(BondPayment.amount_fen), func.count()).group_by(
        BondPayment.direction
    )
    open_ways = select(func.coalesce(func.sum(BondPayment.amount_fen), 0)).where(
        BondPayment.direction == "out", BondPayment.statement_id.is_(None)
    )
    if section is not None:
        query = query.where(BondPayment.section_id == section.id)
        open_ways = open_ways.where(BondPayment.section_id == section.id)
    found = {direction: (int(fen), count) for direction, fen, count in session.execute(query)}
    came, went = found.get("in", (0, 0)), found.get("out", (0, 0))
    return {
        "in_fen": came[0],
        "out_fen": went[0],
        "lines": came[1] + went[1],
        "balance_fen": came[0] - went[0],
        "on_the_way_fen": int(session.scalar(open_ways) or 0),
    }


def _bonds(session: Session, section: Section | None) -> list[dict[str, Any]]:
    """Bonds whose money is not where their state says, and refunds that add up to something else than their payment."""
    owed = _by_bond(
        session,
        select(BondEntry.bond_id, -func.sum(BondEntry.amount_fen))
        .where(BondEntry.account.in_((books.HELD, books.STRAY, books.PERFORMANCE)))
        .group_by(BondEntry.bond_id),
    )
    came = _by_bond(
        session,
        select(BondPayment.bond_id, func.sum(BondPayment.amount_fen))
        .where(BondPayment.direction == "in")
        .group_by(BondPayment.bond_id),
    )
    gone = _by_bond(
        session,
        select(BondRefund.bond_id, func.sum(BondRefund.principal_fen))
        .where(BondRefund.state == "paid")
        .group_by(BondRefund.bond_id),
    )
    query = select(Bond) if section is None else select(Bond).where(Bond.section_id == section.id)
    kept = _by_bond(
        session,
        select(BondEntry.bond_id, -func.sum(BondEntry.amount_fen))
        .where(BondEntry.account == books.KEPT)
        .group_by(BondEntry.bond_id),
    )
    found = []
    for bond in session.scalars(query.order_by(Bond.id)):
        left = came.get(bond.id, 0) - gone.get(bond.id, 0) - kept.get(bond.id, 0)
        expected = 0 if bond.state in ENDED else left
        told = owed.get(bond.id, 0)
        if told != expected:
            found.append({"code": "books.bond", "bond": bond.id, "name": bond.name, "fen": told - expected})
    return found


def _by_bond(session: Session, query: Executable) -> dict[int | None, int]:
    return {row[0]: int(row[1]) for row in session.execute(query)}

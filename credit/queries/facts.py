"""Reads of the facts that this platform itself found about parties."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.act import Actor
from core.errors import Missing
from credit.models import CreditFact
from credit.queries.checks import own_code

MOST = 500


def facts(session: Session, identifier: str) -> list[CreditFact]:
    """Facts found on this platform about a party, newest first, with those that withdraw one."""
    query = select(CreditFact).where(CreditFact.identifier == identifier)
    return list(session.scalars(query.order_by(CreditFact.id.desc())))


def facts_since(session: Session, since: datetime | None = None) -> list[CreditFact]:
    """Every fact found on this platform, oldest first."""
    query = select(CreditFact).order_by(CreditFact.id)
    return list(session.scalars(query if since is None else query.where(CreditFact.recorded_at >= since)))


def facts_of_section(session: Session, section_code: str) -> list[CreditFact]:
    """Every fact found in a section, oldest first, with those that withdraw one."""
    query = select(CreditFact).where(CreditFact.section == section_code)
    return list(session.scalars(query.order_by(CreditFact.id)))


def told_facts(session: Session, section_code: str) -> list[CreditFact]:
    """Those whose number the ledger tells: platforms before 0.9 wrote none, and kept no law with their facts."""
    return [one for one in facts_of_section(session, section_code) if one.rule["source"]]


def found_facts(session: Session, words: str = "", kind: str = "") -> list[CreditFact]:
    """The newest facts, none that withdraws one: by a part of a party's or section's code or name, and by kind."""
    query = select(CreditFact).where(CreditFact.withdraws_id.is_(None))
    if kind:
        query = query.where(CreditFact.kind == kind)
    if words:
        query = query.where(
            or_(*(column.contains(words, autoescape=True)
                  for column in (CreditFact.identifier, CreditFact.name, CreditFact.section)))
        )  # fmt: skip
    return list(session.scalars(query.order_by(CreditFact.id.desc()).limit(MOST)))


def fact_from(session: Session, *, kind: str, identifier: str, source: str) -> CreditFact | None:
    """The fact of that kind about the party from that decision, withdrawn or not."""
    return session.scalar(
        select(CreditFact).where(
            CreditFact.kind == kind,
            CreditFact.identifier == identifier,
            CreditFact.source == source,
            CreditFact.withdraws_id.is_(None),
        )
    )


def withdrawal(session: Session, fact: CreditFact) -> CreditFact | None:
    """The fact that withdraws it; None while it stands."""
    return session.scalar(select(CreditFact).where(CreditFact.withdraws_id == fact.id))


def withdrawals(facts: Iterable[CreditFact]) -> dict[int, CreditFact]:
    """Of these facts the ones that withdraw another, by the one they withdraw."""
    return {one.withdraws_id: one for one in facts if one.withdraws_id is not None}


def withdrawals_of(session: Session, facts: Iterable[CreditFact]) -> dict[int, CreditFact]:
    """Whatever withdraws one of these facts, by the one it withdraws."""
    numbers = [one.id for one in facts]
    return withdrawals(session.scalars(select(CreditFact).where(CreditFact.withdraws_id.in_(numbers))))


def standing_facts(session: Session, section_code: str) -> list[CreditFact]:
    """The facts of a section that stand: no withdrawals, none that is withdrawn."""
    found = facts_of_section(session, section_code)
    gone = withdrawals(found)
    return [one for one in found if one.withdraws_id is None and one.id not in gone]


def own_fact(session: Session, number: int, actor: Actor, *, staff: bool) -> CreditFact:
    """One fact for the staff, or for its own party; Missing("credit.fact_unknown") for anybody else."""
    found = session.get(CreditFact, number)
    if found is None or not (staff or found.identifier == own_code(session, actor)):
        raise Missing("credit.fact_unknown")
    return found

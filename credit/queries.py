"""Reads of lists, records, checks with their evidence, facts, and the statistics over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from accounts.rules import Role
from core.act import Actor
from core.errors import Missing
from credit.models import CreditCheck, CreditFact, CreditImport, CreditRecord
from credit.rules import SOURCES, normal_name

WORKING = (Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR, Role.TENDEREE, Role.AGENT, Role.EXPERT)
"""Roles that judge bids or watch over it; the link itself, a digest, is shown to them with the bid."""


def newest_import(session: Session, source: str) -> CreditImport | None:
    """The snapshot of the list that counts now; None before the first."""
    return session.scalar(
        select(CreditImport).where(CreditImport.source == source).order_by(CreditImport.version.desc()).limit(1)
    )


def imports(session: Session, source: str | None = None) -> list[CreditImport]:
    """Imports, newest first, of one list or of all."""
    query = select(CreditImport).order_by(CreditImport.id.desc()).limit(200)
    return list(session.scalars(query if source is None else query.where(CreditImport.source == source)))


def import_by_id(session: Session, import_id: int) -> CreditImport:
    """The import, or Missing."""
    found = session.get(CreditImport, import_id)
    if found is None:
        raise Missing("credit.import_unknown")
    return found


def active_records(session: Session, source: str) -> list[CreditRecord]:
    """The records on a list now: repaired and removed ones are gone (R-706)."""
    return list(
        session.scalars(
            select(CreditRecord).where(CreditRecord.source == source, CreditRecord.gone_import_id.is_(None))
        )
    )


def records_of(
    session: Session, source: str, identifier: str, name: str
) -> tuple[list[CreditRecord], list[CreditRecord]]:
    """The party's records on a list now: those with its code, and those with its name under another or no code."""
    here = select(CreditRecord).where(CreditRecord.source == source, CreditRecord.gone_import_id.is_(None))
    by_code = list(session.scalars(here.where(CreditRecord.identifier == identifier).order_by(CreditRecord.id)))
    by_name = session.scalars(
        here.where(CreditRecord.name == normal_name(name), CreditRecord.identifier != identifier).order_by(
            CreditRecord.id
        )
    )
    return by_code, list(by_name)


def records(session: Session, words: str) -> list[CreditRecord]:
    """Records by code or name, gone ones too, newest first."""
    word = normal_name(words)
    query = select(CreditRecord).order_by(CreditRecord.id.desc()).limit(100)
    if word:
        query = query.where(
            (CreditRecord.identifier == word.upper()) | CreditRecord.name.contains(word, autoescape=True)
        )
    return list(session.scalars(query))


def checks(session: Session, section_code: str) -> list[CreditCheck]:
    """Every check made for a section, oldest first."""
    return list(
        session.scalars(select(CreditCheck).where(CreditCheck.section == section_code).order_by(CreditCheck.id))
    )


def own_check(session: Session, sha256: str, actor: Actor) -> CreditCheck:
    """The newest check whose evidence has that digest, if the actor may see it; else Missing.

    Whoever works on sections may; a bidder only what was found about their own organisation.
    """
    found = session.scalar(
        select(CreditCheck).where(CreditCheck.evidence_sha256 == sha256).order_by(CreditCheck.id.desc()).limit(1)
    )
    if found is None or not (actor.has(*WORKING) or found.identifier == _own_code(session, actor)):
        raise Missing("credit.check_unknown")
    return found


def _own_code(session: Session, actor: Actor) -> str | None:
    organisation = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    return organisation.identifier if organisation else None


def checks_of(session: Session, identifier: str) -> list[CreditCheck]:
    """Every check of one party, newest first."""
    query = select(CreditCheck).where(CreditCheck.identifier == identifier)
    return list(session.scalars(query.order_by(CreditCheck.id.desc()).limit(200)))


def newest_checks(session: Session, section_code: str, identifier: str) -> dict[str, CreditCheck]:
    """The party's newest check per list: the evaluation-time result prevails (R-703)."""
    found = session.scalars(
        select(CreditCheck)
        .where(CreditCheck.section == section_code, CreditCheck.identifier == identifier)
        .order_by(CreditCheck.id)
    )
    return {held.source: held for held in found}


def is_restricted(session: Session, section_code: str, identifier: str) -> bool:
    """Whether the newest check of any list restricts the party in the section."""
    newest = newest_checks(session, section_code, identifier)
    return any(held.decision == "restricted" for held in newest.values())


def facts(session: Session, identifier: str) -> list[CreditFact]:
    """Facts found on this platform about a party, newest first."""
    return list(
        session.scalars(select(CreditFact).where(CreditFact.identifier == identifier).order_by(CreditFact.id.desc()))
    )


def sections_checked(session: Session) -> list[str]:
    """The codes of sections with checks, in the order of their first check."""
    query = select(CreditCheck.section).group_by(CreditCheck.section).order_by(func.min(CreditCheck.id))
    return list(session.scalars(query))


def statistics(session: Session, *, now: datetime) -> list[dict[str, Any]]:
    """Per list: records now, the newest snapshot and its age in days, and how many checks gave which decision."""
    rows: list[dict[str, Any]] = []
    for source in SOURCES:
        newest = newest_import(session, source)
        decisions = session.execute(
            select(CreditCheck.decision, func.count())
            .where(CreditCheck.source == source)
            .group_by(CreditCheck.decision)
        )
        active = session.scalar(
            select(func.count())
            .select_from(CreditRecord)
            .where(CreditRecord.source == source, CreditRecord.gone_import_id.is_(None))
        )
        rows.append(
            {
                "source": source,
                "records": active or 0,
                "newest": newest,
                "age_days": (now - newest.as_of).days if newest else None,
                "decisions": {row[0]: row[1] for row in decisions},
            }
        )
    return rows

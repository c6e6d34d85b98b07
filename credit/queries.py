"""Reads of lists, records, checks with their evidence, facts, and the statistics over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Missing
from credit.models import CreditCheck, CreditFact, CreditImport, CreditRecord
from credit.rules import SOURCES, normal_name


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


def check(session: Session, check_id: int) -> CreditCheck:
    """The check, or Missing."""
    found = session.get(CreditCheck, check_id)
    if found is None:
        raise Missing("credit.check_unknown")
    return found


def check_by_evidence(session: Session, sha256: str) -> CreditCheck:
    """The check whose evidence has that digest, or Missing."""
    found = session.scalar(select(CreditCheck).where(CreditCheck.evidence_sha256 == sha256))
    if found is None:
        raise Missing("credit.check_unknown")
    return found


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

"""Reads of lists: which snapshot counts now or counted at an instant, and the records it has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.errors import Missing
from credit.models import CreditBadRow, CreditImport, CreditRecord, CreditSource
from credit.rules import Row, normal_name
from credit.rules.answers import TOLD


def newest_import(session: Session, source: str) -> CreditImport | None:
    """The snapshot of the list that counts now; None before the first."""
    return session.scalar(
        select(CreditImport)
        .where(CreditImport.source == source, CreditImport.finished_at.is_not(None))
        .order_by(CreditImport.version.desc())
        .limit(1)
    )


def import_at(session: Session, source: str, at: datetime) -> CreditImport | None:
    """The snapshot of the list that counted at the instant."""
    return session.scalar(
        select(CreditImport)
        .where(CreditImport.source == source, CreditImport.finished_at <= at)
        .order_by(CreditImport.version.desc())
        .limit(1)
    )


def running_import(session: Session, source: str) -> CreditImport | None:
    """The import of the list that has begun and not ended."""
    return session.scalar(
        select(CreditImport).where(
            CreditImport.source == source, CreditImport.finished_at.is_(None), CreditImport.failed.is_(None)
        )
    )


def running_imports(session: Session) -> list[CreditImport]:
    """Every import that has begun and not ended, oldest first."""
    query = select(CreditImport).where(CreditImport.finished_at.is_(None), CreditImport.failed.is_(None))
    return list(session.scalars(query.order_by(CreditImport.id)))


def imports(session: Session, source: str | None = None) -> list[CreditImport]:
    """Imports, newest first, of one list or of all."""
    query = select(CreditImport).order_by(CreditImport.id.desc()).limit(200)
    return list(session.scalars(query if source is None else query.where(CreditImport.source == source)))


def import_by_id(session: Session, import_id: int, *, locked: bool = False) -> CreditImport:
    """The import, or Missing; `locked` against another worker until the act ends."""
    found = session.get(CreditImport, import_id, with_for_update=locked or None)
    if found is None:
        raise Missing("credit.import_unknown")
    return found


def source_settings(session: Session, source: str) -> CreditSource | None:
    """How the list's source signs and answers; None where nobody has said so."""
    return session.scalar(select(CreditSource).where(CreditSource.source == source))


def _begun(session: Session) -> ColumnElement[bool]:
    """That the import a record came with counts."""
    running = [held.id for held in running_imports(session)]
    return CreditRecord.first_import_id.not_in(running)


def active_records(session: Session, source: str) -> list[CreditRecord]:
    """The records on a list now: repaired and removed ones are gone (R-706)."""
    here = select(CreditRecord).where(CreditRecord.source == source, CreditRecord.gone_import_id.is_(None))
    return list(session.scalars(here.where(_begun(session))))


def records_of(
    session: Session, source: str, identifier: str, name: str, *, snapshot: CreditImport | None = None
) -> tuple[list[CreditRecord], list[CreditRecord]]:
    """The party's records: those with its code, and those with its name under another or no code.

    On the list as it is now, or as `snapshot` had it.
    """
    if snapshot is None:
        held = select(CreditRecord).where(CreditRecord.gone_import_id.is_(None), _begun(session))
    else:
        ends = CreditRecord.gone_import_id
        held = select(CreditRecord).where(
            CreditRecord.first_import_id <= snapshot.id, or_(ends.is_(None), ends > snapshot.id)
        )
    here = held.where(CreditRecord.source == source).order_by(CreditRecord.id)
    by_code = list(session.scalars(here.where(CreditRecord.identifier == identifier))) if identifier else []
    by_name = session.scalars(
        here.where(CreditRecord.name == normal_name(name), CreditRecord.identifier != identifier)
        if identifier
        else here.where(CreditRecord.name == normal_name(name))
    )
    return by_code, list(by_name)


def bad_row_may_mean(session: Session, held: CreditImport, identifier: str, name: str) -> bool:
    """Whether a line that could not be read shows the party's code or name."""
    if not held.bad:
        return False
    squeezed = func.upper(func.replace(CreditBadRow.text, " ", ""))
    wanted = [word.upper() for word in (normal_name(name), identifier) if word]
    shows = or_(*[squeezed.contains(word, autoescape=True) for word in wanted])
    query = select(CreditBadRow.id).where(CreditBadRow.import_id == held.id, shows).limit(1)
    return bool(wanted) and session.scalar(query) is not None


def records(session: Session, words: str) -> list[CreditRecord]:
    """Records by code or name, gone ones too, newest first; a name must be whole on a list of a million lines."""
    word = normal_name(words)
    query = select(CreditRecord).where(_begun(session)).order_by(CreditRecord.id.desc()).limit(100)
    if not word:
        return list(session.scalars(query))
    exact = query.where(or_(CreditRecord.identifier == word.upper(), CreditRecord.name == word))
    return list(session.scalars(exact)) or list(
        session.scalars(query.where(CreditRecord.name.contains(word, autoescape=True)))
    )


def records_begun(session: Session, held: CreditImport) -> int:
    """How many records began with the import."""
    query = select(func.count()).select_from(CreditRecord).where(CreditRecord.first_import_id == held.id)
    return session.scalar(query) or 0


def records_written(session: Session, held: CreditImport, row: Row) -> list[int]:
    """Ids of the records the running import has written for that row's record, oldest first."""
    query = select(CreditRecord.id).where(
        CreditRecord.source == held.source,
        CreditRecord.identifier == row.identifier,
        CreditRecord.name == row.name,
        CreditRecord.document_number == row.document_number,
        CreditRecord.first_import_id == held.id,
    )
    return list(session.scalars(query.order_by(CreditRecord.id)))


def record_told(record: CreditRecord) -> dict[str, Any]:
    """What evidence keeps of a record."""
    return {name: getattr(record, name) for name in TOLD}


SHOWN = 100


def records_began(session: Session, held: CreditImport) -> list[CreditRecord]:
    """The first records that began with the import, for its page."""
    query = select(CreditRecord).where(CreditRecord.first_import_id == held.id)
    return list(session.scalars(query.order_by(CreditRecord.id).limit(SHOWN)))


def records_ended(session: Session, held: CreditImport) -> list[CreditRecord]:
    """The first records that ended with the import, for its page: removed, repaired or changed."""
    query = select(CreditRecord).where(CreditRecord.source == held.source, CreditRecord.gone_import_id == held.id)
    return list(session.scalars(query.order_by(CreditRecord.id).limit(SHOWN)))

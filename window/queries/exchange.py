"""Platforms above and below, the records between them and their verdicts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.models import Project, Section
from core.errors import Missing
from core.ledger import log
from window.models import ExchangePlatform, HandedRecord, ReceivedRecord
from window.queries.opendata import section_of

VERDICTS = ("rejected", "faulty", "waiting", "accepted")


def exchange_platforms(session: Session, side: str = "") -> list[ExchangePlatform]:
    """Platforms we exchange records with, those no longer too, by code."""
    query = select(ExchangePlatform).order_by(ExchangePlatform.code)
    return list(session.scalars(query.where(ExchangePlatform.side == side) if side else query))


def exchange_platform(session: Session, code: str, side: str = "") -> ExchangePlatform:
    """The platform of that code, or Missing."""
    found = session.scalar(select(ExchangePlatform).where(ExchangePlatform.code == code))
    if found is None or (side and found.side != side):
        raise Missing("exchange.unknown", platform=code[:40])
    return found


def verdict_counts(session: Session, platform: ExchangePlatform) -> dict[str, int]:
    """How many records stand under each verdict."""
    rows = session.execute(
        select(HandedRecord.verdict, func.count())
        .where(HandedRecord.platform_id == platform.id)
        .group_by(HandedRecord.verdict)
    )
    held = {row[0]: row[1] for row in rows}
    return {name: held.get(name, 0) for name in VERDICTS}


def received_count(session: Session, platform: ExchangePlatform) -> int:
    """How many records of a lower platform we hold."""
    query = select(func.count()).select_from(ReceivedRecord).where(ReceivedRecord.platform_id == platform.id)
    return session.scalar(query) or 0


def handed_records(
    session: Session, platform: ExchangePlatform, *, verdict: str = "", after: int | None = None, limit: int = 50
) -> list[HandedRecord]:
    """Records for an upper platform by verdict, the latest changed last row first."""
    query = select(HandedRecord).where(HandedRecord.platform_id == platform.id)
    if verdict:
        query = query.where(HandedRecord.verdict == verdict)
    if after is not None:
        query = query.where(HandedRecord.id < after)
    return list(session.scalars(query.order_by(HandedRecord.id.desc()).limit(limit)))


def handed_record(session: Session, platform: ExchangePlatform, record_id: int) -> HandedRecord:
    """One record of the platform, or Missing."""
    found = session.get(HandedRecord, record_id)
    if found is None or found.platform_id != platform.id:
        raise Missing("exchange.record_unknown")
    return found


def due_to_gather(session: Session) -> list[str]:
    """Codes of upper platforms that have not seen the newest leaf."""
    size = log.size(session)
    query = select(ExchangePlatform.code).where(
        ExchangePlatform.side == "upper", ExchangePlatform.withdrawn_at.is_(None), ExchangePlatform.cursor < size - 1
    )
    return list(session.scalars(query.order_by(ExchangePlatform.code)))


def due_to_hand_over(session: Session, now: datetime) -> list[str]:
    """Codes of upper platforms with an address for which records wait, and whose pause is over."""
    query = (
        select(ExchangePlatform.code)
        .join(HandedRecord, HandedRecord.platform_id == ExchangePlatform.id)
        .where(ExchangePlatform.withdrawn_at.is_(None), ExchangePlatform.url != "", HandedRecord.verdict == "waiting")
        .where(ExchangePlatform.due_at.is_(None) | (ExchangePlatform.due_at <= now))
    )
    return sorted(set(session.scalars(query)))


def projects_about(session: Session, subjects: Collection[str]) -> list[str]:
    """Codes of published projects the ledger's subjects are about, in their order."""
    sections = {section_of(one) for one in subjects}
    query = (
        select(Project.code)
        .join(Section, Section.project_id == Project.id)
        .where(Section.code.in_(sections), Section.published_at.is_not(None))
    )
    return sorted(set(session.scalars(query)))

"""Reads of what only the regulator's key opens: the key in force, and the sealed records of machines."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from opening.models import Bid, DeviceRecord, Opening, RegulatorKey


def regulator_key(session: Session) -> RegulatorKey | None:
    """The regulator's key in force."""
    query = select(RegulatorKey).where(RegulatorKey.withdrawn_at.is_(None)).order_by(RegulatorKey.id.desc())
    return session.scalars(query.limit(1)).first()


def device_records(session: Session, recipient: str, most: int) -> list[tuple[DeviceRecord, int]]:
    """The records sealed to this key with the section of each, newest first, at most `most`."""
    query = (
        select(DeviceRecord, Opening.section_id)
        .join(Bid, DeviceRecord.bid_id == Bid.id)
        .join(Opening, Bid.opening_id == Opening.id)
        .where(DeviceRecord.recipient == recipient)
        .order_by(DeviceRecord.id.desc())
        .limit(most)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def device_counts(session: Session) -> dict[str, int]:
    """How many records are sealed to each key, recipient by recipient."""
    query = select(DeviceRecord.recipient, func.count(DeviceRecord.id)).group_by(DeviceRecord.recipient)
    return {row[0]: row[1] for row in session.execute(query)}

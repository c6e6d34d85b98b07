"""Reads of closed files: the archive itself, and what it says of its own completeness."""

from __future__ import annotations

import json
import tarfile
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards.models import Archive, Renewal, Supplement
from bidding.models import Section
from core.errors import Missing
from core.store import ObjectStore


def archive(session: Session, section: Section) -> Archive | None:
    """The section's archive, once it is built."""
    return session.scalar(select(Archive).where(Archive.section_id == section.id))


def member_of(store: ObjectStore, held: Archive, path: str) -> Any:
    """One JSON member of the stored file, or None; only headers are read on the way to it."""
    if path not in held.contents:
        return None
    with store.open(held.sha256) as file, tarfile.open(fileobj=file) as tar:
        found = tar.extractfile(path)
        return json.loads(found.read()) if found else None


def supplements(session: Session, held: Archive) -> list[Supplement]:
    """Everything that was asked to be added to the file, oldest first."""
    return list(session.scalars(select(Supplement).where(Supplement.archive_id == held.id).order_by(Supplement.id)))


def supplement(session: Session, held: Archive, attempt: int) -> Supplement:
    """One of them by the order of asking; Missing without it."""
    found = next((one for one in supplements(session, held) if one.attempt == attempt), None)
    if found is None:
        raise Missing("supplement.unknown", number=attempt)
    return found


def layers(session: Session, held: Archive) -> list[str]:
    """The hashes of the approved layers, in order."""
    return [one.sha256 for one in supplements(session, held) if one.sha256 is not None]


def renewals(session: Session, held: Archive) -> list[Renewal]:
    """The renewed timestamps of the file, in order."""
    return list(session.scalars(select(Renewal).where(Renewal.archive_id == held.id).order_by(Renewal.number)))


def due_to_renew(session: Session, now: datetime) -> list[Archive]:
    """The closed files whose timestamp is due: never stamped, or the day has come."""
    due = (Archive.renew_at.is_(None)) | (Archive.renew_at <= now)
    return list(session.scalars(select(Archive).where(due).order_by(Archive.id)))

"""Reads of closed files: the archive itself, and what it says of its own completeness."""

from __future__ import annotations

import json
import tarfile
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards.models import Archive
from bidding.models import Section
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

"""Reads of versions of tender documents: which replaced which, by which clarification, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Clarification, Section, TenderDocument
from bidding.queries.sections import clarifications, documents
from bidding.queries.two_persons import paragraphs, reading
from bidding.rules.differences import Row, compare
from core.documents import Paragraph
from core.errors import Missing


@dataclass(frozen=True)
class Replacement:
    """A document that replaced another in its slot, and the clarification that published it."""

    older: TenderDocument
    newer: TenderDocument
    clarification: Clarification | None


def document_version(session: Session, section: Section, slot: str, version: int) -> TenderDocument:
    """That version of a slot's document, or Missing."""
    found = session.scalar(
        select(TenderDocument).where(
            TenderDocument.section_id == section.id, TenderDocument.slot == slot, TenderDocument.version == version
        )
    )
    if found is None:
        raise Missing("document.unknown", slot=slot[:40], version=version)
    return found


def replacements(session: Session, section: Section) -> list[Replacement]:
    """Every replacement of a published document, the newest first."""
    published = {one.published_at: one for one in clarifications(session, section)}
    held = {(one.slot, one.version): one for one in documents(session, section, all_versions=True)}
    found = [
        Replacement(held[slot, version - 1], newer, published.get(newer.added_at))
        for (slot, version), newer in held.items()
        if (slot, version - 1) in held
    ]
    return sorted(found, key=lambda one: (one.newer.added_at, one.newer.id), reverse=True)


def differences(session: Session, older: TenderDocument, newer: TenderDocument) -> list[Row] | None:
    """Both versions paragraph by paragraph, as they were read when they were published; None where one could not be."""
    pair = []
    for document in (older, newer):
        held = reading(session, document.sha256)
        if held is None or held.refused is not None:
            return None
        pair.append(tuple(paragraphs(held)))
    return list(_compared(pair[0], pair[1]))


@lru_cache(maxsize=32)
def _compared(older: tuple[Paragraph, ...], newer: tuple[Paragraph, ...]) -> tuple[Row, ...]:
    # Published texts never change, and everyone asks for the same pair on the day of a correction.
    return tuple(compare(older, newer))

"""Cleaned copies of anonymous files (暗标): made in the limited process, outside any transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import select

from bidding.models import Section
from core.act import Act
from core.documents.cleaning import clean_document
from core.errors import Invalid
from core.ledger.log import append
from core.store import ObjectStore
from experts import queries
from experts.models import CleanedFile
from opening.models import Bid


@dataclass(frozen=True)
class Cleaning:
    """One anonymous file: its place in the bid, its slot and ending, the original; and what was made of it."""

    place: int
    slot: str
    ending: str
    original: str
    sha256: str | None = None
    size: int = 0
    fault: str | None = None


def ready_to_clean(section: Section, bid: Bid) -> list[Cleaning]:
    """The facts for `clean_files` of one bid: each anonymous file with its place."""
    return [
        Cleaning(place, file["slot"], PurePath(file["name"]).suffix.lower()[:8], file["sha256"])
        for place, file in queries.anonymous_files(section, bid)
    ]


def clean_files(store: ObjectStore, files: Sequence[Cleaning]) -> list[Cleaning]:
    """Make each copy and keep it in the store; touches no database. What cannot be cleaned has a fault instead."""
    return [_clean(store, one) for one in files]


def keep_cleaned(act: Act, bid: Bid, files: Sequence[Cleaning]) -> None:
    """Keep which copies there are, once; a file with a fault is on record and shown to nobody in the blind round."""
    held = set(act.session.scalars(select(CleanedFile.place).where(CleanedFile.bid_id == bid.id)))
    for one in files:
        if one.place in held:
            continue
        act.session.add(
            CleanedFile(
                bid_id=bid.id, place=one.place, slot=one.slot, ending=one.ending, sha256=one.sha256, size=one.size,
                fault=one.fault, cleaned_at=act.now,
            )
        )  # fmt: skip
        facts = {"place": one.place, "original": one.original, "cleaned": one.sha256, "fault": one.fault}
        append(act, "bid.clean", bid.subject, facts)
    act.session.flush()


def _clean(store: ObjectStore, one: Cleaning) -> Cleaning:
    temp = store.temp / secrets.token_hex(16)
    try:
        clean_document(store.path(one.original), f"{one.place}{one.ending}", temp)
        stored = store.adopt(temp)
    except Invalid as refusal:
        return Cleaning(one.place, one.slot, one.ending, one.original, fault=refusal.code)
    finally:
        temp.unlink(missing_ok=True)
    return Cleaning(one.place, one.slot, one.ending, one.original, stored.sha256, stored.size)

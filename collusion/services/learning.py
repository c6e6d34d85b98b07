"""Closing a section's file, and taking its bids into the archive index: the measure of what is ordinary later on."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from awards import services as awards
from awards.models import Archive
from bidding import queries as bidding
from bidding.models import Section
from collusion import queries
from collusion.models import Learning
from collusion.rules.archive_index import MANIFEST, ArchiveIndex
from collusion.rules.case import read_bids
from collusion.services.layout import key_of, lay_out
from core.act import SYSTEM, Act, Platform
from core.errors import Conflict
from core.ledger.log import append
from core.store import ObjectStore

FOLDER = "archive-index"


def archive_section(act: Act, section: Section) -> Archive:
    """Hand scan and warnings down and close the section's file; Conflict("warning.undecided") while one is open."""
    open_ones = [item.code for item in queries.warnings_of(act.session, section) if item.decided_at is None]
    if open_ones:
        raise Conflict("warning.undecided", codes=open_ones)
    return awards.archive_section(act, section, warnings=queries.archive_facts(act.session, section))


def preview_archive(session: Session, store: ObjectStore, section: Section, now: datetime) -> awards.Judged:
    """What the section's file would hold if it were closed now, item by item of the list in force; only reads."""
    return awards.preview(session, store, section, queries.archive_facts(session, section), now)


def index_of(store: ObjectStore) -> ArchiveIndex:
    """The installation's archive index: it lies beside the object store, on whatever disk that is on."""
    return ArchiveIndex(store.root.parent / FOLDER)


def held_tenders(store: ObjectStore) -> frozenset[str]:
    """What the index holds; read again only when it has changed, for the tick asks every second."""
    path = store.root.parent / FOLDER / MANIFEST
    try:
        changed = path.stat()
    except FileNotFoundError:
        return frozenset()
    return _held(path.parent, changed.st_mtime_ns, changed.st_size)


@lru_cache(2)
def _held(folder: Path, changed: int, size: int) -> frozenset[str]:
    return ArchiveIndex(folder).tenders


def learn_section(platform: Platform, code: str) -> Learning:
    """Take the bids of a closed section into the archive index; one already in is left alone.

    Safe twice and in parallel: the index takes a tender once, whoever comes first, and the row is made once. After a
    crash between the two, or with the index lost, the next tick makes good. Bids of a ring that people confirmed or
    referred are left out: what they share is no measure of what is ordinary. Conflict("learning.early") before the
    section's file is closed.
    """
    with tempfile.TemporaryDirectory(prefix="learn-") as name:
        folder = Path(name)
        with platform.reading() as session:
            section = bidding.section(session, code)
            if queries.archive_of(session, section) is None:
                raise Conflict("learning.early", section=code)
            held = queries.learning(session, section)
            if held is not None and code in held_tenders(platform.store):
                return held
            left_out = sorted(queries.ringed(session, section))
            numbers = {key_of(bid): bid.number for bid in queries.opened_bids(session, section)}
            lay_out(session, platform.store, section, folder)
        bids, unread = read_bids(folder / "bids", code)
        kept = [bid for key, bid in bids if numbers.get(key) not in left_out]
        index_of(platform.store).add(code, kept)
    try:
        with platform.act(SYSTEM) as act:
            return record_learning(act, bidding.section(act.session, code), len(kept), left_out, unread)
    except IntegrityError:
        # Another tick came first; on PostgreSQL only the constraint knows.
        with platform.reading() as session:
            noted = queries.learning(session, bidding.section(session, code))
        if noted is None:
            raise
        return noted


def record_learning(
    act: Act, section: Section, bids: int, left_out: list[int], unread: list[tuple[str, str]]
) -> Learning:
    """Note that a section's bids are in the archive index: how many, which were left out, which files stayed unread."""
    held = queries.learning(act.session, section)
    if held is not None:
        return held
    made = Learning(
        section_id=section.id,
        section=section,
        learned_at=act.now,
        bids=bids,
        left_out=left_out,
        unread=[list(entry) for entry in unread],
    )
    act.session.add(made)
    act.session.flush()
    append(act, "archive.learn", f"archive:{section.code}", {"bids": bids, "left_out": left_out, "unread": len(unread)})
    return made

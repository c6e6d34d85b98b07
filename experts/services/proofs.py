"""Proofs brought with applications lie locked in the object store; those of before are locked in two steps."""

from __future__ import annotations

import re

from sqlalchemy import Boolean, Integer, Numeric, select
from sqlalchemy.orm import Session

from core.act import Act
from core.db import Base
from core.locker import locker_of
from experts.models import PoolApplication
from experts.queries.applications import PROOF

HASH = re.compile("[0-9a-f]{64}")


def lock_proof(act: Act, raw: bytes) -> str:
    """The bytes kept encrypted; the hash of the object that holds them."""
    locker = locker_of(act.session.get_bind().dialect)
    return act.store.put(locker.lock_bytes(raw, PROOF)).sha256


def lock_old_proofs(act: Act) -> int:
    """Lock every proof that lies in clear from before, and how many those were; the clear ones stay for now.

    They are marked: `drop_clear_proofs`, once this act is durable, takes them away. Safe to do again.
    """
    count = 0
    for held in act.session.scalars(select(PoolApplication).order_by(PoolApplication.id)):
        documents = []
        for one in held.documents:
            if "object" not in one:
                one = {**one, "object": lock_proof(act, act.store.read(one["sha256"])), "clear": True}
                count += 1
            documents.append(one)
        if documents != held.documents:
            held.documents = documents
    act.session.flush()
    return count


def drop_clear_proofs(act: Act) -> int:
    """Take away what lies in clear of locked proofs, and how many objects those were.

    An object that something else names, in any column, is no proof alone and stays.
    """
    rows = list(act.session.scalars(select(PoolApplication).order_by(PoolApplication.id)))
    clear = {one["sha256"] for held in rows for one in held.documents if one.get("clear")}
    if not clear:
        return 0
    gone = clear - _named(act.session, clear)
    for sha256 in sorted(gone):
        act.store.remove(sha256)
    for held in rows:
        if any(one.get("clear") for one in held.documents):
            held.documents = [{key: one[key] for key in one if key != "clear"} for one in held.documents]
    act.session.flush()
    return len(gone)


def _named(session: Session, hashes: set[str]) -> set[str]:
    """Which of the hashes stand anywhere in the database but among the proofs."""
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kind = getattr(column.type, "impl", column.type)
            if isinstance(kind, (Integer, Numeric, Boolean)) or column is PoolApplication.__table__.c.documents:
                continue
            for value in session.scalars(select(column).execution_options(yield_per=1000)):
                found |= hashes.intersection(HASH.findall(str(value)))
    return found

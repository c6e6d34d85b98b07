"""Reads of applications for a pool: own, those a unit is asked to recommend, those that wait for review."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.act import Actor
from core.errors import Conflict, Missing
from core.ledger.log import LedgerEntry
from core.locker import locker_of
from core.store import ObjectStore
from experts.models import Expert, ExpertPool, PoolApplication, Sanction

PENDING = ("applied", "recommended")
PROOF = "pool_application.proof"
"""The place under which proofs are locked."""


def own_applications(session: Session, actor: Actor) -> list[PoolApplication]:
    """The actor's applications, newest first."""
    return list(
        session.scalars(
            select(PoolApplication)
            .where(PoolApplication.person_id == (actor.person_id or 0))
            .order_by(PoolApplication.id.desc())
        )
    )


def own_application(session: Session, number: int, actor: Actor) -> PoolApplication:
    """The actor's own application of that number, or Missing."""
    found = session.get(PoolApplication, number)
    if found is None or actor.person_id is None or found.person_id != actor.person_id:
        raise Missing("application.unknown")
    return found


def to_recommend(session: Session, actor: Actor) -> list[PoolApplication]:
    """The applications of other people that name the actor's unit, newest first."""
    return list(
        session.scalars(
            select(PoolApplication)
            .where(
                PoolApplication.unit_id == (actor.organisation_id or 0),
                PoolApplication.person_id != (actor.person_id or 0),
            )
            .order_by(PoolApplication.id.desc())
        )
    )


def application_of_unit(session: Session, number: int, actor: Actor) -> PoolApplication:
    """The application of that number that names the actor's unit, or Missing."""
    found = session.get(PoolApplication, number)
    if found is None or actor.organisation_id is None or found.unit_id != actor.organisation_id:
        raise Missing("application.unknown")
    return found


def application(session: Session, number: int) -> PoolApplication:
    """The application of that number, or Missing; for the pool's officer."""
    found = session.get(PoolApplication, number)
    if found is None:
        raise Missing("application.unknown")
    return found


def proof(
    session: Session, store: ObjectStore, held: PoolApplication | Sanction, sha256: str
) -> tuple[dict[str, Any], bytes]:
    """One proof of an application, or piece of evidence, and its bytes, unlocked and compared with what was brought.

    Missing("object.unknown") for what is none; Conflict("locker.unreadable") where it is not as it was locked.
    """
    found = next((one for one in held.documents if one["sha256"] == sha256), None)
    if found is None:
        raise Missing("object.unknown", sha256=sha256[:64])
    if "object" not in found:
        return found, store.read(sha256)
    raw = locker_of(session.get_bind().dialect).unlock_bytes(store.read(found["object"]), PROOF)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise Conflict("locker.unreadable", place=PROOF)
    return found, raw


def applications(session: Session, state: str = "") -> list[PoolApplication]:
    """Every application, or those in the state, newest first."""
    query = select(PoolApplication).order_by(PoolApplication.id.desc())
    return list(session.scalars(query.where(PoolApplication.state == state) if state else query))


def pending_changes(session: Session, person_id: int | None = None) -> dict[int, dict[str, Any]]:
    """What experts have declared anew and nobody has reviewed yet, by person: it counts for avoidance already."""
    query = select(PoolApplication.person_id, PoolApplication.content).where(
        PoolApplication.kind == "change", PoolApplication.state.in_((*PENDING, "returned"))
    )
    if person_id is not None:
        query = query.where(PoolApplication.person_id == person_id)
    return {row[0]: row[1] for row in session.execute(query)}


def next_code(session: Session, pool: ExpertPool) -> str:
    """The next free code of the pool: its own code and a running number, `ZJ-00012`."""
    number = session.scalar(select(func.count()).select_from(Expert).where(Expert.pool_id == pool.id)) or 0
    while True:
        number += 1
        code = f"{pool.code[:34]}-{number:05d}"
        if session.scalar(select(Expert.id).where(Expert.code == code)) is None:
            return code


def history_of(session: Session, held: Expert) -> list[LedgerEntry]:
    """What the ledger tells of an expert's place in the pool, oldest first."""
    query = select(LedgerEntry).where(LedgerEntry.subject == f"expert:{held.code}").order_by(LedgerEntry.leaf_index)
    return list(session.scalars(query))

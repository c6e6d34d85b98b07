"""Reads of requests to go back one stage."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Missing
from experts.models import Committee, Rollback


def rollbacks(session: Session, held: Committee) -> list[Rollback]:
    """Every request of the committee, oldest first."""
    query = select(Rollback).where(Rollback.committee_id == held.id).order_by(Rollback.number)
    return list(session.scalars(query))


def rollback(session: Session, held: Committee, number: int) -> Rollback:
    """The request of that number, or Missing."""
    found = next((one for one in rollbacks(session, held) if one.number == number), None)
    if found is None:
        raise Missing("rollback.unknown")
    return found

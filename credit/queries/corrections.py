"""Reads of correction requests."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from accounts.queries import organisation_by_identifier
from core.errors import Missing
from credit.models import CreditCorrection


def corrections(session: Session, *, is_open: bool | None = None) -> list[CreditCorrection]:
    """Requests, newest first; only open or only ended ones where asked."""
    query = select(CreditCorrection).order_by(CreditCorrection.id.desc()).limit(500)
    if is_open is not None:
        held = CreditCorrection.state.in_(("filed", "forwarded"))
        query = query.where(held if is_open else ~held)
    return list(session.scalars(query))


def corrections_of(session: Session, identifier: str) -> list[CreditCorrection]:
    """One party's requests, newest first."""
    query = select(CreditCorrection).where(CreditCorrection.identifier == identifier)
    return list(session.scalars(query.order_by(CreditCorrection.id.desc())))


def correction(session: Session, number: int, *, identifier: str | None = None) -> CreditCorrection:
    """One request, for its own party where `identifier` is given; else Missing."""
    found = session.get(CreditCorrection, number)
    if found is None or (identifier is not None and found.identifier != identifier):
        raise Missing("credit.correction_unknown")
    return found


def organisation_of(session: Session, identifier: str) -> Organisation | None:
    """The organisation registered here under the code."""
    return organisation_by_identifier(session, identifier)

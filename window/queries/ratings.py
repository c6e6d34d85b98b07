"""Reads of service ratings: sums for the public, lists, one rating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import Missing
from window.models import ServiceRating
from window.rules import BAD, STARS
from window.rules.figures import share


@dataclass(frozen=True)
class RatingSums:
    """How often each grade was given, and how bad ratings stand."""

    stars: dict[int, int]
    waiting: int
    overdue: int
    closed: int

    @property
    def total(self) -> int:
        """All ratings."""
        return sum(self.stars.values())

    @property
    def bad(self) -> int:
        """Ratings that ask for the loop."""
        return sum(count for grade, count in self.stars.items() if grade <= BAD)

    @property
    def content_share(self) -> Fraction | None:
        """The share of 基本满意 and better."""
        return share(self.total - self.bad, self.total)


def rating_sums(session: Session, now: datetime) -> RatingSums:
    """Sums over all ratings; a bad one is overdue from the first instant after its time."""
    counted = {
        row[0]: row[1]
        for row in session.execute(select(ServiceRating.stars, func.count()).group_by(ServiceRating.stars))
    }
    due = select(func.count()).select_from(ServiceRating).where(ServiceRating.due_at.is_not(None))
    closed = select(func.count()).select_from(ServiceRating).where(ServiceRating.state == "closed")
    return RatingSums(
        {grade: counted.get(grade, 0) for grade in STARS},
        session.scalar(due) or 0,
        session.scalar(due.where(ServiceRating.due_at <= now)) or 0,
        session.scalar(closed) or 0,
    )


def ratings(session: Session, *, limit: int, offset: int = 0) -> list[ServiceRating]:
    """Bad ratings: those that wait first, by when they are due; then the others, newest first."""
    query = select(ServiceRating).where(ServiceRating.stars <= BAD)
    ordered = query.order_by(ServiceRating.due_at.is_(None), ServiceRating.due_at, ServiceRating.id.desc())
    return list(session.scalars(ordered.limit(limit).offset(offset)))


def rating(session: Session, number: str) -> ServiceRating:
    """The rating of that number, or Missing."""
    found = session.scalar(select(ServiceRating).where(ServiceRating.number == number))
    if found is None:
        raise Missing("rating.unknown", number=number[:20])
    return found

"""Looking things up: by words, results, draws, the dates of published sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bidding.models import Project, Section
from core.board import Notice
from core.draw.record import Draw
from window.models import Trade

RECEIVING = frozenset({"submission_open", "suspended"})


@dataclass(frozen=True)
class Found:
    """What words have found, each at most so many."""

    sections: list[Section]
    notices: list[Notice]
    trade: Trade | None


def search(session: Session, words: str, limit: int = 20) -> Found:
    """Published sections by name or code, notices by title or number, a trade by its number; newest first."""
    published = select(Section).join(Project, Project.id == Section.project_id).where(Section.published_at.is_not(None))
    named = or_(
        *(
            column.contains(words, autoescape=True)
            for column in (Project.name, Section.name, Section.code, Project.code)
        )
    )
    told = or_(Notice.title.contains(words, autoescape=True), Notice.number == words)
    return Found(
        list(session.scalars(published.where(named).order_by(Section.id.desc()).limit(limit))),
        list(session.scalars(select(Notice).where(told).order_by(Notice.id.desc()).limit(limit))),
        session.scalar(select(Trade).where(Trade.code == words)),
    )


def results(session: Session, *, limit: int, offset: int) -> list[Notice]:
    """Notices of awards and of awards set aside, newest first."""
    query = select(Notice).where(Notice.kind.in_(["award", "set_aside"])).order_by(Notice.id.desc())
    return list(session.scalars(query.limit(limit).offset(offset)))


def draws(session: Session, *, limit: int, offset: int) -> list[Draw]:
    """Every draw that was announced, newest first; what it drew stays on its own page, under that page's rules."""
    return list(session.scalars(select(Draw).order_by(Draw.id.desc()).limit(limit).offset(offset)))


def dated_sections(session: Session, since: datetime, code: str = "") -> list[Section]:
    """Published sections whose deadline is not before `since`, by deadline; with `code` that one, whenever it is."""
    query = select(Section).where(Section.published_at.is_not(None)).order_by(Section.deadline_at, Section.code)
    query = query.where(Section.code == code) if code else query.where(Section.deadline_at >= since)
    return list(session.scalars(query.limit(500)))

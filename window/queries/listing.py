"""Pages of what is published, each from a place on: projects, sections, notices, draws."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bidding.models import Project, Section
from core.board import Notice
from core.draw.record import Draw


def listed_projects(
    session: Session, *, after: int | None, limit: int, regime: str = "", region: str = ""
) -> list[tuple[Project, list[str]]]:
    """Projects with a published section and the codes of those, the newest project first."""
    published = exists().where(Section.project_id == Project.id, Section.published_at.is_not(None))
    query = select(Project).where(published).order_by(Project.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Project.id < after)
    if regime:
        query = query.where(Project.regime == regime)
    if region:
        query = query.where(Project.region.startswith(region, autoescape=True))
    projects = list(session.scalars(query))
    codes: dict[int, list[str]] = {one.id: [] for one in projects}
    rows = select(Section.project_id, Section.code).where(
        Section.project_id.in_(codes), Section.published_at.is_not(None)
    )
    for project_id, code in session.execute(rows.order_by(Section.id)):
        codes[project_id].append(code)
    return [(one, codes[one.id]) for one in projects]


def listed_sections(
    session: Session, *, after: int | None, limit: int, states: Collection[str] = (), project: str = "", words: str = ""
) -> list[Section]:
    """Published sections, the newest first, by state, project and words in their or their project's name."""
    query = select(Section).join(Project, Project.id == Section.project_id).where(Section.published_at.is_not(None))
    if after is not None:
        query = query.where(Section.id < after)
    if states:
        query = query.where(Section.state.in_(states))
    if project:
        query = query.where(Project.code == project)
    if words:
        named = Section.name.contains(words, autoescape=True) | Project.name.contains(words, autoescape=True)
        query = query.where(named)
    return list(session.scalars(query.order_by(Section.id.desc()).limit(limit)))


def listed_notices(
    session: Session, *, after: int | None, limit: int, kinds: Collection[str] = (), section: str = "", words: str = ""
) -> list[Notice]:
    """Notices, newest first, by kind, section and words in the title."""
    query = select(Notice).order_by(Notice.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Notice.id < after)
    if kinds:
        query = query.where(Notice.kind.in_(kinds))
    if section:
        query = query.where(Notice.subject == f"section:{section}")
    if words:
        query = query.where(Notice.title.contains(words, autoescape=True))
    return list(session.scalars(query))


def replaced_number(session: Session, notice: Notice) -> str | None:
    """The number of the notice this one follows."""
    return None if notice.replaces_id is None else session.scalar(
        select(Notice.number).where(Notice.id == notice.replaces_id)
    )  # fmt: skip


def listed_draws(session: Session, *, after: int | None, limit: int, section: str = "") -> list[Draw]:
    """Draws, newest first; what one drew stays on its own page, under that page's rules."""
    query = select(Draw).order_by(Draw.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Draw.id < after)
    if section:
        query = query.where(Draw.section == section)
    return list(session.scalars(query))

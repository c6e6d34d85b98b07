"""What is tendered again: the tries of the same thing, each linked to the one that failed before it (R-561)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from bidding.models import Project, Section
from bidding.queries.sections import sections_of
from core.board import Notice


@dataclass(frozen=True)
class Attempt:
    """One try: its project, the sections that were published, and the notice by which the last of them failed."""

    project: Project
    sections: list[Section]
    failure: Notice | None


def attempts(session: Session, project: Project) -> list[Attempt]:
    """Every published try of the same thing, first to last: those that failed before, and those held again after."""
    chain = [project]
    while chain[0].predecessor:
        before = _kin(session, chain[0], Project.code == chain[0].predecessor)
        if before is None or before in chain:
            break
        chain.insert(0, before)
    while True:
        after = _kin(session, chain[-1], Project.predecessor == chain[-1].code)
        if after is None or after in chain:
            break
        chain.append(after)
    found = []
    for one in chain:
        shown = [section for section in sections_of(session, one) if section.state != "draft"]
        if shown:
            told = select(Notice).where(Notice.kind == "failure", Notice.subject.in_([held.subject for held in shown]))
            found.append(Attempt(one, shown, session.scalar(told.order_by(Notice.id.desc()).limit(1))))
    return found


def _kin(session: Session, project: Project, which: ColumnElement[bool]) -> Project | None:
    """The newest of the same tenderee's projects for which that holds and something of which was published."""
    published = exists().where(Section.project_id == Project.id, Section.state != "draft")
    query = select(Project).where(which, Project.tenderee_id == project.tenderee_id, published)
    return session.scalar(query.order_by(Project.id.desc()).limit(1))

"""Trades outside, purchases that look split up, and how complete what must be disclosed is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session

from awards.models import Complaint, Contract
from bidding.models import Project, Section
from core.board import Notice
from core.calendar import day_of
from window.models import OutsideTrade
from window.rules import Deal, Split, catalogue_law, disclosures, splits


def outside_trades(session: Session, *, limit: int, offset: int = 0) -> list[OutsideTrade]:
    """Trades recorded as made outside, newest first."""
    return list(session.scalars(select(OutsideTrade).order_by(OutsideTrade.id.desc()).limit(limit).offset(offset)))


@dataclass(frozen=True)
class SplitAlarm:
    """A unit's purchases of one project and matter that together reach the threshold each stays below."""

    unit: str
    project: str
    matter: str
    limit_fen: int
    split: Split


def split_alarms(session: Session, today: date) -> list[SplitAlarm]:
    """Alarms over trades outside and over sections here that were not tendered as the threshold would ask (R-051).

    Works and what belongs to them: sections of projects that count as not mandatory. Government procurement: sections
    bought otherwise than by open tender (政府采购法实施条例第二十八条).
    """
    deals: dict[tuple[str, str, str], list[Deal]] = defaultdict(list)
    names: dict[str, str] = {}
    for one in session.scalars(select(OutsideTrade).where(OutsideTrade.ground == "")):
        names[one.identifier] = one.unit
        deals[one.identifier, one.project, one.matter].append(
            Deal(date.fromisoformat(one.traded_on), one.amount_fen, one.number)
        )
    rows = session.scalars(
        select(Section)
        .join(Project, Project.id == Section.project_id)
        .where(Section.published_at.is_not(None), Section.state != "failed", Section.round == 1)
        .where(
            or_(
                and_(Project.regime == "T", Project.is_mandatory.is_(False)),
                and_(Project.regime == "G", Project.procedure != "open", Project.category != "works"),
            )
        )
    )
    for section in rows:
        project = section.project
        if section.published_at is not None:
            names[project.tenderee.identifier] = project.tenderee.name
            matter = "services" if project.category == "design" else project.category
            if project.regime == "G":
                matter = "procurement"
            deals[project.tenderee.identifier, project.code, matter].append(
                Deal(day_of(section.published_at), section.estimate_fen, section.code)
            )
    found = []
    for (identifier, code, matter), held in sorted(deals.items()):
        law = catalogue_law(matter, today)
        limit = int(law.number(matter)) * 100
        split = splits(held, limit, law.days("splitting_months")) if code else None
        if split is not None:
            found.append(SplitAlarm(names[identifier], code, matter, limit, split))
    return found


ONCE: dict[str, ColumnElement[bool]] = {
    "contract": exists().where(Contract.section_id == Section.id, Contract.concluded_at.is_not(None)),
    "complaint": exists().where(Complaint.section_id == Section.id, Complaint.state == "decided"),
}
"""What must have happened to a section before an item is due, where its state alone does not say so."""


@dataclass(frozen=True)
class Completeness:
    """One item of the disclosure catalogue: for how many sections it is due, for how many there, which lack it."""

    item: dict[str, Any]
    due: int
    there: int
    lacking: list[str]


def completeness(session: Session, on: date, level: str = "") -> list[Completeness]:
    """How complete the disclosure is, item by item, counted from sections and notices."""
    found = []
    for item in disclosures(on, level):
        told = exists().where(
            Notice.subject == literal("section:") + Section.code, Notice.kind.in_(item["kinds"])
        )  # fmt: skip
        due = (
            select(Section.code)
            .join(Project, Project.id == Section.project_id)
            .where(Section.published_at.is_not(None), Section.state.in_(item["states"]))
            .where(Project.regime.in_(item["regimes"]), ONCE[item["once"]] if "once" in item else true())
        )
        count = session.scalar(select(func.count()).select_from(due.subquery())) or 0
        there = session.scalar(select(func.count()).select_from(due.where(told).subquery())) or 0
        lacking = list(session.scalars(due.where(~told).order_by(Section.id.desc()).limit(50)))
        found.append(Completeness(item, count, there, lacking))
    return found

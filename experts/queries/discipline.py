"""Reads of sanctions, assessments and yearly reviews: an expert's, a committee's, those that wait, what is public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from core.act import Actor
from core.calendar import day_of
from core.errors import Missing
from core.vault import vault_of
from experts.models import Committee, Expert, ExpertAssessment, Member, Sanction, YearlyReview
from experts.queries.committee import live_members
from experts.queries.fairness import assessments
from experts.queries.identity import identity_of, sealed_members
from experts.queries.pool import LIVE
from experts.rules.discipline import GRADES, PUBLIC_MEASURES

IN_FORCE = frozenset({"in_force", "lift_asked"})
WAITING = frozenset({"proposed", "heard", "lift_asked"})
LEAVABLE = frozenset({"drawn", "blind", "seated", "scoring"})
"""Committee states in which a member can still be replaced."""


def sanction(session: Session, number: int) -> Sanction:
    """The sanction of that number, or Missing; for whoever keeps or watches the pools."""
    found = session.get(Sanction, number)
    if found is None:
        raise Missing("sanction.unknown")
    return found


def own_sanction(session: Session, number: int, actor: Actor) -> Sanction:
    """The sanction of that number about the actor, or Missing."""
    found = session.get(Sanction, number)
    if found is None or actor.person_id is None or found.expert.person_id != actor.person_id:
        raise Missing("sanction.unknown")
    return found


def sanctions(session: Session, state: str = "") -> list[Sanction]:
    """Every sanction, or those in the state, newest first."""
    query = select(Sanction).order_by(Sanction.id.desc())
    return list(session.scalars(query.where(Sanction.state == state) if state else query))


def sanctions_of(session: Session, held: Expert) -> list[Sanction]:
    """Every sanction ever proposed about the expert, newest first."""
    return list(session.scalars(select(Sanction).where(Sanction.expert_id == held.id).order_by(Sanction.id.desc())))


def public_sanctions(session: Session) -> list[Sanction]:
    """Suspensions and removals in force: what is published, and only as long (R-315)."""
    query = select(Sanction).where(Sanction.measure.in_(PUBLIC_MEASURES), Sanction.state.in_(IN_FORCE))
    return list(session.scalars(query.order_by(Sanction.from_on.desc(), Sanction.id.desc())))


def due_to_expire(session: Session, now: Any) -> list[int]:
    """The numbers of those whose last day is over."""
    query = select(Sanction.id).where(
        Sanction.state.in_(IN_FORCE), Sanction.until_on.is_not(None), Sanction.until_on < day_of(now).isoformat()
    )
    return list(session.scalars(query.order_by(Sanction.id)))


def sat_in(session: Session, held: Expert, code: str) -> bool:
    """Whether the expert was ever named for a seat in the section; a sealed seat counts once it can be read."""
    query = select(Member.id).join(Committee, Committee.id == Member.committee_id).join(
        Section, Section.id == Committee.section_id
    )  # fmt: skip
    if session.scalar(query.where(Section.code == code, Member.expert_id == held.id)) is not None:
        return True
    return any(one.committee.section.code == code for one in _sealed_seats(session, held, None))


def seats_of_expert(session: Session, held: Expert) -> list[Member]:
    """The seats the expert holds on committees in which members can still be replaced, as far as they can be read."""
    query = (
        select(Member)
        .join(Committee, Committee.id == Member.committee_id)
        .where(Member.expert_id == held.id, Member.state.in_(("invited", "accepted", "signed_in")))
        .where(Committee.state.in_(LEAVABLE))
    )
    found = [*session.scalars(query), *_sealed_seats(session, held, LEAVABLE)]
    return sorted({one.id: one for one in found}.values(), key=lambda one: one.id)


def _sealed_seats(session: Session, held: Expert, states: frozenset[str] | None) -> Iterable[Member]:
    if not vault_of(session).is_open:
        return []
    return [
        one
        for one in sealed_members(session, LIVE)
        if (states is None or one.committee.state in states) and identity_of(session, one)[1] == held.id
    ]


def to_assess(session: Session, held: Committee) -> list[Member]:
    """The experts who sat to the end: of this platform's pools or a partner's; no representative judges a colleague."""
    return [one for one in live_members(session, held) if not one.is_representative]


def assessments_in(session: Session, held: Committee) -> list[ExpertAssessment]:
    """What has been said of the committee's experts so far, by seat."""
    query = select(ExpertAssessment).where(ExpertAssessment.committee_id == held.id)
    return list(session.scalars(query.order_by(ExpertAssessment.member_id, ExpertAssessment.id)))


def assessments_of(session: Session, held: Expert) -> list[ExpertAssessment]:
    """What projects have said of the expert, newest first."""
    query = select(ExpertAssessment).join(Member, Member.id == ExpertAssessment.member_id)
    return list(session.scalars(query.where(Member.expert_id == held.id).order_by(ExpertAssessment.id.desc())))


def own_assessment(session: Session, number: int, actor: Actor) -> ExpertAssessment:
    """The assessment of that number about the actor, or Missing."""
    found = session.get(ExpertAssessment, number)
    if found is None or actor.person_id is None or found.member.person_id != actor.person_id:
        raise Missing("assessment.unknown")
    return found


def reviews_of(session: Session, held: Expert) -> list[YearlyReview]:
    """The expert's yearly reviews, newest first."""
    query = select(YearlyReview).where(YearlyReview.expert_id == held.id).order_by(YearlyReview.year.desc())
    return list(session.scalars(query))


def figures_of_year(session: Session, held: Expert, year: int) -> dict[str, Any]:
    """An expert's year in figures: seats by what became of them, how the work was judged, training, sanctions."""
    query = select(Member).where(Member.expert_id == held.id, Member.invited_at.is_not(None))
    seats = [one for one in session.scalars(query) if one.invited_at and day_of(one.invited_at).year == year]
    states = Counter(one.state for one in seats)
    sections = {one.committee.section.code for one in seats}
    marked = [one for one in assessments(session, held) if one["section"].code in sections]
    grades = Counter(
        grade
        for one in assessments_of(session, held)
        if day_of(one.assessed_at).year == year
        for grade in one.grades.values()
    )
    return {
        "invited": len(seats),
        "declined": states["declined"],
        "absent": states["absent"],
        "avoided": states["avoided"],
        "evaluated": len(marked),
        "marked": sum(len(one["marks"]) for one in marked),
        "sent_back": sum(one["sent_back"] for one in marked),
        "grades": {grade: grades[grade] for grade in GRADES},
        "training_hours": sum(
            int(one["hours"]) for one in held.training or []
            if str(one.get("on") or "").startswith(str(year)) and str(one.get("hours") or "").isdigit()
        ),
        "sanctions": sum(
            (one.from_on or "").startswith(str(year)) for one in sanctions_of(session, held)
        ),
    }  # fmt: skip

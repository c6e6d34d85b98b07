"""Reads of the award committee (评定分离): the plan, the sitting, a member's own seat, what was told of each round."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from awards import queries
from awards.models import Ballot, Inspection, Publicity, Selection, SelectionRoll
from bidding.models import Section
from core.act import Actor
from core.draw.record import draw
from core.errors import Missing
from experts import queries as experts


def plan_of(section: Section) -> dict[str, Any] | None:
    """The section's plan for an award committee; None where the ranking decides (the default, R-510)."""
    found: dict[str, Any] | None = (section.method or {}).get("selection")
    return found


def roll_of(session: Session, section: Section) -> SelectionRoll | None:
    """The list a drawn committee comes from; None where there is none."""
    return session.scalar(select(SelectionRoll).where(SelectionRoll.section_id == section.id))


def selections(session: Session, held: Publicity) -> list[Selection]:
    """Every sitting of the section's award committee, in order."""
    query = select(Selection).where(Selection.publicity_id == held.id).order_by(Selection.number)
    return list(session.scalars(query))


def selection(session: Session, held: Publicity) -> Selection | None:
    """The sitting that counts; None before one is convened or after it was dissolved."""
    found = [one for one in selections(session, held) if one.state != "dissolved"]
    return found[-1] if found else None


def sitting(session: Session, code: str) -> Selection:
    """The section's sitting that counts, or Missing."""
    found = selection(session, queries.publicity_of(session, code))
    if found is None:
        raise Missing("selection.unknown")
    return found


def seat_of(held: Selection, actor: Actor) -> dict[str, Any] | None:
    """The actor's own seat in the sitting; None for anybody else."""
    found: list[dict[str, Any]] = [one for one in held.members if one["login"] == actor.name]
    return found[0] if found else None


def own_sitting(session: Session, code: str, actor: Actor) -> tuple[Selection, dict[str, Any]]:
    """The sitting and the actor's own seat in it, or Missing."""
    held = sitting(session, code)
    seat = seat_of(held, actor)
    if seat is None:
        raise Missing("selection.unknown")
    return held, seat


def ballots(session: Session, held: Selection, number: int) -> list[Ballot]:
    """The ballots of a round by seat; only for counting and for rounds that are complete."""
    query = select(Ballot).where(Ballot.selection_id == held.id, Ballot.round == number).order_by(Ballot.seat)
    return list(session.scalars(query))


def inspections(session: Session, held: Publicity) -> list[Inspection]:
    """What was inspected of the candidates, in order."""
    query = select(Inspection).where(Inspection.publicity_id == held.id).order_by(Inspection.id)
    return list(session.scalars(query))


def draw_seed(session: Session, section: Section) -> tuple[str, bytes]:
    """Label and seed of the experts' draw, which a drawn award committee follows from; Missing where none was held."""
    committee = experts.committee(session, section)
    if committee.draw_label is None:
        raise Missing("selection.no_seed")
    seed = draw(session, committee.draw_label).seed
    if seed is None:
        raise Missing("selection.no_seed")
    return committee.draw_label, bytes.fromhex(seed)

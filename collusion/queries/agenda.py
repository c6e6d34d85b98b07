"""What waits for whom about warnings: the regulator's desk by its dates, bidders asked for material, files to close."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.rules import Role
from bidding.queries import agenda as bidding
from collusion.models import Warning
from collusion.queries.warnings import own_materials
from collusion.rules.law import desk_law
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import day_of

KINDS = {
    "collusion.take_on": Kind("collusion.warning", ("collusion.assign_warning",)),
    "collusion.decide": Kind(
        "collusion.warning",
        ("collusion.decide_warning", "collusion.ask_bidders", "collusion.take_records", "collusion.receive_link"),
    ),
    "collusion.resume": Kind("collusion.warning", ("collusion.resume_warning",)),
    "collusion.approve": Kind("collusion.warning", ("collusion.approve_warning",)),
    "collusion.answer": Kind("collusion.explanations", ("collusion.answer_material",)),
    "collusion.archive": Kind("collusion.archive", ("collusion.archive_section",), must=False),
}  # fmt: skip


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    law = desk_law(day_of(now))
    if actor.has(Role.SUPERVISOR):
        undecided = select(Warning).where(Warning.decided_at.is_(None)).order_by(Warning.due_at)
        for found in session.scalars(undecided):
            kind = _step(found, actor)
            if kind is not None:
                name = f"{found.section.project.name} {found.section.name}"
                facts = {"warning": found.code, "tier": f"tier.{found.tier}"}
                cite = law.cite("warning_decide_within")
                yield Item(kind, {"code": found.code}, found.due_at, found.section.code, name, facts, cite)
    if actor.has(Role.BIDDER):
        for one in own_materials(session, actor):
            if one.answered_at is None and one.warning.state == "asked":
                section = one.warning.section
                name, cite = f"{section.project.name} {section.name}", law.cite("material_answer_within")
                told = {"number": one.number}
                yield Item("collusion.answer", {}, one.due_at, section.code, name, told, cite)
    if actor.has(Role.OFFICER):
        for section in bidding.own_sections(session, actor, ("awarded",)):
            yield bidding.on(section, "collusion.archive", rule={"rule": "R-560", "source": ""})


def _step(found: Warning, actor: Actor) -> str | None:
    """What the supervisor may do about the warning now; None while it is another's."""
    mine = found.assignee_id == actor.person_id
    if found.state == "open":
        return "collusion.take_on"
    if found.state == "proposed":
        return None if mine else "collusion.approve"
    if not mine:
        return None
    return "collusion.resume" if found.state == "asked" else "collusion.decide"

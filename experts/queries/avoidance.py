"""Reads of suppliers' requests to avoid: whose they are, and whom the upheld ones name (R-331)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from bidding.models import Section
from core.errors import Missing
from experts.models import AvoidanceRequest, Committee, Expert
from experts.rules import same_name
from opening.models import Bid, Opening


def avoidance_requests(session: Session, section: Section) -> list[AvoidanceRequest]:
    """Every request about this section, oldest first."""
    query = select(AvoidanceRequest).where(AvoidanceRequest.section_id == section.id).order_by(AvoidanceRequest.id)
    return list(session.scalars(query))


def avoidance_request(session: Session, section: Section, request_id: int) -> AvoidanceRequest:
    """One request about this section, or Missing."""
    found = session.get(AvoidanceRequest, request_id)
    if found is None or found.section_id != section.id:
        raise Missing("avoidance.unknown")
    return found


def committee_of(session: Session, section: Section) -> Committee | None:
    """The section's committee; None while there is none."""
    return session.scalar(select(Committee).where(Committee.section_id == section.id))


def section_of(session: Session, bid: Bid) -> Section:
    """The section an opened bid belongs to."""
    return session.scalars(
        select(Section).join(Opening, Opening.section_id == Section.id).where(Opening.id == bid.opening_id)
    ).one()


def asked_to_avoid(session: Session, section: Section) -> Callable[[Person], bool]:
    """A function from a person to whether an upheld request names them, with a unit of theirs where it names one."""
    return named_by(session, upheld_names(session, section))


def upheld_names(session: Session, section: Section) -> list[tuple[str, str]]:
    """Whom upheld requests name, with the unit where one is named."""
    return [(one.person, one.unit) for one in avoidance_requests(session, section) if one.state == "upheld"]


def named_by(session: Session, upheld: Sequence[tuple[str, str]]) -> Callable[[Person], bool]:
    """A function from a person to whether one of these (person, unit) names them."""

    def is_named(person: Person) -> bool:
        units_named = [unit for name, unit in upheld if same_name(name, person.name)]
        if not units_named or any(not unit for unit in units_named):
            return bool(units_named)
        held = session.scalar(select(Expert).where(Expert.person_id == person.id))
        own = person.organisation
        units = [str(entry.get("name") or "") for entry in held.employers] if held else []
        units += [own.name] if own else []
        return any(same_name(named, unit) for named in units_named for unit in units)

    return is_named

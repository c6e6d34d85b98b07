"""What waits for whoever reads (待办): the items of every floor, soonest first; what others owe; what is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

import accounts.queries as accounts
from accounts.rules import Role
from awards.queries import agenda as awards
from bidding.models import Project, Section
from bidding.queries import AFTER_CLOSING
from bidding.queries import agenda as bidding
from collusion.queries import agenda as collusion
from core.act import Actor
from core.agenda import Item, Kind
from core.calendar import DAY, day_of, national
from core.errors import Refusal
from credit.queries import agenda as credit
from experts.models import Committee, Member
from experts.queries import agenda as experts
from opening.models import Bid, Opening
from opening.queries import agenda as opening
from portal import words
from portal.queries import ROLE_WORDS
from portal.waiting import waiting_line
from window.queries import agenda as window

FLOORS: tuple[Any, ...] = (accounts, credit, bidding, opening, experts, awards, collusion, window)
"""Every floor that has something waiting for somebody: `KINDS` names the kinds, `agenda` finds the items."""

KINDS: dict[str, Kind] = {name: kind for floor in FLOORS for name, kind in floor.KINDS.items()}

ENDED = ("awarded", "archived", "failed")
LATELY = timedelta(days=30)
ACTIVE = tuple({"submission_open", "suspended", *AFTER_CLOSING} - {"archived", "failed"})
MOST = 20
"""Lines of what others owe, and of what is over."""
LOOKED_AT = 100
"""The newest sections looked at for them."""


@dataclass(frozen=True)
class Line:
    """An item as the page shows it: what to do, about what, where, by when and how many working days that is."""

    kind: str
    text: str
    href: str
    name: str
    code: str
    must: bool
    due: datetime | None
    last_on: date | None
    left: int | None
    is_late: bool
    rule: Mapping[str, Any] | None


def todo(session: Session, actor: Actor, now: datetime) -> list[Line]:
    """What the actor must or may do now: what must be done first, by the instant it is due, then what may be."""
    found = [item for floor in FLOORS for item in floor.agenda(session, actor, now)]
    lines = [_line(item, now) for item in _once(found)]
    end = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda line: (not line.must, line.due or end, line.code, line.text))


def _once(items: list[Item]) -> Iterator[Item]:
    """Each item once: somebody with two roles may be told the same by both."""
    seen = set()
    for item in items:
        key = (item.kind, tuple(sorted(item.values.items())), tuple(sorted(map(str, item.facts.items()))))
        if key not in seen:
            seen.add(key)
            yield item


def _line(item: Item, now: datetime) -> Line:
    kind = KINDS[item.kind]
    facts = {name: _spoken(name, value) for name, value in item.facts.items()}
    due = item.due
    last = day_of(due - timedelta(microseconds=1)) if due is not None else None
    whole = due is not None and last != day_of(due)  # a period that ends with its day
    return Line(
        item.kind,
        words.sentence(Refusal(f"todo.{item.kind}", **facts)),
        url_for(kind.page, **item.values, _anchor=item.anchor or None),
        item.name,
        item.about,
        kind.must,
        due,
        last if whole else None,
        None if last is None else working_days(day_of(now), last),
        due is not None and due <= now,
        item.rule,
    )


def _spoken(name: str, value: Any) -> Any:
    if name in ("state", "tier", "source"):
        return words.state_word(str(value))
    if name == "verb":
        return words.kind_word(str(value))
    return str(ROLE_WORDS[Role(value)]) if name == "role" else value


def working_days(today: date, last: date) -> int:
    """Working days after today up to the last day (R-003); 0 on the day itself and after it."""
    table, day, count = national(), today, 0
    while day < last and count < 250:
        day += DAY
        count += table.is_working_day(day)
    return count


COURSE = frozenset({"bidding", "opening", "experts", "awards"})
"""Floors on which a tender goes on: whoever has something to do there is who it waits for."""


def busy(lines: list[Line]) -> set[str]:
    """The sections that wait for the actor itself."""
    return {line.code for line in lines if line.must and line.kind.partition(".")[0] in COURSE}


def others(session: Session, actor: Actor, own: set[str]) -> list[dict[str, Any]]:
    """Sections the actor has to do with that wait for somebody else: what for, by the public line of each."""
    found: list[dict[str, Any]] = []
    for section in _sections(session, actor, Section.state.in_(ACTIVE)):
        if section.code not in own and len(found) < MOST:
            line = waiting_line(section)
            if line:
                found.append({"section": section, "text": line})
    return found


def lately(session: Session, actor: Actor, now: datetime) -> list[Section]:
    """Sections the actor has to do with that came to an end in the last thirty days, newest first."""
    ended = _sections(session, actor, and_(Section.state.in_(ENDED), Section.state_at >= now - LATELY))
    return sorted(ended, key=lambda one: one.state_at, reverse=True)[:MOST]


def _sections(session: Session, actor: Actor, wanted: ColumnElement[bool]) -> list[Section]:
    """The wanted sections the platform may know the actor has to do with, newest first; a bidder's only after the names
    (R-208).
    """
    found: dict[int, Section] = {}
    if actor.has(Role.OFFICER, Role.SUPERVISOR):
        found |= _by_id(session, select(Section).where(wanted))
    elif actor.has(Role.TENDEREE, Role.AGENT) and actor.organisation_id is not None:
        mine = (Project.tenderee_id == actor.organisation_id) | (Project.agent_id == actor.organisation_id)
        found |= _by_id(session, select(Section).join(Project, Project.id == Section.project_id).where(wanted, mine))
    if actor.has(Role.BIDDER) and actor.organisation_id is not None:
        bids = select(Opening.section_id).join(Bid, Bid.opening_id == Opening.id)
        own = bids.where(Bid.organisation_id == actor.organisation_id)
        found |= _by_id(session, select(Section).where(wanted, Section.id.in_(own)))
    if actor.has(Role.EXPERT):
        seats = select(Committee.section_id).join(Member, Member.committee_id == Committee.id)
        own = seats.where(Member.person_id == actor.person_id, Member.state.in_(("signed_in", "signed")))
        found |= _by_id(session, select(Section).where(wanted, Section.id.in_(own)))
    return [found[key] for key in sorted(found, reverse=True)]


def _by_id(session: Session, query: Select[Section]) -> dict[int, Section]:
    newest = query.order_by(Section.id.desc()).limit(LOOKED_AT)
    return {section.id: section for section in session.scalars(newest)}

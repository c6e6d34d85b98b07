"""Reads of the pool: experts, what avoidance needs of them, who is busy when, who was seated how often."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, Text, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Person
from accounts.queries import one_by_one
from core import canonical
from core.act import Actor
from core.errors import Missing
from core.outbox import Message, state_of
from core.vault import vault_of
from experts.models import Committee, Expert, ExpertPool, Loan, Member
from experts.queries.identity import expert_in, identity_of, sealed_members
from experts.rules import Profile, widened

LIVE = frozenset({"invited", "accepted", "signed_in", "signed"})
"""States of members who hold their seat."""


SEALED_STATES = ("invited", "accepted", "declined", "avoided", "absent")
"""States of members whose names may be sealed: whoever has signed in is named."""


def expert(session: Session, code: str) -> Expert:
    """The expert of that code, or Missing."""
    found = session.scalar(select(Expert).where(Expert.code == code))
    if found is None:
        raise Missing("expert.unknown")
    return found


def expert_of(session: Session, actor: Actor) -> Expert | None:
    """The actor's own entry in the pool; None for who is not in it."""
    if actor.person_id is None:
        return None
    return session.scalar(select(Expert).where(Expert.person_id == actor.person_id))


def address_of(session: Session, login: str, channel: str) -> str:
    """Where letters of the channel reach the expert of that login: a telephone number, a mail address, or nothing."""
    query = select(Expert).join(Person, Person.id == Expert.person_id).where(Person.login == login)
    held = session.scalar(query)
    return str((held.contact or {}).get("mail" if channel == "mail" else "phone", "")) if held is not None else ""


def letters_of(session: Session, committee: Committee) -> dict[str, str]:
    """What became of each seat's invitation: sent, failed or waiting, by label; no name, no address."""
    seats = {f"invitation:{row[0]}": row[1] for row in session.execute(
        select(Member.id, Member.label).where(Member.committee_id == committee.id)
    )}  # fmt: skip
    found = session.scalars(select(Message).where(Message.key.in_(seats)))
    return {seats[one.key]: state_of(one) for one in found}


def pools(session: Session) -> list[ExpertPool]:
    """Every pool, by code."""
    return list(session.scalars(select(ExpertPool).order_by(ExpertPool.code)))


def expert_pool(session: Session, code: str) -> ExpertPool:
    """The pool of that code, or Missing."""
    found = session.scalar(select(ExpertPool).where(ExpertPool.code == code))
    if found is None:
        raise Missing("pool.unknown", pool=code)
    return found


def _filtered(
    session: Session, words: str, specialities: Collection[str], status: str, pools: Sequence[str]
) -> Select[Any]:
    query = select(Expert)
    if words:
        named = one_by_one(accounts.people_named(session, words))
        # By range, which an index answers; the last character there is comes after every code that begins so.
        coded = (Expert.code >= words) & (Expert.code < words + "\U0010ffff")
        query = query.where(coded | Expert.person_id.in_(named))
    if specialities:
        # Lists are kept as canonical JSON text: a word stands in it as its own JSON spelling, quotes included.
        held = type_coerce(Expert.specialities, Text)
        spelled = [canonical.dumps(one).decode() for one in sorted(specialities)]
        query = query.where(or_(*[held.contains(one, autoescape=True) for one in spelled]))
    if status:
        query = query.where(Expert.status == status)
    if pools:
        query = query.where(Expert.pool_id.in_(select(ExpertPool.id).where(ExpertPool.code.in_(pools))))
    return query


def experts(
    session: Session, *, words: str = "", speciality: str = "", status: str = "", pools: Sequence[str] = ()
) -> list[Expert]:
    """The experts by code, filtered by a name's words or a code's beginning, by speciality, by status and by pools."""
    found = _filtered(session, words, [speciality] if speciality else [], status, pools)
    return list(session.scalars(found.order_by(Expert.code)))


def find_experts(
    session: Session, *, words: str, speciality: str, status: str, pools: Sequence[str], limit: int
) -> tuple[list[Expert], int]:
    """The first `limit` of those `experts` would find, and how many there are: a page of a pool of a million."""
    found = _filtered(session, words, [speciality] if speciality else [], status, pools)
    count = session.scalar(select(func.count()).select_from(found.with_only_columns(Expert.id).subquery())) or 0
    return list(session.scalars(found.order_by(Expert.code).limit(limit))), count


def count_by_status(session: Session) -> dict[str, int]:
    """How many experts there are in each status; those of nobody are left out."""
    rows = session.execute(select(Expert.status, func.count()).group_by(Expert.status))
    return {row[0]: row[1] for row in rows}


def count_by_pool(session: Session) -> dict[int, int]:
    """How many experts each pool has, by the pool's key."""
    query = select(Expert.pool_id, func.count()).where(Expert.pool_id.is_not(None)).group_by(Expert.pool_id)
    return {row[0]: row[1] for row in session.execute(query) if row[0] is not None}


def eligible_experts(session: Session, specialities: set[str], pools: Sequence[str] = ()) -> list[Expert]:
    """Every expert of the pools (none named: of all) who holds one of the specialities, whatever else may bar them."""
    return (
        list(session.scalars(_filtered(session, "", specialities, "", pools).order_by(Expert.code)))
        if specialities
        else []
    )


def profile(held: Expert, declared: Mapping[str, Any] | None = None) -> Profile:
    """What avoidance needs to know of the expert; the organisation the account belongs to counts as an employer.

    `declared` is what the expert has declared anew and nobody has reviewed yet: it counts beside what is held.
    """
    more = declared or {}
    unit = held.person.organisation
    status = "suspended" if held.person.disabled_at is not None and held.status == "active" else held.status
    return Profile(
        name=held.person.name,
        status=status,
        employers=widened(held.employers, more.get("employers", ())),
        shareholdings=widened(held.shareholdings, more.get("shareholdings", ())),
        relatives=widened(held.relatives, more.get("relatives", ())),
        organisation=(unit.name, unit.identifier) if unit else None,
    )


def seats_taken(session: Session, since: datetime | None = None) -> dict[str, int]:
    """How many seats each expert has held so far (or since the instant), by code; experts never seated are left out."""
    query = (
        select(Expert.code, func.count())
        .join(Member, Member.expert_id == Expert.id)
        .where(Member.state.in_(LIVE))
        .group_by(Expert.code)
    )
    if since is not None:
        query = query.where(Member.invited_at >= since)
    taken = {row[0]: row[1] for row in session.execute(query)}
    for loan in live_loans(session):
        if since is None or loan.invited_at >= since:
            code = borrowed(session, loan).code
            taken[code] = taken.get(code, 0) + 1
    for member in sealed_members(session, LIVE):
        if since is None or (member.invited_at is not None and member.invited_at >= since):
            code = expert_in(session, member).code
            taken[code] = taken.get(code, 0) + 1
    return taken


def live_loans(session: Session) -> list[Loan]:
    """Our people's seats on partners' committees, as far as it can be told who sits there."""
    query = select(Loan).where(Loan.state.in_(("invited", "accepted"))).order_by(Loan.id)
    can_open = vault_of(session).is_open
    return [loan for loan in session.scalars(query) if loan.expert_id is not None or can_open]


def borrowed(session: Session, loan: Loan) -> Expert:
    """Which of our experts it is; Conflict("duty.closed") where sealed and nobody is on duty."""
    key = loan.expert_id if loan.expert_id is not None else vault_of(session).read(str(loan.sealed))["expert"]
    return session.get_one(Expert, key)


def busy_people(
    session: Session, begins: datetime, ends: datetime, *, apart_from: int, apart_from_loan: tuple[int, str] = (0, "")
) -> set[int]:
    """The people who hold a seat on another committee whose meeting overlaps [begins, ends) and is not over.

    Committees of partner platforms count too; `apart_from_loan` is one of them by partner and section.
    """
    query = (
        select(Member.person_id, Committee.meets_at, Committee.hours)
        .join(Committee, Committee.id == Member.committee_id)
        .where(
            Member.state.in_(LIVE),
            Committee.id != apart_from,
            Committee.state != "delivered",
            Committee.meets_at.is_not(None),
        )
    )
    rows = session.execute(query.where(Member.person_id.is_not(None)))
    held = [(int(row[0] or 0), row[1], row[2]) for row in rows]
    held += [
        (identity_of(session, one)[0], one.committee.meets_at, one.committee.hours)
        for one in sealed_members(session, LIVE)
        if one.committee_id != apart_from and one.committee.state != "delivered"
    ]
    held += [
        (borrowed(session, loan).person_id, loan.meets_at, loan.hours)
        for loan in live_loans(session)
        if (loan.partner_id, loan.section) != apart_from_loan
    ]
    return {
        person_id
        for person_id, meets_at, hours in held
        if meets_at is not None and meets_at < ends and begins < meets_at + timedelta(hours=hours)
    }

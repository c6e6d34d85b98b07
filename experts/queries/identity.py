"""Who sits where, while it is secret: names sealed to the duty key until their holder signs in (R-323)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Missing, Refusal
from core.vault import seal_to, vault_of
from experts.models import Committee, DutyKey, Expert, Member
from experts.rules.federation import check_guest


def duty_key(session: Session) -> DutyKey | None:
    """The duty key in force: the newest that was not withdrawn; None where names are kept in clear."""
    return session.scalar(select(DutyKey).where(DutyKey.withdrawn_at.is_(None)).order_by(DutyKey.id.desc()).limit(1))


def sealed_for_duty(session: Session, value: dict[str, Any]) -> str | None:
    """The value sealed to the duty key; None where there is none."""
    held = duty_key(session)
    return seal_to(held.recipient, value) if held is not None else None


def is_open(session: Session) -> bool:
    """Whether what is sealed can be read here and now; true where nothing is sealed."""
    return vault_of(session).is_open or duty_key(session) is None


def table_of(session: Session, held: dict[str, Any]) -> dict[str, Any]:
    """The secret part of one of `Committee.rounds`: salt, codes, evidence; Conflict("duty.closed") off duty."""
    told: dict[str, Any] = vault_of(session).read(held["sealed"]) if "sealed" in held else held
    return told


def identity_of(session: Session, member: Member) -> tuple[int, int | None]:
    """The person and the expert who hold this seat; Conflict("duty.closed") where sealed and nobody is on duty.

    (0, None) while a partner's expert is awaited, who is nobody here yet.
    """
    if member.is_awaited:
        return 0, None
    if member.person_id is not None:
        return member.person_id, member.expert_id
    told = vault_of(session).read(str(member.sealed))
    return told["person"], told["expert"]


def expert_in(session: Session, member: Member) -> Expert:
    """The expert who holds this seat, or Missing."""
    found = session.get(Expert, identity_of(session, member)[1] or 0)
    if found is None:
        raise Missing("member.unknown")
    return found


def sealed_members(session: Session, states: Iterable[str]) -> list[Member]:
    """Our own members whose names are sealed, in those states; empty off duty, when nobody could read them."""
    if not vault_of(session).is_open:
        return []
    query = select(Member).where(Member.sealed.is_not(None), Member.person_id.is_(None), Member.state.in_(list(states)))
    return list(session.scalars(query.where(Member.partner_id.is_(None)).order_by(Member.id)))


def holds(session: Session, member: Member, person_id: int | None) -> bool:
    """Whether that person holds this seat; False where it cannot be told because nobody is on duty."""
    if person_id is None or (member.person_id is None and not vault_of(session).is_open):
        return False
    return identity_of(session, member)[0] == person_id


def name_of(session: Session, member: Member) -> str | None:
    """The name of who holds the seat; None where it is sealed and nobody is on duty, or not told yet by a partner."""
    if member.is_awaited:
        told = guest_of(session, member)
        return str(told["name"]) if told else None
    if member.person_id is None and not vault_of(session).is_open:
        return None
    return member.person.name


def guest_of(session: Session, member: Member) -> dict[str, Any] | None:
    """What the partner told of its expert on this seat (`rules.federation.check_guest`).

    None before it has told, where nobody is on duty to read it, and where what it sealed is no such record.
    """
    if member.guest is not None or member.sealed is None or not vault_of(session).is_open:
        return member.guest
    try:
        return check_guest(vault_of(session).read(member.sealed))
    except (Refusal, ValueError):
        return None


def committees_with_secrets(session: Session) -> int:
    """How many committees not yet delivered hold a draw's table or a seat that is sealed: they still need the key."""
    query = select(Committee).where(Committee.state.not_in(("requested", "delivered")))
    waiting = select(Member.committee_id).where(Member.person_id.is_(None), Member.sealed.is_not(None)).distinct()
    sealed = set(session.scalars(waiting))
    return sum(
        held.id in sealed or any("sealed" in one for one in held.rounds) for held in session.scalars(query)
    )  # fmt: skip

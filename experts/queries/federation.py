"""Reads of shared pools: partners, what they were asked for a draw, what they asked of us, our people on loan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Certificate
from core.act import Actor
from core.calendar import day_of
from core.clock import from_iso
from core.errors import Missing
from core.vault import vault_of
from experts.models import Committee, Consultation, Enquiry, Expert, Loan, Member, Partner
from experts.queries.avoidance import named_by
from experts.queries.committee import members
from experts.queries.pool import LIVE, borrowed, busy_people, expert_of
from experts.queries.seats import Bars, bars
from experts.rules import Shape
from experts.rules.federation import by_partner, limits_of, parties_of


def partners(session: Session, *, withdrawn: bool = False) -> list[Partner]:
    """The partner platforms by code; with `withdrawn` also those no longer on the list."""
    query = select(Partner).order_by(Partner.code)
    return list(session.scalars(query if withdrawn else query.where(Partner.withdrawn_at.is_(None))))


def partner(session: Session, code: str) -> Partner:
    """The partner of that code on the list, or Missing."""
    found = session.scalar(select(Partner).where(Partner.code == code, Partner.withdrawn_at.is_(None)))
    if found is None:
        raise Missing("partner.unknown", partner=code)
    return found


def partner_named(session: Session, code: str) -> Partner:
    """The partner of that code, on the list or no longer, or Missing."""
    found = session.scalar(select(Partner).where(Partner.code == code))
    if found is None:
        raise Missing("partner.unknown", partner=code)
    return found


def partner_by_key(session: Session, key: object) -> Partner:
    """The partner on the list whose key is spelled so, or Missing: a stranger learns nothing."""
    found = session.scalar(select(Partner).where(Partner.key == str(key), Partner.withdrawn_at.is_(None)))
    if found is None:
        raise Missing("partner.stranger")
    return found


def foreign_pools(session: Session) -> list[tuple[str, str, Partner]]:
    """Every pool a partner lends us: its code here (`jx/JX-1`), its name, whose it is."""
    return [(f"{one.code}/{pool['code']}", str(pool["name"]), one) for one in partners(session) for pool in one.pools]


def consultations(session: Session, committee: Committee, label: str | None = None) -> list[Consultation]:
    """What partners were asked for the committee's draws (or one of them), oldest first."""
    query = select(Consultation).where(Consultation.committee_id == committee.id).order_by(Consultation.id)
    return list(session.scalars(query if label is None else query.where(Consultation.label == label)))


def consultation(session: Session, committee: Committee, code: str) -> Consultation:
    """What the partner of that code was asked for the committee's newest draw, or Missing."""
    for one in consultations(session, committee, committee.draw_label):
        if one.partner.code == code:
            return one
    raise Missing("consultation.unknown")


def partner_standings(session: Session, committee: Committee) -> list[dict[str, Any]]:
    """For each partner the committee draws from: the pools named, and how far the newest draw's question is."""
    asked = {one.partner.code: one for one in consultations(session, committee, committee.draw_label)}
    named = {one.code: one for one in partners(session, withdrawn=True)}
    return [
        {"partner": named[code], "pools": pools, "asked": asked.get(code)}
        for code, pools in by_partner(Shape.from_json(committee.shape).partners).items()
    ]


def awaited(session: Session, held: Consultation) -> list[Member]:
    """The committee's members who came from this partner's answer, whatever became of them."""
    mark = f"{held.partner.code}/"
    own = set(held.answer["document"]["candidates"]) if held.answer else set()
    return [
        one
        for one in members(session, held.committee)
        if one.partner_id == held.partner_id and one.candidate and one.candidate.removeprefix(mark) in own
    ]


def states_to_tell(session: Session, held: Consultation) -> dict[str, list[str]]:
    """What the partner is to know: by its own candidate names the seat and whether it is held."""
    mark = f"{held.partner.code}/"
    return {
        str(one.candidate).removeprefix(mark): [one.seat, "held" if one.state in LIVE else "left"]
        for one in awaited(session, held)
    }


def due_to_tell(session: Session, now: datetime) -> list[Consultation]:
    """Consultations whose partner is to hear of seats now: something changed, or somebody has not arrived yet."""
    query = select(Consultation).where(
        Consultation.state == "answered", Consultation.due_at.is_(None) | (Consultation.due_at <= now)
    )
    found = []
    for one in session.scalars(query.order_by(Consultation.id)):
        told = states_to_tell(session, one)
        waiting = one.committee.state != "delivered" and any(
            m.is_awaited and m.state in LIVE for m in awaited(session, one)
        )
        if told and (told != one.told or waiting):
            found.append(one)
    return found


def enquiries(session: Session, partner_id: int, section: str) -> list[Enquiry]:
    """What the partner has asked for that section's draws, oldest first."""
    query = select(Enquiry).where(Enquiry.partner_id == partner_id, Enquiry.section == section)
    return list(session.scalars(query.order_by(Enquiry.id)))


def secret_of(session: Session, held: Enquiry) -> dict[str, Any]:
    """Salt and codes of an answer; Conflict("duty.closed") where sealed and nobody is on duty."""
    told: dict[str, Any] = vault_of(session).read(held.secret["sealed"]) if "sealed" in held.secret else held.secret
    return told


def bars_of_question(session: Session, partner_id: int, question: dict[str, Any], now: datetime) -> Bars:
    """Why one of ours may not sit at the partner's meeting: our own bars, by the partner's parties and requests."""
    begins = from_iso(question["meets_at"])
    ends = begins + timedelta(hours=question["hours"])
    return bars(
        session, now, tied_to=parties_of(question),
        busy=busy_people(session, begins, ends, apart_from=0, apart_from_loan=(partner_id, question["section"])),
        seated={}, limits=limits_of(question), meets_on=day_of(begins),
        is_named=named_by(session, [(row["person"], row["unit"]) for row in question["avoid"]]),
    )  # fmt: skip


def certified(session: Session, at: datetime) -> set[int]:
    """The people who hold a certificate that is good at the instant: without one nobody can sign in elsewhere."""
    query = select(Certificate.person_id).where(Certificate.revoked_at.is_(None), Certificate.not_after > at)
    return set(session.scalars(query))


def certificate_of(session: Session, held: Expert, at: datetime) -> str | None:
    """PEM of the expert's newest certificate good at the instant."""
    query = select(Certificate.pem).where(
        Certificate.person_id == held.person_id, Certificate.revoked_at.is_(None), Certificate.not_after > at
    )
    return session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def loans(session: Session, *, partner_id: int | None = None, section: str | None = None) -> list[Loan]:
    """Our people's seats elsewhere, newest first; at one partner, for one section."""
    query = select(Loan).order_by(Loan.id.desc())
    if partner_id is not None:
        query = query.where(Loan.partner_id == partner_id)
    return list(session.scalars(query if section is None else query.where(Loan.section == section)))


def own_loans(session: Session, actor: Actor) -> list[Loan]:
    """The actor's own invitations to partners' committees, newest first."""
    own = expert_of(session, actor)
    if own is None:
        return []
    return [one for one in loans(session) if _is_of(session, one, own)]


def own_loan(session: Session, number: int, actor: Actor) -> Loan:
    """One of them, or Missing."""
    found, own = session.get(Loan, number), expert_of(session, actor)
    if found is None or own is None or not _is_of(session, found, own):
        raise Missing("loan.unknown")
    return found


def newcomers(session: Session) -> Sequence[Member]:
    """Partners' experts who are awaited and have said that they come."""
    query = select(Member).where(Member.partner_id.is_not(None), Member.person_id.is_(None), Member.state == "accepted")
    return session.scalars(query.order_by(Member.id)).all()


def _is_of(session: Session, loan: Loan, own: Expert) -> bool:
    if loan.expert_id is None and not vault_of(session).is_open:
        return False
    return borrowed(session, loan).id == own.id

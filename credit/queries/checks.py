"""Reads of checks with their evidence, and of what they mean for a section."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Organisation
from accounts.rules import Role
from core.act import Actor
from core.errors import Conflict, Missing
from core.law import Snapshot
from credit.models import CreditCheck
from credit.rules import SOURCES, blocks, whole

WORKING = (Role.OFFICER, Role.SUPERVISOR, Role.OPERATOR, Role.TENDEREE, Role.AGENT, Role.EXPERT)
"""Roles that judge bids or watch over it; the link itself, a digest, is shown to them with the bid."""


def checks(session: Session, section_code: str) -> list[CreditCheck]:
    """Every check made for a section, oldest first."""
    return list(
        session.scalars(select(CreditCheck).where(CreditCheck.section == section_code).order_by(CreditCheck.id))
    )


def check_by_id(session: Session, check_id: int) -> CreditCheck:
    """The check, or Missing."""
    found = session.get(CreditCheck, check_id)
    if found is None:
        raise Missing("credit.check_unknown")
    return found


def own_check(session: Session, sha256: str, actor: Actor) -> CreditCheck:
    """The newest check whose evidence has that digest, if the actor may see it; else Missing.

    Whoever works on sections may; a bidder only what was found about their own organisation.
    """
    found = session.scalar(
        select(CreditCheck).where(CreditCheck.evidence_sha256 == sha256).order_by(CreditCheck.id.desc()).limit(1)
    )
    if found is None or not (actor.has(*WORKING) or found.identifier == own_code(session, actor)):
        raise Missing("credit.check_unknown")
    return found


def own_code(session: Session, actor: Actor) -> str | None:
    """The code of the actor's own organisation."""
    organisation = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    return organisation.identifier if organisation else None


def checks_of(session: Session, identifier: str) -> list[CreditCheck]:
    """Every check of one party, newest first."""
    query = select(CreditCheck).where(CreditCheck.identifier == identifier)
    return list(session.scalars(query.order_by(CreditCheck.id.desc()).limit(200)))


def successor(session: Session, check: CreditCheck) -> CreditCheck | None:
    """The newest later check of the same party, list and section: the one that counts instead."""
    return session.scalar(
        select(CreditCheck)
        .where(
            CreditCheck.section == check.section,
            CreditCheck.identifier == check.identifier,
            CreditCheck.source == check.source,
            CreditCheck.id > check.id,
        )
        .order_by(CreditCheck.id.desc())
        .limit(1)
    )


def newest_checks(session: Session, section_code: str, identifier: str) -> dict[str, CreditCheck]:
    """The party's newest check per list: the evaluation-time result prevails (R-703)."""
    found = session.scalars(
        select(CreditCheck)
        .where(CreditCheck.section == section_code, CreditCheck.identifier == identifier)
        .order_by(CreditCheck.id)
    )
    return {held.source: held for held in found}


def parties(session: Session, section_code: str, *, member_of: str | None = None) -> list[CreditCheck]:
    """One newest check for each party of the section, in each consortium it is of; only one's where it is asked."""
    query = select(func.max(CreditCheck.id)).where(CreditCheck.section == section_code)
    if member_of is not None:
        query = query.where(or_(CreditCheck.member_of == member_of, CreditCheck.identifier == member_of))
    newest = query.group_by(CreditCheck.identifier, CreditCheck.name, CreditCheck.member_of)
    return list(session.scalars(select(CreditCheck).where(CreditCheck.id.in_(newest)).order_by(CreditCheck.id)))


def is_restricted(session: Session, section_code: str, identifier: str) -> bool:
    """Whether the newest check of any list restricts the party, or any member of its consortium (R-704)."""
    return bool(restrictions(session, section_code, identifier))


def restrictions(session: Session, section_code: str, identifier: str) -> list[str]:
    """The lists whose newest check restricts the party or a member; what was repaired since is not among them."""
    return sorted({held.source for held in restricting(session, section_code, identifier)})


def restricting(session: Session, section_code: str, identifier: str) -> list[CreditCheck]:
    """The newest checks that restrict the party or, each by itself, a member of its consortium (R-704)."""
    return [
        held
        for party in parties(session, section_code, member_of=identifier)
        for held in newest_checks(session, section_code, party.identifier).values()
        if held.decision == "restricted"
    ]


@dataclass(frozen=True)
class Row:
    """One line of the matrix: a party, whom it bids with, and its newest check per list."""

    party: CreditCheck
    cells: dict[str, CreditCheck]
    whole: str | None
    """What all members' answers make of the consortium this party leads; None for any other party."""


def matrix_of(session: Session, section_code: str) -> list[Row]:
    """The parties of a section against the lists, each consortium's members below their lead (R-704)."""
    held = parties(session, section_code)
    cells = {one.identifier: newest_checks(session, section_code, one.identifier) for one in held}
    found = []
    for lead in [one for one in held if not one.member_of]:
        members = [one for one in held if lead.identifier and one.member_of == lead.identifier]
        decisions = [check.decision for one in (lead, *members) for check in cells[one.identifier].values()]
        found.append(Row(lead, cells[lead.identifier], whole(decisions) if members else None))
        found += [Row(one, cells[one.identifier], None) for one in members]
    listed = {row.party.id for row in found}
    return [*found, *(Row(one, cells[one.identifier], None) for one in held if one.id not in listed)]


def blocking(
    session: Session, section_code: str, identifier: str, law: Snapshot, stage: str
) -> list[tuple[CreditCheck, dict[str, str]]]:
    """The newest checks of the party and its members that stop the stage, each with the rule by which it does."""
    found = []
    for party in parties(session, section_code, member_of=identifier):
        for held in newest_checks(session, section_code, party.identifier).values():
            rule = blocks(law, stage, held.decision)
            if rule is not None:
                found.append((held, rule))
    return found


def check_clearance(session: Session, section_code: str, identifier: str, law: Snapshot, stage: str = "award") -> None:
    """Refuse the stage to a party a list restricts, and where the regime says so to one whose query is unanswered.

    Conflict("credit.stage_restricted") or Conflict("credit.stage_pending") with the lists and the rule.
    """
    found = blocking(session, section_code, identifier, law, stage)
    for decision in ("restricted", "pending"):
        held = [(check, rule) for check, rule in found if check.decision == decision]
        if held:
            facts: dict[str, Any] = {
                "party": held[0][0].name,
                "lists": sorted({SOURCES[check.source] for check, _ in held}),
                "rule": held[0][1]["rule"],
                "law": held[0][1]["source"],
            }
            if decision == "restricted":
                raise Conflict("credit.stage_restricted", **facts)
            raise Conflict("credit.stage_pending", **facts)


def due_to_ask(session: Session, now: datetime, most: int) -> list[CreditCheck]:
    """Unanswered checks whose turn to be asked has come and that nothing later has settled."""
    later = select(CreditCheck.follows_id).where(CreditCheck.follows_id.is_not(None))
    query = select(CreditCheck).where(CreditCheck.next_ask_at <= now, CreditCheck.id.not_in(later))
    return list(session.scalars(query.order_by(CreditCheck.next_ask_at, CreditCheck.id).limit(most)))


def check_new_ledger(session: Session, sha256: str) -> None:
    """Refuse a ledger file that was taken before: Conflict("credit.ledger_held")."""
    query = select(CreditCheck.id).where(CreditCheck.adapter == "ledger", CreditCheck.raw_sha256 == sha256).limit(1)
    if session.scalar(query) is not None:
        raise Conflict("credit.ledger_held", field="file")


def sections_checked(session: Session) -> list[str]:
    """The codes of sections with checks, in the order of their first check; imported ledgers are no sections here."""
    query = select(CreditCheck.section).where(CreditCheck.adapter != "ledger").group_by(CreditCheck.section)
    return list(session.scalars(query.order_by(func.min(CreditCheck.id))))

"""Reads of contracts: the one that counts, a party's own, the offer it is made from, what happened under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.queries import organisation_by_identifier
from awards import queries
from awards.models import Contract, ContractEvent, Publicity
from awards.rules.contracts import member_party
from bidding import queries as bidding
from bidding.models import Section
from core.act import Actor
from core.clock import iso
from core.errors import Missing


def contracts(session: Session, section: Section) -> list[Contract]:
    """Every version, oldest first."""
    query = select(Contract).where(Contract.section_id == section.id).order_by(Contract.number)
    return list(session.scalars(query))


def contract(session: Session, section: Section) -> Contract | None:
    """The version that counts; None before one is put up or after it became void."""
    found = [one for one in contracts(session, section) if one.state != "void"]
    return found[-1] if found else None


def own_contract(session: Session, code: str, actor: Actor) -> Contract:
    """The contract of a section for its tenderee or agent, its supervisors, and every party to it; else Missing."""
    section = bidding.section(session, code)
    found = contract(session, section)
    if found is None:
        raise Missing("contract.unknown")
    if party_of(session, found, actor) is None:
        bidding.own_section(session, code, actor)
    return found


@dataclass(frozen=True)
class Party:
    """Who signs: the tenderee, the winner, and of a winning consortium every other member (招标投标法 a31)."""

    key: str
    name: str
    identifier: str
    organisation_id: int | None
    role: str


def parties(session: Session, held: Contract) -> list[Party]:
    """Everyone without whose signature there is no contract, the tenderee first, then the lead and its members."""
    tenderee, bid = held.section.project.tenderee, held.bid
    role = "lead" if bid.members else "winner"
    found = [
        Party("tenderee", tenderee.name, tenderee.identifier, tenderee.id, "tenderee"),
        Party("winner", bid.name, bid.identifier, bid.organisation_id, role),
    ]
    for place, one in enumerate(bid.members[1:], 2):
        unit = organisation_by_identifier(session, one["uscc"])
        found.append(Party(member_party(place), one["name"], one["uscc"], unit.id if unit else None, "member"))
    return found


def party_of(session: Session, held: Contract, actor: Actor) -> str | None:
    """Which party the actor signs for, or None."""
    own = actor.organisation_id
    return next((one.key for one in parties(session, held) if own is not None and one.organisation_id == own), None)


def offer_of(held: Publicity) -> dict[str, Any]:
    """What the winner's sealed offer and the tender fix for the contract; Missing without a winner."""
    section, winner = held.section, held.winner
    if winner is None:
        raise Missing("contract.unknown")
    schedule = winner.schedule or {}
    return {
        "subject": (section.particulars or {}).get("scope") or section.name,
        "price_fen": winner.price_fen or 0,
        "duration_days": schedule.get("duration_days", section.duration_days),
        "quality": str(schedule.get("quality", "")),
        "manager": str(schedule.get("manager", "")),
    }


def noticed_at(session: Session, held: Publicity) -> Any:
    """When the award notice went out: what the contract's days are counted from."""
    found = queries.notice_of(session, held.section, "award")
    return held.state_at if found is None else found.published_at


def events(session: Session, held: Contract) -> list[ContractEvent]:
    """What happened under the contract, in order."""
    query = select(ContractEvent).where(ContractEvent.contract_id == held.id).order_by(ContractEvent.number)
    return list(session.scalars(query))


def told_contract(session: Session, held: Contract) -> dict[str, Any]:
    """A version as the archive tells it."""
    return {
        "number": held.number,
        "state": held.state,
        "bid": held.bid.number,
        "offer": held.offer,
        "terms": held.terms,
        "pdf_sha256": held.pdf_sha256,
        "due_at": iso(held.due_at),
        "proposed_at": iso(held.proposed_at),
        "concluded_at": iso(held.concluded_at) if held.concluded_at else None,
        "signatures": held.signatures,
        "ending": held.ending,
        "events": [
            {"number": one.number, "kind": one.kind, "text": one.text, "amount_fen": one.amount_fen,
             "files": one.files, "by": one.by, "at": iso(one.at)}
            for one in events(session, held)
        ],
    }  # fmt: skip

"""The opening record as data: everything that was done and said on the day, and what bidders confirm (R-260)."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from bidding import queries as bidding
from bidding.models import Section
from bidding.rules.bonds import masked
from core.board import notices
from core.clock import iso
from core.errors import Missing
from core.ledger.log import LedgerEntry
from opening.lifecycle import OPENED
from opening.models import Bid, Opening, PeelFault
from opening.queries.opening import (
    bids,
    closed_submissions,
    evidence,
    incidents,
    objections,
    opening,
    prices_told,
    sayings,
    sitting_bids,
)


def readout_digest(session: Session, found: Opening) -> str:
    """SHA-256 of the canonical content of the notice that read the prices out: what bidders confirm."""
    held = notices(session, kind="opening_prices", subject=found.section.subject, limit=1)
    if not held:
        raise Missing("opening.unread", section=found.section.code)
    return hashlib.sha256(rfc8785.dumps(held[0].content)).hexdigest()


def record_facts(session: Session, section: Section) -> dict[str, Any]:
    """The content of the opening record (R-260), as JSON: what the PDF says and what its digest covers."""
    found = opening(session, section)
    project = section.project
    moved = {
        entry.kind: entry
        for entry in session.scalars(
            select(LedgerEntry).where(LedgerEntry.subject == found.subject).order_by(LedgerEntry.leaf_index)
        )
    }
    begun = "opening.convene_second" if found.sitting > 1 else "opening.publish_names"
    since = moved["opening.convene_second"].at if found.sitting > 1 else moved["opening.convene"].at
    taking_part = sitting_bids(session, found)
    return {
        "type": "sunbid-opening-record/v1",
        "project": {"code": project.code, "name": project.name, "tenderee": project.tenderee.name},
        "agent": project.agent.name if project.agent else None,
        "section": {"code": section.code, "name": section.name},
        "deadline": iso(section.deadline_at) if section.deadline_at else None,
        "sitting": found.sitting,
        "sittings": found.sittings,
        "envelopes": sorted({name for bid in taking_part for name in found.due(bid.submission)}),
        "first_record_sha256": (found.first_sitting or {}).get("record_sha256"),
        **(
            {
                "restored": sorted(found.numbers or ()),
                "later_record_sha256": [one["record_sha256"] for one in found.later_sittings],
            }
            if found.sitting > 2
            else {}
        ),
        "convened": _at(moved, "opening.convene_second" if found.sitting > 1 else "opening.convene"),
        "names_published": _at(moved, begun),
        "decrypt_opened": _at(moved, "opening.open_decryption"),
        "decrypt_until": iso(found.decrypt_until_at) if found.decrypt_until_at else None,
        "decrypt_closed": _at(moved, "opening.close_decryption"),
        "prices_read": _at(moved, "opening.read_prices"),
        "pauses": found.pauses,
        "extensions": found.extensions,
        "suspensions": found.suspensions,
        "incidents": [
            {
                "number": incident.number,
                "cause": incident.cause,
                "impact": incident.impact,
                "measures": incident.measures,
                "raised_at": iso(incident.raised_at),
                "raised_by": _person(session, incident.raised_by),
                "outcome": incident.outcome,
                "closed_at": iso(incident.closed_at) if incident.closed_at else None,
            }
            for incident in incidents(session, found)
            if incident.raised_at >= since
        ],
        "closing": {"size": found.closing_size, "checkpoint": found.closing_note},
        "control_price_fen": section.control_price_fen,
        "bond_fen": section.bond_fen,
        "coefficient": (found.coefficients or {}).get("k"),
        "seed": (found.coefficients or {}).get("seed"),
        "bids": [_recorded(bid, prices_told(found)) for bid in bids(session, found)],
        "decoys": len(found.decoys or []),
        "layer_faults": record_faults(session, found),
        "objections": [
            {
                "number": _number(session, found, objection.bid_id),
                "text": objection.text,
                "raised_at": iso(objection.raised_at),
                "reply": objection.reply,
                "replied_at": iso(objection.replied_at) if objection.replied_at else None,
                "replied_by": _person(session, objection.replied_by),
            }
            for objection in objections(session, found)
            if objection.raised_at >= since
        ],
        "sayings": [
            {
                "number": item.number,
                "kind": item.kind,
                "speaker": item.speaker,
                "role": item.role,
                "text": item.text,
                "at": iso(item.said_at),
            }
            for item in sayings(session, found)
            if item.said_at >= since
        ],
        "evidence": [
            {
                "number": _number(session, found, item.bid_id),
                "role": item.role,
                "trouble": item.code,
                "sha256": item.sha256,
                "at": iso(item.given_at),
            }
            for item in evidence(session, found)
            if item.given_at >= since
        ],
        "staff": {
            "host": _person(session, _actor(moved, begun)),
            "trustees": {
                role: person.name for role, person in bidding.trustee_people(session, section).items() if person
            },
        },
        "readout": readout_digest(session, found),
    }


def _recorded(bid: Bid, with_price: bool) -> dict[str, Any]:
    schedule = bid.schedule if with_price and bid.state in OPENED else None
    return {
        "number": bid.number,
        "name": bid.name,
        "identifier": bid.identifier,
        "received_at": iso(bid.submission.received_at),
        "submission_digest": bid.submission.digest,
        "signed_in_at": iso(bid.signed_in_at) if bid.signed_in_at else None,
        "state": bid.state,
        "opened_at": iso(bid.opened_at) if bid.opened_at else None,
        "cause": bid.cause,
        "cause_evidence": bid.cause_evidence,
        "judgement": bid.judgement,
        "faults": [fault["code"] for fault in bid.identity_faults],
        "consortium": bid.members,
        "schedule": schedule,
        "bond": _bond_told(bid.identity),
        "confirmed_at": iso(bid.confirmed_at) if bid.confirmed_at else None,
    }


def _bond_told(identity: Any) -> dict[str, Any] | None:
    """The bond as the bidder sealed it, of its account the last four signs: the record is everybody's to read."""
    bond = identity.get("bond") if isinstance(identity, dict) else None
    if not isinstance(bond, dict):
        return None
    return {**bond, "account": masked(str(bond["account"]))} if bond.get("account") else bond


def record_faults(session: Session, found: Opening) -> list[dict[str, Any]]:
    """Every layer that was handed in wrong or could not be taken off: which, by whom, why, when."""
    digests = {item.id: item.digest for item in closed_submissions(session, found)}
    held = session.scalars(select(PeelFault).where(PeelFault.submission_id.in_(list(digests))).order_by(PeelFault.id))
    return [
        {
            "submission_digest": digests[fault.submission_id],
            "package": fault.package,
            "set": fault.set_name,
            "stage": fault.stage,
            "by": fault.by,
            "code": fault.code,
            "at": iso(fault.found_at),
        }
        for fault in held
    ]


def _number(session: Session, found: Opening, bid_id: int) -> int | None:
    return next((bid.number for bid in bids(session, found) if bid.id == bid_id), None)


def _at(moved: dict[str, LedgerEntry], kind: str) -> str | None:
    return iso(moved[kind].at) if kind in moved else None


def _actor(moved: dict[str, LedgerEntry], kind: str) -> str | None:
    entry = moved.get(kind)
    return str(entry.facts.get("actor")) if entry is not None and isinstance(entry.facts, dict) else None


def _person(session: Session, login: str | None) -> str | None:
    """A person's name by login; the login where nobody has it."""
    if login is None:
        return None
    return session.scalar(select(Person.name).where(Person.login == login)) or login

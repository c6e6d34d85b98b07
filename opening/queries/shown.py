"""What the hall shows: board, log of the day, proof of the closing, content of the record; prices only in time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from bidding import queries as bidding
from bidding.models import Section
from core.board import notices
from core.clock import iso
from core.draw import record
from core.errors import Missing
from core.ledger.log import LedgerEntry, inclusion
from opening.lifecycle import OPENED
from opening.models import Bid, Opening, Peel, PeelFault
from opening.queries.layers import final_layer, unreadable
from opening.queries.opening import bids, closed_submissions, objections, opening
from opening.rules import (
    BIDDER_SET,
    DRAW_PARTIES,
    IDENTITY,
    NAMES_SHOWN,
    PRICES_SHOWN,
    coefficient_grid,
    draw_label,
)

LOGGED = (
    "section.close",
    "opening.",
    "bid.sign_in",
    "bid.release",
    "bid.open_by_bidder",
    "bid.open_by_trustees",
    "bid.deem_revoked",
    "bid.deem_withdrawn",
    "bid.mark_corrupted",
    "bid.damage",
    "bid.decide_cause",
    "bid.confirm",
    "draw.",
)
"""Ledger kinds the log of the day shows."""

_TOLD = frozenset(
    [
        "number",
        "reason",
        "code",
        "by",
        "set",
        "package",
        "cause",
        "k",
        "party",
        "until",
        "paused_seconds",
        "opened",
        "bids",
        "bidders",
        "decoys",
        "sealed",
        "text",
        "reply",
        "found",
        "value",
        "rule",
    ]
)


@dataclass(frozen=True)
class Line:
    """One line of the log of the day: when, what, about whom, and the ledger entry that proves it."""

    at: Any
    kind: str
    facts: dict[str, Any]
    bidder: str | None
    index: int


@dataclass(frozen=True)
class Closing:
    """The proof that a section is closed, for whoever holds a key: see docs/spec/opening.md."""

    entry: dict[str, Any]
    proof: list[str]
    note: str
    policies: list[Any]

    def as_json(self, platform_key: str) -> dict[str, Any]:
        """The proof as an answer of the site."""
        return {
            "type": "sunbid-closing/v1",
            "entry": self.entry,
            "inclusion_proof": self.proof,
            "checkpoint": self.note,
            "policies": self.policies,
            "platform_key": platform_key,
        }


def closing(session: Session, found: Opening) -> Closing:
    """The convening entry with its facts, its proof in the closing head, the head, and every policy of the section."""
    entry = session.scalar(
        select(LedgerEntry).where(LedgerEntry.subject == found.subject, LedgerEntry.kind == "opening.convene")
    )
    if entry is None:
        raise Missing("opening.unknown", section=found.section.code)
    return Closing(
        entry.told(),
        inclusion(session, entry.leaf_index, found.closing_size),
        found.closing_note,
        [policy.content for policy in bidding.policies(session, found.section)],
    )


def board(session: Session, found: Opening) -> list[dict[str, Any]]:
    """The rows of the bidders' board: empty before the names, without any price before the reading (R-257)."""
    if found.state not in NAMES_SHOWN:
        return []
    priced = found.state in PRICES_SHOWN
    return [_row(session, bid, priced) for bid in bids(session, found)]


def _row(session: Session, bid: Bid, priced: bool) -> dict[str, Any]:
    released, total = _released(session, bid)
    row: dict[str, Any] = {
        "number": bid.number,
        "name": bid.name,
        "identifier": bid.identifier,
        "received_at": bid.submission.received_at,
        "digest": bid.submission.digest,
        "leaf_index": bid.submission.leaf_index,
        "signed_in_at": bid.signed_in_at,
        "state": bid.state,
        "released": released,
        "envelopes": total,
        "remedy": bid.remedy,
        "cause": bid.cause,
        "cause_evidence": bid.cause_evidence,
        "faults": bid.identity_faults,
        "credit": bid.credit or [],
        "opened_at": bid.opened_at,
        "confirmed_at": bid.confirmed_at,
        "price_fen": None,
        "schedule": None,
    }
    if priced and bid.state in OPENED:
        row["price_fen"] = bid.price_fen
        row["schedule"] = bid.schedule
    return row


def _released(session: Session, bid: Bid) -> tuple[int, int]:
    """How many envelopes the bidder has released (or have been opened), and of how many."""
    envelopes = list(bid.submission.content["envelopes"])
    if bid.state != "sealed":
        return (len(envelopes) if bid.state in OPENED else 0), len(envelopes)
    held = session.scalars(
        select(Peel.package).where(
            Peel.submission_id == bid.submission_id, Peel.set_name == BIDDER_SET, Peel.stage == 0
        )
    )
    return len(set(held)), len(envelopes)


def identities_read(session: Session, found: Opening) -> tuple[int, int]:
    """How many identity packages of the closed set are done with, and of how many; decoys look like the rest."""
    submissions = closed_submissions(session, found)
    done = [item for item in submissions if final_layer(session, item, IDENTITY) or unreadable(session, item, IDENTITY)]
    return len(done), len(submissions)


def state_facts(session: Session, found: Opening) -> dict[str, Any]:
    """The opening as JSON for anyone: state, window, board, log position; prices only when they are read."""
    read, total = identities_read(session, found)
    return {
        "type": "sunbid-opening/v1",
        "section": found.section.code,
        "state": found.state,
        "state_at": iso(found.state_at),
        "decrypt_until": iso(found.decrypt_until_at) if found.decrypt_until_at else None,
        "pauses": found.pauses,
        "identities": {"read": read, "total": total},
        "bids": [
            {key: iso(value) if key.endswith("_at") and value else value for key, value in row.items()}
            for row in board(session, found)
        ],
        "failure": found.failure,
        "coefficients": found.coefficients if found.state in PRICES_SHOWN | {"coefficients_drawn"} else None,
        "record_sha256": found.record_sha256,
    }


def log_lines(session: Session, found: Opening) -> list[Line]:
    """The log of the day from the ledger, newest first; names of bidders only once they are public."""
    named = {bid.subject: bid for bid in bids(session, found)} if found.state in NAMES_SHOWN else {}
    subjects = [found.subject, found.section.subject, f"draw:{draw_label(found.section.code)}", *named]
    entries = session.scalars(
        select(LedgerEntry)
        .where(
            LedgerEntry.subject.in_(subjects),
            LedgerEntry.kind != "opening.peel",
            or_(*(LedgerEntry.kind.startswith(kind, autoescape=True) for kind in LOGGED)),
        )
        .order_by(LedgerEntry.leaf_index.desc())
    )
    return [_line(entry, named, found) for entry in entries]


def _line(entry: LedgerEntry, named: dict[str, Bid], found: Opening) -> Line:
    facts = entry.facts if isinstance(entry.facts, dict) else {}
    told = {key: facts[key] for key in _TOLD if key in facts}
    who = named.get(entry.subject or "")
    if who is None and "number" in told and found.state in NAMES_SHOWN:
        who = next((bid for bid in named.values() if bid.number == told["number"]), None)
    return Line(entry.at, entry.kind, told, who.name if who else None, entry.leaf_index)


def commitments(session: Session, section: Section) -> dict[str, dict[str, str | None]]:
    """Each draw party's commitment and reveal so far; empty where no coefficient is drawn."""
    if not coefficient_grid(section.method):
        return {}
    told: dict[str, dict[str, str | None]] = {party: {"commitment": None, "nonce": None} for party in DRAW_PARTIES}
    try:
        held = record.nonces(session, record.draw(session, draw_label(section.code)))
    except Missing:
        return told
    for nonce in held:
        told[nonce.party] = {"commitment": nonce.commitment, "nonce": nonce.reveal}
    return told


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
    return {
        "type": "sunbid-opening-record/v1",
        "project": {"code": project.code, "name": project.name, "tenderee": project.tenderee.name},
        "agent": project.agent.name if project.agent else None,
        "section": {"code": section.code, "name": section.name},
        "deadline": iso(section.deadline_at) if section.deadline_at else None,
        "convened": iso(moved["opening.convene"].at),
        "names_published": _at(moved, "opening.publish_names"),
        "decrypt_opened": _at(moved, "opening.open_decryption"),
        "decrypt_until": iso(found.decrypt_until_at) if found.decrypt_until_at else None,
        "decrypt_closed": _at(moved, "opening.close_decryption"),
        "prices_read": _at(moved, "opening.read_prices"),
        "pauses": found.pauses,
        "closing": {"size": found.closing_size, "checkpoint": found.closing_note},
        "control_price_fen": section.control_price_fen,
        "bond_fen": section.bond_fen,
        "coefficient": (found.coefficients or {}).get("k"),
        "seed": (found.coefficients or {}).get("seed"),
        "bids": [_recorded(bid) for bid in bids(session, found)],
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
        ],
        "staff": {
            "host": _person(session, _actor(moved, "opening.publish_names")),
            "trustees": {
                role: person.name for role, person in bidding.trustee_people(session, section).items() if person
            },
        },
        "readout": readout_digest(session, found),
    }


def _recorded(bid: Bid) -> dict[str, Any]:
    schedule = bid.schedule if bid.state in OPENED else None
    bond = bid.identity.get("bond") if isinstance(bid.identity, dict) else None
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
        "faults": [fault["code"] for fault in bid.identity_faults],
        "schedule": schedule,
        "bond": bond,
        "confirmed_at": iso(bid.confirmed_at) if bid.confirmed_at else None,
    }


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

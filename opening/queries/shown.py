"""What the hall shows: board, log of the day, proof of the closing, content of the record; prices only in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding.models import Section
from core.clock import iso
from core.draw import record
from core.errors import Missing
from core.ledger.log import LedgerEntry, inclusion
from opening.lifecycle import OPENED
from opening.models import Bid, Opening, Peel
from opening.queries.layers import final_layer, unreadable
from opening.queries.opening import bids, closed_submissions, opening_of, prices_told
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
    "bid.open_from_backup",
    "bid.refuse_backup",
    "bid.evidence",
    "bid.overturn",
    "bid.deem_revoked",
    "bid.deem_withdrawn",
    "bid.mark_corrupted",
    "bid.refuse",
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
        "impact",
        "measures",
        "outcome",
        "incident",
        "minutes",
        "reconvene_at",
        "supplement_at",
        "basis",
        "speaker",
        "role",
        "said",
        "trouble",
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
    second: dict[str, Any] | None = None

    def as_json(self, platform_key: str) -> dict[str, Any]:
        """The proof as an answer of the site."""
        return {
            "type": "sunbid-closing/v1",
            "entry": self.entry,
            "inclusion_proof": self.proof,
            "checkpoint": self.note,
            "policies": self.policies,
            "second": self.second,
            "platform_key": platform_key,
        }


def closing(session: Session, found: Opening) -> Closing:
    """The convening entry with its facts, its proof in the closing head, the head, and every policy of the section.

    Once there is a second sitting, `second` proves the convening of the last one in the same way, under a head signed
    then.
    """
    entry = _entry(session, found.subjects[0], "opening.convene")
    if entry is None:
        raise Missing("opening.unknown", section=found.section.code)
    again = _entry(session, found.subjects[-1], "opening.convene_second")
    second = None
    if again is not None:
        kept = [found.first_sitting or {}, *found.later_sittings][-1]
        second = {
            "entry": again.told(),
            "inclusion_proof": inclusion(session, again.leaf_index, kept["size"]),
            "checkpoint": kept["checkpoint"],
        }
    return Closing(
        entry.told(),
        inclusion(session, entry.leaf_index, found.closing_size),
        found.closing_note,
        [policy.content for policy in bidding.policies(session, found.section)],
        second,
    )


def _entry(session: Session, subject: str, kind: str) -> LedgerEntry | None:
    return session.scalar(select(LedgerEntry).where(LedgerEntry.subject == subject, LedgerEntry.kind == kind))


def board(session: Session, found: Opening) -> list[dict[str, Any]]:
    """The rows of the bidders' board: empty before the names, without any price before the reading (R-257)."""
    if found.standing not in NAMES_SHOWN:
        return []
    priced = found.standing in PRICES_SHOWN and prices_told(found)
    return [_row(session, bid, priced) for bid in bids(session, found)]


def _row(session: Session, bid: Bid, priced: bool) -> dict[str, Any]:
    released, total = _released(session, bid, opening_of(session, bid))
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
        "judgement": bid.judgement,
        "cause": bid.cause,
        "cause_evidence": bid.cause_evidence,
        "faults": bid.identity_faults,
        "consortium": bid.members,
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


def _released(session: Session, bid: Bid, found: Opening) -> tuple[int, int]:
    """How many of this sitting's envelopes the bidder has released (or have been opened), and of how many."""
    envelopes = found.due(bid.submission)
    if bid.state != "sealed":
        return (len(envelopes) if bid.state in OPENED else 0), len(envelopes)
    held = session.scalars(
        select(Peel.package).where(
            Peel.submission_id == bid.submission_id, Peel.set_name == BIDDER_SET, Peel.stage == 0
        )
    )
    return len(set(held) & set(envelopes)), len(envelopes)


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
        "standing": found.standing,
        "decrypt_until": iso(found.decrypt_until_at) if found.decrypt_until_at else None,
        "pauses": found.pauses,
        "extensions": found.extensions,
        "suspensions": found.suspensions,
        "sitting": found.sitting,
        "sittings": found.sittings,
        "admitted": found.admitted,
        "identities": {"read": read, "total": total},
        "bids": [
            {key: iso(value) if key.endswith("_at") and value else value for key, value in row.items()}
            for row in board(session, found)
        ],
        "failure": found.failure,
        "coefficients": found.coefficients if found.standing in PRICES_SHOWN | {"coefficients_drawn"} else None,
        "record_sha256": found.record_sha256,
    }


def pulse(session: Session, section: Section, found: Opening | None) -> int:
    """The number of the newest ledger entry that the hall shows anything of; −1 where there is none yet.

    Before the closing only the draw's announcement counts: what is submitted meanwhile moves nothing (R-208).
    """
    subjects = [f"opening:{section.code}", f"draw:{draw_label(section.code)}"]
    if found is not None:
        subjects += [*found.subjects[1:], section.subject, *(bid.subject for bid in bids(session, found))]
    newest = session.scalar(select(func.max(LedgerEntry.leaf_index)).where(LedgerEntry.subject.in_(subjects)))
    return -1 if newest is None else int(newest)


def entries_of_hall(session: Session, section: Section, found: Opening | None) -> list[LedgerEntry]:
    """The newest sixty ledger entries of the hall as the log holds them, for who checks it independently."""
    subjects = [f"opening:{section.code}", section.subject, f"draw:{draw_label(section.code)}"]
    if found is not None and found.standing in NAMES_SHOWN:
        subjects += found.subjects[1:]
        subjects += [bid.subject for bid in bids(session, found)]
    return list(
        session.scalars(
            select(LedgerEntry)
            .where(LedgerEntry.subject.in_(subjects))
            .order_by(LedgerEntry.leaf_index.desc())
            .limit(60)
        )
    )


def log_lines(session: Session, found: Opening) -> list[Line]:
    """The log of the day from the ledger, newest first; names of bidders only once they are public."""
    named = {bid.subject: bid for bid in bids(session, found)} if found.standing in NAMES_SHOWN else {}
    subjects = [*found.subjects, found.section.subject, f"draw:{draw_label(found.section.code)}", *named]
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
    if who is None and "number" in told and found.standing in NAMES_SHOWN:
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

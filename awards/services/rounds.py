"""One round of sealed bids as the archive tells it: what was published, handed in, closed, opened and named."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import Organisation
from awards.services.proofs import proved, round_entries, vouched_heads
from bidding import queries as bidding
from bidding.models import Section
from core.act import Act
from core.board import notices
from core.clock import iso
from opening import queries as opening_queries
from opening.models import Bid, Opening


def told_round(session: Session, section: Section, opening: Opening) -> dict[str, Any]:
    """The members that tell one round: from its rules and notices to the bids that were opened; only reads."""
    return {
        "project": _project(section),
        "policies": [
            {"version": p.version, "content": p.content, "digest": p.digest, "published_at": iso(p.published_at)}
            for p in bidding.policies(session, section)
        ],
        "notices": [
            {
                "number": notice.number,
                "kind": notice.kind,
                "title": notice.title,
                "content": notice.content,
                "attachments": notice.attachments,
                "published_at": iso(notice.published_at),
                "leaf_index": notice.leaf_index,
            }
            for notice in reversed(notices(session, subject=section.subject, limit=1000))
        ],
        "documents": [
            {"slot": d.slot, "version": d.version, "name": d.name, "sha256": d.sha256, "size": d.size}
            for d in bidding.documents(session, section, all_versions=True)
        ],
        "questions": {
            "questions": [
                {"number": q.number, "text": q.text, "asked_at": iso(q.asked_at)}
                for q in bidding.questions(session, section)
            ],
            "clarifications": [
                {
                    "number": c.number,
                    "text": c.text,
                    "published_at": iso(c.published_at),
                    "old_deadline_at": iso(c.old_deadline_at),
                    "new_deadline_at": iso(c.new_deadline_at),
                }
                for c in bidding.clarifications(session, section)
            ],
            "objections": [
                {
                    "number": o.number,
                    "text": o.text,
                    "is_admissible": o.is_admissible,
                    "raised_at": iso(o.raised_at),
                    "answer_due_at": iso(o.answer_due_at),
                    "answered_at": iso(o.answered_at) if o.answered_at else None,
                }
                for o in bidding.objections(session, section)
            ],
        },
        "submissions": [
            {
                "submission": row.content,
                "digest": row.digest,
                "identity": {name: package_hash(package) for name, package in row.identity.items()},
                "leaf_commitment": row.leaf_commitment,
                "leaf_index": row.leaf_index,
                "received_at": iso(row.received_at),
                "state": row.state,
                "receipt": row.receipt,
            }
            for row in bidding.submissions(session, section)
        ],
        "opening": _opening(opening),
        "bids": _bids(session, opening),
    }


def told_first_round(act: Act, section: Section) -> dict[str, Any] | None:
    """The round before, in the file of a round of final offers (R-602); None for any other section.

    Whole in itself under the same final head: its own entries, closing and outsiders' words, so that what was first
    handed in can be recounted as the last round can. Its objects are kept in the store.
    """
    if section.first_round is None:
        return None
    first = bidding.section(act.session, section.first_round)
    opening = opening_queries.opening(act.session, first)
    for package in identity_packages(act.session, first):
        act.store.put(package)
    return {
        "section": first.code,
        **told_round(act.session, first, opening),
        "reports": [{"kind": "opening_record", "sha256": opening.record_sha256}],
        "ledger": proved(act, opening, round_entries(act.session, first, opening)),
        "trust": vouched_heads(act, first, opening),
    }


def package_hash(package: str) -> str:
    """SHA-256 of an identity package as it is stored, base64."""
    return hashlib.sha256(base64.b64decode(package)).hexdigest()


def identity_packages(session: Session, section: Section) -> Iterator[bytes]:
    """The identity packages of everything that was handed in."""
    for row in bidding.submissions(session, section):
        for package in row.identity.values():
            yield base64.b64decode(package)


def _project(section: Section) -> dict[str, Any]:
    project = section.project

    def unit(organisation: Organisation | None) -> dict[str, str] | None:
        return {"name": organisation.name, "identifier": organisation.identifier} if organisation else None

    return {
        "code": project.code,
        "name": project.name,
        "regime": project.regime,
        "procedure": project.procedure,
        "tenderee": unit(project.tenderee),
        "agent": unit(project.agent),
        "law": project.law,
        "section": {
            "code": section.code,
            "name": section.name,
            "estimate_fen": section.estimate_fen,
            "control_price_fen": section.control_price_fen,
            "bond_fen": section.bond_fen,
            "method": section.method,
            "deadline_at": iso(section.deadline_at) if section.deadline_at else None,
        },
    }


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        "closed_set": opening.closed_set,
        "closing_size": opening.closing_size,
        "coefficients": opening.coefficients,
        "decoys": opening.decoys or [],
        "pauses": opening.pauses,
        "record": opening.record,
        "record_signatures": opening.record_signatures,
        "sittings": opening.sittings,
        "admitted": opening.admitted,
        "first_sitting": opening.first_sitting,
        "later_sittings": opening.later_sittings,
    }


def _bids(session: Session, opening: Opening) -> list[dict[str, Any]]:
    bids = opening_queries.bids(session, opening)
    contents = opening_queries.contents_of(session, bids)
    return [{**_bid(bid), "contents": contents.get(bid.id)} for bid in bids]


def _bid(bid: Bid) -> dict[str, Any]:
    return {
        "number": bid.number,
        "name": bid.name,
        "identifier": bid.identifier,
        "submission_digest": bid.submission.digest,
        "identity": bid.identity,
        "faults": bid.identity_faults,
        "state": bid.state,
        "cause": bid.cause,
        "cause_evidence": bid.cause_evidence,
        "signed_in_at": iso(bid.signed_in_at) if bid.signed_in_at else None,
        "opened_at": iso(bid.opened_at) if bid.opened_at else None,
        "envelopes": bid.envelopes,
        "schedule": bid.schedule,
        "price_fen": bid.price_fen,
        "first_sitting": bid.first_sitting,
    }

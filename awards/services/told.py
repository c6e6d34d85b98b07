"""What the archive tells of the outcome: award with its rounds, complaints, award committee, index of recordings."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from awards import queries
from awards.models import Complaint
from awards.queries import recordings as recording_queries
from awards.queries import selection as selection_queries
from awards.queries.complaints import steps
from awards.services.recordings import facts_of
from bidding.models import Section
from core.clock import iso


def told_award(session: Session, section: Section) -> dict[str, Any]:
    """Candidates, their publicity in rounds, objections, who was set aside, the winner."""
    publicity = queries.publicity(session, section)
    return {
        "candidates": publicity.candidates,
        "began_at": iso(publicity.began_at),
        "ends_at": iso(publicity.ends_at),
        "rule": publicity.rule,
        "winner": publicity.winner.number if publicity.winner else None,
        "objections": [
            {
                "number": objection.number,
                "text": objection.text,
                "filed_at": iso(objection.filed_at),
                "answer": objection.answer,
                "answered_at": iso(objection.answered_at) if objection.answered_at else None,
                "round": objection.round,
                "outcome": objection.outcome,
                "remedy": objection.remedy,
            }
            for objection in queries.objections(session, publicity)
        ],
        "round": publicity.round,
        "earlier": publicity.earlier,
        "set_aside": [
            {
                "number": one.bid.number,
                "round": one.round,
                "reason": one.reason,
                "evidence": one.evidence,
                "by_winner": one.by_winner,
                "at": iso(one.at),
            }
            for one in queries.set_aside(session, publicity)
        ],
    }


def told_complaint(session: Session, held: Complaint) -> dict[str, Any]:
    """One complaint with every step; its text, whose hash the ledger told when it was filed."""
    return {
        "number": held.number,
        "complainant": {"name": held.organisation.name, "identifier": held.organisation.identifier},
        "content": held.content,
        "files": held.files,
        "defects": held.defects,
        "state": held.state,
        "filed_at": iso(held.filed_at),
        "accept_due_at": iso(held.accept_due_at),
        "accepted_at": iso(held.accepted_at) if held.accepted_at else None,
        "decide_due_at": iso(held.decide_due_at) if held.decide_due_at else None,
        "reason": held.reason,
        "decision": held.decision,
        "steps": [
            {"number": one.number, "step": one.kind, "text": one.text, "files": one.files, "by": one.by,
             "at": iso(one.at)}
            for one in steps(session, held)
        ],
    }  # fmt: skip


def told_selection(session: Session, section: Section) -> dict[str, Any]:
    """The award committee's sittings and what it inspected (评定分离); empty lists where the ranking decided."""
    publicity = queries.publicity(session, section)
    return {
        "sittings": [
            {
                "number": one.number,
                "state": one.state,
                "candidates": one.candidates,
                "members": one.members,
                "draw": one.draw,
                "result": one.result,
                "report_sha256": one.report_sha256,
                "signatures": one.signatures,
                "convened_at": iso(one.convened_at),
            }
            for one in selection_queries.selections(session, publicity)
        ],
        "inspections": [
            {"number": one.bid_number, "place": one.place, "people": one.people, "findings": one.findings,
             "files": one.files, "at": iso(one.at)}
            for one in selection_queries.inspections(session, publicity)
        ],
    }  # fmt: skip


def told_recordings(session: Session, section: Section) -> dict[str, Any]:
    """The index of recordings: the places of each room, and every entry as the ledger told it, withdrawn ones too."""
    return {
        "places": recording_queries.places(session, section),
        "rows": [
            {
                **facts_of(one),
                "registered_at": iso(one.registered_at),
                "state": one.state,
                "withdrawn": one.withdrawn,
            }
            for one in recording_queries.recordings(session, section)
        ],
    }

"""Reads of publicities, objections and awards; what a bidder may see of the result is their own part."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from awards.models import Objection, Publicity, SetAside
from awards.queries import validity
from awards.rules.remedies import NOT_EXTENDED
from bidding import queries as bidding
from bidding.models import Section
from core.act import Actor
from core.board import Notice
from core.errors import Missing
from core.ledger.log import entries_of
from experts import queries as experts
from experts.rules import is_unranked
from opening.models import Bid

TOLD_FROM = frozenset({"candidates_published", "awarded", "archived", "failed"})
"""Section states from which a bidder sees the own scores and rank (R-505)."""


def publicity(session: Session, section: Section) -> Publicity:
    """The section's publicity of candidates, or Missing."""
    found = session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if found is None:
        raise Missing("publicity.unknown")
    return found


def publicity_of(session: Session, code: str) -> Publicity:
    """The publicity of the section of that code, or Missing."""
    return publicity(session, bidding.section(session, code))


def own_publicity(session: Session, code: str, actor: Actor) -> Publicity:
    """The publicity of a section the actor works on, or Missing."""
    return publicity(session, bidding.own_section(session, code, actor))


def due_to_end(session: Session, now: datetime) -> list[Publicity]:
    """The publicities whose period is over and that no objection holds up."""
    query = select(Publicity).where(Publicity.state == "running", Publicity.ends_at <= now).order_by(Publicity.ends_at)
    return list(session.scalars(query))


def objections(session: Session, held: Publicity) -> list[Objection]:
    """The objections to the evaluation result, by number."""
    query = select(Objection).where(Objection.publicity_id == held.id).order_by(Objection.number)
    return list(session.scalars(query))


def open_objections(session: Session, held: Publicity) -> int:
    """How many objections wait for an answer."""
    query = select(func.count()).select_from(Objection).where(
        Objection.publicity_id == held.id, Objection.state == "open"
    )  # fmt: skip
    return session.scalar(query) or 0


def upheld(session: Session, held: Publicity) -> list[Objection]:
    """The upheld objections to the present round, by number."""
    return [one for one in objections(session, held) if one.outcome == "upheld" and one.round == held.round]


def own_objection(session: Session, code: str, number: int, actor: Actor) -> Objection:
    """An objection to a section the actor works on, for answering; or Missing."""
    held = own_publicity(session, code, actor)
    for objection in objections(session, held):
        if objection.number == number:
            return objection
    raise Missing("objection.unknown")


def objections_by(session: Session, held: Publicity, actor: Actor) -> list[Objection]:
    """The objections the actor's organisation has raised."""
    return [one for one in objections(session, held) if one.organisation_id == actor.organisation_id]


def own_bid(session: Session, section: Section, actor: Actor) -> Bid:
    """The bid of the actor's organisation in the section, whatever became of it; Missing for who did not bid there."""
    for bid in experts.final_bids(session, section):
        if actor.organisation_id is not None and bid.organisation_id == actor.organisation_id:
            return bid
    raise Missing("section.unknown", section=section.code)


def own_result(session: Session, section: Section, actor: Actor) -> dict[str, Any]:
    """What the actor's organisation may know of its bid: rank, own scores, or why it was rejected (R-403, R-505).

    Scores by seat, never by name, and of nobody else. Missing before the candidates are published.
    """
    if section.state not in TOLD_FROM:
        raise Missing("section.unknown", section=section.code)
    publicity(session, section)
    return result_of(session, section, own_bid(session, section, actor))


def result_of(session: Session, section: Section, bid: Bid) -> dict[str, Any]:
    """One bid's part of the result; without its rank where candidates are unranked."""
    result = experts.locked_result(experts.committee(session, section))
    own = next((row for row in result["ranking"] if row["number"] == bid.number), None)
    if own is not None and is_unranked(result["method"]):
        own = {key: value for key, value in own.items() if key not in ("rank", "decided_by")}
    review = next((one for one in result["conformity"]["bids"] if one["number"] == bid.number), None)
    return {
        "bid": bid,
        "opened": review is not None,
        "rejected": bool(review and review["rejected"]),
        "review": review,
        "ranking": own,
        "sheets": [row for row in result["sheets"] if row["number"] == bid.number],
        "price": next((row for row in result["price"]["scores"] if row["number"] == bid.number), None),
        "ranked": len(result["ranking"]),
        "method": result["method"],
    }


def notice_of(session: Session, section: Section, kind: str) -> Notice | None:
    """The newest notice of that kind on the section; None where there is none."""
    query = select(Notice).where(Notice.subject == section.subject, Notice.kind == kind).order_by(Notice.id.desc())
    return session.scalar(query.limit(1))


def set_aside(session: Session, held: Publicity) -> list[SetAside]:
    """The winners who were set aside, in order (R-561)."""
    query = select(SetAside).where(SetAside.publicity_id == held.id).order_by(SetAside.number)
    return list(session.scalars(query))


def set_aside_numbers(session: Session, section: Section) -> dict[int, str]:
    """The bids that cannot win any more, each with the reason: set aside, or no longer standing (R-158)."""
    query = (
        select(SetAside)
        .join(Publicity, Publicity.id == SetAside.publicity_id)
        .where(Publicity.section_id == section.id)
        .order_by(SetAside.number)
    )
    aside = {row.bid.number: row.reason for row in session.scalars(query)}
    return dict.fromkeys(validity.lapsed(session, section), NOT_EXTENDED) | aside


def won_publicity(session: Session, code: str, actor: Actor) -> Publicity:
    """The publicity of a section that the actor's organisation has won, or Missing."""
    held = publicity_of(session, code)
    if held.winner is None or actor.organisation_id is None or held.winner.organisation_id != actor.organisation_id:
        raise Missing("publicity.unknown")
    return held


def superseded_reports(session: Session, subject: str) -> list[str]:
    """The hashes of the reports a committee delivered before it was sent back, in order."""
    entries = [entry for entry in entries_of(session, subject) if entry.kind == "report.deliver"]
    return [str((entry.facts or {})["report_sha256"]) for entry in entries][:-1]

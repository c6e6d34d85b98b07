"""Reads of reference opinions; a member sees their own answers, everybody the sums once the review is concluded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from experts.models import Committee, Member, OpinionAnswer, ReferenceOpinion
from experts.queries.blind import cleaned_files
from experts.queries.committee import bids_in_evaluation, clauses_of, first_response, opened
from experts.queries.pool import LIVE
from experts.rules.blind import MARKS, anonymous_envelopes
from experts.rules.review import CONTROL_PRICE
from opening.models import Bid

READ = (".pdf", ".docx", ".txt", ".md")


def has_opinions(section: Section) -> bool:
    """Whether the notice says that reference opinions are made: frozen with the method, off where it says nothing."""
    return bool(section.method.get("reference_opinions"))


def due_to_opine(session: Session, most: int) -> list[tuple[str, str]]:
    """Bids, as (section, submission digest), whose committee reviews by name and that have no opinion yet."""
    found: list[tuple[str, str]] = []
    for held in session.scalars(select(Committee).where(Committee.state == "seated").order_by(Committee.id)):
        if not has_opinions(held.section):
            continue
        for bid in bids_in_evaluation(session, held.section):
            if len(found) < most and opinion_of(session, bid) is None:
                found.append((held.section.code, bid.submission.digest))
    return found


def opinion_of(session: Session, bid: Bid) -> ReferenceOpinion | None:
    """The reference opinion on a bid; None where none was made."""
    return session.scalar(select(ReferenceOpinion).where(ReferenceOpinion.bid_id == bid.id))


def opined_clauses(section: Section) -> dict[str, str]:
    """The clauses an opinion is given on: the review's own; prices and marks are others' to check."""
    return {
        clause["code"]: clause["text"]
        for clause in clauses_of(section)
        if clause["code"] not in (CONTROL_PRICE["code"], MARKS["code"])
    }


def opined_files(session: Session, bid: Bid, section: Section) -> list[dict[str, Any]]:
    """The files an opinion reads: of an anonymous envelope the cleaned copies only, under no name of the bidder's."""
    anonymous = set(anonymous_envelopes(section.envelopes))
    first = first_response(session, bid, section)
    found: list[dict[str, Any]] = []
    for held in (opened(session, bid, section).envelopes, (first.envelopes or {}) if first else {}):
        for name, envelope in held.items():
            if name not in anonymous:
                found += envelope.get("files", [])
    found += [
        {"slot": one.slot, "name": f"{one.place}{one.ending}", "sha256": one.sha256}
        for one in cleaned_files(session, bid)
        if one.sha256 is not None
    ]
    return found


def own_answers(session: Session, member: Member, bid: Bid) -> dict[str, bool]:
    """The member's own answers to the opinion on a bid, by clause."""
    query = select(OpinionAnswer).where(OpinionAnswer.member_id == member.id, OpinionAnswer.bid_id == bid.id)
    return {one.clause: one.agrees for one in session.scalars(query)}


def agreement(session: Session, held: Committee) -> dict[str, Any]:
    """How members answered, by verdict: {found: {agree, disagree}, …}, with opinions made and programs used.

    Only sums: who said what stays with the member.
    """
    bids = {bid.id: bid for bid in bids_in_evaluation(session, held.section)}
    made = {bid_id: one for bid_id, bid in bids.items() if (one := opinion_of(session, bid)) is not None}
    verdicts: Mapping[tuple[int, str], str] = {
        (bid_id, item["clause"]): item["verdict"] for bid_id, one in made.items() for item in one.content["opinions"]
    }
    sums = {verdict: {"made": 0, "agree": 0, "disagree": 0} for verdict in ("found", "not_found", "unclear")}
    for verdict in verdicts.values():
        sums[verdict]["made"] += 1
    query = (
        select(OpinionAnswer)
        .join(Member, Member.id == OpinionAnswer.member_id)
        .where(Member.committee_id == held.id, Member.state.in_(LIVE))
    )
    for answer in session.scalars(query):
        key = (answer.bid_id, answer.clause)
        if key in verdicts:
            sums[verdicts[key]]["agree" if answer.agrees else "disagree"] += 1
    return {"verdicts": sums, "bids": len(made), "programs": sorted({one.program_sha256 for one in made.values()})}

"""Reads of findings and scores; before the committee's lock each answers for one's own seat only (R-343)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import day_of
from core.errors import Conflict, Missing
from experts.models import Committee, Member, Review, ScoreItem, Sheet
from experts.queries.clarifications import clauses_for, evaluated_prices
from experts.queries.committee import bids_in_evaluation, in_price_stage, live_members
from experts.rules import objective_mismatches, outliers, scored_criteria, shown_result
from opening.lifecycle import OPENED
from opening.models import Bid

LOCKED = frozenset({"locked", "reported", "delivered"})


def own_findings(session: Session, member: Member) -> dict[tuple[int, str], Review]:
    """The member's own findings by (bid id, clause)."""
    rows = session.scalars(select(Review).where(Review.member_id == member.id))
    return {(review.bid_id, review.clause): review for review in rows}


def own_review_progress(session: Session, member: Member) -> tuple[int, int]:
    """How many findings the member has made, of how many."""
    own = own_findings(session, member)
    wanted = [
        (bid.id, clause["code"])
        for bid in bids_in_evaluation(session, member.committee.section)
        for clause in clauses_for(session, member.committee, bid)
    ]
    return sum(place in own for place in wanted), len(wanted)


def concluded_review(held: Committee) -> dict[str, Any]:
    """The committee's decisions on conformity; Conflict("review.open") while members still review."""
    if held.conformity is None:
        raise Conflict("review.open")
    found: dict[str, Any] = held.conformity
    return found


def valid_bids(session: Session, held: Committee) -> list[Bid]:
    """The bids that passed the review, by number."""
    rejected = {entry["number"] for entry in concluded_review(held)["bids"] if entry["rejected"]}
    return [bid for bid in bids_in_evaluation(session, held.section) if bid.number not in rejected]


def priced_bids(session: Session, held: Committee) -> list[Bid]:
    """The valid bids whose price is known and not above the control price, by number: those that are ranked.

    In one stage the review has seen to both; in two, a second envelope may stay sealed or hold too high a price.
    """
    most, prices = held.section.control_price_fen, evaluated_prices(session, held)
    return [bid for bid in valid_bids(session, held) if bid.state in OPENED and 0 < (prices[bid.number] or 0) <= most]


def price_stage_bids(session: Session, held: Committee) -> list[Bid]:
    """The bids whose prices a second sitting read, by number: about these the committee may ask; none before."""
    if not in_price_stage(session, held):
        return []
    return [bid for bid in valid_bids(session, held) if bid.state in OPENED and bid.price_fen]


def own_sheets(session: Session, member: Member) -> list[Sheet]:
    """The member's own sheets that count, by bid number."""
    rows = session.scalars(select(Sheet).where(Sheet.member_id == member.id, Sheet.state != "void"))
    return sorted(rows, key=lambda sheet: sheet.bid.number)


def own_sheet(session: Session, member: Member, number: int) -> Sheet:
    """The member's own sheet for the bid of that number, or Missing."""
    for sheet in own_sheets(session, member):
        if sheet.bid.number == number:
            return sheet
    raise Missing("sheet.unknown")


def own_items(session: Session, member: Member) -> dict[int, dict[str, ScoreItem]]:
    """The member's own scores: by sheet id, then by criterion."""
    query = select(ScoreItem).join(Sheet, Sheet.id == ScoreItem.sheet_id).where(Sheet.member_id == member.id)
    found: dict[int, dict[str, ScoreItem]] = {}
    for item in session.scalars(query):
        found.setdefault(item.sheet_id, {})[item.criterion] = item
    return found


def own_progress(session: Session, member: Member) -> list[tuple[int, int, int, str]]:
    """For each own sheet: bid number, criteria scored, criteria to score, state."""
    items = own_items(session, member)
    wanted = len(scored_criteria(member.committee.section.method))
    return [(s.bid.number, len(items.get(s.id, {})), wanted, s.state) for s in own_sheets(session, member)]


def locked_result(held: Committee) -> dict[str, Any]:
    """The result of the evaluation; Conflict("result.not_locked") before the committee's lock (R-343)."""
    if held.state not in LOCKED or held.result is None:
        raise Conflict("result.not_locked")
    found: dict[str, Any] = held.result
    return found


def told_result(held: Committee) -> dict[str, Any]:
    """The result as it may be shown: without an order where the tender's candidates have none; Conflict as above."""
    return shown_result(locked_result(held))


def all_scores(session: Session, held: Committee) -> dict[tuple[int, str], dict[str, Decimal]]:
    """Everyone's scores by (bid number, member label); Conflict("result.not_locked") before the lock (R-343)."""
    locked_result(held)
    query = (
        select(ScoreItem, Sheet)
        .join(Sheet, Sheet.id == ScoreItem.sheet_id)
        .join(Member, Member.id == Sheet.member_id)
        .where(Member.committee_id == held.id, Sheet.state == "locked")
    )
    found: dict[tuple[int, str], dict[str, Decimal]] = {}
    for item, sheet in session.execute(query):
        found.setdefault((sheet.bid.number, sheet.member.label), {})[item.criterion] = item.value
    return found


def mismatches(session: Session, committee: Committee) -> dict[int, list[str]]:
    """The objective criteria on which members differ, by bid number, without any value; empty until all have locked.

    Where some sheet was reopened, the list it was reopened for stands until it is locked again.
    """
    sheets = every_sheet(session, committee)
    if not sheets:
        return {}
    if any(sheet.state != "locked" for sheet, _ in sheets):
        return {
            sheet.bid.number: list(sheet.reopened_for)
            for sheet, _ in sheets
            if sheet.state == "draft" and sheet.reopened_for
        }
    criteria = scored_criteria(committee.section.method)
    by_bid: dict[int, list[dict[str, Decimal]]] = {}
    for sheet, items in sheets:
        by_bid.setdefault(sheet.bid.number, []).append({code: item.value for code, item in items.items()})
    found = {number: objective_mismatches(criteria, held) for number, held in by_bid.items()}
    return {number: codes for number, codes in found.items() if codes}


def own_outliers(session: Session, member: Member) -> list[int]:
    """The bids for which the member's own total is far off the others' mean; empty until everyone has locked (R-344).

    Told to the member alone: neither the mean nor the direction.
    """
    totals, on = _totals_by_bid(session, member.committee), day_of(member.committee.state_at)
    return [number for number, held in totals.items() if member.label in outliers(held, on)]


def outliers_told(session: Session, committee: Committee) -> tuple[list[dict[str, Any]], int]:
    """For the leader: unusual totals their members have explained (seat, bid, words; no value), and how many have not.

    The member is told first; who it is becomes known to the leader with the explanation (R-344).
    """
    totals, on = _totals_by_bid(session, committee), day_of(committee.state_at)
    far = {(number, label) for number, held in totals.items() for label in outliers(held, on)}
    sheets = [sheet for sheet, _ in every_sheet(session, committee)] if far else []
    own = [sheet for sheet in sheets if (sheet.bid.number, sheet.member.label) in far]
    told = [
        {"number": one.bid.number, "label": one.member.label, "explanation": one.explanation}
        for one in own
        if one.explanation
    ]
    return told, len(own) - len(told)


def every_sheet(session: Session, committee: Committee) -> list[tuple[Sheet, dict[str, ScoreItem]]]:
    """Every sheet that counts, with its items: only for computing, no route shows it before the lock (R-343)."""
    members = [member.id for member in live_members(session, committee)]
    valid = [bid.id for bid in valid_bids(session, committee)]
    sheets = list(
        session.scalars(
            select(Sheet)
            .where(Sheet.member_id.in_(members), Sheet.bid_id.in_(valid), Sheet.state != "void")
            .order_by(Sheet.id)
        )
    )
    items: dict[int, dict[str, ScoreItem]] = {}
    for item in session.scalars(select(ScoreItem).where(ScoreItem.sheet_id.in_([sheet.id for sheet in sheets]))):
        items.setdefault(item.sheet_id, {})[item.criterion] = item
    return [(sheet, items.get(sheet.id, {})) for sheet in sheets]


def _totals_by_bid(session: Session, committee: Committee) -> dict[int, dict[str, Decimal]]:
    sheets = every_sheet(session, committee) if committee.conformity is not None else []
    if not sheets or any(sheet.state != "locked" for sheet, _ in sheets):
        return {}
    found: dict[int, dict[str, Decimal]] = {}
    for sheet, items in sheets:
        total = sum((item.value for item in items.values()), Decimal(0))
        found.setdefault(sheet.bid.number, {})[sheet.member.label] = total
    return found

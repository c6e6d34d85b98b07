"""Scoring: save, lock one's own sheets, correct objective items, lock the committee, compute the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidding import queries as bidding
from core.act import Act
from core.calendar import day_of
from core.clock import iso
from core.draw import record
from core.errors import Conflict, Invalid
from core.law import Snapshot
from core.machine import advance
from experts import queries
from experts.models import Committee, ScoreItem, Sheet
from experts.rules import Evaluation, ScoredSheet, result_document, scored_criteria
from experts.rules.law import expert_law
from experts.services.entries import MOST_NOTE, complete_entries, save_entries
from experts.services.masks import check_leader, check_own, from_seat
from experts.services.prices import price_review
from opening import services as hall


def save_scores(
    act: Act,
    sheet: Sheet,
    scores: Mapping[str, Decimal],
    notes: Mapping[str, str] | None = None,
    *,
    seen: datetime | None = None,
    is_versioned: bool = False,
) -> None:
    """Save some or all scores of one's own sheet, with notes by criterion; what is not named stays.

    With `is_versioned` the sender last saw the sheet as it stood at `seen` (None: empty): a score that was changed
    since, elsewhere and to another value, is not overwritten: Conflict("sheet.version") with both values.
    Missing for another's sheet; Conflict("sheet.state") once locked; Invalid: score.criterion (not in the frozen
    method, R-404), score.blind (locked in the blind round, 暗标), score.computed (follows from the bid),
    score.out_of_range, score.too_fine, score.reopened_only (a reopened sheet may change only the objective criteria
    it was reopened for, R-344).
    """
    check_own(act, sheet.member)
    _check_scoring(sheet.member.committee, "save_scores")
    if sheet.state != "draft":
        raise Conflict("sheet.state", verb="save", state=sheet.state, allowed=["draft"], subject=sheet.subject)
    criteria = scored_criteria(sheet.member.committee.section.method)
    blind = queries.own_criteria(sheet.member.committee.section)
    held = queries.own_items(act.session, sheet.member).get(sheet.id, {})
    for code in scores:
        if code in blind:
            raise Invalid("score.blind", field=code, criterion=code)
        if "computed" in criteria.get(code, {}):
            raise Invalid("score.computed", field=code, criterion=code)
    save_entries(act, sheet, held, criteria, scores, notes or {}, seen=seen, is_versioned=is_versioned)


def lock_sheet(act: Act, sheet: Sheet) -> None:
    """Make one's own sheet final: complete, with a note at every subjective nought or full mark.

    Invalid: score.missing naming the criteria, score.note naming the first extreme without a note.
    """
    check_own(act, sheet.member)
    _check_scoring(sheet.member.committee, "lock_sheet")
    criteria = scored_criteria(sheet.member.committee.section.method)
    items = queries.own_items(act.session, sheet.member).get(sheet.id, {})
    facts = complete_entries(items, criteria, "score", number=sheet.bid.number)
    advance(from_seat(act, sheet.member), sheet, "lock", items=facts)


def reopen_sheet(act: Act, sheet: Sheet) -> None:
    """Take one's own locked sheet back for the objective criteria on which the members disagree, and only for them.

    Conflict("sheet.no_mismatch") unless everyone has locked and this bid's objective scores differ (R-344).
    """
    check_own(act, sheet.member)
    committee = sheet.member.committee
    _check_scoring(committee, "reopen_sheet")
    differing = queries.mismatches(act.session, committee).get(sheet.bid.number, [])
    if not differing:
        raise Conflict("sheet.no_mismatch", number=sheet.bid.number)
    sheet.reopened_for = differing
    advance(from_seat(act, sheet.member), sheet, "reopen", criteria=differing)


def explain_outlier(act: Act, sheet: Sheet, explanation: str) -> None:
    """Keep the member's explanation of an unusual total with the sheet; it goes into the report."""
    check_own(act, sheet.member)
    _check_scoring(sheet.member.committee, "explain_outlier")
    if sheet.bid.number not in queries.own_outliers(act.session, sheet.member):
        raise Conflict("sheet.no_outlier", number=sheet.bid.number)
    if not explanation.strip():
        raise Invalid("form.required", field="explanation")
    sheet.explanation = explanation.strip()[:MOST_NOTE]


def lock_committee(act: Act, committee: Committee) -> dict[str, Any]:
    """Compute and fix the result once every sheet is locked and objective scores agree; returns the result JSON.

    Called by the leader. Conflict: scoring.unfinished (how many sheets are open), scoring.objective (where members
    differ on objective criteria, R-344); after a second sitting what `price_review` refuses. The result follows
    docs/spec/scoring.md and can be recomputed by anyone.
    """
    leader = check_leader(act, committee)
    two = queries.in_two_stages(committee.section)
    if two and committee.state == "scoring":
        raise Conflict("scoring.first_stage", section=committee.section.code)
    if not two:
        _check_scoring(committee, "lock_committee")
    sheets = _finished(act, committee)
    prices = None
    if two:
        if not queries.prices_are_open(act.session, committee.section):
            raise Conflict("scoring.prices_sealed", section=committee.section.code)
        prices = price_review(act, committee)
    committee.result = _result(act, committee, sheets, prices)
    advance(from_seat(act, leader), committee, "lock", result=committee.result)
    return committee.result


def conclude_first_stage(act: Act, committee: Committee) -> None:
    """End the first of two stages: technical scores are final, and only who passed may open a second envelope.

    Called by the leader, once every sheet is locked and objective scores agree; nobody has seen a price, and no sheet
    can be changed after this. Where the committee was sent back after the second sitting, whoever passes only now is
    restored: the price is opened in a sitting of its own, and the result waits for it (R-502).
    Conflict: scoring.one_stage, scoring.unfinished, scoring.objective, committee.state.
    """
    leader = check_leader(act, committee)
    if not queries.in_two_stages(committee.section):
        raise Conflict("scoring.one_stage", section=committee.section.code)
    _check_scoring(committee, "conclude_first_stage")
    _finished(act, committee)
    conformity = queries.concluded_review(committee)["bids"]
    passed = [one["number"] for one in conformity if not one["rejected"]]
    failed = [{"number": one["number"], "reasons": one["reasons"]} for one in conformity if one["rejected"]]
    seat = from_seat(act, leader)
    advance(seat, committee, "conclude_first", passed=passed, failed=failed)
    opening = queries.opening_of(act.session, committee.section)
    if not queries.prices_are_open(act.session, committee.section):
        hall.admit(seat, opening, passed, failed)
        return
    restored = queries.restored(act.session, committee)
    if restored:
        hall.restore(seat, opening, restored, (opening.admitted or {})["failed"])


def _finished(act: Act, committee: Committee) -> list[tuple[Sheet, dict[str, ScoreItem]]]:
    """Every sheet, all of them locked and in agreement on what is objective."""
    sheets = queries.every_sheet(act.session, committee)
    unfinished = sum(sheet.state != "locked" for sheet, _ in sheets)
    if unfinished or not sheets:
        raise Conflict("scoring.unfinished", sheets=unfinished)
    differing = queries.mismatches(act.session, committee)
    if differing:
        cells = "；".join(f"{number}: {', '.join(codes)}" for number, codes in sorted(differing.items()))
        raise Conflict("scoring.objective", cells=cells)
    return sheets


def _result(
    act: Act,
    committee: Committee,
    sheets: list[tuple[Sheet, dict[str, ScoreItem]]],
    prices: dict[str, Any] | None,
) -> dict[str, Any]:
    section = committee.section
    ranked = None
    if prices is not None:
        out = {one["number"] for one in prices["bids"] if one["rejected"]}
        ranked = [bid.number for bid in queries.priced_bids(act.session, committee) if bid.number not in out]
        if not ranked:
            raise Conflict("scoring.no_price", section=section.code)
    opening = queries.opening_of(act.session, section)
    drawn = opening.coefficients or {}
    law = bidding.law_of(section)
    return result_document(
        Evaluation(
            section=section.code,
            locked_at=iso(act.now),
            method=section.method,
            control_price_fen=section.control_price_fen,
            coefficients=drawn,
            conformity=committee.conformity,
            members=[
                {"label": member.label, "seat": member.seat} for member in queries.live_members(act.session, committee)
            ],
            bids=[
                {
                    "number": bid.number,
                    "name": bid.name,
                    "identifier": bid.identifier,
                    "consortium": bid.members,
                    "submission": bid.submission.digest,
                    "price_fen": bid.price_fen,
                }
                for bid in queries.bids_in_evaluation(act.session, section)
            ],
            valid=[bid.number for bid in queries.valid_bids(act.session, committee)],
            ranked=ranked,
            sheets=[
                ScoredSheet(
                    sheet.bid.number,
                    sheet.member.label,
                    {code: item.value for code, item in items.items()},
                    sheet.explanation,
                )
                for sheet, items in sorted(sheets, key=lambda pair: (pair[0].bid.number, pair[0].member.id))
            ],
            # Without a coefficient draw the expert draw's published seed decides ties.
            tie_seed=str(drawn.get("seed") or record.draw(act.session, str(committee.draw_label)).seed),
            most_candidates=_most_candidates(act, law),
            corrections=_corrections(act, committee),
            price_review=prices,
        )
    )


def _most_candidates(act: Act, law: Snapshot) -> int:
    """At most so many candidates (R-501): by the law frozen with the project, else by the evaluation's own rule."""
    return (law if "candidates_max" in law.rules else expert_law(day_of(act.now), law.regime)).days("candidates_max")


def _corrections(act: Act, committee: Committee) -> list[dict[str, Any]]:
    """The corrected prices that bidders accepted, by bid (R-432)."""
    found = []
    for bid in queries.bids_in_evaluation(act.session, committee.section):
        one = queries.correction_of(act.session, committee, bid)
        if one is not None and one.state == "answered":
            price = {name: (one.basis or {})[name] for name in ("read_fen", "price_fen")}
            found.append({"number": bid.number, "clarification": one.number, **price})
    return found


def _check_scoring(committee: Committee, verb: str) -> None:
    if committee.state != "scoring":
        raise Conflict(
            "committee.state", verb=verb, state=committee.state, allowed=["scoring"], subject=committee.subject
        )

"""The award: to the highest-ranked candidate, told to everybody at once, reported to the supervisor (R-503, R-557)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from accounts.queries import holders
from accounts.rules import Role
from awards import queries
from awards.models import Publicity
from awards.queries import validity
from awards.queries.complaints import check_free
from awards.queries.selection import plan_of, selection
from awards.rules import check_winner
from awards.rules.remedies import NOT_EXTENDED
from awards.rules.selection import told_selection
from awards.services.selection_report import check_signed
from bidding import queries as bidding_queries
from bidding import services as bidding
from core.act import Act
from core.board import publish_notice
from core.calendar import day_of, end_of_day
from core.clock import iso
from core.errors import Conflict, Invalid, Missing
from core.machine import advance
from core.outbox import post
from credit import services as credit
from experts import queries as experts
from opening.models import Bid

KIND = "award"


def award(
    act: Act,
    publicity: Publicity,
    *,
    number: int | None = None,
    passed_over: Mapping[int, tuple[str, str]] | None = None,
) -> Bid:
    """Award to the first candidate, or to `number` when every better one is in `passed_over` with reason and evidence.

    In one act: the award notice on the board, the notice to the winner, the result with own scores and reasons to every
    other bidder, the report to the supervisors (R-557). Conflict("award.publicity") unless the publicity has ended;
    Conflict("publicity.suspended") while an objection is open (R-552); what `rules.check_winner` raises (R-503).
    """
    section = publicity.section
    waiting = queries.open_objections(act.session, publicity)
    check_free(act.session, section, act.now)
    if waiting or publicity.state == "suspended":
        raise Conflict("publicity.suspended", objections=waiting)
    if publicity.state != "ended" or publicity.follows_award:
        raise Conflict("award.publicity", state=publicity.state, ends_at=publicity.ends_at.isoformat())
    lost = {
        number: (NOT_EXTENDED, f"R-158 {held.extension.until} {iso(held.answered_at)}")
        for number, held in validity.lapsed(act.session, section).items()
    } | {row.bid.number: (row.reason, row.evidence) for row in queries.set_aside(act.session, publicity)}
    left = [one for one in publicity.candidates if one not in lost]
    if not left:
        raise Conflict("result.none_left", section=section.code)
    number = _first(act, publicity, left) if number is None else number
    if number in lost:
        raise Conflict("award.set_aside", number=number)
    sitting = selection(act.session, publicity) if plan_of(section) else None
    if plan_of(section) and (sitting is None or sitting.result is None):
        raise Conflict("selection.pending", section=section.code)
    if sitting is not None:
        check_signed(sitting)
    chosen = sitting.result["winner"] if sitting is not None and sitting.result else None
    if chosen is not None and number != chosen:
        raise Invalid("selection.chosen", field="number", number=chosen)
    better = publicity.candidates[: publicity.candidates.index(number)] if number in publicity.candidates else []
    passed_over = {**(passed_over or {}), **{one: lost[one] for one in better if one in lost}}
    if chosen is None:
        check_winner(publicity.candidates, number, passed_over)
    else:
        passed_over = {}
    bids = experts.final_bids(act.session, section)
    winner = next((bid for bid in bids if bid.number == number), None)
    if winner is None:
        raise Missing("bid.unknown")
    law = bidding_queries.law_of(section)
    credit.clear_for_award(act, section.code, winner.identifier, law)
    publicity.winner_id, publicity.winner = winner.id, winner
    over = [
        {"number": one, "reason": reason, "evidence": evidence}
        for one, (reason, evidence) in sorted(passed_over.items())
    ]
    advance(act, publicity, "award", winner=number, passed_over=over)
    bidding.mark_awarded(act, section, winner=number)
    notice = publish_notice(
        act,
        kind=KIND,
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）中标结果公告",
        content={
            "section": section.code,
            "project": section.project.name,
            "tenderee": section.project.tenderee.name,
            "winner": {
                "number": winner.number,
                "name": winner.name,
                "identifier": winner.identifier,
                "consortium": winner.members,
                "price_fen": winner.price_fen,
                "duration_days": (winner.schedule or {}).get("duration_days", section.duration_days),
            },
            "passed_over": [{"number": one["number"], "reason": one["reason"]} for one in over],
            "selection": told_selection(sitting.result) if sitting is not None and sitting.result else None,
            "awarded_at": iso(act.now),
            "contract_within_days": law.days("contract_within") if "contract_within" in law.rules else None,
        },
    )
    tell_bidders(act, publicity, winner, notice.number)
    _report(act, publicity, winner, notice.number)
    return winner


def _first(act: Act, publicity: Publicity, left: list[int]) -> int:
    """Whom the award goes to where nobody is named: the committee's choice, else the first who is left."""
    held = selection(act.session, publicity)
    return int(held.result["winner"]) if held is not None and held.result else left[0]


def tell_bidders(act: Act, publicity: Publicity, winner: Bid, notice: str) -> None:
    """The winner is told that they won, every other bidder the own scores and reasons (R-505, R-506)."""
    section = publicity.section
    for bid in experts.final_bids(act.session, section):
        if bid.organisation_id is None:
            continue
        own = _own_facts(act, publicity, bid)
        post(
            act,
            key=f"award:{section.code}:{notice}:{bid.number}",
            recipient=f"organisation:{bid.organisation_id}",
            template="awards.won" if bid.id == winner.id else "awards.lost",
            section=section.code,
            notice=notice,
            winner=winner.full_name,
            **own,
        )


def _own_facts(act: Act, publicity: Publicity, bid: Bid) -> dict[str, Any]:
    own = queries.result_of(act.session, publicity.section, bid)
    return {
        "number": bid.number,
        "price_fen": bid.price_fen,
        "opened": own["opened"],
        "ranking": own["ranking"],
        "rejected": own["rejected"],
        "reasons": [reason["reason"] for reason in own["review"]["reasons"]] if own["review"] else [],
    }


def _report(act: Act, publicity: Publicity, winner: Bid, notice: str) -> None:
    """The written report to the administrative supervisor, due within 15 days of determining the winner (R-557)."""
    section = publicity.section
    law = bidding_queries.law_of(section)
    if "regulator_report_within" not in law.rules:
        return
    due = end_of_day(day_of(act.now) + timedelta(days=law.days("regulator_report_within")))
    committee = experts.committee(act.session, section)
    for person in holders(act.session, Role.SUPERVISOR, section.project.code):
        post(
            act,
            key=f"regulator.report:{section.code}:{notice}:{person.login}",
            recipient=person.login,
            template="awards.regulator_report",
            section=section.code,
            project=section.project.name,
            winner=winner.full_name,
            price_fen=winner.price_fen,
            notice=notice,
            report_sha256=committee.report_sha256,
            due_at=iso(due),
            law=law.cite("regulator_report_within"),
        )

"""The result under regime G: the purchaser takes the first candidate, and the notice begins the time to challenge."""

from __future__ import annotations

from awards import queries
from awards.models import Publicity
from awards.queries.complaints import check_free
from awards.rules import masked, result_periods
from awards.services.award import KIND, tell_bidders
from awards.services.publicity import begin_publicity, check_unannounced
from bidding import queries as bidding_queries
from bidding import services as bidding
from bidding.models import Section
from bidding.services import bonds
from core.act import Act
from core.board import publish_notice
from core.calendar import day_of, end_of_day, national
from core.clock import iso
from core.errors import Conflict
from core.ledger.log import append
from credit import services as credit
from experts import queries as experts


def announce_result(act: Act, section: Section) -> Publicity:
    """Decide for the first candidate not set aside and announce it in the same act: it cannot be late (R-506).

    Afterwards the notice stands for its working days, the result may be challenged until `ends_at` (R-554), the winner
    and every other bidder have been told, and a decision later than the law's working days after the report is said
    in the notice. Conflict("publicity.exists"), Conflict("result.candidates_first") where the law asks for candidates
    to be publicised (regime T), Conflict("section.state") before the report has been delivered.
    """
    check_unannounced(act, section)
    check_free(act.session, section, act.now)
    law = bidding_queries.law_of(section)
    if "result_notice_period" not in law.rules:
        raise Conflict("result.candidates_first", section=section.code)
    committee = experts.committee(act.session, section)
    result = experts.locked_result(committee)
    lost = queries.set_aside_numbers(act.session, section)
    first = next((number for number in result["candidates"] if number not in lost), None)
    if first is None:
        raise Conflict("result.none_left", section=section.code)
    winner = next(bid for bid in experts.final_bids(act.session, section) if bid.number == first)
    over = [{"number": one, "reason": lost[one]} for one in result["candidates"][: result["candidates"].index(first)]]
    credit.clear_for_award(act, section.code, winner.identifier, law)
    bidding.mark_awarded(act, section, winner=winner.number)
    bonds.after_notice(act, section, winner=winner.identifier)
    periods = result_periods(national(), act.now, law.days("result_notice_period"), law.days("challenge_within"))
    due = national().end_of_working_days(day_of(committee.state_at), law.days("award_decision_within"))
    late = act.now >= end_of_day(due.on)
    publicity = begin_publicity(
        act,
        section,
        candidates=list(result["candidates"]),
        ends_at=periods.challenge_until,
        rule={
            "cite": law.cite("result_notice_period"),
            "challenge": law.cite("challenge_within"),
            "notice_until": iso(periods.notice_until),
            "decision": {**law.cite("award_decision_within"), "due_at": iso(end_of_day(due.on)), "late": late},
            "assumed_years": list(periods.assumed),
        },
        winner=winner,
    )
    append(
        act, "publicity.award", publicity.subject,
        {"winner": winner.number, "passed_over": over, "actor": act.actor.name,
         "notice_until": iso(periods.notice_until), "challenge_until": iso(periods.challenge_until)},
    )  # fmt: skip
    bids = {bid.number: bid for bid in experts.final_bids(act.session, section)}
    notice = publish_notice(
        act,
        kind=KIND,
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）{_title(section)}",
        content={
            "section": section.code,
            "project": section.project.name,
            "tenderee": section.project.tenderee.name,
            "agent": section.project.agent.name if section.project.agent else None,
            "winner": {
                "number": winner.number,
                "name": winner.name,
                "identifier": winner.identifier,
                "consortium": winner.members,
                "price_fen": winner.price_fen,
                "duration_days": (winner.schedule or {}).get("duration_days", section.duration_days),
            },
            "rejected": [
                {
                    "number": entry["number"],
                    "name": bids[entry["number"]].name,
                    "consortium": bids[entry["number"]].members,
                    "reasons": [masked(reason["reason"]) for reason in entry["reasons"]],
                }
                for entry in result["conformity"]["bids"]
                if entry["rejected"]
            ],
            "passed_over": over,
            # Who judged is told with the result (采购法实施条例 a43, 87号令 a69).
            "experts": [
                {"name": member.person.name, "of_purchaser": member.is_representative}
                for member in experts.signers(act.session, committee)
            ],
            "awarded_at": iso(act.now),
            "notice_until": iso(periods.notice_until),
            "challenge_until": iso(periods.challenge_until),
            "assumed_years": list(periods.assumed),
            "decision_late": late,
            "contract_within_days": law.days("contract_within"),
            "report_sha256": committee.report_sha256,
            "law": [
                law.cite(key)
                for key in ("award_decision_within", "result_notice_period", "challenge_within", "objection_answer")
            ],
        },
        # The tender documents go out with the result (87号令 a69, 74号令 a18).
        attachments=[
            {"name": one.name, "sha256": one.sha256, "size": one.size}
            for one in bidding_queries.documents(act.session, _documented(act, section))
        ],
    )
    tell_bidders(act, publicity, winner, notice.number)
    return publicity


def _title(section: Section) -> str:
    return "中标结果公告" if section.project.procedure in ("open", "invited") else "成交结果公告"


def _documented(act: Act, section: Section) -> Section:
    """The section whose tender documents these are: a round of final offers has none of its own."""
    return bidding_queries.section(act.session, section.first_round) if section.first_round else section

"""The publicity of candidates: published, and ended when its time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from awards import queries
from awards.models import Publicity
from awards.queries.complaints import check_free
from awards.queries.selection import plan_of
from awards.rules import late_by_days, masked, publicity_period
from bidding import queries as bidding_queries
from bidding import services as bidding
from bidding.models import Section
from core.act import Act
from core.board import publish_notice
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Untimely
from core.ledger.log import append
from core.machine import advance
from credit import services as credit
from experts import queries as experts
from opening.models import Bid

KIND = "candidates"


def publish_candidates(act: Act, section: Section) -> Publicity:
    """Publish the ranked candidates for at least the frozen number of days (R-550), with the content of R-551.

    Within three days of receiving the report; later it is still published, and the notice says by how many days it
    came too late. Conflict("section.state") unless the report has been delivered (the section's own move refuses),
    Conflict("publicity.no_candidates") where the regime knows none and the result is announced at once (R-506).
    """
    check_unannounced(act, section)
    check_free(act.session, section, act.now)
    law = bidding_queries.law_of(section)
    if "candidate_publicity_min" not in law.rules:
        raise Conflict("publicity.no_candidates", section=section.code)
    calendar = national()
    committee = experts.committee(act.session, section)
    result = experts.locked_result(committee)
    period = publicity_period(calendar, act.now, law.days("candidate_publicity_min"))
    late = late_by_days(committee.state_at, act.now, law.days("candidate_publish_within"))
    bids = {bid.number: bid for bid in experts.bids_in_evaluation(act.session, section)}
    plan = plan_of(section)
    candidates = sorted(result["candidates"]) if plan else list(result["candidates"])
    content: dict[str, Any] = {
        "section": section.code,
        "project": section.project.name,
        "tenderee": section.project.tenderee.name,
        "candidates": [_candidate(bids[number], result, section, ranked=not plan) for number in candidates],
        "ranking": [
            {
                "rank": row["rank"], "number": row["number"], "name": bids[row["number"]].name,
                "consortium": bids[row["number"]].members,
                "technical": row["technical"], "qualification": row["qualification"], "price": row["price"],
                "total": row["total"],
            }
            for row in result["ranking"]
            if not plan
        ],
        "unranked": bool(plan),
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
        "began_at": iso(act.now),
        "ends_at": iso(period.ends_at),
        "assumed_years": list(period.assumed),
        "calendar": calendar.version,
        "objection_to": section.project.agent.name if section.project.agent else section.project.tenderee.name,
        "law": [law.cite(key) for key in ("candidate_publicity_min", "candidate_publish_within", "objection_answer")],
        "late_by_days": late,
        "report_sha256": committee.report_sha256,
    }  # fmt: skip
    publicity = begin_publicity(
        act,
        section,
        candidates=candidates,
        ends_at=period.ends_at,
        rule={"cite": law.cite("candidate_publicity_min"), "assumed_years": list(period.assumed), "late_by_days": late},
    )
    bidding.mark_candidates_published(act, section, candidates=publicity.candidates)
    publish_notice(
        act,
        kind=KIND,
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）中标候选人公示",
        content=content,
    )
    return publicity


def check_unannounced(act: Act, section: Section) -> None:
    """Refuse a second publicity: Conflict("publicity.exists") unless the section's one was revoked."""
    held = act.session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if held is not None and held.state != "revoked":
        raise Conflict("publicity.exists", section=section.code)


def begin_publicity(
    act: Act,
    section: Section,
    *,
    candidates: list[int],
    ends_at: datetime,
    rule: dict[str, Any],
    winner: Bid | None = None,
) -> Publicity:
    """The section's publicity begins now: the first, or the next round of one that was revoked, which keeps it."""
    held = act.session.scalar(select(Publicity).where(Publicity.section_id == section.id))
    if held is None:
        held = Publicity(section_id=section.id, section=section, earlier=[], state="running", state_at=act.now)
        _set(act, held, candidates, ends_at, rule, winner)
        act.session.add(held)
        act.session.flush()
        return held
    held.earlier = [*held.earlier, told_round(held)]
    held.round += 1
    _set(act, held, candidates, ends_at, rule, winner)
    advance(act, held, "renew", round=held.round, candidates=candidates)
    return held


def told_round(publicity: Publicity) -> dict[str, Any]:
    """A round of a publicity as the archive tells it."""
    return {
        "round": publicity.round,
        "candidates": publicity.candidates,
        "began_at": iso(publicity.began_at),
        "ends_at": iso(publicity.ends_at),
        "rule": publicity.rule,
        "winner": publicity.winner.number if publicity.winner else None,
    }


def _set(
    act: Act, held: Publicity, candidates: list[int], ends_at: datetime, rule: dict[str, Any], winner: Bid | None
) -> None:
    held.candidates, held.began_at, held.ends_at, held.rule = candidates, act.now, ends_at, rule
    held.winner_id, held.winner = (winner.id, winner) if winner else (None, None)


def end_publicity(act: Act, publicity: Publicity) -> None:
    """End a publicity whose period is over; from here on the award may be made. Already ended is done.

    Untimely("publicity.running") before the end; Conflict("publicity.suspended") while an objection is open (R-552).
    """
    if publicity.state in ("ended", "awarded"):
        return
    waiting = queries.open_objections(act.session, publicity)
    check_free(act.session, publicity.section, act.now)
    if publicity.state == "suspended" or waiting:
        raise Conflict("publicity.suspended", objections=waiting)
    if act.now < publicity.ends_at:
        raise Untimely("publicity.running", ends_at=publicity.ends_at.isoformat())
    advance(act, publicity, "end", ends_at=iso(publicity.ends_at))
    append(act, "publicity.over", publicity.section.subject, {"ends_at": iso(publicity.ends_at)})
    for bid in experts.final_bids(act.session, publicity.section):
        if bid.number in publicity.candidates:
            credit.check_party_again(act, publicity.section.code, bid.identifier, "award")


def _candidate(bid: Bid, result: dict[str, Any], section: Section, *, ranked: bool) -> dict[str, Any]:
    row = next(row for row in result["ranking"] if row["number"] == bid.number)
    schedule = bid.schedule or {}
    return {
        "rank": row["rank"] if ranked else None,
        "number": bid.number,
        "name": bid.name,
        "identifier": bid.identifier,
        "consortium": bid.members,
        "price_fen": bid.price_fen,
        "duration_days": schedule.get("duration_days", section.duration_days),
        "quality": masked(str(schedule.get("quality", ""))),
        "manager": masked(str(schedule.get("manager", ""))),
        "manager_certificate": masked(str(schedule.get("manager_certificate", ""))),
        "qualification_response": "passed",
        "total": row["total"] if ranked else None,
    }

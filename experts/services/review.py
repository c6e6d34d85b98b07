"""The conformity review: own findings first, then the committee's decision by majority, then scoring begins."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from bidding import queries as bidding_queries
from bidding import services as bidding
from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from experts import queries
from experts.models import Committee, Member, Review, Sheet
from experts.rules import CONTROL_PRICE, FINDINGS, check_method, scored_criteria, tally
from experts.rules.review import FAIL, PASS
from experts.services.attendance import check_own
from experts.services.masks import from_seat
from opening.models import Bid

Findings = Mapping[str, tuple[str, str]]
MOST_REASON = 1000


def save_findings(act: Act, member: Member, bid: Bid, findings: Findings) -> None:
    """Save the member's findings on one bid: {clause: (pass | fail | doubt, reason)}; again overwrites.

    Fail and doubt need a reason. Invalid: review.clause (not one of the frozen clauses, R-404), review.finding,
    review.reason; Conflict("committee.state") once the review is concluded or before all have declared.
    """
    check_own(act, member)
    committee = member.committee
    _check_state(committee, "save_findings", "seated")
    if bid.id not in {held.id for held in queries.bids_in_evaluation(act.session, committee.section)}:
        raise Invalid("review.bid", field="bid")
    clauses = {clause["code"] for clause in queries.clauses_of(committee.section)}
    held = queries.own_findings(act.session, member)
    for clause, (finding, reason) in findings.items():
        if clause not in clauses:
            raise Invalid("review.clause", field=clause, clause=clause)
        if finding not in FINDINGS:
            raise Invalid("review.finding", field=clause, found=finding)
        reason = reason.strip()
        if finding != PASS and not reason:
            raise Invalid("review.reason", field=clause, clause=clause)
        if len(reason) > MOST_REASON:
            raise Invalid("form.length", field=clause, most=MOST_REASON, least=0, found=len(reason))
        review = held.get((bid.id, clause))
        if review is None:
            review = Review(member_id=member.id, bid_id=bid.id, clause=clause)
            act.session.add(review)
        review.finding, review.reason, review.found_at = finding, reason, act.now
    act.session.flush()


def begin_scoring(act: Act, committee: Committee, *, competition_reason: str = "") -> None:
    """Conclude the review by majority and open a score sheet for every member and every bid that passed (R-345).

    Called by the leader. Conflict: review.incomplete (naming how many findings are missing), review.control_price (a
    bid above the control price must be rejected, R-400(5)), review.none_left, committee.no_leader,
    committee.leader_only. With fewer than three bids left `competition_reason` must say why competition suffices
    (R-412): Invalid("review.competition").
    """
    leader = check_leader(act, committee)
    _check_state(committee, "begin_scoring", "seated")
    section = committee.section
    check_method(section.method)
    members = queries.live_members(act.session, committee)
    bids = queries.bids_in_evaluation(act.session, section)
    clauses = [clause["code"] for clause in queries.clauses_of(section)]
    wanted = len(members) * len(bids) * len(clauses)
    reviews = list(act.session.scalars(select(Review).where(Review.member_id.in_([member.id for member in members]))))
    if len(reviews) < wanted:
        raise Conflict("review.incomplete", missing=wanted - len(reviews))
    decisions = []
    for bid in bids:
        own = [review for review in reviews if review.bid_id == bid.id]
        tallies = tally(clauses, [(review.clause, review.finding) for review in own], len(members))
        failed = [found.clause for found in tallies if found.fails]
        price = bid.price_fen or 0
        too_high = price > section.control_price_fen or price <= 0
        if too_high and not queries.in_two_stages(section) and CONTROL_PRICE["code"] not in failed:
            raise Conflict("review.control_price", number=bid.number)
        decisions.append(
            {
                "number": bid.number,
                "clauses": [found.as_json() for found in tallies],
                "rejected": bool(failed),
                "reasons": [{"clause": clause, "reason": reason} for clause, reason in _reasons(own, failed)],
            }
        )
    left = [decision["number"] for decision in decisions if not decision["rejected"]]
    if not left:
        raise Conflict("review.none_left")
    least = bidding_queries.law_of(section).rules.get("min_bidders_open")
    if len(left) < (int(least.value) if least else 3) and not competition_reason.strip():
        raise Invalid("review.competition", field="competition_reason", left=len(left))
    committee.conformity = {
        "members": [member.label for member in members],
        "bids": decisions,
        "competition_reason": competition_reason.strip(),
    }
    advance(from_seat(act, leader), committee, "begin_scoring", conformity=committee.conformity)
    scored_criteria(section.method)
    held = {
        (sheet.member_id, sheet.bid_id)
        for sheet in act.session.scalars(select(Sheet).where(Sheet.member_id.in_([member.id for member in members])))
    }
    for member in members:
        for bid in queries.valid_bids(act.session, committee):
            if (member.id, bid.id) not in held:
                act.session.add(Sheet(member_id=member.id, bid_id=bid.id, state="draft", state_at=act.now))
    act.session.flush()


def reject_all(act: Act, committee: Committee, reason: str) -> None:
    """The committee rejects every bid: none passed, or competition is clearly lacking (R-412); the section fails.

    Called by the leader, with the reasoning that goes on record. Conflict("review.enough_left") where three or more
    bids would pass.
    """
    leader = check_leader(act, committee)
    _check_state(committee, "reject_all", "seated")
    if len(reason.strip()) < 10:
        raise Invalid("review.reasoning", field="reason")
    members = queries.live_members(act.session, committee)
    clauses = [clause["code"] for clause in queries.clauses_of(committee.section)]
    left = 0
    for bid in queries.bids_in_evaluation(act.session, committee.section):
        own = act.session.scalars(
            select(Review).where(Review.bid_id == bid.id, Review.member_id.in_([member.id for member in members]))
        )
        found = tally(clauses, [(review.clause, review.finding) for review in own], len(members))
        left += not any(one.fails for one in found)
    if left >= 3:
        raise Conflict("review.enough_left", left=left)
    append(from_seat(act, leader), "committee.reject_all", committee.subject, {"reason": reason, "left": left})
    bidding.fail_section(from_seat(act, leader), committee.section, reason)


def check_leader(act: Act, committee: Committee) -> Member:
    """Return the leader, who must be the one acting: Conflict("committee.no_leader") or ("committee.leader_only")."""
    leader = queries.leader(act.session, committee)
    if leader is None:
        raise Conflict("committee.no_leader")
    if leader.person_id != act.actor.person_id:
        raise Conflict("committee.leader_only")
    return leader


def _reasons(reviews: list[Review], failed: list[str]) -> list[tuple[str, str]]:
    """The members' different reasons for each failed clause, in the order of their seats."""
    found = sorted((review for review in reviews if review.finding == FAIL), key=lambda review: review.member_id)
    return list(
        dict.fromkeys((clause, review.reason) for clause in failed for review in found if review.clause == clause)
    )


def _check_state(committee: Committee, verb: str, state: str) -> None:
    if committee.state != state:
        raise Conflict("committee.state", verb=verb, state=committee.state, allowed=[state], subject=committee.subject)

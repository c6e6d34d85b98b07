"""The conformity review: own findings first, then the committee's decision by majority, then scoring begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from experts.rules.blind import MARKS
from experts.rules.grounds import CONTENT, CORRECTION, LOW_PRICE, agreed_ground, ground_of, grounds_for
from experts.rules.review import FAIL, PASS
from experts.services.blind import carry_scores
from experts.services.entries import compute_scores
from experts.services.masks import check_leader, check_own, from_seat
from opening.models import Bid

Clauses = Sequence[Mapping[str, str]]
Findings = Mapping[str, tuple[str, str] | tuple[str, str, str]]
MOST_REASON = 1000


def save_findings(act: Act, member: Member, bid: Bid, findings: Findings) -> None:
    """Save the member's findings on one bid: {clause: (pass | fail | doubt, reason[, ground])}; again overwrites.

    Fail and doubt need a reason, and a failure has a ground of the law (R-400, R-410): the one named, else the one that
    goes with the clause. Invalid: review.clause (none of this bid's clauses, R-404), review.finding, review.reason,
    review.ground, review.blind_clause (decided in the blind round); Conflict("committee.state") once the review is
    concluded or before all have declared.
    """
    check_own(act, member)
    committee = member.committee
    _check_state(committee, "save_findings", "seated")
    if bid.id not in {held.id for held in queries.bids_in_evaluation(act.session, committee.section)}:
        raise Invalid("review.bid", field="bid")
    if queries.is_blind(committee.section) and MARKS["code"] in findings:
        raise Invalid("review.blind_clause", field=MARKS["code"], clause=MARKS["code"])
    keep_findings(act, member, bid, findings, queries.clauses_for(act.session, committee, bid))


def keep_findings(act: Act, member: Member, bid: Bid, findings: Findings, standing: Clauses) -> None:
    """Write the member's findings on the clauses that stand on this bid; what `save_findings` refuses is refused."""
    committee = member.committee
    clauses = {clause["code"]: clause for clause in standing}
    held = queries.own_findings(act.session, member)
    for clause, (finding, reason, *picked) in findings.items():
        if clause not in clauses:
            raise Invalid("review.clause", field=clause, clause=clause)
        if finding not in FINDINGS:
            raise Invalid("review.finding", field=clause, found=finding)
        reason = reason.strip()
        if finding != PASS and not reason:
            raise Invalid("review.reason", field=clause, clause=clause)
        if len(reason) > MOST_REASON:
            raise Invalid("form.length", field=clause, most=MOST_REASON, least=0, found=len(reason))
        ground = None
        if finding == FAIL:
            ground = ground_of(
                picked[0] if picked else "", dict(clauses[clause]), committee.section.project.regime
            ).code
        review = held.get((bid.id, clause))
        if review is None:
            review = Review(member_id=member.id, bid_id=bid.id, clause=clause)
            act.session.add(review)
        review.finding, review.reason, review.ground, review.found_at = finding, reason, ground, act.now
    act.session.flush()


def begin_scoring(act: Act, committee: Committee, *, competition_reason: str = "") -> None:
    """Conclude the review by majority and open a score sheet for every member and every bid that passed (R-345).

    Called by the leader. Conflict: review.incomplete (naming how many findings are missing), review.control_price (a
    bid above the control price must be rejected, R-400(5)), review.none_left, committee.no_leader,
    committee.leader_only; bid_clarification.open while a bidder may still answer, review.correction (bill and price
    differ and no correction was put to the bidder), review.correction_refused, review.clarify_first (R-402),
    review.low_price (R-441: an explanation must be asked for first). With fewer than three bids left
    `competition_reason` must say why competition suffices (R-412): Invalid("review.competition").
    """
    leader = check_leader(act, committee)
    _check_state(committee, "begin_scoring", "seated")
    section = committee.section
    check_method(section.method)
    members = queries.live_members(act.session, committee)
    bids = queries.bids_in_evaluation(act.session, section)
    check_answered(act, committee)
    decisions = decide(act, committee, [(bid, queries.clauses_for(act.session, committee, bid)) for bid in bids])
    if not queries.in_two_stages(section):
        _check_prices(act, committee, decisions)
    _check_admitted(act, committee, decisions)
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
    fresh = [
        Sheet(member_id=member.id, bid_id=bid.id, state="draft", state_at=act.now)
        for member in members
        for bid in queries.valid_bids(act.session, committee)
        if (member.id, bid.id) not in held
    ]
    act.session.add_all(fresh)
    act.session.flush()
    carry_scores(act, committee, fresh)
    compute_scores(act, committee, fresh)


def reject_all(act: Act, committee: Committee, reason: str) -> None:
    """The committee rejects every bid: none passed, or competition is clearly lacking (R-412); the section fails.

    Called by the leader, with the reasoning that goes on record; of two stages in either. Three or more that would pass
    are enough, Conflict("review.enough_left"), unless judging again one of them passed too late, and the project's law
    does not let its second envelope be opened any more, so that only a new tender is left (R-507).
    """
    leader = check_leader(act, committee)
    is_priced = queries.in_price_stage(act.session, committee)
    if not is_priced:
        _check_state(committee, "reject_all", "seated")
    if len(reason.strip()) < 10:
        raise Invalid("review.reasoning", field="reason")
    check_answered(act, committee)
    bids = (
        queries.priced_bids(act.session, committee)
        if is_priced
        else queries.bids_in_evaluation(act.session, committee.section)
    )
    passed = []
    for bid in bids:
        stand = (queries.price_clauses_for if is_priced else queries.clauses_for)(act.session, committee, bid)
        if not decision_on(act, committee, bid, stand)["rejected"]:
            passed.append(bid.number)
    restored = _restored(act, committee, passed)
    if len(passed) >= 3 and not restored:
        raise Conflict("review.enough_left", left=len(passed))
    facts = {"reason": reason, "left": len(passed), **({"restored": restored} if restored else {})}
    append(from_seat(act, leader), "committee.reject_all", committee.subject, facts)
    bidding.fail_section(from_seat(act, leader), committee.section, reason)


def decide(act: Act, committee: Committee, bids: Sequence[tuple[Bid, Clauses]]) -> list[dict[str, Any]]:
    """What the majority makes of each bid on its clauses; Conflict("review.incomplete") while a finding lacks."""
    members = queries.live_members(act.session, committee)
    wanted = len(members) * sum(len(stand) for _, stand in bids)
    made = sum(len(_findings(act, members, bid, stand)) for bid, stand in bids)
    if made < wanted:
        raise Conflict("review.incomplete", missing=wanted - made)
    return [decision_on(act, committee, bid, stand) for bid, stand in bids]


def _findings(act: Act, members: list[Member], bid: Bid, stand: Clauses) -> list[Review]:
    """The members' findings on the clauses that stand on this bid's review."""
    clauses = [clause["code"] for clause in stand]
    return list(
        act.session.scalars(
            select(Review)
            .where(Review.bid_id == bid.id, Review.member_id.in_([member.id for member in members]))
            .where(Review.clause.in_(clauses))
            .order_by(Review.member_id)
        )
    )


def decision_on(act: Act, committee: Committee, bid: Bid, stand: Clauses) -> dict[str, Any]:
    """What the majority makes of one bid; nobody is rejected on a ground that asks for a question first (R-402)."""
    clauses = [clause["code"] for clause in stand]
    members = queries.live_members(act.session, committee)
    own = _findings(act, members, bid, stand)
    tallies = tally(clauses, [(review.clause, review.finding) for review in own], len(members))
    failed = [found.clause for found in tallies if found.fails]
    asked = [one for one in queries.bid_clarifications(act.session, committee) if one.bid_id == bid.id]
    known = grounds_for(committee.section.project.regime)
    grounds = []
    for clause in failed:
        ground = known[agreed_ground([str(one.ground) for one in own if (one.clause, one.finding) == (clause, FAIL)])]
        about = [one for one in asked if one.kind == ground.needs and one.state != "asked"]
        if ground.needs == CONTENT:
            about = [one for one in about if one.clause in (None, clause)]
        if ground.needs is not None and not about:
            raise Conflict("review.clarify_first", number=bid.number, clause=clause, ground=ground.text)
        grounds.append({"clause": clause, "ground": ground.code, "text": ground.text, "source": ground.source})
    return {
        "number": bid.number,
        "clauses": [found.as_json() for found in tallies],
        "rejected": bool(failed),
        "reasons": [{"clause": clause, "reason": reason} for clause, reason in _reasons(own, failed)],
        "grounds": grounds,
    }


def check_answered(act: Act, committee: Committee) -> None:
    """No bidder may still answer: what is asked and not due holds the conclusion up."""
    waiting = [one for one in queries.bid_clarifications(act.session, committee) if one.state == "asked"]
    if waiting:
        raise Conflict(
            "bid_clarification.open", numbers=", ".join(str(one.number) for one in waiting),
            due_at=max(queries.answer_until(one, act.now) for one in waiting).isoformat(),
        )  # fmt: skip


def _check_admitted(act: Act, committee: Committee, decisions: list[dict[str, Any]]) -> None:
    """Judged again after prices were read, nobody passes whose envelope stayed sealed, but where the law opens it."""
    restored = _restored(act, committee, [one["number"] for one in decisions if not one["rejected"]])
    if restored:
        raise Conflict("review.envelope_returned", numbers=", ".join(str(number) for number in restored))


def _restored(act: Act, committee: Committee, passed: Sequence[int]) -> list[int]:
    """Of those that pass now, whose second envelopes cannot be opened any more."""
    if queries.may_restore(committee.section):
        return []
    return sorted(set(passed) - queries.admitted(act.session, committee.section))


def _check_prices(act: Act, committee: Committee, decisions: list[dict[str, Any]]) -> None:
    """What the prices demand before the review may end: the maximum, arithmetic, and prices that are far too low."""
    section = committee.section
    failed = {one["number"]: {c["clause"] for c in one["clauses"] if c["decision"] == FAIL} for one in decisions}
    prices = queries.evaluated_prices(act.session, committee)
    for bid in queries.bids_in_evaluation(act.session, section):
        price = prices[bid.number] or 0
        if (price > section.control_price_fen or price <= 0) and CONTROL_PRICE["code"] not in failed[bid.number]:
            raise Conflict("review.control_price", number=bid.number)
        check_correction(act, committee, bid, failed[bid.number])
    passed = {number: prices[number] or 0 for number, clauses in failed.items() if clauses <= {LOW_PRICE}}
    check_low_prices(act, committee, passed)


def check_correction(act: Act, committee: Committee, bid: Bid, failed: set[str]) -> None:
    """A bill that differs from the price was put to the bidder, and who did not accept is rejected (R-430)."""
    correction = queries.correction_of(act.session, committee, bid)
    bill = queries.stated_bill(act.session, bid)
    if correction is None and not failed and bill and bill["total_fen"] not in (None, bid.price_fen):
        raise Conflict("review.correction", number=bid.number)
    if correction is not None and correction.state != "answered" and CORRECTION not in failed:
        raise Conflict("review.correction_refused", number=bid.number)


def check_low_prices(act: Act, committee: Committee, passed: Mapping[int, int]) -> None:
    """Whoever of those that passed (price in fen, by number) lies below a line has been asked to explain (R-441)."""
    held = queries.bid_clarifications(act.session, committee)
    asked = {one.bid.number for one in held if one.kind == LOW_PRICE}
    unasked = sorted({hit.number for hit in queries.low_price_hits_of(committee.section, passed)} - asked)
    if unasked:
        raise Conflict("review.low_price", numbers=", ".join(str(number) for number in unasked))


def _reasons(reviews: list[Review], failed: list[str]) -> list[tuple[str, str]]:
    """The members' different reasons for each failed clause, in the order of their seats."""
    found = sorted((review for review in reviews if review.finding == FAIL), key=lambda review: review.member_id)
    return list(
        dict.fromkeys((clause, review.reason) for clause in failed for review in found if review.clause == clause)
    )


def _check_state(committee: Committee, verb: str, state: str) -> None:
    if committee.state != state:
        raise Conflict("committee.state", verb=verb, state=committee.state, allowed=[state], subject=committee.subject)

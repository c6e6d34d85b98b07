"""Avoidance that others ask for, and members who do not come: who leaves, and who comes in their place."""

from __future__ import annotations

from accounts.rules import Role
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from experts import queries
from experts.models import AvoidanceRequest, Committee, Member
from experts.rules.avoidance import plain_name
from experts.services.attendance import leave, refill
from experts.services.masks import check_moving, from_seat
from opening.models import Bid

FINISHED = ("locked", "reported", "delivered")
RELEASES = ("health", "left_post", "cut_off")
MOST_OPEN = 10
"""Requests of one supplier that may wait for an answer: nobody lists half a pool to empty it."""


def ask_avoidance(act: Act, bid: Bid, *, person: str, unit: str, reason: str) -> AvoidanceRequest:
    """A supplier asks that a person related to another supplier stay out of the evaluation (R-331).

    `bid` is the supplier's own; who sits on the committee is not told to them. Missing("opening.no_bid") for another's,
    Conflict("section.state") outside opened and evaluating, Conflict("avoidance.too_many") while ten wait,
    Invalid("form.required") without a name or a reason.
    """
    if act.actor.organisation_id is None or bid.organisation_id != act.actor.organisation_id:
        raise Missing("opening.no_bid")
    section = queries.section_of(act.session, bid)
    if section.state not in ("opened", "evaluating"):
        raise Conflict(
            "section.state", verb="ask_avoidance", state=section.state, allowed=["evaluating", "opened"],
            subject=section.subject,
        )  # fmt: skip
    for name, value in (("person", plain_name(person)), ("reason", reason.strip())):
        if not value:
            raise Invalid("form.required", field=name)
    waiting = [one for one in queries.avoidance_requests(act.session, section) if one.bid_id == bid.id]
    if sum(one.state == "asked" for one in waiting) >= MOST_OPEN:
        raise Conflict("avoidance.too_many", most=MOST_OPEN)
    asked = AvoidanceRequest(
        section_id=section.id, section=section, bid_id=bid.id, bid=bid, number=1 + len(waiting), person=person.strip(),
        unit=unit.strip(), reason=reason.strip(), asked_at=act.now, state="asked", state_at=act.now,
    )  # fmt: skip
    act.session.add(asked)
    act.session.flush()
    # The name stays out of the ledger: an entry told before the award would tell whom somebody feared.
    append(act, "avoidance.ask", asked.subject, {"bid": bid.number})
    return asked


def decide_avoidance(act: Act, asked: AvoidanceRequest, *, is_upheld: bool, answer: str) -> list[Member]:
    """The supervisor upholds or dismisses a request, with the answer the supplier reads (R-331).

    Upheld, the named person is no candidate of this section any more, and a member who is that person leaves: their
    scores are void and the next of the order is invited (R-332). Returns who was invited. Conflict("avoidance.state")
    the second time, Conflict("committee.state") once the committee has locked its result.
    """
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("avoidance.supervisor")
    if not answer.strip():
        raise Invalid("form.required", field="answer")
    check_moving(asked.section)
    committee = queries.committee_of(act.session, asked.section)
    if committee is not None and committee.state in FINISHED:
        raise _too_late(committee, "decide_avoidance")
    asked.answer = answer.strip()
    advance(act, asked, "uphold" if is_upheld else "dismiss")
    if not is_upheld or committee is None:
        return []
    is_named = queries.asked_to_avoid(act.session, asked.section)
    fresh = []
    for member in queries.live_members(act.session, committee):
        # A partner's awaited expert is checked by the partner, who is told of the request, and again at sign-in.
        if not member.is_representative and not member.is_awaited and is_named(member.person):
            fresh += leave(act, member, "R-331 requested")
    return fresh


def record_absence(act: Act, member: Member) -> list[Member]:
    """A member who has not come by the time of the meeting loses the seat to the next of the order (R-322, R-332).

    By an officer or supervisor, from the meeting's begin on; nobody who has signed in. Returns who was invited.
    """
    if not act.actor.has(Role.OFFICER, Role.SUPERVISOR):
        raise Forbidden("member.absence")
    committee = member.committee
    check_moving(committee.section)
    if committee.state in FINISHED:
        raise _too_late(committee, "record_absence")
    if committee.meets_at is None or act.now < committee.meets_at:
        raise Conflict("member.not_due", meets_at=committee.meets_at.isoformat() if committee.meets_at else "")
    member.reason = "absent"
    advance(from_seat(act, member), member, "miss")
    return refill(act, committee)


def release_member(act: Act, member: Member, *, cause: str, reason: str) -> list[Member]:
    """A supervisor releases a member who came and cannot go on; the next of the order is invited (R-332, R-341).

    `cause`: health, left_post, or cut_off (a remote venue that does not come back in time); the reason stands only in
    the ledger. Scores are void and kept. Conflict("member.state") for who has not signed in (see `record_absence`),
    Conflict("committee.state") once the result is locked. Returns who was invited.
    """
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("member.release")
    check_moving(member.committee.section)
    if cause not in RELEASES:
        raise Invalid("form.choice", field="cause", found=cause, options=list(RELEASES))
    if len(reason.strip()) < 5:
        raise Invalid("form.length", field="reason", least=5, most=1000, found=len(reason.strip()))
    if member.state != "signed_in":
        raise Conflict(
            "member.state", verb="release", state=member.state, allowed=["signed_in"], subject=member.subject
        )
    append(act, "member.release", member.subject, {"cause": cause, "reason": reason.strip(), "rule": "R-332"})
    return leave(act, member, f"R-332 {cause}")


def _too_late(committee: Committee, verb: str) -> Conflict:
    return Conflict(
        "committee.state", verb=verb, state=committee.state, allowed=["drawn", "scoring", "seated"],
        subject=committee.subject,
    )  # fmt: skip

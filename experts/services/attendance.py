"""Members come and go: accept, decline, avoid, sign in, declare, elect a leader."""

from __future__ import annotations

from bidding import services as bidding
from core.act import Act
from core.calendar import day_of
from core.errors import Conflict, Invalid, Missing, Untimely
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from credit import services as credit
from experts import queries
from experts.models import Committee, Member, Sheet
from experts.rules import Ground, Party, Profile, Shape, avoidance_grounds
from experts.services.blind import open_masked_sheets, void_masked
from experts.services.draw import fill_seats
from experts.services.duty import reveal_seat
from experts.services.masks import check_own, from_seat


def accept(act: Act, member: Member) -> None:
    """The invited person will come."""
    check_own(act, member)
    advance(from_seat(act, member), member, "accept")


def decline(act: Act, member: Member, reason: str) -> list[Member]:
    """The invited person will not come; the next of the order is invited (R-322). Returns who was invited."""
    check_own(act, member)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    member.reason = reason
    advance(from_seat(act, member), member, "decline", reason=reason)
    return refill(act, member.committee)


def avoid(act: Act, member: Member, reason: str) -> list[Member]:
    """The member declares a reason to avoid and leaves; scores become void, the next is invited (R-330, R-332)."""
    check_own(act, member)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    return leave(act, member, reason)


def sign_in(act: Act, member: Member) -> list[Ground]:
    """Come into the room; avoidance is checked again against the bidders' names (R-330).

    Returns the grounds found: with any the member has left as `avoided` and the next is invited, with none the member
    is in. Untimely("member.too_early") before the room opens; Conflict("section.state") before the
    opening is done, for until then the names are not known.
    """
    check_own(act, member)
    committee = member.committee
    if committee.meets_at is not None and not queries.is_room_open(committee, act.now):
        raise Untimely("member.too_early", meets_at=committee.meets_at.isoformat())
    if committee.section.state not in ("opened", "evaluating"):
        raise Conflict(
            "section.state", verb="sign_in", state=committee.section.state, allowed=["opened", "evaluating"],
            subject=committee.section.subject,
        )  # fmt: skip
    grounds = grounds_of(act, member)
    if grounds:
        leave(act, member, "; ".join(ground.public for ground in grounds))
        return grounds
    member.signed_in_at = act.now
    reveal_seat(act, member)
    advance(from_seat(act, member), member, "sign_in")
    return []


def declare(act: Act, member: Member) -> None:
    """Confirm discipline and that no reason to avoid is known; with the last member the committee is seated.

    Where an envelope is anonymous (暗标) the blind round begins, which is locked before anything else. From then on
    the section is being evaluated and names are known to the project's own people (R-323).
    """
    check_own(act, member)
    if member.state != "signed_in":
        raise Conflict(
            "member.state", verb="declare", state=member.state, allowed=["signed_in"], subject=member.subject
        )
    if member.declared_at is not None:
        return
    member.declared_at = act.now
    append(from_seat(act, member), "member.declare", member.subject, {"no_reason_to_avoid": True, "discipline": True})
    committee = member.committee
    present = [held for held in queries.live_members(act.session, committee) if held.declared_at is not None]
    if committee.state == "drawn" and len(present) == Shape.from_json(committee.shape).size:
        blind = queries.is_blind(committee.section)
        seated = sorted(held.label for held in present)
        advance(from_seat(act, member), committee, "seat_blind" if blind else "seat", members=seated)
        if blind:
            open_masked_sheets(act, committee)
        if committee.section.state == "opened":
            bidding.begin_evaluation(from_seat(act, member), committee.section)
            credit.check_qualification(act, committee.section.code)


def vote_leader(act: Act, member: Member, choice: Member) -> Member | None:
    """Vote for the leader; when all have voted the one with most votes leads, of equal ones the earlier seat (R-302).

    The purchaser's representative may not lead in regime G. Returns the leader once there is one.
    """
    check_own(act, member)
    committee = member.committee
    if committee.state not in ("blind", "seated"):
        raise Conflict(
            "committee.state", verb="vote_leader", state=committee.state, allowed=["blind", "seated"],
            subject=committee.subject,
        )  # fmt: skip
    if choice.committee_id != committee.id or choice.state not in queries.LIVE:
        raise Missing("member.unknown")
    if choice.is_representative and committee.section.project.regime == "G":
        raise Invalid("committee.leader_representative", field="choice")
    held = queries.leader(act.session, committee)
    if held is not None:
        raise Conflict("committee.has_leader", label=held.label)
    member.leader_choice = choice.label
    append(from_seat(act, member), "member.vote", member.subject, {"for": choice.label})
    live = queries.live_members(act.session, committee)
    if any(one.leader_choice is None for one in live):
        return None
    votes = [one.leader_choice for one in live]
    elected = max(live, key=lambda one: (votes.count(one.label), -one.id))
    elected.is_leader = True
    append(from_seat(act, member), "committee.leader", committee.subject, {"leader": elected.label, "votes": votes})
    return elected


def grounds_of(act: Act, member: Member) -> list[Ground]:
    """The grounds on which the member must avoid as things stand now."""
    parties = queries.parties(act.session, member.committee.section)
    if member.is_representative:
        unit = member.person.organisation
        profile = Profile(member.person.name, "active", organisation=(unit.name, unit.identifier) if unit else None)
        bidders = [party for party in parties if party.role == "bidder"]
        return avoidance_grounds(profile, bidders, day_of(act.now), member.committee.section.project.regime)
    if member.partner_id is not None:
        return _grounds_of_guest(act, member, parties)
    expert = queries.expert_of(act.session, act.actor)
    if expert is None or expert.id != queries.identity_of(act.session, member)[1]:
        raise Missing("member.unknown")
    declared = queries.pending_changes(act.session, expert.person_id).get(expert.person_id)
    grounds = avoidance_grounds(
        queries.profile(expert, declared), parties, day_of(act.now), member.committee.section.project.regime
    )
    if queries.asked_to_avoid(act.session, member.committee.section)(member.person):
        grounds.append(Ground("R-331", "requested"))
    return grounds


def _grounds_of_guest(act: Act, member: Member, parties: list[Party]) -> list[Ground]:
    """Of a partner's expert we know name and unit; what they declared, their own platform checks until they arrive."""
    unit = member.person.organisation
    profile = Profile(member.person.name, "active", organisation=(unit.name, unit.identifier) if unit else None)
    grounds = avoidance_grounds(profile, parties, day_of(act.now), member.committee.section.project.regime)
    if queries.asked_to_avoid(act.session, member.committee.section)(member.person):
        grounds.append(Ground("R-331", "requested"))
    return grounds


def leave(act: Act, member: Member, reason: str) -> list[Member]:
    """The member leaves for the reason, sheets become void, the leader's election is undone, the next is invited.

    Returns who was invited (R-332). Conflict("committee.state") once the result is locked.
    """
    committee = member.committee
    if committee.state in ("locked", "reported", "delivered"):
        raise Conflict(
            "committee.state", verb="avoid", state=committee.state, allowed=["blind", "drawn", "scoring", "seated"],
            subject=committee.subject,
        )  # fmt: skip
    seat = from_seat(act, member)
    member.reason = reason
    was_leader, member.is_leader = member.is_leader, False
    advance(seat, member, "avoid", reason=reason, was_leader=was_leader)
    for sheet in act.session.query(Sheet).where(Sheet.member_id == member.id, Sheet.state != "void"):
        advance(seat, sheet, "void", reason="R-332")
    void_masked(act, member)
    for held in queries.live_members(act.session, committee):
        if held.leader_choice == member.label or was_leader:
            held.leader_choice = None
    if committee.state in ("blind", "seated", "scoring"):
        committee.conformity = None
        advance(seat, committee, "reseat", left=member.label)
    return refill(act, committee)


def refill(act: Act, committee: Committee) -> list[Member]:
    """Invite for every open seat; where nobody stands by, the one who asked for the committee is told (R-322)."""
    if committee.state not in ("drawn", "blind", "seated", "scoring"):
        return []
    fresh = fill_seats(act, committee)
    short = queries.open_seats(act.session, committee)
    if short:
        entry = append(act, "committee.short", committee.subject, {"open_seats": short})
        post(
            act,
            key=f"committee.short:{entry.leaf_index}",
            recipient=committee.requested_by,
            template="experts.short",
            section=committee.section.code,
            open_seats=short,
        )
    return fresh

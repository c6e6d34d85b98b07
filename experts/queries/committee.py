"""Reads of committees: members, invitations, roster as far as names may be told, parties, what is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Organisation
from accounts.rules import Role
from bidding import queries as bidding
from bidding.models import Section
from core.act import Actor
from core.calendar import day_of
from core.errors import Conflict, Missing
from credit import queries as credit
from experts.lifecycle import MASKED
from experts.models import Committee, Member, Memo
from experts.queries.identity import holds, name_of, sealed_members
from experts.queries.pool import LIVE, SEALED_STATES
from experts.rules import Party, review_clauses
from experts.rules.blind import MARKS, anonymous_envelopes
from experts.rules.law import expert_law
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from opening.rules import later_envelopes, members_of, sittings_of

EVALUATED = OPENED | {"returned"}
"""States of a bid that was opened for the committee; `returned` bids were, before their second envelope went back."""

IN_ROOM = frozenset({"signed_in", "signed"})
NAMES_FROM = frozenset({"blind", "seated", "scoring", "first_concluded", "locked", "reported", "delivered"})
"""Committee states from which the project's own people may see the members' names (R-323)."""


def is_room_open(held: Committee, now: datetime) -> bool:
    """Whether one may sign in: from so long before the meeting as the rule of its day says, at any time without one."""
    if held.meets_at is None:
        return True
    return now >= held.meets_at - timedelta(minutes=expert_law(day_of(held.meets_at)).days("room_opens_before"))


def committee(session: Session, section: Section) -> Committee:
    """The section's committee, or Missing."""
    found = session.scalar(select(Committee).where(Committee.section_id == section.id))
    if found is None:
        raise Missing("committee.unknown")
    return found


def own_committee(session: Session, code: str, actor: Actor) -> Committee:
    """The committee of a section that is the actor's: own project, or any for officers, supervisors and operators."""
    if actor.has(Role.OPERATOR):
        return committee(session, bidding.section(session, code))
    return committee(session, bidding.own_section(session, code, actor))


def committee_drawn_by(session: Session, label: str) -> Committee:
    """The committee for which the draw of that label was held, or Missing."""
    parts = label.split(":")
    if len(parts) < 2 or parts[0] != "experts":
        raise Missing("committee.unknown")
    return committee(session, bidding.section(session, parts[1]))


def members(session: Session, held: Committee) -> list[Member]:
    """Everyone ever invited or named, in the order of seating."""
    return list(session.scalars(select(Member).where(Member.committee_id == held.id).order_by(Member.id)))


def live_members(session: Session, held: Committee) -> list[Member]:
    """The members who hold a seat now."""
    return [member for member in members(session, held) if member.state in LIVE]


def seated(session: Session, held: Committee, label: str) -> Member:
    """The member who holds the seat of that label now; Missing where nobody does."""
    found = next((member for member in live_members(session, held) if member.label == label), None)
    if found is None:
        raise Missing("member.unknown")
    return found


def leader(session: Session, held: Committee) -> Member | None:
    """The elected leader; None before the election (R-302)."""
    return next((member for member in live_members(session, held) if member.is_leader), None)


def own_member(session: Session, code: str, actor: Actor) -> Member:
    """The actor's own seat, to look at bids by name: as `own_seat`, or Conflict("blind.open") in a blind round."""
    found = own_seat(session, code, actor)
    if found.committee.state in MASKED and anonymous_envelopes(found.committee.section.envelopes):
        raise Conflict("blind.open", section=code)
    return found


def own_seat(session: Session, code: str, actor: Actor) -> Member:
    """The actor's own seat in the section's committee room, once signed in there; Missing for everyone else."""
    found = session.scalar(
        select(Member)
        .join(Committee, Committee.id == Member.committee_id)
        .join(Section, Section.id == Committee.section_id)
        .where(Section.code == code, Member.person_id == (actor.person_id or 0), Member.state.in_(IN_ROOM))
    )
    if found is None:
        raise Missing("committee.unknown")
    return found


def invitation(session: Session, member_id: int, actor: Actor) -> Member:
    """The actor's own invitation, or Missing."""
    found = session.get(Member, member_id)
    if found is None or not holds(session, found, actor.person_id):
        raise Missing("member.unknown")
    return found


def invitations(session: Session, actor: Actor) -> list[Member]:
    """The actor's invitations and seats, newest first."""
    own = list(session.scalars(select(Member).where(Member.person_id == (actor.person_id or 0))))
    own += [one for one in sealed_members(session, SEALED_STATES) if holds(session, one, actor.person_id)]
    return sorted(own, key=lambda one: -one.id)


def due_to_answer(session: Session, held: Committee) -> list[Member]:
    """The members who have been invited and have not answered yet."""
    return [member for member in members(session, held) if member.state == "invited"]


def roster(session: Session, held: Committee, actor: Actor) -> list[dict[str, Any]]:
    """The seats with names as far as the actor may know them (R-323).

    Supervisors and, once the evaluation has begun, members and the project's own people see names; everyone else sees
    them when the award is determined; until then `name` is None.
    """
    own = held.section.project.tenderee_id, held.section.project.agent_id
    belongs = (actor.organisation_id in own and actor.has(Role.TENDEREE, Role.AGENT)) or actor.has(Role.OFFICER)
    everyone = members(session, held)
    begun = held.state in NAMES_FROM
    inside = any(member.state in IN_ROOM and holds(session, member, actor.person_id) for member in everyone)
    told = (
        actor.has(Role.SUPERVISOR) or (begun and (belongs or inside)) or held.section.state in ("awarded", "archived")
    )
    return [
        {
            "label": member.label,
            "seat": member.seat,
            "state": member.state,
            "is_leader": member.is_leader,
            "site": next((one["name"] for one in held.sites or [] if one["code"] == member.site), None),
            "partner": member.partner.name if member.partner is not None else None,
            "name": name_of(session, member) if told or holds(session, member, actor.person_id) else None,
        }
        for member in everyone
    ]


def signers(session: Session, held: Committee) -> list[Member]:
    """The members in the order in which they sign the report: by seat, the leader last (R-500)."""
    return sorted(live_members(session, held), key=lambda member: (member.is_leader, member.id))


def bids_in_evaluation(session: Session, section: Section) -> list[Bid]:
    """The opened bids, by number: what the committee reviews; of two sittings, those that were opened in the first."""
    return [bid for bid in final_bids(session, section) if bid.state in EVALUATED or bid.first_sitting is not None]


def in_two_stages(section: Section) -> bool:
    """Whether prices come in a second sitting, after the technical scores (双信封)."""
    return sittings_of(section.envelopes or []) == 2


def prices_are_open(session: Session, section: Section) -> bool:
    """Whether the prices of a section in two stages were read and handed over; false where one sitting opens all."""
    if not in_two_stages(section):
        return False
    found = opening_of(session, section)
    return found.sitting >= 2 and found.state == "handed_over" and found.awaited is None


def admitted(session: Session, section: Section) -> set[int]:
    """The bids that may be priced, by number: of two sittings those admitted to the second, or to one after it."""
    found = opening_of(session, section)
    if found.sitting >= 2 and found.admitted is not None:
        return {*found.admitted["passed"], *(number for one in found.restored for number in one["numbers"])}
    return {bid.number for bid in bids_in_evaluation(session, section)}


def may_restore(section: Section) -> bool:
    """Whether the project's law lets a wrongly failed bid's second envelope be opened after prices are known (R-502).

    Elsewhere, and in projects frozen before the rule was known, only a new tender is left.
    """
    return bidding.law_of(section).words("wrong_failure_after_prices") == ("open",)


def restored(session: Session, held: Committee) -> list[int]:
    """The bids that pass only now that the committee judges again, by number: their prices are still sealed (R-502)."""
    if held.conformity is None or not prices_are_open(session, held.section):
        return []
    passed = {one["number"] for one in held.conformity["bids"] if not one["rejected"]}
    return sorted(passed - admitted(session, held.section))


def in_price_stage(session: Session, held: Committee) -> bool:
    """Whether the committee looks at the prices of a second sitting: scores final, prices read, no result yet."""
    return held.state == "first_concluded" and prices_are_open(session, held.section)


@dataclass(frozen=True)
class Opened:
    """What the committee may see of a bid now: no price and no file of a second envelope before it was handed over."""

    price_fen: int | None
    schedule: dict[str, Any] | None
    envelopes: dict[str, Any]


def opened(session: Session, bid: Bid, section: Section) -> Opened:
    """What of the bid is open to the committee: of two sittings the second's part once that one is over (R-257)."""
    held = dict(bid.envelopes or {})
    if in_two_stages(section) and not prices_are_open(session, section):
        kept = set(later_envelopes(section.envelopes))
        return Opened(None, None, {name: one for name, one in held.items() if name not in kept})
    return Opened(bid.price_fen, bid.schedule, held)


def clauses_of(section: Section) -> list[dict[str, str]]:
    """The clauses of the section's review; the control price is none while prices are sealed.

    Where an envelope is anonymous the first is that on marks in it, which is decided in the blind round.
    """
    marks = [dict(MARKS)] if anonymous_envelopes(section.envelopes) else []
    return marks + review_clauses(section.method, priced=not in_two_stages(section))


def final_bids(session: Session, section: Section) -> list[Bid]:
    """Every bid with a name on it, by number, opened or not."""
    query = (
        select(Bid)
        .join(Opening, Opening.id == Bid.opening_id)
        .where(Opening.section_id == section.id)
        .order_by(Bid.number)
    )
    return list(session.scalars(query))


def first_response(session: Session, bid: Bid, section: Section) -> Bid | None:
    """Where this section is a round of final offers: the same supplier's first response, which holds its documents."""
    if section.first_round is None:
        return None
    first = bids_in_evaluation(session, bidding.section(session, section.first_round))
    return next((one for one in first if one.identifier == bid.identifier), None)


def opening_of(session: Session, section: Section) -> Opening:
    """The section's opening, or Missing."""
    found = session.scalar(select(Opening).where(Opening.section_id == section.id))
    if found is None:
        raise Missing("opening.unknown", section=section.code)
    return found


def parties(session: Session, section: Section) -> list[Party]:
    """Everyone an expert of this section may not be tied to: bidders (after opening), tenderee, agent, authorities."""
    found = [Party("tenderee", section.project.tenderee.name, section.project.tenderee.identifier)]
    if section.project.agent is not None:
        found.append(Party("agent", section.project.agent.name, section.project.agent.identifier))
    units = {person.organisation_id for person in accounts.holders(session, Role.SUPERVISOR)} - {None}
    for unit in session.scalars(select(Organisation).where(Organisation.id.in_(units)).order_by(Organisation.id)):
        found.append(Party("authority", unit.name, unit.identifier))
    for bid in final_bids(session, section):
        told = bid.identity if isinstance(bid.identity, dict) else {}
        bidder = told.get("bidder") or {}
        people = tuple(
            str(value) for value in (bidder.get("contact"), bidder.get("legal_representative"), told.get("operator"))
            if value
        )  # fmt: skip
        found.append(Party("bidder", bid.name, bid.identifier, people))
        for partner in members_of(told)[1:]:
            found.append(Party("bidder", partner["name"], partner["uscc"]))
    return found


def memos(session: Session, held: Committee) -> list[Memo]:
    """What later floors handed down to the committee, oldest first."""
    return list(session.scalars(select(Memo).where(Memo.committee_id == held.id).order_by(Memo.id)))


def memo(session: Session, held: Committee, number: int) -> Memo:
    """One memo handed down to this committee, or Missing."""
    found = session.get(Memo, number)
    if found is None or found.committee_id != held.id:
        raise Missing("memo.unknown")
    return found


def _identity_mark(fault: dict[str, Any]) -> dict[str, str]:
    """A fault of the identity, with who of a consortium it is about and the other bids they stand in (R-211)."""
    numbers = "、".join(str(number) for number in fault.get("numbers", []))
    return {"code": "identity", "detail": str(fault["code"]), "party": str(fault.get("party", "")), "numbers": numbers}


def flags(session: Session, section: Section) -> dict[int, list[dict[str, str]]]:
    """Facts shown beside each bid's review, by bid number; they decide nothing (R-401).

    Price over the control price (R-400(5)), faults of the identity package, restrictions on credit lists.
    """
    found: dict[int, list[dict[str, str]]] = {}
    for bid in bids_in_evaluation(session, section):
        marks = [_identity_mark(fault) for fault in bid.identity_faults or []]
        price = opened(session, bid, section).price_fen
        if price is not None and price > section.control_price_fen:
            marks.append({"code": "over_control_price", "detail": "R-400(5)"})
        marks += [
            {"code": "credit", "detail": check.source, "party": check.name if check.member_of else ""}
            for check in credit.restricting(session, section.code, bid.identifier)
        ]
        if marks:
            found[bid.number] = marks
    return found

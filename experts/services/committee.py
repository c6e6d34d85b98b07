"""Ask for a committee, name the tenderee's representative, receive memos from later floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from accounts.models import Person
from bidding import queries as bidding
from bidding.models import Section
from core.act import Act
from core.calendar import day_of
from core.draw import record
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from experts import queries
from experts.models import Committee, Member, Memo
from experts.queries import federation
from experts.rules import Constraints, Profile, Shape, avoidance_grounds, check_shape
from experts.rules.federation import apart
from experts.services.masks import check_moving
from experts.services.places import bind

REQUESTABLE = ("submission_open", "suspended", "closed", "opened")


def request_committee(
    act: Act,
    section: Section,
    *,
    seats: Sequence[tuple[str, int]],
    meets_at: datetime,
    size: int = 5,
    representatives: int = 1,
    hours: int = 8,
    place: str = "",
    pools: Sequence[str] = (),
    partners: Sequence[str] = (),
    limits: Constraints | None = None,
) -> Committee:
    """Ask for the section's evaluation committee; its shape obeys the law frozen into the project (R-300, R-301).

    `seats` are the expert seats by speciality and add up to size - representatives; `meets_at` with `hours` is the
    meeting for which experts are asked to be free; `pools` are the codes of the pools to draw from (none: all),
    `partners` those of partner platforms to draw from beside them, `limits` the regions and the cap on seats a year.
    Raises what `rules.check_shape` raises, Missing("pool.unknown"), Conflict("committee.exists"), and
    Conflict("section.state") outside submission_open, suspended, closed, opened.
    """
    if section.state not in REQUESTABLE:
        raise Conflict(
            "section.state", verb="request_committee", state=section.state, allowed=list(REQUESTABLE),
            subject=section.subject,
        )  # fmt: skip
    if act.session.scalar(select(Committee.id).where(Committee.section_id == section.id)) is not None:
        raise Conflict("committee.exists", section=section.code)
    check_moving(section)
    if not 1 <= hours <= 240:
        raise Invalid("committee.hours", field="hours", found=hours)
    law = bidding.law_of(section)
    least = law.days("committee_min")
    cites = [law.cite("committee_min"), law.cite("expert_ratio_min")]
    if "committee_large_from" in law.rules and section.estimate_fen >= 100 * law.number("committee_large_from"):
        least = law.days("committee_min_large")
        cites.append(law.cite("committee_min_large"))
    ratio = Fraction(law.rule("expert_ratio_min").value)
    shape = check_shape(size, representatives, seats, least=least, ratio=ratio)
    for code in pools:
        queries.expert_pool(act.session, code)
    _check_lent(act, partners)
    shape = replace(shape, pools=tuple(pools), partners=tuple(partners), limits=limits or Constraints())
    committee = Committee(
        section_id=section.id,
        section=section,
        state="requested",
        state_at=act.now,
        shape=shape.as_json(),
        meets_at=meets_at,
        hours=hours,
        place=place,
        requested_by=act.actor.name,
        rounds=[],
    )
    act.session.add(committee)
    act.session.flush()
    append(act, "committee.request", committee.subject, {"shape": shape.as_json(), "law": cites, "hours": hours})
    return committee


def widen_pools(act: Act, committee: Committee, pools: Sequence[str], reason: str) -> None:
    """Draw also from these pools, because those asked for cannot supply enough experts (R-312); only before the freeze.

    A pool of a partner platform is spelled `jx/JX-1`; it comes beside those drawn from already.

    Conflict("committee.state") once the first list is frozen, Invalid("committee.pools") where no pool is named anew or
    all pools are drawn from already.
    """
    check_moving(committee.section)
    shape = Shape.from_json(committee.shape)
    if committee.state not in ("requested", "draw_announced"):
        raise Conflict(
            "committee.state", verb="widen_pools", state=committee.state, allowed=["draw_announced", "requested"],
            subject=committee.subject,
        )  # fmt: skip
    if committee.rounds and record.draw(act.session, committee.rounds[-1]["label"]).state != "announced":
        raise Conflict("draw.state", verb="widen_pools", state="frozen", subject=committee.subject)
    foreign = [code for code in pools if apart(code)[0] and code not in shape.partners]
    _check_lent(act, foreign)
    named = [code for code in pools if not apart(code)[0] and code not in shape.pools]
    own = [queries.expert_pool(act.session, code).code for code in named]
    fresh = own + foreign
    if not fresh or (own and not shape.pools):
        raise Invalid("committee.pools", field="pools")
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    wider = replace(shape, pools=(*shape.pools, *own), partners=(*shape.partners, *foreign))
    committee.shape = wider.as_json()
    append(act, "committee.pools", committee.subject, {"added": fresh, "reason": reason, "rule": "R-312"})


def _check_lent(act: Act, codes: Sequence[str]) -> None:
    """Raise Missing("pool.unknown") unless every one is a pool that a partner on the list lends us."""
    lent = {code for code, _, _ in federation.foreign_pools(act.session)}
    for code in codes:
        if code not in lent:
            raise Missing("pool.unknown", pool=code)


def name_representative(act: Act, committee: Committee, person: Person, *, authorisation: str) -> Member:
    """Seat a representative of the tenderee with the letter of authorisation's number or hash (R-304).

    The person belongs to the tenderee, has no expert's seat and no tie to a bidder; they answer, sign in and declare
    like everyone else. Conflict("committee.representatives_full") when the shape has no seat left.
    """
    check_moving(committee.section)
    shape = Shape.from_json(committee.shape)
    held = [member for member in queries.live_members(act.session, committee) if member.is_representative]
    if len(held) >= shape.representatives:
        raise Conflict("committee.representatives_full", most=shape.representatives)
    if committee.state in ("locked", "reported", "delivered"):
        raise Conflict("committee.state", verb="name", state=committee.state, allowed=[], subject=committee.subject)
    if person.organisation_id != committee.section.project.tenderee_id:
        raise Invalid("committee.not_tenderee", field="person")
    if not authorisation.strip():
        raise Invalid("committee.authorisation", field="authorisation")
    if any(member.person_id == person.id for member in queries.members(act.session, committee)):
        raise Conflict("committee.seated_before", subject=committee.subject)
    bidders = [party for party in queries.parties(act.session, committee.section) if party.role == "bidder"]
    unit = person.organisation
    profile = Profile(person.name, "active", organisation=(unit.name, unit.identifier) if unit else None)
    grounds = avoidance_grounds(profile, bidders, day_of(act.now), committee.section.project.regime)
    if grounds:
        raise Invalid("committee.avoidance", field="person", grounds=", ".join(ground.public for ground in grounds))
    number = 1 + sum(
        1 for member in queries.members(act.session, committee) if member.is_representative
    )  # fmt: skip
    member = Member(
        committee_id=committee.id,
        committee=committee,
        person_id=person.id,
        named=person,
        expert_id=None,
        seat="representative",
        label=f"R{number}",
        state="invited",
        state_at=act.now,
        invited_at=act.now,
    )
    act.session.add(member)
    act.session.flush()
    bind(act, member)
    append(act, "member.name", member.subject, {"authorisation": authorisation, "actor": act.actor.name})
    return member


def receive_memo(act: Act, committee: Committee, *, key: str, title: str, content: dict[str, Any]) -> Memo:
    """Hand down a memo of a later floor, for example a similarity lead; it is shown and decides nothing (R-652).

    The same `key` is received once. Content of bids is known only after the opening, so earlier is refused.
    """
    if committee.section.state not in ("opened", "evaluating"):
        raise Conflict(
            "section.state", verb="receive_memo", state=committee.section.state, allowed=["opened", "evaluating"],
            subject=committee.section.subject,
        )  # fmt: skip
    held = act.session.scalar(select(Memo).where(Memo.committee_id == committee.id, Memo.key == key))
    if held is not None:
        return held
    memo = Memo(committee_id=committee.id, key=key, title=title, content=content, received_at=act.now)
    act.session.add(memo)
    act.session.flush()
    append(act, "committee.memo", committee.subject, {"key": key, "title": title, "content": content})
    return memo


def opine(act: Act, member: Member, memo: Memo, opinion: str, reason: str) -> None:
    """The leader records what the committee makes of a memo: accepted, rejected, or noted, with the reason."""
    if not member.is_leader:
        raise Conflict("committee.leader_only")
    if member.committee.state not in ("seated", "scoring", "first_concluded"):
        raise Conflict(
            "committee.state", verb="opine", state=member.committee.state,
            allowed=["first_concluded", "scoring", "seated"], subject=member.committee.subject,
        )  # fmt: skip
    if opinion not in ("accepted", "rejected", "noted"):
        raise Invalid("form.choice", field="opinion", found=opinion, options=["accepted", "noted", "rejected"])
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    memo.opinion, memo.opinion_reason, memo.opined_at = opinion, reason, act.now
    append(act, "committee.opinion", member.committee.subject, {"key": memo.key, "opinion": opinion, "reason": reason})

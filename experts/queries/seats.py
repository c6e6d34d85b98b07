"""Reads of the seats: who may not sit now and why, the walk down the drawn orders, the pool's health."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import Person
from core.calendar import day_of
from core.draw import record
from core.vault import vault_of
from experts.models import Committee, Expert, ExpertPool
from experts.queries.applications import pending_changes
from experts.queries.avoidance import asked_to_avoid
from experts.queries.committee import live_members, members, parties
from experts.queries.identity import identity_of, is_open, table_of
from experts.queries.pool import LIVE, busy_people, eligible_experts, expert, pools, profile, seats_taken
from experts.rules import (
    Constraints,
    Party,
    PoolHealth,
    Shape,
    Walk,
    avoidance_grounds,
    is_term_over,
    pool_health,
    walk,
)
from experts.rules.application import TRAINING
from experts.rules.federation import is_guest
from experts.rules.walk import STANDBY

YEAR = timedelta(days=365)
PUBLIC_ROUND = ("label", "specialities", "excluded", "health", "table_sha256")
PARTNERS = "partners"
"""Where a draw's round keeps what partner platforms answered, signed as it came; public like the rest."""
"""What of a committee's draw round may be published; salt, table of codes and evidence stay with the supervisor."""

Bars = Callable[[Expert], tuple[list[str], list[dict[str, Any]]]]


def public_round(held: dict[str, Any]) -> dict[str, Any]:
    """The published part of one of `Committee.rounds` (docs/spec/expert-draw.md)."""
    return {key: held.get(key) for key in PUBLIC_ROUND} | {key: held[key] for key in (PARTNERS,) if key in held}


def bars_to(session: Session, committee: Committee, now: datetime) -> Bars:
    """A function from an expert to public reasons and secret evidence why they may not sit on this committee now."""
    tied_to = parties(session, committee.section)
    busy: set[int] = set()
    if committee.meets_at is not None:
        ends = committee.meets_at + timedelta(hours=committee.hours)
        busy = busy_people(session, committee.meets_at, ends, apart_from=committee.id)
    seated = {
        identity_of(session, member)[0]: "representative" if member.is_representative else "direct_selection"
        for member in members(session, committee)
        if member.candidate is None and (member.person_id is not None or vault_of(session).is_open)
    }
    return bars(
        session, now, tied_to=tied_to, busy=busy, seated=seated, limits=Shape.from_json(committee.shape).limits,
        is_named=asked_to_avoid(session, committee.section), meets_on=day_of(committee.meets_at or now),
        regime=committee.section.project.regime,
    )  # fmt: skip


def bars(
    session: Session,
    now: datetime,
    *,
    tied_to: Sequence[Party],
    busy: Collection[int],
    seated: Mapping[int, str],
    limits: Constraints,
    is_named: Callable[[Person], bool],
    meets_on: date,
    regime: str = "*",
) -> Bars:
    """The same for any meeting: `tied_to` its parties, `busy` and `seated` people by key, `is_named` as R-331 asks."""
    of_late = seats_taken(session, now - YEAR) if limits.most_seats is not None else {}
    declared = pending_changes(session)

    def found(expert: Expert) -> tuple[list[str], list[dict[str, Any]]]:
        grounds = avoidance_grounds(profile(expert, declared.get(expert.person_id)), tied_to, day_of(now), regime)
        reasons = list(dict.fromkeys(ground.public for ground in grounds))
        if expert.person_id in busy:
            reasons.append("time_conflict")
        if expert.person_id in seated:
            reasons.append(seated[expert.person_id])
        if is_named(expert.person):
            reasons.append("R-331 requested")
        if expert.status == TRAINING:
            reasons.append("untrained")
        if is_term_over(expert.term_until, meets_on):
            reasons.append("term")
        reasons += limits.reasons(expert.region, of_late.get(expert.code, 0))
        return reasons, [{"rule": ground.rule, "code": ground.code, **ground.evidence} for ground in grounds]

    return found


def walk_now(session: Session, committee: Committee, now: datetime, extra_order: list[str] | None = None) -> Walk:
    """Walk all concluded draws of the committee in turn, as things stand: who left, is barred or busy is skipped."""
    order: list[str] = []
    specialities: dict[str, list[str]] = {}
    barred: dict[str, str] = {}
    gone = {
        member.candidate: member.state
        for member in members(session, committee)
        if member.candidate and member.state not in LIVE
    }
    seated = {member.candidate for member in live_members(session, committee)}
    barred_by = bars_to(session, committee, now)
    for held in committee.rounds:
        draw = record.draw(session, held["label"])
        here = draw.outcome["order"] if draw.outcome else extra_order if held["label"] == committee.draw_label else None
        if here is None:
            continue
        order += here
        specialities.update(held["specialities"])
        for name in here:
            if name in gone:
                barred[name] = gone[name]
            elif name not in seated and not is_guest(name):
                reasons, _ = barred_by(expert(session, table_of(session, held)["codes"][name]))
                if reasons:
                    barred[name] = reasons[0]
    return walk(order, specialities, Shape.from_json(committee.shape).seats, barred)


def open_seats(session: Session, committee: Committee) -> int:
    """How many drawn seats nobody holds."""
    held = [member for member in live_members(session, committee) if member.candidate is not None]
    return Shape.from_json(committee.shape).drawn - len(held)


def standing_by(session: Session, committee: Committee, now: datetime) -> int:
    """How many candidates still stand by; none can be told while nobody is on duty (-1)."""
    if not is_open(session):
        return -1
    return len(walk_now(session, committee, now).of(STANDBY))


def draw_health(session: Session, committee: Committee, now: datetime) -> PoolHealth:
    """The pool's figures for this committee as things stand, to be looked at before drawing (R-322)."""
    shape = Shape.from_json(committee.shape)
    barred_by = bars_to(session, committee, now)
    pool = eligible_experts(session, {seat.speciality for seat in shape.seats}, shape.pools)
    return health_of(session, [expert for expert in pool if not barred_by(expert)[0]], shape, day_of(now))


def neighbour_pools(session: Session, committee: Committee, now: datetime) -> list[tuple[ExpertPool, int]]:
    """Pools this committee does not draw from that could add candidates, with how many; the most first (R-312).

    Empty where the request names no pools, for then all are drawn from.
    """
    shape = Shape.from_json(committee.shape)
    if not shape.pools:
        return []
    barred_by, wanted = bars_to(session, committee, now), {seat.speciality for seat in shape.seats}
    found = [
        (other, sum(not barred_by(expert)[0] for expert in eligible_experts(session, wanted, [other.code])))
        for other in pools(session)
        if other.code not in shape.pools
    ]
    return sorted([row for row in found if row[1]], key=lambda row: -row[1])


def health_of(
    session: Session, eligible: list[Expert], shape: Shape, on: date, guests: Mapping[str, Sequence[str]] | None = None
) -> PoolHealth:
    """The figures of these experts, and partners' candidates, for that shape."""
    return pool_health(
        {expert.code: expert.specialities for expert in eligible} | dict(guests or {}),
        [(seat.speciality, seat.count) for seat in shape.seats],
        seats_taken(session),
        on,
    )

"""The expert draw: announced, committed, frozen after avoidance, revealed, walked; substitutes from the same order."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from accounts.rules import Role
from bidding import queries as bidding
from core.act import Act
from core.calendar import day_of
from core.draw import mechanism, record
from core.draw.record import Draw
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from experts import queries
from experts.models import Committee, Expert, Member
from experts.rules import Shape, Walk, speciality_name, walk
from experts.rules.federation import is_guest
from experts.rules.walk import SEATED
from experts.services.consulting import guests_for
from experts.services.guests import seat_guest
from experts.services.masks import candidate_name, check_moving
from experts.services.places import bind

TYPE = "expert-draw/v1"
PARTIES = ("officer", "supervisor", "tenderee")


def draw_label(committee: Committee) -> str:
    """The label of the committee's next draw: `experts:<section>`, then `experts:<section>:2` and so on."""
    held = len(committee.rounds or [])
    return f"experts:{committee.section.code}" + (f":{held + 1}" if held else "")


def announce_expert_draw(act: Act, committee: Committee) -> Draw:
    """Announce the draw (or a supplementary one, when everyone on the standing order is used up) (R-320, R-312).

    From here tenderee, officer and supervisor may commit their nonces. Conflict("draw.pending") while another draw of
    this committee runs, Conflict("committee.full") when no expert seat is open.
    """
    check_moving(committee.section)
    if committee.rounds:
        if record.draw(act.session, committee.rounds[-1]["label"]).state != "concluded":
            raise Conflict("draw.pending", label=committee.rounds[-1]["label"])
        if not queries.open_seats(act.session, committee):
            raise Conflict("committee.full")
    label = draw_label(committee)
    law = bidding.law_of(committee.section)
    parameters = {
        "type": TYPE,
        "shape": committee.shape,
        "law": [law.cite("committee_min"), law.cite("expert_ratio_min")],
    }
    draw = record.announce_draw(
        act, label=label, section=committee.section.code, parties=list(PARTIES), parameters=parameters
    )
    committee.draw_label = label
    secret = {"salt": act.chance(32).hex()}
    committee.rounds = [*(committee.rounds or []), {"label": label, **_kept(act, secret)}]
    if committee.state == "requested":
        advance(act, committee, "announce_draw", label=label)
    else:
        append(act, "committee.supplement", committee.subject, {"label": label})
    return draw


def check_party(act: Act, committee: Committee, party: str) -> None:
    """Raise Forbidden("draw.not_party") unless the actor may speak for the party in this committee's draw.

    Conflict("section.ordered") while the regulator orders the section to stand still.
    """
    check_moving(committee.section)
    role = {"tenderee": Role.TENDEREE, "officer": Role.OFFICER, "supervisor": Role.SUPERVISOR}.get(party)
    allowed = role is not None and act.actor.has(role)
    if party == "tenderee":
        allowed = allowed and act.actor.organisation_id == committee.section.project.tenderee_id
    if not allowed:
        raise Forbidden("draw.not_party", party=party)


def commit_draw_nonce(act: Act, committee: Committee, party: str, commitment: str) -> None:
    """Record a party's commitment to its nonce, before the candidates are frozen."""
    check_party(act, committee, party)
    record.commit_nonce(act, record.draw(act.session, str(committee.draw_label)), party, commitment)


def freeze(act: Act, committee: Committee) -> Draw:
    """Check avoidance against the opened bids' names and freeze the candidates (R-330); nobody has revealed yet.

    Every expert of the wanted specialities is either a candidate or excluded with reasons; both lists, under the names
    of this draw, and the hash of the secret table that maps them to the pool stand in the ledger before any reveal.
    Conflict("section.state") before the opening is done; Invalid("pool.short") when the candidates cannot fill the
    seats: then experts of another lawful pool must be taken in first (R-312). Partner platforms named were asked before
    (`consulting.ask_partners`): Conflict("consultation.unanswered") where one has neither answered nor been forgone.
    """
    section = committee.section
    check_moving(section)
    if section.state not in ("opened", "evaluating"):
        raise Conflict(
            "section.state", verb="freeze_candidates", state=section.state, allowed=["opened"], subject=section.subject
        )
    shape = Shape.from_json(committee.shape)
    label = str(committee.rounds[-1]["label"])
    tables = [queries.table_of(act.session, held) for held in committee.rounds]
    salt = str(tables[-1]["salt"])
    drawn_before = {code for earlier in tables[:-1] for code in earlier["codes"].values()}
    candidates: dict[str, Expert] = {}
    excluded: dict[str, tuple[Expert, list[str], list[dict[str, Any]]]] = {}
    bars = queries.bars_to(act.session, committee, act.now)
    for expert in queries.eligible_experts(act.session, {seat.speciality for seat in shape.seats}, shape.pools):
        if expert.code in drawn_before:
            continue
        name = candidate_name(salt, label, expert.code)
        reasons, evidence = bars(expert)
        if reasons:
            excluded[name] = (expert, reasons, evidence)
        else:
            candidates[name] = expert
    wanted = queries.open_seats(act.session, committee) if len(committee.rounds) > 1 else shape.drawn
    guests = guests_for(act, committee)
    specialities = {name: expert.specialities for name, expert in candidates.items()} | guests.specialities
    reachable = walk(sorted(specialities), specialities, shape.seats, {}).of(SEATED)
    if len(reachable) < wanted:
        raise Invalid("pool.short", eligible=len(specialities), needed=wanted)
    health = queries.health_of(act.session, list(candidates.values()), shape, day_of(act.now), guests.specialities)
    everyone = {**candidates, **{name: expert for name, (expert, _, _) in excluded.items()}}
    table: dict[str, Any] = {
        "label": label,
        "salt": salt,
        "codes": {name: expert.code for name, expert in everyone.items()},
    }
    proofs = {name: found for name, (_, _, found) in sorted(excluded.items()) if found}
    committee.rounds = [
        *committee.rounds[:-1],
        {
            "label": label,
            **_kept(act, {"salt": salt, "codes": table["codes"], "evidence": proofs}),
            "table_sha256": hashlib.sha256(rfc8785.dumps(table)).hexdigest(),
            "specialities": specialities,
            "excluded": [{"candidate": name, "reasons": reasons} for name, (_, reasons, _) in sorted(excluded.items())]
            + guests.excluded,
            "health": health.as_json(),
            **({"partners": guests.rounds} if guests.rounds else {}),
        },
    ]
    draw = record.draw(act.session, label)
    record.freeze_candidates(act, draw, list(specialities))
    public = {key: committee.rounds[-1][key] for key in ("specialities", "excluded", "health", "table_sha256")}
    told = {"partners": guests.told} if guests.told else {}
    append(act, "committee.candidates", committee.subject, {"label": label, **public, **told})
    return draw


def reveal_draw_nonce(act: Act, committee: Committee, party: str, nonce: bytes) -> None:
    """Record a party's nonce; with the last one the draw concludes in the same act, so that nobody can sit on it."""
    check_party(act, committee, party)
    draw = record.draw(act.session, str(committee.draw_label))
    record.reveal_nonce(act, draw, party, nonce)
    if all(held.reveal for held in record.nonces(act.session, draw)):
        conclude_expert_draw(act, committee)


def conclude_expert_draw(act: Act, committee: Committee) -> Draw:
    """Compute the seed, walk the order, invite those seated; done already is done. The rest of the order stands by."""
    draw = record.draw(act.session, str(committee.draw_label))
    if draw.state == "concluded":
        return draw
    seed = record.published_seed(act, draw)
    order = mechanism.order(seed, draw.label, draw.candidates or [])
    walked = queries.walk_now(act.session, committee, act.now, extra_order=order)
    placed = {step.candidate: step for step in walked.steps}
    draw.outcome = {"order": order, "steps": [placed[candidate].as_json() for candidate in order]}
    if len(committee.rounds) > 1:
        # What became of the earlier draws' candidates by now decides which seats are open: without it nobody outside
        # could walk this draw again.
        new = set(order)
        draw.outcome["standing"] = [step.as_json() for step in walked.steps if step.candidate not in new]
    advance(act, draw, "conclude", seed=draw.seed, outcome=draw.outcome)
    if committee.state == "draw_announced":
        advance(act, committee, "draw", label=draw.label, seed=draw.seed)
    invite(act, committee, walked)
    return draw


def fill_seats(act: Act, committee: Committee) -> list[Member]:
    """Invite the next of the standing order for every open expert seat; returns the new members (R-322, R-332)."""
    return invite(act, committee, queries.walk_now(act.session, committee, act.now))


def invite(act: Act, committee: Committee, walked: Walk) -> list[Member]:
    """Make the walk's seated candidates members and write their invitations, which name no project (R-324)."""
    everyone = queries.members(act.session, committee)
    by_candidate = {member.candidate: member for member in everyone if member.candidate}
    tables = [queries.table_of(act.session, held) for held in committee.rounds]
    codes = {name: code for table in tables for name, code in (table.get("codes") or {}).items()}
    count = len(by_candidate)
    fresh = []
    for step in walked.of(SEATED):
        held = by_candidate.get(step.candidate)
        if held is not None:
            held.seat = step.detail
            continue
        count += 1
        if is_guest(step.candidate):
            member = seat_guest(act, committee, label=f"M{count}", seat=step.detail, candidate=step.candidate)
        else:
            expert = queries.expert(act.session, codes[step.candidate])
            member = seat(act, committee, expert, label=f"M{count}", seat=step.detail, candidate=step.candidate)
        where = {"site": member.site} if member.site else {}
        append(act, "member.invite", member.subject, {"candidate": step.candidate, "seat": step.detail, **where})
        fresh.append(member)
    return fresh


def seat(act: Act, committee: Committee, expert: Expert, *, label: str, seat: str, candidate: str | None) -> Member:
    """Give the expert the seat and write the invitation, which names no project (R-324).

    Where a duty key is in force neither row says who it is: both are sealed to it (R-323).
    """
    sealed = queries.sealed_for_duty(act.session, {"person": expert.person_id, "expert": expert.id})
    member = Member(
        committee_id=committee.id,
        committee=committee,
        person_id=None if sealed else expert.person_id,
        named=None if sealed else expert.person,
        expert_id=None if sealed else expert.id,
        sealed=sealed,
        candidate=candidate,
        seat=seat,
        label=label,
        state="invited",
        state_at=act.now,
        invited_at=act.now,
    )
    act.session.add(member)
    act.session.flush()
    bind(act, member)
    if committee.meets_at is not None:
        post(
            act,
            key=f"invitation:{member.id}",
            recipient="" if sealed else expert.person.login,
            sealed=queries.sealed_for_duty(act.session, {"recipient": expert.person.login}),
            template="experts.invitation",
            channel="mail" if (expert.contact or {}).keys() == {"mail"} else "voice",
            meets_at=committee.meets_at.isoformat(),
            hours=committee.hours,
            place=queries.place_of(member),
            speciality=speciality_name(seat),
        )
    return member


def _kept(act: Act, secret: dict[str, Any]) -> dict[str, Any]:
    """The secret part of a round as it is kept: sealed to the duty key, or in clear where there is none."""
    sealed = queries.sealed_for_duty(act.session, secret)
    return {"sealed": sealed} if sealed else secret

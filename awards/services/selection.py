"""The award committee of 评定分离: planned with the tender, formed by rule, voting in secret rounds, replayable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.queries import person
from awards import queries
from awards.models import Ballot, Inspection, Publicity, Selection, SelectionRoll
from awards.queries import selection as found
from awards.queries.complaints import check_free
from awards.rules.selection import TYPE, ballot_digest, drawn_seats, price_leaders, replayed, tally
from awards.services.selection_report import write_selection_report
from bidding import queries as bidding_queries
from bidding import services as bidding
from bidding.models import Section
from bidding.rules.selection import check_plan, roll_digest
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from experts import queries as experts

MOST = 5000


def set_selection(act: Act, section: Section, plan: Mapping[str, Any] | None, roll: Sequence[str] = ()) -> None:
    """Let an award committee choose among unranked candidates, or with None the ranking; in a draft only (R-513).

    `roll`: the logins a drawn committee will come from; the tender tells their hash alone, and the draw follows from
    the experts' draw, which nobody knows yet. Invalid as `check_plan`, selection.roll, selection.person.
    """
    held = found.roll_of(act.session, section)
    if held is not None:
        act.session.delete(held)
        act.session.flush()
    if plan is None:
        bidding.update_section(act, section, method={**section.method, "selection": None})
        return
    wanted = dict(plan)
    wanted["roll"] = None
    if wanted.get("forming") == "drawn":
        logins = sorted(set(roll))
        if len(logins) <= int(wanted.get("size") or 0):
            raise Invalid("selection.roll", field="roll", least=int(wanted.get("size") or 0) + 1)
        for login in logins:
            _check_own(act, section, login)
        salt = act.chance(16).hex()
        act.session.add(SelectionRoll(section_id=section.id, logins=logins, salt=salt))
        wanted["roll"] = {"sha256": roll_digest(logins, salt), "count": len(logins)}
    law = bidding_queries.law_for(section, act.now)
    check_plan(wanted, law, is_mandatory=section.project.is_mandatory)
    bidding.update_section(act, section, method={**section.method, "selection": wanted})


def record_inspection(
    act: Act, publicity: Publicity, *, number: int, place: str, people: str, findings: str,
    files: Sequence[Mapping[str, Any]] = (),
) -> Inspection:  # fmt: skip
    """Record an inspection of a candidate's performance and capability; either all candidates are inspected or none."""
    if found.plan_of(publicity.section) is None:
        raise Conflict("selection.off", section=publicity.section.code)
    sitting = found.selection(act.session, publicity)
    if publicity.state in ("awarded", "revoked") or (sitting is not None and sitting.state != "convened"):
        raise Conflict("selection.begun", section=publicity.section.code)
    if number not in publicity.candidates:
        raise Invalid("award.not_candidate", field="number", number=number)
    held = Inspection(
        publicity_id=publicity.id,
        bid_number=number,
        place=place,
        people=people,
        findings=findings,
        files=[dict(file) for file in files],
        at=act.now,
    )
    act.session.add(held)
    act.session.flush()
    append(
        act, "selection.inspect", publicity.subject,
        {"number": number, "place": place, "people": people, "findings": findings,
         "files": [file["sha256"] for file in files], "actor": act.actor.name},
    )  # fmt: skip
    return held


def convene_selection(act: Act, publicity: Publicity, logins: Sequence[str] = ()) -> Selection:
    """Convene the award committee once the publicity is over and nothing holds it up.

    Appointed: the `logins` the tenderee names, as many as the plan says. Drawn: the first of the roll by the seed of
    the experts' draw, against the hash the tender told. Nobody who evaluated may sit. Conflict: selection.off,
    award.publicity, publicity.suspended, selection.exists; Invalid: selection.size, selection.person,
    selection.evaluator, selection.roll.
    """
    section = publicity.section
    plan = found.plan_of(section)
    if plan is None:
        raise Conflict("selection.off", section=section.code)
    check_free(act.session, section, act.now)
    waiting = queries.open_objections(act.session, publicity)
    if waiting:
        raise Conflict("publicity.suspended", objections=waiting)
    if publicity.state != "ended":
        raise Conflict("award.publicity", state=publicity.state, ends_at=publicity.ends_at.isoformat())
    held = found.selections(act.session, publicity)
    if any(one.state != "dissolved" for one in held):
        raise Conflict("selection.exists", section=section.code)
    lost = queries.set_aside_numbers(act.session, section)
    candidates = [one for one in publicity.candidates if one not in lost]
    if not candidates:
        raise Conflict("result.none_left", section=section.code)
    draw = None
    if plan["forming"] == "drawn":
        roll = found.roll_of(act.session, section)
        if roll is None or roll_digest(roll.logins, roll.salt) != plan["roll"]["sha256"]:
            raise Invalid("selection.roll", field="roll", least=plan["size"])
        label, seed = found.draw_seed(act.session, section)
        logins = drawn_seats(seed, section.code, _fit(act, section, roll.logins), plan["size"])
        unfit = sorted(set(roll.logins) - set(_fit(act, section, roll.logins)))
        draw = {"from": label, "roll": roll.logins, "salt": roll.salt, "unfit": unfit}
    chosen = list(dict.fromkeys(logins))
    if len(chosen) != plan["size"]:
        raise Invalid("selection.size", field="members", least=plan["size"], found=len(chosen))
    evaluators = _evaluators(act, section)
    for login in chosen:
        _check_own(act, section, login)
        if login in evaluators:
            raise Invalid("selection.evaluator", field="members", login=login)
    members = [
        {"seat": f"D{place}", "login": login, "name": person(act.session, login).name, "declared_at": None}
        for place, login in enumerate(chosen, 1)
    ]
    sitting = Selection(
        publicity_id=publicity.id, publicity=publicity, number=1 + len(held), candidates=candidates, plan=plan,
        draw=draw, members=members, among=sorted(candidates), rounds=[], convened_at=act.now, state="convened",
        state_at=act.now,
    )  # fmt: skip
    act.session.add(sitting)
    act.session.flush()
    told = [{name: one[name] for name in ("seat", "login", "name")} for one in members]
    append(
        act, "selection.convene", sitting.subject,
        {"members": told, "draw": draw, "candidates": candidates, "actor": act.actor.name},
    )  # fmt: skip
    for one in members:
        post(
            act, key=f"{sitting.subject}:{one['login']}", recipient=str(one["login"]), template="awards.selection",
            section=section.code,
        )  # fmt: skip
    return sitting


def declare_selector(act: Act, sitting: Selection) -> None:
    """A member declares to have no interest and to consider nothing but the tender's factors; with the last one begins.

    What must not be considered stands on the page and in the law; each declaration is in the ledger under its seat.
    Conflict("selection.inspections") where some candidates were inspected and others not.
    """
    seat = _seat(act, sitting)
    if sitting.state != "convened":
        raise Conflict(
            "selection.state", verb="declare", state=sitting.state, allowed=["convened"], subject=sitting.subject
        )
    if seat["declared_at"] is None:
        sitting.members = [
            {**one, "declared_at": iso(act.now)} if one["seat"] == seat["seat"] else one for one in sitting.members
        ]
        append(act, "selection.declare", sitting.subject, {"seat": seat["seat"], "actor": act.actor.name})
        act.session.flush()
    if all(one["declared_at"] for one in sitting.members):
        _begin(act, sitting)


def cast_ballot(act: Act, sitting: Selection, *, choice: int, reason: str) -> None:
    """Cast one's own ballot of the round, with a reason; the last one of a round counts it and tells all of it at once.

    Secret until then: the ledger holds the hash alone. Conflict: selection.state, selection.cast; Invalid:
    award.not_candidate, form.length.
    """
    seat = _seat(act, sitting)
    if sitting.state != "voting":
        raise Conflict("selection.state", verb="cast", state=sitting.state, allowed=["voting"], subject=sitting.subject)
    held = found.ballots(act.session, sitting, sitting.round)
    if any(one.seat == seat["seat"] for one in held) or _awaits_decision(act, sitting):
        raise Conflict("selection.cast", seat=seat["seat"])
    if choice not in sitting.among:
        raise Invalid("award.not_candidate", field="choice", number=choice)
    reason = _text(reason, "reason", 10)
    ballot = Ballot(
        selection_id=sitting.id, round=sitting.round, seat=seat["seat"], choice=choice, reason=reason,
        salt=act.chance(16).hex(), cast_at=act.now,
    )  # fmt: skip
    act.session.add(ballot)
    act.session.flush()
    append(
        act, "selection.ballot", sitting.subject,
        {"round": sitting.round, "seat": seat["seat"], "sha256": ballot_digest(_told(ballot)),
         "actor": act.actor.name},
    )  # fmt: skip
    if len(held) + 1 == len(sitting.members):
        _close_round(act, sitting)


def decide_selection(act: Act, sitting: Selection, *, choice: int, reason: str) -> None:
    """集体议事: after every opinion was told, the first seat (the legal representative or authorised) decides.

    A decision against most opinions needs a longer reason. Conflict: selection.method, selection.opinions,
    selection.decider; Invalid: award.not_candidate, form.length.
    """
    seat = _seat(act, sitting)
    if sitting.plan["method"] != "discussion":
        raise Conflict("selection.method", section=sitting.publicity.section.code)
    if not _awaits_decision(act, sitting):
        raise Conflict("selection.opinions", section=sitting.publicity.section.code)
    if seat["seat"] != sitting.members[0]["seat"]:
        raise Conflict("selection.decider", seat=sitting.members[0]["seat"])
    if choice not in sitting.candidates:
        raise Invalid("award.not_candidate", field="choice", number=choice)
    opinions = [one["choice"] for one in sitting.rounds[0]["ballots"]]
    against = 2 * opinions.count(choice) <= len(opinions)
    decision = {"seat": seat["seat"], "choice": choice, "reason": _text(reason, "reason", 30 if against else 10)}
    _conclude(act, sitting, decision)


def dissolve_selection(act: Act, publicity: Publicity, reason: str) -> None:
    """The sitting no longer counts: its winner was lost or the publicity revoked. Nothing where there is none."""
    sitting = found.selection(act.session, publicity)
    if sitting is not None:
        advance(act, sitting, "dissolve", reason=reason)


def _begin(act: Act, sitting: Selection) -> None:
    inspected = {one.bid_number for one in found.inspections(act.session, sitting.publicity)}
    missing = sorted(set(sitting.candidates) - inspected)
    if inspected and missing:
        raise Conflict("selection.inspections", numbers=missing)
    if sitting.plan["method"] == "price":
        leaders = price_leaders(sitting.plan["price_rule"], _prices(act, sitting))
        sitting.price = {"rule": sitting.plan["price_rule"], "leaders": leaders}
        sitting.among = leaders
        if len(leaders) == 1:
            _conclude(act, sitting, None)
            return
    sitting.round = 1
    advance(act, sitting, "begin", among=sitting.among, price=sitting.price)


def _close_round(act: Act, sitting: Selection) -> None:
    ballots = sorted(
        (_told(one) for one in found.ballots(act.session, sitting, sitting.round)),
        key=lambda one: [held["seat"] for held in sitting.members].index(one["seat"]),
    )
    told = {"round": sitting.round, "among": sitting.among, "ballots": ballots}
    sitting.rounds = [*sitting.rounds, told]
    append(act, "selection.round", sitting.subject, told)
    if sitting.plan["method"] == "discussion":
        act.session.flush()
        return
    winner, left = tally(sitting.plan["win"], sitting.among, [one["choice"] for one in ballots])
    if winner is not None:
        _conclude(act, sitting, None)
        return
    sitting.round += 1
    sitting.among = left
    act.session.flush()


def _conclude(act: Act, sitting: Selection, decision: dict[str, Any] | None) -> None:
    result: dict[str, Any] = {
        "type": TYPE,
        "plan": sitting.plan,
        "candidates": sitting.candidates,
        "members": [{"seat": one["seat"], "name": one["name"]} for one in sitting.members],
        "price": sitting.price,
        "rounds": sitting.rounds,
        "decision": decision,
    }
    result["winner"] = replayed(result, _prices(act, sitting))
    sitting.result = result
    advance(act, sitting, "conclude", result=result)
    write_selection_report(act, sitting)
    post(
        act, key=f"{sitting.subject}:concluded",
        recipient=f"organisation:{sitting.publicity.section.project.tenderee_id}",
        template="awards.selected", section=sitting.publicity.section.code, number=result["winner"],
    )  # fmt: skip


def _prices(act: Act, sitting: Selection) -> dict[int, int]:
    bids = experts.final_bids(act.session, sitting.publicity.section)
    return {bid.number: bid.price_fen or 0 for bid in bids if bid.number in sitting.candidates}


def _told(ballot: Ballot) -> dict[str, Any]:
    return {
        "round": ballot.round, "seat": ballot.seat, "choice": ballot.choice, "reason": ballot.reason,
        "salt": ballot.salt,
    }  # fmt: skip


def _awaits_decision(act: Act, sitting: Selection) -> bool:
    return sitting.plan["method"] == "discussion" and len(sitting.rounds) == 1


def _seat(act: Act, sitting: Selection) -> dict[str, Any]:
    seat = found.seat_of(sitting, act.actor)
    if seat is None:
        raise Conflict("selection.member", section=sitting.publicity.section.code)
    return seat


def _evaluators(act: Act, section: Section) -> set[str]:
    committee = experts.committee(act.session, section)
    return {member.person.login for member in experts.signers(act.session, committee)}


def _fit(act: Act, section: Section, logins: Sequence[str]) -> list[str]:
    evaluators = _evaluators(act, section)
    return [login for login in logins if login not in evaluators and person(act.session, login).disabled_at is None]


def _check_own(act: Act, section: Section, login: str) -> None:
    if person(act.session, login).organisation_id != section.project.tenderee_id:
        raise Invalid("selection.person", field="members", login=login)


def _text(text: str, field: str, least: int) -> str:
    text = text.strip()
    if len(text) < least or len(text) > MOST:
        raise Invalid("form.length", field=field, least=least, most=MOST, found=len(text))
    return text

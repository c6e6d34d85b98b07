"""Direct selection: one person proposes with ground and reason, another approves; the ledger has both (R-320)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from accounts.rules import Role
from bidding import queries as bidding
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.machine import advance
from experts import queries
from experts.models import Committee, DirectSelection, Expert, Member
from experts.rules import Shape, check_proposal, people_digest, seats_of, without
from experts.services.draw import seat
from experts.services.masks import check_moving

RULE = "direct_selection"


def propose_direct(
    act: Act, committee: Committee, people: Sequence[tuple[str, str]], *, ground: str, reason: str, document: str = ""
) -> DirectSelection:
    """Propose to determine these experts, `(speciality, pool code)`, directly instead of drawing their seats (R-320).

    Before any draw is announced the proposal takes seats from the draw; later it may only fill seats of an earlier
    selection that have become empty. Nothing changes before another person approves. Raises what `check_proposal`
    raises, Missing("law.rule") where the project's law knows no such exception, Conflict("direct.pending") while
    another waits, Conflict("direct.blind") where no seat were left to draw and labels (暗标) need the draw's seed,
    Conflict("committee.state"), Invalid("direct.seats") and Invalid("direct.expert") for who is not in
    the pool, not of the speciality, or barred as things stand.
    """
    if not act.actor.has(Role.TENDEREE, Role.AGENT) or act.actor.person_id is None:
        raise Forbidden("direct.proposer")
    check_moving(committee.section)
    law = bidding.law_of(committee.section)
    law.rule(RULE)
    rows = [{"speciality": speciality, "code": code} for speciality, code in people]
    check_proposal(
        ground=ground, grounds=law.words(RULE), reason=reason, document=document,
        regime=committee.section.project.regime, people=rows,
    )  # fmt: skip
    held = queries.direct_selections(act.session, committee)
    if any(one.state == "proposed" for one in held):
        raise Conflict("direct.pending")
    is_replacement = committee.state != "requested"
    _check_seats(act, committee, rows, is_replacement)
    if (
        not is_replacement
        and queries.is_blind(committee.section)
        and len(rows) >= Shape.from_json(committee.shape).drawn
    ):
        raise Conflict("direct.blind")
    bars = queries.bars_to(act.session, committee, act.now)
    for row in rows:
        expert = queries.expert(act.session, row["code"])
        _check_expert(expert, row["speciality"], bars(expert)[0])
    salt = act.chance(32).hex()
    selection = DirectSelection(
        committee_id=committee.id, committee=committee, number=len(held) + 1, people=_kept(act, rows), salt=salt,
        seats=[{"speciality": one.speciality, "count": one.count} for one in seats_of(rows)],
        people_sha256=people_digest(salt, rows),
        ground=ground, reason=reason.strip(), document=document.strip(), is_replacement=is_replacement,
        proposed_by=act.actor.person_id, proposed_at=act.now, state="proposed", state_at=act.now,
    )  # fmt: skip
    act.session.add(selection)
    act.session.flush()
    append(act, "direct.propose", selection.subject, _facts(act, selection, law.cite(RULE)))
    return selection


def approve_direct(act: Act, selection: DirectSelection, answer: str = "") -> list[Member]:
    """Another person, of the supervising authority, approves: the seats leave the draw and the experts are invited.

    Avoidance is checked again, and once more at sign-in. Where no seat is left to draw the committee is drawn without a
    draw. Forbidden("direct.two_people") for the proposer or a person of the proposer's unit. Returns who was invited.
    """
    _check_decider(act, selection)
    committee = selection.committee
    check_moving(committee.section)
    people = queries.people_of(act.session, selection)
    seats = seats_of(people)
    _check_seats(act, committee, people, selection.is_replacement)
    bars = queries.bars_to(act.session, committee, act.now)
    experts = [queries.expert(act.session, row["code"]) for row in people]
    for row, expert in zip(people, experts, strict=True):
        _check_expert(expert, row["speciality"], bars(expert)[0])
    selection.decided_by, selection.answer = act.actor.person_id, answer.strip() or None
    if not selection.is_replacement:
        committee.shape = without(Shape.from_json(committee.shape), seats).as_json()
    law = bidding.law_of(committee.section)
    advance(act, selection, "approve", **_facts(act, selection, law.cite(RULE)), approver=_who(act))
    fresh = [_invite(act, selection, row["speciality"], expert) for row, expert in zip(people, experts, strict=True)]
    if committee.state == "requested" and not Shape.from_json(committee.shape).seats:
        advance(act, committee, "select", direct=selection.number)
    return fresh


def refuse_direct(act: Act, selection: DirectSelection, answer: str) -> None:
    """The supervising authority refuses, with the reason the proposer reads; the seats stay to be drawn."""
    _check_decider(act, selection)
    if not answer.strip():
        raise Invalid("form.required", field="answer")
    selection.decided_by, selection.answer = act.actor.person_id, answer.strip()
    advance(act, selection, "refuse", answer=selection.answer, approver=_who(act))


def _check_decider(act: Act, selection: DirectSelection) -> None:
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("direct.approver")
    own = act.actor.organisation_id
    if act.actor.person_id == selection.proposed_by or own is None or own == selection.proposer.organisation_id:
        raise Forbidden("direct.two_people")


def _check_seats(act: Act, committee: Committee, people: Sequence[dict[str, str]], is_replacement: bool) -> None:
    """Raise unless the committee has so many seats to give: to be drawn, or of a selection and empty."""
    if not is_replacement:
        if committee.state != "requested":
            raise Conflict(
                "committee.state", verb="direct", state=committee.state, allowed=["requested"],
                subject=committee.subject,
            )  # fmt: skip
        without(Shape.from_json(committee.shape), seats_of(people))
        return
    if committee.state not in ("drawn", "seated", "scoring"):
        raise Conflict(
            "committee.state", verb="direct", state=committee.state, allowed=["drawn", "scoring", "seated"],
            subject=committee.subject,
        )  # fmt: skip
    left = queries.open_direct_seats(act.session, committee)
    for name, count in Counter(row["speciality"] for row in people).items():
        if left[name] < count:
            raise Invalid("direct.seats", field="people", speciality=name, left=left[name])


def _check_expert(expert: Expert, speciality: str, reasons: Sequence[str]) -> None:
    if speciality not in expert.specialities or expert.status != "active" or reasons:
        said = ", ".join(reasons) or "speciality"
        raise Invalid("direct.expert", field="people", expert=expert.code, reasons=said)


def _facts(act: Act, selection: DirectSelection, cite: dict[str, str]) -> dict[str, object]:
    return {
        "seats": selection.seats,
        "people_sha256": selection.people_sha256,
        "ground": selection.ground,
        "reason": selection.reason,
        "document": selection.document,
        "replacement": selection.is_replacement,
        "rule": cite,
        "proposer": {
            "login": selection.proposer.login,
            "unit": selection.proposer.organisation.identifier if selection.proposer.organisation else "",
        },
    }


def _kept(act: Act, rows: list[dict[str, str]]) -> dict[str, Any]:
    sealed = queries.sealed_for_duty(act.session, {"rows": rows})
    return {"sealed": sealed} if sealed else {"rows": rows}


def _who(act: Act) -> dict[str, str]:
    person = queries.person_of(act.session, act.actor)
    return {"login": person.login, "unit": person.organisation.identifier if person.organisation else ""}


def _invite(act: Act, selection: DirectSelection, speciality: str, expert: Expert) -> Member:
    committee = selection.committee
    number = 1 + sum(one.label.startswith("D") for one in queries.members(act.session, committee))
    member = seat(act, committee, expert, label=f"D{number}", seat=speciality, candidate=None)
    append(act, "member.invite", member.subject, {"direct": selection.number, "seat": speciality})
    return member

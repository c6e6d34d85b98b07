"""Sanctions: one person proposes with evidence, the expert is heard, another decides; then they end (R-315)."""

from __future__ import annotations

import hashlib
from typing import Any

from accounts import queries as accounts
from accounts.rules import Role, normalise_uscc
from core.act import Act
from core.calendar import day_of, end_of_day, national
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.ledger.log import append
from core.locker import Private
from core.machine import advance
from core.outbox import post
from credit import services as credit
from credit.queries import fact_from, withdrawal
from experts import queries
from experts.models import Expert, Sanction
from experts.rules.discipline import HELD, PUBLIC_MEASURES, causes, check_measure, lasts_until, status_under
from experts.rules.law import expert_law
from experts.services.applications import Documents
from experts.services.attendance import leave
from experts.services.pool import set_status
from experts.services.proofs import lock_proof

BARRED = "R-330(8) status"
FACT = "expert_sanction"


def propose_sanction(
    act: Act, expert: Expert, *, measure: str, cause: str, reason: str, months: int | None = None,
    section_code: str = "", documents: Documents = (),
) -> Sanction:  # fmt: skip
    """Propose what is to be done about an expert's breach: from here the expert reads it and may answer (R-315).

    By an officer of the pools or a supervisor (Forbidden("sanction.proposer")), never about oneself. The reason is at
    least ten characters; a removal or suspension brings evidence: a file, or the section it happened in
    (Invalid("sanction.evidence")). Conflict("sanction.pending") while another proposal about the expert waits,
    ("sanction.removed") for who is removed already; what `check_measure` raises. Nothing changes before the decision.
    """
    if not act.actor.has(Role.OPERATOR, Role.SUPERVISOR) or act.actor.person_id in (None, expert.person_id):
        raise Forbidden("sanction.proposer")
    today = day_of(act.now)
    check_measure(measure, cause, months, today)
    if len(reason.strip()) < 10:
        raise Invalid("sanction.reason", field="reason")
    if measure in PUBLIC_MEASURES and not documents and not section_code:
        raise Invalid("sanction.evidence", field="documents")
    if section_code and not queries.sat_in(act.session, expert, section_code):
        raise Invalid("sanction.section", field="section", section=section_code)
    held = queries.sanctions_of(act.session, expert)
    if any(one.state in ("proposed", "heard") for one in held):
        raise Conflict("sanction.pending")
    if any(one.measure == "removal" and one.state in queries.IN_FORCE for one in held):
        raise Conflict("sanction.removed")
    law = expert_law(today)
    until = national().end_of_working_days(today, law.days("sanction_hearing_days")).on
    sanction = Sanction(
        expert_id=expert.id, expert=expert, measure=measure, cause=cause, months=months, reason=reason.strip(),
        section_code=section_code or None, documents=_keep(act, documents), proposed_by=act.actor.person_id,
        proposed_at=act.now, hear_until=end_of_day(until), state="proposed", state_at=act.now,
    )  # fmt: skip
    act.session.add(sanction)
    act.session.flush()
    told = {"expert": expert.code, "reason": sanction.reason, "evidence": _hashes(sanction), "section": section_code}
    cites = [law.cite("sanction_hearing_days"), {"rule": causes()[cause].rule, "source": causes()[cause].source}]
    append(act, "sanction.propose", sanction.subject, Private({**_facts(sanction), **told, "rules": cites}))
    _tell(act, sanction, "experts.sanction_proposed", until_at=sanction.hear_until.isoformat())
    return sanction


def state_case(act: Act, sanction: Sanction, statement: str) -> None:
    """The expert says what there is to say, and may add to it until the decision; all of it stays."""
    if act.actor.person_id is None or act.actor.person_id != sanction.expert.person_id:
        raise Missing("sanction.unknown")
    if not statement.strip():
        raise Invalid("form.required", field="statement")
    sanction.statement = "\n\n".join(one for one in (sanction.statement, statement.strip()) if one)
    sanction.stated_at = act.now
    advance(act, sanction, "state_case", statement_sha256=_digest(sanction.statement))


def confirm_sanction(act: Act, sanction: Sanction, opinion: str) -> int:
    """Another person decides that the measure is taken; returns how many seats the expert lost by it.

    Forbidden("sanction.decider") but for a supervisor (a warning: an officer of the pools, too),
    ("sanction.two_people") for the proposer; Untimely("sanction.hearing") while the expert has not spoken and the days
    for it run. From this instant a suspended or removed expert is no candidate, and sits on no committee whose result
    is not locked: the next of the order is invited there (R-332). Two kinds of seat remain: between two sittings, where
    the scores are final and nobody can be replaced; and a sealed one that cannot be read now, whose holder is turned
    away at the sign-in. Suspensions and removals become a credit fact.
    """
    _check_decider(act, sanction)
    if sanction.state == "proposed" and act.now < sanction.hear_until:
        raise Untimely("sanction.hearing", until_at=sanction.hear_until.isoformat())
    _answer(act, sanction, opinion)
    today = day_of(act.now)
    until = lasts_until(sanction.measure, sanction.months, today)
    sanction.from_on, sanction.until_on = today.isoformat(), until.isoformat() if until else None
    advance(act, sanction, "confirm", **_facts(sanction), opinion_sha256=_digest(sanction.opinion or ""))
    _settle(act, sanction)
    if sanction.measure in PUBLIC_MEASURES:
        _record(act, sanction)
    _tell(act, sanction, "experts.sanction_decided")
    return _unseat(act, sanction.expert) if sanction.expert.status in HELD else 0


def dismiss_sanction(act: Act, sanction: Sanction, opinion: str) -> None:
    """Another person decides that nothing is done, with the reason; the expert is told."""
    _check_decider(act, sanction)
    _answer(act, sanction, opinion)
    advance(act, sanction, "dismiss", opinion_sha256=_digest(sanction.opinion or ""))
    _tell(act, sanction, "experts.sanction_dismissed")


def withdraw_sanction(act: Act, sanction: Sanction) -> None:
    """The proposer takes it back before it is decided; Forbidden("sanction.proposer") for anybody else."""
    if act.actor.person_id != sanction.proposed_by:
        raise Forbidden("sanction.proposer")
    advance(act, sanction, "withdraw")
    _tell(act, sanction, "experts.sanction_dismissed")


def ask_lift(act: Act, sanction: Sanction, reason: str) -> None:
    """The expert, an officer of the pools or a supervisor asks to end it early, with the reason; it stays in force."""
    is_own = act.actor.person_id is not None and act.actor.person_id == sanction.expert.person_id
    if not is_own and not act.actor.has(Role.OPERATOR, Role.SUPERVISOR):
        raise Missing("sanction.unknown")
    if len(reason.strip()) < 10:
        raise Invalid("sanction.reason", field="reason")
    sanction.lift_reason, sanction.lift_asked_by = reason.strip(), act.actor.person_id
    sanction.lift_asked_at = act.now
    advance(act, sanction, "ask_back", reason_sha256=_digest(reason.strip()))


def decide_lift(act: Act, sanction: Sanction, *, is_lifted: bool, opinion: str) -> None:
    """A supervisor who did not ask ends the sanction from now on, or keeps it, with the reason."""
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("sanction.decider")
    if act.actor.person_id in (sanction.lift_asked_by, sanction.expert.person_id):
        raise Forbidden("sanction.two_people")
    if not opinion.strip():
        raise Invalid("form.required", field="opinion")
    sanction.lift_opinion = opinion.strip()
    sanction.lifted_by = act.actor.person_id
    advance(act, sanction, "lift" if is_lifted else "keep", opinion_sha256=_digest(opinion.strip()))
    if not is_lifted:
        sanction.lifted_by = None
        _tell(act, sanction, "experts.sanction_kept")
        return
    _settle(act, sanction)
    fact = fact_from(act.session, kind=FACT, identifier=normalise_uscc(sanction.expert.code), source=sanction.subject)
    if fact is not None and withdrawal(act.session, fact) is None:
        lift = f"lift {sanction.id}"
        credit.withdraw_fact(act, fact, source=f"{sanction.subject}:lift", decision=lift, reason="提前解除")
    _tell(act, sanction, "experts.sanction_ended")


def expire_sanction(act: Act, sanction: Sanction) -> None:
    """Its last day is over: it ends; Untimely("sanction.running") before."""
    if sanction.until_on is None or sanction.until_on >= day_of(act.now).isoformat():
        raise Untimely("sanction.running", until=str(sanction.until_on))
    advance(act, sanction, "expire")
    _settle(act, sanction)
    _tell(act, sanction, "experts.sanction_ended")


def _check_decider(act: Act, sanction: Sanction) -> None:
    enough = (Role.SUPERVISOR, Role.OPERATOR) if sanction.measure == "warning" else (Role.SUPERVISOR,)
    if not act.actor.has(*enough):
        raise Forbidden("sanction.decider")
    if act.actor.person_id in (None, sanction.proposed_by, sanction.expert.person_id):
        raise Forbidden("sanction.two_people")


def _answer(act: Act, sanction: Sanction, opinion: str) -> None:
    if not opinion.strip():
        raise Invalid("form.required", field="opinion")
    sanction.opinion, sanction.decided_by, sanction.decided_at = opinion.strip(), act.actor.person_id, act.now


def _settle(act: Act, sanction: Sanction) -> None:
    """Bring the expert's status to what the sanctions in force say; with none, to where the expert stood before."""
    expert = sanction.expert
    running = [one for one in queries.sanctions_of(act.session, expert) if one.state in queries.IN_FORCE]
    if sanction.stood_in is None:
        # A warning holds nobody: who is held without another sanction was held before there were any, and stays so.
        holding = (one.stood_in for one in running if one.stood_in and one.measure in PUBLIC_MEASURES)
        before = next(holding, None) if expert.status in HELD else None
        sanction.stood_in = before or expert.status
    otherwise = sanction.stood_in if expert.status in HELD else expert.status
    status = status_under([(one.measure, one.cause) for one in running], otherwise)
    if status != expert.status:
        set_status(act, expert, status, "sanction")


def _unseat(act: Act, expert: Expert) -> int:
    """Take the expert from every seat whose committee has locked nothing yet, as far as seats can be read."""
    lost = 0
    for member in queries.seats_of_expert(act.session, expert):
        leave(act, member, BARRED)
        lost += 1
    return lost


def _record(act: Act, sanction: Sanction) -> None:
    """A credit fact under the expert's number in the pool: the ledger keeps it for ever, so it names nobody."""
    code = sanction.expert.code
    credit.record_fact(
        act, kind=FACT, identifier=code, name=code, section_code="", source=sanction.subject,
        decision=f"{sanction.measure} {sanction.id}",
        facts={
            "reason": sanction.cause, "measures": sanction.measure, "from": sanction.from_on,
            "until": sanction.until_on or "",
        },
    )  # fmt: skip


def _facts(sanction: Sanction) -> dict[str, Any]:
    return {
        "measure": sanction.measure, "cause": sanction.cause, "months": sanction.months, "from_on": sanction.from_on,
        "until_on": sanction.until_on,
    }  # fmt: skip


def _keep(act: Act, documents: Documents) -> list[dict[str, Any]]:
    kept = []
    for name, kind, content in documents:
        sha256, size = hashlib.sha256(content).hexdigest(), len(content)
        kept.append({"name": name, "kind": kind, "sha256": sha256, "size": size, "object": lock_proof(act, content)})
    return kept


def _hashes(sanction: Sanction) -> list[str]:
    return [one["sha256"] for one in sanction.documents]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _tell(act: Act, sanction: Sanction, template: str, **facts: str) -> None:
    """Tell the expert; a proposal and an answer also to whoever may decide."""
    key = f"{sanction.subject}:{sanction.epoch}"
    post(act, key=f"{key}:expert", recipient=sanction.expert.person.login, template=template, **facts)
    if template == "experts.sanction_proposed":
        for person in accounts.holders(act.session, Role.SUPERVISOR):
            if person.id != act.actor.person_id:
                post(
                    act, key=f"{key}:{person.login}", recipient=person.login, template="experts.sanction_waits",
                    number=sanction.id,
                )  # fmt: skip

"""Raising warnings and deciding them: people judge, with reasons; nothing here rejects a bid."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from bidding.models import Section
from collusion.models import Scan, Warning
from core import outbox
from core.act import Act
from core.calendar import day_of, end_of_day, national
from core.clock import BEIJING
from core.errors import Conflict, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from credit import services as credit
from experts import queries as experts
from experts import services as expert_services
from opening.models import Bid

WORKING_DAYS = 10
"""A warning is to be decided within ten working days of being raised (practice of provincial supervision)."""
DECISIONS = {"confirm": "confirmed", "refer": "referred", "dismiss": "dismissed"}
LEAST_REASON = 10


def raise_warning(act: Act, section: Section, made: Scan, ring: dict[str, Any], bids: dict[str, Bid]) -> Warning:
    year = act.now.astimezone(BEIJING).year
    count = act.session.scalar(select(func.count(Warning.id)).where(Warning.code.startswith(f"W-{year}-"))) or 0
    keys = ring["bidders"]
    raised = Warning(
        code=f"W-{year}-{count + 1:04d}",
        section_id=section.id,
        section=section,
        scan_id=made.id,
        ring=[
            {"key": key, "number": bids[key].number, "name": bids[key].name, "identifier": bids[key].identifier}
            for key in keys
        ],
        tier=ring["tier"],
        card={
            "pairs": [pair for pair in made.result["pairs"] if pair["a"] in keys and pair["b"] in keys],
            "budget": made.result["budget"],
            "model": made.result["model"],
        },
        raised_at=act.now,
        due_at=end_of_day(national().end_of_working_days(day_of(act.now), WORKING_DAYS).on),
        state="open",
        state_at=act.now,
    )
    act.session.add(raised)
    act.session.flush()
    numbers = [member["number"] for member in raised.ring]
    append(act, "warning.raise", raised.subject, {"section": section.code, "numbers": numbers, "tier": raised.tier})
    outbox.post(
        act, key=f"{raised.subject}:raised", recipient="role:supervisor", template="warning.raised", warning=raised.code
    )
    _tell_committee(act, section, raised)
    return raised


def _tell_committee(act: Act, section: Section, raised: Warning) -> None:
    """The committee weighs the lead too (研判); a section without a committee yet gets it when there is one."""
    try:
        committee = experts.committee(act.session, section)
    except Missing:
        return
    expert_services.receive_memo(
        act,
        committee,
        key=raised.subject,
        title=raised.code,
        content={"numbers": [member["number"] for member in raised.ring], "tier": raised.tier},
    )


def view_warning(act: Act, found: Warning) -> None:
    """Note in the ledger who looked at a warning: every view leaves a trace (R-857)."""
    append(act, "warning.view", found.subject, {"by": act.actor.name})


def assign_warning(act: Act, found: Warning) -> None:
    """Take a warning on: from here on it is the actor's to decide."""
    found.assignee_id = act.actor.person_id
    advance(act, found, "assign", to=act.actor.name)


def decide_warning(act: Act, found: Warning, verb: str, reason: str) -> None:
    """Decide a warning: `confirm`, `refer` to another authority, or `dismiss`, always with a reason.

    A confirmed one becomes a credit fact about each bidder of the ring, which by itself restricts nobody. Only the one
    who took it on decides: Conflict("warning.not_yours"). Invalid("warning.reason") for a reason too short to be one.
    """
    if verb not in DECISIONS:
        raise Invalid("form.choice", field="verb", found=verb, options=sorted(DECISIONS))
    if found.state == "assigned" and found.assignee_id != act.actor.person_id:
        raise Conflict("warning.not_yours", warning=found.code)
    if len(reason.strip()) < LEAST_REASON:
        raise Invalid("warning.reason", field="reason", least=LEAST_REASON)
    found.decision = reason.strip()
    found.decided_at = act.now
    advance(act, found, verb, reason=found.decision)
    if verb == "confirm":
        for member in found.ring:
            credit.record_fact(
                act,
                identifier=member["identifier"],
                name=member["name"],
                kind="collusion_confirmed",
                section_code=found.section.code,
                facts={"warning": found.code, "reason": found.decision},
            )

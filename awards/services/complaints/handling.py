"""The regulator returns, refuses or accepts a complaint, investigates it and decides in public (R-553, R-554)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from awards import queries
from awards.models import Complaint
from awards.queries import complaints as found
from awards.rules import NEXT, checked_remedy
from awards.rules.complaints import (
    STEPS,
    checked_decision,
    decision_due,
)
from awards.services.complaints.orders import end_order
from awards.services.complaints.steps import (
    add_step,
    check_accepted,
    check_regulator,
    checked_reason,
    publicity_of,
    tell,
)
from awards.services.objections import carry_out
from bidding.models import Section
from core.act import Act
from core.board import publish_notice
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Invalid
from core.machine import advance
from credit import queries as credit_queries
from credit import services as credit
from credit.models import CreditFact
from opening import queries as opening
from opening.rules import NAMES_SHOWN


def return_complaint(act: Act, held: Complaint, reason: str) -> None:
    """Send it back to be corrected, once and with every reason (94号令 a21)."""
    check_regulator(act)
    held.reason = checked_reason(reason)
    advance(act, held, "return", reason=held.reason)
    tell(act, held, "awards.complaint_returned")


def refuse_complaint(act: Act, held: Complaint, reason: str) -> None:
    """Not accepted, with the reason; the complainant may appeal."""
    check_regulator(act)
    held.reason = checked_reason(reason)
    advance(act, held, "refuse", reason=held.reason, late=act.now >= held.accept_due_at)
    tell(act, held, "awards.complaint_refused")


def accept_complaint(act: Act, held: Complaint) -> None:
    """Accept it: the time to decide begins."""
    check_regulator(act)
    law = found.law_of_complaints(held.section, act.now)
    held.accepted_at = act.now
    held.decide_due_at = decision_due(national(), act.now, law.days("complaint_decide_within"), [], act.now)
    advance(
        act, held, "accept", late=act.now >= held.accept_due_at, decide_due_at=iso(held.decide_due_at),
        law=law.cite("complaint_decide_within"),
    )  # fmt: skip
    tell(act, held, "awards.complaint_accepted")


def record_step(act: Act, held: Complaint, *, kind: str, text: str, files: Sequence[Mapping[str, Any]] = ()) -> None:
    """Record a step of the investigation with its files; tests and expert reviews stop the clock meanwhile.

    Invalid("complaint.step") for an unknown kind, Conflict("complaint.test") for a test begun twice or ended unbegun.
    """
    check_regulator(act)
    check_accepted(held, "record")
    if kind not in STEPS:
        raise Invalid("complaint.step", field="kind", found=kind)
    spans = found.tests_of(found.steps(act.session, held))
    running = bool(spans) and spans[-1][1] is None
    if (kind == "test_begin" and running) or (kind == "test_end" and not running):
        raise Conflict("complaint.test", running=running)
    add_step(act, held, kind, text, files)
    law = found.law_of_complaints(held.section, act.now)
    spans = found.tests_of(found.steps(act.session, held))
    if held.accepted_at is not None:
        held.decide_due_at = decision_due(
            national(), held.accepted_at, law.days("complaint_decide_within"), spans, act.now
        )


def decide_complaint(
    act: Act,
    held: Complaint,
    *,
    outcome: str,
    findings: str,
    law: str,
    remedy: Mapping[str, Any] | None = None,
    withdraws: Sequence[int] = (),
) -> None:
    """Decide it, publish the decision with its appeal path, and in the same act do what it asks for.

    `withdraws`: credit facts of this section whose decision is reversed by it; whatever else the same decision
    recorded, of the other members of a consortium, is withdrawn with them. Invalid("complaint.withdraws").

    `remedy` is one of `rules.remedies`, for an upheld one only; without one the result stands. Invalid as
    `checked_decision` and `checked_remedy`; Conflict("complaint.remedy_stage") where there is no result to touch,
    Conflict("complaint.test") while a test goes on, Conflict("publicity.suspended") where objections wait. Enter the
    section's turnstile alone, for an order ends with it.
    """
    check_regulator(act)
    check_accepted(held, "decide")
    section = held.section
    checked_decision(outcome, remedy, findings, law)
    if any(ended is None for _, ended in found.tests_of(found.steps(act.session, held))):
        raise Conflict("complaint.test", running=True)
    kept = None if remedy is None else _checked_remedy(act, section, remedy)
    reversed_ = _reversed(act, section, outcome, withdraws)
    end_order(act, held, "投诉处理决定已作出")
    rules = found.law_of_complaints(section, act.now)
    held.decision = {"outcome": outcome, "findings": findings.strip(), "law": law.strip(), "remedy": kept}
    if reversed_:
        held.decision = {**held.decision, "withdraws": [fact.id for fact in reversed_]}
    late = held.decide_due_at is not None and act.now >= held.decide_due_at
    advance(act, held, "decide", decision=held.decision, late=late)
    # Where no names were published whoever complains may be a bidder, and that is secret: so it stays where the
    # section has failed before.
    day = opening.opening_or_none(act.session, section)
    named = section.state not in ("submission_open", "suspended", "closed") and (
        day is not None and day.standing in NAMES_SHOWN
    )
    appeal = {
        "reconsideration_days": rules.days("reconsideration_within"),
        "lawsuit_months": rules.days("lawsuit_within"),
        "law": [rules.cite("reconsideration_within"), rules.cite("lawsuit_within")],
    }
    notice = publish_notice(
        act,
        kind="complaint_decision",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）投诉处理决定",
        content={
            "section": section.code,
            "project": section.project.name,
            "number": held.number,
            "complainant": held.organisation.name if named else None,
            "respondent": held.content["respondent"],
            "about": held.content["about"],
            "outcome": outcome,
            "findings": findings.strip(),
            "basis": law.strip(),
            "remedy": kept["kind"] if kept else "none",
            "decided_at": iso(act.now),
            "appeal": appeal,
        },
    )
    tell(act, held, "awards.complaint_decided", notice=notice.number)
    title = f"投诉第 {held.number} 号处理决定"
    for fact in reversed_:
        credit.withdraw_fact(act, fact, source=held.subject, decision=title, reason=findings.strip()[:500])
    if kept is not None:
        publicity = queries.publicity(act.session, section)
        rule = "R-553" if section.project.regime == "T" else "R-554"
        carry_out(
            act, publicity, kept, rule=rule, reason=title,
            grounds={"complaint": held.number},
        )  # fmt: skip


def _reversed(act: Act, section: Section, outcome: str, withdraws: Sequence[int]) -> list[CreditFact]:
    """The standing facts of the section that these belong to, by the decisions that made them."""
    standing = credit_queries.standing_facts(act.session, section.code)
    chosen = {(fact.kind, fact.source) for fact in standing if fact.id in withdraws}
    if withdraws and (outcome != "upheld" or not set(withdraws) <= {fact.id for fact in standing}):
        raise Invalid("complaint.withdraws", field="withdraws")
    return [fact for fact in standing if (fact.kind, fact.source) in chosen]


def _checked_remedy(act: Act, section: Section, remedy: Mapping[str, Any]) -> dict[str, Any]:
    publicity = publicity_of(act, section)
    if publicity is None or publicity.state == "revoked":
        raise Conflict("complaint.remedy_stage", section=section.code)
    waiting = queries.open_objections(act.session, publicity)
    if waiting:
        raise Conflict("publicity.suspended", objections=waiting)
    if remedy.get("kind") == NEXT and section.project.regime == "T":
        if publicity.state != "awarded":
            raise Conflict("complaint.remedy_stage", section=section.code)
        return {"kind": NEXT}
    return checked_remedy(section.project.regime, remedy)

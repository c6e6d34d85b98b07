"""Complaints: filed in a plain form, accepted in time, investigated step by step, decided, published (R-553, R-554)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from accounts.queries import holders
from accounts.rules import Role
from awards import queries
from awards.models import Complaint, ComplaintStep, Publicity
from awards.queries import complaints as found
from awards.rules import NEXT, checked_remedy
from awards.rules.complaints import (
    STEPS,
    checked_decision,
    complaint_due,
    decision_due,
    formal_defects,
    working_due,
)
from awards.services.objections import carry_out, resume
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section
from core.act import PUBLIC, Act
from core.board import publish_notice
from core.calendar import national
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid, Missing
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from opening import queries as opening
from opening import services as opening_services

OVER = frozenset({"draft", "archived", "failed"})
"""Where nothing is left that an order could stop."""


def check_complaint(act: Act, section: Section, draft: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The formal defects of a draft as JSON, and until when it may be filed; nothing is kept."""
    law = found.law_of_complaints(section, act.now)
    grounding = found.grounding(act.session, section, act.actor)
    rule = law.rule("complaint_within")
    due = complaint_due(national(), law.days("complaint_within"), rule.unit, draft["known_at"], grounding)
    defects = formal_defects(draft, grounding, now=act.now, due_at=due)
    told = [
        {"code": one.code, "bars": one.bars,
         "facts": {name: iso(value) for name, value in one.facts.items()}}
        for one in defects
    ]  # fmt: skip
    return told, iso(due)


def file_complaint(
    act: Act, section: Section, draft: Mapping[str, Any], *, acknowledged: bool = False, again: Complaint | None = None
) -> Complaint:
    """File a complaint with the regulator; it is kept whatever its defects, for the regulator decides, not a machine.

    Conflict("complaint.defects") while the checklist has warnings that were not acknowledged; Conflict
    ("complaint.too_early") before the notice and "complaint.over" once the file is closed; Invalid("form.required")
    for an empty text. With `again`, a returned one is filed again, corrected.
    """
    if act.actor.organisation_id is None:
        raise Missing("section.unknown", section=section.code)
    if section.state == "draft":
        raise Conflict("complaint.too_early", section=section.code)
    if section.state == "archived":
        raise Conflict("complaint.over", section=section.code)
    if not str(draft["facts"]).strip():
        raise Invalid("form.required", field="facts")
    defects, due = check_complaint(act, section, draft)
    if defects and not acknowledged:
        raise Conflict("complaint.defects", found=len(defects))
    law = found.law_of_complaints(section, act.now)
    content = {name: value for name, value in draft.items() if name != "files"}
    content["known_at"] = iso(draft["known_at"])
    held = again or Complaint(
        section_id=section.id,
        section=section,
        number=1 + len(found.complaints(act.session, section)),
        organisation_id=act.actor.organisation_id,
        state="filed",
        state_at=act.now,
    )
    held.content, held.files, held.defects = content, list(draft["files"]), [one["code"] for one in defects]
    held.filed_at = act.now
    held.accept_due_at = working_due(national(), act.now, law.days("complaint_accept_within"))
    if again is None:
        act.session.add(held)
    act.session.flush()
    # The text and who complains stay with the regulator: before the opening, who takes an interest is secret.
    facts = {
        "about": content["about"],
        "content_sha256": content_digest(held),
        "defects": held.defects,
        "due_at": due,
        "accept_due_at": iso(held.accept_due_at),
        "law": [law.cite("complaint_within"), law.cite("complaint_accept_within")],
    }
    if again is None:
        append(act, "complaint.file", held.subject, facts)
    else:
        advance(act, held, "file_again", actor=PUBLIC.name, **facts)
    for person in holders(act.session, Role.SUPERVISOR, section.project.code):
        post(
            act,
            key=f"complaint.filed:{held.subject}:{iso(act.now)}:{person.login}",
            recipient=person.login,
            template="awards.complaint_filed",
            section=section.code,
            number=held.number,
            due_at=iso(held.accept_due_at),
        )
    return held


def withdraw_complaint(act: Act, held: Complaint) -> None:
    """The complainant withdraws; what was ordered ends. Enter the section's turnstile alone."""
    if held.organisation_id != act.actor.organisation_id:
        raise Missing("complaint.unknown")
    # What ends with it is nobody's act: before the opening, who takes an interest is secret.
    _end_order(replace(act, actor=PUBLIC), held, "投诉人撤回投诉")
    advance(act, held, "withdraw", actor=PUBLIC.name)


def return_complaint(act: Act, held: Complaint, reason: str) -> None:
    """Send it back to be corrected, once and with every reason (94号令 a21)."""
    _check_regulator(act)
    held.reason = _reason(reason)
    advance(act, held, "return", reason=held.reason)
    _tell(act, held, "awards.complaint_returned")


def refuse_complaint(act: Act, held: Complaint, reason: str) -> None:
    """Not accepted, with the reason; the complainant may appeal."""
    _check_regulator(act)
    held.reason = _reason(reason)
    advance(act, held, "refuse", reason=held.reason, late=act.now >= held.accept_due_at)
    _tell(act, held, "awards.complaint_refused")


def accept_complaint(act: Act, held: Complaint) -> None:
    """Accept it: the time to decide begins."""
    _check_regulator(act)
    law = found.law_of_complaints(held.section, act.now)
    held.accepted_at = act.now
    held.decide_due_at = decision_due(national(), act.now, law.days("complaint_decide_within"), [], act.now)
    advance(
        act, held, "accept", late=act.now >= held.accept_due_at, decide_due_at=iso(held.decide_due_at),
        law=law.cite("complaint_decide_within"),
    )  # fmt: skip
    _tell(act, held, "awards.complaint_accepted")


def record_step(act: Act, held: Complaint, *, kind: str, text: str, files: Sequence[Mapping[str, Any]] = ()) -> None:
    """Record a step of the investigation with its files; tests and expert reviews stop the clock meanwhile.

    Invalid("complaint.step") for an unknown kind, Conflict("complaint.test") for a test begun twice or ended unbegun.
    """
    _check_regulator(act)
    _check_accepted(held, "record")
    if kind not in STEPS:
        raise Invalid("complaint.step", field="kind", found=kind)
    spans = found.tests_of(found.steps(act.session, held))
    running = bool(spans) and spans[-1][1] is None
    if (kind == "test_begin" and running) or (kind == "test_end" and not running):
        raise Conflict("complaint.test", running=running)
    _step(act, held, kind, text, files)
    law = found.law_of_complaints(held.section, act.now)
    spans = found.tests_of(found.steps(act.session, held))
    if held.accepted_at is not None:
        held.decide_due_at = decision_due(
            national(), held.accepted_at, law.days("complaint_decide_within"), spans, act.now
        )


def order_suspension(act: Act, held: Complaint, text: str) -> None:
    """The regulator orders the section to stand still at any stage, in public (R-562, 条例 a62).

    Before the deadline submissions go on coming in and the deadline stands still; a running opening is suspended, its
    window keeps the time it had left; the committee and the bidders it asks stand still; a running publicity stands;
    no award, contract or closing of the file. Under regime G the order ends by itself after the law's days
    (94号令 a28). Enter the section's turnstile alone. Conflict: complaint.ordered, complaint.order_stage where nothing
    is left to stop.
    """
    _check_regulator(act)
    _check_accepted(held, "order")
    section = held.section
    if held.ordered_at is not None:
        raise Conflict("complaint.ordered", number=held.number)
    if section.state in OVER:
        raise Conflict("complaint.order_stage", section=section.code)
    law = found.law_of_complaints(section, act.now)
    held.ordered_at = act.now
    if "complaint_suspend_most" in law.rules:
        held.ordered_until = act.now + timedelta(days=law.days("complaint_suspend_most"))
    until = iso(held.ordered_until) if held.ordered_until else None
    late = section.state == "submission_open" and act.now >= section.closing_at
    stands = "suspended" if section.state == "submission_open" and not late else section.state
    _step(act, held, "suspend", text, (), until=until, stands="closed" if late else stands)
    for one in _tender(act, section):
        bidding_services.stand_still(act, one, held.subject, _cause(held))
        day = opening.opening_or_none(act.session, one)
        if day is not None:
            opening_services.obey_order(act, day, _cause(held))
    publicity = _publicity(act, section)
    if publicity is not None and publicity.state == "running":
        advance(act, publicity, "suspend", complaint=held.number)
    publish_notice(
        act,
        kind="order",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）暂停招标投标活动通知",
        content={
            "section": section.code,
            "project": section.project.name,
            "number": held.number,
            "reason": text.strip(),
            "suspended_at": iso(act.now),
            "until": until,
        },
    )
    _tell_parties(act, section, "awards.suspension_ordered", held.number)


def lift_suspension(act: Act, held: Complaint, text: str) -> None:
    """The order ends in public; what stood still goes on, later by that time. Conflict("complaint.not_ordered").

    The host of a suspended opening publishes when it is resumed. Enter the section's turnstile alone.
    """
    _check_regulator(act)
    if held.ordered_at is None:
        raise Conflict("complaint.not_ordered", number=held.number)
    _end_order(act, held, text)


def lapse_suspension(act: Act, held: Complaint) -> None:
    """The order ends by itself once its lawful days are over (94号令 a28); done again is done."""
    if held.ordered_until is not None and act.now >= held.ordered_until:
        _end_order(act, held, "责令暂停的法定期限届满")


def decide_complaint(
    act: Act, held: Complaint, *, outcome: str, findings: str, law: str, remedy: Mapping[str, Any] | None = None
) -> None:
    """Decide it, publish the decision with its appeal path, and in the same act do what it asks for.

    `remedy` is one of `rules.remedies`, for an upheld one only; without one the result stands. Invalid as
    `checked_decision` and `checked_remedy`; Conflict("complaint.remedy_stage") where there is no result to touch,
    Conflict("complaint.test") while a test goes on, Conflict("publicity.suspended") where objections wait. Enter the
    section's turnstile alone, for an order ends with it.
    """
    _check_regulator(act)
    _check_accepted(held, "decide")
    section = held.section
    checked_decision(outcome, remedy, findings, law)
    if any(ended is None for _, ended in found.tests_of(found.steps(act.session, held))):
        raise Conflict("complaint.test", running=True)
    kept = None if remedy is None else _checked_remedy(act, section, remedy)
    _end_order(act, held, "投诉处理决定已作出")
    rules = found.law_of_complaints(section, act.now)
    held.decision = {"outcome": outcome, "findings": findings.strip(), "law": law.strip(), "remedy": kept}
    late = held.decide_due_at is not None and act.now >= held.decide_due_at
    advance(act, held, "decide", decision=held.decision, late=late)
    # Before the names are published whoever complains may be a bidder, and that is secret.
    named = section.state not in ("submission_open", "suspended", "closed")
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
    _tell(act, held, "awards.complaint_decided", notice=notice.number)
    if kept is not None:
        publicity = queries.publicity(act.session, section)
        rule = "R-553" if section.project.regime == "T" else "R-554"
        carry_out(
            act, publicity, kept, rule=rule, reason=f"投诉第 {held.number} 号处理决定",
            grounds={"complaint": held.number},
        )  # fmt: skip


def content_digest(held: Complaint) -> str:
    """What the ledger tells of the text before it is public."""
    return found.content_digest(held.content, held.files)


def _checked_remedy(act: Act, section: Section, remedy: Mapping[str, Any]) -> dict[str, Any]:
    publicity = _publicity(act, section)
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


def _end_order(act: Act, held: Complaint, text: str) -> None:
    if held.ordered_at is None:
        return
    held.ordered_at = held.ordered_until = None
    section = held.section
    _step(act, held, "resume", text, ())
    for one in _tender(act, section):
        bidding_services.go_on(act, one, held.subject)
        day = opening.opening_or_none(act.session, one)
        if day is not None:
            opening_services.end_order(act, day, _cause(held), "行政监督部门恢复招标投标活动")
    others = [one.number for one in found.orders(act.session, section, act.now)]
    publicity = _publicity(act, section)
    waits = publicity is not None and publicity.state == "suspended" and not others
    if publicity is not None and waits and not queries.open_objections(act.session, publicity):
        resume(act, publicity)
    publish_notice(
        act,
        kind="order_lifted",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）恢复招标投标活动通知",
        content={
            "section": section.code,
            "project": section.project.name,
            "number": held.number,
            "reason": text.strip(),
            "resumed_at": iso(act.now),
            "others": others,
            "deadline_at": iso(section.closing_at) if section.state == "submission_open" else None,
        },
    )
    _tell_parties(act, section, "awards.suspension_lifted", held.number)


def _cause(held: Complaint) -> str:
    return f"行政监督部门责令暂停招标投标活动（投诉第 {held.number} 号）"


def _tender(act: Act, section: Section) -> list[Section]:
    """The section, and the round of final offers it has been carried on in."""
    final = bidding.final_round(act.session, section)
    return [section] if final is None else [section, final]


def _tell_parties(act: Act, section: Section, template: str, number: int) -> None:
    """Tell the tenderee and its agent; who bids is told by the notice and, after the opening, by the hall."""
    for recipient in {section.project.tenderee_id, section.project.agent_id} - {None}:
        post(
            act,
            key=f"{template}:{section.code}:{number}:{recipient}:{iso(act.now)}",
            recipient=f"organisation:{recipient}",
            template=template,
            section=section.code,
            number=number,
        )


def _publicity(act: Act, section: Section) -> Publicity | None:
    try:
        return queries.publicity(act.session, section)
    except Missing:
        return None


def _step(act: Act, held: Complaint, kind: str, text: str, files: Sequence[Mapping[str, Any]], **facts: Any) -> None:
    text = _reason(text) if kind not in ("resume",) else text.strip()
    step = ComplaintStep(
        complaint_id=held.id,
        number=1 + len(found.steps(act.session, held)),
        kind=kind,
        text=text,
        files=[dict(file) for file in files],
        by=act.actor.name,
        at=act.now,
    )
    act.session.add(step)
    act.session.flush()
    append(
        act, "complaint.step", held.subject,
        {"number": step.number, "step": kind, "text": text, "files": [file["sha256"] for file in files], **facts},
    )  # fmt: skip


def _tell(act: Act, held: Complaint, template: str, **facts: Any) -> None:
    recipients = {held.organisation_id}
    if template == "awards.complaint_decided":
        recipients.add(held.section.project.tenderee_id)
    for recipient in recipients:
        post(
            act,
            key=f"{template}:{held.subject}:{recipient}:{iso(act.now)}",
            recipient=f"organisation:{recipient}",
            template=template,
            section=held.section.code,
            number=held.number,
            **facts,
        )


def _check_regulator(act: Act) -> None:
    if not act.actor.has(Role.SUPERVISOR):
        raise Forbidden("complaint.regulator")


def _check_accepted(held: Complaint, verb: str) -> None:
    if held.state != "accepted":
        raise Conflict("complaint.state", verb=verb, state=held.state, allowed=["accepted"], subject=held.subject)


def _reason(text: str) -> str:
    text = text.strip()
    if len(text) < 4 or len(text) > 5000:
        raise Invalid("form.length", field="text", least=4, most=5000, found=len(text))
    return text

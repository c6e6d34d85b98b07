"""A complaint's order to stand still, at any stage, and its end (R-562, 条例 a62)."""

from __future__ import annotations

from datetime import timedelta

from awards import queries
from awards.models import Complaint
from awards.queries import complaints as found
from awards.services.complaints.steps import (
    add_step,
    check_accepted,
    check_regulator,
    publicity_of,
    tell_parties,
)
from awards.services.objections import resume
from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict
from core.machine import advance
from opening import queries as opening
from opening import services as opening_services

OVER = frozenset({"draft", "archived", "failed"})
"""Where nothing is left that an order could stop."""


def order_suspension(act: Act, held: Complaint, text: str) -> None:
    """The regulator orders the section to stand still at any stage, in public (R-562, 条例 a62).

    Before the deadline submissions go on coming in and the deadline stands still; a running opening is suspended, its
    window keeps the time it had left; the committee and the bidders it asks stand still; a running publicity stands;
    no award, contract or closing of the file. Under regime G the order ends by itself after the law's days
    (94号令 a28). Enter the section's turnstile alone. Conflict: complaint.ordered, complaint.order_stage where nothing
    is left to stop.
    """
    check_regulator(act)
    check_accepted(held, "order")
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
    add_step(act, held, "suspend", text, (), until=until, stands="closed" if late else stands)
    for one in _tender(act, section):
        bidding_services.stand_still(act, one, held.subject, _cause(held))
        day = opening.opening_or_none(act.session, one)
        if day is not None:
            opening_services.obey_order(act, day, _cause(held))
    publicity = publicity_of(act, section)
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
    tell_parties(act, section, "awards.suspension_ordered", held.number)


def lift_suspension(act: Act, held: Complaint, text: str) -> None:
    """The order ends in public; what stood still goes on, later by that time. Conflict("complaint.not_ordered").

    The host of a suspended opening publishes when it is resumed. Enter the section's turnstile alone.
    """
    check_regulator(act)
    if held.ordered_at is None:
        raise Conflict("complaint.not_ordered", number=held.number)
    end_order(act, held, text)


def lapse_suspension(act: Act, held: Complaint) -> None:
    """The order ends by itself once its lawful days are over (94号令 a28); done again is done."""
    if held.ordered_until is not None and act.now >= held.ordered_until:
        end_order(act, held, "责令暂停的法定期限届满")


def end_order(act: Act, held: Complaint, text: str) -> None:
    """What an order stopped goes on, in public; done again is done."""
    if held.ordered_at is None:
        return
    held.ordered_at = held.ordered_until = None
    section = held.section
    add_step(act, held, "resume", text, ())
    for one in _tender(act, section):
        bidding_services.go_on(act, one, held.subject)
        day = opening.opening_or_none(act.session, one)
        if day is not None:
            opening_services.end_order(act, day, _cause(held), "行政监督部门恢复招标投标活动")
    others = [one.number for one in found.orders(act.session, section, act.now)]
    publicity = publicity_of(act, section)
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
    tell_parties(act, section, "awards.suspension_lifted", held.number)


def _cause(held: Complaint) -> str:
    return f"行政监督部门责令暂停招标投标活动（投诉第 {held.number} 号）"


def _tender(act: Act, section: Section) -> list[Section]:
    """The section, and the round of final offers it has been carried on in."""
    final = bidding.final_round(act.session, section)
    return [section] if final is None else [section, final]

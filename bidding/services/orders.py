"""A regulator's order stops the section where it stands; its end lets it go on, with a later deadline (R-562)."""

from __future__ import annotations

from datetime import datetime

from bidding import queries, rules
from bidding.models import Section
from bidding.services.publication import add_policy, notice_attachments, notice_content
from bidding.services.questions import newest_notice
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict
from core.machine import advance


def stand_still(act: Act, section: Section, order: str, reason: str) -> None:
    """An order is in force; before the deadline submissions go on coming in and the deadline stands still.

    A deadline that has come is a fact: such a section is closed all the same, and stands still from there. Enter the
    section's turnstile alone. Conflict("section.ordered") for an order that is in force already.
    """
    if any(one["order"] == order for one in rules.orders.in_force(section.orders)):
        raise Conflict("section.ordered", section=section.code)
    begun = {"order": order, "reason": reason, "from": iso(act.now), "until": None}
    section.orders = [*section.orders, begun]
    if section.state == "submission_open" and not rules.is_late(act.now, section.closing_at):
        advance(act, section, "suspend", order=order, deadline=iso(section.closing_at), ordered_at=iso(act.now))
    act.session.flush()


def go_on(act: Act, section: Section, order: str) -> datetime | None:
    """The order ends; if nothing else holds a suspended section its deadline moves, by notice and new policy.

    Later by the whole days it stood still, begun ones counted, and by the law's days after every clarification since
    that affects preparation (R-130). Returns the new deadline, None where none moved. Enter the turnstile alone.
    """
    ended = [one | {"until": iso(act.now)} if one["order"] == order and not one["until"] else one
             for one in section.orders]  # fmt: skip
    section.orders = ended
    held = rules.orders.in_force(ended) or queries.holding_objections(act.session, section)
    if section.state != rules.objections.SUSPENDED or held:
        act.session.flush()
        return None
    old, suspended_at = section.closing_at, section.state_at
    new = queries.deadline_after_standing(act.session, section, act.now, affects=False)
    section.deadline_at = new
    advance(act, section, "resume", suspended_at=iso(suspended_at), deadline=iso(new), rule="R-562")
    policy = add_policy(act, section) if new != old else queries.policy(act.session, section)
    facts = {
        "order": order,
        "suspended_at": iso(suspended_at),
        "resumed_at": iso(act.now),
        "old_deadline_at": iso(old),
        "new_deadline_at": iso(new),
        "rule": "R-562",
    }
    publish_notice(
        act,
        kind="correction",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）恢复招标投标活动公告",
        content={**notice_content(act, section, policy), "resumption": facts},
        attachments=notice_attachments(act, section, policy),
        replaces=newest_notice(act, section),
    )
    return new

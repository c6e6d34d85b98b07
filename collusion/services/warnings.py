"""Raising a warning for a ring, and telling those who are to weigh it; nothing here rejects a bid."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.models import Section
from collusion import queries
from collusion.models import Scan, Warning
from collusion.rules.law import desk_law, due_after
from collusion.rules.local import SHIPPED
from core import outbox
from core.act import Act
from core.calendar import day_of
from core.clock import BEIJING
from core.errors import Missing
from core.ledger.log import append
from experts import queries as experts
from experts import services as expert_services
from opening.models import Bid


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
            "scanned": made.result.get("scanned"),
            "local": local_reading(act.session, made.result, keys),
            "notes": [note for note in made.result.get("notes", []) if note["bidder"] in keys],
        },
        raised_at=act.now,
        due_at=due_after("warning_decide_within", act.now),
        state="open",
        state_at=act.now,
    )
    act.session.add(raised)
    act.session.flush()
    numbers = [member["number"] for member in raised.ring]
    told = {"section": section.code, "numbers": numbers, "tier": raised.tier}
    rule = desk_law(day_of(act.now)).cite("warning_decide_within")
    append(act, "warning.raise", raised.subject, told | {"rule": rule})
    outbox.post(
        act, key=f"{raised.subject}:raised", recipient="role:supervisor", template="warning.raised", warning=raised.code
    )
    _tell_committee(act, section, raised)
    return raised


def local_reading(session: Session, result: dict[str, Any], keys: Collection[str]) -> dict[str, Any] | None:
    """What the ring's pairs read as by what was decided here so far; None while scores are read as shipped."""
    line, held = queries.line_in_force(session), queries.readings(session)
    if line == SHIPPED or not held:
        return None
    pairs = [pair for pair in result["pairs"] if pair["a"] in keys and pair["b"] in keys]
    read = {f"{pair['a']}-{pair['b']}": round(line.p(pair["score"]), 4) for pair in pairs}
    return {"p": read, "count": held[0].content["count"]}


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

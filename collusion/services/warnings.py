"""Raising a warning for a ring, and telling those who are to weigh it; nothing here rejects a bid."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.models import Section
from collusion import queries
from collusion.models import Scan, Warning
from collusion.queries.warnings import ORDER
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


def raise_warning(
    act: Act, section: Section, made: Scan, ring: dict[str, Any], bids: dict[str, Bid], follows: Collection[str] = ()
) -> Warning:
    """Raise a warning for a ring; `follows`: earlier ones about some of its bids, where a scan was made again."""
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
        card=_card(act, made, keys) | ({"follows": list(follows)} if follows else {}),
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
    append(
        act, "warning.raise", raised.subject, told | ({"follows": list(follows)} if follows else {}) | {"rule": rule}
    )
    outbox.post(
        act, key=f"{raised.subject}:raised", recipient="role:supervisor", template="warning.raised", warning=raised.code
    )
    _tell_committee(act, section, raised)
    return raised


def _card(act: Act, made: Scan, keys: Collection[str]) -> dict[str, Any]:
    """What the scan in force says of these bids."""
    return {
        "pairs": [pair for pair in made.result["pairs"] if pair["a"] in keys and pair["b"] in keys],
        "budget": made.result["budget"],
        "model": made.result["model"],
        "scanned": made.result.get("scanned"),
        "local": local_reading(act.session, made.result, keys),
        "notes": [note for note in made.result.get("notes", []) if note["bidder"] in keys],
        "result_sha256": made.result_sha256,
    }


def follow_up(act: Act, section: Section, made: Scan, bids: dict[str, Bid]) -> None:
    """Carry the section's leads on after a scan that was made again, and raise what is new; nothing is taken back.

    A ring found again: its undecided lead shows the new reading and keeps the old one beside it; one that people have
    decided stays as decided, and only a graver tier is a lead of its own. A ring that is new, or wider, is a new lead
    that names those it shares bids with. A lead whose ring is not found again is told so and still decided by people.
    """
    before = queries.warnings_of(act.session, section)
    fresh: list[Warning] = []
    again: set[str] = set()
    for ring in made.result["rings"]:
        keys = set(ring["bidders"])
        same = [one for one in before if keys_of(one) == keys]
        last = same[-1] if same else None
        if last is not None and last.decided_at is None:
            again.add(last.code)
            _renew(act, section, last, made, ring)
        elif last is not None and ORDER[ring["tier"]] >= ORDER[last.tier]:
            again.add(last.code)
            _note(act, last, made, "again", tier=ring["tier"])
        else:
            touched = [one.code for one in before if keys_of(one) & keys]
            fresh.append(raise_warning(act, section, made, ring, bids, touched))
    for one in before:
        if one.code not in again:
            into = [new.code for new in fresh if keys_of(new) & keys_of(one)]
            _note(act, one, made, "widened" if into else "gone", codes=into)


def keys_of(found: Warning) -> set[str]:
    """The bids of a lead's ring, by the keys of the scan."""
    return {member["key"] for member in found.ring}


def _renew(act: Act, section: Section, found: Warning, made: Scan, ring: dict[str, Any]) -> None:
    """The new reading on the lead's card, the old one kept beneath it; assignee, term and what was asked stay."""
    old, tier = found.card, found.tier
    kept = {name: old.get(name) for name in ("pairs", "result_sha256", "local")} | {"tier": tier}
    found.card = _card(act, made, keys_of(found)) | {
        "earlier": [*old.get("earlier", []), kept],
        **{name: old[name] for name in ("follows", "rescans") if name in old},
    }
    found.tier = ring["tier"]
    _note(act, found, made, "renewed", tier=ring["tier"])
    if ring["tier"] != tier:
        _tell_committee(act, section, found, again=len(made.earlier) + 1)


def _note(act: Act, found: Warning, made: Scan, outcome: str, **facts: Any) -> None:
    """What a scan made again says of the lead, on its card and in the ledger; whoever is to weigh it is told."""
    told = {
        "scan": len(made.earlier) + 1, "result_sha256": made.result_sha256, "outcome": outcome, "tier": found.tier,
        "codes": [], **facts,
    }  # fmt: skip
    found.card = {**found.card, "rescans": [*found.card.get("rescans", []), told]}
    act.session.flush()
    append(act, "warning.rescan", found.subject, told)
    if found.decided_at is None:
        outbox.post(
            act, key=f"{found.subject}:rescan:{told['scan']}", recipient="role:supervisor",
            template="warning.rescanned", warning=found.code,
        )  # fmt: skip


def local_reading(session: Session, result: dict[str, Any], keys: Collection[str]) -> dict[str, Any] | None:
    """What the ring's pairs read as by what was decided here so far; None while scores are read as shipped."""
    line, held = queries.line_in_force(session), queries.readings(session)
    if line == SHIPPED or not held:
        return None
    pairs = [pair for pair in result["pairs"] if pair["a"] in keys and pair["b"] in keys]
    read = {f"{pair['a']}-{pair['b']}": round(line.p(pair["score"]), 4) for pair in pairs}
    return {"p": read, "count": held[0].content["count"]}


def _tell_committee(act: Act, section: Section, raised: Warning, again: int = 0) -> None:
    """The committee weighs the lead too (研判); a section without a committee yet gets it when there is one."""
    try:
        committee = experts.committee(act.session, section)
    except Missing:
        return
    expert_services.receive_memo(
        act,
        committee,
        key=f"{raised.subject}:{again}" if again else raised.subject,
        title=raised.code,
        content={"numbers": [member["number"] for member in raised.ring], "tier": raised.tier},
    )

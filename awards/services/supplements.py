"""Supplements to a closed file (R-560): asked by one, approved by another, kept as layers; the file itself stays."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from awards.models import Archive, Supplement
from awards.queries import archives
from awards.rules.completeness import Required
from awards.rules.container import Source
from awards.rules.layers import write_layer
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append, entries_of, inclusion, signed_head
from core.machine import advance

OTHER = "other"


def ask_supplement(act: Act, held: Archive, *, item: str, reason: str, files: Sequence[dict[str, Any]]) -> Supplement:
    """Ask for stored files to be added to the closed file; another person decides. One is open at a time.

    Invalid("supplement.item"), ("supplement.reason"), ("supplement.files"); Conflict("supplement.open").
    """
    if item not in {*Required, OTHER}:
        raise Invalid("supplement.item", field="item", rule="R-560")
    if not reason.strip():
        raise Invalid("supplement.reason", field="reason", rule="R-560")
    if not files:
        raise Invalid("supplement.files", field="files", rule="R-560")
    before = archives.supplements(act.session, held)
    if any(one.state == "asked" for one in before):
        raise Conflict("supplement.open", section=held.section.code)
    made = Supplement(
        archive_id=held.id, archive=held, number=1 + sum(one.state == "approved" for one in before), item=item,
        reason=reason.strip()[:2000], files=list(files), asked_by=act.actor.name, asked_at=act.now, state="asked",
        state_at=act.now, attempt=len(before) + 1,
    )  # fmt: skip
    act.session.add(made)
    act.session.flush()
    facts = {"item": made.item, "reason": made.reason, "files": made.files, "by": made.asked_by}
    append(act, "supplement.ask", made.subject, facts)
    return made


def approve_supplement(act: Act, made: Supplement) -> Supplement:
    """Approve and write the layer over the bytes it stands on; Forbidden("supplement.own") for who asked."""
    if act.actor.name == made.asked_by:
        raise Forbidden("supplement.own", rule="R-560")
    held = made.archive
    layers = [one for one in archives.supplements(act.session, held) if one.state == "approved"]
    previous = layers[-1].sha256 if layers else held.sha256
    advance(act, made, "approve", by=act.actor.name, previous=previous)
    entries = entries_of(act.session, made.subject)
    asked = [one for one in entries if one.kind == "supplement.ask"][-1]
    approved = next(one for one in entries if one.kind == "supplement.approve")
    head = signed_head(act)
    told = {
        "section": held.section.code, "number": made.number, "previous": previous, "item": made.item,
        "reason": made.reason, "files": made.files, "by": made.asked_by, "approved_by": act.actor.name,
        "checkpoint": head.note,
        "entries": [
            {**one.told(), "proof": inclusion(act.session, one.leaf_index, head.size)} for one in (asked, approved)
        ],
    }  # fmt: skip
    temp = act.store.temp / secrets.token_hex(16)
    try:
        with temp.open("xb") as out:
            hashes = sorted({file["sha256"] for file in made.files})
            write_layer(out, told, act.signer, [Source(f"objects/{one}", act.store.path(one)) for one in hashes])
        stored = act.store.adopt(temp)
    finally:
        temp.unlink(missing_ok=True)
    made.sha256, made.size, made.decided_by = stored.sha256, stored.size, act.actor.name
    act.session.flush()
    return made


def refuse_supplement(act: Act, made: Supplement, *, reason: str) -> None:
    """Refuse, with a reason; the number is free for the next."""
    if act.actor.name == made.asked_by:
        raise Forbidden("supplement.own", rule="R-560")
    if not reason.strip():
        raise Invalid("supplement.reason", field="reason", rule="R-560")
    made.decided_by = act.actor.name
    advance(act, made, "refuse", by=act.actor.name, reason=reason.strip()[:2000])

"""Linking across projects: only with the regulator's own key, for a warning in work, with a reason, ledgered."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from collusion import queries
from collusion.models import DeviceLink, Warning
from collusion.rules.machines import Told, shared
from collusion.services.deciding import check_own, check_reason
from core.act import Act, Actor, Platform
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.seal.age import check_identity, open_whole, recipient_of
from opening import queries as opening

MOST = 20_000
"""Records one look opens, the newest; the answer says of how many."""


def link_devices(platform: Platform, actor: Actor, code: str, identity: str, reason: str) -> DeviceLink:
    """Compare the machines of the ring's bids with those of every other project, and keep the answer as evidence.

    `identity` opens the sealed records in memory and is gone with the call; no identifier is written anywhere.
    Thousands of records are opened before the act begins: no bid that is handed in waits for them. The ledger tells who
    looked, why, with which key, over how many records, and the answer's digest. Conflict ("warning.not_yours") for
    whoever is not in charge, Conflict("link.not_in_work") unless it is being worked on, Invalid("link.other_key") where
    nothing is sealed to this key.
    """
    check_identity(identity)
    with platform.reading() as session:
        found = queries.warning(session, code)
        _check(actor, found, reason)
        answer = _compared(session, found, identity)
    with platform.act(actor) as act:
        found = queries.warning(act.session, code)
        _check(act.actor, found, reason)
        return _keep(act, found, recipient_of(identity), answer, reason.strip())


def _check(actor: Actor, found: Warning, reason: str) -> None:
    check_own(actor, found)
    if found.state not in ("assigned", "asked"):
        raise Conflict("link.not_in_work", warning=found.code)
    check_reason(reason, "link_reason")


def _compared(session: Session, found: Warning, identity: str) -> dict[str, Any]:
    """What the records sealed to this key say of the ring's machines, without an identifier."""
    held = opening.device_records(session, recipient_of(identity), MOST)
    if not held:
        raise Invalid("link.other_key", field="file")
    wanted = {section for _, section in held}
    sections = {one.id: one for one in session.scalars(select(Section).where(Section.id.in_(wanted)))}
    told = []
    for record, section_id in held:
        section, bid = sections[section_id], record.bid
        opened = json.loads(open_whole(base64.b64decode(record.sealed), identity))
        if opened["submission"] != bid.submission.digest:
            raise Conflict("link.torn", section=section.code, number=bid.number)
        who = bid.identifier or f"{section.code}#{bid.number}"
        told.append(Told(section.project.code, section.code, bid.number, who, bid.name, opened["device"]))
    ring = {(found.section.code, member["number"]) for member in found.ring}
    counts = opening.device_counts(session)
    return {
        **shared(told, ring),
        "ring": sum((one.section, one.number) in ring for one in told),
        "ring_size": len(found.ring),
        "left_out": sum(counts.values()) - len(told),
    }


def _keep(act: Act, found: Warning, recipient: str, answer: dict[str, Any], reason: str) -> DeviceLink:
    digest = hashlib.sha256(rfc8785.dumps(answer)).hexdigest()
    made = DeviceLink(
        warning_id=found.id,
        reason=reason,
        recipient=recipient,
        asked_by=act.actor.name,
        asked_at=act.now,
        answer=answer,
        answer_sha256=digest,
    )
    act.session.add(made)
    act.session.flush()
    facts = {"reason": reason, "recipient": recipient, "records": answer["bids"], "answer_sha256": digest}
    append(act, "device.link", found.subject, {**facts, "matches": len(answer["matches"]), "by": act.actor.name})
    return made

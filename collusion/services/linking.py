"""Linking across projects: sealed records go to the regulator's machine, whose key stays there; the answer comes back.

Both steps are for a warning in work, by whoever is in charge, and in the ledger. The platform opens nothing: it has no
key. Nothing is kept between the two but the ledger's word of what was handed out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.models import Section
from collusion import queries
from collusion.models import DeviceLink, Warning
from collusion.rules.machine_records import (
    BUNDLE,
    check_bids,
    check_proof,
    digest_of,
    read_answer,
    sealed_text,
)
from collusion.services.deciding import check_own, check_reason
from core.act import Act
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.seal.age import seal_whole
from opening import queries as opening

MOST = 20_000
"""Records handed out for one look, the newest; the answer says of how many."""
TAKEN = "device.take"


def take_records(act: Act, found: Warning, reason: str) -> bytes:
    """The bundle to compare on the regulator's own machine; the ledger tells who took it, why, over how many records.

    Conflict("warning.not_yours") for whoever is not in charge, Conflict("link.not_in_work") unless it is worked on,
    Conflict("link.no_key") where no key is registered, Invalid("link.other_key") where nothing is sealed to it.
    """
    _check(act, found)
    check_reason(reason, "link_reason")
    key = opening.regulator_key(act.session)
    if key is None:
        raise Conflict("link.no_key")
    held = opening.device_records(act.session, key.recipient, MOST)
    if not held:
        raise Invalid("link.other_key", field="link_reason")
    sections = _sections(act.session, {section for _, section in held})
    nonce = act.chance(16).hex()
    bundle: dict[str, Any] = {
        "format": BUNDLE,
        "warning": found.code,
        "section": found.section.code,
        "ring": [member["number"] for member in found.ring],
        "recipient": key.recipient,
        "left_out": sum(opening.device_counts(act.session).values()) - len(held),
        "nonce": nonce,
        "token": sealed_text(seal_whole(_token(act.signer.sign, found.code, nonce), key.recipient)),
        "records": [
            {
                "project": sections[section].project.code,
                "section": sections[section].code,
                "number": record.bid.number,
                "name": record.bid.name,
                "identifier": record.bid.identifier,
                "submission": record.bid.submission.digest,
                "sealed": record.sealed,
            }
            for record, section in held
        ],
    }
    content = rfc8785.dumps(bundle)
    facts = {"bundle_sha256": digest_of(content), "nonce": nonce, "recipient": key.recipient, "records": len(held)}
    append(act, TAKEN, found.subject, {**facts, "reason": reason.strip(), "by": act.actor.name})
    return content


def receive_link(act: Act, found: Warning, content: bytes) -> DeviceLink:
    """Keep what `sunbid collusion link` found, as evidence, with its digest in the ledger.

    Taken only from whoever took the bundle, only if the holder of the key made it (`check_proof`), and only if it names
    bids that were handed out, by their names. Refusals as `take_records`, and Invalid link.answer, link.other_bundle,
    link.proof, link.bid.
    """
    _check(act, found)
    told = read_answer(content)
    taken = next(
        (
            entry.facts or {}
            for entry in queries.trail(act.session, found)
            if entry.kind == TAKEN
            and (entry.facts or {}).get("bundle_sha256") == told["bundle_sha256"]
            and (entry.facts or {}).get("by") == act.actor.name
        ),
        None,
    )
    if taken is None or told["warning"] != found.code:
        raise Invalid("link.other_bundle", field="file")
    check_proof(told, _token(act.signer.sign, found.code, taken["nonce"]))
    answer = told["answer"]
    held = opening.device_records(act.session, taken["recipient"], MOST)
    sections = _sections(act.session, {section for _, section in held})
    known = {(sections[section].code, record.bid.number): record.bid.name for record, section in held}
    check_bids(answer, known, {(found.section.code, member["number"]) for member in found.ring})
    digest = hashlib.sha256(rfc8785.dumps(answer)).hexdigest()
    made = DeviceLink(
        warning_id=found.id,
        reason=taken["reason"],
        recipient=taken["recipient"],
        asked_by=act.actor.name,
        asked_at=act.now,
        answer=answer,
        answer_sha256=digest,
    )
    act.session.add(made)
    act.session.flush()
    facts = {name: taken[name] for name in ("reason", "recipient", "bundle_sha256")}
    facts |= {"records": answer["bids"], "answer_sha256": digest, "matches": len(answer["matches"])}
    append(act, "device.link", found.subject, {**facts, "by": act.actor.name})
    return made


def _check(act: Act, found: Warning) -> None:
    check_own(act.actor, found)
    if found.state not in ("assigned", "asked"):
        raise Conflict("link.not_in_work", warning=found.code)


def _token(sign: Callable[[bytes], bytes], warning: str, nonce: str) -> bytes:
    """What only the platform can make again and only the regulator's key can read: nothing has to be kept."""
    return hashlib.sha256(sign(f"sunbid-machine-token/v1\n{warning}\n{nonce}".encode())).digest()


def _sections(session: Session, wanted: set[int]) -> dict[int, Any]:
    return {one.id: one for one in session.scalars(select(Section).where(Section.id.in_(wanted)))}

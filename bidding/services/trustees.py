"""The trustees of a section: who holds which key, and the rehearsal that proves the key is at hand (PROOF T20)."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import select

from bidding import rules
from bidding.models import Section, Trustee
from core.act import Act
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.seal.age import is_recipient


def register_trustee(act: Act, section: Section, role: str, recipient: str) -> Trustee:
    """Pin the public key of the section's trustee in `role`; only who holds the role may, and only before publication.

    The secret stays with the trustee; the platform never sees one. Registering again in a draft replaces the key.
    """
    if section.state != "draft":
        raise Conflict("trustee.fixed", role=role, section=section.code)
    if role not in rules.TRUSTEES:
        raise Invalid("form.choice", field="role", found=role, options=sorted(rules.TRUSTEES))
    if not act.actor.has(role) or act.actor.person_id is None:
        raise Forbidden("trustee.role", role=role)
    if not is_recipient(recipient):
        raise Invalid("seal.recipient_malformed", field="recipient", recipient=recipient[:80])
    others = select(Trustee).where(Trustee.section_id == section.id, Trustee.role != role)
    for other in act.session.scalars(others):
        if other.recipient == recipient or other.person_id == act.actor.person_id:
            raise Invalid("policy.same_key", field="recipient", role=other.role)
    trustee = act.session.scalar(select(Trustee).where(Trustee.section_id == section.id, Trustee.role == role))
    if trustee is None:
        trustee = Trustee(section_id=section.id, role=role)
        act.session.add(trustee)
    trustee.person_id = act.actor.person_id
    trustee.recipient = recipient
    trustee.registered_at = act.now
    act.session.flush()
    append(act, "trustee.register", section.subject, {"role": role, "recipient": recipient})
    return trustee


def rehearse_trustee(act: Act, section: Section, role: str, token: str) -> Trustee:
    """Note that the trustee opened their canary: `token` is its content; the first success counts, later ones too.

    Raises Forbidden for another person, Invalid("trustee.canary") for a token that is not the canary's.
    """
    trustee = act.session.scalar(select(Trustee).where(Trustee.section_id == section.id, Trustee.role == role))
    if trustee is None or trustee.person_id != act.actor.person_id:
        raise Forbidden("trustee.role", role=role)
    if trustee.canary_digest is None:
        raise Conflict("trustee.no_canary", role=role)
    found = hashlib.sha256(token.strip().encode()).hexdigest()
    if not hmac.compare_digest(found, trustee.canary_digest):
        raise Invalid("trustee.canary", field="token", role=role)
    if trustee.rehearsed_at is None:
        trustee.rehearsed_at = act.now
        act.session.flush()
        append(act, "trustee.rehearse", section.subject, {"role": role, "canary": trustee.canary_digest})
    return trustee

"""The list of partner platforms: put on it, told of its pools, lent pools of ours, taken off; each in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from accounts.rules import Role
from core import partners
from core.act import Act
from core.clock import iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import append
from core.ledger.notes import Verifier
from experts import queries
from experts.models import Partner
from experts.queries import federation
from experts.rules import federation as rules


def add_partner(act: Act, *, code: str, name: str, url: str, key: str, lends: Sequence[str] = ()) -> Partner:
    """Put a platform on the list: from here on its signed questions are answered and it may be asked.

    `key` is its ledger key as it publishes it (name+hash+base64), to be compared by another way; `lends` our pools it
    may ask. Invalid: partner.code, partner.address, note.key, partner.self; Conflict("partner.exists") for a code ever
    used or a key on the list.
    """
    _check_operator(act)
    verifier = Verifier.parse(key)
    spelled = str(verifier)
    if spelled == str(act.signer.verifier):
        raise Invalid("partner.self", field="key")
    rules.check_partner_code(code)
    if not name.strip():
        raise Invalid("form.required", field="name")
    held = select(Partner.id).where(
        (Partner.code == code) | ((Partner.key == spelled) & Partner.withdrawn_at.is_(None))
    )  # fmt: skip
    if act.session.scalar(held) is not None:
        raise Conflict("partner.exists", partner=code)
    partner = Partner(
        code=code, name=name.strip(), url=partners.check_address(url, act.trust.networks), key=spelled, pools=[],
        lends=[], added_at=act.now, added_by=act.actor.name,
    )  # fmt: skip
    act.session.add(partner)
    act.session.flush()
    facts = {"name": partner.name, "url": partner.url, "key": spelled, "actor": act.actor.name}
    append(act, "partner.add", f"partner:{code}", facts)
    if lends:
        lend_pools(act, partner, lends)
    return partner


def lend_pools(act: Act, partner: Partner, codes: Sequence[str]) -> None:
    """Let the partner draw from these pools of ours and no others; none: it is lent nothing."""
    _check_operator(act)
    partner.lends = [queries.expert_pool(act.session, code).code for code in dict.fromkeys(codes)]
    append(act, "partner.lend", f"partner:{partner.code}", {"pools": partner.lends, "actor": act.actor.name})


def withdraw_partner(act: Act, partner: Partner, reason: str) -> None:
    """Take the platform off the list; what it signed before stays checkable. Its code is never used again."""
    _check_operator(act)
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    partner.withdrawn_at = act.now
    append(
        act, "partner.withdraw", f"partner:{partner.code}", {"reason": reason.strip(), "actor": act.actor.name}
    )  # fmt: skip


def ask_pools(act: Act, partner: Partner) -> tuple[str, bytes]:
    """Where and what to ask for the pools it lends us; `keep_pools` takes the answer."""
    _check_operator(act)
    document = {
        "type": rules.POOLS, "id": act.chance(16).hex(), "at": iso(act.now), "from": str(act.signer.verifier),
        "to": partner.key,
    }  # fmt: skip
    return f"{partner.url}/federation/pools", partners.written(partners.sign(act.signer, document))


def keep_pools(act: Act, partner: Partner, asked: bytes, raw: bytes) -> list[dict[str, str]]:
    """Keep the pools the partner says it lends us, once its signature holds and it speaks of what was asked."""
    signed = partners.read(raw)
    partners.check_signed(signed, partner.verifier)
    partners.check_fresh(signed.document, act.now)
    question = partners.read(asked)
    found = rules.check_pools(signed.document, question.document, rules.digest(question.document))
    partner.pools, partner.pools_at = found, act.now
    append(act, "partner.pools", f"partner:{partner.code}", {"pools": [row["code"] for row in found]})
    return found


def answer_pools(act: Act, raw: bytes) -> bytes:
    """Answer a partner which of our pools it may draw from."""
    partner, document = opened(act, raw, rules.POOLS)
    answer = {
        "type": rules.POOLS_ANSWER, "id": str(document.get("id"))[:32], "request_sha256": rules.digest(document),
        "at": iso(act.now), "from": str(act.signer.verifier), "to": partner.key,
        "pools": [
            {"code": pool.code, "name": pool.name, "region": pool.region}
            for pool in queries.pools(act.session)
            if pool.code in partner.lends
        ],
    }  # fmt: skip
    return partners.written(partners.sign(act.signer, answer))


def opened(act: Act, raw: bytes, kind: str) -> tuple[Partner, dict[str, object]]:
    """Who sent these bytes and the document in them, once it is theirs, fresh, of that kind and meant for us.

    Missing("partner.stranger") for who is not on the list, Forbidden("partner.signature"), Conflict("partner.stale"),
    Invalid("partner.malformed").
    """
    signed = partners.read(raw)
    partner = federation.partner_by_key(act.session, signed.document.get("from"))
    partners.check_signed(signed, partner.verifier)
    if signed.document.get("type") != kind or signed.document.get("to") != str(act.signer.verifier):
        raise Invalid("partner.malformed", what="type, to")
    partners.check_fresh(signed.document, act.now)
    return partner, signed.document


def _check_operator(act: Act) -> None:
    if not act.actor.has(Role.OPERATOR, "system"):
        raise Forbidden("partner.operator")

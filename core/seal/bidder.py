"""The identity package: who bids, read by k trustees after closing; and the decoy, which looks the same until then."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from core.errors import Invalid
from core.seal.age import nest
from core.seal.header import MAX_PACKAGE
from core.seal.keys import BidderKeys, certificate_signed
from core.seal.notation import Checker, Json, canonical, has_keys, is_count, is_hex, is_instant, is_text, read_canonical
from core.seal.policy import BIDDER, trustee_sets
from core.seal.submission import leaf_commitment, submission_digest

TYPE = "sunbid-identity/v2"
FIRST_TYPE = "sunbid-identity/v1"
"""Without a consortium, and its signature does not cover the facts; read for ever, written no more."""
TYPES = (TYPE, FIRST_TYPE)
DECOY_TYPE = "sunbid-decoy/v1"
SIZE = 8192

_BOUND = ("type", "section", "policy_digest", "handle", "submission_digest", "leaf_salt", "padding")
_BIDDER = ("name", "uscc", "contact", "phone")
_DEVICE = ("mac", "disk", "cpu", "host", "tool")
_LOCKS = "locks"
MOST_LOCKS = 8
_BOND = ("form", "account", "payer", "amount_fen")
_MEMBER = ("name", "uscc", "role", "share", "work")
_FIRST_FACTS = (BIDDER, "operator", "device", "bond", "prepared_at")
_FACTS = (*_FIRST_FACTS, "consortium")
_SIGNED = tuple(key for key in _FACTS if key != "device")
"""What the certificate signs besides the submission. Not the machine: only a keyed digest of it is kept (R-209)."""
LEAD, MEMBER = "lead", "member"
MOST_MEMBERS = 10
WHOLE = 10_000
"""Shares of the work are counted in hundredths of a per cent."""


def validate_facts(facts: Any) -> Json:
    """The bidder's facts themselves, if every field is there and well-formed; else seal.facts_invalid (place).

    {"bidder": {name, uscc, contact, phone}, "operator", "device": {mac, disk, cpu, host, tool, and where there are any
    "locks": 1 to 8 serial numbers},
    "bond": {form, account, payer, amount_fen} or null where none is demanded, "prepared_at": UTC instant,
    "consortium": null, or 2 to 10 × {name, uscc, role, share, work}, the bidder first as "lead", the others as
    "member", the shares in hundredths of a per cent making the whole}.
    """
    check = Checker("seal.facts_invalid")
    check.need(has_keys(facts, _FACTS), "keys")
    _check_facts(check, facts)
    _check_consortium(check, facts["consortium"], facts[BIDDER])
    return facts  # type: ignore[no-any-return]


def _check_facts(check: Checker, facts: Any) -> None:
    check.need(has_keys(facts["bidder"], _BIDDER), "bidder")
    for key in _BIDDER:
        check.need(is_text(facts["bidder"][key], 512, empty=key in ("contact", "phone")), f"bidder.{key}")
    check.need(is_text(facts["operator"], 512), "operator")
    device = facts["device"]
    check.need(
        has_keys(device, (*_DEVICE, *([_LOCKS] if isinstance(device, dict) and _LOCKS in device else []))), "device"
    )
    if _LOCKS in device:
        locks = device[_LOCKS]
        check.need(isinstance(locks, list) and 1 <= len(locks) <= MOST_LOCKS, "device.locks")
        check.need(all(is_text(one, 80) for one in locks), "device.locks")
    for key in _DEVICE:
        check.need(is_text(facts["device"][key], 512, empty=True), f"device.{key}")
    bond = facts["bond"]
    if bond is not None:
        check.need(has_keys(bond, _BOND), "bond")
        for key in _BOND[:-1]:
            check.need(is_text(bond[key], 512, empty=True), f"bond.{key}")
        check.need(is_count(bond["amount_fen"], 0, 10**15), "bond.amount_fen")
    check.need(is_instant(facts["prepared_at"]), "prepared_at")


def _check_consortium(check: Checker, members: Any, bidder: Mapping[str, Any]) -> None:
    if members is None:
        return
    check.need(isinstance(members, list) and 2 <= len(members) <= MOST_MEMBERS, "consortium")
    for place, one in enumerate(members):
        check.need(has_keys(one, _MEMBER), f"consortium.{place}")
        for key, limit in (("name", 200), ("uscc", 40), ("work", 200)):
            check.need(is_text(one[key], limit), f"consortium.{place}.{key}")
        check.need(one["role"] == (MEMBER if place else LEAD), f"consortium.{place}.role")
        check.need(is_count(one["share"], 1, WHOLE), f"consortium.{place}.share")
    check.need((members[0]["name"], members[0]["uscc"]) == (bidder["name"], bidder["uscc"]), "consortium.0")
    check.need(len({one["uscc"] for one in members}) == len(members), "consortium.uscc")
    check.need(sum(one["share"] for one in members) == WHOLE, "consortium.share")


def identity_text(keys: BidderKeys, facts: Json, submission: Mapping[str, Any], leaf_salt: bytes) -> bytes:
    """The 8192 plaintext bytes of a bidder's identity package for `submission`, signed with the certificate.

    Raises seal.certificate_invalid, seal.signature_invalid (the key does not belong to the certificate) and
    seal.identity_too_large.
    """
    message = signed_message(submission_digest(submission), facts)
    signature = keys.sign(message)
    if not certificate_signed(keys.certificate, signature, message):
        raise Invalid("seal.signature_invalid", field="signature")
    claims = {
        **_bound(TYPE, submission, leaf_salt),
        **facts,
        "certificate": keys.certificate,
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return _pad(claims)


def decoy_text(trustee: str, submission: Mapping[str, Any], leaf_salt: bytes) -> bytes:
    """The 8192 plaintext bytes of a decoy's identity package, naming the trustee who made it."""
    return _pad({**_bound(DECOY_TYPE, submission, leaf_salt), "trustee": trustee})


def wrap_identity(text: bytes, policy: Mapping[str, Any]) -> dict[str, bytes]:
    """The package of `text` for every k-subset of the trustees: {set: nested age file}."""
    recipients = policy["recipients"]
    return {names: nest(text, [recipients[name] for name in names.split("+")])[0] for names in trustee_sets(policy)}


def read_identity(
    text: bytes,
    policy: Mapping[str, Any],
    submission: Mapping[str, Any],
    *,
    leaf: str | None = None,
    packages: Mapping[str, str] | None = None,
) -> Json:
    """The claims of an opened identity package or decoy, if they belong to `submission` and the signature holds.

    Look at `type` to tell a bid from a decoy. With `leaf` and `packages` (set → hex SHA-256 of its package) also checks
    that the revealed leaf salt opens the ledger leaf. Raises seal.identity_invalid (place), seal.not_canonical,
    seal.wrong_section, seal.wrong_policy, seal.wrong_handle, seal.wrong_submission, seal.wrong_leaf,
    seal.certificate_invalid, seal.signature_invalid.
    """
    claims = read_canonical(text, MAX_PACKAGE)
    check = Checker("seal.identity_invalid")
    check.need(claims.get("type") in (*TYPES, DECOY_TYPE), "type")
    told = _FIRST_FACTS if claims["type"] == FIRST_TYPE else _FACTS
    own = ("trustee",) if claims["type"] == DECOY_TYPE else (*told, "certificate", "signature")
    check.need(has_keys(claims, (*_BOUND, *own)), "keys")
    check.need(is_hex(claims["leaf_salt"], 32), "leaf_salt")
    digest = submission_digest(submission)
    for key, code, value in (
        ("section", "seal.wrong_section", submission["section"]),
        ("policy_digest", "seal.wrong_policy", submission["policy_digest"]),
        ("handle", "seal.wrong_handle", submission["handle"]),
        ("submission_digest", "seal.wrong_submission", digest),
    ):
        if claims[key] != value:
            raise Invalid(code, field=key, expected=value, given=str(claims[key])[:80])
    if leaf is not None and leaf_commitment(bytes.fromhex(claims["leaf_salt"]), digest, packages or {}) != leaf:
        raise Invalid("seal.wrong_leaf", field="leaf_salt")
    if claims["type"] == DECOY_TYPE:
        check.need(isinstance(claims["trustee"], str) and claims["trustee"] in policy["recipients"], "trustee")
        return claims
    _check_facts(check, claims)
    if claims["type"] == TYPE:
        _check_consortium(check, claims["consortium"], claims[BIDDER])
    check.need(isinstance(claims["certificate"], str) and claims["certificate"].isascii(), "certificate")
    try:
        signature = base64.b64decode(claims["signature"], validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise Invalid("seal.identity_invalid", field="signature", place="signature") from error
    if not certificate_signed(claims["certificate"], signature, message_of(claims)):
        raise Invalid("seal.signature_invalid", field="signature")
    return claims


def signed_message(digest: str, facts: Mapping[str, Any]) -> bytes:
    """What the certificate signs: "sunbid-identity/v2\\n" ‖ submission digest (32) ‖ SHA-256 of the facts (32)."""
    told = hashlib.sha256(canonical({key: facts[key] for key in _SIGNED})).digest()
    return b"sunbid-identity/v2\n" + bytes.fromhex(digest) + told


def message_of(claims: Mapping[str, Any]) -> bytes:
    """What the certificate of these claims signed, in either version."""
    digest = str(claims["submission_digest"])
    if claims["type"] == FIRST_TYPE:
        return b"sunbid-identity/v1\n" + bytes.fromhex(digest)
    return signed_message(digest, claims)


def package_hashes(packages: Mapping[str, bytes]) -> dict[str, str]:
    """{set: hex SHA-256 of its package}: what the ledger leaf commits to."""
    return {names: hashlib.sha256(package).hexdigest() for names, package in packages.items()}


def _bound(kind: str, submission: Mapping[str, Any], leaf_salt: bytes) -> Json:
    return {
        "type": kind,
        "section": submission["section"],
        "policy_digest": submission["policy_digest"],
        "handle": submission["handle"],
        "submission_digest": submission_digest(submission),
        "leaf_salt": leaf_salt.hex(),
    }


def _pad(claims: Json) -> bytes:
    """Canonical JSON of exactly 8192 bytes: the member `padding` holds as many zeros as are missing."""
    missing = SIZE - len(canonical({**claims, "padding": ""}))
    if missing < 0:
        raise Invalid("seal.identity_too_large", size=SIZE - missing, limit=SIZE)
    return canonical({**claims, "padding": "0" * missing})

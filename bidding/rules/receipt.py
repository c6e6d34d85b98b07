"""The receipt of a submission: made by the platform in the act of the commit, checked by anyone without it (R-205).

What outsiders say of it (a timestamp token, cosignatures) comes a minute later, outside the platform's signature, as
the member `vouched`: the commit waits for nobody.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rfc8785 import CanonicalizationError

from core import canonical
from core.clock import from_iso, iso
from core.errors import Invalid
from core.ledger import merkle
from core.ledger.cosignatures import Cosigner, cosigners_of
from core.ledger.notes import Head, Verifier, open_head
from core.seal import leaf_commitment
from core.timestamps import Stamped, check_token

TYPE = "sunbid-receipt/v1"
DOMAIN = b"sunbid-receipt/v1\n"
FIELDS = frozenset(
    {
        "type",
        "section",
        "kind",
        "submission_digest",
        "leaf_commitment",
        "received_at",
        "leaf",
        "leaf_index",
        "checkpoint",
        "inclusion_proof",
        "platform_key",
        "signature",
    }
)
LEAF_FIELDS = frozenset({"at", "digest", "index", "kind", "subject"})
VOUCHED = "vouched"
VOUCHED_FIELDS = frozenset({"checkpoint", "timestamps", "inclusion_proof"})
TOLERANCE = timedelta(seconds=2)
"""How far the platform's clock may stand ahead of an authority's (PROOF T5)."""


@dataclass(frozen=True)
class Vouching:
    """What outsiders say of a receipt: tokens, cosignatures by name, the head they are under.

    `unchecked` counts tokens that nobody could judge because no root is known.
    """

    head: Head
    stamps: tuple[Stamped, ...]
    cosigned: Mapping[str, datetime]
    unchecked: int


@dataclass(frozen=True)
class Verified:
    """What a receipt proves: the commitment of this submission was in the log under this head, received then."""

    section: str
    kind: str
    submission_digest: str
    received_at: datetime
    leaf_index: int
    head: Head
    platform_key: str
    is_own: bool
    """The submission and the secret leaf salt were at hand and add up to the leaf."""
    vouched: Vouching | None = field(default=None)
    """None while the timestamp is still to come (时间戳待补)."""


def build_receipt(
    *,
    section: str,
    kind: str,
    submission_digest: str,
    leaf_commitment: str,
    received_at: datetime,
    leaf: Mapping[str, Any],
    checkpoint: str,
    inclusion_proof: Sequence[str],
    platform_key: str,
    sign: Callable[[bytes], bytes],
) -> dict[str, Any]:
    """The receipt, signed: the head dates the log, only the signature dates the receiving (R-203, R-205)."""
    content: dict[str, Any] = {
        "type": TYPE,
        "section": section,
        "kind": kind,
        "submission_digest": submission_digest,
        "leaf_commitment": leaf_commitment,
        "received_at": iso(received_at),
        "leaf": dict(leaf),
        "leaf_index": leaf["index"],
        "checkpoint": checkpoint,
        "inclusion_proof": list(inclusion_proof),
        "platform_key": platform_key,
    }
    return {**content, "signature": base64.b64encode(sign(_message(content))).decode()}


def verify_receipt(
    receipt: Any,
    *,
    key: str | None = None,
    private: Mapping[str, Any] | None = None,
    packages: Mapping[str, str] | None = None,
    roots: Collection[x509.Certificate] = (),
    witnesses: Collection[Cosigner] = (),
) -> Verified:
    """Check a receipt from its own bytes alone; no server is asked.

    `key`: the platform's key as spelled elsewhere (the notice, another receipt); without it the receipt's own is used,
    which shows that the receipt is whole but not whose it is. `private` (the bidder's private.json) and `packages`
    (set → SHA-256 of the identity package) also prove that the leaf is this submission's. `roots` of the timestamping
    authority and keys of `witnesses` judge what outsiders say. Raises Invalid with "receipt.malformed" (place),
    "receipt.key", "receipt.signature", "receipt.leaf", "receipt.head", "receipt.inclusion", "receipt.time",
    "receipt.submission", "receipt.timestamp", "receipt.clock" or "receipt.cosignature".
    """
    _check_shape(receipt)
    verifier = Verifier.parse(receipt["platform_key"])
    if key is not None and str(Verifier.parse(key)) != str(verifier):
        raise Invalid("receipt.key", expected=key, found=str(verifier))
    _check_signature(receipt, verifier)
    leaf = receipt["leaf"]
    agrees = leaf["index"] == receipt["leaf_index"] and leaf["digest"] == receipt["leaf_commitment"]
    if not agrees or leaf["kind"] != "commitment" or leaf["subject"] is not None:
        raise Invalid("receipt.leaf", index=receipt["leaf_index"])
    try:
        head = open_head(receipt["checkpoint"], verifier)
    except Invalid as error:
        raise Invalid("receipt.head", name=verifier.name) from error
    proof = [bytes.fromhex(step) for step in receipt["inclusion_proof"]]
    if not merkle.verify_inclusion(merkle.leaf_hash(canonical.dumps(leaf)), leaf["index"], head.size, proof, head.root):
        raise Invalid("receipt.inclusion", index=leaf["index"], size=head.size)
    received_at = from_iso(receipt["received_at"])
    if received_at > from_iso(leaf["at"]):
        raise Invalid("receipt.time", received_at=receipt["received_at"], logged_at=leaf["at"])
    is_own = private is not None and packages is not None
    if private is not None and packages is not None:
        _check_own(receipt, private, packages)
    return Verified(
        section=receipt["section"],
        kind=receipt["kind"],
        submission_digest=receipt["submission_digest"],
        received_at=received_at,
        leaf_index=leaf["index"],
        head=head,
        platform_key=str(verifier),
        is_own=is_own,
        vouched=_check_vouched(receipt, verifier, roots, witnesses),
    )


def with_vouching(receipt: Mapping[str, Any], evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    """The receipt with what outsiders say of its entry (`core.ledger.vouching.evidence_of`); null while to come."""
    return {**receipt, VOUCHED: None if evidence is None else dict(evidence)}


def _check_vouched(
    receipt: Mapping[str, Any],
    verifier: Verifier,
    roots: Collection[x509.Certificate],
    witnesses: Collection[Cosigner],
) -> Vouching | None:
    """What outsiders say of the receipt's entry, each word of it checked; None where it says nothing yet."""
    told = receipt.get(VOUCHED)
    if told is None:
        return None
    index = receipt["leaf_index"]
    try:
        body = verifier.check(told["checkpoint"])
        head = open_head(told["checkpoint"], verifier)
        cosigned = cosigners_of(told["checkpoint"], body, tuple(witnesses))
    except Invalid as error:
        code = "receipt.cosignature" if error.code == "cosignature.wrong" else "receipt.head"
        raise Invalid(code, **error.facts) from error
    proof = [bytes.fromhex(step) for step in told["inclusion_proof"]]
    leaf = merkle.leaf_hash(canonical.dumps(receipt["leaf"]))
    if not merkle.verify_inclusion(leaf, index, head.size, proof, head.root):
        raise Invalid("receipt.inclusion", index=index, size=head.size)
    stamps = []
    for row in told["timestamps"] if roots else ():
        try:
            stamped = check_token(base64.b64decode(row["token"], validate=True), body.encode(), roots)
        except (ValueError, Invalid) as error:
            raise Invalid("receipt.timestamp", authority=row["authority"], reason=str(error)[:200]) from error
        if stamped.at + stamped.accuracy + TOLERANCE < from_iso(receipt["leaf"]["at"]):
            raise Invalid("receipt.clock", stamped_at=stamped.at, logged_at=receipt["leaf"]["at"])
        stamps.append(stamped)
    return Vouching(head, tuple(stamps), cosigned, unchecked=0 if roots else len(told["timestamps"]))


def _message(content: Mapping[str, Any]) -> bytes:
    rest = {name: value for name, value in content.items() if name not in ("signature", VOUCHED)}
    return DOMAIN + hashlib.sha256(canonical.dumps(rest)).digest()


def _check_shape(receipt: Any) -> None:
    def need(holds: bool, place: str) -> None:
        if not holds:
            raise Invalid("receipt.malformed", field="receipt", place=place)

    need(isinstance(receipt, dict) and receipt.get("type") == TYPE, "type")
    need(set(receipt) - {VOUCHED} == FIELDS, "fields")
    leaf = receipt["leaf"]
    need(isinstance(leaf, dict) and set(leaf) == LEAF_FIELDS, "leaf")
    need(type(leaf["index"]) is int and type(receipt["leaf_index"]) is int, "leaf_index")
    for place in ("section", "kind", "received_at", "checkpoint", "platform_key", "signature"):
        need(isinstance(receipt[place], str), place)
    for place in ("submission_digest", "leaf_commitment"):
        need(_is_hash(receipt[place]), place)
    proof = receipt["inclusion_proof"]
    need(isinstance(proof, list) and all(map(_is_hash, proof)), "inclusion_proof")
    if receipt.get(VOUCHED) is not None:
        _check_vouched_shape(receipt[VOUCHED], need)
    for place, value in (("received_at", receipt["received_at"]), ("leaf", leaf["at"])):
        try:
            from_iso(value)
        except (TypeError, ValueError):
            need(False, place)


def _check_vouched_shape(told: Any, need: Callable[[bool, str], None]) -> None:
    need(isinstance(told, dict) and set(told) == VOUCHED_FIELDS, VOUCHED)
    need(isinstance(told["checkpoint"], str), VOUCHED)
    need(isinstance(told["inclusion_proof"], list) and all(map(_is_hash, told["inclusion_proof"])), VOUCHED)
    need(isinstance(told["timestamps"], list) and bool(told["timestamps"]), VOUCHED)
    for row in told["timestamps"]:
        need(isinstance(row, dict) and set(row) == {"authority", "token"}, VOUCHED)
        need(all(isinstance(value, str) for value in row.values()), VOUCHED)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _check_signature(receipt: Mapping[str, Any], verifier: Verifier) -> None:
    try:
        signature = base64.b64decode(receipt["signature"], validate=True)
        message = _message(receipt)
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature, message)
    except (ValueError, InvalidSignature, CanonicalizationError) as error:
        raise Invalid("receipt.signature", name=verifier.name) from error


def _check_own(receipt: Mapping[str, Any], private: Mapping[str, Any], packages: Mapping[str, str]) -> None:
    try:
        salt = bytes.fromhex(private["leaf_salt"])
        leaf = leaf_commitment(salt, receipt["submission_digest"], packages)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("receipt.malformed", field="private", place="private") from error
    if private.get("submission_digest") != receipt["submission_digest"] or leaf != receipt["leaf_commitment"]:
        raise Invalid("receipt.submission", digest=receipt["submission_digest"])

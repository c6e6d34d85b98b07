"""The receipt of a submission: made by the platform in the act of the commit, checked by anyone without it (R-205)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.clock import from_iso, iso
from core.errors import Invalid
from core.ledger import merkle
from core.ledger.notes import Head, Verifier, open_head
from core.seal import leaf_commitment

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
) -> Verified:
    """Check a receipt from its own bytes alone; no server is asked.

    `key`: the platform's key as spelled elsewhere (the notice, another receipt); without it the receipt's own is used,
    which shows that the receipt is whole but not whose it is. `private` (the bidder's private.json) and `packages`
    (set → SHA-256 of the identity package) also prove that the leaf is this submission's. Raises Invalid with
    "receipt.malformed" (place), "receipt.key", "receipt.signature", "receipt.leaf", "receipt.head",
    "receipt.inclusion", "receipt.time" or "receipt.submission".
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
    if not merkle.verify_inclusion(merkle.leaf_hash(rfc8785.dumps(leaf)), leaf["index"], head.size, proof, head.root):
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
    )


def _message(content: Mapping[str, Any]) -> bytes:
    rest = {name: value for name, value in content.items() if name != "signature"}
    return DOMAIN + hashlib.sha256(rfc8785.dumps(rest)).digest()


def _check_shape(receipt: Any) -> None:
    def need(holds: bool, place: str) -> None:
        if not holds:
            raise Invalid("receipt.malformed", field="receipt", place=place)

    need(isinstance(receipt, dict) and receipt.get("type") == TYPE, "type")
    need(set(receipt) == FIELDS, "fields")
    leaf = receipt["leaf"]
    need(isinstance(leaf, dict) and set(leaf) == LEAF_FIELDS, "leaf")
    need(type(leaf["index"]) is int and type(receipt["leaf_index"]) is int, "leaf_index")
    for place in ("section", "kind", "received_at", "checkpoint", "platform_key", "signature"):
        need(isinstance(receipt[place], str), place)
    for place in ("submission_digest", "leaf_commitment"):
        need(_is_hash(receipt[place]), place)
    proof = receipt["inclusion_proof"]
    need(isinstance(proof, list) and all(map(_is_hash, proof)), "inclusion_proof")
    for place, value in (("received_at", receipt["received_at"]), ("leaf", leaf["at"])):
        try:
            from_iso(value)
        except (TypeError, ValueError):
            need(False, place)


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _check_signature(receipt: Mapping[str, Any], verifier: Verifier) -> None:
    try:
        signature = base64.b64decode(receipt["signature"], validate=True)
        message = _message(receipt)
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signature, message)
    except (ValueError, InvalidSignature, rfc8785.CanonicalizationError) as error:
        raise Invalid("receipt.signature", name=verifier.name) from error


def _check_own(receipt: Mapping[str, Any], private: Mapping[str, Any], packages: Mapping[str, str]) -> None:
    try:
        salt = bytes.fromhex(private["leaf_salt"])
        leaf = leaf_commitment(salt, receipt["submission_digest"], packages)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("receipt.malformed", field="private", place="private") from error
    if private.get("submission_digest") != receipt["submission_digest"] or leaf != receipt["leaf_commitment"]:
        raise Invalid("receipt.submission", digest=receipt["submission_digest"])

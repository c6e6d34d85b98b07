"""The electronic guarantee (电子保函): a signed document, and everything that makes one unfit, each with its reason."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bidding.rules.bonds.faults import Fault, fault
from core import canonical
from core.clock import from_iso
from core.errors import Invalid
from core.money import grouped

TYPE = "sunbid-guarantee/v1"
MOST_BYTES = 65_536
KINDS = ("bank", "guarantor", "insurer")
PURPOSES = ("bid", "performance")
_TEXTS = ("number", "section", "project", "wording", "issued_at", "expires_on", "certificate", "signature")
_PARTIES = ("issuer", "applicant", "beneficiary")
_KEYS = {"type", "purpose", "amount_fen", "unconditional", *_TEXTS, *_PARTIES}


@dataclass(frozen=True)
class Known:
    """An institution the platform knows: its name, kind, the PEM its signing certificates are or come from, and until
    when it counts (None: it still does)."""

    name: str
    kind: str
    certificate: str
    until: datetime | None = None


def signed_bytes(document: Mapping[str, Any]) -> bytes:
    """What the issuer signs: the type, a line feed, the canonical JSON of everything but the signature."""
    rest = {key: value for key, value in document.items() if key != "signature"}
    return str(document["type"]).encode() + b"\n" + canonical.dumps(rest)


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey, certificate: str) -> dict[str, Any]:
    """The document with the issuer's certificate (PEM) and Ed25519 signature."""
    whole = {**document, "certificate": certificate}
    return {**whole, "signature": base64.b64encode(key.sign(signed_bytes(whole))).decode("ascii")}


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical document, signature and all; hex."""
    return hashlib.sha256(canonical.dumps(dict(document))).hexdigest()


def read_guarantee(content: bytes) -> dict[str, Any]:
    """The document in the bytes; Invalid("guarantee.malformed") with the place for what is none."""
    try:
        found = json.loads(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("type") != TYPE:
        raise Invalid("guarantee.malformed", field="file", place="type")
    if set(found) != _KEYS:
        raise Invalid("guarantee.malformed", field="file", place=", ".join(sorted(set(found) ^ _KEYS))[:120])
    for key in _TEXTS:
        if not isinstance(found[key], str) or not 0 < len(found[key]) <= 8000:
            raise Invalid("guarantee.malformed", field="file", place=key)
    for key in _PARTIES:
        if not isinstance(found[key], dict) or not all(isinstance(value, str) for value in found[key].values()):
            raise Invalid("guarantee.malformed", field="file", place=key)
    amount = found["amount_fen"]
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount < 10**15:
        raise Invalid("guarantee.malformed", field="file", place="amount_fen")
    if found["purpose"] not in PURPOSES or not isinstance(found["unconditional"], bool):
        raise Invalid("guarantee.malformed", field="file", place="purpose")
    try:
        from_iso(found["issued_at"]), date.fromisoformat(found["expires_on"])
    except ValueError:
        raise Invalid("guarantee.malformed", field="file", place="expires_on") from None
    return found


def check_guarantee(
    document: Mapping[str, Any],
    *,
    terms: Mapping[str, Any],
    applicant: Collection[str],
    known: Sequence[Known],
    due_fen: int | None = None,
    by: datetime | None = None,
) -> list[Fault]:
    """Everything that makes a guarantee unfit for these terms; empty when it is fit (R-153).

    `applicant`: the credit codes of whoever may be the applicant: the bidder, and members of a joint bid (R-157).
    `due_fen`: what is asked of this bidder, less than the terms' amount where the law says so. `by`: issued no later.
    """
    found = [*_authentic(document, known), *_beneficiary(document, terms)]
    due = terms["amount_fen"] if due_fen is None else due_fen
    if document["purpose"] != terms.get("purpose", "bid"):
        found.append(fault("guarantee.purpose", "R-153", found=document["purpose"]))
    if document["section"] != terms["section"]:
        found.append(fault("guarantee.section", "R-153", found=document["section"][:60], expected=terms["section"]))
    if document["applicant"].get("uscc", "") not in applicant:
        found.append(fault("guarantee.applicant", "R-157", found=document["applicant"].get("name", "")[:80]))
    if document["amount_fen"] < due:
        found.append(fault("guarantee.short", "R-153", found=grouped(document["amount_fen"]), expected=grouped(due)))
    if document["expires_on"] < terms["valid_until"]:
        found.append(fault("guarantee.expires", "R-150", found=document["expires_on"], expected=terms["valid_until"]))
    condition = condition_in(document["wording"])
    if not document["unconditional"] or condition:
        found.append(fault("guarantee.conditional", "R-153", found=condition or "unconditional: false"))
    if by is not None and from_iso(document["issued_at"]) > by:
        found.append(fault("guarantee.late", "R-151", found=document["issued_at"]))
    return found


def _beneficiary(document: Mapping[str, Any], terms: Mapping[str, Any]) -> list[Fault]:
    named, wanted = document["beneficiary"], terms["beneficiary"]
    if named.get("uscc") == wanted["uscc"] and named.get("name") == wanted["name"]:
        return []
    return [fault("guarantee.beneficiary", "R-153", found=named.get("name", "")[:80], expected=wanted["name"])]


def _authentic(document: Mapping[str, Any], known: Sequence[Known]) -> list[Fault]:
    """Whether a known institution issued exactly these bytes: its certificate, good on the day, and its signature."""
    at = from_iso(document["issued_at"])
    try:
        certificate = read_certificate(document["certificate"])
    except Invalid as refusal:
        return [fault(refusal.code, "R-153")]
    issuer = issuer_of(certificate, known)
    if issuer is None:
        return [fault("guarantee.issuer_unknown", "R-153", found=document["issuer"].get("name", "")[:80])]
    found = []
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        found.append(fault("guarantee.certificate_lapsed", "R-153", found=document["issued_at"]))
    if issuer.until is not None and at >= issuer.until:
        found.append(fault("guarantee.issuer_withdrawn", "R-153", found=issuer.name))
    if document["issuer"].get("name") != issuer.name:
        found.append(fault("guarantee.issuer_differs", "R-153", found=document["issuer"].get("name", "")[:80]))
    if not signed_by(certificate, document):
        found.append(fault("guarantee.forged", "R-153", found=issuer.name))
    return found


def read_certificate(pem: str) -> x509.Certificate:
    """An institution's certificate with its Ed25519 key; Invalid("institution.certificate") for anything else."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.strip().encode("ascii"))
        key = certificate.public_key()
    except (ValueError, UnicodeEncodeError, UnsupportedAlgorithm):
        raise Invalid("institution.certificate", field="certificate") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid("institution.certificate", field="certificate")
    return certificate


def issuer_of(certificate: x509.Certificate, known: Sequence[Known]) -> Known | None:
    """The known institution whose pinned certificate this is, or directly issued it."""
    for one in known:
        pinned = read_certificate(one.certificate)
        if pinned.fingerprint(hashes.SHA256()) == certificate.fingerprint(hashes.SHA256()):
            return one
        try:
            certificate.verify_directly_issued_by(pinned)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return one
    return None


def signed_by(certificate: x509.Certificate, document: Mapping[str, Any]) -> bool:
    """Whether the certificate's key signed the document as it stands."""
    key = certificate.public_key()
    assert isinstance(key, Ed25519PublicKey)  # noqa: S101 - read_certificate refuses any other
    try:
        key.verify(base64.b64decode(document["signature"], validate=True), signed_bytes(document))
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    return True


@cache
def _conditions() -> tuple[re.Pattern[str], ...]:
    patterns = json.loads(Path(__file__).with_name("conditions.json").read_text(encoding="utf-8"))
    return tuple(re.compile(one) for one in patterns)


def condition_in(wording: str) -> str:
    """The words that make payment depend on something else than the beneficiary's demand; empty when there are none."""
    plain = re.sub(r"\s+", "", wording)
    return next((found[0][:60] for one in _conditions() if (found := one.search(plain))), "")

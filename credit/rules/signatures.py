"""Signatures of sources: Ed25519 over what a list file or an answer is, or a detached PKCS#7 over the file itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

from asn1crypto import cms  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.errors import Invalid

KINDS = ("", "ed25519", "pkcs7")
HASHES: Mapping[str, Any] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class Signing(Protocol):
    """How a source signs: the kind and the key it is known by."""

    key_kind: str
    key: str


def list_statement(source: str, sha256: str, as_of: str) -> bytes:
    """What an Ed25519 signature of a list file is over: the list, its file and its instant, so that none is swapped."""
    return f"sunbid-credit-list/v1\n{source}\n{sha256}\n{as_of}\n".encode()


def answer_statement(nonce: str, body: bytes) -> bytes:
    """What the signature of an answer is over: the question's nonce and the body, so that no old answer is played."""
    return f"sunbid-credit-answer/v1\n{nonce}\n{hashlib.sha256(body).hexdigest()}\n".encode()


def check_signature(held: Signing | None, signature: bytes, *, source: str, sha256: str, as_of: str) -> str:
    """Who signed a list file, or "" where the source signs nothing.

    Raises Invalid("credit.unsigned") where a signature is due and missing, Invalid("credit.bad_signature") otherwise.
    """
    if held is None or not held.key_kind:
        return ""
    if not signature:
        raise Invalid("credit.unsigned", field="signature", source=source)
    if held.key_kind == "ed25519":
        check_ed25519(held.key, signature, list_statement(source, sha256, as_of))
        return f"ed25519:{held.key[:16]}"
    return check_pkcs7(held.key, signature, sha256)


def check_ed25519(key: str, signature: bytes, message: bytes) -> None:
    """Refuse a signature, raw or in Base64, that is not the key's over the message: Invalid("credit.bad_signature")."""
    try:
        raw = signature if len(signature) == 64 else base64.b64decode(signature.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(raw, message)
    except (InvalidSignature, ValueError, binascii.Error):
        raise Invalid("credit.bad_signature", field="signature") from None


def check_pkcs7(fingerprint: str, signature: bytes, sha256: str) -> str:
    """The subject that signed a file of that SHA-256, by a detached CMS with the pinned certificate."""
    try:
        content = cms.ContentInfo.load(signature, strict=True)
        signed = content["content"]
        (signer,) = signed["signer_infos"]
        pinned = [one.chosen.dump() for one in signed["certificates"]]
        certificate = x509.load_der_x509_certificate(
            next(raw for raw in pinned if hashlib.sha256(raw).hexdigest() == fingerprint)
        )
        attributes = signer["signed_attrs"]
        told = {one["type"].native: one["values"] for one in attributes}
        if told["message_digest"][0].native != bytes.fromhex(sha256) or told["content_type"][0].native != "data":
            raise ValueError("another file")
        if signer["digest_algorithm"]["algorithm"].native != "sha256":
            raise ValueError("another digest")
        _verify(certificate, signer, attributes.untag().dump())
        return certificate.subject.rfc4514_string()[:120]
    except (InvalidSignature, ValueError, KeyError, TypeError, StopIteration, AttributeError):
        raise Invalid("credit.bad_signature", field="signature") from None


def _verify(certificate: x509.Certificate, signer: Any, message: bytes) -> None:
    algorithm = signer["signature_algorithm"]
    chosen = HASHES.get(algorithm.hash_algo if algorithm.signature_algo != "rsassa_pss" else "sha256", hashes.SHA256)()
    key, raw = certificate.public_key(), signer["signature"].native
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(raw, message, ec.ECDSA(chosen))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(raw, message, padding.PKCS1v15(), chosen)
    else:
        raise ValueError("another kind of key")

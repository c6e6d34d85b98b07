"""What a bidder holds, and what is derived from it: the handle of a section, and the nonces of draws."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import Invalid

SECRET_SIZE = 32


@dataclass(frozen=True)
class BidderKeys:
    """The four things a bidder signs and seals with; they never leave the bidder's machine.

    identity: age identity (AGE-SECRET-KEY-1…); secret: 32 bytes, the root of the handles; certificate: PEM of an X.509
    certificate with a P-256 key; sign: message → DER ECDSA-SHA256 signature by that key (a file or a CA lock behind).
    """

    identity: str = field(repr=False)
    secret: bytes = field(repr=False)
    certificate: str
    sign: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def from_pem(
        cls, identity: str, secret: bytes, certificate: bytes, private_key: bytes, password: bytes | None = None
    ) -> BidderKeys:
        """The keys with a signing key read from PEM; Invalid("seal.certificate_invalid") unless it is P-256."""
        try:
            key = serialization.load_pem_private_key(private_key, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Invalid("seal.certificate_invalid") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise Invalid("seal.certificate_invalid")

        def sign(message: bytes) -> bytes:
            return key.sign(message, ec.ECDSA(hashes.SHA256()))

        try:
            return cls(identity, secret, certificate.decode("ascii"), sign)
        except UnicodeDecodeError as error:
            raise Invalid("seal.certificate_invalid") from error


def handle_of(secret: bytes, section: str) -> str:
    """The handle (hex Ed25519 public key) under which the holder of `secret` bids in `section`.

    The same each time, different for every section, and telling nobody else whose it is.
    """
    return _handle_key(secret, section).public_key().public_bytes_raw().hex()


def sign_as_handle(secret: bytes, section: str, message: bytes) -> str:
    """Hex Ed25519 signature over `message` by the key behind the handle."""
    return _handle_key(secret, section).sign(message).hex()


def handle_signed(handle: str, signature: str, message: bytes) -> bool:
    """Whether `signature` (hex) over `message` was made by the key behind `handle` (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(handle)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def certificate_signed(certificate: str, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (DER ECDSA-SHA256) over `message` was made by the certificate's P-256 key.

    Raises Invalid("seal.certificate_invalid") where the PEM is not one such certificate. Chain, validity and revocation
    are for the caller, who knows which authorities count.
    """
    try:
        key = x509.load_pem_x509_certificate(certificate.encode("ascii")).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid("seal.certificate_invalid") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Invalid("seal.certificate_invalid")
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def derive_nonce(secret: bytes, label: str) -> str:
    """Hex of the 32-byte draw nonce for `label`: HMAC-SHA256(secret, "sunbid-nonce/v1\\n" + label).

    A trustee who keeps one secret can commit to SHA-256(nonce) today and reveal the nonce later without storing it.
    """
    return _derive(secret, f"sunbid-nonce/v1\n{label}").hex()


def _handle_key(secret: bytes, section: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derive(secret, f"sunbid-handle/v1\n{section}"))


def _derive(secret: bytes, message: str) -> bytes:
    if len(secret) != SECRET_SIZE:
        raise Invalid("seal.secret_size", limit=SECRET_SIZE)
    return hmac.new(secret, message.encode("utf-8"), hashlib.sha256).digest()

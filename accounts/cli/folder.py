"""A person's own keys in a folder: signing key and certificate, age identity, secret."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.rules.certificates import facts_of
from accounts.rules.identity import check_uscc
from core.errors import Conflict, Invalid, Missing
from core.seal.age import new_identity, recipient_of
from core.seal.keyfile import KeyFile
from core.seal.keys import BidderKeys

CERTIFICATE, KEY, PUBLIC, REQUEST, AGE, SECRET = (
    "certificate.pem",
    "key.pem",
    "public.pem",
    "request.csr",
    "bid.age",
    "bidder-secret",
)


@dataclass(frozen=True)
class Identity:
    """A folder (0700) with everything a bidder or trustee holds: signing key and certificate, age identity, secret."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, *, name: str = "", identifier: str = "", person: str = "") -> Identity:
        """Make new keys; nothing is ever overwritten: Conflict("identity.exists").

        `public.pem` is what an authority certifies, `request.csr` the same as a PKCS #10 request; `certificate.pem`
        comes from the authority.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        files = {**_signing_files(key), **_sealing_files(new_identity(), secrets.token_bytes(32))}
        if name and identifier and person:
            files[REQUEST] = _request(key, name, check_uscc(identifier)[0], person)
        return cls._lay_down(folder, files)

    @classmethod
    def restore(cls, folder: Path, held: KeyFile) -> Identity:
        """The folder of these keys; nothing is overwritten: Conflict("identity.exists").

        Raises Invalid("keyfile.unsigned") where the signing key is in a lock and so not in the file.
        """
        if held.key is None or held.certificate is None:
            raise Invalid("keyfile.unsigned", field="file")
        key = serialization.load_der_private_key(held.key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise Invalid("certificate.algorithm", field="key")
        files = {**_signing_files(key), **_sealing_files(held.identity, held.secret)}
        check_pair(held.certificate, files[PUBLIC].decode("ascii"))
        return cls._lay_down(folder, {**files, CERTIFICATE: held.certificate.encode("ascii")})

    @classmethod
    def _lay_down(cls, folder: Path, files: Mapping[str, bytes]) -> Identity:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in files:
            if (folder / file).exists():
                raise Conflict("identity.exists", file=str(folder / file))
        for file, content in files.items():
            write_private(folder / file, content)
        return cls(folder)

    def _read(self, file: str) -> bytes:
        try:
            return (self.folder / file).read_bytes()
        except OSError:
            raise Missing("identity.missing", file=str(self.folder / file)) from None

    @property
    def certificate(self) -> str:
        """PEM of the certificate the authority gave; Missing("identity.missing") before it did."""
        return self._read(CERTIFICATE).decode("ascii")

    @property
    def public_key(self) -> str:
        """PEM of the public key an authority certifies."""
        return self._read(PUBLIC).decode("ascii")

    @property
    def age_identity(self) -> str:
        """The age identity (AGE-SECRET-KEY-1…) that opens one's own layer."""
        return self._read(AGE).decode("ascii").strip()

    @property
    def recipient(self) -> str:
        """The age recipient (age1…) others seal to."""
        return recipient_of(self.age_identity)

    @property
    def secret(self) -> bytes:
        """The 32 bytes from which the handles of one's bids come."""
        try:
            return bytes.fromhex(self._read(SECRET).decode("ascii").strip())
        except ValueError:
            raise Invalid("identity.secret", file=str(self.folder / SECRET)) from None

    @property
    def keys(self) -> BidderKeys:
        """Everything sealing needs."""
        return BidderKeys.from_pem(self.age_identity, self.secret, self._read(CERTIFICATE), self._read(KEY))

    @property
    def key_file(self) -> KeyFile:
        """Everything here as one text, for a backup or for the page."""
        return KeyFile(
            identity=self.age_identity,
            secret=self.secret,
            certificate=self.certificate,
            key=self._signing_key().private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )

    def _signing_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self._read(KEY), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Invalid("certificate.algorithm", field="key")
        return key

    def sign(self, message: bytes) -> bytes:
        """DER ECDSA with SHA-256 over the message by the signing key."""
        return self._signing_key().sign(message, ec.ECDSA(hashes.SHA256()))

    def accept_certificate(self, pem: str) -> None:
        """Keep the certificate the authority gave; Invalid("identity.other_key") unless it is for this key."""
        check_pair(pem, self.public_key)
        write_private(self.folder / CERTIFICATE, pem.encode("ascii"))


def check_pair(certificate: str, public_key: str) -> None:
    """Invalid("identity.other_key") unless the certificate, its subject whole, is for the public key (PEMs)."""
    facts_of(certificate)
    certified = x509.load_pem_x509_certificate(certificate.encode("ascii")).public_key()
    pem = certified.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    if pem.decode("ascii") != public_key:
        raise Invalid("identity.other_key", field="certificate")


def write_private(file: Path, content: bytes) -> None:
    """Write a file only its owner may read; on disk before this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        os.fchmod(handle.fileno(), 0o600)
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _signing_files(key: ec.EllipticCurvePrivateKey) -> dict[str, bytes]:
    return {
        KEY: key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        PUBLIC: key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    }


def _sealing_files(identity: str, secret: bytes) -> dict[str, bytes]:
    return {AGE: f"{identity}\n".encode(), SECRET: f"{secret.hex()}\n".encode()}


def _request(key: ec.EllipticCurvePrivateKey, name: str, identifier: str, person: str) -> bytes:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, person),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)

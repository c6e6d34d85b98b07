"""Certificates: whose they are, whether they count at an instant, and the small authority of demonstrations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import Invalid

DAY = timedelta(days=1)


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says: organisation, its code, the person, validity, and its SHA-256 fingerprint."""

    subject_name: str
    identifier: str
    person: str
    serial: str
    not_before: datetime
    not_after: datetime
    fingerprint: str


def read_certificate(pem: str) -> x509.Certificate:
    """The certificate in the PEM; Invalid("certificate.unreadable") when there is none."""
    try:
        return x509.load_pem_x509_certificate(pem.strip().encode("ascii"))
    except (ValueError, UnicodeEncodeError, UnsupportedAlgorithm):
        raise Invalid("certificate.unreadable", field="certificate") from None


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def facts_of(pem: str) -> CertificateFacts:
    """What the certificate says, believed or not; Invalid when name, code or person is missing or the key is weak."""
    certificate = read_certificate(pem)
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Invalid("certificate.algorithm", field="certificate")
    return CertificateFacts(
        subject_name=_attribute(certificate, NameOID.ORGANIZATION_NAME),
        identifier=_attribute(certificate, NameOID.ORGANIZATION_IDENTIFIER),
        person=_attribute(certificate, NameOID.COMMON_NAME),
        serial=format(certificate.serial_number, "x"),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=fingerprint_of(certificate),
    )


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = [str(item.value) for item in certificate.subject.get_attributes_for_oid(oid)]
    if len(values) != 1 or not values[0]:
        raise Invalid("certificate.subject", field="certificate", attribute=oid._name)
    return values[0]


def check_certificate(
    pem: str, *, at: datetime, authorities: Collection[str], revoked: Collection[str]
) -> CertificateFacts:
    """What the certificate says, once it counts at the instant (R-032): issuer, signature, window, use, revocation.

    `authorities`: PEM of the authorities that count, each issuing directly. `revoked`: certificate fingerprints, and
    "authority fingerprint:serial in hex". Raises Invalid with certificate.unreadable, .algorithm, .subject, .untrusted,
    .not_yet_valid, .expired, .use or .revoked.
    """
    facts = facts_of(pem)
    certificate = read_certificate(pem)
    issuer = next((found for found in map(read_certificate, authorities) if _issued(found, certificate, at)), None)
    if issuer is None:
        raise Invalid("certificate.untrusted", field="certificate", issuer=certificate.issuer.rfc4514_string()[:200])
    if at < facts.not_before:
        raise Invalid("certificate.not_yet_valid", field="certificate", not_before=facts.not_before)
    if at >= facts.not_after:
        raise Invalid("certificate.expired", field="certificate", not_after=facts.not_after)
    if not _may_sign(certificate):
        raise Invalid("certificate.use", field="certificate")
    if facts.fingerprint in revoked or f"{fingerprint_of(issuer)}:{facts.serial}" in revoked:
        raise Invalid("certificate.revoked", field="certificate", serial=facts.serial)
    return facts


def _issued(authority: x509.Certificate, certificate: x509.Certificate, at: datetime) -> bool:
    if not authority.not_valid_before_utc <= at < authority.not_valid_after_utc:
        return False
    try:
        if not authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    hash_algorithm = certificate.signature_hash_algorithm
    return hash_algorithm is None or hash_algorithm.digest_size >= 32


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except x509.ExtensionNotFound:
        return True


def verify_signature(pem: str, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (DER ECDSA with SHA-256) over `message` was made by the certificate's P-256 key."""
    key = read_certificate(pem).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class SmallAuthority:
    """A certification authority that fits in one object: for demonstrations and tests, not a licensed one (R-023).

    P-256 throughout; issues signing certificates straight from its root and signs revocation lists.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self.certificate = certificate

    @classmethod
    def create(cls, name: str, *, at: datetime, days: int = 3650) -> SmallAuthority:
        """A new authority with its own key, valid from a day before `at`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - DAY)
            .not_valid_after(at + days * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def from_pem(cls, key: bytes, certificate: str) -> SmallAuthority:
        """An authority from its unencrypted key and certificate; Invalid("certificate.algorithm") for another key."""
        loaded = serialization.load_pem_private_key(key, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise Invalid("certificate.algorithm", field="key")
        return cls(loaded, read_certificate(certificate))

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self) -> bytes:
        """The authority's private key, unencrypted; keep it 0600 and off the platform."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def issue(self, public_key: str, *, name: str, identifier: str, person: str, at: datetime, days: int = 365) -> str:
        """PEM of a signing certificate for the public key (PEM) of a person of an organisation, valid `days`.

        Valid from a day before `at`, so that a clock a little behind accepts it. Invalid("certificate.algorithm")
        unless the key is P-256.
        """
        try:
            key = serialization.load_pem_public_key(public_key.encode("ascii"))
        except (ValueError, UnicodeEncodeError, UnsupportedAlgorithm):
            raise Invalid("certificate.unreadable", field="public_key") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise Invalid("certificate.algorithm", field="public_key")
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, identifier),
                x509.NameAttribute(NameOID.COMMON_NAME, person),
            ]
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - DAY)
            .not_valid_after(at + days * DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def revocation_list(self, serials: Collection[str], *, at: datetime) -> str:
        """PEM of a signed list that revokes the serials (hex) from `at` on, to be renewed within a week."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + 7 * DAY)
        )
        for serial in sorted(serials):
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class RevocationList:
    """A revocation list that its authority signed: serials in hex with the instant of each."""

    authority_fingerprint: str
    issued_at: datetime
    serials: dict[str, datetime]


def read_revocation_list(pem: str, *, authorities: Collection[str]) -> RevocationList:
    """The list in the PEM once one of the authorities signed it; Invalid("revocation.unreadable" or ".untrusted")."""
    try:
        listed = x509.load_pem_x509_crl(pem.strip().encode("ascii"))
    except (ValueError, UnicodeEncodeError, UnsupportedAlgorithm):
        raise Invalid("revocation.unreadable", field="revocation_list") from None
    for authority in map(read_certificate, authorities):
        key = authority.public_key()
        if (
            listed.issuer == authority.subject
            and isinstance(key, ec.EllipticCurvePublicKey)
            and listed.is_signature_valid(key)
        ):
            serials = {format(entry.serial_number, "x"): entry.revocation_date_utc for entry in listed}
            return RevocationList(fingerprint_of(authority), listed.last_update_utc, serials)
    raise Invalid("revocation.untrusted", field="revocation_list", issuer=listed.issuer.rfc4514_string()[:200])


def _key_usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )

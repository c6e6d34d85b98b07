"""RFC 3161 timestamps: ask an authority over HTTP for a token over a hash, and check tokens against known roots."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from core.errors import Invalid, Missing

SHA256 = "2.16.840.1.101.3.4.2.1"
MOST = 64 * 1024
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Authority:
    """A timestamping authority as this installation knows it: its address and the roots its answers must lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]
    timeout: float = 5.0
    tries: int = 2

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """SHA-256 of each root's DER, lower-case hex."""
        return tuple(root_fingerprint(root) for root in self.roots)


@dataclass(frozen=True)
class Stamped:
    """What a checked token says: its hash was known to `authority` (the signer's common name) at the instant `at`."""

    authority: str
    at: datetime
    accuracy: timedelta
    serial: int


@dataclass(frozen=True)
class Answer:
    """A fresh token with what it says, and how long the question was under way."""

    token: bytes
    stamped: Stamped
    took: timedelta


def root_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Every certificate in the PEM; Invalid("timestamp.roots") when there is none."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise Invalid("timestamp.roots", field="roots") from None


def ask(authority: Authority, message: bytes) -> Answer:
    """A checked token over `message`: the authority sees its SHA-256 and nothing else.

    Raises Missing("timestamp.unreachable") when no answer comes within the tries, Invalid("timestamp.refused") when
    the authority declines, Invalid("timestamp.wrong") when the answer is not a good token over the message.
    """
    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    query = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    raw, took = send(authority, query.as_bytes())
    answer = _decode(raw)
    if answer.status != 0:
        raise Invalid("timestamp.refused", status=answer.status, said="; ".join(answer.status_string)[:200])
    return Answer(raw, _check(answer, message, authority.roots, nonce=query.nonce), took)


def check_token(token: bytes, message: bytes, roots: Iterable[x509.Certificate]) -> Stamped:
    """What a token (DER TimeStampResp) says of `message`; Invalid("timestamp.wrong") naming why it says nothing.

    The signature must lead to one of `roots`, each certificate valid at the token's own instant, and the signer's
    certificate be for time stamping only.
    """
    return _check(_decode(token), message, tuple(roots), nonce=None)


def send(authority: Authority, query: bytes) -> tuple[bytes, timedelta]:
    """The authority's raw answer to a DER query and how long it took; Missing("timestamp.unreachable") without one."""
    fault: object = None
    for attempt in range(authority.tries):
        if attempt:
            time.sleep(0.2 * 2**attempt)
        try:
            with requests.Session() as session:
                session.trust_env = urlsplit(authority.url).hostname not in HERE
                began = time.monotonic()
                answer = session.post(
                    authority.url,
                    data=query,
                    headers={"Content-Type": QUERY, "Accept": REPLY, "User-Agent": "sunbid"},
                    timeout=authority.timeout,
                    allow_redirects=False,
                    stream=True,
                )
                raw = answer.raw.read(MOST, decode_content=True)
                took = timedelta(seconds=time.monotonic() - began)
        except (requests.RequestException, OSError) as error:
            fault = type(error).__name__
            continue
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith(REPLY):
            return raw, took
        fault = f"HTTP {answer.status_code}"
    raise Missing("timestamp.unreachable", url=authority.url, error=str(fault))


def _decode(token: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise Invalid("timestamp.wrong", reason=str(error)[:200]) from None


def _check(
    answer: TimeStampResponse, message: bytes, roots: tuple[x509.Certificate, ...], *, nonce: int | None
) -> Stamped:
    if not roots:
        raise Invalid("timestamp.wrong", reason="no root is known")
    try:
        info = answer.tst_info
        if info.message_imprint.hash_algorithm.dotted_string != SHA256:
            raise VerificationError("the imprint is not SHA-256")
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify(answer, hashlib.sha256(message).digest())
        accuracy = info.accuracy
        return Stamped(
            authority=_signer_name(answer),
            at=info.gen_time.astimezone(UTC),
            accuracy=timedelta(
                seconds=accuracy.seconds or 0,
                milliseconds=accuracy.millis or 0,
                microseconds=accuracy.micros or 0,
            )
            if accuracy is not None
            else timedelta(0),
            serial=info.serial_number,
        )
    except (VerificationError, ValueError, x509.InvalidVersion) as error:
        raise Invalid("timestamp.wrong", reason=str(error)[:200]) from None


def _signer_name(answer: TimeStampResponse) -> str:
    signer = next(iter(answer.signed_data.signer_infos))
    for raw in answer.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(raw)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            return str(names[0].value)[:120] if names else certificate.subject.rfc4514_string()[:120]
    raise ValueError("the signer's certificate is not in the token")

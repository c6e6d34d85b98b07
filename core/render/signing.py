"""PAdES signatures on the platform's papers, by a certificate the ledger key vouches for; checks of any signed PDF."""

from __future__ import annotations

import hashlib
import io
import logging
import secrets
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import keys, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import Invalid, Refusal
from core.ledger.notes import Signer, Verifier
from core.render.pdf import Attachment
from core.timestamps import Authority, send

VOUCHER = "platform-certificate.note"
VOUCHER_TYPE = "sunbid-paper/v1"
MOST_PDF = 64 * 1024 * 1024
DAY = timedelta(days=1)
log = logging.getLogger("sunbid.papers")

# What a reader of PDF raises on a broken file besides its own errors.
BROKEN = (
    ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, EOFError, RecursionError,
    struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class PaperSeal:
    """The platform's certificate for papers with its key, and the ledger key's word for it (`voucher`)."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    voucher: str
    authority: Authority | None = None

    @classmethod
    def of(
        cls,
        key: ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
        signer: Signer,
        authority: Authority | None = None,
    ) -> PaperSeal:
        """A seal for which the ledger key vouches: whoever knows that key knows whose papers these are."""
        return cls(
            key, certificate, signer.note(voucher_body(signer.verifier.name, fingerprint(certificate))), authority
        )

    def attachment(self, at: datetime) -> Attachment:
        """The voucher, to be carried inside every paper, so that it can be checked offline."""
        return Attachment(VOUCHER, self.voucher.encode(), "平台公钥对签名证书的担保", at)

    def sign(self, pdf: bytes, *, reason: str, at: datetime, field_name: str = "Platform") -> bytes:
        """The PDF with one more PAdES signature: B-T with the authority's token, B-B where it does not answer."""
        from pyhanko.sign.timestamps.common_utils import TimestampRequestError

        if self.authority is not None:
            try:
                return self._sign(pdf, reason, at, field_name, self.authority)
            except (Refusal, TimestampRequestError, OSError) as error:
                log.warning("a paper is signed without a timestamp: %s", error)
        return self._sign(pdf, reason, at, field_name, None)

    def _sign(self, pdf: bytes, reason: str, at: datetime, field_name: str, authority: Authority | None) -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers
        from pyhanko_certvalidator.registry import SimpleCertificateStore

        class AtInstant(signers.PdfSigner):
            def init_signing_session(self, *arguments: Any, **options: Any) -> Any:
                session = super().init_signing_session(*arguments, **options)
                session.system_time = at
                return session

        certificate = asn1.Certificate.load(self.certificate.public_bytes(serialization.Encoding.DER))
        known = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        known.register(certificate)
        secret = self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        signer = signers.SimpleSigner(
            signing_cert=certificate, signing_key=keys.PrivateKeyInfo.load(secret), cert_registry=known
        )
        meta = signers.PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=reason,
            name=common_name(self.certificate),
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        stamping = None if authority is None else _stamper(authority)
        signed: io.BytesIO = AtInstant(meta, signer=signer, timestamper=stamping).sign_pdf(writer)
        return signed.getvalue()


def _stamper(authority: Authority) -> Any:
    from pyhanko.sign.timestamps import TimeStamper

    class Asking(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            raw, _ = send(authority, req.dump())
            return tsp.TimeStampResp.load(raw)

    return Asking()  # type: ignore[no-untyped-call]


def make_certificate(
    name: str, *, at: datetime, days: int = 3650
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and a certificate of one's own, from a day before `at`; only the ledger key's voucher gives it weight."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(secrets.randbits(128))
        .not_valid_before(at - DAY)
        .not_valid_after(at + days * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def common_name(certificate: x509.Certificate) -> str:
    """The certificate's common name, or its whole subject where it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def voucher_body(log_name: str, certificate_sha256: str) -> str:
    """What the ledger key signs to vouch for a certificate."""
    return f"{VOUCHER_TYPE}\n{log_name}\n{certificate_sha256}\n"


@dataclass(frozen=True)
class PaperSignature:
    """One signature of a PDF: who, when by their own word, and what holds of it."""

    field: str
    signer: str
    at: str
    intact: bool
    """The signed bytes are unchanged and the signature over them holds."""
    whole: bool
    """Nothing but further signatures has been added since."""
    trusted: bool
    """The certificate is vouched for by the platform's key, or issued by an authority that counts."""
    stamped_at: str | None
    """The authority's instant, where a good token is inside."""


@dataclass(frozen=True)
class PaperVerdict:
    """What a signed PDF shows: its signatures, and the data carried inside."""

    sha256: str
    signatures: list[PaperSignature]
    attachments: dict[str, bytes] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Signed at all, and every signature intact, whole and trusted."""
        return bool(self.signatures) and all(s.intact and s.whole and s.trusted for s in self.signatures)


def check_pdf(
    pdf: bytes,
    *,
    key: Verifier | None = None,
    authorities: Iterable[x509.Certificate] = (),
    stamp_roots: Iterable[x509.Certificate] = (),
) -> PaperVerdict:
    """Check every signature of a PDF and read what it carries; Invalid("paper.unreadable") for what is no PDF.

    `key`: the platform's ledger key, which vouches for the certificate of its papers; `authorities`: those whose
    certificates count for other signers.
    """
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        attachments = _attachments(reader)
        vouched = _vouched(attachments.get(VOUCHER), key)
        signatures = [
            _judged(signature, vouched, list(authorities), list(stamp_roots))
            for signature in reader.embedded_regular_signatures
        ]
    except (PdfError, *BROKEN) as error:
        raise Invalid("paper.unreadable", reason=f"{type(error).__name__}"[:80]) from None
    return PaperVerdict(hashlib.sha256(pdf).hexdigest(), signatures, attachments)


def _vouched(voucher: bytes | None, key: Verifier | None) -> str | None:
    """The fingerprint for which the platform's key vouches inside the PDF; None where it does for none."""
    if voucher is None or key is None:
        return None
    try:
        lines = key.check(voucher.decode("utf-8")).split("\n")
    except (Invalid, UnicodeDecodeError):
        return None
    return lines[2] if len(lines) == 4 and lines[:2] == [VOUCHER_TYPE, key.name] else None


def _attachments(reader: Any) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in reader.root.get("/AF") or []:
        spec = entry.get_object()
        found[str(spec["/UF"])] = bytes(spec["/EF"]["/F"].data)
    return found


def _judged(
    signature: Any, vouched: str | None, authorities: list[x509.Certificate], stamp_roots: list[x509.Certificate]
) -> PaperSignature:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificate = signature.signer_cert
    own = vouched is not None and hashlib.sha256(certificate.dump()).hexdigest() == vouched
    roots = [certificate] if own else [_asn1(root) for root in authorities]
    at = signature.self_reported_timestamp
    context = ValidationContext(trust_roots=roots, moment=at)
    stamping = ValidationContext(trust_roots=[_asn1(root) for root in stamp_roots], moment=at)
    status = validate_pdf_signature(signature, context, ts_validation_context=stamping)
    stamp = status.timestamp_validity
    good_stamp = stamp is not None and stamp.valid and stamp.intact and stamp.trusted
    whole = status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION and (
        status.modification_level is None or status.modification_level <= ModificationLevel.FORM_FILLING
    )
    return PaperSignature(
        field=str(signature.field_name)[:80],
        signer=str(certificate.subject.native.get("common_name") or certificate.subject.human_friendly)[:120],
        at=at.isoformat() if at else "",
        intact=bool(status.intact and status.valid),
        whole=bool(whole),
        trusted=bool(status.trusted),
        stamped_at=stamp.timestamp.isoformat() if stamp is not None and good_stamp else None,
    )


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

"""RFC 3161 timestamp tokens, read with asn1crypto and checked with cryptography: signature, purpose, chain, imprint."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from .canonical import Wrong, need, sha256

HASHES: dict[str, Any] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
DEPTH = 4


@dataclass(frozen=True)
class Token:
    """What a good token says: when, how exactly, and under which root."""

    at: datetime
    accuracy: timedelta
    root: str


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate's DER, in hex."""
    return sha256(certificate.public_bytes(Encoding.DER)).hex()


def check_token(raw: bytes, body: bytes, roots: Iterable[x509.Certificate]) -> Token:
    """A DER TimeStampResp over the body, if it leads to one of the roots; anything else is wrong."""
    try:
        return _check(raw, body, list(roots))
    except Wrong:
        raise
    except Exception as error:  # a token is hostile input: its shape may break any step of any parser
        raise Wrong("时间戳不成立", f"the timestamp does not hold ({type(error).__name__})") from error


def _check(raw: bytes, body: bytes, roots: list[x509.Certificate]) -> Token:
    answer = tsp.TimeStampResp.load(raw, strict=True)
    need(answer["status"]["status"].native == "granted", "时间戳未获准", "the timestamp was not granted")
    content = answer["time_stamp_token"]
    need(content["content_type"].native == "signed_data", "时间戳格式不对", "the timestamp is no signed data")
    signed = content["content"]
    need(signed["encap_content_info"]["content_type"].native == "tst_info", "时间戳格式不对", "no timestamp inside")
    info_bytes = bytes(signed["encap_content_info"]["content"])
    info = tsp.TSTInfo.load(info_bytes, strict=True)
    imprint = info["message_imprint"]
    held = imprint["hash_algorithm"]["algorithm"].native == "sha256"
    held = held and imprint["hashed_message"].native == sha256(body)
    need(held, "时间戳不是此日志头的", "the timestamp is over something else")
    signers = list(signed["signer_infos"])
    need(len(signers) == 1, "时间戳签名人不止一个", "not exactly one signer")
    certificates = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed["certificates"]]
    leaf = _signer(signers[0], certificates)
    _check_signature(signers[0], leaf, info_bytes)
    at = info["gen_time"].native
    root = _chain(leaf, certificates, roots, at)
    said = info["accuracy"].native or {}
    accuracy = timedelta(
        seconds=said.get("seconds") or 0, milliseconds=said.get("millis") or 0, microseconds=said.get("micros") or 0
    )
    return Token(at, accuracy, fingerprint(root))


def _signer(signer: Any, certificates: list[x509.Certificate]) -> x509.Certificate:
    sid = signer["sid"].chosen
    for certificate in certificates:
        same = certificate.serial_number == sid["serial_number"].native
        if same and certificate.issuer.public_bytes() == sid["issuer"].dump():
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
            only = list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
            need(
                usage.critical and only,
                "签名证书不是时间戳专用",
                "the signer's certificate is not for time stamping only",
            )
            return certificate
    raise Wrong("时间戳里没有签名证书", "the signer's certificate is missing")


def _check_signature(signer: Any, leaf: x509.Certificate, info: bytes) -> None:
    algorithm = HASHES[signer["digest_algorithm"]["algorithm"].native]
    state = hashes.Hash(algorithm())
    state.update(info)
    attributes = {row["type"].native: row["values"] for row in signer["signed_attrs"]}
    held = len(attributes) == len(signer["signed_attrs"])
    held = held and [value.native for value in attributes["message_digest"]] == [state.finalize()]
    held = held and [value.native for value in attributes["content_type"]] == ["tst_info"]
    need(held, "时间戳签名属性不符", "the signed attributes are not those of this timestamp")
    message = signer["signed_attrs"].untag().dump()
    key, signature = leaf.public_key(), signer["signature"].native
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(algorithm()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), algorithm())
    else:
        raise Wrong("时间戳签名算法不识", "unknown signature algorithm")


def _chain(
    leaf: x509.Certificate, certificates: list[x509.Certificate], roots: list[x509.Certificate], at: datetime
) -> x509.Certificate:
    current = leaf
    for _ in range(DEPTH):
        held = current.not_valid_before_utc <= at <= current.not_valid_after_utc
        need(held, "证书在时间戳时刻无效", "a certificate was not valid at the timestamp's instant")
        issuer = next((root for root in roots if _issued(root, current)), None)
        if issuer is not None:
            held = issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc
            need(held, "根证书在时间戳时刻无效", "the root was not valid at the timestamp's instant")
            return issuer
        between = next((c for c in certificates if c is not current and _issued(c, current)), None)
        if between is None:
            break
        current = between
    raise Wrong("时间戳证书不出自已知的根", "the timestamp does not lead to a known root")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True

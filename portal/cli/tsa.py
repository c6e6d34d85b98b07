"""`sunbid tsa`: a small RFC 3161 authority for demonstrations and tests; production asks a licensed one."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
from asn1crypto import algos, cms, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.timestamps import MOST, QUERY, REPLY

POLICY = "1.3.6.1.4.1.58943.1"
"""A private number of no meaning: the policy of an authority that nobody has licensed."""

DAY = dt.timedelta(days=1)
Now = Callable[[], dt.datetime]


def wall() -> dt.datetime:
    """This machine's clock."""
    return dt.datetime.now(dt.UTC)


class SmallTimestampAuthority:
    """A root, a signer under it, and honest answers at whatever `now` says."""

    def __init__(self, root: x509.Certificate, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.root, self.certificate, self._key = root, certificate, key
        self._asn1 = asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

    @classmethod
    def create(cls, name: str, *, at: dt.datetime, days: int = 3650) -> SmallTimestampAuthority:
        """A new authority, valid from a day before `at`; its root's key is thrown away at once."""
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
        root = (
            _builder(root_name, root_name, root_key.public_key(), at=at, days=days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _builder(subject, root_name, key.public_key(), at=at, days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        return cls(root, certificate, key)

    @classmethod
    def in_folder(cls, folder: Path, name: str, *, at: dt.datetime) -> SmallTimestampAuthority:
        """The authority kept in `folder` (root.pem, tsa.pem, tsa.key 0600), made on the first call."""
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "root.pem").exists():
            made = cls.create(name, at=at)
            secret = made._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (folder / "tsa.key").touch(mode=0o600)
            (folder / "tsa.key").write_bytes(secret)
            (folder / "tsa.pem").write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
            (folder / "root.pem").write_bytes(made.root_pem)
        key = serialization.load_pem_private_key((folder / "tsa.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise click.ClickException(f"{folder / 'tsa.key'} is no P-256 key")
        root, certificate = (
            x509.load_pem_x509_certificate((folder / file).read_bytes()) for file in ("root.pem", "tsa.pem")
        )
        return cls(root, certificate, key)

    @property
    def root_pem(self) -> bytes:
        """The root, for who is to check the tokens."""
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(self, query: bytes, at: dt.datetime) -> bytes:
        """The DER TimeStampResp for a DER TimeStampReq at the instant; ValueError for what is no request we answer."""
        try:
            request = tsp.TimeStampReq.load(query, strict=True)
            imprint = request["message_imprint"]
            nonce, policy = request["nonce"].native, request["req_policy"].native
            known = imprint["hash_algorithm"]["algorithm"].native == "sha256"
        except (TypeError, KeyError):
            raise ValueError("not a timestamp request") from None
        if not known or len(imprint["hashed_message"].native) != 32 or policy not in (None, POLICY):
            raise ValueError("only SHA-256 under this authority's own policy")
        info: dict[str, Any] = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(120),
            "gen_time": at.astimezone(dt.UTC).replace(microsecond=0),
            "accuracy": {"seconds": 1},
        }
        if nonce is not None:
            info["nonce"] = nonce
        token = cms.ContentInfo({"content_type": "signed_data", "content": self._signed(tsp.TSTInfo(info).dump(), at)})
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

    def _signed(self, info: bytes, at: dt.datetime) -> cms.SignedData:
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        bound = tsp.ESSCertIDv2(
            {"hash_algorithm": sha256, "cert_hash": hashlib.sha256(bytes(self._asn1.dump())).digest()}
        )
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute(
                    {"type": "signing_time", "values": [cms.Time({"utc_time": at.replace(microsecond=0)})]}
                ),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
                cms.CMSAttribute(
                    {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [bound]})]}
                ),
            ]
        )
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": self._asn1.issuer,
                        "serial_number": self._asn1.serial_number,
                    }
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [sha256],
                "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info)},
                "certificates": [self._asn1],
                "signer_infos": [cms.SignerInfo(signer)],
            }
        )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, at: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - DAY)
        .not_valid_after(at + days * DAY)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def server(authority: SmallTimestampAuthority, now: Now, host: str, port: int) -> ThreadingHTTPServer:
    """An HTTP server that answers timestamp queries (RFC 3161 §3.4) and offers `/root.pem`; not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.headers.get("Content-Type") != QUERY or not 0 < length <= MOST:
                self.send_error(400)
                return
            try:
                self._send(authority.answer(self.rfile.read(length), now()), REPLY)
            except ValueError:
                self.send_error(400)

        def do_GET(self) -> None:
            if self.path == "/root.pem":
                self._send(authority.root_pem, "application/x-pem-file")
            else:
                self.send_error(404)

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keep no log: who asked when is nobody's business."""

    return ThreadingHTTPServer((host, port), Handler)


@contextmanager
def serving(authority: SmallTimestampAuthority, now: Now) -> Iterator[str]:
    """Serve on a free port of localhost until the block ends; gives the address."""
    running = server(authority, now, "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@click.command()
@click.option("--folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="where its keys lie")
@click.option("--name", default="Sunbid demonstration timestamps", show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8318, show_default=True, type=click.IntRange(1, 65535))
def tsa(folder: Path, name: str, host: str, port: int) -> None:
    """Answer RFC 3161 timestamp requests with a key of your own. For demonstrations: nobody has licensed it."""
    authority = SmallTimestampAuthority.in_folder(folder, name, at=wall())
    running = server(authority, wall, host, port)
    click.echo(f"http://{host}:{port}/ · root {folder / 'root.pem'}", err=True)
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        running.server_close()

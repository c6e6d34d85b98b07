"""`sunbid account`: a person's own keys in a folder, and signing in to a server with them. Needs no server code."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import click
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.rules.certificates import facts_of
from accounts.rules.identity import check_uscc
from accounts.rules.signing_in import login_message
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.seal.age import new_identity, recipient_of
from core.seal.keys import BidderKeys

SECONDS = 60
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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        files = {
            KEY: key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            AGE: (new_identity() + "\n").encode(),
            SECRET: (secrets.token_hex(32) + "\n").encode(),
            PUBLIC: public,
        }
        if name and identifier and person:
            files[REQUEST] = _request(key, name, check_uscc(identifier)[0], person)
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

    def sign(self, message: bytes) -> bytes:
        """DER ECDSA with SHA-256 over the message by the signing key."""
        key = serialization.load_pem_private_key(self._read(KEY), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Invalid("certificate.algorithm", field="key")
        return key.sign(message, ec.ECDSA(hashes.SHA256()))

    def accept_certificate(self, pem: str) -> None:
        """Keep the certificate the authority gave; Invalid("identity.other_key") unless it is for this key."""
        facts_of(pem)
        certified = x509.load_pem_x509_certificate(pem.encode("ascii")).public_key()
        if (
            certified.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
            != self.public_key
        ):
            raise Invalid("identity.other_key", field="certificate")
        write_private(self.folder / CERTIFICATE, pem.encode("ascii"))


def write_private(file: Path, content: bytes) -> None:
    """Write a file only its owner may read; on disk before this returns."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        os.fchmod(handle.fileno(), 0o600)
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


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


class Connection(requests.Session):
    """A requests session to one server: paths are joined to its address, JSON is asked for, the token is sent."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server.rstrip("/") + "/"
        self.headers["Accept"] = "application/json"
        # Proxy settings of the machine must not carry a bid past another host without the person knowing.
        self.trust_env = False

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As requests does, with `url` relative to the server, and 60 seconds at most without an answer."""
        options.setdefault("timeout", SECONDS)
        target = urljoin(self.server, str(url).lstrip("/")) if str(url).startswith("/") else url
        try:
            return super().request(method, target, *args, **options)
        except requests.RequestException as error:
            raise Refusal("server.unreachable", server=self.server, error=type(error).__name__) from None


def checked(response: requests.Response) -> requests.Response:
    """The response when it is good, else the server's refusal with its code and facts."""
    if response.ok:
        return response
    kinds: dict[int, type[Refusal]] = {401: Forbidden, 403: Forbidden, 404: Missing, 409: Conflict, 422: Invalid}
    try:
        body = response.json()
        code, facts = str(body["code"]), dict(body.get("facts") or {})
    except (ValueError, KeyError, TypeError):
        raise Refusal("server.answer", status=response.status_code) from None
    kind = kinds.get(response.status_code, Refusal)
    field = {"field": body["field"]} if kind is Invalid and body.get("field") else {}
    raise kind(code, **{name: value for name, value in facts.items() if name not in ("code", "field")}, **field)


def connect(server: str, identity: Path | str | Identity) -> Connection:
    """Sign in to the server by certificate challenge; every request of the returned session carries the token."""
    own = identity if isinstance(identity, Identity) else Identity(Path(identity))
    connection = Connection(server)
    challenge = checked(connection.post("/api/login/challenge")).json()["challenge"]
    answer = checked(
        connection.post(
            "/api/login/certificate",
            json={
                "challenge": challenge,
                "certificate": own.certificate,
                "signature": base64.b64encode(own.sign(login_message(challenge))).decode(),
            },
        )
    ).json()
    connection.headers["Authorization"] = f"Bearer {answer['token']}"
    return connection


@click.group()
def account() -> None:
    """Your own keys, and signing in with them."""


@account.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--organisation", default="", help="the organisation's name, for the certificate request")
@click.option("--uscc", default="", help="its unified social credit code")
@click.option("--person", default="", help="your name")
def keygen(folder: Path, organisation: str, uscc: str, person: str) -> None:
    """Make signing key, age identity and secret in FOLDER. Nothing is overwritten."""
    own = Identity.create(folder, name=organisation, identifier=uscc, person=person)
    click.echo(f"recipient  {own.recipient}")
    click.echo(f"public key {folder / PUBLIC}")


@account.command()
@click.option("--server", required=True, help="the platform's address")
@click.option("--identity", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def login(server: str, identity: Path, as_json: bool) -> None:
    """Sign in by certificate and say as whom the server knows you."""
    facts = checked(connect(server, identity).get("/account")).json()
    if as_json:
        json.dump(facts, sys.stdout, ensure_ascii=False)
        click.echo()
    else:
        click.echo(f"✓ {facts['name']} ({facts['login']}) · {facts['organisation']} · {', '.join(facts['roles'])}")


@account.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="one JSON object on stdout")
def show(folder: Path, as_json: bool) -> None:
    """Show what FOLDER holds, no secret of it."""
    own = Identity(folder)
    facts: dict[str, Any] = {"recipient": own.recipient}
    if (folder / CERTIFICATE).exists():
        certificate = facts_of(own.certificate)
        facts |= {
            "organisation": certificate.subject_name,
            "uscc": certificate.identifier,
            "person": certificate.person,
            "not_after": certificate.not_after.isoformat(),
            "fingerprint": certificate.fingerprint,
        }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in facts.items():
            click.echo(f"{name:12} {value}")

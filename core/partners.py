"""Documents exchanged with another platform: canonical JSON signed by its ledger key, asked for over HTTP.

Nothing here holds a transaction: whoever asks does so between two acts. What comes back is strangers' bytes until its
signature is checked.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import rfc8785
import urllib3

from core import canonical
from core.clock import from_iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.notes import Signer, Verifier

DOMAIN = b"sunbid-federation/v1\n"
KIND = "application/json"
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
SKEW = timedelta(minutes=10)
"""How far the instant of a document may lie from the reader's clock."""
MOST_ASKED, MOST_ANSWERED = 1024 * 1024, 32 * 1024 * 1024
"""Bytes of a question and of an answer (about a quarter of a million candidates)."""
PATIENCE = 15.0
"""Seconds an answer may take in all, however slowly it drips."""


@dataclass(frozen=True)
class Signed:
    """A document with the raw signature that came with it, believed or not."""

    document: dict[str, Any]
    signature: bytes

    def told(self) -> dict[str, Any]:
        """As it is kept and published: {document, signature in base64}."""
        return {"document": self.document, "signature": base64.b64encode(self.signature).decode()}

    def is_by(self, key: Verifier) -> bool:
        """Whether the key signed exactly this document."""
        return key.signed(DOMAIN + canonical.dumps(self.document), self.signature)


def sign(signer: Signer, document: Mapping[str, Any]) -> Signed:
    """The document signed by the platform's ledger key."""
    value = dict(document)
    return Signed(value, signer.sign(DOMAIN + canonical.dumps(value)))


def written(signed: Signed) -> bytes:
    """The one spelling in which it travels: canonical JSON of `told`."""
    return canonical.dumps(signed.told())


def read(raw: bytes) -> Signed:
    """The document in these bytes, not believed yet; Invalid("partner.malformed") for any other spelling."""
    try:
        value = json.loads(raw)
        if canonical.dumps(value) != raw or value.keys() != {"document", "signature"}:
            raise ValueError("spelling")
        signature = base64.b64decode(value["signature"], validate=True)
        if not isinstance(value["document"], dict) or base64.b64encode(signature).decode() != value["signature"]:
            raise ValueError("document")
    except (ValueError, TypeError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        raise Invalid("partner.malformed") from None
    return Signed(value["document"], signature)


def check_fresh(document: Mapping[str, Any], now: datetime) -> None:
    """Raise Conflict("partner.stale") unless the document's instant is within ten minutes of ours."""
    try:
        at = from_iso(str(document.get("at")))
        if at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise Invalid("partner.malformed") from None
    if abs(now - at) > SKEW:
        raise Conflict("partner.stale", at=at, now=now)


def check_signed(signed: Signed, key: Verifier) -> None:
    """Raise Forbidden("partner.signature") unless the key signed it."""
    if not signed.is_by(key):
        raise Forbidden("partner.signature", partner=key.name)


def check_address(url: str) -> str:
    """The base address without its last slash: https, or http on this machine; Invalid("partner.address")."""
    try:
        parts = urlsplit(url.strip())
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        named = False
    plain = named and parts.scheme == "http" and parts.hostname in HERE
    if not named or parts.query or parts.fragment or parts.username or not (parts.scheme == "https" or plain):
        raise Invalid("partner.address", field="url", found=url[:120])
    return url.strip().rstrip("/")


def post(url: str, raw: bytes, *, most: int = MOST_ANSWERED, patience: float = PATIENCE) -> bytes:
    """What the platform at `url` answers to these bytes.

    Conflict: partner.unreachable (no answer, or not within `patience` seconds), partner.refused with the code it gave
    (`said`), partner.too_large. Never follows a redirect.
    """
    ends = time.monotonic() + patience
    try:
        with requests.Session() as session:
            session.trust_env = urlsplit(url).hostname not in HERE
            with session.post(
                url,
                data=raw,
                headers={"Content-Type": KIND, "Accept": KIND, "User-Agent": "sunbid", "Accept-Encoding": "identity"},
                timeout=patience,
                allow_redirects=False,
                stream=True,
            ) as answer:
                found = _read(answer, most, ends)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Conflict("partner.unreachable", url=url, error=type(error).__name__) from None
    return taken(url, answer.status_code, found)


def taken(url: str, status: int, body: bytes) -> bytes:
    """The body of an answer that took what was sent; Conflict("partner.refused") with the code it gave otherwise."""
    if status == 200:
        return body
    raise Conflict("partner.refused", url=url, status=status, said=_said(body))


def _read(answer: requests.Response, most: int, ends: float) -> bytes:
    """At most `most` bytes before the deadline: a read at a time, so that a drip is seen."""
    parts: list[bytes] = []
    size = 0
    while part := answer.raw.read1(65536):
        parts.append(part)
        size += len(part)
        if size > most:
            raise Conflict("partner.too_large", most=most)
        if time.monotonic() > ends:
            raise OSError("slow")
    return b"".join(parts)


def _said(problem: bytes) -> str:
    """The code in a problem document; nothing of its words is shown, they are a stranger's."""
    try:
        code = json.loads(problem[:100_000]).get("code", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    text = str(code)[:60]
    return text if text.replace(".", "").replace("_", "").isalnum() and text.isascii() else ""

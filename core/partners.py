"""Documents exchanged with another platform: canonical JSON signed by its ledger key, asked for over HTTP.

Nothing here holds a transaction: whoever asks does so between two acts. What comes back is strangers' bytes until its
signature is checked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import rfc8785

from core import canonical, outgoing
from core.clock import from_iso
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.notes import Signer, Verifier
from core.outgoing import Network

DOMAIN = b"sunbid-federation/v1\n"
KIND = "application/json"
SKEW = timedelta(minutes=10)
"""How far the instant of a document may lie from the reader's clock."""
MOST_ASKED, MOST_ANSWERED = 1024 * 1024, 32 * 1024 * 1024
"""Bytes of a question and of an answer (about a quarter of a million candidates)."""


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


def check_address(url: str, networks: Sequence[Network] = ()) -> str:
    """The base address without its last slash, as outgoing messages may take it; Invalid("partner.address") for none.

    Invalid("outgoing.private") for the number of a machine inside a network that is not named as our own.
    """
    try:
        if urlsplit(url).query:
            raise Invalid("outgoing.url")
        return outgoing.check_address(url.strip().rstrip("/"), networks)
    except (ValueError, Invalid) as refused:
        if isinstance(refused, Invalid) and refused.code == "outgoing.private":
            raise
        raise Invalid("partner.address", field="url", found=url[:120]) from None


def post(
    url: str,
    raw: bytes,
    networks: Sequence[Network] = (),
    *,
    most: int = MOST_ANSWERED,
    patience: float = outgoing.PATIENCE,
    agent: str = "sunbid",
) -> bytes:
    """What the platform at `url` answers to these bytes; never asked inside a network that is not named as our own.

    Conflict: outgoing.private, partner.unreachable with the cause (no answer, or not within `patience` seconds),
    partner.refused with the code it gave (`said`), partner.too_large. Never follows a redirect.
    """
    headers = {"Content-Type": KIND, "Accept": KIND, "User-Agent": agent}
    try:
        answer = outgoing.post(url, raw, headers, networks=networks, patience=patience, most=most + 1)
    except outgoing.Unreachable as refused:
        if refused.cause == "private":
            raise Conflict("outgoing.private", host=urlsplit(url).hostname) from None
        raise Conflict("partner.unreachable", url=url, error=refused.cause) from None
    if len(answer.body) > most:
        raise Conflict("partner.too_large", most=most)
    return taken(url, answer.status, answer.body)


def taken(url: str, status: int, body: bytes) -> bytes:
    """The body of an answer that took what was sent; Conflict("partner.refused") with the code it gave otherwise."""
    if status == 200:
        return body
    raise Conflict("partner.refused", url=url, status=status, said=_said(body))


def _said(problem: bytes) -> str:
    """The code in a problem document; nothing of its words is shown, they are a stranger's."""
    try:
        code = json.loads(problem[:100_000]).get("code", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    text = str(code)[:60]
    return text if text.replace(".", "").replace("_", "").isalnum() and text.isascii() else ""

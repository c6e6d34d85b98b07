"""Standard Webhooks (standardwebhooks.com, 1.0): secrets, signatures, when to try again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from core.ledger.notes import Signer

DOMAIN = "sunbid-webhook/v1"
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""How long to wait after the first try, the second …; after the last there is no other (about three days)."""
TRIES = len(WAITS) + 1
OVERLAP = timedelta(hours=24)
"""How long an old secret still signs beside a new one."""


def spelled(secret: bytes) -> str:
    """A secret as its receiver is told it."""
    return "whsec_" + base64.b64encode(secret).decode()


def derived_secret(signer: Signer, number: str, generation: int) -> str:
    """The secret of a subscription begun before 0.7, made from the ledger's key, until its owner takes a new one."""
    return spelled(hashlib.sha256(signer.sign(f"{DOMAIN}\n{number}\n{generation}\n".encode())).digest())


def signature(secret: str, message: str, stamp: int, body: str) -> str:
    """`v1,` and the base64 HMAC-SHA256 over `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def headers(secrets: list[str], message: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of a message, signed with every secret that is good at the instant."""
    stamp = int(at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "sunbid-webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(signature(secret, message, stamp, body) for secret in secrets),
    }


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None when there is no other."""
    return WAITS[tries - 1] if tries < TRIES else None

"""The duty key: what is sealed to it lies on disk, what opens it only in memory, while somebody is on duty.

One X25519 identity of age (core.seal). Its recipient is in the database; the identity comes from the duty officer's own
file, at the start of a process or over the site, and is never written. Whoever holds database, disk and backups opens
nothing; whoever reads this process's memory while it is on duty does (docs/THREATS.md).
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from core.seal.age import check_identity, open_whole, recipient_of, seal_whole

MOST_KEPT = 20_000
"""Opened values kept in memory: what is sealed never changes, and a walk asks for the same table again and again."""


class Vault:
    """Holds the duty identity in memory. `is_open` says whether somebody is on duty."""

    def __init__(self) -> None:
        self._identity: str | None = None
        self._opened: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the identity is in memory."""
        return self._identity is not None

    @property
    def recipient(self) -> str | None:
        """The recipient of the identity in memory; None while nobody is on duty."""
        return recipient_of(self._identity) if self._identity else None

    def open(self, identity: str, *, recipient: str) -> None:
        """Go on duty with this identity (AGE-SECRET-KEY-1…); Invalid("duty.other_key") unless it is the recipient's."""
        check_identity(identity)
        if recipient_of(identity) != recipient:
            raise Invalid("duty.other_key", field="file")
        with self._lock:
            self._identity = identity

    def close(self) -> None:
        """Go off duty: the identity and everything opened with it leave the memory of this object."""
        with self._lock:
            self._identity = None
            self._opened.clear()

    def read(self, sealed: str) -> Any:
        """What was sealed; Conflict("duty.closed") while nobody is on duty, the refusals of `open_whole` otherwise."""
        with self._lock:
            identity, held = self._identity, self._opened.get(sealed)
        if identity is None:
            raise Conflict("duty.closed")
        if held is None:
            held = json.loads(open_whole(base64.b64decode(sealed), identity))
            with self._lock:
                if self._identity is not None:
                    if len(self._opened) >= MOST_KEPT:
                        self._opened.clear()
                    self._opened[sealed] = held
        return held


def seal_to(recipient: str, value: Mapping[str, Any]) -> str:
    """The value as canonical JSON in an age file for the recipient, base64; needs no key but the recipient."""
    return base64.b64encode(seal_whole(rfc8785.dumps(dict(value)), recipient)).decode("ascii")


def vault_of(session: Session) -> Vault:
    """The vault of the process this session belongs to."""
    held: Vault = session.info["vault"]
    return held

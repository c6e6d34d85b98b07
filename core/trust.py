"""Who vouches for the log from outside: the witnesses, the timestamping authority, and how long to wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from core.ledger.cosignatures import Cosigner
from core.outgoing import Network
from core.timestamps import Authority, read_roots


@dataclass(frozen=True)
class Trust:
    """The outside parties of this installation.

    `witnesses` must cosign a closing before anything of it is opened, `observers` may; `patience` is how long a
    closing waits for them before an officer may record an exception; `stamp_every` is the beat of the stamping.
    `networks`: those beside the public internet to which messages may go.
    """

    witnesses: tuple[Cosigner, ...] = ()
    observers: tuple[Cosigner, ...] = ()
    authority: Authority | None = None
    patience: timedelta = timedelta(minutes=5)
    stamp_every: timedelta = timedelta(minutes=1)
    networks: tuple[Network, ...] = ()

    @property
    def known(self) -> tuple[Cosigner, ...]:
        """Every witness whose cosignature is kept."""
        return (*self.witnesses, *self.observers)

    def told(self) -> dict[str, list[str]]:
        """As a notice says it: the required witnesses' keys, and the fingerprints of the authority's roots."""
        return {
            "witnesses": [str(cosigner) for cosigner in self.witnesses],
            "timestamp_roots": list(self.authority.fingerprints) if self.authority else [],
        }

    def published(self) -> dict[str, list[str]]:
        """What a program pins: keys of witnesses and observers, and the authority's roots in full (PEM)."""
        roots = self.authority.roots if self.authority else ()
        return {
            "witnesses": [str(cosigner) for cosigner in self.witnesses],
            "observers": [str(cosigner) for cosigner in self.observers],
            "timestamp_roots": [root.public_bytes(Encoding.PEM).decode() for root in roots],
        }


NOBODY = Trust()
"""No outside party at all: tests, and an installation that has not set any; pages say so."""


def read_trust(told: Mapping[str, Any]) -> Trust:
    """The keys and roots as `published` tells them, for a program to pin; Invalid where they are misspelled."""
    roots = tuple(root for pem in told["timestamp_roots"] for root in read_roots(pem.encode()))
    return Trust(
        witnesses=tuple(map(Cosigner.parse, told["witnesses"])),
        observers=tuple(map(Cosigner.parse, told["observers"])),
        authority=Authority("", roots) if roots else None,
    )

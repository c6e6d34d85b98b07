"""The draw as a pure function of a published seed: tickets, order, numbers (SEALING §10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import rfc8785

SEED_DOMAIN = b"sunbid-draw/v1\n"


def nonce_commitment(nonce: bytes) -> str:
    """What a party publishes before the pool is frozen: SHA-256 of its 32-byte nonce, hex."""
    return hashlib.sha256(nonce).hexdigest()


def list_digest(candidates: Sequence[str]) -> str:
    """The hash of the candidate list: SHA-256 of the canonical JSON of the sorted identifiers, hex."""
    return hashlib.sha256(rfc8785.dumps(sorted(candidates))).hexdigest()


def seed(label: str, reveals: Iterable[bytes]) -> bytes:
    """SHA-256("sunbid-draw/v1\\n" ‖ label ‖ LF ‖ the sorted 32-byte reveals).

    With one honest nonce nobody can steer the seed; the label keeps two draws with the same nonces apart.
    """
    parts = sorted(reveals)
    if not parts or any(len(part) != 32 for part in parts):
        raise ValueError("a seed needs 32-byte reveals")
    return hashlib.sha256(SEED_DOMAIN + label.encode() + b"\n" + b"".join(parts)).digest()


def ticket(seed_bytes: bytes, label: str, identifier: str) -> bytes:
    """SHA-256(seed ‖ label ‖ LF ‖ identifier): lower wins."""
    return hashlib.sha256(seed_bytes + label.encode() + b"\n" + identifier.encode()).digest()


def order(seed_bytes: bytes, label: str, candidates: Iterable[str]) -> list[str]:
    """The candidates by ascending ticket: the order of the draw, substitutes further down the same list."""
    return sorted(candidates, key=lambda identifier: (ticket(seed_bytes, label, identifier), identifier))


def number(seed_bytes: bytes, label: str, count: int) -> int:
    """A number in 0..count-1 without modulo bias: the winner among the tickets "0" … str(count-1)."""
    if count < 1:
        raise ValueError("nothing to draw from")
    return int(order(seed_bytes, label, (str(i) for i in range(count)))[0])


def check_reveals(commitments: Mapping[str, str], reveals: Mapping[str, bytes]) -> list[str]:
    """Return the parties whose reveal is missing or does not open their commitment."""
    return [
        party
        for party, commitment in sorted(commitments.items())
        if party not in reveals or nonce_commitment(reveals[party]) != commitment
    ]

"""The draw as a pure function of a published seed: tickets, order, numbers (SEALING §10)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

SEED_DOMAIN = b"sunbid-draw/v1\n"
BLOCK = 4096


def nonce_commitment(nonce: bytes) -> str:
    """What a party publishes before the pool is frozen: SHA-256 of its 32-byte nonce, hex."""
    return hashlib.sha256(nonce).hexdigest()


def list_digest(candidates: Sequence[str]) -> str:
    """The hash of the candidate list: SHA-256 of the canonical JSON (RFC 8785) of the sorted identifiers, hex."""
    # For a list of strings the stock encoder writes the same bytes (a test holds it to that), six times as fast.
    listed = json.dumps(sorted(candidates), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(listed.encode()).hexdigest()


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
    prefix, sha256 = seed_bytes + label.encode() + b"\n", hashlib.sha256

    def key(identifier: str) -> bytes:
        text = identifier.encode()
        return sha256(prefix + text).digest() + text

    return sorted(candidates, key=key)


def first(seed_bytes: bytes, label: str, candidates: Iterable[str], most: int) -> list[str]:
    """The first `most` of `order(…)`: one pass, which keeps no more than `most` tickets and a block of candidates."""
    prefix, sha256 = seed_bytes + label.encode() + b"\n", hashlib.sha256
    kept: list[tuple[bytes, str]] = []
    limit = b"\xff" * 32
    rest = iter(candidates)
    while block := list(islice(rest, BLOCK)):
        kept += [(own, text) for text in block if (own := sha256(prefix + text.encode()).digest()) <= limit]
        kept = sorted(kept)[:most]
        if len(kept) == most:
            limit = kept[-1][0] if kept else b""
    return [text for _, text in kept]


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

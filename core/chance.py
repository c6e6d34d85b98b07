"""Randomness as a value: the system's, or seeded bytes for tests and replays."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

Chance = Callable[[int], bytes]
"""`chance(n)` returns n random bytes."""

system: Chance = secrets.token_bytes


def seeded(seed: bytes) -> Chance:
    """Return a chance whose bytes are a pure function of `seed`: SHAKE-256 of seed and a call counter.

    Only for tests and the demo: who knows the seed knows every byte.
    """
    calls = 0

    def chance(n: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_256(seed + calls.to_bytes(8, "big")).digest(n)

    return chance

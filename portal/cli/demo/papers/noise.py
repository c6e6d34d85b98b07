"""Noise that is the same on every machine: numbers derived from a label by SHA-256, for invented data only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")

GRAIN = 1 << 48


class Noise:
    """An endless stream of numbers that depends on nothing but its label.

    It is no source of chance for the platform (that is `act.chance` and `core.draw`); it only makes invented
    documents vary the way real ones do, and vary alike every time.
    """

    def __init__(self, *label: object) -> None:
        self._label = "/".join(str(part) for part in label).encode()
        self._count = 0

    def _word(self) -> int:
        self._count += 1
        digest = hashlib.sha256(self._label + b"#" + str(self._count).encode()).digest()
        return int.from_bytes(digest[:6], "big")

    def below(self, bound: int) -> int:
        """An integer in [0, bound)."""
        return self._word() * bound // GRAIN

    def uniform(self) -> Decimal:
        """A decimal in [0, 1)."""
        return Decimal(self._word()) / Decimal(GRAIN)

    def normal(self) -> Decimal:
        """Nearly a standard normal deviate: twelve uniforms minus six, hence never beyond ±6."""
        return sum((self.uniform() for _ in range(12)), Decimal(0)) - 6

    def pick(self, things: Sequence[T]) -> T:
        """One of `things`."""
        return things[self.below(len(things))]

    def hexadecimal(self, digits: int) -> str:
        """`digits` upper-case hexadecimal digits, the first never zero."""
        first = "123456789ABCDEF"[self.below(15)]
        return first + "".join("0123456789ABCDEF"[self.below(16)] for _ in range(digits - 1))

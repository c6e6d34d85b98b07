"""How often phrases occur, as sorted arrays: asked for many keys at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import Keys

Numbers = NDArray[np.int64]


class Frequencies(Protocol):
    """Whoever can say how often phrases occur."""

    def of(self, keys: Keys) -> Numbers:
        """Give the count of each key; 0 for one never seen."""

    def __bool__(self) -> bool:
        """Say whether there is any."""


SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""Odd, from the golden ratio: its product's upper bits spread keys over slots (Knuth's multiplicative hashing)."""
FEW = 4_000
"""Up to so many questions a binary search is as fast as making the table."""
MOST_BITS = 22
"""Of a slot's number: a table of at most 20 MB."""


def slots_of(keys: Keys, bits: int) -> Numbers:
    """Give each key one of 2^bits slots."""
    return ((keys * SPREAD) >> np.uint64(64 - bits)).astype(np.int64)


@dataclass(frozen=True)
class Counted:
    """Counts in memory: ascending keys and their counts."""

    keys: Keys = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    counts: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, keys: Keys) -> Numbers:
        """Give the count of each key; 0 for one never seen."""
        if not self.keys.size:
            return np.zeros(keys.size, dtype=np.int64)
        if keys.size <= FEW:
            return self._sought(keys)
        bits, holder, shared = self._table
        slots = slots_of(keys, bits)
        at = holder[slots]
        found = np.where(self.keys[at] == keys, self.counts[at], 0)
        again = np.flatnonzero(shared[slots] & (self.keys[at] != keys))
        if again.size:
            found[again] = self._sought(keys[again])
        return found

    def _sought(self, keys: Keys) -> Numbers:
        at = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[at] == keys, self.counts[at], 0)

    @cached_property
    def _table(self) -> tuple[int, NDArray[np.int32], NDArray[np.bool_]]:
        """One key per slot; `shared` where a slot has others too, which are sought in the sorted keys."""
        bits = min(MOST_BITS, self.keys.size.bit_length() + 2)
        slots = slots_of(self.keys, bits)
        holder = np.zeros(1 << bits, dtype=np.int32)
        every = np.arange(self.keys.size, dtype=np.int32)
        holder[slots] = every
        shared = np.zeros(1 << bits, dtype=bool)
        shared[slots[holder[slots] != every]] = True
        return bits, holder, shared

    def __contains__(self, key: int) -> bool:
        return bool(self.of(np.array([key], dtype=np.uint64))[0])

    def __len__(self) -> int:
        return int(self.keys.size)

    def __bool__(self) -> bool:
        return bool(self.keys.size)


class Sieve:
    """A set of keys that are even in their upper bits: most that are not in it are told by one look at a table."""

    def __init__(self, keys: Keys) -> None:
        """Hold keys, ascending."""
        self._keys = Counted(keys, np.ones(keys.size, dtype=np.int64))
        bits = min(24, max(8, keys.size.bit_length() + 4))
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, dtype=bool)
        self._table[(keys >> self._shift).view(np.int64)] = True

    def holds(self, keys: Keys) -> NDArray[np.bool_]:
        """Say which keys are in the set."""
        told = self._table[(keys >> self._shift).view(np.int64)]
        perhaps = np.flatnonzero(told)
        told[perhaps] = self._keys.of(keys[perhaps]) > 0
        return np.asarray(told)

    def __bool__(self) -> bool:
        return bool(self._keys)


def counted(groups: list[Keys]) -> Counted:
    """Count in how many groups each key stands; each group holds a key once."""
    if not groups:
        return Counted()
    keys, counts = np.unique(np.concatenate(groups), return_counts=True)
    return Counted(keys, counts.astype(np.int64))


def smaller(one: Counted, other: Counted) -> Counted:
    """Give the smaller of two counts of the same keys."""
    return Counted(one.keys, np.minimum(one.counts, other.of(one.keys)))

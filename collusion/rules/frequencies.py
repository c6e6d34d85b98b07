"""How often phrases occur, as sorted arrays: asked for many keys at once."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts in memory: ascending keys and their counts."""

    keys: Keys = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    counts: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, keys: Keys) -> Numbers:
        """Give the count of each key; 0 for one never seen."""
        if not self.keys.size:
            return np.zeros(keys.size, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        return np.where(self.keys[at] == keys, self.counts[at], 0)

    def __contains__(self, key: int) -> bool:
        return bool(self.of(np.array([key], dtype=np.uint64))[0])

    def __len__(self) -> int:
        return int(self.keys.size)

    def __bool__(self) -> bool:
        return bool(self.keys.size)


def counted(groups: list[Keys]) -> Counted:
    """Count in how many groups each key stands; each group holds a key once."""
    if not groups:
        return Counted()
    keys, counts = np.unique(np.concatenate(groups), return_counts=True)
    return Counted(keys, counts.astype(np.int64))


def smaller(one: Counted, other: Counted) -> Counted:
    """Give the smaller of two counts of the same keys."""
    return Counted(one.keys, np.minimum(one.counts, other.of(one.keys)))

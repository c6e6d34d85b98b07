"""In how many sentences of the tender each two letters stand, told for a whole bid at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collusion.rules.frequencies import Counted
from collusion.rules.letters import Codes, Keys

WIDEST = 4_000
"""Letters of a tender up to which every two of them have a cell of their own."""
MANY = 255


class TenderPairs:
    """A square of the tender's letters, looked up without a key.

    0 says that the two stand nowhere in the tender side by side, 1 that a sentence ends between them wherever they do;
    otherwise one more than the sentences, MANY for that and more.
    """

    def __init__(self, pairs: Keys, counts: Counted) -> None:
        """Hold the pairs that stand side by side in a paragraph, and the sentences each stands in."""
        self._counts = Counted(pairs, np.minimum(counts.of(pairs) + 1, MANY))
        first, second = (pairs >> np.uint64(21)).astype(np.int64), (pairs & np.uint64(2**21 - 1)).astype(np.int64)
        letters = np.unique(np.concatenate([first, second]))
        self._width = letters.size + 1
        self._square = np.zeros(0, dtype=np.uint8)
        if self._width <= WIDEST:
            self._place = np.zeros(0x110000, dtype=np.int64)
            self._place[letters] = np.arange(1, self._width)
            self._square = np.zeros(self._width**2, dtype=np.uint8)
            self._square[self._place[first] * self._width + self._place[second]] = self._counts.counts

    def of(self, codes: Codes, pairs: Keys) -> NDArray[np.uint8]:
        """Give what is told of every two letters in a row."""
        if not self._square.size:
            return self._counts.of(pairs).astype(np.uint8)
        at = self._place[codes]
        cells = at[:-1] * self._width
        cells += at[1:]
        return self._square[cells]

"""The rarest two-letter phrases of each sentence of a bid: what is left of it when it is said in other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import Index, Keys, mixed
from collusion.rules.reading import Ordinary, Part

LEAST_SENTENCE = 12
"""Own letters below which a sentence is not sought in other words: too many say the same by chance."""
RAREST = 10
"""Phrases kept of a sentence: its pairs of them are the keys by which it is met."""
Phrases = NDArray[np.uint32]
ODD = np.uint32(0x9E3779B1)
"""A factor that spreads 32-bit numbers: different ones stay different."""
NOTHING = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class Rare:
    """The RAREST bigrams of sentences, a column each, 0 where there are fewer, and where each begins, in 16 bits."""

    phrases: Phrases
    places: NDArray[np.uint16]
    of: Index

    @classmethod
    def none(cls) -> Rare:
        """Of no sentence."""
        nothing = np.zeros((RAREST, 0), dtype=np.uint32)
        return cls(nothing, nothing.astype(np.uint16), np.zeros(0, dtype=np.int64))

    @classmethod
    def together(cls, parts: Sequence[Rare]) -> Rare:
        """Of the sentences of all parts."""
        return cls(
            np.concatenate([part.phrases for part in parts], axis=1),
            np.concatenate([part.places for part in parts], axis=1),
            np.concatenate([part.of for part in parts]),
        )


def rarest(part: Part, own: NDArray[np.bool_], pairs: Keys, ordinary: Ordinary) -> Rare:
    """Give the RAREST own phrases, each once, of the part's sentences that have LEAST_SENTENCE own letters.

    `pairs` are the part's `bigram_ids`. Of phrases equally rare the same are taken in every bid.
    """
    whole = own[1:] & own[:-1]
    whole[part.sentences[1:-1] - 1] = False
    at = np.flatnonzero(whole)
    letters = np.add.reduceat(own.view(np.uint8), part.sentences[:-1], dtype=np.int64)
    bounds = np.searchsorted(at, part.sentences)
    begins, counts = bounds[:-1], np.diff(bounds)
    counts[letters < LEAST_SENTENCE] = 0
    pairs = pairs[at]
    # One number to sort by: rarity, then a spread of the phrases equal in it, then where the phrase stands.
    low = np.uint64(max(1, int(at.size).bit_length()))
    keys = ordinary.ranks(pairs, part.told[at]) << np.uint64(48)
    keys |= mixed(pairs) >> (np.uint64(16) + low) << low
    keys |= np.arange(at.size, dtype=np.uint64)
    found = [Rare.none()]
    narrow, width = 0, 16
    while narrow < counts.max(initial=0):
        some = np.flatnonzero((counts > narrow) & (counts <= width))
        narrow, width = width, 2 * width
        if some.size:
            chosen = _least(keys, begins[some], counts[some], narrow, low).T
            there = np.minimum(chosen, at.size - 1)
            phrases = short(pairs[there]) * ODD
            phrases[chosen == at.size] = 0
            found.append(Rare(phrases, at[there].astype(np.uint16), some + part.first_sentence))
    return Rare.together(found)


def _least(keys: Keys, begins: Index, counts: Index, width: int, low: np.uint64) -> Index:
    """Give the places, a row for each span, of its RAREST least keys that differ above the `low` bits.

    Where a span has fewer the place is the number of keys.
    """
    column = np.arange(width)
    table = keys[np.minimum(begins[:, None] + column, keys.size - 1)]
    nothing = np.uint64(2**64 - 1)
    table[column >= counts[:, None]] = nothing
    table.sort(axis=1)
    least = table[:, : RAREST + 1] >> low
    again = np.flatnonzero(((least[:, 1:] == least[:, :-1]) & (table[:, :RAREST] != nothing)).any(axis=1))
    if again.size:
        some = table[again]
        some[:, 1:][some[:, 1:] >> low == some[:, :-1] >> low] = nothing
        some.sort(axis=1)
        table[again] = some
    least = table[:, :RAREST]
    places: Index = (least & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64)
    places[least == nothing] = keys.size
    return places


def short(pairs: Keys) -> Phrases:
    """Give two-letter phrases 32 bits: two phrases that differ only in letters beyond 65,535 become one."""
    return (pairs >> np.uint64(21) << np.uint64(16) | pairs & np.uint64(0xFFFF)).astype(np.uint32)

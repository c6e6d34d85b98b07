"""Where bids share sentences in other words or another order: met by their rarest bigrams, compared by all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import Index, Keys, distinct, ragged
from collusion.rules.meetings import equal_pairs, in_two, met_in_two, ordered, without_formulas
from collusion.rules.rarest import LEAST_SENTENCE, NOTHING, RAREST, Phrases, Rare
from collusion.rules.reading import Weights
from collusion.rules.seeding import Field, Links, offsets_of

SENTENCE_DICE = 0.5
"""Weighted Dice from which on two sentences are one in other words."""
NEIGHBOUR_DICE = 0.33
"""A sentence whose neighbour already matched needs less: edits come in stretches."""
AT_ONCE = 1_000_000
"""Letters of sentences compared at a time: bounds the memory, changes no result."""
TOLD_BITS = np.uint64(8)
PAIRS = np.triu_indices(RAREST, 1)
WORD = np.uint16(2)
"""Phrases that begin so close to one another are one word of the trade, which many sentences have by chance."""
LEAST_COMMON = 3
"""Rare bigrams two sentences must share, two of them not of one word, before they are compared at all."""
ROUNDS = 6
"""So many times neighbours of what was newly accepted are tried."""
STEPS = ((-1, -1), (1, 1), (-1, -2), (1, 2), (-2, -1), (2, 1))
"""Neighbours in the order of both bids; one sentence may have been left out or put in."""


def edited_links(field: Field) -> Links:
    """Find the sentences two bids share in other words or another order."""
    of = np.concatenate([seed.rare.of + field.sentence_offsets[n] for n, seed in enumerate(field.seeds)])
    one, other = _met([seed.rare for seed in field.seeds])
    width = np.int64(field.sentence_offsets[-1] + 1)
    codes = distinct((of[one] * width + of[other]).astype(np.uint64)).astype(np.int64)
    dice = _Dice(field)
    accepted = codes[dice(codes // width, codes % width) >= SENTENCE_DICE]
    accepted = _with_neighbours(field, accepted, width, dice)
    a, b = accepted // width, accepted % width
    begins, lengths = field.sentences, np.diff(field.sentences)
    return Links(begins[a], begins[b], lengths[a], lengths[b], np.zeros(a.size, dtype=bool), lengths[a])


def _met(rare: Sequence[Rare]) -> tuple[Index, Index]:
    """Give the columns, of two bids, that have LEAST_COMMON phrases in common, two of them of different words.

    Those two are sought within one half of all phrases: of exactly three in common some pairs are missed, of five none
    The two are sought within one half of all phrases, so of exactly three in common the pair of one
    half may be of one word: then the columns do not meet by them.
    """
    # A phrase that is among the rarest in one bid alone is left out first.
    told = in_two([one.phrases.ravel() for one in rare])
    phrases = [one.phrases * kept.reshape(one.phrases.shape) for one, kept in zip(rare, told, strict=True)]
    offsets = offsets_of([one.of.size for one in rare])
    made = [_pair_keys(table, one.places) for table, one in zip(phrases, rare, strict=True)]
    keys, column, bid = met_in_two([keys for keys, _ in made], [of + offsets[n] for n, (_, of) in enumerate(made)])
    keys, column, bid = without_formulas(*ordered(keys, column, bid))
    every = np.concatenate([table.T for table in phrases])
    ones, others = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for one, other in equal_pairs(keys, bid):
        a, b = column[one], column[other]
        both = np.concatenate([every[a], every[b]], axis=1)
        both.sort(axis=1)
        kept = np.count_nonzero((both[:, 1:] == both[:, :-1]) & (both[:, 1:] > 0), axis=1) >= LEAST_COMMON
        ones.append(a[kept])
        others.append(b[kept])
    return np.concatenate(ones), np.concatenate(others)


def _pair_keys(phrases: Phrases, places: NDArray[np.uint16]) -> tuple[Keys, Index]:
    """Give a key for each pair of a column's phrases that are not parts of the same four letters, and its column.

    Of any three phrases two are of one half of all phrases, and only pairs of one half are made: half as many.
    """
    one, other = phrases[PAIRS[0]], phrases[PAIRS[1]]
    less, more = np.minimum(one, other), np.maximum(one, other)
    good = less > 0
    good &= places[PAIRS[0]] - places[PAIRS[1]] + WORD > 2 * WORD
    good &= (less ^ more) < np.uint32(1 << 31)
    at = np.flatnonzero(good)
    keys = less.ravel()[at].astype(np.uint64)
    keys *= np.uint64(0x9E3779B97F4A7C15)
    keys += more.ravel()[at] * np.uint64(0xC2B2AE3D27D4EB4F)
    return keys, at % phrases.shape[1]


class _Dice:
    """Weighted Dice of two sentences' own two-letter phrases, for many pairs at once."""

    def __init__(self, field: Field) -> None:
        self._field = field

    def __call__(self, a: Index, b: Index) -> Weights:
        lengths = np.diff(self._field.sentences)
        longer = np.maximum(lengths[a], lengths[b])
        found = np.zeros(a.size)
        narrow, width = 0, 32
        while narrow < longer.max(initial=0):
            pairs = np.flatnonzero((longer > narrow) & (longer <= width))
            for some in np.array_split(pairs, 1 + pairs.size * width // AT_ONCE) if pairs.size else ():
                found[some] = self._of(a[some], b[some])
            narrow, width = width, 2 * width
        return found

    def _of(self, a: Index, b: Index) -> Weights:
        sentences, which = np.unique(np.concatenate([a, b]), return_inverse=True)
        bags = self._bags(sentences)
        mass = self._weighed(bags)
        one, other = which[: a.size], which[a.size :]
        both = np.concatenate([bags[one], bags[other]], axis=1)
        both.sort(axis=1)
        both[:, :-1][both[:, 1:] != both[:, :-1]] = NOTHING
        both[:, -1] = NOTHING
        total = mass[one] + mass[other]
        return np.where(total > 0, 2 * self._weighed(both) / np.maximum(total, 1e-9), 0.0)

    def _bags(self, sentences: Index) -> Keys:
        """Give the own two-letter phrases of sentences long enough, a row each, each once, and what is told of it."""
        field = self._field
        starts = field.sentences[sentences]
        at, owner = ragged(starts, field.sentences[sentences + 1] - starts)
        own = field.own[at]
        enough = np.bincount(owner, own, minlength=sentences.size) >= LEAST_SENTENCE
        kept = np.flatnonzero(enough[owner[1:]] & (owner[1:] == owner[:-1]) & own[1:] & own[:-1])
        pairs = field.codes[at[kept]].astype(np.uint64) << np.uint64(21) | field.codes[at[kept + 1]]
        pairs = pairs << TOLD_BITS | field.told[at[kept]]
        counts = np.bincount(owner[kept], minlength=sentences.size)
        bags = np.full((sentences.size, counts.max(initial=1)), NOTHING)
        bags[np.arange(bags.shape[1]) < counts[:, None]] = pairs
        bags.sort(axis=1)
        bags[:, :-1][bags[:, 1:] == bags[:, :-1]] = NOTHING
        return bags

    def _weighed(self, bags: Keys) -> Weights:
        """Give the weight of each row."""
        at = np.flatnonzero(bags != NOTHING)
        kept = bags.ravel()[at]
        weights = self._field.ordinary.weights(kept >> TOLD_BITS, (kept & np.uint64(255)).astype(np.uint8))
        return np.bincount(at // bags.shape[1], weights, minlength=len(bags)).astype(np.float64)


def _with_neighbours(field: Field, accepted: Index, width: np.int64, dice: _Dice) -> Index:
    """Add the neighbours of accepted pairs that are nearly alike, and theirs."""
    known, fresh = accepted, accepted
    for _ in range(ROUNDS):
        if not fresh.size:
            break
        a, b = fresh // width, fresh % width
        tried = []
        for step_a, step_b in STEPS:
            na, nb = a + step_a, b + step_b
            good = (na >= 0) & (nb >= 0) & (na < width - 1) & (nb < width - 1)
            for here, there in ((a, na), (b, nb)):
                good &= np.searchsorted(field.sentence_offsets, here, side="right") == np.searchsorted(
                    field.sentence_offsets, np.maximum(there, 0), side="right"
                )
            tried.append(na[good] * width + nb[good])
        candidates = np.setdiff1d(np.concatenate(tried), known)
        fresh = candidates[dice(candidates // width, candidates % width) >= NEIGHBOUR_DICE]
        known = np.union1d(known, fresh)
    return known

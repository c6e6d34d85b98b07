"""Where bids may share text: exact stretches by winnowed phrases, edited sentences by pairs of their rarest bigrams.

Everything is found for all bids at once by sorting keys, so that the cost follows the text and what is shared in it,
not the number of pairs. How many bids share a phrase is never a reason to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import GRAM, Codes, Keys, Places, gram_keys, mixed, ragged, runs
from collusion.rules.reading import ID_BITS, ID_MASK, LEAST_ISLAND, Ordinary, Source, Stream, Weights, bags

WINDOW = LEAST_ISLAND - GRAM + 1
"""Windows of this many grams meet every shared run of LEAST_ISLAND letters (winnowing, Schleimer et al. 2003)."""
REPEATED = 12
"""A seed standing more often than this within one bid is that author's formula and starts no match."""
NEAREST = 128
"""A phrase standing in more places than this is followed to the next so many of them from each."""
STRETCH = 12
"""Seeds of one diagonal this close belong to one stretch: a changed letter or two do not end it."""
LEAST_SENTENCE = 12
SENTENCE_DICE = 0.5
NEIGHBOUR_DICE = 0.33
"""A sentence whose neighbour already matched needs less: edits come in stretches."""
RAREST = 10
LEAST_MEETINGS = 2
"""Pairs of rare bigrams two sentences must share before they are compared at all."""
ROUNDS = 6
STEPS = ((-1, -1), (1, 1), (-1, -2), (1, 2), (-2, -1), (2, 1))
"""Neighbours in the order of both bids; one sentence may have been left out or put in."""

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Links:
    """Spans of letters that belong together, in the positions of `Field`; `exact` where they lie on one diagonal."""

    a: Index
    b: Index
    length_a: Index
    length_b: Index
    exact: NDArray[np.bool_]


class Seeds:
    """What of one bid can start a match; made once per bid, used for every pair."""

    def __init__(self, stream: Stream, ordinary: Ordinary) -> None:
        """Winnow the own text and bag its sentences."""
        self.stream = stream
        own = stream.sources == Source.OWN
        self.keys, self.places = winnowed(stream.codes, own, stream.paragraph)
        count = int(stream.sentence[-1]) + 1 if stream.sentence.size else 0
        letters = np.bincount(stream.sentence, own, minlength=count) if count else np.zeros(0)
        pairs = bags(stream.codes, stream.sentence, own)
        of = (pairs >> ID_BITS).astype(np.int64)
        enough = letters[of] >= LEAST_SENTENCE
        self.bag, of = pairs[enough], of[enough]
        self.weights = ordinary.weights(self.bag & ID_MASK)
        self.mass = np.bincount(of, self.weights, minlength=count)
        self.bounds = np.searchsorted(stream.sentence, np.arange(count + 1)) if count else np.zeros(1, dtype=np.int64)
        self.meetings, self.meeting_of = _meetings(self.bag & ID_MASK, of, self.weights)


def winnowed(codes: Codes, own: NDArray[np.bool_], paragraph: Places) -> tuple[Keys, Index]:
    """Give key and position of the least-keyed gram of each window of own letters, each once: the rightmost on ties."""
    starts, ends = runs(own, paragraph)
    long = ends - starts >= GRAM
    starts, lengths = starts[long], (ends - starts)[long] - GRAM + 1
    if not starts.size:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    at, owner = ragged(starts, lengths)
    keys = gram_keys(codes)[at]
    chosen = np.zeros(at.size, dtype=bool)
    # A run shorter than the window is one window of its own.
    width = np.minimum(lengths, WINDOW)
    index_in = at - starts[owner]
    opens = np.flatnonzero(index_in <= (lengths - width)[owner])
    best, where = keys[opens].copy(), opens.copy()
    for step in range(1, WINDOW):
        inside = width[owner[opens]] > step
        other = np.minimum(opens + step, keys.size - 1)
        better = inside & (keys[other] <= best)
        best[better], where[better] = keys[other][better], other[better]
    chosen[where] = True
    return keys[chosen], at[chosen]


def _meetings(ids: Keys, of: Index, weights: Weights) -> tuple[Keys, Index]:
    """Give a key for each pair of a sentence's RAREST bigrams that do not touch, and the sentence it belongs to."""
    if not ids.size:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    # One number to sort by: sentence, then falling weight, then a spread of the phrases equal in weight.
    falling = (65_535 - np.minimum(weights * 2_048, 65_535)).astype(np.uint64)
    spread = mixed(ids) >> np.uint64(38)
    order = np.argsort((of.astype(np.uint64) << ID_BITS) | (falling << np.uint64(26)) | spread)
    ids, of = ids[order], of[order]
    first = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    rank = np.arange(of.size) - np.repeat(first, np.diff(np.append(first, of.size)))
    kept = rank < RAREST
    row = np.cumsum(rank[kept] == 0) - 1
    table = np.zeros((int(row[-1]) + 1, RAREST), dtype=np.uint64)
    table[row, rank[kept]] = ids[kept]
    table.sort(axis=1)
    sentences = of[kept][rank[kept] == 0]
    left, right = np.triu_indices(RAREST, 1)
    one, other = table[:, left], table[:, right]
    half = np.uint64(21)
    low = np.uint64(2**21 - 1)
    apart = (one > 0) & (one & low != other >> half) & (other & low != one >> half)
    keys = mixed(one * np.uint64(0x9E3779B97F4A7C15) + mixed(other))
    return keys[apart], np.broadcast_to(sentences[:, None], apart.shape)[apart]


class Field:
    """All bids side by side: letters, paragraphs and sentences numbered through."""

    def __init__(self, seeds: Sequence[Seeds]) -> None:
        """Lay them out."""
        self.seeds = seeds
        streams = [seed.stream for seed in seeds]
        self.offsets = _offsets([stream.letters for stream in streams])
        self.codes = np.concatenate([stream.codes for stream in streams])
        self.own = np.concatenate([stream.sources for stream in streams]) == Source.OWN
        pieces = _offsets([len(stream.pieces) for stream in streams])
        self.piece_offsets = pieces
        self.paragraph = np.concatenate(
            [stream.paragraph + np.int32(pieces[n]) for n, stream in enumerate(streams)]
        ).astype(np.int32)
        self.sentence_offsets = _offsets([seed.bounds.size - 1 for seed in seeds])
        self.sentence = np.concatenate(
            [stream.sentence + np.int32(self.sentence_offsets[n]) for n, stream in enumerate(streams)]
        ).astype(np.int32)

    def bid_of(self, letters: Index) -> Index:
        """Give the bid each letter is of."""
        return np.searchsorted(self.offsets, letters, side="right") - 1


def _offsets(sizes: Sequence[int]) -> Index:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def exact_links(field: Field) -> Links:
    """Find the stretches two bids share letter by letter, changed letters inside them allowed."""
    keys = np.concatenate([seed.keys for seed in field.seeds])
    places = np.concatenate([seed.places + field.offsets[n] for n, seed in enumerate(field.seeds)])
    keys, places = _met_again(keys, places)
    bid = field.bid_of(places)
    keys, places, bid = _without_formulas(keys, places, bid)
    a, b = _pairs(keys, places, bid)
    order = np.lexsort((a, b - a))
    a, b = a[order], b[order]
    if not a.size:
        return Links(a, b, a, b, np.zeros(0, dtype=bool))
    same = (
        (np.diff(b - a) == 0)
        & (np.diff(a) <= STRETCH)
        & (np.diff(field.paragraph[a]) == 0)
        & (np.diff(field.paragraph[b]) == 0)
    )
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    last = np.append(first[1:], a.size) - 1
    start, shift = a[first], (b - a)[first]
    end = a[last] + GRAM
    start, end = _stretched(field, start, end, shift)
    at, owner = ragged(start, end - start)
    equal = (field.codes[at] == field.codes[at + shift[owner]]) & field.own[at] & field.own[at + shift[owner]]
    longest = _longest_run(equal, owner, start.size)
    kept = longest >= LEAST_ISLAND
    start, shift, length = start[kept], shift[kept], (end - start)[kept]
    return Links(start, start + shift, length, length, np.ones(start.size, dtype=bool))


def _met_again(keys: Keys, places: Index) -> tuple[Keys, Index]:
    """Keep what may stand twice, by a table of counters two to four times as large, sorted by key, then place."""
    bits = min(24, max(8, int(keys.size).bit_length() + 1))
    slots = (keys >> np.uint64(64 - bits)).astype(np.int64)
    counts = np.bincount(slots, minlength=1)
    kept = counts[slots] > 1
    keys, places = keys[kept], places[kept]
    # Places ascend already: a stable sort keeps them so within a key.
    order = np.argsort(keys, kind="stable")
    return keys[order], places[order]


def _without_formulas(keys: Keys, places: Index, bid: Index) -> tuple[Keys, Index, Index]:
    if not keys.size:
        return keys, places, bid
    first = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]) | (bid[1:] != bid[:-1])]))
    sizes = np.diff(np.append(first, keys.size))
    kept = np.repeat(sizes <= REPEATED, sizes)
    return keys[kept], places[kept], bid[kept]


def _pairs(keys: Keys, places: Index, bid: Index) -> tuple[Index, Index]:
    """Give every two places of one key in different bids."""
    found_a, found_b = [], []
    for step in range(1, NEAREST + 1):
        if keys.size <= step:
            break
        same = np.flatnonzero(keys[step:] == keys[:-step])
        if not same.size:
            break
        other = same[bid[same] != bid[same + step]]
        found_a.append(places[other])
        found_b.append(places[other + step])
    if not found_a:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(found_a), np.concatenate(found_b)


def _stretched(field: Field, start: Index, end: Index, shift: Index) -> tuple[Index, Index]:
    """Let every stretch grow over equal letters, up to STRETCH each way; seeds lie closer than that."""
    codes, paragraph = field.codes, field.paragraph
    start, end = start.copy(), end.copy()
    live = np.arange(start.size)
    for _ in range(STRETCH):
        at = start[live] - 1
        good = at >= 0
        other = at + shift[live]
        good &= (codes[at] == codes[other]) & (paragraph[at] == paragraph[start[live]])
        good &= paragraph[other] == paragraph[start[live] + shift[live]]
        live = live[good]
        start[live] -= 1
    live = np.arange(end.size)
    for _ in range(STRETCH):
        other = np.minimum(end[live] + shift[live], codes.size - 1)
        good = end[live] + shift[live] < codes.size
        good &= (codes[end[live]] == codes[other]) & (paragraph[end[live]] == paragraph[end[live] - 1])
        good &= paragraph[other] == paragraph[other - 1]
        live = live[good]
        end[live] += 1
    return start, end


def _longest_run(equal: NDArray[np.bool_], owner: Index, count: int) -> Index:
    starts, ends = runs(equal, owner.astype(np.int32))
    longest = np.zeros(count, dtype=np.int64)
    np.maximum.at(longest, owner[starts], ends - starts)
    return longest


def edited_links(field: Field) -> Links:
    """Find the sentences two bids share in other words or another order."""
    meetings = np.concatenate([seed.meetings for seed in field.seeds])
    of = np.concatenate([seed.meeting_of + field.sentence_offsets[n] for n, seed in enumerate(field.seeds)])
    bag = np.concatenate(
        [seed.bag + (np.uint64(field.sentence_offsets[n]) << ID_BITS) for n, seed in enumerate(field.seeds)]
    )
    weights = np.concatenate([seed.weights for seed in field.seeds])
    mass = np.concatenate([seed.mass for seed in field.seeds])
    keys, of = _met_again(meetings, of)
    bid = np.searchsorted(field.sentence_offsets, of, side="right") - 1
    keys, of, bid = _without_formulas(keys, of, bid)
    a, b = _pairs(keys, of, bid)
    width = np.int64(field.sentence_offsets[-1] + 1)
    every = np.sort(a * width + b)
    again = every[LEAST_MEETINGS - 1 :]
    codes = np.unique(again[again == every[: again.size]])
    dice = _Dice(bag, weights, mass)
    accepted = codes[dice(codes // width, codes % width) >= SENTENCE_DICE]
    accepted = _with_neighbours(field, accepted, width, dice)
    a, b = accepted // width, accepted % width
    bounds = np.concatenate(
        [seed.bounds[:-1] + field.offsets[n] for n, seed in enumerate(field.seeds)] + [field.offsets[-1:]]
    )
    ends = np.concatenate([seed.bounds[1:] + field.offsets[n] for n, seed in enumerate(field.seeds)])
    return Links(bounds[a], bounds[b], ends[a] - bounds[a], ends[b] - bounds[b], np.zeros(a.size, dtype=bool))


class _Dice:
    """Weighted Dice of two sentences' bags, for many pairs at once."""

    def __init__(self, bag: Keys, weights: Weights, mass: Weights) -> None:
        self.bag, self.weights, self.mass = bag, weights, mass
        self.bounds = np.searchsorted(bag, np.arange(mass.size + 1, dtype=np.uint64) << ID_BITS)

    def __call__(self, a: Index, b: Index) -> Weights:
        at, owner = ragged(self.bounds[a], self.bounds[a + 1] - self.bounds[a])
        wanted = (b[owner].astype(np.uint64) << ID_BITS) | (self.bag[at] & ID_MASK)
        place = np.minimum(np.searchsorted(self.bag, wanted), max(0, self.bag.size - 1))
        hit = self.bag[place] == wanted if self.bag.size else np.zeros(0, dtype=bool)
        common = np.bincount(owner[hit], self.weights[at[hit]], minlength=a.size)
        total = self.mass[a] + self.mass[b]
        return np.where(total > 0, 2 * common / np.maximum(total, 1e-9), 0.0)


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

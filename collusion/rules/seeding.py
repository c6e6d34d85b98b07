"""Where bids may share text: exact stretches by winnowed phrases, edited sentences by pairs of their rarest bigrams.

Everything is found for all bids at once by sorting keys, so that the cost follows the text and what is shared in it,
not the number of pairs. How many bids share a phrase is never a reason to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.frequencies import slots_of
from collusion.rules.letters import GRAM, Codes, Keys, Places, gram_keys, mixed, ragged, runs
from collusion.rules.meetings import (
    Index,
    equal_pairs,
    in_two,
    met_again,
    pairs_of,
    without_formulas,
)
from collusion.rules.reading import ID_BITS, ID_MASK, LEAST_ISLAND, Ordinary, Source, Stream, Weights, bags

WINDOW = LEAST_ISLAND - GRAM + 1
"""Windows of this many grams meet every shared run of LEAST_ISLAND letters (winnowing, Schleimer et al. 2003)."""
STRETCH = 12
"""Seeds of one diagonal this close belong to one stretch: a changed letter or two do not end it."""
BESIDE = LEAST_ISLAND - GRAM
"""Letters that a phrase lacks of the shortest run that counts."""
LEAST_SENTENCE = 12
SENTENCE_DICE = 0.5
NEIGHBOUR_DICE = 0.33
"""A sentence whose neighbour already matched needs less: edits come in stretches."""
RAREST = 10
ROWS = 50_000
"""Sentences whose pairs are made at a time."""
LEAST_MEETINGS = 2
"""Pairs of rare bigrams two sentences must share before they are compared at all."""
ROUNDS = 6
STEPS = ((-1, -1), (1, 1), (-1, -2), (1, 2), (-2, -1), (2, 1))
"""Neighbours in the order of both bids; one sentence may have been left out or put in."""


@dataclass(frozen=True, slots=True)
class Links:
    """Spans of letters that belong together, in the positions of `Field`; `exact` where they lie on one diagonal."""

    a: Index
    b: Index
    length_a: Index
    length_b: Index
    exact: NDArray[np.bool_]
    most: Index
    """Own letters of the first that can be equal, at most."""


class Seeds:
    """What of one bid can start a match; made once per bid, used for every pair."""

    def __init__(self, stream: Stream, ordinary: Ordinary) -> None:
        """Winnow the own text and bag its sentences."""
        self.stream = stream
        own = stream.sources == Source.OWN
        self.keys, self.places = winnowed(stream.codes, own, stream.paragraph, stream.grams)
        stream.grams = None
        count = int(stream.sentence[-1]) + 1 if stream.sentence.size else 0
        letters = np.bincount(stream.sentence, own, minlength=count) if count else np.zeros(0)
        pairs = bags(stream.codes, stream.sentence, own)
        of = (pairs >> ID_BITS).astype(np.int64)
        enough = letters[of] >= LEAST_SENTENCE
        self.bag, of = pairs[enough], of[enough]
        self.weights = ordinary.weights(self.bag & ID_MASK)
        self.mass = np.bincount(of, self.weights, minlength=count)
        self.bounds = np.searchsorted(stream.sentence, np.arange(count + 1)) if count else np.zeros(1, dtype=np.int64)
        self.rare, self.rare_of = _rarest(self.bag & ID_MASK, of, self.weights)


def winnowed(codes: Codes, own: NDArray[np.bool_], paragraph: Places, grams: Keys | None = None) -> tuple[Keys, Index]:
    """Give key and position of the least-keyed gram of each window of own letters, each once: the rightmost on ties."""
    starts, ends = runs(own, paragraph)
    long = ends - starts >= GRAM
    starts, lengths = starts[long], (ends - starts)[long] - GRAM + 1
    if not starts.size:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    at, owner = ragged(starts, lengths)
    keys = (gram_keys(codes) if grams is None else grams)[at]
    chosen = np.zeros(at.size, dtype=bool)
    last = at.size - WINDOW + 1
    if last > 0:
        best, where = keys[:last].copy(), np.arange(last)
        for step in range(1, WINDOW):
            better = keys[step : step + last] <= best
            np.copyto(best, keys[step : step + last], where=better)
            where[better] = np.flatnonzero(better) + step
        chosen[where[owner[:last] == owner[WINDOW - 1 :]]] = True
    # A run shorter than the window is one window of its own.
    short = lengths < WINDOW
    for start, length in zip((np.cumsum(lengths) - lengths)[short].tolist(), lengths[short].tolist(), strict=True):
        span = keys[start : start + length]
        chosen[start + length - 1 - int(np.argmin(span[::-1]))] = True
    return keys[chosen], at[chosen]


def _rarest(ids: Keys, of: Index, weights: Weights) -> tuple[NDArray[np.uint64], Index]:
    """Give the RAREST bigrams of each sentence, a row each, 0 where there are fewer, and the rows' sentences."""
    if not ids.size:
        return np.zeros((0, RAREST), dtype=np.uint64), np.zeros(0, dtype=np.int64)
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
    return table, of[first]


def _meetings(table: NDArray[np.uint64], of: Index, bid: Index) -> tuple[Keys, Index]:
    """Give a key for each pair of a sentence's rare bigrams that do not touch, and the sentence it belongs to.

    Only pairs that can stand in two bids: a bigram that is among the rarest in one bid alone is left out first, and so
    is a sentence left with too few for LEAST_MEETINGS pairs.
    """
    table = np.where(in_two(table, bid), table, np.uint64(0))
    table.sort(axis=1)
    counts = np.count_nonzero(table, axis=1)
    keys, sentences = [], []
    half, low = np.uint64(21), np.uint64(2**21 - 1)
    for count in range(2, RAREST + 1):
        if count * (count - 1) // 2 < LEAST_MEETINGS:
            continue
        rows = np.flatnonzero(counts == count)
        left, right = np.triu_indices(count, 1)
        for begin in range(0, rows.size, ROWS):
            some = rows[begin : begin + ROWS]
            ids = table[some, RAREST - count :]
            one, other = ids[:, left], ids[:, right]
            apart = (one & low != other >> half) & (other & low != one >> half)
            keys.append(mixed(one[apart] * np.uint64(0x9E3779B97F4A7C15) + mixed(other[apart])))
            sentences.append(np.repeat(of[some], np.count_nonzero(apart, axis=1)))
    if not keys:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    return np.concatenate(keys), np.concatenate(sentences)


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


def _offsets(sizes: Sequence[int]) -> Index:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def exact_links(field: Field) -> Links:
    """Find the stretches two bids share letter by letter, changed letters inside them allowed."""
    keys = np.concatenate([seed.keys for seed in field.seeds])
    places = np.concatenate([seed.places + field.offsets[n] for n, seed in enumerate(field.seeds)])
    bid = np.repeat(np.arange(len(field.seeds)), [seed.keys.size for seed in field.seeds])
    keys, places, bid = without_formulas(*met_again(keys, places, bid))
    a, b = _long_pairs(field, keys, places, bid)
    order = np.lexsort((a, b - a))
    a, b = a[order], b[order]
    if not a.size:
        return Links(a, b, a, b, np.zeros(0, dtype=bool), a)
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
    equal = (field.codes[at] == field.codes[at + shift[owner]]) & field.own[at]
    most = np.bincount(owner, equal, minlength=start.size).astype(np.int64)
    equal &= field.own[at + shift[owner]]
    longest = _longest_run(equal, owner, start.size)
    kept = longest >= LEAST_ISLAND
    start, shift, length = start[kept], shift[kept], (end - start)[kept]
    return Links(start, start + shift, length, length, np.ones(start.size, dtype=bool), most[kept])


def _long_pairs(field: Field, keys: Keys, places: Index, bid: Index) -> tuple[Index, Index]:
    """Give the pairs of places whose phrases are part of LEAST_ISLAND equal letters, and all others on their diagonals.

    Chance makes most phrases meet, and as many more as there are bids: what stands beside the phrase is looked at
    first, a byte per letter. On a diagonal where something long is shared the short ones hold it together.
    """
    beside = _beside(field, places)
    long_a, long_b = [], []
    for one, other in equal_pairs(keys, bid):
        kept = _reach(beside[one] ^ beside[other]) >= LEAST_ISLAND - GRAM
        long_a.append(places[one[kept]])
        long_b.append(places[other[kept]])
    if not long_a:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    bits = min(24, max(8, sum(a.size for a in long_a).bit_length() + 4))
    diagonals = np.zeros(1 << bits, dtype=bool)
    for a, b in zip(long_a, long_b, strict=True):
        diagonals[slots_of((b - a).astype(np.uint64), bits)] = True
    found_a, found_b = [], []
    for one, other in equal_pairs(keys, bid):
        a, b = places[one], places[other]
        kept = diagonals[slots_of((b - a).astype(np.uint64), bits)]
        found_a.append(a[kept])
        found_b.append(b[kept])
    return np.concatenate(found_a), np.concatenate(found_b)


def _beside(field: Field, places: Index) -> Keys:
    """A byte of each of the letters beside a phrase: three after it in the lower half, three before it in the upper.

    At the edge of own text or of a paragraph the bytes are of the place itself, so that they are equal to few others'.
    """
    size = field.codes.size
    spread = (field.codes * np.uint32(0x9E3779B1) >> np.uint32(24)).astype(np.uint64)
    own = mixed(places.astype(np.uint64))
    told = np.zeros(places.size, dtype=np.uint64)
    for half, steps in ((0, range(GRAM, GRAM + BESIDE)), (32, range(-1, -1 - BESIDE, -1))):
        for place, step in enumerate(steps):
            at = np.clip(places + step, 0, size - 1)
            inside = field.own[at] & (field.paragraph[at] == field.paragraph[places])
            byte = np.where(inside, spread[at], (own >> np.uint64(8 * place)) & np.uint64(255))
            told |= byte << np.uint64(half + 8 * place)
    return told


def _reach(differing: Keys) -> NDArray[np.int8]:
    """How many letters in a row are alike after and before, of the bytes that `_beside` gives, exclusive or."""
    total = np.zeros(differing.size, dtype=np.int8)
    for half in (0, 32):
        for place in range(1, BESIDE + 1):
            mask = np.uint64(((1 << 8 * place) - 1) << half)
            total += (differing & mask) == 0
    return total


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
    rare = np.concatenate([seed.rare for seed in field.seeds])
    of = np.concatenate([seed.rare_of + field.sentence_offsets[n] for n, seed in enumerate(field.seeds)])
    meetings, of = _meetings(rare, of, np.repeat(np.arange(len(field.seeds)), [len(seed.rare) for seed in field.seeds]))
    bag = np.concatenate(
        [seed.bag + (np.uint64(field.sentence_offsets[n]) << ID_BITS) for n, seed in enumerate(field.seeds)]
    )
    weights = np.concatenate([seed.weights for seed in field.seeds])
    mass = np.concatenate([seed.mass for seed in field.seeds])
    bid_of = np.repeat(np.arange(len(field.seeds)), np.diff(field.sentence_offsets))
    keys, of, bid = without_formulas(*met_again(meetings, of, bid_of[of]))
    a, b = pairs_of(keys, of, bid)
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
    lengths = ends[a] - bounds[a]
    return Links(bounds[a], bounds[b], lengths, ends[b] - bounds[b], np.zeros(a.size, dtype=bool), lengths)


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

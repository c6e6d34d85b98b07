"""Where bids share text letter by letter: the seeds of each bid, all bids side by side, runs of eight equal letters.

Everything is found for all bids at once by tables of slots and sorted keys, so that the cost follows the text and what
is shared in it, not the number of pairs. How many bids share a phrase is never a reason to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import (
    GRAM,
    Index,
    Keys,
    Places,
    bigram_ids,
    eights,
    quads,
    ragged,
    runs,
    stretches,
)
from collusion.rules.meetings import NEAREST, equal_pairs, met_in_two, ordered, without_formulas
from collusion.rules.rarest import Rare, rarest
from collusion.rules.reading import LEAST_ISLAND, Ordinary, Part, Source, Stream

EIGHT = LEAST_ISLAND
"""The shortest run that counts is the phrase it is found by."""
STRETCH = 12
"""Runs of GRAM equal letters of one diagonal this close are of one stretch: a changed letter or two do not end it."""
LOW_SEVEN, SIDE_BY_SIDE = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x0102040810204080)
"""All but the highest bit of every byte; what brings the lowest bits of eight bytes together in one."""


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
        """Key the runs of eight own letters and take the rarest bigrams of each sentence."""
        self.stream = stream
        found = [_seeds(part, ordinary) for part in stream.parts()]
        none = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int32), Rare.none()
        self.keys = np.concatenate([none[0], *(keys for keys, _, _ in found)])
        self.places = np.concatenate([none[1], *(places for _, places, _ in found)])
        self.rare = Rare.together([none[2], *(rare for _, _, rare in found)])


def _seeds(part: Part, ordinary: Ordinary) -> tuple[Keys, Places, Rare]:
    own = part.sources == Source.OWN
    pairs = bigram_ids(part.codes)
    keys = eights(quads(pairs))
    free = own.copy()
    _, ends = stretches(own, part.bounds)
    blocked = (ends[:, None] - np.arange(1, EIGHT)).ravel()
    free[blocked[blocked >= 0]] = False
    at = np.flatnonzero(free[: keys.size])
    return keys[at], (at + part.start).astype(np.int32), rarest(part, own, pairs, ordinary)


class Field:
    """All bids side by side: letters, paragraphs and sentences numbered through."""

    def __init__(self, seeds: Sequence[Seeds], ordinary: Ordinary) -> None:
        """Lay them out."""
        self.seeds, self.ordinary = seeds, ordinary
        streams = [seed.stream for seed in seeds]
        self.offsets = offsets_of([stream.letters for stream in streams])
        self.codes = np.concatenate([stream.codes for stream in streams])
        self.own = np.concatenate([stream.sources for stream in streams]) == Source.OWN
        self.told = np.concatenate([stream.told for stream in streams])
        self.piece_offsets = offsets_of([len(stream.paragraphs) for stream in streams])
        self.pieces = _side_by_side([stream.bounds for stream in streams], self.offsets)
        self.sentence_offsets = offsets_of([stream.sentences.size - 1 for stream in streams])
        self.sentences = _side_by_side([stream.sentences for stream in streams], self.offsets)
        lowest = np.zeros(self.codes.size + 8, dtype=np.uint8)
        lowest[: self.codes.size] = self.codes
        self.bytes = np.ndarray(self.codes.size + 1, np.uint64, lowest, 0, (1,))
        """A byte of each of the eight letters that begin at a letter."""
        self.begins = np.zeros(self.codes.size + 1, dtype=bool)
        self.begins[self.pieces] = True

    def paragraph_of(self, at: Index) -> Index:
        """Give the paragraphs of letters."""
        return np.searchsorted(self.pieces, at, side="right") - 1

    def sentence_of(self, at: Index) -> Index:
        """Give the sentences of letters."""
        return np.searchsorted(self.sentences, at, side="right") - 1


def offsets_of(sizes: Sequence[int]) -> Index:
    """Give where each of some things of these sizes begins when they lie one after another, and where the last ends."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _side_by_side(bounds: Sequence[Index], offsets: Index) -> Index:
    moved = [one[:-1] + offsets[n] for n, one in enumerate(bounds)]
    return np.concatenate([*moved, offsets[-1:]])


def exact_links(field: Field) -> Links:
    """Find the stretches two bids share letter by letter, changed letters inside them allowed."""
    a, b = _runs_of_eight(field)
    start, end, shift = _stretched(field, a, b - a)
    if not start.size:
        return Links(a, b, a, b, np.zeros(0, dtype=bool), a)
    at, owner = ragged(start, end - start)
    equal = (field.codes[at] == field.codes[at + shift[owner]]) & field.own[at]
    most = np.bincount(owner, equal, minlength=start.size).astype(np.int64)
    equal &= field.own[at + shift[owner]]
    longest = _longest_run(equal, owner, start.size)
    kept = longest >= LEAST_ISLAND
    start, shift, length = start[kept], shift[kept], (end - start)[kept]
    return Links(start, start + shift, length, length, np.ones(start.size, dtype=bool), most[kept])


def _runs_of_eight(field: Field) -> tuple[Index, Index]:
    """Give where runs of LEAST_ISLAND equal own letters begin, in two bids: of a longer run its first eight alone."""
    keys, places, bid = met_in_two(
        [seed.keys for seed in field.seeds], [seed.places + field.offsets[n] for n, seed in enumerate(field.seeds)]
    )
    keys, places, bid = without_formulas(*ordered(keys, places, bid))
    followed = np.zeros(field.codes.size + 1, dtype=bool)
    followed[places] = True
    followed[places[:-NEAREST][keys[:-NEAREST] == keys[NEAREST:]]] = False
    found_a, found_b = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for one, other in equal_pairs(keys, bid):
        a, b = places[one], places[other]
        first = ~(followed[a - 1] & followed[b - 1] & (field.codes[a - 1] == field.codes[b - 1]))
        found_a.append(a[first])
        found_b.append(b[first])
    return np.concatenate(found_a), np.concatenate(found_b)


def _stretched(field: Field, a: Index, shift: Index) -> tuple[Index, Index, Index]:
    """Let every eight equal letters grow along their diagonal, and at last over equal letters of whoever they are.

    Gives start, end and shift of each stretch once: the runs of one stretch all grow into it.
    """
    start, end = a.copy(), a + EIGHT
    for edge, step in ((start, -1), (end, 1)):
        live = _may_hop(field, edge, shift, step)
        while live.size:
            hop = _hop(field, edge[live], shift[live], step)
            edge[live] += step * hop
            live = live[hop > 0]
    order = np.lexsort((end, start, shift))
    start, end, shift = start[order], end[order], shift[order]
    once = np.ones(start.size, dtype=bool)
    once[1:] = (np.diff(start) != 0) | (np.diff(end) != 0) | (np.diff(shift) != 0)
    start, end, shift = start[once], end[once], shift[once]
    for edge, step in ((start, -1), (end, 1)):
        beside = np.clip(edge - (step < 0), 0, field.codes.size - 1)
        there = np.clip(beside + shift, 0, field.codes.size - 1)
        live = np.flatnonzero(field.codes[beside] == field.codes[there])
        letters, free = _ahead(field, edge[live], shift[live], step, STRETCH)
        free &= field.codes[letters] == field.codes[letters + shift[live][:, None]]
        edge[live] += step * np.logical_and.accumulate(free, axis=1).sum(axis=1)
    return start, end, shift


def _may_hop(field: Field, edge: Index, shift: Index, step: int) -> Index:
    """Give the edges from which `_hop` may get on, told by a byte of each of eight letters at a time: never too few."""
    count = STRETCH + GRAM - 1
    begin = edge - (GRAM - 1) if step > 0 else edge + GRAM - 1 - count
    there = begin + shift
    inside = (np.minimum(begin, there) >= 0) & (np.maximum(begin, there) + count <= field.codes.size)
    begin, there = np.where(inside, begin, 0), np.where(inside, there, 0)
    alike = np.zeros(edge.size, dtype=np.uint32)
    for word in range(count // 8):
        differing = field.bytes[begin + 8 * word] ^ field.bytes[there + 8 * word]
        # Where a byte is zero its highest bit is set, no carry passing to the next; then the bits side by side.
        zero = ~(((differing & LOW_SEVEN) + LOW_SEVEN) | differing | LOW_SEVEN) >> np.uint64(7)
        alike |= ((zero * SIDE_BY_SIDE) >> np.uint64(56)).astype(np.uint32) << np.uint32(8 * word)
    run = alike & (alike >> np.uint32(1))
    run &= run >> np.uint32(2)
    run &= alike >> np.uint32(GRAM - 1)
    return np.flatnonzero((run > 0) | ~inside)


def _hop(field: Field, edge: Index, shift: Index, step: int) -> Index:
    """Give how far beyond an edge the farthest run of GRAM equal own letters ends that begins up to STRETCH away."""
    back = step * (GRAM - 1)
    letters, free = _ahead(field, edge - back, shift, step, STRETCH + GRAM - 1)
    other = letters + shift[:, None]
    free &= (field.codes[letters] == field.codes[other]) & field.own[letters] & field.own[other]
    run = free[:, :STRETCH].copy()
    for place in range(1, GRAM):
        run &= free[:, place : place + STRETCH]
    return np.asarray(np.where(run, np.arange(1, STRETCH + 1), 0).max(axis=1, initial=0))


def _ahead(field: Field, edge: Index, shift: Index, step: int, count: int) -> tuple[Index, NDArray[np.bool_]]:
    """Give the next letters beyond an edge, outwards, and whether no paragraph of either side ends before them.

    An edge to the left is the first letter inside, one to the right the first outside.
    """
    letters = edge[:, None] + (np.arange(count) if step > 0 else np.arange(-1, -1 - count, -1))
    border = letters if step > 0 else letters + 1
    size = field.codes.size
    moved = border + shift[:, None]
    closed = field.begins[np.clip(border, 0, size)] | field.begins[np.clip(moved, 0, size)]
    letters = np.clip(letters, 0, size - 1)
    letters = np.clip(letters + shift[:, None], 0, size - 1) - shift[:, None]
    return np.maximum(letters, 0), ~np.logical_or.accumulate(closed, axis=1)


def _longest_run(equal: NDArray[np.bool_], owner: Index, count: int) -> Index:
    starts, ends = runs(equal, owner.astype(np.int32))
    longest = np.zeros(count, dtype=np.int64)
    np.maximum.at(longest, owner[starts], ends - starts)
    return longest

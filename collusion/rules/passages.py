"""Shared passages of bids: exact stretches and edited sentences, chained, each letter counted once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from rapidfuzz.distance import Indel

from collusion.rules.documents import Place
from collusion.rules.letters import Index, bigram_ids
from collusion.rules.reading import Ordinary, Piece, Source, written
from collusion.rules.rewording import edited_links
from collusion.rules.seeding import Field, Links, Seeds, exact_links

CHAIN_GAP = 15
"""Letters at most between two islands of one passage, in the other bid too unless it is a sentence said otherwise."""
LEAST_PASSAGE = 16
"""Equal own letters a passage must have to count."""

NEAR = 300
"""Passages at most so many letters apart on both sides were taken over together."""
SENTENCE_COUNTS = 40
"""Letters of one sentence that count at most: a long sentence of the trade is one accident, not three."""
SCATTERED = 0.25
"""Weight of a lone sentence: sentences of the trade lie about, what was copied lies together."""

Span = tuple[int, int]
__all__ = ["Comparison", "Comparisons", "Passage", "Seeds", "Side", "compare", "compare_all"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a passage: the paragraph and offset in it, the original text, its equal and its explained spans."""

    place: Place
    offset: int
    text: str
    equal: tuple[Span, ...]
    explained: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch two bids share: both sides, equal own letters, and rarity (mean surprise per letter, nats)."""

    a: Side
    b: Side
    matched: int
    rarity: float
    edited: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two bids share after subtraction; all counts are folded letters.

    `concentrated` counts what lies together in both bids, several sentences of it, and a quarter of lone sentences; of
    any one sentence 40 letters count.
    """

    passages: tuple[Passage, ...]
    matched: int
    concentrated: float
    own_a: int
    own_b: int
    letters_a: int
    letters_b: int


@dataclass(slots=True)
class _Group:
    """Links of one passage in the making: letters of the field on both sides, and which of them are equal."""

    pieces: tuple[int, int]
    a: Index
    b: Index
    span_a: Span
    span_b: Span
    matched: int
    edited: bool


def compare(a: Seeds, b: Seeds, ordinary: Ordinary) -> Comparison:
    """Find what two bids share of their own text, longest first."""
    return compare_all([a, b], ordinary)[0, 1]


def compare_all(seeds: Sequence[Seeds], ordinary: Ordinary) -> Comparisons:
    """Find what every two bids share of their own text, by their positions in `seeds`; the passages longest first."""
    field = Field(seeds, ordinary)
    exact, edited = exact_links(field), edited_links(field)
    found: dict[tuple[int, int], list[_Group]] = {}
    for links in _by_pieces(field, exact, edited):
        for group in _chained(field, links):
            bids = np.searchsorted(field.piece_offsets, group.pieces, side="right") - 1
            found.setdefault((int(bids[0]), int(bids[1])), []).append(group)
    shared = {}
    for pair, together in sorted(found.items()):
        groups = _each_letter_once(field, together)
        passages = tuple(_passage(field, group, ordinary) for group in groups)
        shared[pair] = passages, sum(passage.matched for passage in passages), _concentrated(field, groups)
    return Comparisons(shared, [seed.stream.own for seed in seeds], [seed.stream.letters for seed in seeds])


class Comparisons(Mapping[tuple[int, int], Comparison]):
    """The comparison of every two bids; most share nothing, and theirs are made when they are asked for."""

    def __init__(
        self, shared: dict[tuple[int, int], tuple[tuple[Passage, ...], int, float]], own: list[int], letters: list[int]
    ) -> None:
        """Hold what is shared, and each bid's letters, own and all."""
        self._shared, self._own, self._letters = shared, own, letters

    def __getitem__(self, pair: tuple[int, int]) -> Comparison:
        one, other = pair
        if not 0 <= one < other < len(self._own):
            raise KeyError(pair)
        shared = self._shared.get(pair, ((), 0, 0.0))
        return Comparison(*shared, self._own[one], self._own[other], self._letters[one], self._letters[other])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return combinations(range(len(self._own)), 2)

    def __len__(self) -> int:
        return len(self._own) * (len(self._own) - 1) // 2

    def sharing(self) -> list[tuple[int, int]]:
        """Give the pairs that share anything."""
        return [pair for pair, (passages, _, _) in self._shared.items() if passages]


@dataclass(frozen=True, slots=True)
class _Link:
    a: int
    b: int
    length_a: int
    length_b: int
    exact: bool
    most: int


def _by_pieces(field: Field, exact: Links, edited: Links) -> Iterable[list[_Link]]:
    """Give the links of two paragraphs that lie close enough to make a passage and are long enough together."""
    a, b = np.concatenate([exact.a, edited.a]), np.concatenate([exact.b, edited.b])
    lengths_a = np.concatenate([exact.length_a, edited.length_a])
    lengths_b = np.concatenate([exact.length_b, edited.length_b])
    straight = np.concatenate([exact.exact, edited.exact])
    if not a.size:
        return
    pieces = field.paragraph_of(a) * np.int64(field.piece_offsets[-1] + 1) + field.paragraph_of(b)
    order = np.lexsort((b, a + lengths_a, a, pieces))
    most = np.where(straight, np.concatenate([exact.most, edited.most]), LEAST_PASSAGE)
    together = np.zeros(a.size, dtype=np.int64)
    together[order] = _together(pieces[order], a[order], lengths_a[order])
    # Links of one diagonal each lie together only where they do on both sides.
    by_b = np.lexsort((b, together))
    on_both = np.zeros(a.size, dtype=np.int64)
    on_both[by_b] = _together(together[by_b], b[by_b], lengths_b[by_b])
    enough = np.bincount(on_both, most)[on_both] >= LEAST_PASSAGE
    kept = np.zeros(int(together.max()) + 1, dtype=bool)
    kept[together[enough | ~straight]] = True
    order = order[kept[together[order]]]
    first = np.flatnonzero(np.diff(together[order], prepend=-1))
    for chosen in np.split(order, first[1:]) if order.size else ():
        yield [
            _Link(*numbers)
            for numbers in zip(
                a[chosen].tolist(),
                b[chosen].tolist(),
                lengths_a[chosen].tolist(),
                lengths_b[chosen].tolist(),
                straight[chosen].tolist(),
                most[chosen].tolist(),
                strict=True,
            )
        ]


def _together(group: Index, start: Index, length: Index) -> Index:
    """Number the clusters of spans at most CHAIN_GAP apart: no chain passes from one to another.

    `group` ascends, and in a group `start` does.
    """
    inner = np.cumsum(np.diff(group, prepend=group[:1]) != 0) * np.int64(2 * (start.max() + length.max()) + CHAIN_GAP)
    reached = np.maximum.accumulate(start + length + inner)
    return np.cumsum(np.concatenate([[0], (start + inner)[1:] - reached[:-1] > CHAIN_GAP]))


def _chained(field: Field, links: list[_Link]) -> list[_Group]:
    chains: list[list[_Link]] = []
    reach = 0
    for link in links:
        if chains and link.a - reach <= CHAIN_GAP:
            near_b = any(
                link.b - other.b - other.length_b <= CHAIN_GAP and other.b - link.b - link.length_b <= CHAIN_GAP
                for other in chains[-1]
            )
            # Reordered sentences of one paragraph stay one passage; distant exact scraps do not.
            if near_b or not link.exact:
                chains[-1].append(link)
                reach = max(reach, link.a + link.length_a)
                continue
        chains.append([link])
        reach = link.a + link.length_a
    # Most chains are one chance phrase of the trade: their letters are not looked at one by one.
    long = [chain for chain in chains if sum(link.most for link in chain) >= LEAST_PASSAGE]
    return [group for chain in long if (group := _group(field, chain)) is not None]


def _group(field: Field, chain: list[_Link]) -> _Group | None:
    equal_a, equal_b = [], []
    for link in chain:
        one = field.codes[link.a : link.a + link.length_a]
        two = field.codes[link.b : link.b + link.length_b]
        if link.exact:
            at = np.flatnonzero(one == two)
            equal_a.append(at + link.a)
            equal_b.append(at + link.b)
            continue
        for block in Indel.opcodes(written(one), written(two)):
            if block.tag == "equal" and block.src_end - block.src_start >= 2:
                equal_a.append(np.arange(block.src_start, block.src_end) + link.a)
                equal_b.append(np.arange(block.dest_start, block.dest_end) + link.b)
    if not equal_a:
        return None
    a, b = np.unique(np.concatenate(equal_a)), np.unique(np.concatenate(equal_b))
    matched = min(int(np.count_nonzero(field.own[a])), int(np.count_nonzero(field.own[b])))
    if matched < LEAST_PASSAGE:
        return None
    return _Group(
        tuple(field.paragraph_of(np.array([chain[0].a, chain[0].b])).tolist()),
        a,
        b,
        (min(link.a for link in chain), max(link.a + link.length_a for link in chain)),
        (min(link.b for link in chain), max(link.b + link.length_b for link in chain)),
        matched,
        any(not link.exact for link in chain),
    )


def _each_letter_once(field: Field, groups: list[_Group]) -> list[_Group]:
    """Keep the best passage for each stretch of either bid: a formula repeated in many places is counted once."""
    taken: set[int] = set()
    kept = []
    for group in sorted(groups, key=lambda group: (-group.matched, group.span_a, group.span_b)):
        sides = [set(group.a.tolist()), set(group.b.tolist())]
        if any(2 * len(side & taken) > len(side) for side in sides):
            continue
        taken.update(*sides)
        kept.append(group)
    return kept


def _concentrated(field: Field, groups: list[_Group]) -> float:
    """Give the letters of clusters of several sentences and SCATTERED of lone ones, SENTENCE_COUNTS of each at most."""
    ordered = sorted(groups, key=lambda group: (group.span_a, group.span_b))
    cluster = list(range(len(ordered)))
    for n, group in enumerate(ordered):
        for m in range(n - 1, -1, -1):
            if group.span_a[0] - ordered[m].span_a[1] > 4 * NEAR:
                break
            if _apart(group.span_a, ordered[m].span_a) <= NEAR and _apart(group.span_b, ordered[m].span_b) <= NEAR:
                old, new = cluster[n], cluster[m]
                cluster = [new if value == old else value for value in cluster]
    sentences: dict[int, dict[int, int]] = {}
    for number, group in zip(cluster, ordered, strict=True):
        found, counts = np.unique(field.sentence_of(group.a[field.own[group.a]]), return_counts=True)
        held = sentences.setdefault(number, {})
        for sentence, count in zip(found.tolist(), counts.tolist(), strict=True):
            held[sentence] = min(SENTENCE_COUNTS, held.get(sentence, 0) + count)
    together = [sum(held.values()) for held in sentences.values() if len(held) > 1]
    alone = sorted(sum(held.values()) for held in sentences.values() if len(held) == 1)
    if not together and alone:
        together.append(alone.pop())
    return sum(together) + SCATTERED * sum(alone)


def _apart(one: Span, other: Span) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def _passage(field: Field, group: _Group, ordinary: Ordinary) -> Passage:
    own = group.a[field.own[group.a]]
    side_by_side = own[:-1][np.diff(own) == 1]
    ids = bigram_ids(field.codes[own])[np.diff(own) == 1] if own.size > 1 else np.zeros(0, dtype=np.uint64)
    rarity = float(ordinary.weights(ids).mean()) if side_by_side.size else 0.0
    return Passage(
        _side(field, group.pieces[0], group.a, group.span_a),
        _side(field, group.pieces[1], group.b, group.span_b),
        group.matched,
        round(rarity, 4),
        group.edited,
    )


def _side(field: Field, number: int, equal: Index, span: Span) -> Side:
    bid = int(np.searchsorted(field.piece_offsets, number, side="right")) - 1
    piece: Piece = field.seeds[bid].stream.piece(number - int(field.piece_offsets[bid]))
    begin = int(field.offsets[bid]) + piece.start
    start, end = span[0] - begin, span[1] - begin
    first, last = int(piece.origins[start]), int(piece.origins[end - 1]) + 1
    inside = np.arange(start, end)
    explained = inside[~np.isin(piece.sources[start:end], (Source.OWN, Source.JOINT))]
    return Side(
        piece.place,
        first,
        piece.text[first:last],
        _spans(piece.origins[equal - begin] - first),
        _spans(piece.origins[explained] - first),
    )


def _spans(letters: Index) -> tuple[Span, ...]:
    """Give runs of neighbouring letters of the original, ascending."""
    if not letters.size:
        return ()
    breaks = np.flatnonzero(np.diff(letters) > 1)
    starts = letters[np.concatenate([[0], breaks + 1])]
    ends = letters[np.concatenate([breaks, [letters.size - 1]])] + 1
    return tuple(zip(starts.tolist(), ends.tolist(), strict=True))

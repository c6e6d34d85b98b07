"""Shared passages of two bids: exact runs from winnowed seeds, edited sentences by rare bigrams, chained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Indel

from collusion.rules.background import GRAM, gram_key
from collusion.rules.documents import Place
from collusion.rules.reading import LEAST_ISLAND, Ordinary, Piece, Source, Stream

WINDOW = LEAST_ISLAND - GRAM + 1
"""Windows of this many grams meet every shared run of LEAST_ISLAND letters (winnowing, Schleimer et al. 2003)."""
REPEATED = 12
"""A seed standing more often than this within one bid is that author's formula and starts no match."""
CHAIN_GAP = 15
LEAST_SENTENCE = 12
SENTENCE_DICE = 0.5
NEIGHBOUR_DICE = 0.33
"""A sentence whose neighbour already matched needs less: edits come in stretches."""
RAREST = 10
LEAST_PASSAGE = 16
"""Equal own letters a passage must have to count."""

Span = tuple[int, int]


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
    """What two bids share after subtraction; all counts are folded letters."""

    passages: tuple[Passage, ...]
    matched: int
    own_a: int
    own_b: int
    letters_a: int
    letters_b: int


@dataclass(frozen=True, slots=True)
class _Link:
    """Folded spans of a paragraph pair that belong together; `exact` when they are equal letter by letter."""

    start_a: int
    end_a: int
    start_b: int
    end_b: int
    exact: bool


@dataclass(slots=True)
class _Sentence:
    piece: int
    start: int
    end: int
    bag: frozenset[str]
    mass: float


class Seeds:
    """What of one bid can start a match; made once per bid, used for every pair."""

    def __init__(self, stream: Stream, ordinary: Ordinary) -> None:
        """Winnow the own text and bag its sentences."""
        self.stream = stream
        self.weights: dict[str, float] = {}
        self.places: dict[int, list[tuple[int, int]]] = {}
        self.sentences: list[_Sentence] = []
        self.postings: dict[str, list[int]] = {}
        for number, piece in enumerate(stream.pieces):
            for start, end in piece.own_runs():
                for key, position in winnow(piece.folded.text, start, end):
                    self.places.setdefault(key, []).append((number, position))
            for start, end in piece.folded.sentences:
                self._bag(number, piece, start, end, ordinary)
        self.places = {key: where for key, where in self.places.items() if len(where) <= REPEATED}

    def _bag(self, number: int, piece: Piece, start: int, end: int, ordinary: Ordinary) -> None:
        if piece.sources.count(Source.OWN, start, end) < LEAST_SENTENCE:
            return
        text, sources = piece.folded.text, piece.sources
        bag = frozenset(
            text[i : i + 2] for i in range(start, end - 1) if sources[i] == Source.OWN and sources[i + 1] == Source.OWN
        )
        for bigram in bag:
            if bigram not in self.weights:
                self.weights[bigram] = ordinary.weight(bigram)
            self.postings.setdefault(bigram, []).append(len(self.sentences))
        self.sentences.append(_Sentence(number, start, end, bag, sum(self.weights[b] for b in bag)))


def winnow(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Give (key, position) of the least-keyed gram of each window, each once: the rightmost on ties."""
    keys = [gram_key(text[i : i + GRAM]) for i in range(start, end - GRAM + 1)]
    last = -1
    for first in range(max(1, len(keys) - WINDOW + 1)) if keys else ():
        window = keys[first : first + WINDOW]
        least = min(window)
        position = first + max(i for i, key in enumerate(window) if key == least)
        if position != last:
            last = position
            yield least, start + position


def compare(a: Seeds, b: Seeds, ordinary: Ordinary) -> Comparison:
    """Find what two bids share of their own text, longest first."""
    links: dict[tuple[int, int], list[_Link]] = {}
    _exact(a, b, links)
    _edited(a, b, links)
    passages = []
    for (number_a, number_b), found in sorted(links.items()):
        piece_a, piece_b = a.stream.pieces[number_a], b.stream.pieces[number_b]
        passages.extend(_chained(piece_a, piece_b, found, ordinary))
    passages = _each_letter_once(passages)
    return Comparison(
        passages=tuple(passages),
        matched=sum(passage.matched for passage in passages),
        own_a=a.stream.own,
        own_b=b.stream.own,
        letters_a=a.stream.letters,
        letters_b=b.stream.letters,
    )


def _exact(a: Seeds, b: Seeds, links: dict[tuple[int, int], list[_Link]]) -> None:
    covered: dict[tuple[int, int, int], int] = {}
    shared = sorted(key for key in a.places if key in b.places)
    starts = [(na, pa, nb, pb) for key in shared for na, pa in a.places[key] for nb, pb in b.places[key]]
    for number_a, at_a, number_b, at_b in sorted(starts):
        diagonal = (number_a, number_b, at_a - at_b)
        if covered.get(diagonal, -1) > at_a:
            continue
        piece_a, piece_b = a.stream.pieces[number_a], b.stream.pieces[number_b]
        text_a, text_b = piece_a.folded.text, piece_b.folded.text
        if text_a[at_a : at_a + GRAM] != text_b[at_b : at_b + GRAM]:
            continue
        back = 0
        while at_a - back > 0 and at_b - back > 0 and text_a[at_a - back - 1] == text_b[at_b - back - 1]:
            back += 1
        ahead = GRAM
        limit = min(len(text_a) - at_a, len(text_b) - at_b)
        while ahead < limit and text_a[at_a + ahead] == text_b[at_b + ahead]:
            ahead += 1
        covered[diagonal] = at_a + ahead
        link = _Link(at_a - back, at_a + ahead, at_b - back, at_b + ahead, True)
        if piece_a.sources.count(Source.OWN, link.start_a, link.end_a) >= LEAST_ISLAND:
            links.setdefault((number_a, number_b), []).append(link)


def _edited(a: Seeds, b: Seeds, links: dict[tuple[int, int], list[_Link]]) -> None:
    best: dict[int, tuple[float, int]] = {}
    for index, sentence in enumerate(a.sentences):
        votes: Counter[int] = Counter()
        rarest = sorted(sentence.bag, key=lambda bigram: (-a.weights[bigram], len(b.postings.get(bigram, ())), bigram))
        for bigram in [bigram for bigram in rarest if bigram in b.postings][: RAREST * 2]:
            if len(b.postings[bigram]) <= REPEATED * 2:
                votes.update(b.postings[bigram])
        for other, count in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:3]:
            if count < 3:
                break
            candidate = b.sentences[other]
            common = sum(a.weights[bigram] for bigram in sentence.bag & candidate.bag)
            dice = 2 * common / (sentence.mass + candidate.mass)
            if dice > best.get(index, (0.0, -1))[0]:
                best[index] = (dice, other)
    for index, (dice, other) in sorted(best.items()):
        near = any(
            step in best and abs(best[step][1] - other) <= 2 and best[step][0] >= SENTENCE_DICE
            for step in (index - 1, index + 1)
        )
        if dice >= SENTENCE_DICE or (near and dice >= NEIGHBOUR_DICE):
            one, two = a.sentences[index], b.sentences[other]
            link = _Link(one.start, one.end, two.start, two.end, False)
            links.setdefault((one.piece, two.piece), []).append(link)


def _chained(piece_a: Piece, piece_b: Piece, links: list[_Link], ordinary: Ordinary) -> list[Passage]:
    groups: list[list[_Link]] = []
    for link in sorted(links, key=lambda link: (link.start_a, link.end_a, link.start_b)):
        if groups and link.start_a - max(other.end_a for other in groups[-1]) <= CHAIN_GAP:
            near_b = any(
                link.start_b - other.end_b <= CHAIN_GAP and other.start_b - link.end_b <= CHAIN_GAP
                for other in groups[-1]
            )
            # Reordered sentences of one paragraph stay one passage; distant exact scraps do not.
            if near_b or not link.exact:
                groups[-1].append(link)
                continue
        groups.append([link])
    return [passage for group in groups if (passage := _passage(piece_a, piece_b, group, ordinary)) is not None]


def _passage(piece_a: Piece, piece_b: Piece, group: list[_Link], ordinary: Ordinary) -> Passage | None:
    equal_a: set[int] = set()
    equal_b: set[int] = set()
    for link in group:
        if link.exact:
            blocks = [(link.start_a, link.end_a, link.start_b)]
        else:
            one = piece_a.folded.text[link.start_a : link.end_a]
            two = piece_b.folded.text[link.start_b : link.end_b]
            blocks = [
                (link.start_a + block.src_start, link.start_a + block.src_end, link.start_b + block.dest_start)
                for block in Indel.opcodes(one, two)
                if block.tag == "equal" and block.src_end - block.src_start >= 2
            ]
        for start, end, start_b in blocks:
            equal_a.update(range(start, end))
            equal_b.update(range(start_b, start_b + end - start))
    own_a = [i for i in sorted(equal_a) if piece_a.sources[i] == Source.OWN]
    own_b = sum(piece_b.sources[i] == Source.OWN for i in equal_b)
    matched = min(len(own_a), own_b)
    if matched < LEAST_PASSAGE:
        return None
    text = piece_a.folded.text
    pairs = [text[i : i + 2] for i, j in pairwise(own_a) if j == i + 1]
    rarity = sum(ordinary.weight(pair) for pair in pairs) / max(1, len(pairs))
    return Passage(
        _side(piece_a, equal_a, min(link.start_a for link in group), max(link.end_a for link in group)),
        _side(piece_b, equal_b, min(link.start_b for link in group), max(link.end_b for link in group)),
        matched,
        round(rarity, 4),
        edited=any(not link.exact for link in group),
    )


def _side(piece: Piece, equal: set[int], start: int, end: int) -> Side:
    first, last = piece.folded.original(start, end)
    explained = {i for i in range(start, end) if piece.sources[i] not in (Source.OWN, Source.JOINT)}
    return Side(
        piece.place,
        first,
        piece.text[first:last],
        _spans(piece, equal, first),
        _spans(piece, explained, first),
    )


def _spans(piece: Piece, letters: set[int], first: int) -> tuple[Span, ...]:
    spans: list[Span] = []
    for letter in sorted(letters):
        start, end = piece.folded.origins[letter] - first, piece.folded.origins[letter] - first + 1
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return tuple(spans)


def _each_letter_once(passages: list[Passage]) -> list[Passage]:
    """Keep the best passage for each stretch of either bid: a formula repeated in many places is counted once."""
    taken: set[tuple[str, Place, int]] = set()
    kept = []
    for passage in sorted(passages, key=_order):
        letters = [_letters("a", passage.a), _letters("b", passage.b)]
        if any(2 * len(side & taken) > len(side) for side in letters):
            continue
        taken.update(*letters)
        kept.append(passage)
    return kept


def _order(passage: Passage) -> tuple[int, str, int, str, int, int]:
    a, b = passage.a, passage.b
    return -passage.matched, a.place.file, a.place.paragraph or 0, b.place.file, b.place.paragraph or 0, a.offset


def _letters(name: str, side: Side) -> set[tuple[str, Place, int]]:
    return {(name, side.place, side.offset + i) for start, end in side.equal for i in range(start, end)}

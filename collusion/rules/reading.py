"""What of a bid's text is its own: everything else is marked as the tender's, the archive's or a citation (App. D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from collusion.rules.background import Background
from collusion.rules.documents import Document, Place
from collusion.rules.folding import CITATIONS
from collusion.rules.frequencies import Counted
from collusion.rules.letters import (
    GRAM,
    Codes,
    Keys,
    Letters,
    Places,
    bigram_ids,
    distinct,
    fold_all,
    gram_keys,
    runs,
    within,
)

LEAST_ISLAND = 8
"""Shorter leftovers between explained text are joints, not text (App. D 5)."""
FUZZY_CONTAINMENT = 0.6
"""A sentence this far inside one tender sentence, by rarity-weighted bigrams, is the tender's (App. D 3)."""
LEAST_FUZZY = 10
RAREST_TRIED = 12
CANDIDATES = 4
LONGEST_POSTING = 400
ID_BITS, SENTENCE_BITS = np.uint64(42), np.uint64(22)
ID_MASK, SENTENCE_MASK = np.uint64(2**42 - 1), np.uint64(2**22 - 1)
Sources = NDArray[np.uint8]
Weights = NDArray[np.float64]


class Source(IntEnum):
    """Whose words they are."""

    OWN = 0
    TENDER = 1
    BACKGROUND = 2
    CITATION = 3
    JOINT = 4


@dataclass(slots=True)
class Piece:
    """One paragraph of a bid and the letters of the stream it holds.

    Letter by letter, `sources` says whose they are and `origins` where they stand in `text`.
    """

    place: Place
    text: str
    start: int
    end: int
    sources: Sources
    origins: Places
    row: bool = False


def _nothing() -> Places:
    return np.zeros(0, dtype=np.int32)


@dataclass(slots=True)
class Stream:
    """All text of one bid, in order, each paragraph once: the letters, and of each its paragraph, sentence, source."""

    bidder: str
    pieces: list[Piece] = field(default_factory=list)
    codes: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    paragraph: Places = field(default_factory=_nothing)
    sentence: Places = field(default_factory=_nothing)
    sources: Sources = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))
    grams: Keys | None = None
    """The key of the phrase that begins at each letter, until the seeds are made."""

    @property
    def letters(self) -> int:
        """Folded letters in all."""
        return int(self.codes.size)

    @property
    def own(self) -> int:
        """Folded letters left after subtraction."""
        return int(np.count_nonzero(self.sources == Source.OWN))


class Ordinary:
    """The words that prove nothing: the tender's own, and those of the archive."""

    def __init__(self, tender: Sequence[Document], background: Background) -> None:
        """Index the tender's sentences; other bids of this tender are never consulted."""
        self.background = background
        # In order of file, so that handing the same files over in another order changes nothing.
        documents = sorted(tender, key=lambda document: (document.file, document.sha256))
        letters = fold_all(paragraph.text for document in documents for paragraph in document.paragraphs)
        kept, _ = first_of_each(letters)
        self._codes = letters.codes[kept]
        self._sentence = _dense(letters.sentence[kept])
        paragraph = letters.paragraph[kept]
        keys = gram_keys(self._codes)
        grams = distinct(keys[within(paragraph, GRAM)]) if keys.size else keys
        self._grams = Counted(grams, np.ones(grams.size, dtype=np.int64))
        self._sentences = int(self._sentence[-1]) + 1 if self._sentence.size else 0
        self._bags = bags(self._codes, self._sentence)
        # The same pairs the other way round: the sentences of each bigram.
        self._postings = np.sort((self._bags & ID_MASK) << SENTENCE_BITS | self._bags >> ID_BITS)
        ids, counts = np.unique(self._postings >> SENTENCE_BITS, return_counts=True)
        self._frequency = Counted(ids, counts.astype(np.int64))

    def weights(self, ids: Keys) -> Weights:
        """Give the surprise of two-letter phrases in nats: by tender sentences or archived bids, the smaller."""
        return self._surprise(ids, self._frequency.of(ids))

    def _surprise(self, ids: Keys, told: NDArray[np.int64]) -> Weights:
        rarity = np.log((self._sentences + 2) / (told + 1))
        if not self.background.cold:
            bidders = self.background.bidders
            rarity = np.minimum(rarity, np.log((bidders + 2) / (self.background.bigrams.of(ids) + 1)) + 1)
        return np.asarray(np.maximum(0.05, rarity), dtype=np.float64)

    def explain(self, stream: Stream, cited: NDArray[np.bool_]) -> None:
        """Mark the letters of a bid that are not its author's own; `cited` are those inside citations."""
        sources = stream.sources
        sources[cited] = Source.CITATION
        keys = stream.grams = gram_keys(stream.codes)
        whole = within(stream.paragraph, GRAM) if keys.size else np.zeros(0, dtype=bool)
        if self._grams and keys.size:
            _mark(sources, whole & (self._grams.of(keys) > 0), Source.TENDER)
        if self.background.grams and keys.size:
            left = np.flatnonzero(whole)
            known = np.zeros(keys.size, dtype=bool)
            known[left] = self.background.grams.of(keys[left]) > 0
            _mark(sources, known, Source.BACKGROUND)
        if self._sentences:
            self._explain_fuzzily(stream)
        starts, ends = runs(sources == Source.OWN, stream.paragraph)
        for start, end in zip(starts[ends - starts < LEAST_ISLAND], ends[ends - starts < LEAST_ISLAND], strict=True):
            sources[start:end] = Source.JOINT

    def _explain_fuzzily(self, stream: Stream) -> None:
        if not stream.sentence.size:
            return
        pairs = bags(stream.codes, stream.sentence)
        of, ids = (pairs >> ID_BITS).astype(np.int64), pairs & ID_MASK
        told = self._frequency.of(ids)
        weights, inside = self._surprise(ids, told), told > 0
        count = int(stream.sentence[-1]) + 1
        total = np.bincount(of, weights, minlength=count)
        # No single tender sentence can hold more of a sentence than the whole tender does.
        most = np.bincount(of, weights * inside, minlength=count)
        length = np.bincount(stream.sentence, minlength=count)
        own = np.bincount(stream.sentence, stream.sources == Source.OWN, minlength=count)
        tried = np.flatnonzero((length >= LEAST_FUZZY) & (own > 0) & (most > FUZZY_CONTAINMENT * total))
        bounds = np.searchsorted(of, np.arange(count + 1))
        begins = np.searchsorted(stream.sentence, np.arange(count + 1))
        for index in tried.tolist():
            span = slice(bounds[index], bounds[index + 1])
            nearest = self._nearest(ids[span][inside[span]], weights[span][inside[span]], float(total[index]))
            if nearest is None:
                continue
            start, end = int(begins[index]), int(begins[index + 1])
            # Only what the tender really says is explained; what was put in between stays the bidder's own.
            for block in Indel.opcodes(written(stream.codes[start:end]), nearest):
                if block.tag == "equal" and block.src_end - block.src_start >= 2:
                    part = stream.sources[start + block.src_start : start + block.src_end]
                    part[part == Source.OWN] = Source.TENDER

    def _nearest(self, ids: Keys, weights: Weights, total: float) -> str | None:
        low = np.searchsorted(self._postings, ids << SENTENCE_BITS)
        high = np.searchsorted(self._postings, (ids + np.uint64(1)) << SENTENCE_BITS)
        rarest = np.lexsort((ids, high - low))[:RAREST_TRIED]
        found = [self._postings[low[i] : high[i]] for i in rarest.tolist() if high[i] - low[i] <= LONGEST_POSTING]
        if not found:
            return None
        sentences, votes = np.unique(np.concatenate(found) & SENTENCE_MASK, return_counts=True)
        best, chosen = 0.0, None
        for sentence in sentences[np.lexsort((sentences, -votes))][:CANDIDATES]:
            first, last = np.searchsorted(self._bags, [sentence << ID_BITS, (sentence + np.uint64(1)) << ID_BITS])
            inside = float(weights[np.isin(ids, self._bags[first:last] & ID_MASK)].sum()) / total
            if inside > best:
                best, chosen = inside, int(sentence)
        if chosen is None or best <= FUZZY_CONTAINMENT:
            return None
        start, end = np.searchsorted(self._sentence, [chosen, chosen + 1])
        return written(self._codes[start:end])


def _mark(sources: Sources, begins: NDArray[np.bool_], kind: Source) -> None:
    covered = np.zeros(sources.size, dtype=bool)
    for step in range(GRAM):
        covered[step : step + begins.size] |= begins
    sources[covered & (sources == Source.OWN)] = kind


def bags(codes: Codes, sentence: Places, kept: NDArray[np.bool_] | None = None) -> Keys:
    """Give every sentence's set of two-letter phrases, ascending: sentence in the upper 22 bits, phrase below."""
    if codes.size < 2:
        return np.zeros(0, dtype=np.uint64)
    mask = within(sentence, 2)
    if kept is not None:
        mask &= kept[:-1] & kept[1:]
    at = np.flatnonzero(mask)
    return distinct(sentence[at].astype(np.uint64) << ID_BITS | bigram_ids(codes)[at])


def written(codes: Codes) -> str:
    """Give folded letters as text."""
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def _dense(numbers: Places) -> Places:
    if not numbers.size:
        return numbers
    steps = np.zeros(numbers.size, dtype=np.int32)
    steps[1:] = numbers[1:] != numbers[:-1]
    return np.cumsum(steps, dtype=np.int32)


def first_of_each(letters: Letters) -> tuple[NDArray[np.bool_], list[int]]:
    """Say which letters stand in the first of equal paragraphs, and which paragraphs those are."""
    count = letters.starts.size
    bounds = np.searchsorted(letters.paragraph, np.arange(count + 1)).tolist()
    kept = np.zeros(letters.size, dtype=bool)
    seen: set[bytes] = set()
    numbers = []
    for number in range(count):
        start, end = bounds[number], bounds[number + 1]
        text = letters.codes[start:end].tobytes()
        if text and text not in seen:
            seen.add(text)
            kept[start:end] = True
            numbers.append(number)
    return kept, numbers


def read_bid(bidder: str, documents: Sequence[Document], ordinary: Ordinary) -> Stream:
    """Give a bid's text with every letter's source; bills of quantities and repeated paragraphs are left out."""
    paragraphs = [
        (Place(document.file, paragraph.page, paragraph.number), paragraph.text, paragraph.row)
        for document in documents
        if document.kind != "xlsx"
        for paragraph in document.paragraphs
    ]
    letters = fold_all(text for _, text, _ in paragraphs)
    kept, numbers = first_of_each(letters)
    cited = np.zeros(letters.size, dtype=bool)
    for match in CITATIONS.finditer(letters.raw):
        start, end = np.searchsorted(letters.origins, match.span())
        cited[start:end] = True
    stream = Stream(
        bidder,
        codes=letters.codes[kept],
        paragraph=_dense(letters.paragraph[kept]),
        sentence=_dense(letters.sentence[kept]),
        sources=np.zeros(int(np.count_nonzero(kept)), dtype=np.uint8),
    )
    bounds = np.searchsorted(stream.paragraph, np.arange(len(numbers) + 1)).tolist()
    origins = letters.origins[kept]
    for index, number in enumerate(numbers):
        place, text, row = paragraphs[number]
        start, end = bounds[index], bounds[index + 1]
        origin = origins[start:end] - letters.starts[number]
        stream.pieces.append(Piece(place, text, start, end, stream.sources[start:end], origin, row))
    ordinary.explain(stream, cited[kept])
    return stream

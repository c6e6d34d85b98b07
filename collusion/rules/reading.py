"""What of a bid's text is its own: everything else is marked as the tender's, the archive's or a citation (App. D)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from rapidfuzz.distance import Indel

from collusion.rules.background import GRAM, Background, gram_key
from collusion.rules.documents import Document, Place
from collusion.rules.folding import CITATIONS, Folded, fold

LEAST_ISLAND = 8
"""Shorter leftovers between explained text are joints, not text (App. D 5)."""
FUZZY_CONTAINMENT = 0.6
"""A sentence this far inside one tender sentence, by rarity-weighted bigrams, is the tender's (App. D 3)."""
LEAST_FUZZY = 10
RAREST_TRIED = 12
CANDIDATES = 4
LONGEST_POSTING = 400


class Source(IntEnum):
    """Whose words they are."""

    OWN = 0
    TENDER = 1
    BACKGROUND = 2
    CITATION = 3
    JOINT = 4


@dataclass(slots=True)
class Piece:
    """One paragraph of a bid: folded text and, letter by letter, whose words they are."""

    place: Place
    text: str
    folded: Folded
    sources: bytearray
    row: bool = False

    def own_runs(self) -> Iterable[tuple[int, int]]:
        """Give the maximal spans of own letters."""
        start = None
        for index, source in enumerate(self.sources):
            if source == Source.OWN and start is None:
                start = index
            elif source != Source.OWN and start is not None:
                yield start, index
                start = None
        if start is not None:
            yield start, len(self.sources)


@dataclass(slots=True)
class Stream:
    """All text of one bid, in order, each paragraph once."""

    bidder: str
    pieces: list[Piece] = field(default_factory=list)

    @property
    def letters(self) -> int:
        """Folded letters in all."""
        return sum(len(piece.sources) for piece in self.pieces)

    @property
    def own(self) -> int:
        """Folded letters left after subtraction."""
        return sum(piece.sources.count(Source.OWN) for piece in self.pieces)


class Ordinary:
    """The words that prove nothing: the tender's own, and those of the archive."""

    def __init__(self, tender: Sequence[Document], background: Background) -> None:
        """Index the tender's sentences; other bids of this tender are never consulted."""
        self.background = background
        self._grams: set[str] = set()
        self._sentences: list[str] = []
        self._bigrams: list[frozenset[str]] = []
        self._postings: dict[str, list[int]] = {}
        seen: set[str] = set()
        # In order of file, so that handing the same files over in another order changes nothing.
        for document in sorted(tender, key=lambda document: (document.file, document.sha256)):
            for paragraph in document.paragraphs:
                folded = fold(paragraph.text)
                if folded.text in seen:
                    continue
                seen.add(folded.text)
                self._grams.update(folded.text[i : i + GRAM] for i in range(len(folded.text) - GRAM + 1))
                for start, end in folded.sentences:
                    self._learn(folded.text[start:end])
        self._frequency: Mapping[str, int] = Counter(b for bag in self._bigrams for b in bag)

    def _learn(self, sentence: str) -> None:
        bag = bigrams(sentence)
        if not bag:
            return
        for bigram in bag:
            self._postings.setdefault(bigram, []).append(len(self._sentences))
        self._sentences.append(sentence)
        self._bigrams.append(bag)

    def weight(self, bigram: str) -> float:
        """Give the surprise of a two-letter phrase in nats: by tender sentences or archived bids, the smaller."""
        rarity = math.log((len(self._sentences) + 2) / (self._frequency.get(bigram, 0) + 1))
        if not self.background.cold:
            bidders = self.background.bidders
            rarity = min(rarity, math.log((bidders + 2) / (self.background.bigrams.get(bigram, 0) + 1)) + 1)
        return max(0.05, rarity)

    def explain(self, piece: Piece) -> None:
        """Mark the letters of a paragraph that are not its author's own."""
        text, sources = piece.folded.text, piece.sources
        for start, end in _citations(piece):
            sources[start:end] = bytes([Source.CITATION]) * (end - start)
        archive = self.background.grams
        for i in range(len(text) - GRAM + 1):
            gram = text[i : i + GRAM]
            if gram in self._grams:
                kind = Source.TENDER
            elif archive and gram_key(gram) in archive:
                kind = Source.BACKGROUND
            else:
                continue
            for j in range(i, i + GRAM):
                if sources[j] == Source.OWN:
                    sources[j] = kind
        for start, end in piece.folded.sentences:
            if end - start >= LEAST_FUZZY and sources.count(Source.OWN, start, end):
                self._explain_fuzzily(text, sources, start, end)
        for start, end in list(piece.own_runs()):
            if end - start < LEAST_ISLAND:
                sources[start:end] = bytes([Source.JOINT]) * (end - start)

    def _explain_fuzzily(self, text: str, sources: bytearray, start: int, end: int) -> None:
        sentence = text[start:end]
        nearest = self._nearest(sentence)
        if nearest is None:
            return
        # Only what the tender really says is explained; what was put in between stays the bidder's own.
        for block in Indel.opcodes(sentence, nearest):
            if block.tag == "equal" and block.src_end - block.src_start >= 2:
                for j in range(start + block.src_start, start + block.src_end):
                    if sources[j] == Source.OWN:
                        sources[j] = Source.TENDER

    def _nearest(self, sentence: str) -> str | None:
        bag = bigrams(sentence)
        weights = {bigram: self.weight(bigram) for bigram in bag}
        votes: Counter[int] = Counter()
        rarest = sorted(bag.intersection(self._postings), key=lambda b: (len(self._postings[b]), b))[:RAREST_TRIED]
        for bigram in rarest:
            if len(self._postings[bigram]) <= LONGEST_POSTING:
                for index in self._postings[bigram]:
                    votes[index] += 1
        total = sum(weights.values())
        best, found = 0.0, None
        for index, _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))[:CANDIDATES]:
            inside = sum(weights[bigram] for bigram in bag & self._bigrams[index]) / total
            if inside > best:
                best, found = inside, self._sentences[index]
        return found if best > FUZZY_CONTAINMENT else None


def bigrams(text: str) -> frozenset[str]:
    """Give the set of two-letter phrases."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def _citations(piece: Piece) -> Iterable[tuple[int, int]]:
    spans = [match.span() for match in CITATIONS.finditer(piece.text)]
    if not spans:
        return
    origins = piece.folded.origins
    for start, end in spans:
        inside = [i for i, origin in enumerate(origins) if start <= origin < end]
        if inside:
            yield inside[0], inside[-1] + 1


def read_bid(bidder: str, documents: Sequence[Document], ordinary: Ordinary) -> Stream:
    """Give a bid's text with every letter's source; bills of quantities and repeated paragraphs are left out."""
    stream = Stream(bidder)
    seen: set[str] = set()
    for document in documents:
        if document.kind == "xlsx":
            continue
        for paragraph in document.paragraphs:
            folded = fold(paragraph.text)
            if not folded.text or folded.text in seen:
                continue
            seen.add(folded.text)
            place = Place(document.file, paragraph.page, paragraph.number)
            piece = Piece(place, paragraph.text, folded, bytearray(len(folded.text)), paragraph.row)
            ordinary.explain(piece)
            stream.pieces.append(piece)
    return stream

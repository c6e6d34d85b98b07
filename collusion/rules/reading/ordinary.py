"""The words that prove nothing, and the marking of a bid's letters that are theirs (App. D)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel

from collusion.rules.background import Background
from collusion.rules.documents import Document
from collusion.rules.frequencies import SPREAD, Counted, Sieve
from collusion.rules.letters import (
    GRAM,
    Index,
    Keys,
    bigram_ids,
    distinct,
    fives,
    fold_all,
    gram_keys,
    keep_what_is_freed,
    not_before,
    numbered,
    ragged,
    stretches,
)
from collusion.rules.reading.paragraphs import ID_BITS, bags, each_once, picked, written
from collusion.rules.reading.stream import Part, Source, Sources, Stream
from collusion.rules.tender_pairs import MANY, TenderPairs

LEAST_ISLAND = 8
"""Shorter leftovers between explained text are joints, not text (App. D 5)."""
FUZZY_CONTAINMENT = 0.6
"""A sentence this far inside one tender sentence, by rarity-weighted bigrams, is the tender's (App. D 3)."""
LEAST_FUZZY = 10
"""Letters of a sentence below which it is not held against the tender's sentences, only against its phrases."""
RAREST_TRIED = 12
"""Two-letter phrases of a sentence, the rarest in the tender, by which the tender's sentences are looked up."""
CANDIDATES = 4
"""Tender sentences compared in full: those that most of these phrases lead to."""
LONGEST_POSTING = 400
"""A phrase in more sentences of the tender than this leads to none of them."""
AT_ONCE = 1_000_000
"""Cells of a table of bags and tender sentences at a time: eight megabytes."""
SENTENCE_BITS = np.uint64(22)
ID_MASK, SENTENCE_MASK = np.uint64(2**42 - 1), np.uint64(2**22 - 1)
Weights = NDArray[np.float64]


class Ordinary:
    """The words that prove nothing: the tender's own, and those of the archive."""

    def __init__(self, tender: Sequence[Document], background: Background) -> None:
        """Index the tender's sentences; other bids of this tender are never consulted."""
        keep_what_is_freed()
        self.background = background
        # In order of file, so that handing the same files over in another order changes nothing.
        documents = sorted(tender, key=lambda document: (document.file, document.sha256))
        letters = fold_all(paragraph.text for document in documents for paragraph in document.paragraphs)
        self._paragraphs: set[bytes] = set()
        kept = each_once(letters, self._paragraphs)
        at, bounds, self._sentence = picked(letters, kept)
        self._codes = letters.codes[at]
        pairs = bigram_ids(self._codes)
        begins = np.flatnonzero(not_before(bounds[1:], GRAM, max(0, self._codes.size - GRAM + 1)))
        self._grams = Sieve(distinct(fives(pairs, begins)))
        self._sentences = self._sentence.size - 1
        self._bags = bags(self._codes, numbered(self._sentence))
        # The same pairs the other way round: the sentences of each bigram.
        self._postings = np.sort((self._bags & ID_MASK) << SENTENCE_BITS | self._bags >> ID_BITS)
        ids, counts = np.unique(self._postings >> SENTENCE_BITS, return_counts=True)
        self._frequency = Counted(ids, counts.astype(np.int64))
        self._rarity = np.log((self._sentences + 2) / (np.arange(self._sentences + 1) + 1))
        inside = not_before(bounds[1:], 2, pairs.size)
        self._told = TenderPairs(distinct(pairs[inside]), self._frequency)
        self._fewer = self._rarity[np.clip(np.arange(MANY + 1) - 1, 0, self._sentences)]
        self._inside = np.where(np.arange(MANY + 1) < 2, 0, np.maximum(0.05, self._fewer))
        self._ranks = _rank(np.maximum(0.05, self._fewer))

    def weights(self, ids: Keys, told: NDArray[np.uint8] | None = None) -> Weights:
        """Give the surprise of two-letter phrases in nats: by tender sentences or archived bids, the smaller.

        `told` is what `read_bid` found of them, where it is at hand.
        """
        if told is None or not self.background.cold:
            return self._surprise(ids, self._frequency.of(ids))
        weights = np.maximum(0.05, self._fewer)[told]
        many = np.flatnonzero(told == MANY)
        if many.size:
            weights[many] = self.weights(ids[many])
        return weights

    def _surprise(self, ids: Keys, told: NDArray[np.int64]) -> Weights:
        rarity = self._rarity[told]
        if not self.background.cold:
            bidders = self.background.bidders
            rarity = np.minimum(rarity, np.log((bidders + 2) / (self.background.bigrams.of(ids) + 1)) + 1)
        return np.asarray(np.maximum(0.05, rarity), dtype=np.float64)

    def ranks(self, ids: Keys, told: NDArray[np.uint8]) -> Keys:
        """Give two-letter phrases a rank of 16 bits, the rarest first; `told` is what `read_bid` found of them."""
        if not self.background.cold or (told == MANY).any():
            return _rank(self.weights(ids, told))
        return self._ranks[told]

    def holds(self, paragraph: bytes) -> bool:
        """Say whether a paragraph of GRAM letters or more stands in the tender word for word."""
        return paragraph in self._paragraphs

    def explain(self, stream: Stream) -> None:
        """Mark the letters of a bid that are not its author's own; citations are marked before."""
        for number in stream.known:
            span = stream.sources[stream.bounds[number] : stream.bounds[number + 1]]
            span[span == Source.OWN] = Source.TENDER
        for part in stream.parts():
            self._explain(part)

    def _explain(self, part: Part) -> None:
        sources = part.sources
        pairs = bigram_ids(part.codes)
        told = part.told[: pairs.size]
        told[:] = self._told.of(part.codes, pairs)
        whole = not_before(part.bounds[1:], GRAM, max(0, part.codes.size - GRAM + 1))
        if self._grams and whole.size:
            # A phrase is of the tender only where each two of its letters are.
            known = told > 0
            begins = known[:-3] & known[1:-2] & known[2:-1] & known[3:] & whole
            at = np.flatnonzero(begins)
            begins[at] = self._grams.holds(fives(pairs, at))
            _mark(sources, begins, Source.TENDER)
        if self.background.grams and whole.size:
            left = np.flatnonzero(whole)
            known = np.zeros(whole.size, dtype=bool)
            known[left] = self.background.grams.of(gram_keys(part.codes)[left]) > 0
            _mark(sources, known, Source.BACKGROUND)
        if self._sentences and pairs.size:
            self._explain_fuzzily(part, pairs)
        starts, ends = stretches(sources == Source.OWN, part.bounds)
        short = ends - starts < LEAST_ISLAND
        sources[ragged(starts[short], (ends - starts)[short])[0]] = Source.JOINT

    def _explain_fuzzily(self, part: Part, pairs: Keys) -> None:
        tried = self._perhaps_quoted(part, pairs)
        if not tried.size:
            return
        length = np.diff(part.sentences)[tried]
        at, owner = ragged(part.sentences[tried], length - 1)
        bag = distinct(owner.astype(np.uint64) << ID_BITS | pairs[at])
        of, ids = (bag >> ID_BITS).astype(np.int64), bag & ID_MASK
        told = self._frequency.of(ids)
        weights = self._surprise(ids, told)
        total = np.bincount(of, weights, minlength=tried.size)
        # No single tender sentence can hold more of a sentence than the whole tender does.
        inside = told > 0
        perhaps = np.bincount(of, weights * inside, minlength=tried.size) > (FUZZY_CONTAINMENT - 1e-9) * total
        inside &= perhaps[of]
        ids, of, weights = ids[inside], (np.cumsum(perhaps) - 1)[of[inside]], weights[inside]
        tried, total = tried[perhaps], total[perhaps]
        nearest = np.flatnonzero(self._most_in_one(ids, of, weights, tried.size) > (FUZZY_CONTAINMENT - 1e-9) * total)
        bounds = np.searchsorted(of, np.arange(tried.size + 1))
        for index in nearest.tolist():
            span = slice(bounds[index], bounds[index + 1])
            written_there = self._nearest(ids[span], weights[span], float(total[index]))
            if written_there is None:
                continue
            start, end = part.sentences[tried[index] : tried[index] + 2].tolist()
            # Only what the tender really says is explained; what was put in between stays the bidder's own.
            for block in Indel.opcodes(written(part.codes[start:end]), written_there):
                if block.tag == "equal" and block.src_end - block.src_start >= 2:
                    span_of = part.sources[start + block.src_start : start + block.src_end]
                    span_of[span_of == Source.OWN] = Source.TENDER

    def _perhaps_quoted(self, part: Part, pairs: Keys) -> Index:
        """Give the sentences of which the whole tender may hold more than FUZZY_CONTAINMENT: never too few."""
        begins, length = part.sentences[:-1], np.diff(part.sentences)
        own = np.add.reduceat((part.sources == Source.OWN).view(np.uint8), begins, dtype=np.int64)
        told = part.told[: pairs.size]
        across = part.sentences[1:-1] - 1
        weights = self._inside[told]
        weights[across] = 0
        first = np.minimum(begins, pairs.size - 1)
        inside = np.add.reduceat(weights, first)
        wanted = (length >= LEAST_FUZZY) & (own > 0) & (inside > 0)
        if self.background.cold:
            # What is outside, each phrase once: as many as there are bits set, or more.
            bits = np.uint64(1) << ((pairs * SPREAD) >> np.uint64(58))
            bits *= told < 2
            bits[across] = 0
            least = np.bitwise_count(np.bitwise_or.reduceat(bits, first)) * max(0.05, float(self._rarity[0]))
            wanted &= (1 - FUZZY_CONTAINMENT) * inside > (FUZZY_CONTAINMENT - 1e-9) * least
        return np.flatnonzero(wanted)

    def _most_in_one(self, ids: Keys, of: Index, weights: Weights, count: int) -> Weights:
        """Give the weight of each bag that the one tender sentence holds which holds most of it."""
        low = np.searchsorted(self._postings, ids << SENTENCE_BITS)
        high = np.searchsorted(self._postings, (ids + np.uint64(1)) << SENTENCE_BITS)
        most = np.zeros(count)
        step = max(1, AT_ONCE // self._sentences)
        for begin in range(0, count, step):
            here = slice(*np.searchsorted(of, [begin, begin + step]).tolist())
            at, owner = ragged(low[here], (high - low)[here])
            cell = (of[here] - begin)[owner] * self._sentences + (self._postings[at] & SENTENCE_MASK).astype(np.int64)
            rows = min(step, count - begin)
            held = np.bincount(cell, weights[here][owner], minlength=rows * self._sentences)
            most[begin : begin + rows] = held.reshape(rows, self._sentences).max(axis=1)
        return most

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
        start, end = self._sentence[chosen : chosen + 2].tolist()
        return written(self._codes[start:end])


def _rank(weights: Weights) -> Keys:
    return (65_535 - np.minimum(weights * 2_048, 65_535)).astype(np.uint64)


def _mark(sources: Sources, begins: NDArray[np.bool_], kind: Source) -> None:
    covered = np.zeros(sources.size, dtype=bool)
    for step in range(GRAM):
        covered[step : step + begins.size] |= begins
    np.copyto(sources, np.uint8(kind), where=covered & (sources == Source.OWN))

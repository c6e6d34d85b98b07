"""Reads one bid: its letters in order, each paragraph once, everything that is not its own marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from collusion.rules.documents import Document
from collusion.rules.folding import CITATIONS
from collusion.rules.letters import Letters, fold_all
from collusion.rules.reading.ordinary import Ordinary
from collusion.rules.reading.paragraphs import each_once, picked
from collusion.rules.reading.stream import Source, Stream

LONG_KNOWN = 500
"""Paragraphs of the tender of so many letters are not looked into when a bid repeats them word for word."""


def read_bid(bidder: str, documents: Sequence[Document], ordinary: Ordinary) -> Stream:
    """Give a bid's text with every letter's source; bills of quantities and repeated paragraphs are left out."""
    paragraphs = [
        (document, paragraph) for document in documents if document.kind != "xlsx" for paragraph in document.paragraphs
    ]
    letters = fold_all(paragraph.text for _, paragraph in paragraphs)
    sources = np.zeros(letters.size, dtype=np.uint8)
    for span in cited(letters):
        start, end = np.searchsorted(letters.origins, span)
        sources[start:end] = Source.CITATION
    numbers = each_once(letters, set())
    codes, bounds, sentences = letters.codes, np.append(letters.bounds[numbers], letters.size), letters.sentences
    if int((letters.bounds[numbers + 1] - letters.bounds[numbers]).sum()) < letters.size:
        at, bounds, sentences = picked(letters, numbers)
        codes, sources = codes[at], sources[at]
    long = np.flatnonzero(np.diff(bounds) >= LONG_KNOWN)
    known = [n for n in long.tolist() if ordinary.holds(codes[bounds[n] : bounds[n + 1]].tobytes())]
    told = np.zeros(codes.size, dtype=np.uint8)
    stream = Stream(bidder, codes, sources, told, bounds, sentences, [paragraphs[n] for n in numbers.tolist()], known)
    ordinary.explain(stream)
    return stream


def cited(letters: Letters) -> Iterator[tuple[int, int]]:
    """Give the spans of `raw` that CITATIONS matches: each begins at 《 or at a capital letter."""
    points = letters.points
    last = 0
    for at in np.flatnonzero((points == ord("《")) | (points - np.uint32(ord("A")) < 26)).tolist():
        if at >= last and (match := CITATIONS.match(letters.raw, at)):
            last = match.end()
            yield match.span()

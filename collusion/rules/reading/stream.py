"""A bid's text as one stream of folded letters: whose each is, and the way back to the paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from collusion.rules.documents import Document, Paragraph, Place
from collusion.rules.letters import Codes, Index, fold_all

Sources = NDArray[np.uint8]


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
    origins: Index
    row: bool = False


@dataclass(slots=True)
class Part:
    """Some paragraphs of a stream one after another; places count from its first letter, at `start` of the stream."""

    start: int
    codes: Codes
    sources: Sources
    told: NDArray[np.uint8]
    bounds: Index
    sentences: Index
    first_sentence: int


@dataclass(slots=True)
class Stream:
    """All text of one bid, in order, each paragraph once: the letters, and whose each is.

    Paragraph p holds the letters from `bounds[p]` to `bounds[p + 1]`, sentence s those from `sentences[s]` to
    `sentences[s + 1]`. `told` says of each letter
    and the next what `TenderPairs` does. `known` are long paragraphs of the tender, which are looked at no further.
    """

    bidder: str
    codes: Codes
    sources: Sources
    told: NDArray[np.uint8]
    bounds: Index
    sentences: Index
    paragraphs: list[tuple[Document, Paragraph]]
    known: list[int]
    _pieces: dict[int, Piece] = field(default_factory=dict)

    @property
    def letters(self) -> int:
        """Folded letters in all."""
        return int(self.codes.size)

    @property
    def own(self) -> int:
        """Folded letters left after subtraction."""
        return int(np.count_nonzero(self.sources == Source.OWN))

    def piece(self, number: int) -> Piece:
        """Give a paragraph with the way back to its text, made when it is first asked for."""
        if number not in self._pieces:
            document, paragraph = self.paragraphs[number]
            start, end = int(self.bounds[number]), int(self.bounds[number + 1])
            self._pieces[number] = Piece(
                Place(document.file, paragraph.page, paragraph.number),
                paragraph.text,
                start,
                end,
                self.sources[start:end],
                fold_all([paragraph.text]).origins,
                paragraph.row,
            )
        return self._pieces[number]

    def parts(self) -> Iterator[Part]:
        """Give what lies between the known paragraphs."""
        first = 0
        for last in [*self.known, len(self.paragraphs)]:
            start, end = int(self.bounds[first]), int(self.bounds[last])
            if end > start:
                low, high = np.searchsorted(self.sentences, [start, end]).tolist()
                yield Part(
                    start,
                    self.codes[start:end],
                    self.sources[start:end],
                    self.told[start:end],
                    self.bounds[first : last + 1] - start,
                    self.sentences[low : high + 1] - start,
                    low,
                )
            first = last + 1

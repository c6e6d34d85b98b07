"""How long a stretch of one text another quotes word for word, where neither known papers nor the archive hold it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from collusion.rules.background import Background
from collusion.rules.documents import Document, Place
from collusion.rules.folding import CITATIONS
from collusion.rules.letters import GRAM, Keys, Letters, distinct, fold_all, gram_keys, runs, within

LEAST_RUN = 20
"""Folded letters in a row from which a quotation is told; its rate is measured for this length."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """The longest stretch: its words as the bid has them, folded letters, and where they stand."""

    words: str
    letters: int
    place: Place


def phrases_of(texts: Iterable[str]) -> Keys:
    """Give the five-letter phrases of texts, each once, ascending."""
    letters = fold_all(texts)
    keys = gram_keys(letters.codes)
    return distinct(keys[within(letters.paragraph, GRAM)]) if keys.size else keys


def texts_of(documents: Iterable[Document]) -> list[str]:
    """Give the running text of documents; titles and numbers of laws and standards, which everyone quotes, left out."""
    return [
        CITATIONS.sub("\n", paragraph.text)
        for document in documents
        if document.kind != "xlsx"
        for paragraph in document.paragraphs
    ]


def fresh(texts: Sequence[str], known: Keys, background: Background) -> Keys:
    """Give the phrases of texts that are in nothing known and in no other tender's bids."""
    keys = phrases_of(texts)
    keys = keys[~np.isin(keys, known)]
    return keys[background.grams.of(keys) == 0] if background.grams and keys.size else keys


def longest(documents: Sequence[Document], wanted: Keys) -> Quotation | None:
    """Give the longest stretch of the documents made of wanted phrases alone; None below LEAST_RUN letters."""
    if not wanted.size:
        return None
    best: Quotation | None = None
    for document in documents:
        paragraphs = document.paragraphs if document.kind != "xlsx" else ()
        letters = fold_all(paragraph.text for paragraph in paragraphs)
        keys = gram_keys(letters.codes)
        if not keys.size:
            continue
        hit = np.zeros(letters.size, dtype=bool)
        hit[: keys.size] = np.isin(keys, wanted) & within(letters.paragraph, GRAM)
        starts, ends = runs(hit, letters.paragraph)
        if not starts.size:
            continue
        at = int(np.argmax(ends - starts))
        start, end = int(starts[at]), int(ends[at]) + GRAM - 1
        if end - start >= LEAST_RUN and (best is None or end - start > best.letters):
            number = int(letters.paragraph[start])
            paragraph = paragraphs[number]
            best = Quotation(
                _words(letters, start, end), end - start, Place(document.file, paragraph.page, paragraph.number)
            )
    return best


def _words(letters: Letters, start: int, end: int, most: int = 80) -> str:
    text = letters.raw[int(letters.origins[start]) : int(letters.origins[end - 1]) + 1]
    return text if len(text) <= most else text[: most - 1] + "…"

"""Pieces of text that are about to be published, each with the place where a reader finds it again."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

SENTENCE = re.compile(r"[^。；;！？!?\n]+")


@dataclass(frozen=True)
class Passage:
    """One paragraph: `source` is a field of the notice or a document's SHA-256, `name` what people call it.

    `page` and `paragraph` count from 1; None where the source has none.
    """

    source: str
    name: str
    text: str
    page: int | None = None
    paragraph: int | None = None


@dataclass(frozen=True)
class Folded:
    """A text as patterns see it, and for every character of it the place in the original."""

    text: str
    places: tuple[int, ...]

    def original(self, text: str, start: int, end: int) -> str:
        """The exact words of the original that stand behind `start` to `end`."""
        return text[self.places[start] : self.places[end - 1] + 1]


def fold(text: str) -> Folded:
    """Full-width letters and digits as plain ones, without white space: pages break words where they like."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        plain = unicodedata.normalize("NFKC", letter)
        # Punctuation stays as it is: a full-width comma ends a clause, the plain one may stand inside a number.
        for one in plain if plain.isalnum() else letter:
            if not one.isspace():
                letters.append(one)
                places.append(place)
    return Folded("".join(letters), tuple(places))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph, ends left out; a semicolon ends one, as it does in lists of conditions."""
    yield from (match.group(0).strip() for match in SENTENCE.finditer(text) if match.group(0).strip())


def key_of(kind: str, passage: Passage, ordinal: int) -> str:
    """The name of one finding: it changes when the paragraph does, and tells nothing of what was found."""
    told = "\n".join((kind, passage.source, str(passage.paragraph), passage.text, str(ordinal)))
    return hashlib.sha256(told.encode()).hexdigest()[:20]

"""What a file of an anonymous envelope (暗标) may be, and whose marks may not stand in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from bidding.rules.passages import Passage
from bidding.rules.privacy import find_private
from core.errors import Invalid

FORMATS = (".pdf", ".docx")
"""Endings of files whose author can be taken off for the experts' copy; an anonymous envelope holds nothing else."""
SHORTEST = 2
"""Characters a word of one's own needs before it is looked for: shorter ones stand everywhere."""


@dataclass(frozen=True)
class Trace:
    """Something that tells who wrote a file: what kind of thing, the word (numbers masked), where it stands."""

    kind: str
    word: str
    place: str


def check_format(name: str, envelope: str) -> None:
    """Refuse (client.anonymous_format) a file whose properties could not be taken off."""
    if PurePath(name).suffix.lower() not in FORMATS:
        raise Invalid("client.anonymous_format", field="envelope", name=name, envelope=envelope)


def traces(texts: Iterable[tuple[str, str]], own: Mapping[str, str]) -> list[Trace]:
    """Where the words of `own` {kind: word} or any private number stand in `texts` (place, text), each once a place.

    Blanks, width and case do not hide a word. A finding warns: the bidder decides whether it is a mark.
    """
    listed = list(texts)
    words = {kind: plain(word) for kind, word in own.items() if len(plain(word)) >= SHORTEST}
    found = [
        Trace(kind, own[kind], place) for place, text in listed for kind, word in words.items() if word in plain(text)
    ]
    private = find_private([Passage(place, place, text) for place, text in listed if text])
    found += [Trace(one.kind, one.masked, one.passage.source) for one in private if one.kind != "unread"]
    return list(dict.fromkeys(found))


def plain(text: str) -> str:
    """The text without blanks, in one width and one case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

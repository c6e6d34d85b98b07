"""Cuts page texts into passages and finds those that speak of a clause: idf-weighted pairs of characters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WRAPPED = 0.85
"""Of the page's longest line: from this length on a line of print may go on in the next."""
SHORTEST = 20
ENDS = "。；！？：）)"
LONGEST = 160
"""Characters of a passage; a quotation is no longer."""
IDLE = re.compile(
    r"[\s　，。；：、（）()“”《》【】★·|\-—_.,:;!?/]|招标文件|投标人|要求|符合|满足|应当|提供|规定|须知|公告|实施条例"
    "|第[一二三四五六七八九十百0-9.]+[条款项章]|或者|以及|及其|或其|的|应|须|且|与|和|及"
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of one document: the file as experts know it, the page from 1, its text; None where it is unread."""

    file: str
    page: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a page, what stands just before it, and where it is: the file's name and the page's first line."""

    file: str
    page: int
    text: str
    before: str = ""
    where: str = ""


def passages_of(leaves: Iterable[Leaf]) -> list[Passage]:
    """The pages cut into sentences and rows of at most LONGEST characters; wrapped lines are joined again."""
    found: list[Passage] = []
    for leaf in leaves:
        before, text = "", leaf.text or ""
        where = f"{leaf.file} {text.lstrip()[:24]}"
        for piece in _pieces(text):
            for at in range(0, len(piece), LONGEST):
                part = piece[at : at + LONGEST]
                found.append(Passage(leaf.file, leaf.page, part, before, where))
                before = f"{before} {part}"[-60:]
    return found


def _pieces(text: str) -> Iterator[str]:
    held = ""
    lines = [line.strip() for line in text.splitlines()]
    wrapped = max(SHORTEST, WRAPPED * max(map(len, lines), default=0))
    for line in lines:
        held += line
        # A long line without an end goes on in the next; a short one is a row, a heading or the end of a paragraph.
        if line and (len(line) < wrapped or line[-1] in ENDS):
            yield from (one.strip() for one in re.split(r"(?<=[。；！？])", held) if one.strip())
            held = ""
    yield from (one.strip() for one in re.split(r"(?<=[。；！？])", held) if one.strip())


def pairs(text: str) -> set[str]:
    """The pairs of neighbouring characters, without words that every clause has."""
    kept = [part for part in IDLE.split(text) if part]
    return {part[at : at + 2] for part in kept for at in range(len(part) - 1)}


@dataclass(frozen=True)
class Weights:
    """How much a pair of characters says: the rarer among a bid's passages, the more."""

    count: int
    held: Counter[str]

    def __call__(self, pair: str) -> float:
        """Robertson's idf, never negative."""
        seen = self.held[pair]
        return math.log(1 + (self.count - seen + 0.5) / (seen + 0.5))


def weights(passages: Sequence[Passage]) -> Weights:
    """The weights over one bid's passages."""
    held: Counter[str] = Counter()
    for one in passages:
        held.update(pairs(one.text))
    return Weights(len(passages), held)


def coverage(asked: set[str], passage: Passage, weigh: Weights) -> float:
    """How much of what is asked stands in the passage or just before it, from 0 to 1."""
    total = sum(weigh(pair) for pair in asked)
    if not total:
        return 0.0
    own, near = pairs(passage.text), pairs(passage.before)
    return sum(weigh(pair) * (1.0 if pair in own else 0.5 if pair in near else 0.0) for pair in asked) / total

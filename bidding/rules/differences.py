"""What changed between two versions of a document: by paragraph, then by word; moved text is told as moved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from rapidfuzz.distance import Indel

from core.documents import Paragraph

ALIKE = 0.5
"""Two paragraphs this alike are one that was changed; less alike, one went and another came."""
MOVED_ALIKE = 0.85
LEAST_MOVED = 8
"""Shorter paragraphs ("备注", "合计") stand everywhere: finding one elsewhere says nothing."""
MOST_PAIRS = 250_000
MOST_TOKENS = 4_000
_TOKEN = re.compile(r"[A-Za-z]+|\d+(?:[.,:\-/]\d+)*%?|\s+|.", re.DOTALL)


class Change(StrEnum):
    """What became of a paragraph."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@dataclass(frozen=True)
class Side:
    """One version of a paragraph: its place, and its text in pieces of which the marked ones differ."""

    number: int
    page: int | None
    parts: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True)
class Row:
    """Two versions of a paragraph side by side; one is missing where it was added or removed.

    A moved paragraph is one row with both sides, standing where it stands now.
    """

    change: Change
    old: Side | None
    new: Side | None


def compare(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> list[Row]:
    """Every paragraph of both versions in order; how many places changed is `changes_in` of it.

    White space and full-width forms make no difference, nor does where a page cuts a paragraph in two.
    """
    before, after = [_plain(p.text) for p in old], [_plain(p.text) for p in new]
    rows: list[Row] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for verb, i1, i2, j1, j2 in matcher.get_opcodes():
        if verb == "equal":
            pairs = zip(old[i1:i2], new[j1:j2], strict=True)
            rows += [Row(Change.SAME, _whole(a), _whole(b)) for a, b in pairs]
        elif "".join(before[i1:i2]) == "".join(after[j1:j2]):
            rows.append(Row(Change.SAME, _joined(old[i1:i2]), _joined(new[j1:j2])))
        else:
            rows += _paired(old[i1:i2], new[j1:j2], before[i1:i2], after[j1:j2])
    return _with_moves(rows)


def changes_in(rows: Sequence[Row]) -> int:
    """In how many places the versions differ."""
    return sum(row.change is not Change.SAME for row in rows)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _whole(paragraph: Paragraph, marked: bool = False) -> Side:
    return Side(paragraph.number, paragraph.page, ((paragraph.text, marked),))


def _joined(paragraphs: Sequence[Paragraph]) -> Side | None:
    if not paragraphs:
        return None
    return Side(paragraphs[0].number, paragraphs[0].page, (("".join(p.text for p in paragraphs), False),))


def _paired(
    old: Sequence[Paragraph], new: Sequence[Paragraph], before: Sequence[str], after: Sequence[str]
) -> Iterator[Row]:
    """A stretch in which both versions differ, its paragraphs paired in order by likeness."""
    i = j = 0
    for a, b in [*_alignment(before, after), (len(old), len(new))]:
        yield from (Row(Change.REMOVED, _whole(p, True), None) for p in old[i:a])
        yield from (Row(Change.ADDED, None, _whole(p, True)) for p in new[j:b])
        if a < len(old):
            yield _changed(old[a], new[b])
        i, j = a + 1, b + 1


def _alignment(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Which paragraphs belong together: the pairs in order whose likeness sums to the most."""
    rows, columns = len(before), len(after)
    if not rows or not columns or rows * columns > MOST_PAIRS:
        return []
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    taken: set[tuple[int, int]] = set()
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            likeness = Indel.normalized_similarity(before[i], after[j], score_cutoff=ALIKE)
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if likeness >= ALIKE and likeness + best[i + 1][j + 1] > best[i][j]:
                best[i][j] = likeness + best[i + 1][j + 1]
                taken.add((i, j))
    pairs, i, j = [], 0, 0
    while i < rows and j < columns:
        if (i, j) in taken:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _changed(old: Paragraph, new: Paragraph, change: Change = Change.CHANGED) -> Row:
    left, right = _TOKEN.findall(old.text), _TOKEN.findall(new.text)
    if len(left) > MOST_TOKENS or len(right) > MOST_TOKENS:
        return Row(change, _whole(old, True), _whole(new, True))
    olds: list[tuple[str, bool]] = []
    news: list[tuple[str, bool]] = []
    for verb, i1, i2, j1, j2 in _bridged(SequenceMatcher(None, left, right, autojunk=False).get_opcodes()):
        marked = verb != "equal"
        olds.append(("".join(left[i1:i2]), marked))
        news.append(("".join(right[j1:j2]), marked))
    return Row(change, Side(old.number, old.page, _merged(olds)), Side(new.number, new.page, _merged(news)))


def _bridged(opcodes: Sequence[tuple[str, int, int, int, int]]) -> Iterator[tuple[str, int, int, int, int]]:
    """A single sign that stayed between two changes belongs to them: 三十日 → 四十五日 is one change, not three."""
    last = len(opcodes) - 1
    for place, (verb, i1, i2, j1, j2) in enumerate(opcodes):
        lonely = verb == "equal" and i2 - i1 == 1 and 0 < place < last
        yield ("replace" if lonely else verb), i1, i2, j1, j2


def _merged(parts: Sequence[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    merged: list[tuple[str, bool]] = []
    for text, marked in parts:
        if not text:
            continue
        if merged and merged[-1][1] == marked:
            merged[-1] = (merged[-1][0] + text, marked)
        else:
            merged.append((text, marked))
    return tuple(merged)


def _with_moves(rows: list[Row]) -> list[Row]:
    """A paragraph that went here and came there is one that moved."""
    gone = {place: _plain(row.old.text) for place, row in enumerate(rows) if row.change is Change.REMOVED and row.old}
    dropped: set[int] = set()
    shown = list(rows)
    for place, row in enumerate(rows):
        if row.change is not Change.ADDED or row.new is None:
            continue
        text = _plain(row.new.text)
        if len(text) < LEAST_MOVED:
            continue
        likeness, origin = max(
            ((Indel.normalized_similarity(text, was), from_) for from_, was in gone.items() if from_ not in dropped),
            default=(0.0, -1),
            key=lambda pair: (pair[0], -abs(pair[1] - place)),
        )
        if likeness >= MOVED_ALIKE:
            was = rows[origin].old
            if was is None:
                continue
            dropped.add(origin)
            pair = Paragraph(was.text, was.number, was.page), Paragraph(row.new.text, row.new.number, row.new.page)
            shown[place] = _changed(*pair, change=Change.MOVED)
    return [row for place, row in enumerate(shown) if place not in dropped]

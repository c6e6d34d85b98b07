"""Text as arrays: the folding of `folding` and the keys of phrases, for millions of letters at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.folding import SENTENCE_ENDS, folded_letter

GRAM = 5
"""Letters of a phrase that is counted, subtracted and sought."""
Codes = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Places = NDArray[np.int32]

_UNKNOWN, _END, _MANY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NOTHING = 0xFFFFFFFC
_TABLE = np.full(0x110000, _UNKNOWN, dtype=np.uint32)
_FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)


@dataclass(slots=True)
class Letters:
    """Folded paragraphs in one row of letters.

    `origins[i]` is the index of folded letter i in `raw`, the paragraphs joined by line ends; `paragraph[i]` and
    `sentence[i]` count from 0. `starts[p]` is where paragraph p begins in `raw`.
    """

    raw: str
    codes: Codes
    origins: Places
    paragraph: Places
    sentence: Places
    starts: Places

    @property
    def size(self) -> int:
        """Folded letters in all."""
        return int(self.codes.size)


def fold_all(paragraphs: Iterable[str]) -> Letters:
    """Fold paragraphs letter by letter exactly as `folding.fold` does."""
    texts = list(paragraphs)
    raw = "\n".join(texts)
    starts = np.zeros(len(texts), dtype=np.int32)
    if texts:
        np.cumsum([len(text) + 1 for text in texts[:-1]], out=starts[1:])
    points = np.frombuffer(raw.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = _TABLE[points]
    if (folded == _UNKNOWN).any():
        _learn(np.unique(points[folded == _UNKNOWN]))
        folded = _TABLE[points]
    ends = folded == _END
    dots = np.flatnonzero(folded == ord("."))
    if dots.size:
        folded[dots[~_between_digits(raw, dots)]] = _NOTHING
    many = np.flatnonzero(folded == _MANY)
    kept = np.flatnonzero(folded < _NOTHING)
    origins, codes = kept, folded[kept]
    if many.size:
        origins, codes = _with_expansions(raw, origins, codes, many)
    sentence_of = np.cumsum(ends, dtype=np.int32)
    paragraph = np.searchsorted(starts, origins, side="right") - 1
    sentence = sentence_of[origins] if origins.size else np.zeros(0, dtype=np.int32)
    return Letters(
        raw,
        codes.astype(np.uint32),
        origins.astype(np.int32),
        paragraph.astype(np.int32),
        _renumbered(sentence),
        starts,
    )


def _learn(points: NDArray[np.uint32]) -> None:
    for point in points.tolist():
        character = chr(point)
        if character in SENTENCE_ENDS:
            _TABLE[point] = _END
            continue
        letters = folded_letter(character)
        _TABLE[point] = _NOTHING if not letters else ord(letters) if len(letters) == 1 else _MANY


def _between_digits(raw: str, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.array([0 < i < len(raw) - 1 and raw[i - 1].isdigit() and raw[i + 1].isdigit() for i in at.tolist()], bool)


def _with_expansions(
    raw: str, origins: NDArray[np.int64], codes: Codes, many: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Codes]:
    where, what = [], []
    for index in many.tolist():
        for letter in folded_letter(raw[index]):
            where.append(index)
            what.append(ord(letter))
    every = np.concatenate([origins, np.array(where, dtype=np.int64)])
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate([codes, np.array(what, dtype=np.uint32)])[order]


def _renumbered(sentence: NDArray[np.int32]) -> Places:
    """Number the sentences that have letters from 0 without gaps."""
    if not sentence.size:
        return sentence
    steps = np.zeros(sentence.size, dtype=np.int32)
    steps[1:] = sentence[1:] != sentence[:-1]
    return np.cumsum(steps, dtype=np.int32)


def mixed(values: Keys) -> Keys:
    """Spread 64-bit values evenly (the finaliser of splitmix64, Steele et al. 2014); equal values stay equal."""
    out = values.copy()
    out ^= out >> np.uint64(30)
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def distinct(values: Keys) -> Keys:
    """Give each value once, ascending. Sorting beats numpy's hash table by several times at these sizes."""
    if not values.size:
        return values
    ordered = np.sort(values)
    kept = np.ones(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]


def gram_keys(codes: Codes) -> Keys:
    """Give the key of the phrase of GRAM letters that begins at each letter; the last GRAM − 1 begin none."""
    count = codes.size - GRAM + 1
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    total = np.zeros(count, dtype=np.uint64)
    for step, factor in enumerate(_FACTORS):
        total += codes[step : step + count].astype(np.uint64) * factor
        total ^= total >> np.uint64(29)
    return mixed(total)


def keys_of(grams: Sequence[str]) -> Keys:
    """Give the keys of single phrases of GRAM letters: the same on every machine and in every run."""
    return np.array(
        [gram_keys(np.array([ord(c) for c in gram], dtype=np.uint32))[0] for gram in grams], dtype=np.uint64
    )


def bigram_ids(codes: Codes) -> Keys:
    """Give the two-letter phrase that begins at each letter, as one number; the last letter begins none."""
    wide = codes.astype(np.uint64)
    return (wide[:-1] << np.uint64(21)) | wide[1:]


def within(group: Places, length: int) -> NDArray[np.bool_]:
    """Say for each letter but the last length − 1 whether `length` letters from it on are of one group."""
    return group[: group.size - length + 1] == group[length - 1 :] if group.size >= length else np.zeros(0, dtype=bool)


def runs(mask: NDArray[np.bool_], group: Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give starts and ends of the maximal stretches of True within one group."""
    if not mask.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    opens, closes = mask.copy(), mask.copy()
    same = mask[1:] & mask[:-1] & (group[1:] == group[:-1])
    opens[1:] &= ~same
    closes[:-1] &= ~same
    return np.flatnonzero(opens), np.flatnonzero(closes) + 1


def ragged(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give all positions of the spans one after another, and the number of the span each belongs to."""
    owner = np.repeat(np.arange(starts.size, dtype=np.int64), lengths)
    first = np.cumsum(lengths) - lengths
    return np.arange(owner.size, dtype=np.int64) - first[owner] + starts[owner], owner

"""Text as arrays: the folding of `folding` and the keys of phrases, for millions of letters at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collusion.rules.folding import LOOKALIKES, SENTENCE_ENDS, folded_letter

GRAM = 5
"""Letters of a phrase that is counted, subtracted and sought."""
KEPT = 32 * 2**20 - 2**16
"""Just below 32 MiB, glibc's DEFAULT_MMAP_THRESHOLD_MAX on 64 bits: of a larger block it learns nothing."""
Codes = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Places = NDArray[np.int32]
Index = NDArray[np.int64]

_UNKNOWN, _END, _MANY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NOTHING = 0xFFFFFFFC
_TABLE = np.full(0x110000, _UNKNOWN, dtype=np.uint32)
_TABLE[0x4E00:0x9FA6] = np.arange(0x4E00, 0x9FA6)
_TABLE[[letter for letter in LOOKALIKES if 0x4E00 <= letter < 0x9FA6]] = _UNKNOWN
"""What each letter folds to, found out when it is first met; nearly all Chinese ones are themselves."""
_FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F],
    dtype=np.uint64,
)


@dataclass(slots=True)
class Letters:
    """Folded paragraphs in one row of letters.

    `origins[i]` is the index of folded letter i in `raw`, the paragraphs joined by line ends. Paragraph p holds the
    letters from `bounds[p]` to `bounds[p + 1]` and begins at `starts[p]` in `raw`; sentence s, never empty, those from
    `sentences[s]` to `sentences[s + 1]`. `points` are the letters of `raw` as numbers.
    """

    raw: str
    points: Codes
    codes: Codes
    origins: Index
    bounds: Index
    sentences: Index
    starts: Index

    @property
    def size(self) -> int:
        """Folded letters in all."""
        return int(self.codes.size)

    @property
    def paragraph(self) -> Places:
        """The paragraph of each letter, counted from 0."""
        return numbered(self.bounds)

    @property
    def sentence(self) -> Places:
        """The sentence of each letter, counted from 0."""
        return numbered(self.sentences)


def numbered(bounds: Index) -> Places:
    """Give each letter the number of the span it stands in."""
    return np.repeat(np.arange(bounds.size - 1, dtype=np.int32), np.diff(bounds))


def fold_all(paragraphs: Iterable[str]) -> Letters:
    """Fold paragraphs letter by letter exactly as `folding.fold` does."""
    texts = list(paragraphs)
    raw = "\n".join(texts)
    starts = np.zeros(len(texts), dtype=np.int64)
    if texts:
        np.cumsum([len(text) + 1 for text in texts[:-1]], out=starts[1:])
    points = np.frombuffer(raw.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = _TABLE[points]
    special = folded >= _NOTHING
    kinds = folded[special]
    if (kinds == _UNKNOWN).any():
        _learn(np.unique(points[folded == _UNKNOWN]))
        folded = _TABLE[points]
        special = folded >= _NOTHING
    dots = np.flatnonzero(folded == ord("."))
    if dots.size:
        dots = dots[~_between_digits(raw, dots)]
        folded[dots] = _NOTHING
        special[dots] = True
    many = np.flatnonzero(folded == _MANY)
    special[many] = False
    origins = np.flatnonzero(~special)
    codes = folded[origins]
    if many.size:
        origins, codes = _with_expansions(raw, origins, codes)
    left_out = np.flatnonzero(special)
    ends = left_out[folded[left_out] == _END]
    cuts = np.searchsorted(origins, ends)
    bounds = np.append(np.searchsorted(origins, starts), codes.size)
    sentences = np.concatenate([[0], cuts, [codes.size]])
    sentences = sentences[np.append(True, sentences[1:] != sentences[:-1])]
    return Letters(raw, points, codes, origins, bounds, sentences, starts)


def _learn(points: NDArray[np.uint32]) -> None:
    for point in points.tolist():
        character = chr(point)
        if character in SENTENCE_ENDS:
            _TABLE[point] = _END
            continue
        letters = folded_letter(character)
        _TABLE[point] = _NOTHING if not letters else ord(letters) if len(letters) == 1 else _MANY


def _between_digits(raw: str, at: Index) -> NDArray[np.bool_]:
    return np.array([0 < i < len(raw) - 1 and raw[i - 1].isdigit() and raw[i + 1].isdigit() for i in at.tolist()], bool)


def _with_expansions(raw: str, origins: Index, codes: Codes) -> tuple[Index, Codes]:
    where = np.flatnonzero(codes == _MANY)
    written = [folded_letter(raw[index]) for index in origins[where].tolist()]
    times = np.ones(codes.size, dtype=np.int64)
    times[where] = [len(letters) for letters in written]
    codes = np.repeat(codes, times)
    codes[codes == _MANY] = [ord(letter) for letters in written for letter in letters]
    return np.repeat(origins, times), codes


def keep_what_is_freed() -> None:
    """Keep the C library from giving blocks of less than 32 MiB back to the system only to ask for them again.

    glibc learns it from the largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD), and a quarter of the time
    went into fresh pages. The block itself is never written to and costs nothing. It holds for the whole process from
    then on, which may keep up to twice KEPT of free memory; whoever sets MALLOC_MMAP_THRESHOLD_, or has another C
    library, sees a block come and go and nothing else.
    """
    np.empty(KEPT, dtype=np.uint8)


def mixed(values: Keys) -> Keys:
    """Spread 64-bit values evenly (the finaliser of splitmix64, Steele et al. 2014); equal values stay equal."""
    out = values.copy()
    other = out >> np.uint64(30)
    out ^= other
    out *= np.uint64(0xBF58476D1CE4E5B9)
    np.right_shift(out, np.uint64(27), out=other)
    out ^= other
    out *= np.uint64(0x94D049BB133111EB)
    np.right_shift(out, np.uint64(31), out=other)
    out ^= other
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
    wide = codes.astype(np.uint64)
    total = np.zeros(count, dtype=np.uint64)
    other = np.empty(count, dtype=np.uint64)
    for step, factor in enumerate(_FACTORS):
        total += np.multiply(wide[step : step + count], factor, out=other)
        total ^= np.right_shift(total, np.uint64(29), out=other)
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


def quads(pairs: Keys) -> Keys:
    """Give a key of the four letters that begin at each letter, from their pairs: cheap, for one process alone.

    A sum of products, as are keys of five and of eight letters: only their upper bits are even.
    """
    if pairs.size < 3:
        return np.zeros(0, dtype=np.uint64)
    total: Keys = pairs[:-2] * _FACTORS[0]
    total += pairs[2:] * _FACTORS[1]
    return total


def fives(pairs: Keys, at: Index) -> Keys:
    """Give a key of the five letters that begin at some letters, from all pairs."""
    total: Keys = pairs[at] * _FACTORS[0]
    total += pairs[at + 2] * _FACTORS[1]
    total += pairs[at + 3] * _FACTORS[2]
    return total


def eights(four: Keys) -> Keys:
    """Give a key of the eight letters that begin at each letter, from `quads`."""
    if four.size < 5:
        return np.zeros(0, dtype=np.uint64)
    total: Keys = four[4:] * _FACTORS[3]
    total += four[:-4]
    return total


def not_before(ends: Index, length: int, size: int) -> NDArray[np.bool_]:
    """Say of `size` places where `length` letters can begin without passing one of the ends."""
    free = np.ones(size, dtype=bool)
    blocked = (ends[:, None] - np.arange(1, length)).ravel()
    free[blocked[(blocked >= 0) & (blocked < size)]] = False
    return free


def within(group: Places, length: int) -> NDArray[np.bool_]:
    """Say for each letter but the last length − 1 whether `length` letters from it on are of one group."""
    return group[: group.size - length + 1] == group[length - 1 :] if group.size >= length else np.zeros(0, dtype=bool)


def runs(mask: NDArray[np.bool_], group: Places) -> tuple[Index, Index]:
    """Give starts and ends of the maximal stretches of True within one group."""
    if not mask.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    opens, closes = mask.copy(), mask.copy()
    same = mask[1:] & mask[:-1] & (group[1:] == group[:-1])
    opens[1:] &= ~same
    closes[:-1] &= ~same
    return np.flatnonzero(opens), np.flatnonzero(closes) + 1


def stretches(mask: NDArray[np.bool_], bounds: Index) -> tuple[Index, Index]:
    """Give starts and ends of the maximal stretches of True that pass no bound: `runs`, quick where they are long."""
    if not mask.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    turns = mask[1:] != mask[:-1]
    inner = bounds[(bounds > 0) & (bounds < mask.size)]
    turns[inner - 1] = True
    edges = np.concatenate([[0], np.flatnonzero(turns) + 1, [mask.size]])
    kept = mask[edges[:-1]]
    return edges[:-1][kept], edges[1:][kept]


def ragged(starts: Index, lengths: Index) -> tuple[Index, Index]:
    """Give all positions of the spans one after another, and the number of the span each belongs to."""
    owner = np.repeat(np.arange(starts.size, dtype=np.int64), lengths)
    first = np.cumsum(lengths) - lengths
    return np.arange(owner.size, dtype=np.int64) - first[owner] + starts[owner], owner

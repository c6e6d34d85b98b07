"""What others do with two bids, re-made from their descriptions and code, to be measured on the same cases.

None of the peers keeps an archive; `− tender − archive` is what subtracting one alone would give. `leixingti-like`: SimHash .2, TF-IDF cosine .5, Jaccard .3 of two-letter words
(the original cuts words with jieba). `LCS15`: letters in runs of fifteen or more outside the tender. `batch`: what half
of the bids share is called a template, as three of the peers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from collusion.rules.background import Background
from collusion.rules.documents import Document
from collusion.rules.letters import Keys, gram_keys, mixed

NAMES = (
    "Jaccard", "Jaccard − tender", "Jaccard − tender − batch", "Jaccard − tender − archive", "LCS15 − tender",
    "leixingti-like",
)  # fmt: skip
LONG = 15


def plain(documents: Sequence[Document]) -> NDArray[np.uint32]:
    """The letters of all paragraphs: width and case folded, no disguise seen through, no order lost."""
    text = "\n".join(p.text for document in documents for p in document.paragraphs)
    return np.frombuffer("".join(c for c in text if not c.isspace()).encode("utf-32-le"), dtype=np.uint32)


def scores(
    tender: Sequence[Document], bids: Mapping[str, Document], background: Background
) -> dict[str, dict[tuple[str, str], float]]:
    """Give every peer's score of every two bids."""
    names = list(bids)
    letters = {name: plain([bids[name]]) for name in names}
    asked = plain(tender)
    grams = {name: np.unique(gram_keys(letters[name])) for name in names}
    tender_grams = np.unique(gram_keys(asked))
    less = {name: np.setdiff1d(grams[name], tender_grams, assume_unique=True) for name in names}
    keys, counts = np.unique(np.concatenate(list(less.values())), return_counts=True)
    common = keys[counts >= max(3, -(-len(names) // 2))]
    without = {name: np.setdiff1d(less[name], common, assume_unique=True) for name in names}
    fresh = {name: keys[background.grams.of(keys) == 0] for name, keys in less.items()}
    found: dict[str, dict[tuple[str, str], float]] = {peer: {} for peer in NAMES}
    for n, a in enumerate(names):
        for b in names[n + 1 :]:
            found["Jaccard"][a, b] = jaccard(grams[a], grams[b])
            found["Jaccard − tender"][a, b] = jaccard(less[a], less[b])
            found["Jaccard − tender − batch"][a, b] = jaccard(without[a], without[b])
            found["Jaccard − tender − archive"][a, b] = jaccard(fresh[a], fresh[b])
            found["LCS15 − tender"][a, b] = _runs(letters[a], letters[b], asked)
            found["leixingti-like"][a, b] = _leixingti(letters[a], letters[b])
    return found


def jaccard(a: Keys, b: Keys) -> float:
    """Shared phrases over all phrases."""
    common = np.intersect1d(a, b, assume_unique=True).size
    return common / max(1, a.size + b.size - common)


def _long_keys(letters: NDArray[np.uint32]) -> Keys:
    keys = gram_keys(letters)
    if keys.size <= LONG - 5:
        return np.zeros(0, dtype=np.uint64)
    return mixed(keys[: -(LONG - 5)] + keys[5 : keys.size - 5] * np.uint64(3) + keys[10:] * np.uint64(7))


def _runs(a: NDArray[np.uint32], b: NDArray[np.uint32], tender: NDArray[np.uint32]) -> float:
    keys = _long_keys(a)
    hit = np.isin(keys, np.setdiff1d(_long_keys(b), _long_keys(tender)))
    covered = np.zeros(a.size, dtype=bool)
    for step in range(LONG):
        covered[step : step + hit.size] |= hit
    return float(covered.sum())


def _leixingti(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    (wa, ca), (wb, cb) = (
        np.unique(x[:-1].astype(np.uint64) << np.uint64(21) | x[1:], return_counts=True) for x in (a, b)
    )
    shared, at, bt = np.intersect1d(wa, wb, assume_unique=True, return_indices=True)
    # Inverse document frequency over the two texts alone, as the original computes it.
    idf_both, idf_one = 1.0, np.log(3 / 2) + 1
    wide_a, wide_b = np.full(wa.size, idf_one), np.full(wb.size, idf_one)
    wide_a[at], wide_b[bt] = idf_both, idf_both
    va, vb = ca * wide_a, cb * wide_b
    cosine = float((va[at] * vb[bt]).sum() / max(1e-9, np.sqrt((va**2).sum() * (vb**2).sum())))
    overlap = shared.size / max(1, wa.size + wb.size - shared.size)
    bits = int(_simhash(wa, ca) ^ _simhash(wb, cb)).bit_count()
    return 0.2 * (1 - bits / 64) + 0.5 * cosine + 0.3 * overlap


def _simhash(words: Keys, counts: NDArray[np.int64]) -> np.uint64:
    keys = mixed(words)
    total = np.uint64(0)
    for bit in range(64):
        votes = np.where(keys >> np.uint64(bit) & np.uint64(1), counts, -counts).sum()
        if votes > 0:
            total |= np.uint64(1) << np.uint64(bit)
    return total

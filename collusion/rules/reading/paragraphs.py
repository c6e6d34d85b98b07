"""Paragraphs and sentences of folded letters: each once, picked out, as bags of two-letter phrases, as text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import GRAM, Codes, Index, Keys, Letters, bigram_ids, distinct, ragged

ID_BITS = np.uint64(42)


def bags(codes: Codes, sentence: NDArray[np.int32]) -> Keys:
    """Give every sentence's set of two-letter phrases, ascending: sentence in the upper 22 bits, phrase below."""
    if codes.size < 2:
        return np.zeros(0, dtype=np.uint64)
    at = np.flatnonzero(sentence[1:] == sentence[:-1])
    return distinct(sentence[at].astype(np.uint64) << ID_BITS | bigram_ids(codes)[at])


def written(codes: Codes) -> str:
    """Give folded letters as text."""
    return codes.astype("<u4").tobytes().decode("utf-32-le")


def each_once(letters: Letters, seen: set[bytes]) -> Index:
    """Give the first of equal paragraphs; `seen` then holds what those of GRAM letters or more say."""
    numbers = []
    short: set[bytes] = set()
    bounds = letters.bounds.tolist()
    for number in range(len(bounds) - 1):
        start, end = bounds[number], bounds[number + 1]
        text = letters.codes[start:end].tobytes()
        held = seen if end - start >= GRAM else short
        if text and text not in held:
            held.add(text)
            numbers.append(number)
    return np.array(numbers, dtype=np.int64)


def picked(letters: Letters, numbers: Index) -> tuple[Index, Index, Index]:
    """Give the places of the letters of some paragraphs, and where these and their sentences then begin."""
    starts = letters.bounds[numbers]
    lengths = letters.bounds[numbers + 1] - starts
    at, _ = ragged(starts, lengths)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    begins = letters.sentences[:-1]
    which = np.searchsorted(starts, begins, side="right") - 1
    inside = (which >= 0) & (begins < (starts + lengths)[which]) if numbers.size else np.zeros(begins.size, dtype=bool)
    moved = begins[inside] - starts[which[inside]] + bounds[which[inside]]
    return at, bounds, np.append(moved, bounds[-1])

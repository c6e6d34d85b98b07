"""Which keys stand in two bids: found for all bids at once by tables of slots and by sorting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from collusion.rules.letters import Index, Keys

REPEATED = 12
"""A seed standing more often than this within one bid is that author's formula and starts no match."""
IN_CACHE = 22
"""Bits of a table's slots: three tables of so many bytes, 12 MB in all, mostly stay in the processor's cache."""
NEAREST = 128
"""A phrase standing in more places than this is followed to the next so many of them from each."""


def slots(keys: NDArray[np.unsignedinteger], bits: int) -> Index:
    """Give each key, even in its upper bits, one of 2^bits slots."""
    moved = keys >> keys.dtype.type(8 * keys.itemsize - bits)
    return moved.view(np.int64) if keys.itemsize == 8 else moved.astype(np.int64)


def in_two(keys: Sequence[NDArray[np.unsignedinteger]]) -> list[NDArray[np.bool_]]:
    """Say of each bid's keys, even in their upper bits, which may stand in another bid's too: never wrongly no.

    Two tables say who was in a slot last when all bids come by in order, and when they come in the opposite order.
    """
    bits = min(27, max(8, sum(one.size for one in keys).bit_length() + 1))
    # Tables that lie in the processor's cache are several times as fast: of many keys one share after the other.
    shares = 1 << max(0, bits - IN_CACHE)
    if shares == 1:
        return _in_two(keys, bits)
    told = [np.zeros(one.shape, dtype=bool) for one in keys]
    for share in range(shares):
        kind = keys[0].dtype.type
        top = kind(8 * keys[0].itemsize - (bits - IN_CACHE))
        some = [np.flatnonzero((one >> top) == kind(share)) for one in keys]
        moved = [one[at] << kind(bits - IN_CACHE) for one, at in zip(keys, some, strict=True)]
        for row, at, found in zip(told, some, _in_two(moved, IN_CACHE), strict=True):
            row[at] = found
    return told


def _in_two(keys: Sequence[NDArray[np.unsignedinteger]], bits: int) -> list[NDArray[np.bool_]]:
    last = np.zeros(1 << bits, dtype=np.uint8 if len(keys) <= 255 else np.uint16)
    first = last.copy()
    for number, one in enumerate(keys):
        last[slots(one, bits)] = number
    for number, one in reversed(list(enumerate(keys))):
        first[slots(one, bits)] = number
    shared = first != last
    return [shared[slots(one, bits)] for one in keys]


def met_in_two(keys: Sequence[Keys], places: Sequence[Index]) -> tuple[Keys, Index, Index]:
    """Give the keys, even in all their upper half, that may stand in two bids, with place and bid: never too few.

    Sifted twice, by other bits, since half of what one table lets pass met there by chance alone.
    """
    kept = [np.flatnonzero(told) for told in in_two(keys)]
    keys = [one[at] for one, at in zip(keys, kept, strict=True)]
    again = [np.flatnonzero(told) for told in in_two([one << np.uint64(24) for one in keys])]
    return (
        np.concatenate([one[at] for one, at in zip(keys, again, strict=True)]),
        np.concatenate([one[at[more]] for one, at, more in zip(places, kept, again, strict=True)]),
        np.repeat(np.arange(len(keys)), [at.size for at in again]),
    )


def ordered(keys: Keys, places: Index, bid: Index) -> tuple[Keys, Index, Index]:
    """Sort by key, then place."""
    if (np.diff(places) < 0).any():
        order = np.argsort(places, kind="stable")
        keys, places, bid = keys[order], places[order], bid[order]
    order = stable_order(keys)
    return keys[order], places[order], bid[order]


def stable_order(keys: Keys) -> Index:
    """The stable order of keys: upper bits and index in one number, as plain numbers sort fastest; then the rest."""
    bits = np.uint64(int(keys.size).bit_length())
    packed = (keys >> bits) << bits | np.arange(keys.size, dtype=np.uint64)
    packed.sort()
    order = (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    found = keys[order]
    same = (packed[1:] >> bits) == (packed[:-1] >> bits)
    if (same & (found[1:] != found[:-1])).any():
        # Two keys equal in their upper bits may lie in turns: those few are sorted in full.
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        group = np.repeat(np.arange(first.size), np.diff(np.append(first, keys.size)))
        mixed_up = np.unique(group[1:][same & (found[1:] != found[:-1])])
        inside = np.flatnonzero(np.isin(group, mixed_up))
        order[inside] = order[inside][np.lexsort((order[inside], keys[order[inside]], group[inside]))]
    return order


def without_formulas(keys: Keys, places: Index, bid: Index) -> tuple[Keys, Index, Index]:
    """Leave out what stands more than REPEATED times in one bid."""
    if not keys.size:
        return keys, places, bid
    first = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]) | (bid[1:] != bid[:-1])]))
    sizes = np.diff(np.append(first, keys.size))
    kept = np.repeat(sizes <= REPEATED, sizes)
    return keys[kept], places[kept], bid[kept]


def equal_pairs(keys: Keys, bid: Index) -> Iterator[tuple[Index, Index]]:
    """Give the indices of every two equal keys of different bids, those next to each other first."""
    # Sorted keys: who differs from the one `step` on differs from all later ones.
    live = np.arange(keys.size)
    for step in range(1, NEAREST + 1):
        live = live[: np.searchsorted(live, keys.size - step)]
        live = live[keys[live + step] == keys[live]]
        if not live.size:
            return
        one = live[bid[live] != bid[live + step]]
        yield one, one + step

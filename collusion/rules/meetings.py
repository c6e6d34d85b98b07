"""Which keys stand in two bids: found for all bids at once by tables of slots and by sorting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from collusion.rules.frequencies import SPREAD
from collusion.rules.letters import Keys

REPEATED = 12
"""A seed standing more often than this within one bid is that author's formula and starts no match."""
NEAREST = 128
"""A phrase standing in more places than this is followed to the next so many of them from each."""
Index = NDArray[np.int64]


def in_two(keys: Keys, bid: Index) -> NDArray[np.bool_]:
    """Say which keys may stand in two bids (`bid` goes with the first axis), by a table of slots: never wrongly no."""
    if not keys.size:
        return np.zeros(keys.shape, dtype=bool)
    bits = min(26, max(8, keys.size.bit_length() + 1))
    slots = (keys * SPREAD >> np.uint64(64 - bits)).astype(np.uint32)
    owner = bid.astype(np.uint16)
    owner = np.broadcast_to(owner[:, None], keys.shape) if keys.ndim > 1 else owner
    holder = np.zeros(1 << bits, dtype=np.uint16)
    holder[slots] = owner
    shared = np.zeros(1 << bits, dtype=bool)
    shared[slots[holder[slots] != owner]] = True
    return np.asarray(shared[slots], dtype=bool)


def met_again(keys: Keys, places: Index, bid: Index) -> tuple[Keys, Index, Index]:
    """Keep what may stand in two bids, by a table of slots: never wrongly left out; sorted by key, then place."""
    kept = np.flatnonzero(in_two(keys, bid))
    # Places ascend within a bid, and bids ascend: a stable sort keeps them so within a key.
    kept = kept[np.argsort(places[kept], kind="stable")] if (np.diff(places[kept]) < 0).any() else kept
    keys = keys[kept]
    order = stable_order(keys)
    kept = kept[order]
    return keys[order], places[kept], bid[kept]


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


def pairs_of(keys: Keys, places: Index, bid: Index) -> tuple[Index, Index]:
    """Give every two places of one key in different bids."""
    found = [(places[one], places[other]) for one, other in equal_pairs(keys, bid)]
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


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

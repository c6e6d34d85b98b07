"""The ladder of archive sizes, so that the size of a sealed file tells next to nothing about its content."""

from __future__ import annotations

from bisect import bisect_left

from core.errors import Invalid

SMALLEST = 1 << 16
LARGEST = 1 << 33

# Powers of two from 64 KiB to 16 MiB; from there 1, 1.25, 1.5 and 1.75 times powers of two, so that padding never
# costs more than a quarter of a large bid. Every step is a multiple of 64 KiB, the chunk of age.
LADDER = tuple(1 << k for k in range(16, 24)) + tuple(q << (k - 2) for k in range(24, 33) for q in (4, 5, 6, 7))
LADDER += (LARGEST,)


def step_for(size: int) -> int:
    """The smallest step of at least `size` bytes; Invalid("seal.archive_too_large") above 8 GiB."""
    place = bisect_left(LADDER, size)
    if place == len(LADDER):
        raise Invalid("seal.archive_too_large", size=size, limit=LARGEST)
    return LADDER[place]


def on_ladder(size: int) -> bool:
    """Whether `size` bytes is a step of the ladder."""
    place = bisect_left(LADDER, size)
    return place < len(LADDER) and LADDER[place] == size

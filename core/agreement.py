"""Which of several clocks to believe: pure arithmetic on offsets; a machine whose clock is moved is found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TOLERANCE = 2.0
"""Seconds by which clocks may differ before somebody has to look (PROOF T5)."""


@dataclass(frozen=True)
class Source:
    """A clock: its name, its offset in seconds from the machine's count since boot, and how well that is known."""

    name: str
    offset: float
    uncertainty: float = 0.0


@dataclass(frozen=True)
class Agreement:
    """What the clocks say together: the offset to go by, whether a majority stands behind it, and who dissents."""

    offset: float
    certain: bool
    earliest: float
    latest: float
    dissent: tuple[str, ...]


def near(one: Source, other: Source) -> bool:
    """Whether two clocks agree within the tolerance and what is not known of them."""
    return abs(one.offset - other.offset) <= TOLERANCE + one.uncertainty + other.uncertainty


def agree(held: Source, wall: Source, others: Sequence[Source]) -> Agreement:
    """The clocks' agreement. `held` is the time kept by the count since boot, `wall` what the machine says now.

    While wall and held agree they are one voice, and held is gone by: a small step of the wall is not followed. Of all
    groups that agree among themselves the largest is believed; among equals the one with `held`, which no step of the
    wall has touched. It is certain with two voices or more, or when nobody dissents.
    """
    voices = [held, *others] if near(held, wall) else [held, wall, *others]
    groups = [[voice for voice in voices if near(voice, centre)] for centre in voices]
    best = max(groups, key=lambda group: (len(group), held in group, wall in group))
    chosen = held if held in best else wall if wall in best else best[0]
    dissent = tuple(voice.name for voice in voices if voice not in best)
    offsets = [voice.offset for voice in voices]
    return Agreement(
        offset=chosen.offset,
        certain=len(best) > 1 or not dissent,
        earliest=min(offsets),
        latest=max(offsets),
        dissent=dissent,
    )

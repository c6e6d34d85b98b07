"""What independent bids are drawn from, kept in files: spreads of all tenders, residuals of all bids, by rule and name.

`null.draw` asks for the n-th of all numbers outside one fold; a view answers from the mapped files, whose pages the
system may drop again at any time. The order is that of names, so that a draw is the same wherever it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collusion.rules.screens.null import FOLDS, Measure, draw, speaking
from collusion.rules.screens.scale.batches import Whole
from collusion.rules.screens.variance import Bids

FILES = ("fold", "scale", "known", "start", "residual")


Key = tuple[int, int]
"""Number of bids, coarseness."""


Told: TypeAlias = tuple[Bids, Bids, NDArray[np.int8]]


@dataclass(frozen=True)
class Order:
    """All tenders by rule and name: where each was worked on (`part`, `place` in it), its rule's number, fold, bids."""

    part: Whole
    place: Whole
    rule: Whole
    fold: NDArray[np.int8]
    count: Whole


GRAIN, MOST_BIDS = 64, 1 << 24
"""Room in a code for coarsenesses and for the bids of a tender."""


def lay_out(folder: Path, order: Order, parts: int, read: Callable[[int], Told]) -> Whole:
    """Write the pool, and for every part the codes of its tenders; the codes there are.

    `read` gives a part's scales and coarsenesses by tender and its residuals by bid. A code stands for rule, fold,
    number of bids and coarseness: all that a measure depends on.
    """
    sizes = np.bincount(order.part, minlength=parts)
    firsts = np.cumsum(sizes) - sizes
    stands = np.empty(len(order.part), np.int64)  # where a tender of a part stands in the order
    stands[firsts[order.part] + order.place] = np.arange(len(order.part))
    start = np.cumsum(order.count) - order.count
    scale, known = np.empty(len(start)), np.zeros(len(start), np.int64)
    shape = (max(1, int(order.count.sum())),)
    residual = np.lib.format.open_memmap(folder / "residual.npy", "w+", np.float64, shape)
    codes: list[Whole] = []
    for part in range(parts):
        where = stands[firsts[part] : firsts[part] + sizes[part]]
        scales, residuals, coarse = read(part)
        counts = order.count[where]
        begins = np.cumsum(counts) - counts
        residual[np.repeat(start[where] - begins, counts) + np.arange(len(residuals))] = residuals
        scale[where] = scales
        known[where] = np.where(np.isnan(residuals[begins]), 0, counts)
        code = ((order.rule[where] * FOLDS + order.fold[where]) * MOST_BIDS + counts) * GRAIN - coarse
        np.save(folder / f"codes-{part}.npy", code)
        codes.append(np.unique(code[~np.isnan(scales)]))
    residual.flush()
    for name, array in (("fold", order.fold), ("scale", scale), ("known", known), ("start", start)):
        np.save(folder / f"{name}.npy", array)
    return np.unique(np.concatenate(codes))


def read_code(code: int) -> tuple[int, int, Key]:
    """Give the number of the rule, the fold and the key of a code."""
    front, coarse = divmod(code, GRAIN)
    rest, n = divmod(front, MOST_BIDS)
    return *divmod(rest, FOLDS), (n, -coarse)


@dataclass(frozen=True)
class Slice:
    """The tenders of one rule: from place `first` up to `end` of the order."""

    rule: str
    first: int
    end: int


class View:
    """The tenders of one rule outside one fold: `scales` and `pool` are stocks for `null.draw`."""

    def __init__(self, folder: Path, part: Slice, own: int) -> None:
        """Map the files and find the tenders of three or more bids outside the fold."""
        mapped = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in FILES}
        cut = slice(part.first, part.end)
        there = np.flatnonzero((mapped["fold"][cut] != own) & ~np.isnan(mapped["scale"][cut])) + part.first
        self.scales = mapped["scale"][there]
        known = mapped["known"][there]
        self.pool = _Residuals(mapped["residual"], mapped["start"][there], np.cumsum(known))


class _Residuals:
    def __init__(self, residual: Bids, starts: Whole, ends: Whole) -> None:
        self.residual, self.starts, self.ends = residual, starts, ends

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def take(self, places: Whole, /) -> Bids:
        """Give the residuals at these places of all that are known, one tender after the other."""
        tender = np.searchsorted(self.ends, places, side="right")
        before = np.where(tender > 0, self.ends[tender - 1], 0)
        return np.asarray(self.residual[self.starts[tender] + places - before])


def measures(folder: Path, part: Slice, own: int, keys: Sequence[Key], draws: int, file: Path) -> dict[Key, int]:
    """Draw the measures for tenders of this rule and fold into a file; where each begins, {} when too few others."""
    view = View(folder, part, own)
    found: dict[Key, int] = {}
    with file.open("wb") as written:
        for n, coarse in keys:
            measure = draw(part.rule, own, n, coarse, view.scales, view.pool, draws)
            if measure is None:
                return {}
            found[n, coarse] = written.tell()
            for screen in speaking(n):
                written.write(measure.values[screen.identifier].tobytes())
            written.write(measure.smallest.tobytes())
            written.write(measure.trios.tobytes())
    return found


def read_measure(file: Any, begin: int, n: int, draws: int) -> Measure:
    """Read a measure for tenders of `n` bids that begins there in the open file."""
    screens = speaking(n)
    file.seek(begin)
    flat = np.frombuffer(file.read(8 * draws * (len(screens) + 1 + n)), np.float64)
    rows = flat[: draws * (len(screens) + 1)].reshape(-1, draws)
    values = {screen.identifier: rows[place] for place, screen in enumerate(screens)}
    return Measure(values, rows[-1], flat[draws * (len(screens) + 1) :])

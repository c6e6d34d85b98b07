"""Numbers as they are printed: shares, growth, units, and why printed parts need not add up to the printed total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor


def share(part: int, whole: int) -> Fraction | None:
    """Return part of whole, exact; None where there is no whole."""
    return Fraction(part, whole) if whole else None


def growth(now: int, before: int) -> Fraction | None:
    """Return (now − before) / before, exact; None where there was nothing before or less than nothing."""
    return Fraction(now - before, before) if before > 0 else None


def printed_growth(rate: Fraction | None, places: int = 2) -> str:
    """Return a growth as it is printed: `+14.77%`, `-3.20%`, `—` where there is none; half up, after all sums."""
    if rate is None:
        return "—"
    percent = _half_up(rate * 100, places)
    return f"{'+' if percent > 0 else ''}{percent:f}%"


def in_unit(fen: int, unit_fen: int, places: int = 2) -> Decimal:
    """Return fen in a larger unit (10⁶ fen are 1 万元, 10¹⁰ are 1 亿元), rounded half up."""
    return _half_up(Fraction(fen, unit_fen), places)


@dataclass(frozen=True)
class Rounding:
    """Parts and total as printed, and what the printed parts add up to."""

    parts: tuple[Decimal, ...]
    total: Decimal
    added: Decimal

    @property
    def differs(self) -> bool:
        """Whether somebody who adds up the printed parts gets another number than the printed total."""
        return self.added != self.total


def rounding(fens: Sequence[int], unit_fen: int, places: int = 2) -> Rounding:
    """Print parts and total in a unit: the total is summed in fen and rounded once, never from rounded parts."""
    parts = tuple(in_unit(fen, unit_fen, places) for fen in fens)
    return Rounding(parts, in_unit(sum(fens), unit_fen, places), sum(parts, Decimal(0)))


def whole_bases(count: int, printed: Decimal) -> range:
    """Return the whole numbers from which growing to `count` prints as `printed` per cent; empty where none does.

    A published growth of a count can be checked without the earlier year: 625 with +14.77 % has no whole base
    (544 gives +14.89 %, 545 gives +14.68 %).
    """
    half = Fraction(1, 2 * 10 ** max(0, -int(printed.as_tuple().exponent)))
    low, high = (1 + (Fraction(printed) + step) / 100 for step in (-half, half))
    if low <= 0:
        return range(0)
    # printed half up: the rate lies in [printed − half, printed + half)
    return range(floor(count / high) + 1, floor(Fraction(count) / low) + 1) if high > 0 else range(0)


def _half_up(value: Fraction, places: int) -> Decimal:
    scaled = value * 10**places
    whole = floor(scaled + Fraction(1, 2)) if scaled >= 0 else ceil(scaled - Fraction(1, 2))
    return (Decimal(whole).scaleb(-places)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)

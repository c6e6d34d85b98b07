"""The shape of an evaluation committee: odd, large enough, two thirds experts, seats by speciality (R-300, R-301)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from core.errors import Invalid


@dataclass(frozen=True)
class Seat:
    """So many expert seats for one speciality."""

    speciality: str
    count: int


@dataclass(frozen=True)
class Shape:
    """How many members, how many of them represent the tenderee, and which specialities the drawn ones need."""

    size: int
    representatives: int
    seats: tuple[Seat, ...]

    @property
    def drawn(self) -> int:
        """How many experts are drawn."""
        return self.size - self.representatives

    def as_json(self) -> dict[str, Any]:
        """The shape as a JSON value."""
        return {
            "size": self.size,
            "drawn": self.drawn,
            "representatives": self.representatives,
            "seats": [{"speciality": seat.speciality, "count": seat.count} for seat in self.seats],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        seats = tuple(Seat(seat["speciality"], seat["count"]) for seat in value["seats"])
        return cls(value["size"], value["representatives"], seats)


def expert_seats_needed(size: int, ratio: Fraction) -> int:
    """The fewest expert seats in a committee of `size`: 5 → 4, 7 → 5, 9 → 6 with ratio 2/3 (R-300)."""
    return ceil(size * ratio)


def check_shape(
    size: int, representatives: int, seats: Sequence[tuple[str, int]], *, least: int, ratio: Fraction
) -> Shape:
    """Return the shape, or refuse it with the rule it breaks.

    Invalid: committee.too_small, committee.even, committee.experts (fewer than the ratio), committee.representatives
    (negative), committee.seats (the specialities' seats do not add up to the drawn ones), committee.speciality.
    """
    if size < least:
        raise Invalid("committee.too_small", field="size", size=size, least=least)
    if size % 2 == 0:
        raise Invalid("committee.even", field="size", size=size)
    if representatives < 0:
        raise Invalid("committee.representatives", field="representatives", found=representatives)
    needed = expert_seats_needed(size, ratio)
    if size - representatives < needed:
        raise Invalid(
            "committee.experts", field="representatives", size=size, experts=size - representatives, needed=needed
        )
    names = [speciality for speciality, _ in seats]
    if len(set(names)) != len(names) or any(not name for name in names):
        raise Invalid("committee.speciality", field="seats")
    if any(count < 1 for _, count in seats) or sum(count for _, count in seats) != size - representatives:
        raise Invalid(
            "committee.seats", field="seats", found=sum(count for _, count in seats), needed=size - representatives
        )
    return Shape(size, representatives, tuple(Seat(name, count) for name, count in seats))

"""The shape of an evaluation committee: odd, large enough, two thirds experts, seats by speciality (R-300, R-301)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from core.errors import Invalid

REGION, CAP = "region", "cap"


@dataclass(frozen=True)
class Seat:
    """So many expert seats for one speciality."""

    speciality: str
    count: int


@dataclass(frozen=True)
class Constraints:
    """What a request may ask of candidates beside a speciality: regions by the beginning of their code, seats at most.

    No regions means every region; `most_seats` counts the seats an expert has held in the year before, None without a
    cap.
    """

    regions: tuple[str, ...] = ()
    most_seats: int | None = None

    def reasons(self, region: str, seats_held: int) -> list[str]:
        """Why an expert of that region, with so many seats in the last year, may not be a candidate; empty if none."""
        found = [REGION] if self.regions and not region.startswith(self.regions) else []
        if self.most_seats is not None and seats_held >= self.most_seats:
            found.append(CAP)
        return found


@dataclass(frozen=True)
class Shape:
    """How many members, how many of them represent the tenderee, and which specialities the drawn ones need.

    `pools` are the codes of the pools drawn from (none named: all), `partners` those of partner platforms drawn from
    beside them (`jx/JX-1`), `limits` what else is asked of candidates; `direct`
    are the seats that an approved direct selection fills, which `seats` then no longer contain (R-320).
    """

    size: int
    representatives: int
    seats: tuple[Seat, ...]
    pools: tuple[str, ...] = ()
    limits: Constraints = Constraints()
    direct: tuple[Seat, ...] = ()
    partners: tuple[str, ...] = ()

    @property
    def drawn(self) -> int:
        """How many experts are drawn."""
        return self.size - self.representatives - sum(seat.count for seat in self.direct)

    def as_json(self) -> dict[str, Any]:
        """The shape as a JSON value."""
        found: dict[str, Any] = {
            "size": self.size,
            "drawn": self.drawn,
            "representatives": self.representatives,
            "seats": [{"speciality": seat.speciality, "count": seat.count} for seat in self.seats],
        }
        if self.pools:
            found["pools"] = list(self.pools)
        if self.partners:
            found["partners"] = list(self.partners)
        if self.limits != Constraints():
            found["limits"] = {"regions": list(self.limits.regions), "most_seats": self.limits.most_seats}
        if self.direct:
            found["direct"] = [{"speciality": seat.speciality, "count": seat.count} for seat in self.direct]
        return found

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Shape:
        """Read what `as_json` wrote."""
        seats = tuple(Seat(seat["speciality"], seat["count"]) for seat in value["seats"])
        limits = value.get("limits") or {}
        return cls(
            value["size"], value["representatives"], seats, tuple(value.get("pools", ())),
            Constraints(tuple(limits.get("regions", ())), limits.get("most_seats")),
            tuple(Seat(seat["speciality"], seat["count"]) for seat in value.get("direct", ())),
            tuple(value.get("partners", ())),
        )  # fmt: skip


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

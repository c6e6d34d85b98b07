"""A large pool by column, and a draw from it: constraints first, one ticket each, then a walk of the first few.

The order of a draw is fixed by its list and its seed; who is seated needs only its beginning. For every set of wanted
specialities the first `seats + standby` of its holders are kept: whoever comes later in that set is either not seated
or stands by behind at least `standby` others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.draw import mechanism
from experts.rules.shape import Constraints, Seat
from experts.rules.walk import SEATED, STANDBY, Walk, walk


@dataclass(frozen=True)
class Columns:
    """A pool, one place per expert in every column; `held` is a bit set over `specialities`, `ties` an index by key."""

    names: Sequence[str]
    held: Sequence[int]
    regions: Sequence[str]
    is_active: Sequence[int]
    seats_held: Sequence[int]
    specialities: tuple[str, ...]
    ties: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def bits(self, specialities: Iterable[str]) -> int:
        """The bit set of these specialities."""
        wanted = frozenset(specialities)
        return sum(1 << place for place, name in enumerate(self.specialities) if name in wanted)

    def named(self, bits: int) -> list[str]:
        """The specialities of a bit set, in the order of the pool's list."""
        return [name for place, name in enumerate(self.specialities) if bits >> place & 1]


def candidate_places(
    pool: Columns,
    seats: Sequence[Seat],
    constraints: Constraints,
    keys: Iterable[str],
    has_ground: Callable[[int], bool],
    busy: frozenset[int] = frozenset(),
) -> list[int]:
    """The places in the pool of everybody who may be drawn for these seats, in the order of the pool.

    Active, of a wanted speciality and allowed region, below the cap, not busy; and whoever shares one of the parties'
    `keys` only where `has_ground(place)` finds no ground to avoid (R-330). Costs one look at each place.
    """
    wanted = pool.bits(seat.speciality for seat in seats)
    gone = busy.union(
        place for place in {place for key in keys for place in pool.ties.get(key, ())} if has_ground(place)
    )
    allowed = {
        region for region in set(pool.regions) if not constraints.regions or region.startswith(constraints.regions)
    }
    cap = constraints.most_seats if constraints.most_seats is not None else 1 << 62
    rows = enumerate(zip(pool.held, pool.is_active, pool.seats_held, pool.regions, strict=True))
    return [
        place
        for place, (held, is_active, seats_held, region) in rows
        if held & wanted and is_active and seats_held < cap and region in allowed and place not in gone
    ]


def draw_seats(
    pool: Columns, places: Sequence[int], seats: Sequence[Seat], seed: bytes, label: str, *, standby: int
) -> Walk:
    """Draw from the candidates at `places`: a walk with everybody seated and the first `standby` who stand by.

    Seated, seats, and the order of those standing by are those of `walk` down the whole `mechanism.order`; the places
    in the order are not told, because nothing beyond the beginning is put in order.
    """
    wanted = pool.bits(seat.speciality for seat in seats)
    groups: dict[int, list[str]] = {}
    for place in places:
        groups.setdefault(pool.held[place] & wanted, []).append(pool.names[place])
    most = sum(seat.count for seat in seats) + standby
    kept: dict[str, list[str]] = {}
    for bits, names in groups.items():
        kept.update(dict.fromkeys(mechanism.first(seed, label, names, most), pool.named(bits)))
    found = walk(mechanism.order(seed, label, kept), kept, seats, {})
    waiting = found.of(STANDBY)[:standby]
    return Walk(tuple(sorted([*found.of(SEATED), *waiting])))

"""The walk down the order of a draw: who is seated, who stands by, who is skipped and why (R-320, R-322)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from experts.rules.shape import Seat

SEATED, STANDBY, SKIPPED = "seated", "standby", "skipped"


class Step(NamedTuple):
    """One candidate on the walk: its place in the order, what became of it, for which speciality or reason."""

    place: int
    candidate: str
    outcome: str
    detail: str

    def as_json(self) -> dict[str, Any]:
        """The step as a JSON value."""
        return {
            "place": self.place, "candidate": self.candidate, "outcome": self.outcome, "detail": self.detail
        }  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """The finished walk: a step for every candidate, in the order of the draw."""

    steps: tuple[Step, ...]

    def of(self, outcome: str) -> list[Step]:
        """The steps with that outcome, in order."""
        return [step for step in self.steps if step.outcome == outcome]


def walk(
    order: Sequence[str],
    specialities: Mapping[str, Sequence[str]],
    seats: Sequence[Seat],
    barred: Mapping[str, str],
) -> Walk:
    """Walk the drawn order once and seat each candidate in the first open seat of a speciality it holds.

    `barred` holds a reason for each candidate that may not be seated (any more); such a candidate is skipped with it.
    A candidate whose specialities are all seated stands by; one without a speciality of the committee is skipped.
    Seats are matched so that a later candidate never loses a seat to an earlier choice that had another one: a seated
    candidate of several specialities moves to another of its own when that seats the next in order.
    """
    matching = Matching(seats)
    outcomes: list[tuple[str, str]] = []
    placed: dict[str, int] = {}
    for candidate in order:
        held = specialities.get(candidate, ())
        if candidate in barred:
            outcomes.append((SKIPPED, barred[candidate]))
        elif not matching.seats_for(held):
            outcomes.append((SKIPPED, "speciality"))
        elif matching.seat(candidate, held):
            placed[candidate] = len(outcomes)
            outcomes.append((SEATED, ""))
        else:
            outcomes.append((STANDBY, ""))
    for candidate, speciality in matching.seated():
        outcomes[placed[candidate]] = (SEATED, speciality)
    return Walk(
        tuple(
            Step(place, candidate, outcome, detail)
            for place, (candidate, (outcome, detail)) in enumerate(zip(order, outcomes, strict=True), 1)
        )
    )


class Matching:
    """Seats by speciality and who sits in them; a seat is given for good to somebody, not to anybody in particular.

    A search that finds no free seat has visited a closed set: every seat in it is taken, and whoever sits there could
    only move inside it. Nobody who knows only seats of closed sets can ever be placed, so a walk costs one search for
    each seat and each closed set, not one for each candidate.
    """

    def __init__(self, seats: Sequence[Seat]) -> None:
        self.units = [seat.speciality for seat in seats for _ in range(seat.count)]
        self.holder: list[str | None] = [None] * len(self.units)
        self._able: dict[tuple[str, ...], list[int]] = {}
        self._of: dict[str, list[int]] = {}
        self._closed: set[int] = set()

    def seats_for(self, specialities: Sequence[str]) -> list[int]:
        """The seats, by place, that somebody of these specialities may take, in the order of the request."""
        key = tuple(specialities)
        if key not in self._able:
            self._able[key] = [place for place, name in enumerate(self.units) if name in key]
        return self._able[key]

    def seat(self, candidate: str, specialities: Sequence[str]) -> bool:
        """Seat the candidate if everybody seated so far can keep a seat; say whether."""
        able = self.seats_for(specialities)
        if self._closed.issuperset(able):
            return False
        self._of[candidate] = able
        tried: set[int] = set()
        if self._place(candidate, tried):
            return True
        del self._of[candidate]
        self._closed |= tried
        return False

    def seated(self) -> list[tuple[str, str]]:
        """Who sits, with the speciality of the seat, in the order of the request."""
        return [(held, name) for held, name in zip(self.holder, self.units, strict=True) if held is not None]

    def _place(self, candidate: str, tried: set[int]) -> bool:
        for place in self._of[candidate]:
            if place in tried:
                continue
            tried.add(place)
            held = self.holder[place]
            if held is None or self._place(held, tried):
                self.holder[place] = candidate
                return True
        return False

"""The walk down the order of a draw: who is seated, who stands by, who is skipped and why (R-320, R-322)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experts.rules.shape import Seat

SEATED, STANDBY, SKIPPED = "seated", "standby", "skipped"


@dataclass(frozen=True)
class Step:
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
    open_seats = [seat.speciality for seat in seats for _ in range(seat.count)]
    holder: list[str | None] = [None] * len(open_seats)
    able: dict[str, list[int]] = {
        candidate: [index for index, name in enumerate(open_seats) if name in specialities.get(candidate, ())]
        for candidate in order
    }

    def place(candidate: str, tried: set[int]) -> bool:
        for index in able[candidate]:
            if index in tried:
                continue
            tried.add(index)
            held = holder[index]
            if held is None or place(held, tried):
                holder[index] = candidate
                return True
        return False

    outcomes: dict[str, tuple[str, str]] = {}
    for candidate in order:
        if candidate in barred:
            outcomes[candidate] = (SKIPPED, barred[candidate])
        elif not able[candidate]:
            outcomes[candidate] = (SKIPPED, "speciality")
        elif place(candidate, set()):
            outcomes[candidate] = (SEATED, "")
        else:
            outcomes[candidate] = (STANDBY, "")
    for index, seated in enumerate(holder):
        if seated is not None:
            outcomes[seated] = (SEATED, open_seats[index])
    return Walk(tuple(Step(place + 1, candidate, *outcomes[candidate]) for place, candidate in enumerate(order)))

"""Steps of the day: which states people see as which step, and from where on names and prices are public."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.errors import Conflict

PRICES_SHOWN = frozenset({"prices_read", "record_confirm", "objection", "record_signed", "handed_over"})
"""Standings of an opening in which prices may be shown, to anyone (R-257)."""

NAMES_SHOWN = PRICES_SHOWN | {
    "names_published",
    "decrypt_open",
    "decrypt_paused",
    "trustee_fallback",
    "decrypt_closed",
    "coefficients_drawn",
}
"""Standings in which the bidders' names are public; before, and when an opening ends before them, they are not."""

OBJECTABLE = frozenset(NAMES_SHOWN - {"record_signed", "handed_over"})
"""States in which an objection on the spot is taken (R-259)."""

ASIDE = frozenset({"suspended", "cancelled", "failed"})
"""States beside the day's course: the opening remembers in `stood_in` how far it had come."""

STAGES = ("closed", "names_published", "decrypt_open", "prices_read", "record_confirm", "record_signed")
"""The steps people see, each named by the state that begins it."""

_STEP = {
    "closed": 0,
    "names_published": 1,
    "decrypt_open": 2,
    "decrypt_paused": 2,
    "trustee_fallback": 2,
    "decrypt_closed": 3,
    "coefficients_drawn": 3,
    "prices_read": 3,
    "record_confirm": 4,
    "objection": 4,
    "record_signed": 5,
    "handed_over": 6,
}


def standing(state: str, stood_in: str | None) -> str:
    """How far the day has come: the state itself, or where the opening stood when it left the day's course.

    What had become public stays public, what had not stays hidden, through suspension, failure and cancellation.
    """
    return stood_in or "closed" if state in ASIDE else state


def step_of(standing: str) -> int:
    """Which of `STAGES` a standing has reached."""
    return _STEP.get(standing, 0)


def check_state(thing: Any, verb: str, allowed: Collection[str]) -> None:
    """Refuse `verb` in a state it does not belong to, as `core.machine.advance` does for moves."""
    if thing.state not in allowed:
        raise Conflict(
            f"{thing.lifecycle.name}.state",
            verb=verb,
            state=thing.state,
            allowed=sorted(allowed),
            subject=thing.subject,
        )

"""Two sittings (双信封): which envelopes each opens, and in which one prices are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opening.rules.schedule import SCHEDULE

Layout = Sequence[Mapping[str, Any]]


def sitting_of(envelopes: Layout, name: str) -> int:
    """The sitting that opens the envelope of that name: 2 where the layout says so, else the first."""
    return 2 if name in later_envelopes(envelopes) else 1


def later_envelopes(envelopes: Layout) -> list[str]:
    """The envelopes that stay sealed after the first sitting; empty where one sitting opens all."""
    return [str(one["name"]) for one in envelopes if one["opens"] == "second"]


def sittings_of(envelopes: Layout) -> int:
    """In how many sittings the section's envelopes are opened."""
    return 2 if later_envelopes(envelopes) else 1


def due_envelopes(envelopes: Layout, sitting: int, names: Iterable[str]) -> list[str]:
    """Those of `names` that the sitting opens, sorted."""
    return sorted(name for name in names if sitting_of(envelopes, name) == sitting)


def reads_prices(envelopes: Layout, sitting: int) -> bool:
    """Whether the sitting opens the schedule, which tells the price; coefficients are drawn in the same one."""
    return sitting_of(envelopes, SCHEDULE) == sitting

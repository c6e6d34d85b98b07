"""The envelopes of a bid: which there are, in which sitting each is opened, whose author must stay unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import Invalid

ENVELOPES = ("schedule", "qualification", "technical", "price")
"""The names an envelope may have; the schedule (开标一览表) is read out and its secret published."""

SITTINGS = ("first", "second")
"""`first`: at the deadline; `second`: later, when the first sitting's envelopes have been evaluated (双信封)."""

PRICED = frozenset({"schedule", "price"})
"""Envelopes that tell the price: they are opened in one sitting, so that neither tells the other's secret early."""

ANONYMOUS = frozenset({"technical"})
"""Envelopes that may be written without a name (暗标)."""


def layout(
    *, is_double: bool = False, is_anonymous: bool = False, with_technical: bool = True, with_price: bool = True
) -> list[dict[str, Any]]:
    """The envelopes in opening order: one sitting for all (单信封), or prices in a second one (双信封)."""
    order = ("qualification", "technical", "schedule", "price") if is_double else ENVELOPES
    left_out = {name for name, kept in (("technical", with_technical), ("price", with_price)) if not kept}
    return [
        {
            "name": name,
            "opens": "second" if is_double and name in PRICED else "first",
            "anonymous": is_anonymous and name in ANONYMOUS,
        }
        for name in order
        if name not in left_out
    ]


def check_layout(envelopes: Any) -> list[dict[str, Any]]:
    """The envelopes themselves, if they can be sealed for and opened in that order.

    Raises Invalid: envelopes.malformed with the place; envelopes.schedule without a schedule; envelopes.order where a
    second sitting comes before a first, or nothing is opened at the deadline; envelopes.prices where schedule and price
    are not opened together; envelopes.anonymous where another than the technical envelope, or one that is not opened at
    the deadline, hides its author.
    """
    if not isinstance(envelopes, list):
        raise Invalid("envelopes.malformed", field="envelopes", place="0")
    for number, one in enumerate(envelopes, 1):
        whole = isinstance(one, dict) and set(one) == {"name", "opens", "anonymous"}
        if (
            not whole
            or one["name"] not in ENVELOPES
            or one["opens"] not in SITTINGS
            or not isinstance(one["anonymous"], bool)
        ):
            raise Invalid("envelopes.malformed", field="envelopes", place=str(number))
        if one["anonymous"] and (one["name"] not in ANONYMOUS or one["opens"] != "first"):
            raise Invalid("envelopes.anonymous", field="envelopes", envelope=one["name"])
    names = names_of(envelopes)
    if len(set(names)) != len(names):
        raise Invalid("envelopes.malformed", field="envelopes", place=str(len(names)))
    if "schedule" not in names:
        raise Invalid("envelopes.schedule", field="envelopes")
    sittings = [SITTINGS.index(one["opens"]) for one in envelopes]
    if sittings != sorted(sittings) or sittings[0]:
        raise Invalid("envelopes.order", field="envelopes")
    if len({one["opens"] for one in envelopes if one["name"] in PRICED}) != 1:
        raise Invalid("envelopes.prices", field="envelopes")
    return envelopes


def names_of(envelopes: Sequence[dict[str, Any]]) -> list[str]:
    """The names in opening order, as a sealing policy lists them."""
    return [one["name"] for one in envelopes]


def opened_in(envelopes: Sequence[dict[str, Any]], sitting: str) -> list[str]:
    """The names of the envelopes that one sitting opens."""
    return [one["name"] for one in envelopes if one["opens"] == sitting]


def has_second_sitting(envelopes: Sequence[dict[str, Any]]) -> bool:
    """Whether some envelope stays sealed after the first sitting (双信封)."""
    return any(one["opens"] == "second" for one in envelopes)


def is_anonymous(envelopes: Sequence[dict[str, Any]]) -> bool:
    """Whether some envelope must not show who wrote it (暗标)."""
    return any(one["anonymous"] for one in envelopes)

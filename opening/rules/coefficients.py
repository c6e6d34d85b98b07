"""The coefficient K: the grid of values it may take, and the order a seed puts them in (R-262)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from core.draw import mechanism
from core.errors import Invalid

DRAW_PARTIES = ("officer", "supervisor")


def coefficient_grid(method: Mapping[str, Any]) -> list[str]:
    """Every value the coefficient K may take, ascending, as text with equal places; empty where none is drawn.

    `method["price"]["k_range"]` = [low, high] and `step`. Raises Invalid("method.k_range") unless the step divides the
    range exactly and 0 < low ≤ high.
    """
    price = method.get("price", {})
    if not price.get("k_range"):
        return []
    try:
        low, high = (Decimal(bound) for bound in price["k_range"][:2])
        step = Decimal(price["step"])
    except (InvalidOperation, KeyError, TypeError, ValueError):
        told = price["k_range"]
        raise Invalid("method.k_range", field="k_range", low=told, high=None, step=price.get("step")) from None
    if not 0 < low <= high or step <= 0 or (high - low) % step:
        raise Invalid("method.k_range", field="k_range", low=low, high=high, step=step)
    places = max(-int(value.normalize().as_tuple().exponent) for value in (low, high, step))
    count = int((high - low) / step) + 1
    return [f"{low + step * n:.{max(places, 0)}f}" for n in range(count)]


def draw_label(section: str) -> str:
    """The label of a section's coefficient draw."""
    return f"coefficients:{section}"


def draw_steps(seed: bytes, label: str, grid: Iterable[str]) -> list[dict[str, str]]:
    """The grid in the order of the draw with each value's ticket; the first is K."""
    return [
        {"value": value, "ticket": mechanism.ticket(seed, label, value).hex()}
        for value in mechanism.order(seed, label, grid)
    ]

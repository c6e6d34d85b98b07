"""A regulator's orders to stand still: which are in force, and how much later a time is by what stood (R-562)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.clock import from_iso
from core.errors import Conflict

Orders = Iterable[Mapping[str, Any]]
"""A section's orders as it keeps them: {order, reason, from, until}, instants as ISO text, `until` None in force."""


def in_force(orders: Orders) -> list[Mapping[str, Any]]:
    """The orders that have not ended."""
    return [one for one in orders if one["until"] is None]


def check_moving(code: str, orders: Orders) -> None:
    """Refuse a move of the section while an order is in force: Conflict("section.ordered")."""
    if in_force(orders):
        raise Conflict("section.ordered", section=code)


def stood(orders: Orders, now: datetime) -> list[tuple[datetime, datetime]]:
    """The spans in which the section stood still, in order and without overlap; an order in force lasts until now."""
    spans: list[tuple[datetime, datetime]] = []
    for begun, ended in sorted((from_iso(o["from"]), from_iso(o["until"]) if o["until"] else now) for o in orders):
        if spans and begun <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], ended))
        else:
            spans.append((begun, ended))
    return spans


def moved_due(due_at: datetime, began_at: datetime, orders: Orders, now: datetime) -> datetime:
    """A time limit that began at `began_at`, later by exactly what the section stood still before it came."""
    for begun, ended in stood(orders, now):
        if ended > began_at and begun < due_at:
            due_at += max(ended - max(begun, began_at), timedelta(0))
    return due_at

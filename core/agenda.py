"""What waits for a person: the kinds of things to do, and one such thing with its page, last instant and rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A kind of thing to do: the page it is done on and the acts (endpoints) it leads to.

    `must` is false for what one may do and need not.
    """

    page: str
    acts: tuple[str, ...] = ()
    must: bool = True


@dataclass(frozen=True)
class Item:
    """One thing that waits: its kind, the values of its page's address, by when, about what, by which cited rule.

    `due` is the first instant at which it is late; None where none is reckoned.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    due: datetime | None = None
    about: str = ""
    name: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    rule: Mapping[str, Any] | None = None
    anchor: str = ""

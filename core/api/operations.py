"""An operation of the API as it is told to programs: a mark on its view, from which the document is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Operation:
    """What a program must know to call it: who may, what goes in, what comes out, which guards it has.

    `scope` None: everybody. `takes_key`: an Idempotency-Key is honoured. `needs_match`: If-Match must name the state
    the caller has seen. `place`: where what it makes is found, if not behind its own address.
    """

    tag: str
    answer: type[BaseModel] | None
    status: int = 200
    asked: type[BaseModel] | None = None
    given: type[BaseModel] | None = None
    scope: str | None = None
    takes_key: bool = False
    needs_match: bool = False
    place: str = ""


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """The operation a view carries out; None for pages."""
    return getattr(view, "__operation__", None)

"""An operation of the API as it is told to programs: a mark on its view, from which the document is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

PREFIX = "/api/v1"
FILE = "application/octet-stream"
DIGEST = "^sha-256=:[A-Za-z0-9+/]{43}=:$"
"""The Content-Digest (RFC 9530) of a file sent as it is."""


@dataclass(frozen=True)
class Operation:
    """What a program must know to call it: who may, what goes in, what comes out, which guards it has.

    `scope` None: everybody. `takes_key`: an Idempotency-Key is honoured. `needs_match`: If-Match must name the state
    the caller has seen. `takes_file`: the body is a file as it is, with its digest beside it. `place`: where what it
    makes is found, if not behind its own address.
    """

    tag: str
    answer: type[BaseModel] | None
    status: int = 200
    asked: type[BaseModel] | None = None
    given: type[BaseModel] | None = None
    scope: str | None = None
    takes_key: bool = False
    needs_match: bool = False
    takes_file: bool = False
    place: str = ""


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """The operation a view carries out; None for pages."""
    return getattr(view, "__operation__", None)

"""Opaque cursors: where a list was left, good only for the list that gave them."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from core import canonical
from core.errors import Invalid

MOST = 400


def cursor(name: str, *place: int | str) -> str:
    """The cursor behind the item at `place` of the list of that name."""
    return base64.urlsafe_b64encode(canonical.dumps([name, *place])).rstrip(b"=").decode()


def place(text: str | None, name: str, *kinds: type) -> tuple[int | str, ...] | None:
    """The place a cursor names; None without one, Invalid("api.cursor") for one of another list or of nobody."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        held = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        held = None
    right = (
        len(text) <= MOST
        and isinstance(held, list)
        and len(held) == len(kinds) + 1
        and held[0] == name
        and all(type(one) is kind and _is_place(one) for one, kind in zip(held[1:], kinds, strict=True))
    )
    if not right or held is None or cursor(*held) != text:
        raise Invalid("api.cursor", field="cursor")
    return tuple(held[1:])


def _is_place(one: Any) -> bool:
    """What canonical JSON can write and a database be asked for: no half of a character, no control character."""
    return one.isprintable() if isinstance(one, str) else -1 <= one < 2**53

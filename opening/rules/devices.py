"""Identifiers of the machines bids were made on: kept only under a key of their project, comparable nowhere else.

Spelled in docs/spec/opening.md §8. Who has the key can try every network adapter there is (2^24 of one maker), so it is
in no database and no archive.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

SCHEME = "sunbid-device-hmac/v1"
PLACES = ("mac", "disk", "cpu", "host")
"""What tells a machine from others; `tool`, the program's version, does not and is kept as it is."""

_BLANK = """
000000000000 ffffffffffff 005056c00001 005056c00008 0a0027000000 00ff00000000 020054554e01 tobefilledbyo.e.m.
tobefilledbyoem defaultstring none null unknown 0000000000000000 systemserialnumber notapplicable na
"""

BLANK = frozenset(_BLANK.split())
"""Identifiers of virtual machines, tunnels and empty firmware, folded: they say nothing of one machine."""


def folded(value: object) -> str:
    """The identifier in lower case without separators; empty for what is no text or says nothing of one machine."""
    if not isinstance(value, str):
        return ""
    spelled = "".join(letter for letter in value.casefold() if letter.isalnum() or letter == ".")
    return "" if spelled in BLANK else spelled


def raw_of(device: object) -> dict[str, str]:
    """Every identifier that tells this machine from others, folded; {} where there is none."""
    told = device if isinstance(device, Mapping) else {}
    found = {place: folded(told.get(place)) for place in PLACES}
    return {place: value for place, value in found.items() if value}


def locks_of(device: object) -> list[str]:
    """The serial numbers of the locks (加密锁) in this machine, folded, each once and in order."""
    told = device.get("locks") if isinstance(device, Mapping) else None
    found = {folded(one) for one in told} if isinstance(told, list) else set()
    return sorted(one for one in found if one.strip("0"))


def keyed(device: object, key: bytes) -> dict[str, Any]:
    """What is kept of a machine: HMAC-SHA256 per identifier, of `<place> LF <folded>`; "" where there was none.

    `blank` names the places whose value was one that many machines give (a virtual machine, empty firmware).
    """
    told = device if isinstance(device, Mapping) else {}
    raw = raw_of(told)
    tool = told.get("tool")
    return {
        "scheme": SCHEME,
        **{
            place: hmac.new(key, f"{place}\n{raw[place]}".encode(), hashlib.sha256).hexdigest() if place in raw else ""
            for place in PLACES
        },
        "locks": [hmac.new(key, f"lock\n{one}".encode(), hashlib.sha256).hexdigest() for one in locks_of(told)],
        "blank": [
            place for place in PLACES if isinstance(told.get(place), str) and told[place].strip() and place not in raw
        ],
        "tool": tool if isinstance(tool, str) else "",
    }

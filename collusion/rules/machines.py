"""Which bids of different bidders and projects name one machine: pure comparison, told without the identifiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """What one bid told of its machine: its section, number and bidder; place → folded identifier."""

    project: str
    section: str
    number: int
    bidder: str
    name: str
    device: Mapping[str, str]

    def named(self) -> dict[str, Any]:
        """The bid without anything of its machine."""
        return {"section": self.section, "number": self.number, "name": self.name, "identifier": self.bidder}


def shared(told: Iterable[Told], ring: Collection[tuple[str, int]]) -> dict[str, Any]:
    """Every bid of another bidder in another project that names a machine which a bid of the ring names too.

    `ring` holds (section, number). A match says which kind of identifier is equal and how many of all the bidders
    compared name it (a processor's is that of its model); it is stronger the more kinds agree and the fewer name it.
    `own`: how many of the ring's bidders' own other bids were made on the same machine, which says nothing.
    """
    everything = list(told)
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in everything:
        for place, value in one.device.items():
            holders[place, value].add(one.bidder)
            found[place, value].append(one)
    matches: list[dict[str, Any]] = []
    own: set[tuple[str, int]] = set()
    for mine in (one for one in everything if (one.section, one.number) in ring):
        others: dict[tuple[str, int], tuple[Told, list[dict[str, Any]]]] = {}
        for place, value in sorted(mine.device.items()):
            for other in found[place, value]:
                if other.project == mine.project:
                    continue
                if other.bidder == mine.bidder:
                    own.add((other.section, other.number))
                    continue
                kind = {"kind": place, "holders": len(holders[place, value])}
                others.setdefault((other.section, other.number), (other, []))[1].append(kind)
        matches += [
            {"bid": mine.named(), "other": other.named(), "equal": kinds}
            for _, (other, kinds) in sorted(others.items())
        ]
    matches.sort(key=_weight)
    return {
        "bids": len(everything),
        "bidders": len({one.bidder for one in everything}),
        "own": len(own),
        "matches": matches,
    }


def _weight(match: dict[str, Any]) -> tuple[int, int]:
    return -len(match["equal"]), min(kind["holders"] for kind in match["equal"])

"""Ties as keys: what an expert and a party must have in common before any ground of R-330 can exist between them.

An index of the pool by these keys finds everybody whom avoidance may touch by looking up the parties, not by reading
the pool; `avoidance_grounds` then decides about the few who were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from experts.rules.avoidance import Party, Profile, plain_name


def tie_keys(profile: Profile) -> frozenset[str]:
    """Every key under which the expert stands in the index: units and people named in employments, shares, relatives.

    Holds: whenever `avoidance_grounds` finds a ground that names a party, `tie_keys(profile)` and `party_keys(party)`
    have a key in common. The converse does not hold (an employment of ten years ago is a key and no ground).
    """
    keys: set[str] = set()
    for entry in (*profile.employers, *profile.shareholdings):
        keys |= _unit(entry, "name")
    if profile.organisation:
        keys |= _unit({"name": profile.organisation[0], "identifier": profile.organisation[1]}, "name")
    for entry in profile.relatives:
        keys |= _unit(entry, "organisation")
        keys |= _named("person", [entry.get("name")])
    return frozenset(keys)


def party_keys(parties: Iterable[Party]) -> frozenset[str]:
    """The keys to look up for these parties."""
    keys: set[str] = set()
    for party in parties:
        keys |= _unit({"name": party.name, "identifier": party.identifier}, "name")
        keys |= _named("person", party.people)
    return frozenset(keys)


def _unit(entry: Mapping[str, Any], name: str) -> set[str]:
    keys = _named("unit", [entry.get(name)])
    if entry.get("identifier"):
        keys.add(f"id {entry['identifier']}")
    return keys


def _named(kind: str, names: Iterable[Any]) -> set[str]:
    return {f"{kind} {plain_name(str(name))}" for name in names if name and plain_name(str(name))}

"""Consortia (联合体) among the named bids: who their members are, who stands in more than one bid (R-211, R-212)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MEMBER = ("name", "uscc", "role", "share", "work")


def members_of(claims: Any) -> list[dict[str, Any]]:
    """The consortium as it was sealed, its lead first; empty for who bids alone and where what is said has no form."""
    told = claims.get("consortium") if isinstance(claims, Mapping) else None
    if not isinstance(told, list):
        return []
    whole = all(isinstance(one, dict) and set(one) == set(MEMBER) for one in told)
    kinds = whole and all(
        type(one["share"]) is int and all(isinstance(one[key], str) for key in MEMBER if key != "share") for one in told
    )
    return [dict(one) for one in told] if kinds else []


def is_whole(faults: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the identity was what its bidder signed: what it says of others can be published."""
    return not any(str(one["code"]).startswith("seal.") or one["code"] == "identity.unreadable" for one in faults)


def parties_of(identifier: str, claims: Any) -> frozenset[str]:
    """The codes of everyone behind one bid: the bidder and the members of its consortium."""
    codes = {identifier.upper(), *(one["uscc"].strip().upper() for one in members_of(claims))}
    return frozenset(codes - {""})


def stands_twice(bids: Mapping[int, tuple[frozenset[str], bool]]) -> dict[int, list[dict[str, Any]]]:
    """For each bid who of it stands in another one too, and in which: {number: [{"party", "numbers"}]} (R-211).

    `bids`: number → (everyone behind the bid, whether it is a consortium's). A member may not bid alone or in another
    consortium of the section; who bids twice alone is no matter of consortia.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for party in sorted(set().union(*(parties for parties, _ in bids.values()))):
        numbers = sorted(number for number, (parties, _) in bids.items() if party in parties)
        if len(numbers) > 1 and any(bids[number][1] for number in numbers):
            for number in numbers:
                found.setdefault(number, []).append(
                    {"party": party, "numbers": [other for other in numbers if other != number]}
                )
    return found

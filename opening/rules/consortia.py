"""Consortia (联合体) among the named bids: who their members are, who stands in more than one bid (R-211, R-212)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MEMBER = ("name", "uscc", "role", "share", "work")
ROLES = {"lead": "联合体牵头人", "member": "联合体成员"}


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


def published_members(claims: Any, faults: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The consortium as the list of bidders tells it, its lead first; empty for who bids alone."""
    return members_of(claims) if is_whole(faults) else []


def joint_name(name: str, members: Sequence[Mapping[str, Any]], most: int | None = None) -> str:
    """The bidder's name in a Chinese document or record; of a consortium every member's, each with its role.

    With `most`, as many of the members as there is room for, and how many there are; never a part of a name but where
    not even the lead's fits.
    """
    if not members:
        return name
    told = [f"{one['name']}（{ROLES[one['role']]}）" for one in members]
    whole = "、".join(told)
    if most is None or len(whole) <= most:
        return whole
    rest = f"等 {len(members)} 家组成的联合体"
    while len(told) > 1 and len("、".join(told)) + len(rest) > most:
        told.pop()
    short = "、".join(told) + rest
    return short if len(short) <= most else name[:most]


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

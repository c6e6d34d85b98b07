"""Who stands behind a bidder, as a registry of enterprises says: responsible person, holders and their shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collusion.rules.documents import Place

REGISTRY = "sunbid-registry/v1"
MEMBER = "member"
"""The role of a record that is of a consortium's other member, not of the bidder itself."""
CONTROL = 50.0
"""Per cent of shares from which somebody controls a company by itself (公司法 art. 265: more than half, or enough)."""


@dataclass(frozen=True, slots=True)
class Owners:
    """One bidder's entry: its identifier, the responsible person's, and holders as (identifier, name, per cent)."""

    identifier: str
    responsible: str
    responsible_name: str
    holders: tuple[tuple[str, str, float], ...]
    as_of: str
    place: Place

    def controllers(self) -> Mapping[str, str]:
        """Whoever holds more than half of the shares: identifier → name."""
        return {identifier: name for identifier, name, share in self.holders if share > CONTROL}


@dataclass(frozen=True, slots=True)
class Bond:
    """What ties two bidders in the registry: the kind, and the name that stands on both sides."""

    kind: str
    name: str


def read_owners(data: Mapping[str, Any], place: Place) -> Owners | None:
    """Read a record; None where it does not say whose it is."""
    identifier = data.get("identifier")
    if not isinstance(identifier, str) or not identifier:
        return None
    holders = []
    listed = data.get("holders")
    for holder in listed if isinstance(listed, list) else []:
        share = holder.get("share") if isinstance(holder, dict) else None
        if isinstance(share, int | float) and not isinstance(share, bool) and isinstance(holder.get("identifier"), str):
            holders.append((holder["identifier"], str(holder.get("name", "")), float(share)))
    responsible = data.get("responsible")
    person = responsible if isinstance(responsible, dict) else {}
    return Owners(
        identifier,
        str(person.get("identifier", "")),
        str(person.get("name", "")),
        tuple(sorted(holders)),
        str(data.get("as_of", "")),
        place,
    )


def common_control(a: Owners, b: Owners) -> Bond | None:
    """What art. 34 asks for: one responsible person, one controls the other, or a third controls both.

    Identifiers only: two people of one name are two people.
    """
    if a.responsible and a.responsible == b.responsible:
        return Bond("responsible", a.responsible_name)
    ours, theirs = a.controllers(), b.controllers()
    if b.identifier in ours:
        return Bond("holds", ours[b.identifier])
    if a.identifier in theirs:
        return Bond("holds", theirs[a.identifier])
    for identifier in sorted(ours.keys() & theirs.keys()):
        return Bond("holder", ours[identifier])
    return None

"""Direct selection instead of the draw: on which grounds, with what on record, by which two people (R-320)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import rfc8785

from core.errors import Invalid
from experts.rules.shape import Seat, Shape

DOMAIN = b"sunbid-direct/v1\n"
LEAST_REASON = 20


def seats_of(people: Sequence[Mapping[str, str]]) -> tuple[Seat, ...]:
    """The seats these people take, by speciality in the order first named."""
    counted = Counter(row["speciality"] for row in people)
    return tuple(Seat(name, count) for name, count in counted.items())


def without(shape: Shape, taken: Sequence[Seat]) -> Shape:
    """The shape with these seats filled directly instead of drawn; Invalid("direct.seats") where it has not so many."""
    left = Counter({seat.speciality: seat.count for seat in shape.seats})
    for seat in taken:
        if left[seat.speciality] < seat.count:
            raise Invalid("direct.seats", field="people", speciality=seat.speciality, left=left[seat.speciality])
        left[seat.speciality] -= seat.count
    direct = Counter({seat.speciality: seat.count for seat in shape.direct})
    direct.update({seat.speciality: seat.count for seat in taken})
    return replace(
        shape,
        seats=tuple(Seat(seat.speciality, left[seat.speciality]) for seat in shape.seats if left[seat.speciality]),
        direct=tuple(Seat(name, count) for name, count in direct.items()),
    )


def people_digest(salt: str, people: Sequence[Mapping[str, str]]) -> str:
    """SHA-256 of domain, salt and the canonical JSON of the people: fixes who was proposed, tells nobody."""
    return hashlib.sha256(DOMAIN + bytes.fromhex(salt) + rfc8785.dumps([dict(row) for row in people])).hexdigest()


def check_proposal(
    *, ground: str, grounds: Sequence[str], reason: str, document: str, regime: str, people: Sequence[Mapping[str, str]]
) -> None:
    """Refuse a proposal without a ground of the law, a reason and, in regime G, the approval's number (R-320).

    Invalid: direct.ground, direct.reason (under 20 characters), direct.document, direct.people (nobody, or twice).
    """
    if ground not in grounds:
        raise Invalid("direct.ground", field="ground")
    if len(reason.strip()) < LEAST_REASON:
        raise Invalid("direct.reason", field="reason", least=LEAST_REASON)
    if regime == "G" and not document.strip():
        raise Invalid("direct.document", field="document")
    codes = [row["code"] for row in people]
    if not codes or len(set(codes)) != len(codes):
        raise Invalid("direct.people", field="people")

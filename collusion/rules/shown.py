"""What indicators over earlier sections share: both directions tested, evidence shown and not weighed, what lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Place
from collusion.rules.evidence import Evidence, Family, Finding, Remark, Sighting, remark
from collusion.rules.history import LEAST_SECTIONS, same_kind
from collusion.rules.source_text import _l

RECORD = Place("history.json", None, None)
WORTH_SHOWING = 0.05


class OneSided(NamedTuple):
    """The more telling of two directions: its chance, doubled for the two looks; who, beside whom; the counts."""

    tail: float
    actor: Bid
    other: Bid
    counts: tuple[int, ...]


def one_sided(a: Bid, b: Bid, look: Callable[[Bid, Bid], tuple[float, tuple[int, ...]] | None]) -> OneSided | None:
    """Look from a at b and from b at a; None where neither direction says anything."""
    found = [
        OneSided(2 * seen[0], actor, other, seen[1])
        for actor, other in ((a, b), (b, a))
        if (seen := look(actor, other)) is not None
    ]
    return min(found, key=lambda one: one.tail, default=None)


def shown(
    indicator: str,
    family: Family,
    pair: tuple[Bid, Bid],
    tail: float,
    said: tuple[str, str],
    tested: tuple[Remark, ...],
) -> list[Evidence]:
    """The evidence with its chance (floor and tail), never weighed; none where the chance is not worth showing."""
    base = rate("history.floor")
    chance = min(1.0, base.value + tail)
    if chance > WORTH_SHOWING:
        return []
    finding = Finding(Sighting(RECORD, said[0]), Sighting(RECORD, said[1]))
    a, b = (bid.bidder for bid in pair)
    llr = odds.from_p(chance)
    return [Evidence(indicator, family, a, b, llr, chance, base, (finding,), tested, weighed=False)]


def lacking_sections(case: Case) -> Remark | None:
    """Say whether there are too few earlier sections of this kind."""
    enough = len(same_kind(case.history, case.pricing)) >= LEAST_SECTIONS
    return None if enough else remark(_l("同类以往项目不足 %(least)d 个"), least=LEAST_SECTIONS)

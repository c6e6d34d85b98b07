"""Aggregation of members' scores, published rounding, ranking and candidates (R-455 to R-457, R-501)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

PLACES = 2


@dataclass(frozen=True)
class Standing:
    """One bid before ranking: exact group scores and its price in fen; `lot` is its place in the tie draw."""

    number: int
    technical: Fraction
    qualification: Fraction
    price: Fraction
    price_fen: int
    lot: int

    @property
    def total(self) -> Fraction:
        """The exact total."""
        return self.technical + self.qualification + self.price


@dataclass(frozen=True)
class RankedBid:
    """One bid with its rank, 1 first, and what decided against the bid ranked just above: a total or a tie rule."""

    rank: int
    standing: Standing
    decided_by: str


def published(value: Fraction, places: int = PLACES) -> Decimal:
    """An exact value as published: rounded half up (half away from zero) to `places` decimals, once (R-456)."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def aggregate(totals: Sequence[Mapping[str, Decimal]]) -> dict[str, Fraction]:
    """The exact mean over members of each group's points: `totals` holds one {group: points} per member (R-455)."""
    groups = dict.fromkeys(group for member in totals for group in member)
    return {
        group: sum((Fraction(member.get(group, Decimal(0))) for member in totals), Fraction(0)) / len(totals)
        for group in groups
    }


def rank(standings: Sequence[Standing]) -> list[RankedBid]:
    """Rank by published total; of equal ones the lower price, then the higher technical score, then the draw (R-457).

    The published total (two decimals) is compared, so that nobody is ranked by a difference that is not published.
    """

    def key(standing: Standing) -> tuple[Decimal, int, Fraction, int]:
        return (-published(standing.total), standing.price_fen, -standing.technical, standing.lot)

    reasons = ("total", "price", "technical", "draw")
    ranked: list[RankedBid] = []
    for place, standing in enumerate(sorted(standings, key=key), start=1):
        decided = "first"
        if ranked:
            pairs = zip(key(ranked[-1].standing), key(standing), strict=True)
            decided = next(reason for reason, (upper, lower) in zip(reasons, pairs, strict=True) if upper != lower)
        ranked.append(RankedBid(place, standing, decided))
    return ranked


def candidates(ranked: Sequence[RankedBid], most: int = 3) -> list[int]:
    """The numbers of the recommended candidates, best first, at most `most` (R-501)."""
    return [bid.standing.number for bid in ranked[:most]]

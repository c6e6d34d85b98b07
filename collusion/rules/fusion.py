"""Joining evidence: families, pairs, rings, tiers. Deterministic; never more than a lead, never a rejection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from collusion.rules.evidence import Evidence, Family
from collusion.rules.source_text import _l

PRIOR = 0.01
"""Stated prior that two given bidders of one tender act together; a statement of policy, not a measurement."""
SECOND = 0.5
"""Weight of the second strongest indicator of a family: its indicators often share one cause."""
SHRINK = 0.8
"""Families are only nearly independent (one ghost-writer leaves text and marks): every sum is drawn towards zero."""
CAP = 6.0
FLOOR = -1.0
SUPPORT = 0.9
"""A family speaks for a pair from this log-likelihood ratio on (e^0.9 ≈ 2.5 times likelier together than apart)."""
LEAST_FAMILIES = 2
BUDGET = 0.01
"""Expected false leads per section the operator accepts. A likelihood ratio above pairs/BUDGET has, by Markov's
inequality, at most BUDGET such accidents expected among all pairs (the argument of e-values; Wang and Ramdas 2022)."""
EXHAUSTIVE = 12


class Tier(StrEnum):
    """How urgently people should look; nothing follows from it by itself."""

    LEAD = "lead"
    REVIEW = "review"
    PRIORITY = "priority"


TIER_NAMES: dict[Tier, str] = {
    Tier.LEAD: _l("线索"),
    Tier.REVIEW: _l("建议核查"),
    Tier.PRIORITY: _l("重点核查"),
}
TIER_FROM: dict[Tier, tuple[float, int]] = {
    Tier.PRIORITY: (0.995, 3),
    Tier.REVIEW: (0.97, LEAST_FAMILIES),
    Tier.LEAD: (0.5, LEAST_FAMILIES),
}
"""Tier → (posterior at least, supporting families at least), most urgent first; every tier is within BUDGET."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair after fusion: score (sum of shrunk family weights, nats), posterior under PRIOR, supporting families."""

    a: str
    b: str
    score: float
    posterior: float
    families: tuple[tuple[Family, float], ...]
    supporting: tuple[Family, ...]
    tier: Tier | None

    @property
    def tied(self) -> bool:
        """Say whether the pair may stand in a ring: likelier together than not, by two families at least."""
        return self.posterior >= TIER_FROM[Tier.LEAD][0] and len(self.supporting) >= LEAST_FAMILIES


@dataclass(frozen=True, slots=True)
class Ring:
    """Bidders the evidence holds together, best subset first found; `weight` is its summed pair log-odds."""

    bidders: tuple[str, ...]
    weight: float
    tier: Tier


def settings() -> dict[str, float | int]:
    """Give the constants of fusion, for the record and the model's version."""
    return {
        "prior": PRIOR,
        "second": SECOND,
        "shrink": SHRINK,
        "cap": CAP,
        "floor": FLOOR,
        "support": SUPPORT,
        "least_families": LEAST_FAMILIES,
        "budget": BUDGET,
        **{f"tier_{tier.value}": posterior for tier, (posterior, _) in TIER_FROM.items()},
    }


def family_weight(llrs: Sequence[float]) -> float:
    """Join one family: the strongest plus half the second, shrunk, then capped to [FLOOR, CAP]."""
    ordered = sorted(llrs, reverse=True)
    if not ordered:
        return 0.0
    second = max(0.0, ordered[1]) if len(ordered) > 1 else 0.0
    return max(FLOOR, min(CAP, SHRINK * (ordered[0] + SECOND * second)))


class Selection(StrEnum):
    """How leads are chosen among the pairs of a section; the regulator's choice."""

    EACH = "each"
    E_BH = "e-bh"


SELECTION_NAMES: dict[Selection, str] = {
    Selection.EACH: _l("每个标段的预期误报"),
    Selection.E_BH: _l("线索中误报的占比"),
}


def threshold(pairs: int, budget: float = BUDGET) -> float:
    """Give the least score of a lead among so many pairs: more pairs make more accidents."""
    return math.log(max(1, pairs) / budget)


def least_score(scores: Sequence[float], budget: float, selection: Selection) -> float:
    """Give the least score of a lead among these pairs.

    `EACH`: every pair against pairs/budget, so that at most `budget` false leads a section are expected. `E_BH`: the
    greatest k with the k-th e-value at least pairs/(budget·k); then at most a share `budget` of the leads is expected
    to be false, however the pairs depend on each other (Wang and Ramdas 2022).
    """
    least = threshold(len(scores), budget)
    if selection is Selection.EACH:
        return least
    falling = enumerate(sorted(scores, reverse=True), 1)
    reached = max((count for count, score in falling if score >= least - math.log(count)), default=1)
    return least - math.log(reached)


def weigh(a: str, b: str, evidence: Sequence[Evidence]) -> Judged:
    """Fuse the evidence of one pair; what is explained, or not weighed, adds nothing. No tier yet."""
    by_family: dict[Family, list[float]] = {}
    for item in evidence:
        if item.explained_by is None and item.weighed:
            by_family.setdefault(item.family, []).append(item.llr)
    families = tuple((family, family_weight(by_family[family])) for family in Family if family in by_family)
    score = sum(weight for _, weight in families)
    supporting = tuple(family for family, weight in families if weight >= SUPPORT)
    return Judged(a, b, score, posterior(score), families, supporting, None)


def posterior(score: float) -> float:
    """Read a score as a probability under the stated prior."""
    return 1 / (1 + math.exp(-math.log(PRIOR / (1 - PRIOR)) - score))


def tiered(pair: Judged, least: float) -> Judged:
    """Give the pair its tier, if its score is that of a lead."""
    tier = _tier(pair.posterior, len(pair.supporting)) if pair.score >= least else None
    return replace(pair, tier=tier)


def judge(a: str, b: str, evidence: Sequence[Evidence], *, pairs: int, budget: float = BUDGET) -> Judged:
    """Fuse the evidence of one pair of `pairs` and give it its tier."""
    return tiered(weigh(a, b, evidence), threshold(pairs, budget))


def _tier(posterior: float, supporting: int) -> Tier | None:
    for tier, (least, families) in TIER_FROM.items():
        if posterior >= least and supporting >= families:
            return tier
    return None


def rings(pairs: Sequence[Judged]) -> tuple[Ring, ...]:
    """Find the rings: the subset of greatest summed log-odds, then the same among the bidders left.

    A ring holds at least one lead; every member is tied to more than half of the others, so two strong pairs with
    nothing between their ends stay two pairs: never connected components. Exhaustive up to EXHAUSTIVE bidders, above
    that greedy from each tie. Equal weights go to the smaller, then the alphabetically first subset.
    """
    weights: dict[frozenset[str], float] = {}
    tiers: dict[frozenset[str], Tier | None] = {}
    for pair in pairs:
        key = frozenset((pair.a, pair.b))
        weight = math.log(pair.posterior / (1 - pair.posterior)) if pair.posterior < 1 else 50.0
        # One family alone never ties two bidders, however strong it is.
        weights[key] = weight if pair.tied else min(weight, 0.0)
        tiers[key] = pair.tier
    left = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    found = []
    while len(left) >= 2:
        best = _best_subset(left, weights, {key for key, tier in tiers.items() if tier is not None})
        if best is None:
            break
        members, weight = best
        order = list(TIER_FROM)
        inside = [tier for key in combinations(members, 2) if (tier := tiers[frozenset(key)]) is not None]
        found.append(Ring(members, weight, min(inside, key=order.index)))
        left = [name for name in left if name not in members]
    return tuple(found)


def _best_subset(
    names: Sequence[str], weights: Mapping[frozenset[str], float], leads: set[frozenset[str]]
) -> tuple[tuple[str, ...], float] | None:
    best: tuple[tuple[str, ...], float] | None = None
    for subset in _subsets(names, weights):
        if not any(lead <= frozenset(subset) for lead in leads):
            continue
        weight = _weight(subset, weights)
        if weight is not None and (best is None or weight > best[1] + 1e-9):
            best = (subset, weight)
    return best


def _subsets(names: Sequence[str], weights: Mapping[frozenset[str], float]) -> list[tuple[str, ...]]:
    # Only tied bidders can belong to a ring: this keeps the exhaustive search small.
    tied = [n for n in names if any(weights.get(frozenset((n, m)), 0.0) > 0 for m in names if m != n)]
    if len(tied) <= EXHAUSTIVE:
        return [subset for size in range(2, len(tied) + 1) for subset in combinations(tied, size)]
    grown: list[tuple[str, ...]] = []
    for one, other in combinations(tied, 2):
        if weights.get(frozenset((one, other)), 0.0) <= 0:
            continue
        subset: tuple[str, ...] = (one, other)
        while True:
            grown.append(subset)
            options = [tuple(sorted((*subset, name))) for name in tied if name not in subset]
            weighed = [(weight, option) for option in options if (weight := _weight(option, weights)) is not None]
            better = [entry for entry in weighed if entry[0] > (_weight(subset, weights) or 0.0)]
            if not better:
                break
            subset = max(better, key=lambda entry: (entry[0], entry[1]))[1]
    return sorted(set(grown), key=lambda subset: (len(subset), subset))


def _weight(subset: Sequence[str], weights: Mapping[frozenset[str], float]) -> float | None:
    total = 0.0
    ties = dict.fromkeys(subset, 0)
    for one, other in combinations(subset, 2):
        weight = weights.get(frozenset((one, other)), 0.0)
        total += weight
        if weight > 0:
            ties[one] += 1
            ties[other] += 1
    if any(2 * count <= len(subset) - 1 for count in ties.values()):
        return None
    return total if total > 0 else None

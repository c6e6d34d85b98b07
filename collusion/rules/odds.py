"""Weighing chances: from p-values and from rare equalities to log-likelihood ratios; intervals for measured rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

LEAST_P = 1e-12


def from_p(p: float) -> float:
    """Turn a valid p-value into the log-likelihood ratio that honesty allows: the calibrator of Vovk and Wang (2021).

    e(p) = (1 − p + p·ln p) / (p·ln²p) has expectation at most 1 under the null for any p-value, so evidence made this
    way cannot be inflated by a guess at what rings do. Negative (down to ln ½) for large p.
    """
    p = min(max(p, LEAST_P), 1.0)
    if p > 0.9999:
        return math.log(0.5)
    return math.log((1 - p + p * math.log(p)) / (p * math.log(p) ** 2))


def from_equality(base: float, ring: float) -> float:
    """Weigh an equal value carried by a share `base` of unrelated bidders and by partners with chance `ring`.

    ln(q + (1 − q)·f) − ln f (COLLUSION App. C); 0 when everybody carries it.
    """
    base = min(max(base, LEAST_P), 1.0)
    return math.log(ring + (1 - ring) * base) - math.log(base)


def share(seen: int, bidders: int, prior: float) -> float:
    """Estimate the share of bidders carrying a value seen at `seen` of `bidders` in the archive; empty gives `prior`.

    (c + ½)/(N + 1) of App. C for a large archive, started so that an empty one gives the measured cold rate.
    """
    return (seen + 0.5) / (bidders + 0.5 / prior)


def binomial_tail(successes: int, trials: int, chance: float) -> float:
    """P(X ≥ successes), X binomial, summed from the largest term down so that tiny tails keep their digits."""
    if successes <= 0:
        return 1.0
    if successes > trials or chance <= 0:
        return 0.0
    if chance >= 1:
        return 1.0
    total = 0.0
    log_chance, log_other = math.log(chance), math.log1p(-chance)
    for k in range(successes, trials + 1):
        log_term = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        total += math.exp(log_term + k * log_chance + (trials - k) * log_other)
    return min(1.0, total)


def mixed_tail(successes: int, chances: Sequence[float]) -> float:
    """P(X ≥ successes) for a sum of independent trials of different chances (Poisson binomial, exact recursion)."""
    if successes <= 0:
        return 1.0
    if successes > len(chances):
        return 0.0
    # below[k] = P(X = k) for k < successes; what flows over the edge is the tail, summed positive: no cancellation.
    below = [1.0] + [0.0] * (successes - 1)
    tail = 0.0
    for chance in chances:
        tail += below[-1] * chance
        for k in range(successes - 1, 0, -1):
            below[k] = below[k] * (1 - chance) + below[k - 1] * chance
        below[0] *= 1 - chance
    return min(1.0, tail)


def normal_tail(z: float) -> float:
    """P(Z ≥ z) of the standard normal."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def wilson(count: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Give the 95 % Wilson interval of a proportion (Wilson 1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    rate = count / trials
    centre = rate + z * z / (2 * trials)
    spread = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)

"""The arithmetic of evidence: honest weights, exact tails, intervals."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collusion.rules import odds


def test_the_calibrator_never_promises_more_than_a_p_value_can() -> None:
    """The expected likelihood ratio under the null is at most one. Seen red: with e = 1/p it was 13.8."""
    steps = 200_000
    mean = sum(math.exp(odds.from_p((i + 0.5) / steps)) for i in range(steps)) / steps
    assert 0.8 < mean <= 1.0


@given(st.floats(1e-12, 1), st.floats(1e-12, 1))
def test_smaller_p_weighs_more(p: float, q: float) -> None:
    """Seen red: with the sign of p·ln p turned."""
    low, high = sorted((p, q))
    assert odds.from_p(low) >= odds.from_p(high) - 1e-9


def test_equality_everybody_shares_weighs_nothing() -> None:
    """Seen red: with −ln f alone, a value half the world carries weighed 0.69."""
    assert odds.from_equality(1.0, 0.4) == pytest.approx(0)
    assert odds.from_equality(0.5, 0.4) < 0.4
    assert odds.from_equality(0.001, 0.4) > 5


def test_an_empty_archive_gives_the_measured_rate_and_a_large_one_its_own() -> None:
    """Seen red: App. C's (c+½)/(N+1) alone gives ½ for an empty archive."""
    assert odds.share(0, 0, 0.019) == pytest.approx(0.019)
    assert odds.share(0, 10_000, 0.019) == pytest.approx(0.5 / 10_026, rel=1e-3)
    assert odds.share(300, 1000, 0.019) == pytest.approx(0.293, rel=1e-2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 9))
def test_the_mixed_tail_is_exact(chances: list[float], successes: int) -> None:
    """Against all 2^n outcomes. Seen red: with the recursion run upwards, one trial counted twice."""
    total = 0.0
    for outcome in product((0, 1), repeat=len(chances)):
        if sum(outcome) >= successes:
            total += math.prod(c if hit else 1 - c for c, hit in zip(chances, outcome, strict=True))
    assert odds.mixed_tail(successes, chances) == pytest.approx(total, abs=1e-9)


@given(st.integers(1, 40), st.floats(0.01, 0.99), st.integers(0, 41))
def test_the_binomial_tail_agrees_with_the_mixed_one(trials: int, chance: float, successes: int) -> None:
    """Seen red: with the largest term left out."""
    assert odds.binomial_tail(successes, trials, chance) == pytest.approx(
        odds.mixed_tail(successes, [chance] * trials), abs=1e-9
    )


def test_wilson_covers_zero_alarms() -> None:
    """No alarm in 300 sections does not mean none ever. Seen red: with the plain normal interval, (0, 0)."""
    low, high = odds.wilson(0, 300)
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(0.01264, abs=1e-4)
    assert odds.wilson(0, 0) == (0, 1)

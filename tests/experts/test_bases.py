"""Base prices by formula: the specification's vectors, by the platform and the verifier, and properties (F-10…F-14)."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.rules.method import AROUND, BASES, check_method, policy_criterion
from core.errors import Invalid
from experts import rules
from experts.rules import bases
from experts.rules.bases import Lots
from experts.rules.prices import PriceScores, price_scores
from verifier import claims_scores

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "bases.json").read_text(encoding="utf-8"))
UNIT = 1_000_000
CEILING = 100 * UNIT
SEED, LABEL = b"\x07" * 32, "coefficients:S"
SCORES = {"points": "50", "above": "1", "below": "0.5", "trim_from": 5}
OWN: dict[str, dict[str, Any]] = {
    "mean-deviation/v1": {},
    "ceiling-mean/v1": {"weights": ["0.3", "0.4"]},
    "reasonable-low/v1": {"basis": "drawn"},
    "banded-mean/v1": {"band_from": 4, "downs": [["2", "3"], ["0", "1"], ["-2"]]},
    "second-mean/v1": {"second": "below"},
    "interval-mean/v1": {"interval": ["0.9", "1.1"]},
    "next-lowest-mean/v1": {},
}


def both(prices: dict[int, int], rule: dict[str, Any], k: str) -> PriceScores:
    """What the platform makes of it; the verifier's own program says the same."""
    submissions = {number: hashlib.sha256(str(number).encode()).hexdigest() for number in prices}
    means = {n: {"technical": Fraction(50 - n), "qualification": Fraction(n)} for n in prices}
    lots = Lots(SEED, LABEL, submissions)
    made = price_scores(prices, {"price": rule}, k, ceiling=CEILING, lots=lots, means=means)
    result = {
        "coefficients": {"seed": SEED.hex(), "label": LABEL},
        "bids": [{"number": n, "submission": digest} for n, digest in submissions.items()],
    }
    told = claims_scores.price_scores(rule, prices, k, None, CEILING, result=result, means=means)
    assert (told["base"], told["scores"], told["drawn"]) == (made.base, made.scores, dict(made.drawn))
    assert (sorted(told["used"]), told["dropped"]) == (list(made.used), (made.dropped_high, made.dropped_low))
    return made


@pytest.mark.parametrize("vector", VECTORS, ids=[one["name"] for one in VECTORS])
def test_the_published_vectors(vector: dict[str, Any]) -> None:
    """Seen red: `<` for `<=` at 90 %; nine not drawn but the first; λ exchanged."""
    prices = {number: int(Fraction(text) * UNIT) for number, text in enumerate(vector["prices"], 1)}
    made = both(prices, SCORES | vector["rule"], vector["k"])
    assert made.base == Fraction(vector["base"]) * UNIT and dict(made.drawn) == vector["drawn"]


@pytest.mark.parametrize(("count", "cut"), [(4, 0), (5, 1), (7, 1), (8, 2), (12, 2), (13, 3), (15, 3)])
def test_a_fifth_is_dropped_at_each_end_rounded_half_up(count: int, cut: int) -> None:
    """F-11's numbers: who lies below the line of the trimmed mean makes no base.

    Seen red: rounded down."""
    prices = {number: 60 * UNIT + number**4 for number in range(1, count + 1)}
    made = both(prices, SCORES | {"formula": "reasonable-low/v1", "basis": "ranks"}, "1")
    kept = sorted(prices.values())[cut : count - cut]
    least = Fraction(sum(kept), len(kept))
    assert list(made.used) == [number for number, price in prices.items() if price >= least]


def test_of_many_only_nine_are_drawn_and_not_the_first_nine() -> None:
    """The bug F-11 warns of. Seen red: with the first nine by number."""
    prices = {number: 90 * UNIT + number for number in range(1, 31)}
    made = both(prices, SCORES | {"formula": "reasonable-low/v1", "basis": "drawn"}, "0.9")
    nine = [int(one) for one in made.drawn["nine"].split()]
    assert len(set(nine)) == bases.NINE and sorted(nine) != list(range(1, 10))
    assert set(made.used) < set(nine) and len(made.used) == 7


def test_every_formula_of_a_notice_has_a_base_and_the_other_way_round() -> None:
    """Seen red: with a formula taken out of either registry."""
    assert set(bases.BASES) == set(AROUND) == set(OWN)


@given(
    st.sampled_from(sorted(OWN)), st.sampled_from(BASES),
    st.dictionaries(st.integers(1, 40), st.integers(60 * UNIT, CEILING), min_size=1, max_size=20),
    st.sampled_from(["0.95", "0.965", "1"]), st.randoms(use_true_random=False),
)  # fmt: skip
def test_scores_follow_from_the_prices_alone(
    formula: str, basis: str, prices: dict[int, int], k: str, chance: Any
) -> None:
    """Order does not matter, equal prices score equal, nearer is never worse, and the verifier agrees on all of it."""
    rule: dict[str, Any] = SCORES | {"formula": formula} | OWN[formula]
    if formula == "reasonable-low/v1":
        rule |= {"basis": basis} | ({"weights": ["0.5", "0.7"]} if basis == "ceiling" else {})
    made = both(prices, rule, k)
    numbers = list(prices)
    chance.shuffle(numbers)
    assert both({n: prices[n] for n in numbers}, rule, k).scores == made.scores
    assert made.base > 0 and all(0 <= score <= 50 for score in made.scores.values())
    for one, its in made.deviations.items():
        for other, theirs in made.deviations.items():
            if its * theirs >= 0 and abs(its) <= abs(theirs):
                assert made.scores[one] >= made.scores[other]


def method(**price: Any) -> dict[str, Any]:
    criteria = [{"code": "T1", "name": "方案", "group": "technical", "points": "50", "objective": False, "text": ""}]
    return {
        "type": "comprehensive/v1", "criteria": criteria, "review": [],
        "price": SCORES | {"k_range": ["0.95", "0.98"], "step": "0.005"} | price,
    }  # fmt: skip


@pytest.mark.parametrize("formula", AROUND)
def test_a_whole_method_of_each_formula_is_accepted(formula: str) -> None:
    """And without its own parameters refused, where it has any."""
    assert check_method(method(formula=formula, **OWN[formula]))
    if OWN[formula]:
        with pytest.raises(Invalid):
            check_method(method(formula=formula))


@pytest.mark.parametrize(
    ("price", "field"),
    [
        ({"formula": "ceiling-mean/v1", "weights": ["0.3", "0.3"]}, "weight"),
        ({"formula": "ceiling-mean/v1", "weights": ["0.3", "1"]}, "weight"),
        ({"formula": "ceiling-mean/v1", "weight": "0.3", "weights": ["0.4"]}, "weight"),
        ({"formula": "ceiling-mean/v1", "weight": "0.3", "weights": None}, "weight"),
        ({"formula": "reasonable-low/v1", "basis": "first"}, "basis"),
        ({"formula": "reasonable-low/v1", "basis": "ceiling"}, "weight"),
        ({"formula": "reasonable-low/v1", "basis": "drawn", "k_range": ["1", "1.01"]}, "k_range"),
        ({"formula": "second-mean/v1", "second": "third"}, "second"),
        ({"formula": "interval-mean/v1", "interval": ["1.1", "0.9"]}, "interval"),
        ({"formula": "interval-mean/v1", "interval": ["0.9"]}, "interval"),
        ({"formula": "banded-mean/v1", "band_from": 0, "downs": [["1"], ["1"], ["1"]]}, "band_from"),
        ({"formula": "banded-mean/v1", "band_from": 15, "downs": [["1"], ["1"]]}, "downs"),
        ({"formula": "banded-mean/v1", "band_from": 15, "downs": [["1"], [], ["1"]]}, "downs"),
        ({"formula": "banded-mean/v1", "band_from": 15, "downs": [["1"], ["1"], ["-51"]]}, "downs"),
        ({"formula": "banded-mean/v1", "band_from": 15, "downs": [["1"], ["1"], ["1e1"]]}, "downs"),
    ],
)  # fmt: skip
def test_what_a_formula_cannot_work_with_is_refused_by_field(price: dict[str, Any], field: str) -> None:
    """Each names the field of the form. Seen red: with each check taken out in turn of three tried."""
    with pytest.raises(Invalid) as refusal:
        check_method(method(**price))
    assert refusal.value.field == field


def test_where_the_base_is_a_mean_a_policy_adds_to_the_own_price_score() -> None:
    """F-3, regime T: 5 % of the own price score, nothing off the price. Seen red: added to the points instead."""
    prices = {1: 90 * UNIT, 2: 92 * UNIT, 3: 94 * UNIT}
    rule = SCORES | {"formula": "mean-deviation/v1"}
    plain = price_scores(prices, {"price": rule}, "1")
    gained = price_scores(prices, {"price": rule}, "1", added={3: Fraction(5, 100)})
    assert gained.base == plain.base and gained.scores[1] == plain.scores[1]
    assert gained.scores[3] == plain.scores[3] * Fraction(105, 100)
    with pytest.raises(Invalid, match=r"method\.policy"):
        check_method({**(held := method(formula="mean-deviation/v1")),
                      "criteria": [*held["criteria"], policy_criterion("small", "5")]})  # fmt: skip
    adds = policy_criterion("share", "2", "add")
    assert check_method({**held, "criteria": [*held["criteria"], adds]}) and "声明" in adds["text"]
    assert rules.additions({"criteria": [adds]}, [(1, {"SHARE": "1"}), (2, {"SHARE": "0"})]) == {1: Fraction(2, 100)}
    assert rules.deductions({"criteria": [adds]}, [(1, {"SHARE": "1"})]) == {}

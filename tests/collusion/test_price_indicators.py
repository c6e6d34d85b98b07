"""The price indicators, in and out: the trace is found, the innocent likeness is not."""

from __future__ import annotations

import math
import random

import pytest

from collusion.indicators import prices_exact_step, prices_fixed_coefficient, prices_unit_residuals
from collusion.rules.case import Case
from collusion.rules.evidence import Explanation
from tests.collusion.cases import bill, case, found, text

PAIR = ("a", "b")


def priced(prices: dict[str, list[int]], control: list[int], **more: object) -> Case:
    """Make a case of bills with a control-price file."""
    provisional = more.get("provisional", ())
    tender = [text("control", items=bill(control, provisional=provisional))]  # type: ignore[arg-type]
    bids = {b: [text(b, items=bill(p, provisional=provisional))] for b, p in prices.items()}  # type: ignore[arg-type]
    return case(bids, tender=tender)


def market(seed: int, bidders: str = "abcde", items: int = 80) -> tuple[dict[str, list[int]], list[int]]:
    """Draw honest bills: common cost shocks, bidder levels, item noise of five percent."""
    rng = random.Random(seed)
    control = [max(500, round(100 * rng.lognormvariate(5, 1.5))) for _ in range(items)]
    shock = [rng.gauss(0, 0.05) for _ in range(items)]
    prices = {}
    for bidder in bidders:
        level = rng.gauss(-0.06, 0.03)
        prices[bidder] = [
            round(c * math.exp(level + s + rng.gauss(0, 0.05))) for c, s in zip(control, shock, strict=True)
        ]
    return prices, control


def test_a_fixed_coefficient_is_found_to_the_fen() -> None:
    """Seen red: with ROUNDING at 0, half the items fell out."""
    prices, control = market(1)
    prices["b"] = [round(p * 1.015) for p in prices["a"]]
    evidence = found(prices_fixed_coefficient.INDICATOR, priced(prices, control))
    assert set(evidence) == {PAIR}
    assert "1.0150" in str(evidence[PAIR].tested[0])
    assert "79 项中 79 项" in str(evidence[PAIR].tested[0])
    assert evidence[PAIR].chance == pytest.approx(0.0002, rel=0.01)


def test_a_coefficient_on_a_part_of_the_items_is_found() -> None:
    """Seen red: with a rule asking for most items instead of a tail."""
    prices, control = market(2)
    prices["b"] = [
        round(p * 0.985) if n % 3 else q for n, (p, q) in enumerate(zip(prices["a"], prices["b"], strict=True))
    ]
    assert set(found(prices_fixed_coefficient.INDICATOR, priced(prices, control))) == {PAIR}


def test_honest_bills_stand_in_no_fixed_ratio() -> None:
    """Two hundred honest pairs. Seen red: two percent of tolerance, as peers allow, at a chance of 0.001 per item."""
    for seed in range(20):
        prices, control = market(100 + seed)
        assert found(prices_fixed_coefficient.INDICATOR, priced(prices, control)) == {}


def test_two_flat_cuts_of_the_published_limit_are_innocent() -> None:
    """Seen red: without copied_from_control."""
    prices, control = market(3)
    prices["a"] = [round(c * 0.94) for c in control]
    prices["b"] = [round(c * 0.921) for c in control]
    evidence = found(prices_fixed_coefficient.INDICATOR, priced(prices, control))
    assert evidence[PAIR].explained_by is Explanation.CONTROL_PRICE and evidence[PAIR].llr == 0


def test_items_the_tenderer_priced_do_not_count() -> None:
    """Seen red: with provisional items kept, forty equal ones made a coefficient of one."""
    prices, control = market(4)
    given = list(range(40))
    for bidder in prices:
        prices[bidder][:40] = control[:40]
    bids = {bidder: [text(bidder, items=bill(p, provisional=given))] for bidder, p in prices.items()}
    assert found(prices_fixed_coefficient.INDICATOR, case(bids)) == {}


def test_an_amended_limit_replaces_the_earlier_one() -> None:
    """Seen red: with items counted on across files, the first version's prices stayed in force."""
    old, new = [1000 + n for n in range(40)], [2000 + n for n in range(40)]
    made = case({"a": [], "b": []}, tender=[text("1-limit", items=bill(old)), text("2-limit", items=bill(new))])
    assert sorted(made.control.values()) == new


def test_twenty_nine_items_are_too_few() -> None:
    """Seen red: with LEAST_ITEMS at 10."""
    prices, control = market(5, items=29)
    prices["b"] = [round(p * 1.015) for p in prices["a"]]
    made = priced(prices, control)
    assert prices_fixed_coefficient.INDICATOR.lacking(made) is not None
    assert found(prices_fixed_coefficient.INDICATOR, made) == {}


def test_copied_deviations_with_noise_are_found() -> None:
    """Seen red: with residuals taken against the control price only, or ranks replaced by item order."""
    rng = random.Random(6)
    prices, control = market(6)
    prices["b"] = [round(p * math.exp(0.01 + rng.gauss(0, 0.004))) for p in prices["a"]]
    evidence = found(prices_unit_residuals.INDICATOR, priced(prices, control))
    assert set(evidence) == {PAIR}


def test_common_cost_shocks_are_not_agreement() -> None:
    """Everyone deviates from a mispriced limit alike. Seen red: with zero as the null correlation, most pairs fired."""
    alarms = 0
    for seed in range(40):
        prices, control = market(200 + seed)
        alarms += len(found(prices_unit_residuals.INDICATOR, priced(prices, control)))
    assert alarms <= 2


def test_a_ring_among_the_others_does_not_accuse_the_honest() -> None:
    """Two of four copy each other. Seen red: with the outsiders' noise taken as independent, the honest pair fired."""
    accused = 0
    for seed in range(25):
        prices, control = market(300 + seed, bidders="abcd")
        prices["d"] = [round(p * 1.01) for p in prices["c"]]
        accused += PAIR in found(prices_unit_residuals.INDICATOR, priced(prices, control))
    assert accused <= 1


def test_residuals_need_four_bids_and_a_limit() -> None:
    """Seen red: with one outsider allowed."""
    prices, control = market(7, bidders="abc")
    prices["b"] = [round(p * 1.01) for p in prices["a"]]
    assert prices_unit_residuals.INDICATOR.lacking(priced(prices, control)) is not None
    assert found(prices_unit_residuals.INDICATOR, priced(prices, control)) == {}


def totals(**values: int) -> Case:
    """Make a case of totals in fen."""
    return case({bidder: [] for bidder in values}, totals=dict(values))


def test_exact_ladders_are_found_and_near_ones_are_not() -> None:
    """Seen red: with EXACT_FEN at two percent of the total, the near ladder fired."""
    base, step = 17_231_456_789, 123_456_701
    ladder = totals(a=base, b=base + step, c=base + 2 * step, d=18_002_345_671)
    evidence = found(prices_exact_step.INDICATOR, ladder)
    assert set(evidence) == {("a", "b"), ("a", "c"), ("b", "c")}
    near = totals(a=base, b=base + step, c=base + 2 * step + 50_000, d=18_002_345_671)
    assert found(prices_exact_step.INDICATOR, near) == {}


def test_a_round_ratio_and_a_round_difference_are_found() -> None:
    """Seen red: with GRIDS empty; with the difference rule off."""
    base = 17_231_456_783
    assert set(found(prices_exact_step.INDICATOR, totals(a=base, b=round(base * 1.015)))) == {PAIR}
    assert set(found(prices_exact_step.INDICATOR, totals(a=base, b=base + 50_000_000))) == {PAIR}


def test_totals_that_everyone_rounds_make_no_pattern() -> None:
    """Seen red: with the totals' own roundness ignored, every pair of round totals fired."""
    rng = random.Random(8)
    for _ in range(50):
        values = {name: round(1.7e10 * math.exp(rng.gauss(0, 0.03)), -6) for name in "abcde"}
        assert found(prices_exact_step.INDICATOR, totals(**{k: int(v) for k, v in values.items()})) == {}


def test_honest_totals_make_no_pattern() -> None:
    """A thousand honest sections. Seen red: geometric steps within two percent, weighed as exact, fired on most."""
    rng = random.Random(9)
    alarms = 0
    for _ in range(1000):
        values = {name: round(1.7e10 * math.exp(rng.gauss(0, 0.03))) for name in "abcde"}
        alarms += bool(found(prices_exact_step.INDICATOR, totals(**values)))
    assert alarms <= 30  # measured 21 of 1000; the p-values themselves allow a tenth

"""Joining evidence: families, budget, tiers, rings."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pytest

from collusion.rules import catalogue, fusion
from collusion.rules.base_rates import rate
from collusion.rules.documents import Place
from collusion.rules.evidence import Evidence, Explanation, Family, Finding, Sighting
from collusion.rules.fusion import Judged, Selection, Tier, judge, rings, threshold


def item(family: Family, llr: float, name: str = "x", explained: Explanation | None = None) -> Evidence:
    """Make evidence of a weight."""
    side = Sighting(Place("f", None, None), "v")
    return Evidence(name, family, "a", "b", llr, 0.5, rate("creator"), (Finding(side, side),), (), explained)


def pair(a: str, b: str, *weights: float) -> Judged:
    """Judge a pair with these weights in families in turn."""
    families = list(Family)
    return judge(a, b, [item(families[i], w) for i, w in enumerate(weights)], pairs=10)


def test_one_family_however_strong_is_no_lead() -> None:
    """Seen red: with LEAST_FAMILIES at 1."""
    strong = judge("a", "b", [item(Family.AUTHORING, 30, n) for n in "xyz"], pairs=10)
    assert strong.score == fusion.CAP
    assert strong.tier is None and not strong.tied
    assert rings([strong]) == ()


def test_a_family_is_its_strongest_and_half_its_second() -> None:
    """Seen red: with the plain sum, ten weak marks of one machine made six nats."""
    assert fusion.family_weight([2.0, 1.0, 1.0, 1.0]) == pytest.approx(0.8 * 2.5)
    assert fusion.family_weight([]) == 0
    assert fusion.family_weight([-5.0]) == fusion.FLOOR
    assert fusion.family_weight([0.5, -3.0]) == pytest.approx(0.4)


def test_explained_evidence_weighs_nothing() -> None:
    """Seen red: with the explained_by test removed."""
    explained = item(Family.CONTENT, 5, explained=Explanation.TENDER)
    assert judge("a", "b", [explained], pairs=10).score == 0


def test_more_pairs_ask_for_more_evidence() -> None:
    """The false-alert budget is per section. Seen red: with a constant threshold."""
    assert threshold(10) == pytest.approx(math.log(1000))
    evidence = [item(Family.CONTENT, 4.5), item(Family.PRICES, 4.5)]
    assert judge("a", "b", evidence, pairs=10).tier is not None
    assert judge("a", "b", evidence, pairs=4950).tier is None


def test_tiers_rise_with_certainty_and_families() -> None:
    """Seen red: with the tiers' order turned."""
    assert pair("a", "b", 4.4, 4.4).tier is Tier.LEAD
    assert pair("a", "b", 6.0, 6.0).tier is Tier.REVIEW
    assert pair("a", "b", 5.0, 5.0, 5.0).tier is Tier.PRIORITY
    assert pair("a", "b", 1.0, 1.0).tier is None


def test_a_ring_is_the_best_subset_not_a_connected_component() -> None:
    """a–b and b–c strong, a–c nothing: two bidders, not three. Seen red: with union-find, all three were accused."""
    judged = [
        pair("a", "b", 7, 7),
        pair("b", "c", 6, 6),
        pair("a", "c"),
        pair("c", "d"),
        pair("a", "d"),
        pair("b", "d"),
    ]
    found = rings(judged)
    assert [ring.bidders for ring in found] == [("a", "b")]


def test_a_full_ring_of_three_and_a_second_pair_are_both_found() -> None:
    """Seen red: with the loop ended after the first ring."""
    weights = {("a", "b"): (6, 6), ("a", "c"): (5, 5), ("b", "c"): (4, 4), ("d", "e"): (5, 6)}
    judged = [pair(x, y, *weights.get((x, y), ())) for x, y in combinations("abcde", 2)]
    assert [ring.bidders for ring in rings(judged)] == [("a", "b", "c"), ("d", "e")]


def test_a_ring_needs_a_lead_within_it() -> None:
    """Ties alone, below the budget, accuse nobody. Seen red: without the lead test in _best_subset."""
    tied = pair("a", "b", 3.2, 3.2)
    assert tied.tied and tied.tier is None
    assert rings([tied]) == ()


def test_the_order_of_pairs_changes_nothing() -> None:
    """Seen red: with ties broken by input order."""
    judged = [pair(x, y, 5, 5) for x, y in combinations("abcd", 2)]
    assert rings(judged) == rings(judged[::-1])


def test_many_bidders_use_the_greedy_search_and_find_the_same() -> None:
    """Seen red: with the greedy growth stopped at pairs."""
    names = [f"{n:02d}" for n in range(14)]
    ring = set(names[3:8])
    judged = [
        pair(x, y, *((6.0, 6.0) if {x, y} <= ring else (5.0, 4.5) if x == "00" and y in ("01", "13") else ()))
        for x, y in combinations(names, 2)
    ]
    judged += []
    extra = [pair(x, y, 5.5, 5.5) for x, y in (("08", "09"), ("10", "11"), ("02", "12"))]
    merged = {(p.a, p.b): p for p in judged} | {(p.a, p.b): p for p in extra}
    found = rings(list(merged.values()))
    assert set(found[0].bidders) == ring
    assert {("08", "09"), ("10", "11"), ("02", "12")} <= {r.bidders for r in found}


def test_nothing_in_the_watchman_can_reject_a_bid() -> None:
    """R-653, R-654. Seen red: with a `reject` tier added."""
    assert {tier.value for tier in Tier} == {"lead", "review", "priority"}


def test_e_bh_is_the_textbook_procedure() -> None:
    """Against the definition; never stricter than every pair by itself. Seen red: with k for its logarithm."""
    rng = random.Random(5)
    for _ in range(200):
        scores = [rng.gauss(4, 3) for _ in range(rng.randrange(1, 30))]
        budget = rng.choice((0.001, 0.01, 0.1))
        values = sorted((math.exp(score) for score in scores), reverse=True)
        count = max((k for k, e in enumerate(values, 1) if e * k * budget >= len(values)), default=0)
        least = fusion.least_score(scores, budget, Selection.E_BH)
        assert sum(score >= least - 1e-9 for score in scores) == count
        assert least <= fusion.least_score(scores, budget, Selection.EACH) == fusion.threshold(len(scores), budget)


def test_e_bh_bounds_the_share_of_false_leads_under_dependence() -> None:
    """Null e-values of mean one that all rise together, beside true ones. Seen red: with both logarithms doubled."""
    rng = random.Random(6)
    for often in (0.1, 0.5):
        shares = []
        for _ in range(2000):
            null = math.log(1 / often) if rng.random() < often else -9.0
            scores = [null] * 20 + [rng.gauss(6, 1) for _ in range(3)]
            least = fusion.least_score(scores, 0.1, Selection.E_BH)
            false = 20 * (null >= least - 1e-9)
            shares.append(false / max(1, sum(score >= least - 1e-9 for score in scores)))
        assert sum(shares) / len(shares) <= 0.1


def test_the_present_version_has_its_card_and_it_is_true() -> None:
    """Seen red: with a rate changed and the card left as it was."""
    from benchmarks import model_card

    assert (model_card.FOLDER / f"{catalogue.version()}.md").read_text("utf-8") == model_card.card()

"""评定分离 computed: who goes on, who wins, what may be planned; pure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awards.rules.selection import price_leaders, replayed, tally
from bidding.rules import law_on
from bidding.rules.selection import check_plan
from core.errors import Invalid
from verifier.claims_selection import cheapest, counted

PLAN: dict[str, Any] = {
    "type": "sunbid-selection/v1", "basis": {"title": "浙江省招标投标条例", "article": "第三十七条"}, "method": "vote",
    "win": "majority", "price_rule": None, "size": 5, "forming": "appointed", "roll": None,
    "factors": "企业履约情况、项目班子、报价合理性",
}  # fmt: skip


@pytest.mark.parametrize(
    ("win", "among", "votes", "expected"),
    [
        ("majority", [1, 2, 3], [2, 2, 2, 1, 3], (2, [])),
        ("majority", [1, 2, 3], [2, 2, 1, 1, 3], (None, [1, 2])),
        ("majority", [1, 2, 3], [1, 1, 2, 2, 2], (2, [])),
        ("majority", [1, 2, 3, 4], [1, 1, 2, 3, 4], (None, [1, 2, 3, 4])),
        ("most", [1, 2, 3], [1, 1, 2, 3, 3], (None, [1, 3])),
        ("most", [1, 2, 3], [1, 1, 2, 3, 2], (None, [1, 2])),
        ("most", [1, 2, 3], [3, 3, 1, 2, 3], (3, [])),
    ],
)
def test_a_round_makes_a_winner_or_says_who_goes_on(
    win: str, among: list[int], votes: list[int], expected: tuple[int | None, list[int]]
) -> None:
    assert tally(win, among, votes) == expected


def test_price_rules_put_first_whom_they_say() -> None:
    prices = {1: 900, 2: 950, 3: 1000, 4: 950}
    assert price_leaders("lowest", prices) == [1] and price_leaders("closest_below_mean", prices) == [2, 4]
    assert cheapest("lowest", prices) == [1] and cheapest("closest_below_mean", prices) == [2, 4]


@given(
    st.sampled_from(["majority", "most"]), st.sampled_from(["lowest", "closest_below_mean", None]),
    st.lists(st.integers(1, 3), min_size=3, max_size=3), st.data(),
)  # fmt: skip
def test_both_verifiers_count_alike(win: str, rule: str | None, fen: list[int], data: st.DataObject) -> None:
    """Rounds played with any ballots: whoever the first program says won, the second says too."""
    plan = {**PLAN, "win": win, "method": "price" if rule else "vote", "price_rule": rule}
    prices = dict(enumerate(fen, 1))
    among = price_leaders(rule, prices) if rule else [1, 2, 3]
    rounds: list[dict[str, Any]] = []
    winner = among[0] if rule and len(among) == 1 else None
    while winner is None and len(rounds) < 6:
        votes = data.draw(st.lists(st.sampled_from(among), min_size=5, max_size=5))
        ballots = [{"seat": f"D{n}", "choice": vote, "reason": "理由"} for n, vote in enumerate(votes, 1)]
        rounds.append({"round": len(rounds) + 1, "among": among, "ballots": ballots})
        winner, left = tally(win, among, votes)
        among = left or among
    if winner is None:
        return
    result = {
        "plan": plan, "candidates": [1, 2, 3], "members": [{"seat": f"D{n}"} for n in range(1, 6)], "rounds": rounds,
        "price": {"rule": rule, "leaders": price_leaders(rule, prices)} if rule else None, "decision": None,
    }  # fmt: skip
    assert replayed(result, prices) == counted(result, prices) == winner


@pytest.mark.parametrize(
    ("region", "mandatory", "changed", "code"),
    [
        ("330100", True, {}, None),
        ("500103", True, {}, "selection.not_allowed"),
        ("500103", False, {}, None),
        ("330100", True, {"basis": {"title": "", "article": ""}}, "selection.basis"),
        ("330100", True, {"method": "lots"}, "selection.method"),
        ("330100", True, {"size": 4}, "selection.size"),
        ("330100", True, {"size": 3}, "selection.size"),
        ("330100", True, {"forming": "drawn"}, "selection.roll"),
        ("330100", True, {"factors": "价格"}, "selection.factors"),
    ],
)
def test_a_plan_needs_its_law_and_never_lots(
    region: str, mandatory: bool, changed: dict[str, Any], code: str | None
) -> None:
    """R-510, R-512. Seen red: with the place left out of the check."""
    law = law_on("T", date(2026, 10, 8), region=region, is_mandatory=mandatory)
    if code is None:
        assert check_plan({**PLAN, **changed}, law, is_mandatory=mandatory)
        return
    with pytest.raises(Invalid) as refused:
        check_plan({**PLAN, **changed}, law, is_mandatory=mandatory)
    assert refused.value.code == code


def test_government_procurement_follows_the_ranking() -> None:
    with pytest.raises(Invalid, match=r"selection\.regime"):
        check_plan(PLAN, law_on("G", date(2026, 10, 8)), is_mandatory=False)

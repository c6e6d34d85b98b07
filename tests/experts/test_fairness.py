"""How members scored against each other: figures against published and independently computed values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accounts.rules import Role
from core.errors import Missing
from experts import queries
from experts.rules.fairness import concordance, fairness, favours, holm, influences, severity, two_sided
from tests.experts.story import Story


class TestFigures:
    def test_kendalls_w_is_siegels(self) -> None:
        """Siegel & Castellan, three executives rank six applicants: W = 0.16; and with ties, by R's irr::kendall.

        Seen red: with raters² forgotten, without the ties' correction.
        """
        ranks = [[1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1]]
        assert concordance(ranks) == pytest.approx(0.162, abs=5e-4)
        assert concordance([[1, 2, 3], [1, 2, 3]]) == 1.0 and concordance([[1, 2], [2, 1]]) == 0.0
        assert concordance([[1, 1, 2], [1, 1, 2]]) == 1.0
        assert concordance([[1, 2, 3]]) is None and concordance([[1, 1], [1, 1]]) is None

    def test_holm_is_the_textbooks(self) -> None:
        """p = 0.01, 0.04, 0.03, 0.005: adjusted 0.03, 0.06, 0.06, 0.02. Seen red: without the running maximum."""
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []

    def test_students_t_is_the_tables(self) -> None:
        """The 5 % points of the printed table. Seen red: with the odd series begun at the second term."""
        for degrees, point in ((1, 12.706), (2, 4.303), (3, 3.182), (8, 2.306), (11, 2.201), (15, 2.131), (30, 2.042)):
            assert two_sided(point, degrees) == pytest.approx(0.05, abs=5e-5)
        assert two_sided(0, 7) == 1.0 and two_sided(2.947, 15) == pytest.approx(0.01, abs=2e-5)

    def test_a_cell_is_tested_as_a_mean_shift_in_least_squares(self) -> None:
        """The t of a cell is that of an extra column for it in the regression. Seen red: with the plain residual."""
        seed = np.random.default_rng(5)
        totals = seed.normal(30, 2, (4, 5)).round(2)
        marks = favours(list("abcd"), [1, 2, 3, 4, 5], totals.tolist())
        rows = [(i, j) for i in range(4) for j in range(5)]
        base = np.array([[1.0, *(i == a for a in (1, 2, 3)), *(j == b for b in (1, 2, 3, 4))] for i, j in rows])
        for cell, mark in enumerate(marks):
            design = np.column_stack([base, np.eye(20)[cell]])
            found, *_ = np.linalg.lstsq(design, totals.ravel(), rcond=None)
            left = totals.ravel() - design @ found
            spread = np.sqrt(left @ left / 11 * np.linalg.inv(design.T @ design)[-1, -1])
            assert mark.effect == pytest.approx(found[-1])
            assert mark.p_value == pytest.approx(two_sided(abs(found[-1]) / spread, 11))

    def test_a_fair_committee_is_rarely_marked_and_a_strong_favour_nearly_always(self) -> None:
        """Of 1000 fair committees at most 7 % have any mark; of 200 with six spreads of favour 80 % have that one.

        Generous and hard members are fair. Seen red: without Holm (a third of the fair ones are marked).
        """
        seed = np.random.default_rng(26)

        def drawn() -> Any:
            return seed.normal(0, 3, (5, 1)) + seed.normal(30, 4, (1, 6)) + seed.normal(0, 1, (5, 6))

        labels, numbers = list("abcde"), list(range(1, 7))
        wrong = sum(any(m.is_marked for m in favours(labels, numbers, drawn().tolist())) for _ in range(1000))
        assert wrong <= 70
        right = 0
        for _ in range(200):
            totals = drawn()
            totals[2, 3] += 6
            marked = [(m.member, m.number) for m in favours(labels, numbers, totals.tolist()) if m.is_marked]
            right += marked == [("c", 4)]
        assert right >= 160

    def test_severity_is_a_members_lean_and_perfect_agreement_marks_nobody(self) -> None:
        """Seen red: with the member's own total in the mean."""
        assert severity(["a", "b", "c"], [[12, 22], [10, 20], [8, 18]]) == {"a": 3.0, "b": 0.0, "c": -3.0}
        assert favours(["a", "b", "c"], [1, 2, 3], [[1, 2, 3], [2, 3, 4], [3, 4, 5]]) == []


def test_the_ranking_without_one_member_is_computed_exactly_and_shown_only_after_the_lock(story: Story) -> None:
    """Seen red: with the member's own sheets kept, with fairness_of before the lock."""
    story.to_scoring()
    with story.platform.reading() as session, pytest.raises(Exception, match=r"result\.not_locked"):
        queries.fairness_of(story.committee(session))
    story.score(change={("M2", 2, "T1"): "19.99", ("M2", 2, "T2"): "14.99"})
    result = story.lock()
    found = {one.member: one for one in influences(result)}
    assert set(found) == {"M1", "M2", "M3", "M4", "R1"}
    without = found["M2"]
    again = {
        **result,
        "members": [one for one in result["members"] if one["label"] != "M2"],
        "sheets": [one for one in result["sheets"] if one["member"] != "M2"],
    }
    means = {
        n: sum(float(s["total"]) for s in again["sheets"] if s["number"] == n) / 4
        for n in (row["number"] for row in result["ranking"])
    }
    price = {row["number"]: float(row["score"]) for row in result["price"]["scores"]}
    order = sorted(means, key=lambda n: -(means[n] + price[n]))
    assert list(without.order) == order
    assert fairness(result)["w"] is not None


def test_the_page_is_the_members_and_the_pools_and_nobody_elses(story: Story, enter: Any) -> None:
    """一标一评: the committee after the lock, the pool once the report is delivered. Seen red: without either gate."""
    story.to_scoring()
    code, actor = story.code, story.person_actor(next(m for m in story.members() if m.label == "M1"))
    member, operator = enter(actor), enter(story.actor(Role.OPERATOR))
    with story.platform.reading() as session:
        expert = queries.expert_of(session, actor)
        assert expert is not None
        name = expert.code
    assert member.get(f"/expert/{code}/fairness").status_code in (404, 409)
    story.score()
    story.lock()
    page = member.get(f"/expert/{code}/fairness")
    assert page.status_code == 200 and "评分一致性" in page.text
    for role in (Role.TENDEREE, Role.AGENT, Role.BIDDER, Role.OPERATOR):
        assert enter(story.actor(role, "b")).get(f"/expert/{code}/fairness").status_code in (403, 404)
    assert code not in operator.get(f"/ops/experts/{name}").text
    story.report()
    story.sign()
    story.deliver()
    shown = operator.get(f"/ops/experts/{name}").text
    assert code in shown and "一标一评" in shown
    with story.platform.reading() as session, pytest.raises(Missing):
        queries.own_member(session, code, story.actor(Role.OPERATOR))

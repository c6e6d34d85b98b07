"""The evaluation's pure rules: published vectors, properties, and every refusal."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import ClassVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.rules import law_on
from bidding.rules.method import policy_criterion
from core.errors import Invalid
from experts import rules
from experts.models import Committee
from experts.rules import Party, Profile, Seat, Standing
from experts.rules.grounds import LOW_PRICE
from experts.rules.law import expert_law
from experts.services.clarifications import _least_minutes

TWO_THIRDS = Fraction(2, 3)


def method(points: str = "100", trim_from: int = 4, formula: str = "mean-deviation/v1") -> dict[str, object]:
    return {
        "type": "comprehensive/v1",
        "criteria": [],
        "price": {"formula": formula, "points": points, "above": "1.0", "below": "0.5", "trim_from": trim_from},
    }


def fen(*millions: str) -> dict[int, int]:
    return {number: int(Decimal(value) * 10**8) for number, value in enumerate(millions, 1)}


class TestPriceScores:
    def test_the_published_vector_of_the_trimmed_mean(self) -> None:
        """F-10. Sabotage: base without k, without trimming, or deviation rounded to one decimal: red."""
        found = rules.price_scores(fen("9.20", "9.35", "9.40", "9.48", "9.50", "9.60", "9.90"), method(), "0.97")
        assert found.base == Fraction(918202000)
        assert (found.dropped_low, found.dropped_high) == (1, 7)
        assert [str(rules.published(found.scores[n])) for n in range(1, 8)] == [
            "99.80", "98.17", "97.63", "96.75", "96.54", "95.45", "92.18",
        ]  # fmt: skip

    def test_lowest_first_vector(self) -> None:
        """F-1. Sabotage: base = mean: red."""
        found = rules.price_scores(fen("1.0", "1.1", "1.25"), method("30", formula="lowest-first/v1"), None)
        assert [str(rules.published(found.scores[n])) for n in (1, 2, 3)] == ["30.00", "27.27", "24.00"]

    def test_the_maximum_price_enters_the_base_by_its_weight(self) -> None:
        """F-13's vector: (12 × 0.35 + 10 × 0.65) × 0.98. Seen red: with the weights exchanged."""
        given = method(trim_from=9, formula="ceiling-mean/v1")
        given["price"] = {**given["price"], "weight": "0.35"}  # type: ignore[dict-item]
        found = rules.price_scores(fen("9", "10", "11"), given, "0.98", ceiling=1_200_000_000)
        assert found.base == Fraction(1_048_600_000)
        assert [str(rules.published(found.scores[n])) for n in (1, 2, 3)] == ["92.91", "97.68", "95.10"]

    def test_what_is_deducted_for_a_policy_is_compared_and_nothing_else(self) -> None:
        """F-3's vector, and two policies added up. Sabotage: the price itself as the base: red."""
        prices, ten = fen("1.0", "1.1", "1.25"), {2: Fraction(1, 10)}
        found = rules.price_scores(prices, method("30", formula="lowest-first/v1"), None, ten)
        assert [str(rules.published(found.scores[n])) for n in (1, 2, 3)] == ["29.70", "30.00", "23.76"]
        assert found.evaluated[2] == 99_000_000
        both = {"criteria": [policy_criterion("small", "10"), policy_criterion("domestic", "20")]}
        sheets = [
            (1, {"SMALL": "1", "DOMESTIC": "1"}),
            (2, {"SMALL": "0", "DOMESTIC": "1"}),
            (3, {"SMALL": "0", "DOMESTIC": "0"}),
        ]
        assert rules.deductions(both, sheets) == {1: Fraction(3, 10), 2: Fraction(1, 5)}

    def test_below_the_cut_off_nothing_is_dropped_and_at_it_two_are(self) -> None:
        """Sabotage: `>` instead of `>=` at trim_from: red."""
        four = rules.price_scores(fen("1", "2", "3", "10"), method(trim_from=5), "1")
        assert (four.dropped_low, four.dropped_high, four.base) == (None, None, Fraction(4 * 10**8))
        five = rules.price_scores(fen("1", "2", "3", "4", "100"), method(trim_from=5), "1")
        assert (five.dropped_low, five.dropped_high, five.base) == (1, 5, Fraction(3 * 10**8))

    def test_the_score_never_falls_under_nought(self) -> None:
        """Sabotage: without max(0, …) the highest price scores below nought: red."""
        found = rules.price_scores(fen("1", "1", "90"), method("50", trim_from=9), "1")
        assert found.scores[3] == 0

    def test_deviation_is_linear_inside_one_per_cent(self) -> None:
        """Sabotage: whole per cents only (floor): red."""
        found = rules.price_scores({1: 10050, 2: 9950}, method("50", trim_from=9), "1")
        assert found.scores == {1: Fraction("49.5"), 2: Fraction("49.75")}

    @pytest.mark.parametrize(
        ("prices", "k", "code"),
        [({}, "1", "price.none"), ({1: 0}, "1", "price.not_positive"), ({1: 5}, None, "price.no_coefficient")],
    )
    def test_what_cannot_be_scored_is_refused(self, prices: dict[int, int], k: str | None, code: str) -> None:
        """Sabotage: without each check a ZeroDivisionError, StatisticsError or TypeError comes instead: red."""
        with pytest.raises(Invalid) as refusal:
            rules.price_scores(prices, method(), k)
        assert refusal.value.code == code

    def test_unknown_formulas_are_refused(self) -> None:
        """Sabotage: check_method that returns at once: red."""
        with pytest.raises(Invalid, match="formula"):
            rules.check_method(method(formula="mystery/v1"))

    @given(
        st.dictionaries(st.integers(1, 40), st.integers(1, 10**13), min_size=1, max_size=12),
        st.sampled_from(["0.95", "0.965", "1"]),
        st.integers(2, 1000),
        st.randoms(),
    )
    def test_scores_do_not_depend_on_order_or_currency(
        self, prices: dict[int, int], k: str, scale: int, chance: object
    ) -> None:
        """Permutation and scale. Sabotage: float arithmetic, or sorting by number instead of price: red."""
        first = rules.price_scores(prices, method("50", trim_from=5), k)
        numbers = list(prices)
        chance.shuffle(numbers)  # type: ignore[attr-defined]
        assert rules.price_scores({n: prices[n] for n in numbers}, method("50", trim_from=5), k) == first
        scaled = rules.price_scores({n: price * scale for n, price in prices.items()}, method("50", trim_from=5), k)
        assert scaled.scores == first.scores

    @given(st.dictionaries(st.integers(1, 40), st.integers(1, 10**13), min_size=2, max_size=12))
    def test_nearer_to_the_base_never_scores_less_and_equal_prices_score_equal(self, prices: dict[int, int]) -> None:
        """Monotone on each side. Sabotage: swap above and below, or drop the minus sign: red."""
        found = rules.price_scores(prices, method("50", trim_from=5), "0.97")
        for one, its in found.deviations.items():
            for other, theirs in found.deviations.items():
                if prices[one] == prices[other]:
                    assert found.scores[one] == found.scores[other]
                if 0 <= its <= theirs or theirs <= its <= 0:
                    assert found.scores[one] >= found.scores[other]
                if its == -theirs and its > 0:
                    assert found.scores[one] <= found.scores[other]
        assert all(0 <= score <= 50 for score in found.scores.values())


class TestPublished:
    @given(st.fractions(min_value=-1000, max_value=1000))
    def test_rounds_half_up_like_decimal_does(self, value: Fraction) -> None:
        """A second opinion at 60 digits. Sabotage: floor or banker's rounding: red."""
        from decimal import localcontext

        with localcontext() as context:
            context.prec = 60
            exact = Decimal(value.numerator) / Decimal(value.denominator)
            assert rules.published(value) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)

    def test_a_half_goes_up(self) -> None:
        """R-456. Sabotage: round() of Python gives 0.12 and 2.68 (banker's): red."""
        assert [str(rules.published(Fraction(text))) for text in ("0.125", "2.685", "0.005", "2.5")] == [
            "0.13", "2.69", "0.01", "2.50",
        ]  # fmt: skip


def standing(number: int, total: str, price: int = 100, technical: str = "0", lot: int = 0) -> Standing:
    return Standing(number, Fraction(technical), Fraction(total) - Fraction(technical), Fraction(0), price, lot)


class TestRanking:
    def test_each_tie_rule_in_turn(self) -> None:
        """R-457. Sabotage: leave out any one key of the sort: red."""
        ranked = rules.rank(
            [
                standing(1, "80", price=300),
                standing(2, "80", price=200, technical="30", lot=1),
                standing(3, "80", price=200, technical="40", lot=5),
                standing(4, "80", price=200, technical="30", lot=0),
                standing(5, "80.01", price=999),
            ]
        )
        assert [bid.standing.number for bid in ranked] == [5, 3, 4, 2, 1]
        assert [bid.decided_by for bid in ranked] == ["first", "total", "technical", "draw", "price"]
        assert [bid.rank for bid in ranked] == [1, 2, 3, 4, 5]

    def test_totals_are_compared_as_published(self) -> None:
        """80.004 and 80.001 are both published as 80.00: the lower price wins. Sabotage: compare exact totals: red."""
        ranked = rules.rank([standing(1, "80.004", price=200), standing(2, "80.001", price=100)])
        assert [bid.standing.number for bid in ranked] == [2, 1]
        assert ranked[1].decided_by == "price"

    @given(
        st.lists(
            st.tuples(st.sampled_from(["70", "80"]), st.sampled_from([100, 200]), st.sampled_from(["10", "20"])),
            min_size=1,
            max_size=8,
        ),
        st.randoms(),
    )
    def test_the_order_of_input_never_matters(self, rows: list[tuple[str, int, str]], chance: object) -> None:
        """Sabotage: a stable sort on the total alone: red."""
        standings = [standing(n, t, p, tech, lot=(n * 7) % 11) for n, (t, p, tech) in enumerate(rows)]
        first = rules.rank(standings)
        chance.shuffle(standings)  # type: ignore[attr-defined]
        assert rules.rank(standings) == first
        assert sorted(bid.standing.number for bid in first) == sorted(s.number for s in standings)

    def test_no_more_candidates_than_three(self) -> None:
        """R-501. Sabotage: most=4: red."""
        ranked = rules.rank([standing(number, str(90 - number)) for number in range(1, 6)])
        assert rules.candidates(ranked) == [1, 2, 3]

    def test_the_mean_over_members_is_exact(self) -> None:
        """R-455. Sabotage: float mean, or dividing by another count: red."""
        means = rules.aggregate([{"technical": Decimal(v)} for v in ("10", "10", "11")])
        assert means == {"technical": Fraction(31, 3)}


class TestScores:
    criterion: ClassVar = {"code": "T1", "points": "8", "objective": False, "group": "technical"}

    @pytest.mark.parametrize("value", ["-0.01", "8.01", "NaN", "Infinity", "1e9"])
    def test_out_of_range(self, value: str) -> None:
        """R-454. Sabotage: drop the comparison: red."""
        with pytest.raises(Invalid) as refusal:
            rules.check_score(self.criterion, Decimal(value))
        assert refusal.value.code == "score.out_of_range" and refusal.value.field == "T1"

    @pytest.mark.parametrize("value", ["0", "8", "8.00", "7.5", "8.000"])
    def test_in_range(self, value: str) -> None:
        """The bounds belong to the range (R-002). Sabotage: `<` for `<=`: red."""
        assert rules.check_score(self.criterion, Decimal(value)) == Decimal(value)

    def test_too_fine(self) -> None:
        """Sabotage: quantise silently: red."""
        with pytest.raises(Invalid, match=r"score\.too_fine"):
            rules.check_score(self.criterion, Decimal("7.555"))

    def test_only_objective_criteria_must_agree(self) -> None:
        """R-344. Sabotage: compare all criteria, or none: red."""
        criteria = {"A": {"objective": True}, "B": {"objective": False}, "C": {"objective": True}}
        sheets = [
            {"A": Decimal(1), "B": Decimal(1), "C": Decimal("2.0")},
            {"A": Decimal(2), "B": Decimal(9), "C": Decimal("2.00")},
        ]
        assert rules.objective_mismatches(criteria, sheets) == ["A"]

    def test_outliers_are_measured_against_the_others(self) -> None:
        """±30 % off the others' mean, strictly. Sabotage: compare with the mean of all: red."""
        assert rules.outliers({"a": Decimal(10), "b": Decimal(10), "c": Decimal("13.00")}, date(2026, 10, 8)) == []
        assert rules.outliers({"a": Decimal(10), "b": Decimal(10), "c": Decimal("13.01")}, date(2026, 10, 8)) == ["c"]
        assert rules.outliers({"a": Decimal(10), "b": Decimal(99)}, date(2026, 10, 8)) == []

    def test_a_price_criterion_is_not_scored_by_members(self) -> None:
        """Sabotage: accept every group: red."""
        with pytest.raises(Invalid, match=r"method\.group"):
            rules.scored_criteria({"criteria": [{"code": "P", "group": "price"}]})


class TestShape:
    @pytest.mark.parametrize(("size", "experts"), [(5, 4), (7, 5), (9, 6)])
    def test_two_thirds(self, size: int, experts: int) -> None:
        """R-300. Sabotage: floor or round: 5 gives 3: red."""
        assert rules.expert_seats_needed(size, TWO_THIRDS) == experts
        shape = rules.check_shape(size, size - experts, [("A", experts)], least=5, ratio=TWO_THIRDS)
        assert shape.drawn == experts and rules.Shape.from_json(shape.as_json()) == shape
        with pytest.raises(Invalid, match=r"committee\.experts"):
            rules.check_shape(size, size - experts + 1, [("A", experts - 1)], least=5, ratio=TWO_THIRDS)

    @pytest.mark.parametrize(
        ("size", "representatives", "seats", "code"),
        [
            (3, 0, [("A", 3)], "committee.too_small"),
            (6, 1, [("A", 5)], "committee.even"),
            (5, -1, [("A", 6)], "committee.representatives"),
            (5, 1, [("A", 3)], "committee.seats"),
            (5, 1, [("A", 5), ("B", -1)], "committee.seats"),
            (5, 1, [("A", 2), ("A", 2)], "committee.speciality"),
            (5, 1, [("", 4)], "committee.speciality"),
        ],
    )
    def test_other_shapes_are_refused(
        self, size: int, representatives: int, seats: list[tuple[str, int]], code: str
    ) -> None:
        """Sabotage: each guard removed in turn: red."""
        with pytest.raises(Invalid) as refusal:
            rules.check_shape(size, representatives, seats, least=5, ratio=TWO_THIRDS)
        assert refusal.value.code == code


ON = date(2026, 11, 21)
BIDDER = Party("bidder", "宏远市政建设（集团）有限公司", "91330100MA0000017X", ("李建国",))
TENDEREE = Party("tenderee", "滨江市水务集团有限公司", "913301000000000001")
AUTHORITY = Party("authority", "滨江市水务局", "113301000000000005")


def grounds(profile: Profile, *parties: Party) -> list[str]:
    return [ground.public for ground in rules.avoidance_grounds(profile, parties or (BIDDER, TENDEREE, AUTHORITY), ON)]


class TestAvoidance:
    def test_nothing_in_common(self) -> None:
        """Sabotage: grounds for everyone: red."""
        clean = Profile("王敏", "active", employers=[{"name": "东南大学"}], relatives=[{"name": "赵六"}])
        assert grounds(clean) == []

    @pytest.mark.parametrize(
        ("profile", "expected"),
        [
            (Profile("王", "active", relatives=[{"name": "李建国", "relation": "配偶"}]), "R-330(1) relative"),
            (Profile("王", "active", relatives=[{"identifier": "91330100MA0000017X"}]), "R-330(1) relative"),
            (Profile("王", "active", employers=[{"name": "滨江市水务局"}]), "R-330(2) authority"),
            (Profile("王", "active", shareholdings=[{"name": "宏远市政建设(集团)有限公司"}]), "R-330(3) interest"),
            (Profile("王", "punished"), "R-330(4) punished"),
            (Profile("王", "active", employers=[{"name": BIDDER.name, "until": "2023-11-21"}]),
             "R-330(5) former_employer"),
            (Profile("王", "suspended"), "R-330(8) status"),
            (Profile("王", "active", employers=[{"name": "滨江市水务集团 有限公司"}]), "R-330(9) employer"),
            (Profile("王", "active", employers=[{"name": BIDDER.name, "until": "不详"}]), "R-330(9) employer"),
            (Profile("王", "active", organisation=("别名", "91330100MA0000017X")), "R-330(9) employer"),
        ],
    )  # fmt: skip
    def test_each_ground(self, profile: Profile, expected: str) -> None:
        """R-330. Sabotage: each generator removed in turn, exact name comparison, three years as 365*3 days: red."""
        assert grounds(profile) == [expected]

    def test_employment_that_ended_more_than_three_years_ago_is_no_ground(self) -> None:
        """Sabotage: the law's years as 4: red."""
        assert grounds(Profile("王", "active", employers=[{"name": BIDDER.name, "until": "2023-11-20"}])) == []

    def test_what_is_published_names_no_party(self) -> None:
        """R-323. Sabotage: evidence in `public`: red."""
        found = rules.avoidance_grounds(Profile("王", "active", shareholdings=[{"name": BIDDER.name}]), [BIDDER], ON)
        assert found[0].evidence["party"] == BIDDER.name and BIDDER.name not in found[0].public


class TestWalk:
    def test_seats_standby_and_skips_with_reasons(self) -> None:
        """Sabotage: seat without looking at `barred`, or at the speciality: red."""
        found = rules.walk(
            ["a", "b", "c", "d", "e"],
            {"a": ["X"], "b": ["Z"], "c": ["X"], "d": ["Y"], "e": ["X", "Y"]},
            [Seat("X", 1), Seat("Y", 1)],
            {"a": "declined"},
        )
        assert [(s.candidate, s.outcome, s.detail) for s in found.steps] == [
            ("a", "skipped", "declined"), ("b", "skipped", "speciality"), ("c", "seated", "X"),
            ("d", "seated", "Y"), ("e", "standby", ""),
        ]  # fmt: skip

    def test_an_expert_of_two_specialities_makes_room(self) -> None:
        """Sabotage: first open seat for good (no moving): b stands by and a seat stays empty: red."""
        found = rules.walk(["a", "b"], {"a": ["X", "Y"], "b": ["X"]}, [Seat("X", 1), Seat("Y", 1)], {})
        assert {s.candidate: s.detail for s in found.of("seated")} == {"a": "Y", "b": "X"}

    pools = st.lists(st.sets(st.sampled_from("XYZ"), min_size=1), min_size=1, max_size=10)

    @given(pools, st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(1, 3)), min_size=1, max_size=3), st.data())
    def test_when_one_leaves_at_most_one_comes_and_nobody_else_goes(
        self, pool: list[set[str]], wanted: list[tuple[str, int]], data: st.DataObject
    ) -> None:
        """What replacement relies on (R-332). Sabotage: walk from the back, or greedy without moving: red."""
        seats = [Seat(name, count) for name, count in dict(wanted).items()]
        order = [f"e{n}" for n in range(len(pool))]
        specialities = {f"e{n}": sorted(held) for n, held in enumerate(pool)}
        before = {s.candidate for s in rules.walk(order, specialities, seats, {}).of("seated")}
        if not before:
            return
        leaves = data.draw(st.sampled_from(sorted(before)))
        after = {s.candidate for s in rules.walk(order, specialities, seats, {leaves: "avoided"}).of("seated")}
        assert before - {leaves} <= after
        assert len(after - before) <= 1


class TestPool:
    HEADER = "code,login,name,specialities,region,employers,shareholdings,relatives,status\n"

    def test_reads_lists_and_entries(self) -> None:
        """Sabotage: split on one kind of separator only: red."""
        rows = rules.read_experts(
            "\ufeff" + self.HEADER + "ZJ-001,wang,王敏,A08；A03,330100,东南大学|||；"
            "宏远|91330100MA0000017X|2019-01-01|2024-05-31,,李建国|配偶|宏远|,\n"
        )
        assert rows[0]["specialities"] == ["A08", "A03"] and rows[0]["status"] == "active"
        assert rows[0]["employers"][1] == {
            "name": "宏远", "identifier": "91330100MA0000017X", "from": "2019-01-01", "until": "2024-05-31",
        }  # fmt: skip
        assert rows[0]["relatives"] == [
            {"name": "李建国", "relation": "配偶", "organisation": "宏远", "identifier": None}
        ]

    def test_every_bad_line_is_named_and_nothing_is_taken(self) -> None:
        """Sabotage: skip bad rows silently: red."""
        with pytest.raises(Invalid) as refusal:
            rules.read_experts(
                self.HEADER
                + "ZJ-001,a,王,A08,330100,,,,\nzj,b,,A08,33,甲||2019-13-01|,,,odd\nZJ-001,c,李,,330100,,,,\n"
            )
        assert refusal.value.facts["rows"] == [
            {"line": 3, "reasons": ["code", "name", "region", "status", "employers"]},
            {"line": 4, "reasons": ["specialities", "duplicate"]},
        ]

    @pytest.mark.parametrize(("text", "code"), [("x,y\n1,2\n", "pool.header"), (HEADER, "pool.empty")])
    def test_tables_without_experts(self, text: str, code: str) -> None:
        """Sabotage: return []: red."""
        with pytest.raises(Invalid) as refusal:
            rules.read_experts(text)
        assert refusal.value.code == code

    def test_health_counts_committees_and_concentration(self) -> None:
        """R-322. Sabotage: thin at < 2×, or bits as log2(n): red."""
        pool = {f"e{n}": ["X"] for n in range(12)}
        found = rules.pool_health(pool, [("X", 4)], {"e1": 3, "elsewhere": 50}, ON)
        assert (found.eligible, found.is_thin, f"{found.bits:.2f}", found.top_ten_percent) == (12, False, "8.95", 100)
        assert rules.pool_health(dict(list(pool.items())[:11]), [("X", 4)], {}, ON).is_thin
        assert rules.pool_health(pool, [("X", 4)], {}, ON).top_ten_percent is None


class TestReview:
    def test_more_than_half_rejects_and_half_does_not(self) -> None:
        """R-345. Sabotage: `>=`: red; counting doubt as fail: red."""
        found = rules.tally(["a", "b"], [("a", "fail")] * 3 + [("a", "pass")] * 2 + [("b", "doubt")] * 5, 5)
        assert [one.fails for one in found] == [True, False]
        assert not rules.tally(["a"], [("a", "fail")] * 2, 4)[0].fails

    def test_the_control_price_stands_on_every_review(self) -> None:
        """R-400(5). Sabotage: only the method's clauses: red."""
        clauses = rules.review_clauses({"review": [{"code": "R1", "text": "签章", "source": "s"}, {"text": "工期"}]})
        assert [clause["code"] for clause in clauses] == ["R1", "clause-2", "control_price"]
        assert len(rules.review_clauses({"review": [{"code": "control_price", "text": "t"}]})) == 1


def test_the_numbers_of_the_law_are_dated_and_cited() -> None:
    """Years, terms and times of experts come from law.json, by day and regime. Seen red: 招标投标法's 8 years ended."""
    told = expert_law(ON).rules
    assert told["expert_years_min"].source == "招标投标法第三十七条"
    assert all(rule.source and rule.trust in ("V", "V2", "M") for rule in told.values())
    before, since = expert_law(date(2015, 2, 28), "G"), expert_law(date(2015, 3, 1), "G")
    assert before.rule("employment_before").trust == "M"
    assert since.cite("employment_before")["source"] == "政府采购法实施条例第九条"
    assert "low_price_explain_min" in expert_law(ON, "T").rules
    assert "low_price_explain_min" not in expert_law(ON, "G").rules


@pytest.mark.parametrize(("regime", "on"), [("T", ON), ("G", ON), ("G", date(2026, 1, 31)), ("G", date(2018, 1, 1))])
def test_a_low_price_has_its_time_under_every_law_a_project_froze(regime: str, on: date) -> None:
    """One of regime G published before 财库〔2026〕2号 froze none. Seen red: with the rule of T alone, as of today."""
    project = SimpleNamespace(law=law_on(regime, on).as_json())
    committee = cast(Committee, SimpleNamespace(section=SimpleNamespace(project=project)))
    assert _least_minutes(committee, LOW_PRICE) == 30

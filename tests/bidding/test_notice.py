"""The legal checks of a notice: each rule at its boundary, and what publication freezes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bidding import rules
from bidding.forms import read_method
from bidding.rules import Level
from bidding.rules.method import FORMULAS, check_method, kind_of, points_of, policy_criterion
from core.calendar import national
from core.clock import BEIJING
from core.errors import Invalid
from tests.bidding.notices import LOWEST_FIRST, NOW, facts, found, law_for, level
from tests.bidding.stage import METHOD, PARTICULARS, criterion


def test_a_lawful_section_has_no_block_and_no_warning() -> None:
    """Seen red: with the works category asking for an approval."""
    levels = {f.level for f in rules.check_notice(facts(), law_for(facts()), national())}
    assert levels == {Level.MET, Level.COMPUTE}


@pytest.mark.parametrize(("days", "expected"), [(19, Level.BLOCK), (20, Level.MET), (21, Level.MET)])
def test_twenty_days_from_issue_to_deadline(days: int, expected: Level) -> None:
    """R-100 at its boundary (S1 a24; R-002: 20 days suffice). Seen red: with `>` for `>=`."""
    given = facts(deadline_at=NOW + timedelta(days=days))
    assert level(given, "R-100", "notice.issue_to_deadline") is expected
    voluntary = dataclasses.replace(given, is_mandatory=False)
    assert level(voluntary, "R-100", "notice.issue_to_deadline") is (Level.MET if days >= 20 else Level.WARN)


def test_the_days_count_from_the_issue_of_documents_not_from_the_notice() -> None:
    """Documents issued two days after the notice: the deadline must follow them. Seen red: counting from now."""
    given = facts(documents_from_at=NOW + timedelta(days=2), deadline_at=NOW + timedelta(days=21))
    assert level(given, "R-100", "notice.issue_to_deadline") is Level.BLOCK
    (finding,) = found(given, "R-100", "notice.issue_to_deadline")
    assert (finding.facts["found"], finding.facts["required"], finding.field) == (19, 20, "deadline_at")


def test_beijing_days_are_counted() -> None:
    """23:59 in Beijing on the 20th day is 20 days, though UTC still has the 19th. Seen red: with UTC dates."""
    late = datetime(2026, 10, 8, 15, 59, tzinfo=UTC)
    given = facts(now=late, deadline_at=datetime(2026, 10, 27, 16, 1, tzinfo=UTC))
    assert given.deadline_at is not None
    assert given.deadline_at.astimezone(BEIJING).day == 28
    assert level(given, "R-100", "notice.issue_to_deadline") is Level.MET


@pytest.mark.parametrize(("days", "expected"), [(4, Level.BLOCK), (5, Level.MET)])
def test_documents_are_available_five_days(days: int, expected: Level) -> None:
    """R-101 at its boundary. Seen red: comparing instants alone let 4 days and an hour pass."""
    assert level(facts(documents_until_at=NOW + timedelta(days=days)), "R-101") is expected


def test_government_procurement_counts_working_days() -> None:
    """Five working days from Thursday 8 October 2026, with the make-up Saturday the 10th, end on the 14th (R-120).

    Seen red: with calendar days.
    """
    given = facts(regime="G", category="goods", method=LOWEST_FIRST)
    assert level(dataclasses.replace(given, documents_until_at=NOW + timedelta(days=5)), "R-120", "notice.doc") is (
        Level.BLOCK
    )
    assert level(dataclasses.replace(given, documents_until_at=NOW + timedelta(days=6)), "R-120", "notice.doc") is (
        Level.MET
    )


@pytest.mark.parametrize("name", [*(name for name in PARTICULARS if name != "media")])
def test_each_particular_of_the_notice_is_needed(name: str) -> None:
    """R-104: the finding names the field. Seen red: with the loop stopped at the first."""
    (finding,) = [f for f in found(facts(particulars={**PARTICULARS, name: " "}), "R-104") if f.level is Level.BLOCK]
    assert (finding.field, finding.code) == (name, f"notice.missing_{name}")


@pytest.mark.parametrize(
    "name", ["project_name", "description", "funding", "tenderee", "section_name", "qualification"]
)
def test_each_text_of_the_notice_is_needed(name: str) -> None:
    """R-104. Seen red: with `description` left out of the table."""
    assert any(f.level is Level.BLOCK for f in found(facts(**{name: ""}), "R-104"))


def test_a_mandatory_open_tender_names_its_medium() -> None:
    """R-103. Seen red: without the finding."""
    given = facts(particulars={**PARTICULARS, "media": ""})
    assert level(given, "R-103") is Level.BLOCK
    assert found(dataclasses.replace(given, is_mandatory=False), "R-103") == []


@pytest.mark.parametrize(
    ("estimate", "bond", "share", "cap"),
    [
        (40_000_000_00, 800_000_00, Level.MET, Level.MET),
        (40_000_000_00, 800_000_01, Level.BLOCK, Level.BLOCK),
        (80_000_000_00, 800_000_01, Level.MET, Level.BLOCK),
        (1_000_000_00, 20_000_00, Level.MET, Level.MET),
        (1_000_000_00, 20_000_01, Level.BLOCK, Level.MET),
        (33, 0, Level.MET, Level.MET),
        (50, 1, Level.MET, Level.MET),
        (49, 1, Level.BLOCK, Level.MET),
    ],
)
def test_the_bond_stays_within_its_share_and_its_cap_to_the_fen(
    estimate: int, bond: int, share: Level, cap: Level
) -> None:
    """R-150: 2 % inclusive, 800,000 yuan inclusive. Seen red: with the share rounded before comparing."""
    given = facts(estimate_fen=estimate, bond_fen=bond)
    assert level(given, "R-150", "notice.bond_share") is share
    assert level(given, "R-150", "notice.bond_cap") is cap


@pytest.mark.parametrize(
    ("days", "is_frozen", "code", "expected"),
    [
        ("5", False, "notice.bond_refusal", Level.MET), ("6", False, "notice.bond_refusal", Level.BLOCK),
        ("1", False, "notice.bond_refusal", Level.MET), ("4", True, "notice.bond_refusal_frozen", Level.BLOCK),
        ("5", True, "notice.bond_refusal_frozen", Level.MET),
    ],
)  # fmt: skip
def test_a_document_names_its_own_days_where_the_law_names_none(
    days: str, is_frozen: bool, code: str, expected: Level
) -> None:
    """R-158: shorter than ours, and one for the project once its law is frozen. Seen red: with `<` for `<=`."""
    given = facts(particulars={**facts().particulars, "bond_refusal_days": days}, is_frozen=is_frozen)
    assert level(given, "R-158", code) is expected
    assert found(facts(), "R-158") == [] == found(dataclasses.replace(given, bond_fen=0), "R-158")


def test_design_has_its_own_cap_and_procurement_none() -> None:
    """R-150, R-151. Seen red: with the works cap for design."""
    assert level(facts(category="design", bond_fen=100_000_01), "R-150", "notice.bond_cap") is Level.BLOCK
    given = facts(regime="G", category="goods", method=LOWEST_FIRST, estimate_fen=10**11, bond_fen=10**9)
    assert found(given, "R-150") == []
    assert level(given, "R-151") is Level.MET


@pytest.mark.parametrize("name", ["minimum_price", "min_price", "floor_price"])
def test_no_minimum_price_anywhere_in_the_method(name: str) -> None:
    """R-109, at any depth. Seen red: looking at the top level only."""
    method = {**METHOD, "price": {**METHOD["price"], "limits": [{name: "1"}]}}
    assert level(facts(method=method), "R-109", "method.minimum_price") is Level.BLOCK


def test_the_control_price_is_stated() -> None:
    """R-109. Seen red: with `>= 0`."""
    assert level(facts(control_price_fen=0), "R-109", "notice.control_price") is Level.BLOCK


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "x"}, "method.type"),
        ({"criteria": []}, "method.criteria"),
        (
            {"criteria": [criterion("A", "甲", "technical", "25"), criterion("A", "乙", "technical", "25")]},
            "method.criteria",
        ),
        ({"criteria": [criterion("A", "甲", "magic", "50")]}, "method.criteria"),
        ({"criteria": [criterion("A", "甲", "technical", "NaN")]}, "method.points"),
        ({"criteria": [criterion("A", "甲", "technical", "-5")]}, "method.points"),
        ({"price": {**METHOD["price"], "formula": "guess"}}, "method.formula"),
        ({"price": {**METHOD["price"], "step": "0.007"}}, "method.k_range"),
        ({"price": {**METHOD["price"], "k_range": ["0.98", "0.95"]}}, "method.k_range"),
        ({"price": {**METHOD["price"], "trim_from": 2}}, "method.formula"),
        ({"review": [{"code": "R1"}]}, "method.review"),
    ],
)
def test_a_malformed_method_is_refused(change: dict[str, Any], code: str) -> None:
    """Seen red: each by dropping its check."""
    (finding,) = found(facts(method={**METHOD, **change}), "R-404", "method.")
    assert (finding.level, finding.code) == (Level.BLOCK, code)


def test_all_points_make_a_hundred() -> None:
    """R-404. Seen red: with the price left out of the sum."""
    method = {**METHOD, "criteria": METHOD["criteria"][:-1]}
    (finding,) = found(facts(method=method), "R-404")
    assert (finding.level, finding.facts["found"]) == (Level.BLOCK, "92")


def test_procurement_forbids_mean_formulas_and_light_prices() -> None:
    """R-453, R-452 at its boundary. Seen red: applied to works as well."""
    assert level(facts(regime="G", category="goods"), "R-453") is Level.BLOCK
    assert level(facts(regime="G", category="works"), "R-453") is Level.MET
    light = {**LOWEST_FIRST, "price": {"formula": "lowest-first/v1", "points": "29.99"}}
    assert level(facts(regime="G", category="goods", method=light), "R-452") is Level.BLOCK
    exact = {**LOWEST_FIRST, "price": {"formula": "lowest-first/v1", "points": "30"}}
    assert level(facts(regime="G", category="goods", method=exact), "R-452") is Level.MET
    assert level(facts(regime="G", category="services", method=light), "R-452") is Level.MET


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, Level.BLOCK), (29, Level.WARN), (30, Level.MET), (60, Level.MET), (61, Level.WARN), (10_081, Level.BLOCK)],
)
def test_decrypt_minutes(minutes: int, expected: Level) -> None:
    """R-253: outside common practice warns, outside the policy's range blocks. Seen red: with the bounds exclusive."""
    assert level(facts(decrypt_minutes=minutes), "R-253") is expected


def test_other_blocks_and_warnings() -> None:
    """One look at each remaining rule. Seen red: each by dropping its line."""
    assert level(facts(trustees=frozenset({"tenderee", "officer"})), "R-207") is Level.BLOCK
    assert level(facts(validity_days=0), "R-113") is Level.BLOCK
    assert level(facts(accepts_consortium=None), "R-112") is Level.BLOCK
    assert level(facts(document_slots=frozenset({"boq"})), "R-106", "notice.tender_document") is Level.BLOCK
    assert level(facts(document_slots=frozenset({"tender"})), "R-106", "notice.boq") is Level.WARN
    assert level(facts(procedure="invited"), "R-052", "procedure.evidence") is Level.BLOCK
    assert level(facts(credit_rule=""), "R-126") is Level.WARN
    assert level(facts(regime="G", credit_rule=""), "R-126") is Level.BLOCK
    assert level(facts(is_mandatory=False), "R-050") is Level.WARN
    assert level(facts(deadline_at=None), "R-104", "notice.missing_deadline") is Level.BLOCK
    assert level(facts(documents_until_at=None), "R-104", "notice.missing_documents_until") is Level.BLOCK
    assert level(facts(deadline_at=NOW), "R-100", "notice.deadline_past") is Level.BLOCK
    after = facts(documents_until_at=NOW + timedelta(days=26))
    assert level(after, "R-101", "notice.documents_after") is Level.BLOCK
    saturday = datetime(2026, 10, 31, 1, 30, tzinfo=UTC)
    assert level(facts(deadline_at=saturday), "R-001") is Level.WARN
    assert level(facts(deadline_at=datetime(2027, 1, 8, 1, tzinfo=UTC)), "R-003") is Level.WARN


def test_the_rulebook_is_dated_and_cited() -> None:
    """Every rule names its source and start, and a day before its start it is not in force (R-006).

    Seen red: with `effective_from` ignored by `law_on`.
    """
    for rule in rules.rulebook():
        assert rule.source and rule.id.startswith(("R-", "F-")) and rule.trust in ("V", "V2", "M")
    before = rules.law_on("G", datetime(2026, 1, 31, tzinfo=UTC).date())
    after = rules.law_on("G", datetime(2026, 2, 1, tzinfo=UTC).date())
    assert "low_price_of_mean" not in before.rules
    assert after.number("low_price_of_mean") == 50
    assert rules.law_on("T", NOW.date()).days("issue_to_deadline_min") == 20


def test_an_anonymous_envelope_has_something_to_score_and_no_final_offers() -> None:
    """暗标: a technical criterion is needed, and no negotiation follows. Seen red: with MET in either case."""
    anonymous = rules.layout(is_anonymous=True)
    assert level(facts(envelopes=anonymous), "R-200", "notice.anonymous") is Level.MET
    only = [one for one in METHOD["criteria"] if one["group"] == "qualification"]
    unscored = facts(envelopes=anonymous, method={**METHOD, "criteria": only})
    assert level(unscored, "R-200", "notice.anonymous") is Level.BLOCK
    talks = facts(envelopes=anonymous, regime="G", procedure="consultation", category="services", method=LOWEST_FIRST)
    assert level(talks, "R-602", "notice.anonymous_rounds") is Level.BLOCK


@pytest.mark.parametrize(
    ("regime", "low", "expected"),
    [
        ("G", {"of_mean": "60", "of_maximum": "45"}, [Level.MET, Level.MET]),
        ("G", {"of_second": "49"}, [Level.BLOCK]),
        ("G", {"of_mean": "66"}, [Level.BLOCK]),
        ("G", {"of_mean": "abc"}, [Level.BLOCK]),
        ("G", {"of_something": "60"}, [Level.BLOCK]),
        ("T", {"of_mean": "60"}, [Level.BLOCK]),
    ],
)
def test_lines_of_low_prices_may_be_raised_within_the_cap_only(
    regime: str, low: dict[str, str], expected: list[Level]
) -> None:
    """R-441 lets a notice raise the law's lines to 65 %; regime T knows none (R-440). Seen red: without the cap."""
    given = facts(
        regime=regime, category="goods" if regime == "G" else "works", method={**LOWEST_FIRST, "low_price": low}
    )
    told = [f for f in rules.check_notice(given, law_for(given), national()) if f.code.startswith("notice.low_price")]
    assert [one.level for one in told] == expected


def test_the_wizard_keeps_the_lines_and_names_a_wrong_one() -> None:
    fields = {"evaluation": "lowest", "low_of_mean": "60", "low_of_second": " "}
    assert read_method(fields, {})["low_price"] == {"of_mean": "60"}
    assert "low_price" not in read_method({"evaluation": "lowest"}, {})
    with pytest.raises(Invalid) as told:
        read_method({"evaluation": "lowest", "low_of_maximum": "六十"}, {})
    assert told.value.field == "low_of_maximum"


@pytest.mark.parametrize(
    ("category", "policy", "deduct", "expected"),
    [
        ("goods", "small", "10", Level.MET), ("goods", "small", "20", Level.MET),
        ("goods", "small", "9.5", Level.BLOCK), ("services", "small", "20.5", Level.BLOCK),
        ("works", "small", "5", Level.MET), ("works", "small", "10", Level.BLOCK),
        ("goods", "domestic", "20", Level.MET), ("goods", "domestic", "10", Level.BLOCK),
        ("goods", "share", "4", Level.MET), ("services", "share", "6.5", Level.BLOCK),
        ("works", "share", "2", Level.MET),
    ],
)  # fmt: skip
def test_what_is_deducted_for_a_policy_lies_within_the_law(
    category: str, policy: str, deduct: str, expected: Level
) -> None:
    """F-3, F-6; regime T deducts from the prices of works alone. Seen red: without the upper end."""
    method = {**LOWEST_FIRST, "criteria": [*METHOD["criteria"], policy_criterion(policy, deduct)]}
    given = facts(regime="G", category=category, is_mandatory=False, method=method)
    told = [f for f in rules.check_notice(given, law_for(given), national()) if f.code == "notice.policy"]
    assert [one.level for one in told] == [expected]
    assert level(facts(method=method, category="goods"), "R-451", "notice.policy_unlawful") is Level.BLOCK


@pytest.mark.parametrize(
    ("regime", "policy", "share", "code", "expected"),
    [
        ("T", "small", "3", "notice.policy", Level.MET), ("T", "small", "5.5", "notice.policy", Level.BLOCK),
        ("T", "share", "2", "notice.policy", Level.MET), ("T", "share", "3", "notice.policy", Level.BLOCK),
        ("T", "domestic", "20", "notice.policy_unlawful", Level.BLOCK),
        ("G", "small", "5", "notice.policy_unlawful", Level.BLOCK),
    ],
)  # fmt: skip
def test_what_is_added_to_a_price_score_lies_within_the_law(
    regime: str, policy: str, share: str, code: str, expected: Level
) -> None:
    """F-3: where the base is a mean, regime T adds 3-5 % (a share: 1-2 %) of the own price score."""
    method = {**METHOD, "criteria": [*METHOD["criteria"], policy_criterion(policy, share, "add")]}
    given = facts(regime=regime, method=method, is_mandatory=regime == "T")
    told = [f for f in rules.check_notice(given, law_for(given), national()) if f.code.startswith("notice.policy")]
    assert [(one.code, one.level) for one in told] == [(code, expected)]


def test_every_formula_is_read_from_its_form_and_shown_again() -> None:
    """What is typed for each formula makes a whole method; several weights are drawn, one is not."""
    typed = {
        "evaluation": "comprehensive", "price_points": "50", "k_low": "0.95", "k_high": "0.98", "k_step": "0.005",
        "above": "1", "below": "0.5", "trim_from": "5", "weight": "0.3／0.35/0.4", "basis": "ceiling",
        "second": "lowest", "interval": "0.9", "interval_high": "1.1", "band_from": "15", "downs": "2/3",
        "downs_2": "-1/0", "downs_3": "-4", "deduct_small": "5",
    }  # fmt: skip
    rows = {"criterion_name": ["方案"], "criterion_group": ["technical"], "criterion_points": ["50"]}
    read = {name: read_method({**typed, "formula": name}, rows) for name in FORMULAS}
    for name, method in read.items():
        assert check_method(method), name
        assert [set(one) & {"add", "deduct"} for one in method["criteria"] if one["group"] == "policy"] == [
            {"deduct"} if name == "lowest-first/v1" else {"add"}
        ]
    assert read["ceiling-mean/v1"]["price"]["weights"] == ["0.3", "0.35", "0.4"]
    assert read_method({**typed, "formula": "ceiling-mean/v1", "weight": "0.3"}, rows)["price"]["weight"] == "0.3"
    assert read["banded-mean/v1"]["price"]["downs"] == [["2", "3"], ["-1", "0"], ["-4"]]
    assert "trim_from" not in read["banded-mean/v1"]["price"]


@pytest.mark.parametrize("weight", [None, "0", "1", "1.5", "x"])
def test_the_maximum_price_has_some_of_the_base_and_not_all(weight: str | None) -> None:
    """Seen red: with a weight of 1 let through, where the bids would count for nothing."""
    price = {**METHOD["price"], "formula": "ceiling-mean/v1"}
    check_method({**METHOD, "price": {**price, "weight": "0.4"}})
    with pytest.raises(Invalid, match=r"method\."):
        check_method({**METHOD, "price": {**price, "weight": weight}})


def test_a_policy_gives_no_points_and_goes_with_the_lowest_price_alone() -> None:
    """The hundred points stand beside it; where it is all there is, the price alone decides. Seen red: counted."""
    typed = {"evaluation": "lowest", "deduct_small": "10", "deduct_domestic": ""}
    method = read_method(typed, {})
    assert [one["deduct"] for one in method["criteria"]] == ["10"] and kind_of(method) == "lowest"
    assert points_of(method) == 100
    with pytest.raises(Invalid, match=r"method\.policy"):
        check_method({**METHOD, "criteria": [*METHOD["criteria"], policy_criterion("small", "10")]})
    for change in (
        {"policy": "friend"},
        {"points": "5"},
        {"levels": ["2", "1"]},
        {"deduct": "0"},
        {"objective": False},
    ):
        with pytest.raises(Invalid):
            check_method(
                {**LOWEST_FIRST, "criteria": [*METHOD["criteria"], {**policy_criterion("small", "10"), **change}]}
            )

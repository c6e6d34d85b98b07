"""Procedures as dated configuration: what each regime allows, refuses, asks for, by amount, category and place."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.rules.law import CATEGORIES, PROCEDURES, REGIMES, TRUST, law_on
from bidding.rules.procedures import choices
from core.act import Platform
from core.calendar import national
from core.errors import Conflict, Invalid
from core.law import Rule, freeze
from core.ledger.log import entries_of
from tests import factories
from tests.bidding.notices import LOWEST_FIRST, NOW, facts, found, law_for, level
from tests.bidding.stage import METHOD, Stage, criterion, refused
from tests.conftest import Browser

TODAY = NOW.date()
LOWEST: dict[str, Any] = {
    "type": "comprehensive/v1",
    "criteria": [],
    "price": {"formula": "lowest-first/v1", "points": "100"},
    "review": [{"code": "R1", "text": "★ 满足全部技术要求", "source": "采购文件", "substantive": True}],
}
SCORED = {**METHOD, "price": {"formula": "lowest-first/v1", "points": "40"}, "review": LOWEST["review"]}
SCORED["criteria"] = [criterion("T1", "服务方案", "technical", "60")]


@pytest.mark.parametrize(
    ("regime", "procedure", "category", "expected"),
    [
        ("T", "open", "works", rules.Level.MET),
        ("T", "negotiation", "works", rules.Level.BLOCK),
        ("T", "consultation", "services", rules.Level.BLOCK),
        ("T", "inquiry", "goods", rules.Level.BLOCK),
        ("T", "simple", "works", rules.Level.BLOCK),
        ("G", "open", "goods", rules.Level.MET),
        ("G", "open", "works", rules.Level.BLOCK),
        ("G", "invited", "works", rules.Level.BLOCK),
        ("G", "negotiation", "goods", rules.Level.MET),
        ("G", "negotiation", "works", rules.Level.MET),
        ("G", "inquiry", "goods", rules.Level.MET),
        ("G", "inquiry", "services", rules.Level.BLOCK),
        ("G", "consultation", "services", rules.Level.MET),
        ("G", "simple", "goods", rules.Level.MET),
    ],
)
def test_the_law_allows_or_forbids_a_procedure_and_says_by_which_article(
    regime: str, procedure: str, category: str, expected: rules.Level
) -> None:
    """R-055, §0.2: procurement's procedures are none of the tendering law's. Seen red: with `no` read as `yes`."""
    given = facts(regime=regime, procedure=procedure, category=category)
    (finding,) = [f for f in rules.check_notice(given, law_for(given), NATIONAL) if f.code in ADMISSION]
    assert finding.level is expected
    assert finding.facts["source"] and finding.facts["trust"] in TRUST
    assert finding.field == "procedure"


ADMISSION = ("procedure.allowed", "procedure.forbidden")
NATIONAL = national()


@pytest.mark.parametrize(
    ("regime", "category", "mandatory", "limit"),
    [
        ("T", "works", False, 4_000_000),
        ("T", "goods", False, 2_000_000),
        ("T", "design", False, 1_000_000),
        ("G", "goods", False, 1_000_000),
        ("G", "works", False, 1_200_000),
    ],
)
def test_the_simplified_procedure_ends_at_its_limit_to_the_fen(
    regime: str, category: str, mandatory: bool, limit: int
) -> None:
    """R-805, R-050: from the limit on it is refused. Seen red: with `<=`."""
    given = facts(regime=regime, category=category, is_mandatory=mandatory, procedure="simple")
    below = dataclasses.replace(given, estimate_fen=limit * 100 - 1)
    assert level(below, "R-805", "procedure.simple_below") is rules.Level.MET
    at = dataclasses.replace(given, estimate_fen=limit * 100)
    assert level(at, "R-805", "procedure.simple_below") is rules.Level.BLOCK


def test_above_the_public_tender_limit_another_procedure_needs_the_authority() -> None:
    """R-055: 2,000,000 yuan inclusive; goods with an approval, works never. Seen red: with `>` for `<`."""
    given = facts(regime="G", category="goods", procedure="negotiation", ground="g30_2", estimate_fen=200_000_000)
    assert level(given, "R-055", "procedure.evidence_above") is rules.Level.BLOCK
    approved = dataclasses.replace(given, document_slots=frozenset({"tender", "approval"}))
    assert level(approved, "R-055", "procedure.evidence_above") is rules.Level.MET
    below = dataclasses.replace(given, estimate_fen=199_999_999)
    assert level(below, "R-055", "procedure.below_public") is rules.Level.MET
    works = facts(regime="G", category="works", procedure="consultation", ground="c3_5", estimate_fen=400_000_000)
    assert level(works, "R-055", "procedure.above_public") is rules.Level.BLOCK


def test_an_invited_mandatory_tender_needs_evidence_a_ground_and_three_invitees() -> None:
    """R-052, R-053. Seen red: counting who is listed for who is invited."""
    given = facts(procedure="invited", invitation="list")
    assert level(given, "R-052", "procedure.evidence") is rules.Level.BLOCK
    assert level(given, "R-052", "procedure.ground") is rules.Level.BLOCK
    assert level(given, "R-053", "procedure.invitees") is rules.Level.BLOCK
    whole = dataclasses.replace(
        given, document_slots=frozenset({"tender", "boq", "approval"}), ground="t8_1", invitees=3, invited=3
    )
    assert not [f for f in rules.check_notice(whole, law_for(whole), NATIONAL) if f.level is rules.Level.BLOCK]
    two = dataclasses.replace(whole, invited=2)
    assert level(two, "R-053", "procedure.invitees") is rules.Level.BLOCK
    voluntary = dataclasses.replace(given, is_mandatory=False)
    assert found(voluntary, "R-052", "procedure.ground") == []


def test_procurement_draws_its_invitees_from_twice_as_many() -> None:
    """R-053, 财政部令第87号 a14. Seen red: with the ratio left out, and with a list accepted for a tender."""
    given = facts(
        regime="G", category="goods", procedure="invited", method=LOWEST_FIRST, ground="g29_1", invitation="draw"
    )
    five = dataclasses.replace(given, invitees=5, invited=3)
    assert level(five, "R-053", "procedure.pool") is rules.Level.BLOCK
    assert level(dataclasses.replace(five, invitees=6), "R-053", "procedure.pool") is rules.Level.MET
    listed = dataclasses.replace(given, invitation="list")
    assert level(listed, "R-053", "procedure.invitation") is rules.Level.BLOCK


def test_a_ground_must_be_one_of_the_procedures_own() -> None:
    """R-055. Seen red: with any text accepted."""
    given = facts(regime="G", category="goods", procedure="inquiry", method=LOWEST)
    assert level(given, "R-055", "procedure.ground") is rules.Level.BLOCK
    assert level(dataclasses.replace(given, ground="g30_1"), "R-055", "procedure.ground") is rules.Level.BLOCK
    assert level(dataclasses.replace(given, ground="g32"), "R-055", "procedure.ground") is rules.Level.MET


@pytest.mark.parametrize(
    ("procedure", "category", "method", "expected"),
    [
        ("negotiation", "goods", LOWEST, rules.Level.MET),
        ("negotiation", "goods", SCORED, rules.Level.BLOCK),
        ("inquiry", "goods", SCORED, rules.Level.BLOCK),
        ("consultation", "services", LOWEST, rules.Level.BLOCK),
        ("consultation", "goods", SCORED, rules.Level.MET),
        ("open", "goods", LOWEST, rules.Level.MET),
    ],
)
def test_each_procedure_has_its_evaluation_methods(
    procedure: str, category: str, method: dict[str, Any], expected: rules.Level
) -> None:
    """R-450, R-451, R-603. Seen red: with every method allowed."""
    given = facts(regime="G", procedure=procedure, category=category, method=method)
    (finding,) = [f for f in rules.check_notice(given, law_for(given), NATIONAL) if f.code == "procedure.evaluation"]
    assert finding.level is expected


def test_consultation_bounds_the_price_weight_on_both_sides() -> None:
    """R-602: goods 30–60 %, services 10–30 %, inclusive. Seen red: with the ceiling exclusive."""

    def weighed(category: str, points: str) -> list[rules.Level]:
        method = {**SCORED, "price": {"formula": "lowest-first/v1", "points": points}}
        given = facts(regime="G", procedure="consultation", category=category, method=method)
        return [f.level for f in found(given, "R-603", "notice.price_weight")]

    met, block = rules.Level.MET, rules.Level.BLOCK
    assert weighed("goods", "29.9") == [block, met]
    assert weighed("goods", "30") == weighed("goods", "60") == [met, met]
    assert weighed("goods", "60.1") == [met, block]
    assert weighed("services", "30.1") == [met, block]


def test_price_alone_is_a_method_only_with_all_points_on_the_lowest_price() -> None:
    """R-451. Seen red: with empty criteria accepted for any formula."""
    assert rules.method.kind_of(LOWEST) == "lowest"
    assert rules.method.kind_of(METHOD) == "comprehensive"
    for price in ({"formula": "lowest-first/v1", "points": "99"}, {**METHOD["price"], "points": "100"}):
        with pytest.raises(Invalid, match=r"method\.criteria"):
            rules.check_method({**LOWEST, "price": price})


def test_the_simplified_procedure_only_warns_of_short_periods() -> None:
    """R-805: its numbers are local and unverified, and the finding says so. Seen red: with BLOCK."""
    given = facts(procedure="simple", is_mandatory=False, deadline_at=NOW + timedelta(days=4), estimate_fen=100)
    (finding,) = found(given, "R-805", "notice.issue_to_deadline")
    assert (finding.level, finding.facts["trust"]) == (rules.Level.WARN, "M")


def test_packages_that_reach_a_threshold_together_warn() -> None:
    """R-051: one below, together above. Seen red: with the sum of the others alone."""
    given = facts(is_mandatory=False, estimate_fen=399_999_900, kindred_fen=100)
    assert level(given, "R-051") is rules.Level.WARN
    assert found(dataclasses.replace(given, kindred_fen=99), "R-051") == []
    assert found(dataclasses.replace(given, is_mandatory=True), "R-051") == []


def test_a_jurisdiction_changes_a_rule_for_its_own_region_and_attempt_only() -> None:
    """R-252: in Chongqing a tender held again goes on with fewer than three. Seen red: without the `attempt`."""

    def least(region: str, attempt: int) -> tuple[int, str]:
        law = law_on("T", TODAY, region=region, attempt=attempt)
        return law.days("min_bidders_open"), law.text("too_few_then")

    assert least("500103", 2) == (1, "continue")
    assert least("500103", 1) == least("330100", 2) == least("", 2) == (3, "retender")


def test_the_narrower_rule_counts_and_of_two_as_narrow_the_later() -> None:
    """A county before its province, a named procedure before the general rule. Seen red: by date alone."""

    def rule(value: str, since: str = "2020-01-01", **only: list[str]) -> Rule:
        return Rule("R-1", "days", "T", value, "days", "S", "V", since, None, only)

    given = {"procedure": ["open"], "region": ["50", "5001"]}
    book = [rule("1", "2025-01-01"), rule("2", procedure=["open", "invited"]), rule("3", procedure=["inquiry"])]
    assert freeze(book, "T", TODAY, given).days("days") == 2
    assert freeze(book, "T", TODAY).days("days") == 1
    places = [rule("4", region=["50"]), rule("5", "2019-01-01", region=["5001"])]
    assert freeze(places, "T", TODAY, given).days("days") == 5
    assert freeze([rule("1"), rule("6", "2024-01-01")], "T", TODAY).days("days") == 6
    none = Rule("R-1", "days", "T", "0", "none", "S", "V", "2020-01-01", None, {"procedure": ["open"]})
    assert "days" not in freeze([rule("1"), none], "T", TODAY, given).rules


def test_no_two_rules_contend_for_one_key() -> None:
    """In every circumstance exactly one rule is the narrowest and latest for its key. Seen red: with a rule doubled."""
    contended = []
    for regime, procedure, category, mandatory, attempt in product(
        REGIMES, PROCEDURES, CATEGORIES, (True, False), (1, 2)
    ):
        law = law_on(
            regime, TODAY, procedure=procedure, category=category, is_mandatory=mandatory, region="500103",
            attempt=attempt, ground="two_left",
        )  # fmt: skip
        for key, chosen in law.rules.items():
            rivals = [
                rule
                for rule in rules.rulebook()
                if rule.key == key
                and rule is not chosen
                and rule.regime in (regime, "*")
                and rule.in_force(TODAY)
                and rule.fits(law.given)
                and (len(rule.only), rule.effective_from) == (len(chosen.only), chosen.effective_from)
                and rule.only.keys() == chosen.only.keys()
            ]
            contended += [(key, regime, procedure, category, rule.source) for rule in rivals]
    assert contended == []


def test_every_procedure_says_what_its_pages_and_the_opening_need() -> None:
    """Each key the platform reads stands for each allowed kind of project. Seen red: without the inquiry's title."""
    needed = ("notice_title", "invitation", "evaluation_methods", "price_formulas", "min_bidders_open", "too_few_then")
    needed += ("prices_read", "rounds", "bond_forms", "issue_to_deadline_min", "deadline_level", "committee_min")
    lacking = []
    for regime, procedure, category, mandatory in product(REGIMES, PROCEDURES, CATEGORIES, (True, False)):
        law = law_on(regime, TODAY, procedure=procedure, category=category, is_mandatory=mandatory)
        assert "allowed" in law.rules, (regime, procedure, category)
        if law.text("allowed") != "no":
            lacking += [(key, regime, procedure, category) for key in needed if key not in law.rules]
    assert lacking == []


def test_every_coded_value_has_a_word() -> None:
    """Seen red: with a ground left out of the words."""
    from portal.words import book

    words = book("STATES")
    named = {"grounds": "ground", "invitation": "invitation", "evaluation_methods": "evaluation"}
    named |= {"bond_forms": "bond_form", "too_few_then": "too_few", "prices_read": "prices_read"}
    missing = {
        f"{named[rule.key]}.{value}"
        for rule in rules.rulebook()
        if rule.key in named
        for value in rule.value.split()
        if f"{named[rule.key]}.{value}" not in words
    }
    assert missing == set()
    assert {f"trust.{trust}" for trust in TRUST} <= set(words)


def test_the_choices_name_the_article_that_decides() -> None:
    """What the wizard shows beside each procedure. Seen red: with the first finding instead of the gravest."""
    given = facts(regime="G", category="goods", estimate_fen=300_000_000)
    shown = {choice.procedure: (choice.level, choice.reason.code) for choice in choices(given, TODAY, "")}
    assert shown["open"] == (rules.Level.MET, "procedure.allowed")
    assert shown["negotiation"] == (rules.Level.BLOCK, "procedure.evidence_above")
    assert shown["simple"] == (rules.Level.BLOCK, "procedure.simple_below")
    works = {choice.procedure: choice.level for choice in choices(facts(), TODAY, "")}
    assert works == {
        "open": rules.Level.MET,
        "invited": rules.Level.WARN,
        "negotiation": rules.Level.BLOCK,
        "consultation": rules.Level.BLOCK,
        "inquiry": rules.Level.BLOCK,
        "simple": rules.Level.BLOCK,
    }


def test_a_forbidden_procedure_is_refused_when_chosen(platform: Platform) -> None:
    """At creation and at every change until the rules are frozen. Seen red: without `_settle_procedure`."""
    actor = factories.actor(platform, Role.TENDEREE)
    with platform.act(actor) as act:
        assert actor.organisation_id is not None
        owner = organisation(act.session, actor.organisation_id)
        with refused(Invalid, "procedure.forbidden", rule="R-055", source="招标投标法第十条、第四十三条"):
            services.create_project(act, name="水泵采购", tenderee=owner, procedure="inquiry", category="goods")
        project = services.create_project(
            act, name="水泵采购", tenderee=owner, regime="G", procedure="inquiry", category="goods"
        )
        services.update_project(act, project, ground="g32", invitation="list")
        with refused(Invalid, "procedure.forbidden"):
            services.update_project(act, project, category="services")
        act.session.rollback()


def test_what_a_new_procedure_does_not_know_is_dropped(platform: Platform) -> None:
    """The ground and the invitation of another procedure do not stay. Seen red: without resetting them."""
    actor = factories.actor(platform, Role.TENDEREE)
    with platform.act(actor) as act:
        assert actor.organisation_id is not None
        project = services.create_project(
            act, name="水泵", tenderee=organisation(act.session, actor.organisation_id), regime="G", category="goods"
        )
        services.update_project(act, project, procedure="negotiation", ground="g30_2", invitation="list")
        assert (project.ground, project.invitation) == ("g30_2", "list")
        services.update_project(act, project, procedure="invited")
        assert (project.ground, project.invitation) == ("", "draw")


def test_a_published_projects_rules_stand(stage: Stage) -> None:
    """R-006. Seen red: with `update_project` reading the section's state instead of the frozen law."""
    with stage.act(Role.TENDEREE) as act, refused(Conflict, "project.published"):
        project = queries.own_section(act.session, stage.code, act.actor).project
        services.update_project(act, project, procedure="invited")


def test_a_tender_held_again_is_linked_to_the_failed_one(stage: Stage) -> None:
    """R-561, and its attempt chooses the rules. Seen red: with any project of the tenderee accepted."""
    with stage.act(Role.OFFICER, through=rules.turnstile(stage.code), shared=False) as act:
        section = queries.section(act.session, stage.code)
        failed = section.project.code
        owner = section.project.tenderee
        with refused(Invalid, "project.predecessor"):
            services.create_project(act, name="再次招标", tenderee=owner, predecessor=failed)
        services.fail_section(act, section, "R-252")
        again = services.create_project(act, name="再次招标", tenderee=owner, predecessor=failed, region="500103")
        assert (again.attempt, again.predecessor) == (2, failed)
        assert queries.law_today(again, act.now).days("min_bidders_open") == 1


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_who_refuses_is_barred_only_where_an_article_bars(regime: str, procedure: str) -> None:
    """R-561: 74号令 a22 and 214号 a31 are of their own procedures; no article bars after a tender (87号令).

    Seen red: with every procedure of procurement barring.
    """
    barring = regime == "G" and procedure in ("negotiation", "inquiry", "consultation")
    assert ("refuser_barred" in law_on(regime, TODAY, procedure=procedure, category="goods").rules) == barring


def test_a_winner_that_refuses_is_barred_by_the_frozen_law(stage: Stage) -> None:
    """Under a negotiation's rules, in the project and the ledger; not under an open tender's."""
    with stage.act(Role.OFFICER) as act:
        section = queries.section(act.session, stage.code)
        refuser = {"identifier": factories.uscc(71), "name": "甲公司", "reason": "gave_up"}
        assert not services.bar_from_rerun(act, section, **refuser) and section.project.barred == []
        section.project.law = law_on("G", TODAY, procedure="negotiation", category="goods").as_json()
        assert services.bar_from_rerun(act, section, **refuser)
        assert section.project.barred == [{**refuser, "section": stage.code}]
        entry = entries_of(act.session, section.subject)[-1]
        assert (entry.kind, entry.facts["law"]["rule"]) == ("project.bar", "R-561")


def test_a_rule_before_its_day_is_not_applied() -> None:
    """The consultation rules begin on 31 December 2014, the local defaults in 2026. Seen red: ignoring the dates."""
    assert "allowed" not in law_on("G", date(2014, 12, 30), procedure="consultation", category="services").rules
    assert law_on("G", date(2014, 12, 31), procedure="consultation", category="services").text("allowed") == "yes"


def test_everybody_reads_the_rules_with_their_sources_and_doubts(client: Browser) -> None:
    """Each regime and category, for each allowed procedure; what is unverified says so. Seen red: without the tags."""
    for regime, category in product(REGIMES, CATEGORIES):
        page = client.get(f"/procedures?regime={regime}&category={category}")
        assert page.status_code == 200
    goods = client.get("/procedures?regime=G&category=goods").text
    for shown in (
        "财政部令第74号）第四十五条",
        "3 个工作日",
        "已核对原文",
        "未核对，使用前须核实",
        "据转载，未核对原文",
    ):
        assert shown in goods, shown
    works = client.get("/procedures?regime=T&category=works").text
    assert "不可采用" in works and "招标投标法第十条、第四十三条" in works
    assert client.get("/procedures?regime=X&category=Y").status_code == 200

"""Nothing that somebody has to do is forgotten: each act is led to from what waits for them, or says why it is not."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from accounts.access import access_of
from portal.agenda import FLOORS, KINDS
from portal.words import sentences
from tests.house.test_routes import routes

ROOT = Path(__file__).resolve().parents[2]

ANY_TIME = {
    "accounts": "one's own account, or the operator's own decision about people and authorities",
    "credit": "checks, lists and corrections are begun when somebody wants to, not because a state asks for it",
    "window": "platforms, programs and trades outside are registered when somebody wants to",
}
"""Floors whose other acts no state of a tender calls for."""

NOT_TOLD = {
    "bidding.check_section": "asks what the law says to a step as typed; saves nothing",
    "bidding.create_project": "begins something new",
    "bidding.choose_incentives": "a choice of the project's page, made or not before the first notice",
    "bidding.choose_second_person": "a choice of the project's page, made or not before the first notice",
    "bidding.make_bonds_due": "the platform does it by the law's days; by hand only where a person knows more",
    "bidding.import_statement": "banks send theirs; by hand whenever one comes on paper",
    "bidding.dispute_bond": "begins a dispute, which then waits",
    "bidding.restore_bond": "follows from a judgment or a decision on a complaint",
    "bidding.register_institution": "begun by the institution's request",
    "bidding.withdraw_institution": "the operator's decision",
    "opening.say": "talk in the hall",
    "opening.keep_presence": "the page says that it is open",
    "opening.compare_head": "a look at the log, at any time",
    "opening.raise_incident": "begins an incident, which then waits",
    "opening.register_prober": "an outside prober is registered once, before any outage",
    "opening.extend_for_outage": "follows from an outage nobody can foresee",
    "experts.ask_avoidance": "a bidder's own wish, on the section's page from the names on",
    "experts.ask_rollback": "the leader's own wish",
    "experts.name_duty_key": "a decision of the centre, not of a tender",
    "experts.go_off_duty": "ends the duty",
    "experts.set_sites": "a choice of place before the evaluation",
    "experts.move_seat": "where a site fails; nobody can foresee it",
    "experts.cut_off_site": "where a site fails; nobody can foresee it",
    "experts.witness_site": "a note on who came to a site, made or not",
    "experts.release_member": "where an expert cannot go on; nobody can foresee it",
    "experts.record_silence": "where a member refuses to sign; the others' signatures wait for it and are told",
    "experts.apply_for_pool": "begins an application",
    "experts.record_contact": "one's own contact",
    "experts.add_partner": "the operator's decision",
    "experts.fetch_pools": "the operator's decision",
    "experts.lend_pools": "the operator's decision",
    "experts.withdraw_partner": "the operator's decision",
    "experts.found_pool": "the operator's decision",
    "experts.import_experts": "the operator's decision",
    "experts.export_experts": "the operator's decision",
    "experts.change_status": "the operator's decision",
    "experts.propose_sanction": "begins a sanction, which then waits",
    "experts.withdraw_sanction": "the proposer's own wish",
    "experts.ask_lift": "begins a request, which then waits",
    "experts.ask_own_lift": "begins a request, which then waits",
    "experts.reply_assessment": "an expert's own wish, on the page of their record",
    "experts.review_year": "the operator's decision, when a year is over",
    "experts.record_training": "the operator's decision",
    "experts.renew_term": "the operator's decision",
    "awards.register_recording": "brought when the files are there; the file's list says what lacks",
    "awards.miss_recording": "a supervisor's note where there is none; the file's list says what lacks",
    "awards.withdraw_recording": "where an entry was wrong",
    "awards.ask_supplement": "begins a supplement, which then waits",
    "collusion.change_reading": "the supervision's decision on its own measure",
    "collusion.set_budget": "the supervision's decision on its own measure",
    "collusion.import_registry": "a registry is brought when there is a newer one",
    "collusion.name_regulator_key": "the supervision's decision",
}
"""Acts that wait for nobody, each with the reason."""


def test_every_act_is_led_to_from_what_waits_or_says_why_it_is_not(app: Flask) -> None:
    """Seen red: with an act taken out of its kind, and with one named here that a kind leads to already."""
    acts = {
        rule.endpoint
        for method, rule, view in routes(app)
        if method != "GET" and (access := access_of(view)) is not None and access.kind == "roles"
        if not rule.rule.startswith("/api/")
    }
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    led = {act for kind in KINDS.values() for act in kind.acts}
    pages = {kind.page for kind in KINDS.values()}
    assert (led | pages) - known == set(), "no such endpoint"
    left = {act for act in acts - led - set(NOT_TOLD) if act.partition(".")[0] not in ANY_TIME}
    assert left == set(), "an act nobody is told of"
    assert set(NOT_TOLD) & led == set(), "told of, after all"
    assert set(NOT_TOLD) - known == set(), "no such endpoint"


def test_whoever_is_told_of_an_act_may_come_to_its_page(app: Flask) -> None:
    """Each kind's page lets in somebody who may do each of its acts. Seen red: with a page of another role."""
    wrong = []
    for name, kind in KINDS.items():
        page = access_of(app.view_functions[kind.page])
        for act in kind.acts:
            access = access_of(app.view_functions[act])
            assert page is not None and access is not None
            if page.kind == access.kind == "roles" and not page.roles & access.roles:
                wrong.append((name, kind.page, act))
    assert wrong == []


def test_every_kind_is_found_by_its_floor_and_has_its_sentence() -> None:
    """A kind nobody ever finds would be a promise not kept. Seen red: with a kind that no query returned."""
    assert {f"todo.{name}" for name in KINDS} == {code for code in sentences() if code.startswith("todo.")}
    reserved = [name for name in KINDS if "%(code)" in str(sentences()[f"todo.{name}"])]
    assert reserved == [], "a refusal's own code would stand there"
    for floor in FLOORS:
        source = Path(floor.__file__).read_text(encoding="utf-8")
        body = source[source.index("def agenda(") :]
        listed = re.findall(r'"([a-z]+\.[a-z_]+)"', source)
        for name in floor.KINDS:
            made = re.sub(r"\.(accept|decide)_complaint$", ".{verb}_complaint", name)
            assert listed.count(name) > 1 or f'"{made}"' in body, name

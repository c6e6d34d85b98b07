"""The legal checks of a notice: each rule at its boundary, and what publication freezes."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.rules import Finding, Level, NoticeFacts
from core.act import Platform
from core.board import notices
from core.calendar import national
from core.clock import BEIJING
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.law import Snapshot, freeze
from core.seal import canonical, validate_policy
from core.seal.age import peel
from tests import factories
from tests.bidding.stage import METHOD, PARTICULARS, SECTION, TRUSTEES, Stage, criterion, refused

NOW = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
LOWEST_FIRST = {**METHOD, "price": {"formula": "lowest-first/v1", "points": "50"}}


def facts(**changes: Any) -> NoticeFacts:
    """A regime T works section that meets every rule, with changes."""
    values = {
        **SECTION,
        "now": NOW,
        "regime": "T",
        "category": "works",
        "procedure": "open",
        "is_mandatory": True,
        "project_name": "城东污水处理厂二期扩建工程",
        "description": "新建生化池",
        "funding": "财政资金",
        "tenderee": "滨江市水务集团有限公司",
        "section_name": "一标段",
        "documents_from_at": None,
        "documents_until_at": NOW + timedelta(days=6),
        "deadline_at": NOW + timedelta(days=25),
        "document_slots": frozenset({"tender", "boq"}),
        "trustees": frozenset(TRUSTEES),
        "required_trustees": rules.TRUSTEES,
    }
    del values["name"]
    return NoticeFacts(**{**values, **changes})


def found(given: NoticeFacts, rule: str, code: str = "") -> list[Finding]:
    """The findings of one rule."""
    law = rules.law_on(given.regime, given.now.date())
    return [
        finding
        for finding in rules.check_notice(given, law, national())
        if finding.rule == rule and finding.code.startswith(code)
    ]


def level(given: NoticeFacts, rule: str, code: str = "") -> Level:
    """The level of the one finding of a rule."""
    (finding,) = found(given, rule, code)
    return finding.level


def test_a_lawful_section_has_no_block_and_no_warning() -> None:
    """Seen red: with the works category asking for an approval."""
    levels = {f.level for f in rules.check_notice(facts(), rules.law_on("T", NOW.date()), national())}
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
    assert found(facts(regime="G", category="works"), "R-453") == []
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


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("须为本市注册企业", "notice.barrier_region"),
        ("须在项目所在地设有分支机构", "notice.barrier_branch"),
        ("国有企业优先", "notice.barrier_ownership"),
        ("水泵指定品牌", "notice.barrier_brand"),
        ("注册资本不低于五千万元", "notice.barrier_scale"),
        ("获得省级业绩的加 2 分", "notice.barrier_award"),
    ],
)
def test_barriers_in_the_text_warn(text: str, code: str) -> None:
    """R-110 warns, a person judges. Seen red: each by removing its pattern."""
    (finding,) = found(facts(qualification=text), "R-110")
    assert (finding.level, finding.code, finding.field) == (Level.WARN, code, "qualification")
    assert finding.facts["passage"] in text


def test_other_blocks_and_warnings() -> None:
    """One look at each remaining rule. Seen red: each by dropping its line."""
    assert level(facts(trustees=frozenset({"tenderee", "officer"})), "R-207") is Level.BLOCK
    assert level(facts(validity_days=0), "R-113") is Level.BLOCK
    assert level(facts(accepts_consortium=None), "R-112") is Level.BLOCK
    assert level(facts(document_slots=frozenset({"boq"})), "R-106", "notice.tender_document") is Level.BLOCK
    assert level(facts(document_slots=frozenset({"tender"})), "R-106", "notice.boq") is Level.WARN
    assert level(facts(procedure="invited"), "R-052") is Level.BLOCK
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


# Publication ----------------------------------------------------------------------------------------------------


def test_publication_freezes_law_policy_and_canaries(platform: Platform) -> None:
    """What a bidder relies on is there after one act. Seen red: with the policy made before the deadline was set."""
    stage = Stage(platform).publish()
    with platform.reading() as session:
        section = queries.section(session, stage.code)
        law = queries.law_of(section)
        assert law.as_json() == freeze(rules.rulebook(), "T", NOW.date()).as_json()
        policy = queries.policy(session, section)
        validate_policy(policy.content)
        assert policy.digest == hashlib.sha256(canonical(policy.content)).hexdigest()
        assert policy.content["deadline"] == "2026-11-02T01:00:00.000000Z"
        assert platform.store.read(policy.digest) == canonical(policy.content)
        (notice,) = notices(session, kind="tender", subject=section.subject)
        names = {item["name"]: item["sha256"] for item in notice.attachments}
        assert set(names) == {"招标文件.pdf", "工程量清单.xlsx", "policy.json", "method.json"}
        assert names["policy.json"] == notice.content["policy_sha256"] == policy.digest
        assert names["method.json"] == notice.content["method_sha256"]
        assert "policy.publish" in [entry.kind for entry in queries.timeline(session, section)]


def test_a_block_refuses_publication_naming_field_and_rule(platform: Platform) -> None:
    """And nothing of it stays. Seen red: without raising the first block."""
    stage = Stage(platform)
    code = stage.draft(deadline_at=NOW + timedelta(days=19))
    with pytest.raises(Invalid) as caught, stage.act(Role.TENDEREE) as act:
        services.publish_section(act, queries.own_section(act.session, code, act.actor))
    assert caught.value.code == "notice.issue_to_deadline"
    assert caught.value.field == "deadline_at"
    assert caught.value.facts["rule"] == "R-100"
    section = stage.section()
    assert (section.state, section.published_at, section.project.law) == ("draft", None, None)
    with platform.reading() as session:
        assert notices(session) == []


def test_a_published_section_is_not_edited(platform: Platform) -> None:
    """R-107. Seen red: without the guard in update_section."""
    stage = Stage(platform).publish()
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, stage.code, act.actor)
        for attempt in (
            lambda: services.update_section(act, section, bond_fen=1),
            lambda: services.add_document(act, section, "tender", "x.pdf", act.store.put(b"x")),
            lambda: services.publish_section(act, section),
        ):
            with refused(Conflict, "section.published"):
                attempt()


def test_a_later_law_does_not_change_a_running_project(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-006. Seen red: with law_of reading today's rulebook."""
    stage = Stage(platform).publish()
    frozen = queries.law_of(stage.section())
    stricter = [
        dataclasses.replace(rule, value="99") if rule.key == "clarify_before_deadline" else rule
        for rule in rules.rulebook()
    ]
    monkeypatch.setattr("bidding.rules.law.rulebook", lambda: stricter)
    assert rules.law_on("T", NOW.date()).days("clarify_before_deadline") == 99
    assert queries.law_of(stage.section()) == frozen
    assert isinstance(frozen, Snapshot)


def test_drafts_and_sections_of_others_look_alike(platform: Platform) -> None:
    """Not yours and not there are one answer. Seen red: with ownership checked after the row was found."""
    stage = Stage(platform)
    code = stage.draft()
    stranger = factories.actor(platform, Role.TENDEREE, "b")
    answers = []
    with platform.reading() as session:
        for asked in (code, "ZB2026-99999-01"):
            with pytest.raises(Missing) as caught:
                queries.own_section(session, asked, stranger)
            answers.append((caught.value.code, set(caught.value.facts)))
        with pytest.raises(Missing):
            queries.section(session, code)
    assert answers[0] == answers[1]


def test_only_its_parties_create_a_project(platform: Platform) -> None:
    """Seen red: without the party check."""
    from accounts.queries import organisation

    owner = factories.actor(platform, Role.TENDEREE)
    for role, which in ((Role.BIDDER, "a"), (Role.TENDEREE, "b")):
        with pytest.raises(Forbidden), platform.act(factories.actor(platform, role, which)) as act:
            assert owner.organisation_id is not None
            services.create_project(act, name="x", tenderee=organisation(act.session, owner.organisation_id))


# Trustees -------------------------------------------------------------------------------------------------------


def test_a_trustee_rehearses_with_their_key_alone(stage: Stage) -> None:
    """The canary opens with the registered identity and with no other. Seen red: comparing lengths only."""
    import base64

    with stage.platform.reading() as session:
        trustee = queries.trustee(session, stage.section(), "supervisor")
        assert trustee.canary is not None
        package = base64.b64decode(trustee.canary)
    token = peel(package, stage.trustees["supervisor"]).decode()
    with pytest.raises(Invalid):
        peel(package, stage.trustees["officer"])
    for wrong in ("", "0" * 64, token[:-1]):
        with refused(Invalid, "trustee.canary"), stage.act(Role.SUPERVISOR) as act:
            services.rehearse_trustee(act, queries.section(act.session, stage.code), "supervisor", wrong)
    with pytest.raises(Forbidden), stage.act(Role.OFFICER) as act:
        services.rehearse_trustee(act, queries.section(act.session, stage.code), "supervisor", token)
    with stage.act(Role.SUPERVISOR) as act:
        services.rehearse_trustee(act, queries.section(act.session, stage.code), "supervisor", token)
    with stage.platform.reading() as session:
        rehearsed = {t.role: t.rehearsed_at is not None for t in queries.trustees(session, stage.section())}
    assert rehearsed == {"officer": False, "supervisor": True, "tenderee": False}


def test_the_server_cannot_rehearse_for_a_trustee(stage: Stage) -> None:
    """The canary's content is stored nowhere. Seen red: with the token kept in the row."""
    import base64

    with stage.platform.reading() as session:
        for trustee in queries.trustees(session, stage.section()):
            assert trustee.canary is not None
            token = peel(base64.b64decode(trustee.canary), stage.trustees[trustee.role])
            for file in stage.platform.database.folder.rglob("*"):
                assert not file.is_file() or token not in file.read_bytes()


def test_keys_are_registered_by_their_holders_before_publication(platform: Platform) -> None:
    """Seen red: each by dropping its check."""
    from core.seal import new_identity, recipient_of

    stage = Stage(platform)
    code = stage.draft()
    other = recipient_of(stage.trustees["officer"])
    for role, given, kind in (
        ("supervisor", other, Invalid),
        ("supervisor", "age1nonsense", Invalid),
        ("supervisor", stage.trustees["officer"], Invalid),
        ("officer", recipient_of(new_identity()), Forbidden),
        ("operator", recipient_of(new_identity()), Invalid),
    ):
        with pytest.raises(kind), stage.act(Role.SUPERVISOR) as act:
            services.register_trustee(act, queries.own_section(act.session, code, act.actor), role, given)
    with stage.act(Role.TENDEREE) as act:
        services.publish_section(act, queries.own_section(act.session, code, act.actor))
    with refused(Conflict, "trustee.fixed"), stage.act(Role.SUPERVISOR) as act:
        section = queries.own_section(act.session, code, act.actor)
        services.register_trustee(act, section, "supervisor", recipient_of(new_identity()))


# Questions and clarifications -----------------------------------------------------------------------------------


def clarify(stage: Stage, **options: Any) -> Any:
    """Publish a clarification as the tenderee."""
    options = {"text": "桩长改为 12 米。", "affects_preparation": True, **options}
    with stage.act(Role.TENDEREE, through=rules.turnstile(stage.code), shared=False) as act:
        return services.publish_clarification(act, queries.section(act.session, stage.code), **options)


def test_the_asker_is_stored_nowhere(stage: Stage) -> None:
    """R-132: neither in the row nor in the ledger. Seen red: with the actor's name in the ledger facts."""
    with stage.act(Role.BIDDER) as act:
        services.ask_question(act, queries.section(act.session, stage.code), "桩长是否为 10 米？")
        who = act.actor.name
    with stage.platform.reading() as session:
        (question,) = queries.questions(session, stage.section())
        entry = queries.timeline(session, stage.section())[-1]
    assert set(vars(question)) - {"_sa_instance_state"} == {"id", "section_id", "number", "text", "asked_at"}
    assert who not in str(entry.told())


@pytest.mark.parametrize(("day", "moved"), [(10, False), (9.9999, False), (10.0001, True), (20, True), (24.9999, True)])
def test_a_clarification_moves_the_deadline_to_fifteen_days_from_its_notice(
    stage: Stage, day: float, moved: bool
) -> None:
    """R-130, from the notice and not from the old deadline. Seen red: adding the days to the old deadline."""
    old = stage.section().closing_at
    stage.platform.clock.advance(days=day)
    now = stage.platform.clock.now()
    clarify(stage)
    section = stage.section()
    assert section.closing_at == (now + timedelta(days=15) if moved else old)
    policy = stage.policy()
    assert policy["version"] == (2 if moved else 1)
    with stage.platform.reading() as session:
        kinds = [notice.kind for notice in notices(session, subject=section.subject)]
        newest = notices(session, subject=section.subject)[0]
        assert newest.replaces_id is not None
        assert newest.content["policy_sha256"] == queries.policy(session, section).digest
    assert kinds == (["correction", "tender"] if moved else ["clarification", "tender"])


def test_a_harmless_clarification_needs_a_reason_and_moves_nothing(stage: Stage) -> None:
    """Seen red: without the reason check."""
    stage.platform.clock.advance(days=24)
    old = stage.section().closing_at
    with refused(Invalid, "clarification.reason"):
        clarify(stage, affects_preparation=False)
    clarify(stage, affects_preparation=False, reason="更正联系电话")
    assert stage.section().closing_at == old


def test_a_later_deadline_may_be_chosen_and_an_earlier_not(stage: Stage) -> None:
    """Seen red: with `min` for `max`."""
    stage.platform.clock.advance(days=20)
    least = stage.platform.clock.now() + timedelta(days=15)
    with refused(Invalid, "clarification.deadline"):
        clarify(stage, deadline_at=least - timedelta(seconds=1))
    clarify(stage, deadline_at=least + timedelta(hours=3))
    assert stage.section().closing_at == least + timedelta(hours=3)


def test_an_amended_document_is_a_new_version_for_all(stage: Stage) -> None:
    """The older stays; the notice lists the new one (R-024, R-107). Seen red: overwriting the row."""
    stored = stage.platform.store.put("招标文件 第二版".encode())
    with refused(Invalid, "clarification.documents"):
        clarify(stage, affects_preparation=False, reason="x", documents=[("tender", "招标文件.pdf", stored)])
    clarify(stage, documents=[("tender", "招标文件.pdf", stored)])
    with stage.platform.reading() as session:
        section = stage.section()
        held = [d for d in queries.documents(session, section, all_versions=True) if d.slot == "tender"]
        newest = notices(session, subject=section.subject)[0]
    assert [d.version for d in held] == [1, 2]
    assert stored.sha256 in [item["sha256"] for item in newest.attachments]
    assert held[0].sha256 not in [item["sha256"] for item in newest.attachments]


def test_nothing_is_asked_or_clarified_after_the_deadline(stage: Stage, bidder: Callable[[str], Any]) -> None:
    """Also before the tick has closed the section. Seen red: looking at the state only."""
    stage.platform.clock.move_to(stage.section().closing_at)
    with refused(Untimely, "question.late"), stage.act(Role.BIDDER) as act:
        services.ask_question(act, queries.section(act.session, stage.code), "?")
    with refused(Untimely, "clarification.late"):
        clarify(stage)


def test_the_moves_after_the_closing(stage: Stage) -> None:
    """Each in its turn and none out of it; a failure says so on the board. Seen red: with the table's order swapped."""
    stage.platform.clock.move_to(stage.section().closing_at)
    stage.close()
    verbs = (
        services.mark_opened,
        services.begin_evaluation,
        services.deliver_report,
        services.mark_candidates_published,
        services.mark_awarded,
        services.mark_archived,
    )
    for number, verb in enumerate(verbs):
        with stage.act(Role.OFFICER) as act:
            section = queries.section(act.session, stage.code)
            for other in verbs[:number] + verbs[number + 1 :]:
                with pytest.raises(Conflict):
                    other(act, section)
            verb(act, section)
    with pytest.raises(Conflict), stage.act(Role.OFFICER) as act:
        services.fail_section(act, queries.section(act.session, stage.code), "R-252")
    failing = Stage(stage.platform).publish()
    with failing.act(Role.OFFICER) as act:
        services.fail_section(act, queries.section(act.session, failing.code), "R-114")
    with stage.platform.reading() as session:
        assert notices(session)[0].kind == "failure"

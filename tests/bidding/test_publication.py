"""Publication and what comes after it: frozen law and policy, trustees, questions, clarifications, later moves."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.queries.bonds import bond_law
from bidding.rules.bonds import due
from core.act import Platform
from core.board import notices
from core.calendar import national
from core.errors import Conflict, Forbidden, Invalid, Missing, Untimely
from core.law import Snapshot
from core.seal import canonical, validate_policy
from core.seal.age import peel
from tests import factories
from tests.bidding import two_persons
from tests.bidding.stage import PARTICULARS, Stage, refused

NOW = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)


# Publication ----------------------------------------------------------------------------------------------------


def test_publication_freezes_law_policy_and_canaries(platform: Platform) -> None:
    """What a bidder relies on is there after one act.

    Seen red: with the law not frozen, and with the policy left out of the store.
    """
    stage = Stage(platform).publish()
    with platform.reading() as session:
        section = queries.section(session, stage.code)
        law = queries.law_of(section)
        assert law.as_json() == queries.law_today(section.project, NOW).as_json()
        assert {law.rules[key].only["procedure"][0] for key in ("allowed", "invitation", "notice_title")} == {"open"}
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


def test_days_the_document_names_are_frozen_as_its_own_rule(platform: Platform) -> None:
    """R-158: what is due back after a refusal is reckoned by them, and the notice says so.

    Seen red: with the platform's rule frozen.
    """
    stage = Stage(platform).publish(particulars={**PARTICULARS, "bond_refusal_days": "2"}, bond_fen=80_000_000)
    with platform.reading() as session:
        section = queries.section(session, stage.code)
        told = queries.law_of(section).rule("bond_refund_after_refusal")
        assert (told.value, told.trust, told.source[:4]) == ("2", "V", "招标文件")
        (notice,) = notices(session, kind="tender", subject=section.subject)
        assert notice.content["bond_refusal_days"] == 2
        back = due(bond_law(section), national(), "refused", date(2026, 11, 2))
        assert (back.on, back.rule["value"]) == (date(2026, 11, 4), "2")


def test_a_block_refuses_publication_naming_field_and_rule(platform: Platform) -> None:
    """And nothing of it stays. Seen red: without raising the first block."""
    stage = Stage(platform)
    code = stage.draft(deadline_at=NOW + timedelta(days=19))
    with pytest.raises(Invalid) as caught:
        two_persons.submit(platform, code)
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
            lambda: services.submit_section(act, section, {}),
            lambda: services.publish_section(act, queries.publication(act.session, section, 1), "0" * 64),
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
    two_persons.publish(platform, code)
    with refused(Conflict, "trustee.fixed"), stage.act(Role.SUPERVISOR) as act:
        section = queries.own_section(act.session, code, act.actor)
        services.register_trustee(act, section, "supervisor", recipient_of(new_identity()))


# Questions and clarifications -----------------------------------------------------------------------------------


def clarify(stage: Stage, **options: Any) -> Any:
    """Publish a clarification as the tenderee."""
    return two_persons.clarify(stage.platform, stage.code, **options)


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

"""Checks of consortia, persons and awards; a person's look; replay; corrections."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from accounts.rules import Role
from core.act import Act, Platform
from core.clock import StoppedClock
from core.errors import Conflict, Invalid
from core.law import Snapshot
from credit import queries, services
from credit.cli import credit
from credit.models import CreditCheck
from credit.rules import SOURCES, masked, may_be, whole
from tests import factories
from tests.conftest import START, Browser
from tests.factories import credit_lists, uscc

ActAs = Callable[..., AbstractContextManager[Act]]
T = Snapshot("T", "2026-10-01", {}, {"mandatory": ["yes"]})
G = Snapshot("G", "2026-10-01", {})
BANS = "tender_bans"
PDF = b"%PDF-1.7 page"


def ban(number: int, until: str = "", name: str = "") -> str:
    return f"{name or f'第{number}号公司'},{uscc(number)},〔2026〕{number}号,串通投标,2026-03-01,{until},"


def check(act: Act, number: int = 1, law: Snapshot = T, **more: object) -> dict[str, CreditCheck]:
    facts = {"section_code": "BJ-1", "stage": "opening", "identifier": uscc(number), "name": f"第{number}号公司"}
    return {one.source: one for one in services.check_party(act, law=law, **{**facts, **more})}  # type: ignore[arg-type]


def test_one_listed_member_is_the_whole_consortium(act_as: ActAs) -> None:
    """R-704. Seen red: with `parties` asked for the lead only."""
    members = [(uscc(1), "第1号公司"), (uscc(2), "第2号公司"), (uscc(3), "第3号公司")]
    with act_as(Role.OFFICER) as act:
        credit_lists(act, tender_bans=ban(3))
        decision, made = services.check_consortium(
            act, members, lead=uscc(1), section_code="BJ-1", stage="opening", law=T
        )
        assert decision == "restricted" and len(made) == 3 * len(SOURCES)
        assert {one.role for one in made if one.identifier != uscc(1)} == {"member"}
        assert queries.is_restricted(act.session, "BJ-1", uscc(1))
        with pytest.raises(Conflict) as caught:
            queries.check_clearance(act.session, "BJ-1", uscc(1), T)
        assert caught.value.code == "credit.stage_restricted" and caught.value.facts["party"] == "第3号公司"
    assert [whole(found) for found in (["clear", "informed"], ["pending", "clear"], [])] == [
        "informed", "pending", "pending",
    ]  # fmt: skip


def test_a_member_whose_answer_is_of_an_earlier_day_is_asked_again_before_the_award(
    act_as: ActAs, clock: StoppedClock
) -> None:
    """The lead was asked today, its partner yesterday and banned since. Seen red: with the lead's answers alone."""
    members = [(uscc(1), "第1号公司"), (uscc(2), "第2号公司")]
    with act_as(Role.OFFICER) as act:
        credit_lists(act)
        services.check_consortium(act, members, lead=uscc(1), section_code="BJ-1", stage="opening", law=T)
    clock.advance(days=1)
    with act_as(Role.OFFICER) as act:
        check(act, stage="evaluation")
        credit_lists(act, tender_bans=ban(2))
        with pytest.raises(Conflict) as caught:
            services.clear_for_award(act, "BJ-1", uscc(1), T)
        assert (caught.value.code, caught.value.facts["party"]) == ("credit.stage_restricted", "第2号公司")


@pytest.mark.parametrize(
    ("until", "cutoff", "decision"),
    [("2026-10-07", "2026-10-07", "restricted"), ("2026-10-06", "2026-10-07", "clear"), ("2026-10-07", None, "clear")],
)
def test_a_ban_is_measured_at_the_documents_cut_off(
    act_as: ActAs, until: str, cutoff: str | None, decision: str
) -> None:
    """R-705. Seen red: with the day of the check in its place."""
    with act_as(Role.OFFICER) as act:
        credit_lists(act, tender_bans=ban(1, until))
        found = check(act, cutoff=date.fromisoformat(cutoff) if cutoff else None)
        assert found[BANS].decision == decision


@pytest.mark.parametrize(
    ("measures", "fine", "on", "outcome"),
    [
        ("罚款", "2000000", "2026-01-01", "listed"),
        ("罚款", "1999999.99", "2026-01-01", "minor"),
        ("罚款", "", "2026-01-01", "unread_row"),
        ("责令停产停业", "", "2026-01-01", "listed"),
        ("罚款", "9000000", "2023-10-07", "expired"),
        ("罚款", "9000000", "2023-10-08", "listed"),
        ("刑事处罚", "", "", "unread_row"),
    ],
)
def test_only_a_major_penalty_of_the_last_years_counts(
    act_as: ActAs, measures: str, fine: str, on: str, outcome: str
) -> None:
    """R-700, R-705: the bar is 2,000,000 yuan, three years back; what cannot be told is pending, never clear."""
    file = f"名称,信用代码,事由,处罚日期,处罚种类,罚款金额\n第1号公司,{uscc(1)},违法,{on},{measures},{fine}\n".encode()
    with act_as(Role.OFFICER) as act:
        credit_lists(act)
        services.import_list(act, source="major_penalties", file=file, as_of=act.now)
        found = check(act, law=G)["major_penalties"]
        expected = {"listed": "restricted", "unread_row": "pending"}.get(outcome, "clear")
        assert (found.outcome, found.decision) == (outcome, expected)


def test_a_persons_starred_number_can_rule_them_out_but_never_in(act_as: ActAs) -> None:
    """R-708, R-709: a number shown in part leaves doubt, a different one does not."""
    row = "王强,330102********1234,（2026）浙1执2号,拒不履行,2026-03-01,,"
    with act_as(Role.OFFICER) as act:
        credit_lists(act, judgment_defaulters=row)
        found = {}
        for number in ("330102199001011234", "330102199001019999"):
            made = check(act, identifier=number, name="王强", role="expert")["judgment_defaulters"]
            found[number] = (made.outcome, made.decision, made.role)
        assert list(found.values()) == [("name_only", "pending", "expert"), ("not_listed", "clear", "expert")]
    assert not may_be("330102199001019999", "330102********1234") and may_be("", "33*")
    assert masked("330102199001011234") == "330102********1234" and masked(uscc(1)) == uscc(1)


def test_what_stops_an_award_is_the_regimes_word(act_as: ActAs) -> None:
    """R-703: with no list at all regime G waits, regime T goes on."""
    with act_as(Role.OFFICER) as act:
        for law, section in ((G, "CG-1"), (T, "BJ-1")):
            check(act, law=law, section_code=section)
        with pytest.raises(Conflict, match=r"credit\.stage_pending"):
            services.clear_for_award(act, "CG-1", uscc(1), G)
        services.clear_for_award(act, "BJ-1", uscc(1), T)
        credit_lists(act)
        services.clear_for_award(act, "CG-1", uscc(1), G)
        assert queries.newest_checks(act.session, "CG-1", uscc(1))[BANS].stage == "award"
        services.clear_for_award(act, "CG-1", uscc(9), G)


def test_a_persons_look_settles_what_was_pending_by_the_same_rules(act_as: ActAs, clock: StoppedClock) -> None:
    with act_as(Role.OFFICER) as act:
        pending = check(act)[BANS]
        assert pending.decision == "pending"
        look = {"file": PDF, "name": "截图.pdf", "site": "www.creditchina.gov.cn", "looked_at": act.now, "record": None}
        for wrong, code in (
            ({"file": b"MZ"}, "credit.shot"),
            ({"site": "信用中国"}, "credit.site"),
            ({"looked_at": act.now + timedelta(hours=1)}, "credit.looked_at"),
            ({"looked_at": act.now - timedelta(days=2)}, "credit.looked_at"),
        ):
            with pytest.raises(Invalid) as caught:
                services.keep_evidence(act, pending, **{**look, **wrong})  # type: ignore[arg-type]
            assert caught.value.code == code
        seen = services.keep_evidence(act, pending, **look)  # type: ignore[arg-type]
        assert (seen.decision, seen.adapter, seen.follows_id) == ("clear", "manual", pending.id)
        assert queries.replay(act.session, act.store, seen).same
        with pytest.raises(Conflict, match=r"credit\.superseded"):
            services.keep_evidence(act, pending, **look)  # type: ignore[arg-type]
        record = {"reason": "串通投标", "ban_until": "2026-12-31"}
        again = services.keep_evidence(act, seen, **{**look, "record": record})  # type: ignore[arg-type]
        assert (again.decision, again.rule["rule"]) == ("restricted", "R-700")


def test_what_was_known_then_is_decided_again_today(
    act_as: ActAs, clock: StoppedClock, platform: Platform, login: Callable[..., Browser]
) -> None:
    """The list has changed since; the replay uses the one of that time, from table and from file (R-706)."""
    with act_as(Role.OFFICER) as act:
        credit_lists(act, tender_bans=ban(1))
        kept = check(act)[BANS]
    clock.advance(days=1)
    with act_as(Role.OFFICER) as act:
        credit_lists(act)
        assert check(act)[BANS].decision == "clear"
        for by_file, basis in ((False, "snapshot"), (True, "file")):
            again = queries.replay(act.session, act.store, kept, from_file=by_file)
            assert (again.decision, again.same, again.basis, again.records) == ("restricted", True, basis, 1)
        for at, decision in ((START - timedelta(hours=1), "pending"), (START, "restricted"), (act.now, "clear")):
            known = queries.known_at(
                act.session, at, identifier=uscc(1), name="第1号公司", law=T, document="", cutoff=None
            )
            assert next(verdict.decision for source, _, verdict in known if source == BANS) == decision
    runner = CliRunner()
    done = runner.invoke(credit, ["replay", kept.evidence_sha256, "--from-file", "--json"], obj=platform)
    assert done.exit_code == 0 and '"same": true' in done.output
    words = ["as-of", uscc(1), "2026-10-08T09:00", "--name", "第1号公司", "--regime", "G"]
    told = runner.invoke(credit, words, obj=platform)
    assert told.exit_code == 0 and "取消投标资格处罚 v1: listed, informed" in told.output
    staff = login(Role.SUPERVISOR)
    page = staff.get(f"/credit/checks/{kept.evidence_sha256}/replay?file=1").get_data(as_text=True)
    assert "与当时的处理一致" in page
    query = f"/credit/as-of?identifier={uscc(1)}&name=第1号公司&at=2026-10-08T09:00&regime=T"
    assert "在名单上" in staff.get(query).get_data(as_text=True)
    assert staff.get(f"/credit/as-of?identifier={uscc(1)}&name=x&at=never&regime=T").status_code == 422
    with act_as(Role.OFFICER) as act:
        held = act.session.get(CreditCheck, kept.id)
        assert held is not None
        act.store.path(held.raw_sha256 or "").write_bytes("名称,列入事由\n无,无\n".encode())
        assert queries.replay(act.session, act.store, held, from_file=True).basis == "lost"


def test_a_correction_goes_its_way_and_only_a_list_clears_a_name(
    act_as: ActAs, platform: Platform, login: Callable[..., Browser]
) -> None:
    bidder = factories.actor(platform, Role.BIDDER)
    with act_as(Role.OFFICER) as act:
        own = act.session.get(factories.Organisation, bidder.organisation_id)
        assert own is not None
        row = f"{own.name},{own.identifier},〔2026〕7号,串通投标,2026-03-01,,"
        credit_lists(act, tender_bans=row)
        found = check(act, identifier=own.identifier, name=own.name)
        hit, clean = found[BANS].evidence_sha256, found["tax_violations"].evidence_sha256
    party, officer, other = login(Role.BIDDER), login(Role.OFFICER), login(Role.BIDDER, person="b")
    form = {"wish": "repair", "grounds": "处罚已于上月执行完毕，现申请信用修复。"}
    assert "申请更正或修复" in party.get(f"/credit/checks/{hit}").get_data(as_text=True)
    refused = party.post(f"/credit/checks/{hit}/corrections", data={**form, "grounds": "短"})
    assert refused.status_code == 422 and "请写明理由" in refused.get_data(as_text=True)
    paper = {"paper": (io.BytesIO(PDF), "履行证明.pdf")}
    sent = party.post(f"/credit/checks/{hit}/corrections", data={**form, **paper})
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert party.post(f"/credit/checks/{hit}/corrections", data=form).status_code == 409
    assert party.post(f"/credit/checks/{clean}/corrections", data=form).status_code == 409
    assert other.post(f"/credit/checks/{hit}/corrections", data=form).status_code == 404
    assert [other.get(at).status_code for at in (page, f"{page}/paper")] == [404, 404]
    assert party.get(f"{page}/paper").data == PDF
    assert "处罚已于上月" in officer.get(page).get_data(as_text=True)
    assert officer.post(page, data={"step": "uphold", "words": "同意修复"}).status_code == 409, "not forwarded yet"
    assert officer.post(page, data={"step": "forward", "words": ""}).status_code == 422
    assert officer.post(page, data={"step": "forward", "words": "滨江市水务局"}).status_code == 303
    with act_as(Role.OFFICER) as act:
        credit_lists(act)
    assert officer.post(page, data={"step": "uphold", "words": "已同意修复并移出"}).status_code == 303
    assert "来源已更正或同意修复" in party.get(page).get_data(as_text=True)
    assert "已转送滨江市水务局" in party.get("/inbox").get_data(as_text=True)
    assert party.post(f"{page}/withdraw").status_code == 409
    with platform.reading() as session:
        assert not queries.is_restricted(session, "BJ-1", own.identifier)
    for role in (Role.OFFICER, Role.SUPERVISOR):
        assert "已办结" in login(role).get("/credit/corrections").get_data(as_text=True)


def test_every_party_of_a_section_is_asked_again_on_the_page(act_as: ActAs, login: Callable[..., Browser]) -> None:
    with act_as(Role.OFFICER) as act:
        check(act, 1)
        check(act, 2)
        credit_lists(act)
    officer = login(Role.OFFICER)
    done = officer.post("/credit/checks", data={"section": "BJ-1", "stage": "qualification"})
    assert done.status_code == 303
    assert "资格审查时" in officer.get("/credit/checks?section=BJ-1").get_data(as_text=True)
    for wrong in ({"section": "BJ-1", "stage": "never"}, {"section": "nowhere", "stage": "award"}):
        assert officer.post("/credit/checks", data=wrong).status_code == 422
    assert login(Role.SUPERVISOR).post("/credit/checks", data={"section": "BJ-1"}).status_code == 403


def test_sources_are_set_on_their_page(login: Callable[..., Browser]) -> None:
    operator = login(Role.OPERATOR)
    good = {"source": BANS, "key_kind": "ed25519", "key": "ab" * 32, "per_minute": "30", "is_asked": "yes"}
    refused = operator.post("/credit/sources", data={**good, "url": "http://example.org/x"})
    assert refused.status_code == 422 and 'value="http://example.org/x"' in refused.get_data(as_text=True)
    assert operator.post("/credit/sources", data={**good, "url": "https://example.org/x"}).status_code == 303
    assert "https://example.org/x" in operator.get("/credit/sources").get_data(as_text=True)
    assert login(Role.SUPERVISOR).post("/credit/sources", data=good).status_code == 403

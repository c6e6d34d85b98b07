"""The wizard through HTTP: steps, checks while typing, the preview, who is invited; one answer to what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.rules.masks import ROUNDS
from bidding.rules.readiness import FORMS, STEPS, first_open, readiness, step_of
from core.act import Platform
from core.calendar import national
from core.draw import mechanism
from core.errors import Conflict, Forbidden, Invalid
from core.ledger.log import entries_of
from tests import factories
from tests.bidding import two_persons
from tests.bidding.notices import NOW, facts, law_for
from tests.bidding.stage import Bidder, Stage, refused, request_of
from tests.conftest import Browser

Login = Callable[..., Browser]


def typed(**changes: str) -> dict[str, str]:
    """The step on procedure and periods as its form sends it."""
    form = {"procedure": "open", "ground": "", "invitation": "public", "documents_until_at": "2026-10-14T17:00"}
    form |= {"deadline_at": "2026-11-02T09:30", "second_opening_at": "", "validity_days": "90", "decrypt_minutes": "30"}
    form |= {"obtaining": "本平台免费下载", "submission": "本平台递交", "media": "中国招标投标公共服务平台"}
    return {**form, **changes}


def test_every_finding_stands_in_exactly_one_step() -> None:
    """Whatever the checks can say about a field, one step of the wizard asks for it. Seen red: `review` left out."""
    assert sum(map(len, STEPS.values())) == len(frozenset().union(*STEPS.values()))
    sections = [facts(), facts(deadline_at=None, documents_until_at=None, method={}, envelopes=[], qualification="")]
    sections += [
        facts(regime=regime, procedure=procedure, category=category, particulars={}, accepts_consortium=None)
        for regime in "TG"
        for procedure in ("open", "invited", "negotiation", "consultation", "inquiry", "simple")
        for category in ("goods", "works")
    ]
    lost = {
        (finding.code, finding.field)
        for section in sections
        for finding in rules.check_notice(section, law_for(section), national())
        if finding.field is not None and step_of(finding) is None
    }
    assert lost == set()
    assert all(f.field for s in sections for f in rules.check_notice(s, law_for(s), national()) if f.is_open)


def test_what_is_missing_is_told_once_for_all_pages() -> None:
    """Missing, wrong and done; the first form to go to. Seen red: with warnings counted as blocks."""

    def states(**changes: Any) -> dict[str, str]:
        section = facts(**changes)
        found = readiness(rules.check_notice(section, law_for(section), national()))
        return {state.name: state.state for state in found}

    assert set(states().values()) == {"done"}
    assert states(deadline_at=None)["procedure"] == "todo"
    assert states(deadline_at=NOW + timedelta(days=19))["procedure"] == "fix"
    assert states(qualification="须为本市注册企业")["qualification"] == "done"
    assert states(trustees=frozenset())["publish"] == "fix"
    bare = facts(bond_fen=90_000_000)
    found = readiness(rules.check_notice(bare, law_for(bare), national()))
    assert first_open(found) == "bond"
    assert next(state.blocks for state in found if state.name == "bond") == 2


def test_typing_is_answered_and_nothing_is_saved(platform: Platform, login: Login) -> None:
    """The fragment holds the typed deadline's finding; the draft keeps the old one. Seen red: with the draft's own."""
    code = Stage(platform).draft()
    tenderee = login(Role.TENDEREE)
    answer = tenderee.post(f"/tender/sections/{code}/check/procedure", data=typed(deadline_at="2026-10-26T09:30"))
    assert answer.status_code == 200
    assert 'id="found-deadline_at" hx-swap-oob="true"' in answer.text
    assert "18 日，规定不少于 20 日" in answer.text and "招标投标法第二十四条" in answer.text
    assert "短于法定" in answer.text
    with platform.reading() as session:
        kept = queries.own_section(session, code, factories.actor(platform, Role.TENDEREE))
        assert kept.deadline_at == NOW + timedelta(days=25)
    changed = tenderee.post(f"/tender/sections/{code}/check/procedure", data=typed(procedure="inquiry"))
    assert "不能采用这种方式" in changed.text
    half = tenderee.post(f"/tender/sections/{code}/check/procedure", data=typed(validity_days="九"))
    assert half.status_code == 200 and "应为整数" in half.text
    assert tenderee.post(f"/tender/sections/{code}/check/magic", data=typed()).status_code == 404


def test_each_step_saves_its_own_and_leaves_the_others(platform: Platform, login: Login) -> None:
    """Particulars of another step stay. Seen red: with the step's particulars replacing all."""
    code = Stage(platform).draft()
    tenderee = login(Role.TENDEREE)
    for step in FORMS:
        assert tenderee.get(f"/tender/sections/{code}/edit/{step}").status_code == 200, step
    saved = tenderee.post(f"/tender/sections/{code}/edit/procedure", data=typed(obtaining="只在本平台", go="next"))
    assert saved.location == f"/tender/sections/{code}/edit/qualification"
    form = {"qualification": "二级", "consortium": "", "credit_rule": "查询信用中国", "credit_cutoff": "notice"}
    tenderee.post(f"/tender/sections/{code}/edit/qualification", data=form)
    wrong = tenderee.post(f"/tender/sections/{code}/edit/qualification", data={**form, "credit_cutoff": "never"})
    assert wrong.status_code == 422
    with platform.reading() as session:
        kept = queries.own_section(session, code, factories.actor(platform, Role.TENDEREE))
        assert kept.particulars["obtaining"] == "只在本平台"
        assert kept.particulars["scope"] == "污水处理厂二期土建及设备安装"
        assert kept.is_consortium_stated is False
        assert kept.particulars["credit_cutoff"] == "notice"
    bond = f"/tender/sections/{code}/edit/bond"
    assert tenderee.post(bond, data={"bond_fen": "1", "bond_refusal_days": "半月"}).status_code == 422
    tenderee.post(bond, data={"bond_fen": "800000", "bond_refusal_days": "3"})
    assert 'value="3"' in tenderee.get(bond).text
    tenderee.post(bond, data={"bond_fen": "800000", "bond_refusal_days": "9"})
    assert "不得多于 5 日" in tenderee.get(bond).text
    page = tenderee.get(f"/tender/sections/{code}/edit/qualification").text
    assert "须写明是否接受联合体投标" in page
    refusal = tenderee.post(f"/tender/sections/{code}/edit/procedure", data=typed(procedure="negotiation"))
    assert refusal.status_code == 422 and "招标投标法第十条" in refusal.text


def test_two_envelopes_make_two_sittings_and_their_files(platform: Platform, login: Login) -> None:
    """双信封, 暗标: layout, slots and policy follow, and the secrets of the labels are committed with the notice.

    Seen red: with the slots of a dropped envelope kept, and with nothing committed.
    """
    stage = Stage(platform)
    code = stage.draft(second_opening_at=NOW + timedelta(days=28))
    tenderee = login(Role.TENDEREE)
    form: dict[str, Any] = {"layout": "double", "is_anonymous": "yes", "with_technical": "yes"}
    form |= {"slot_name": ["开标一览表", "执照", "技术", "清单"], "slot_required": ["1", "2", "3", "4"]}
    form |= {"slot_code": ["schedule", "licence", "proposal", "boq"]}
    form |= {"slot_envelope": ["schedule", "qualification", "technical", "price"]}
    assert tenderee.post(f"/tender/sections/{code}/edit/envelopes", data=form).status_code == 303
    two_persons.publish(platform, code)
    section = stage.section()
    opened = [(one["name"], one["opens"], one["anonymous"]) for one in section.envelopes]
    assert opened == [("qualification", "first", False), ("technical", "first", True), ("schedule", "second", False)]
    assert {slot["envelope"] for slot in section.slots} == {"qualification", "technical", "schedule"}
    assert stage.policy()["envelopes"] == ["qualification", "technical", "schedule"]
    told = login(Role.BIDDER).get(f"/sections/{code}/policy.json").json
    assert told["envelopes"] == section.envelopes
    bid = login(Role.BIDDER).get(f"/bid/{code}").text
    assert "暗标：文件内容" in bid and "第二次开标开启" in bid
    with platform.reading() as session:
        facts = [entry.facts for entry in entries_of(session, section.subject) if entry.kind == "masks.commit"]
    assert [len(set(one["commitments"])) for one in facts] == [ROUNDS]


@pytest.mark.parametrize(
    ("envelopes", "code"),
    [
        ([{"name": "technical", "opens": "first", "anonymous": False}], "envelopes.schedule"),
        (
            [
                {"name": "schedule", "opens": "second", "anonymous": False},
                {"name": "technical", "opens": "first", "anonymous": False},
            ],
            "envelopes.order",
        ),
        ([{"name": "schedule", "opens": "second", "anonymous": False}], "envelopes.order"),
        (
            [
                {"name": "qualification", "opens": "first", "anonymous": False},
                {"name": "schedule", "opens": "second", "anonymous": False},
                {"name": "technical", "opens": "first", "anonymous": False},
            ],
            "envelopes.order",
        ),
        (
            [
                {"name": "price", "opens": "first", "anonymous": False},
                {"name": "schedule", "opens": "second", "anonymous": False},
            ],
            "envelopes.prices",
        ),
        ([{"name": "schedule", "opens": "first", "anonymous": True}], "envelopes.anonymous"),
        (
            [
                {"name": "qualification", "opens": "first", "anonymous": False},
                {"name": "technical", "opens": "second", "anonymous": True},
                {"name": "schedule", "opens": "second", "anonymous": False},
            ],
            "envelopes.anonymous",
        ),
        ([{"name": "schedule", "opens": "third", "anonymous": False}], "envelopes.malformed"),
        ([{"name": "schedule", "opens": "first", "anonymous": False}] * 2, "envelopes.malformed"),
        ("schedule", "envelopes.malformed"),
    ],
)
def test_envelopes_that_cannot_be_opened_in_order_are_refused(envelopes: Any, code: str) -> None:
    """Seen red: each by dropping its check."""
    with refused(Invalid, code):
        rules.check_layout(envelopes)


def test_a_draft_is_for_its_own_eyes(platform: Platform, login: Login) -> None:
    """Preview, checks, invitees, project: another tenderee finds none. Seen red: without ownership in the preview."""
    code = Stage(platform).draft()
    owner, other, bidder = login(Role.TENDEREE), login(Role.TENDEREE, person="b"), login(Role.BIDDER)
    assert "以下是发布后任何人看到的公开页面" in owner.get(f"/tender/sections/{code}/preview").text
    for path in (f"sections/{code}/preview", f"sections/{code}/invitees", f"projects/{code[:-3]}/edit"):
        assert owner.get(f"/tender/{path}").status_code == 200
        assert other.get(f"/tender/{path}").status_code == 404
        assert bidder.get(f"/tender/{path}").status_code == 403
    assert other.post(f"/tender/sections/{code}/check/bond", data={"bond_fen": "1"}).status_code == 404
    assert other.post(f"/tender/projects/{code[:-3]}/edit", data={"project_name": "x"}).status_code in (404, 422)


def test_a_preview_is_what_the_public_will_see(platform: Platform, login: Login) -> None:
    """Apart from frame and checks the same terms. Seen red: with the terms left out of the preview."""
    stage = Stage(platform)
    code = stage.draft()
    before = login(Role.TENDEREE).get(f"/tender/sections/{code}/preview").text
    two_persons.publish(platform, code)
    after = login(Role.BIDDER).get(f"/sections/{code}").text
    terms = re.compile(r'<dl class="pairs">.*?</dl>', re.S)
    assert terms.findall(before)[0] == terms.findall(after)[0]


def codes(count: int) -> str:
    """A list of invitees as it is typed."""
    return "\n".join(f"{factories.uscc(9000 + number)} 第{number}号水泵厂" for number in range(count))


def procured(platform: Platform, login: Login, procedure: str, ground: str, invitation: str) -> str:
    """A draft of procured goods with that procedure; its code."""
    stage = Stage(platform)
    code = stage.draft(regime="G", category="goods", is_mandatory=False)
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        project = queries.own_section(act.session, code, act.actor).project
        services.update_project(act, project, procedure=procedure)
        services.update_project(act, project, ground=ground, invitation=invitation)
    return code


def test_invitees_are_listed_and_stay_the_tenderees_secret(platform: Platform, login: Login) -> None:
    """R-043: neither names nor their number leave the desk. Seen red: with the list in the ledger's facts."""
    code = procured(platform, login, "inquiry", "g32", "list")
    tenderee = login(Role.TENDEREE)
    wrong = tenderee.post(f"/tender/sections/{code}/invitees", data={"invitees": "水泵厂"})
    assert wrong.status_code == 422 and "第 1 行" in wrong.text
    twice = tenderee.post(f"/tender/sections/{code}/invitees", data={"invitees": codes(1) + "\n" + codes(1)})
    assert twice.status_code == 422 and "重复" in twice.text
    assert tenderee.post(f"/tender/sections/{code}/invitees", data={"invitees": codes(3)}).status_code == 303
    with platform.reading() as session:
        section = queries.own_section(session, code, factories.actor(platform, Role.TENDEREE))
        assert [one.is_invited for one in queries.invitees(session, section)] == [True] * 3
        entry = entries_of(session, section.subject)[-1]
        assert (entry.kind, set(entry.facts)) == ("invitees.list", {"list_digest"})
        written = "".join(str(entry.facts) for entry in entries_of(session, section.subject))
    assert "水泵厂" not in written and factories.uscc(9000) not in written


def test_a_draw_can_be_replayed_and_is_held_once(platform: Platform, login: Login) -> None:
    """R-053: three from at least six, by the seed in the ledger. Seen red: with the order of entry."""
    code = procured(platform, login, "invited", "g29_1", "draw")
    tenderee = login(Role.TENDEREE)
    tenderee.post(f"/tender/sections/{code}/invitees", data={"invitees": codes(5)})
    draw = {"go": "draw", "count": "3", "words": "今天上午九点水务集团"}
    few = tenderee.post(f"/tender/sections/{code}/invitees", data=draw)
    assert few.status_code == 422 and "不少于 6 家" in few.text
    tenderee.post(f"/tender/sections/{code}/invitees", data={"invitees": codes(8)})
    assert tenderee.post(f"/tender/sections/{code}/invitees", data=draw).status_code == 303
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        section = queries.own_section(act.session, code, act.actor)
        listed = queries.invitees(act.session, section)
        told = entries_of(act.session, section.subject)[-1].facts
        tickets = services.invitees.tickets(listed)
        replayed = mechanism.order(bytes.fromhex(told["seed"]), told["label"], tickets)[:3]
        drawn = [ticket for ticket, one in zip(tickets, listed, strict=True) if one.is_invited]
        assert sorted(replayed) == sorted(drawn)
        assert told["list_digest"] == mechanism.list_digest(tickets)
        assert told["result_digest"] == mechanism.list_digest(drawn)
        with refused(Conflict, "invitees.drawn"):
            services.draw_invitees(act, section, 3, "再抽一次再抽一次")


def test_only_the_invited_may_commit(
    platform: Platform, login: Login, bearer: Callable[..., dict[str, str]], bidder: Callable[[str], Bidder]
) -> None:
    """R-210 at the door; a trustee's decoy passes; nothing of a refused bid stays. Seen red: without the check."""
    stage = Stage(platform)
    code = stage.draft()
    invited = factories.actor(platform, Role.BIDDER)
    with platform.act(factories.actor(platform, Role.TENDEREE)) as act:
        section = queries.own_section(act.session, code, act.actor)
        project = section.project
        services.update_project(act, project, procedure="invited", ground="t8_1")
        services.add_document(act, section, "approval", "批准.pdf", act.store.put(b"approved"))
        assert invited.organisation_id is not None
        own = organisation(act.session, invited.organisation_id)
        others = [(factories.uscc(9000 + number), f"第{number}号公司") for number in range(2)]
        services.list_invitees(act, section, [(own.identifier, ""), *others])
    two_persons.publish(platform, code)
    sealed = bidder("甲").seal(stage.policy())
    stage.deposit(sealed)
    app = login(Role.BIDDER)
    address, body = f"/sections/{code}/submissions", request_of(sealed)
    stranger = app.post(address, json=body, headers=bearer(Role.BIDDER, person="b"), plain=True)
    assert stranger.status_code == 403 and stranger.json["code"] == "bid.not_invited"
    with platform.reading() as session:
        assert queries.submissions(session, queries.section(session, code)) == []
        with refused(Forbidden, "bid.not_invited"):
            queries.check_invited(session, queries.section(session, code), factories.actor(platform, Role.BIDDER, "c"))
    assert app.post(address, json=body, headers=bearer(Role.BIDDER), plain=True).status_code == 201
    decoy = bidder("乙").seal(stage.policy())
    stage.deposit(decoy)
    assert app.post(address, json=request_of(decoy), headers=bearer(Role.OFFICER), plain=True).status_code == 201


def test_lines_of_low_prices_are_asked_where_the_law_has_them(platform: Platform, login: Login) -> None:
    """In government procurement the step keeps them and a wrong one blocks beside its field; elsewhere no field."""
    stage = Stage(platform)
    code = stage.draft()
    tenderee = login(Role.TENDEREE)
    page = f"/tender/sections/{code}/edit/method"
    assert "low_of_mean" not in tenderee.get(page).text
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, code, act.actor)
        section.project.regime, section.project.category = "G", "goods"
        section.method = {**section.method, "low_price": {"of_mean": "70"}, "reference_opinions": True}
    shown = tenderee.get(page).text
    assert 'name="low_of_mean" value="70"' in shown and "异常低价审查线填写 70%" in shown
    assert "不超过 65%" in shown and 'name="reference_opinions" value="yes" checked' in shown


def test_a_page_tells_all_its_errors_at_once_and_keeps_what_was_typed(platform: Platform, login: Login) -> None:
    """Seen red: with the summary naming only the first."""
    stage = Stage(platform)
    code = stage.draft()
    typed = {"documents_until_at": "明天", "deadline_at": "后天", "validity_days": "九十", "decrypt_minutes": "30"}
    answer = login(Role.TENDEREE).post(f"/tender/sections/{code}/edit/procedure", data=typed)
    assert answer.status_code == 422
    for name in ("documents_until_at", "deadline_at", "validity_days"):
        assert f'href="#{name}"' in answer.text and f'id="{name}-error"' in answer.text
    assert "请更正以下 3 处" in answer.text and 'value="九十"' in answer.text and "如 2026-11-21T09:30" in answer.text

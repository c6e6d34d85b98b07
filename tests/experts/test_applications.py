"""Into the pool: application, recommendation, review, term and training; changes go the same way (R-310)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from accounts.models import Organisation, Person
from accounts.queries import actor_for, roles_of
from accounts.rules import Role
from core.act import SYSTEM, Actor
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from core.ledger.log import LedgerEntry
from core.outbox import inbox
from experts import queries, rules, services
from experts.cli import experts as command
from experts.models import ExpertPool, PoolApplication
from experts.rules import Declared
from tests import factories
from tests.experts.story import Story

PROOF = b"%PDF-1.7 senior engineer"
UNTIL = date(2029, 10, 7)
ON = date(2026, 10, 8)
Enter = Callable[[Actor | None], Any]


def declared(**other: Any) -> Declared:
    values: dict[str, Any] = {
        "title": "senior", "years": 12, "specialities": ["A08", "A0801"], "region": "330100",
        "employers": [{"name": "东南大学", "identifier": None, "from": "2015-07-01", "until": None}],
    }  # fmt: skip
    return Declared(**(values | other))


class Office:
    """A pool, a person of a design institute who applies, a colleague who recommends, an officer who reviews."""

    def __init__(self, story: Story) -> None:
        self.story, self.platform = story, story.platform
        with self.platform.act(SYSTEM) as act:
            unit = factories.organisation(act, 960, "滨江设计研究院")
            factories.person(act, login="sun.li", name="孙丽", organisation=unit)
            factories.person(act, Role.BIDDER, login="head", name="院长", organisation=unit)
            services.found_pool(act, code="ZJ", name="浙江库", region="330000", owner=unit)
            self.unit_id, self.unit_code = unit.id, unit.identifier

    def actor(self, login: str) -> Actor:
        with self.platform.reading() as session:
            return actor_for(session, login)

    @property
    def officer(self) -> Actor:
        return self.story.actor(Role.OPERATOR)

    def pool(self, act: Any) -> ExpertPool:
        return queries.expert_pool(act.session, "ZJ")

    def apply(self, login: str = "sun.li", value: Declared | None = None, **other: Any) -> int:
        with self.platform.act(self.actor(login)) as act:
            more: dict[str, Any] = {
                "unit": act.session.get(Organisation, self.unit_id), "documents": [("职称证书.pdf", "pdf", PROOF)],
            }  # fmt: skip
            return services.apply_for_pool(act, self.pool(act), value or declared(), **(more | other)).id

    def recommend(self, number: int, login: str = "head") -> None:
        with self.platform.act(self.actor(login)) as act:
            held = queries.application_of_unit(act.session, number, act.actor)
            services.recommend(act, held, "情况属实，同意推荐。")

    def accept(self, number: int, until: date | None = UNTIL) -> str:
        with self.platform.act(self.officer) as act:
            return services.accept_application(act, queries.application(act.session, number), term_until=until).code

    def taken_in(self) -> str:
        number = self.apply()
        self.recommend(number)
        return self.accept(number)

    def state(self, number: int) -> str:
        with self.platform.reading() as session:
            return queries.application(session, number).state


@pytest.fixture
def office(story: Story) -> Office:
    return Office(story)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"years": 7}, "application.years"), ({"title": "junior"}, "application.title"),
        ({"specialities": []}, "application.specialities"),
        ({"specialities": ["A9901"]}, "application.unknown_speciality"),
        ({"employers": []}, "application.employers"),
        ({"employers": [{"name": "甲", "from": "2026-01-02", "until": "2026-01-01"}]}, "application.employment"),
        ({"employers": [{"name": "甲", "from": "2026-10-09", "until": None}]}, "application.employment"),
    ],
)  # fmt: skip
def test_who_does_not_meet_the_conditions_is_told_which(other: dict[str, Any], code: str) -> None:
    """R-310. Seen red: each condition taken out in turn."""
    with pytest.raises(Invalid) as refusal:
        rules.check_declared(declared(**other), ON)
    assert refusal.value.code == code
    rules.check_declared(declared(specialities=["给水排水", "B13"]), ON)


@pytest.mark.parametrize("until", [date(2026, 10, 8), date(2032, 1, 1)])
def test_a_term_begins_today_and_is_no_longer_than_five_years(until: date) -> None:
    """Seen red: without the upper end."""
    with pytest.raises(Invalid, match=r"application\.term"):
        rules.check_term(until, ON)
    rules.check_term(date(2031, 12, 31), ON)


def test_an_accepted_person_is_an_expert_and_drawn_only_after_a_training(office: Office) -> None:
    """From the application to the candidate list. Seen red: accepted as active, nobody asked for the training."""
    code = office.taken_in()
    story = office.story
    with office.platform.reading() as session:
        held = queries.expert(session, code)
        assert (held.status, held.term_until, held.pool and held.pool.code) == ("training", "2029-10-07", "ZJ")
        assert Role.EXPERT in roles_of(session, held.person_id)
        assert "experts.application_accepted" in [one.template for one in inbox(session, "sun.li")]
    story.open_section()
    story.add_experts(8)
    story.request()
    with office.platform.reading() as session:
        bars = queries.bars_to(session, story.committee(session), story.clock.now())
        assert bars(queries.expert(session, code))[0] == ["untrained"]
    with office.platform.act(office.officer) as act:
        services.record_training(act, queries.expert(act.session, code), name="电子评标", on=ON, hours="8")
    with office.platform.reading() as session:
        assert queries.bars_to(session, story.committee(session), story.clock.now())(queries.expert(session, code)) == (
            [],
            [],
        )


def test_nobody_enters_without_a_unit_that_recommends_and_three_people(office: Office) -> None:
    """R-310. Seen red: each of the checks taken out in turn."""
    for other, code in (({"unit": None}, "application.unit"), ({"documents": []}, "application.documents")):
        with pytest.raises(Invalid) as refusal:
            office.apply(**other)
        assert refusal.value.code == code
    number = office.apply()
    with pytest.raises(Conflict, match=r"application\.open"):
        office.apply()
    with pytest.raises(Conflict, match=r"application\.unrecommended"):
        office.accept(number)
    with pytest.raises(Forbidden, match=r"application\.self"):
        office.recommend(number, "sun.li")
    with pytest.raises(Missing), office.platform.act(office.story.actor(Role.TENDEREE)) as act:
        services.recommend(act, queries.application(act.session, number), "好")
    office.recommend(number)
    with pytest.raises(Invalid, match=r"form\.required"):
        office.accept(number, None)
    with pytest.raises(Forbidden, match=r"application\.officer"), office.platform.act(office.actor("head")) as act:
        services.accept_application(act, queries.application(act.session, number), term_until=UNTIL)
    with office.platform.act(SYSTEM) as act:
        queries.application(act.session, number).recommended_by = office.officer.person_id
    with pytest.raises(Forbidden, match=r"application\.two_people"):
        office.accept(number)
    with pytest.raises(Forbidden, match=r"application\.reviewer"), office.platform.act(office.officer) as act:
        services.apply_for_pool(act, office.pool(act), declared())


def test_what_is_returned_is_mended_and_recommended_anew(office: Office) -> None:
    """Seen red: the recommendation of what was declared before was kept."""
    number = office.apply()
    office.recommend(number)
    with office.platform.act(office.officer) as act:
        with pytest.raises(Invalid):
            services.return_application(act, queries.application(act.session, number), " ")
        services.return_application(act, queries.application(act.session, number), "缺学历证明")
    with office.platform.act(office.actor("sun.li")) as act:
        held = queries.own_application(act.session, number, act.actor)
        services.reapply(act, held, declared(years=13), documents=[("学历.png", "png", b"\x89PNG\r\n")])
    assert office.state(number) == "applied"
    with office.platform.reading() as session:
        held = queries.application(session, number)
        assert [one["name"] for one in held.documents] == ["职称证书.pdf", "学历.png"]
        assert held.content["years"] == 13 and (held.opinion, held.recommended_by) == (None, None)
    with pytest.raises(Conflict, match=r"application\.unrecommended"):
        office.accept(number)


def test_a_decision_stands_and_another_person_cannot_withdraw(office: Office) -> None:
    """Seen red: ownership left out of `withdraw_application`."""
    number = office.apply()
    with pytest.raises(Missing), office.platform.act(office.actor("head")) as act:
        services.withdraw_application(act, queries.application(act.session, number))
    with office.platform.act(office.officer) as act:
        services.refuse_application(act, queries.application(act.session, number), "专业不符")
    with pytest.raises(Conflict, match=r"application\.state"), office.platform.act(office.actor("sun.li")) as act:
        services.withdraw_application(act, queries.own_application(act.session, number, act.actor))
    again = office.apply()
    with office.platform.act(office.actor("sun.li")) as act:
        services.withdraw_application(act, queries.own_application(act.session, again, act.actor))
    assert (office.state(number), office.state(again)) == ("refused", "withdrawn")


def test_a_change_adds_to_avoidance_at_once_and_takes_away_only_when_accepted(office: Office) -> None:
    """R-330. Seen red: avoidance read only what was accepted; accepting kept the old employers."""
    code = office.taken_in()
    story = office.story
    story.open_section()
    story.request()
    with office.platform.act(office.officer) as act:
        services.record_training(act, queries.expert(act.session, code), name="电子评标", on=ON, hours="8")
    with office.platform.reading() as session:
        bid = queries.final_bids(session, story.section(session))[0]
    moved = declared(employers=[{"name": bid.name, "identifier": bid.identifier, "from": "2026-09-01", "until": None}])
    number = office.apply(value=moved, documents=[], unit=None)

    def reasons() -> list[str]:
        with office.platform.reading() as session:
            bars = queries.bars_to(session, story.committee(session), story.clock.now())
            return bars(queries.expert(session, code))[0]

    assert reasons() == ["R-330(9) employer"]
    with office.platform.reading() as session:
        assert [one["name"] for one in queries.expert(session, code).employers] == ["东南大学"]
    office.accept(number, None)
    with office.platform.reading() as session:
        assert [one["name"] for one in queries.expert(session, code).employers] == [bid.name]
    number = office.apply(value=declared(), documents=[], unit=None)
    assert reasons() == ["R-330(9) employer"]
    office.accept(number, None)
    assert reasons() == []


def test_the_ledger_has_the_hash_of_what_was_declared_and_nothing_else(office: Office) -> None:
    """Seen red: with the content among the facts."""
    number = office.apply(value=declared(relatives=[{"name": "李四零七", "relation": "配偶"}]))
    with office.platform.reading() as session:
        rows = [one for one in session.query(LedgerEntry) if one.subject == f"application:{number}"]
        held = session.get(PoolApplication, number)
        assert held is not None
        digest = rules.declared_digest(held.content, held.documents)
    assert [row.kind for row in rows] == ["application.apply"]
    assert rows[0].facts and rows[0].facts["declared_sha256"] == digest
    assert "李四零七" not in repr([row.facts for row in rows]) and "孙丽" not in repr([row.facts for row in rows])


FORM = {
    "pool": "ZJ", "title": "senior", "years": "12", "region": "330100", "specialities": ["A08", "A06"],
    "own_specialities": "A0801 给水排水", "employer-1-name": "滨江设计研究院", "employer-1-from": "2015-07-01",
    "relative-1-name": "李四", "relative-1-relation": "配偶", "holding-2-name": "某公司",
}  # fmt: skip


def test_the_way_into_the_pool_on_the_pages(office: Office, enter: Enter) -> None:
    """Apply with wrong input and right, recommend, return, mend, accept, train; strangers see nothing.

    Seen red: proofs served to whoever knew the hash; the kind taken from the name.
    """
    own, head, officer = enter(office.actor("sun.li")), enter(office.actor("head")), enter(office.officer)
    assert "申请入库" in own.get("/expert/record").text

    def sent(content: bytes = PROOF, **other: Any) -> dict[str, Any]:
        return {**FORM, "unit": office.unit_code, "documents": (io.BytesIO(content), "证书.pdf"), **other}

    def post(address: str, data: dict[str, Any]) -> Any:
        return own.post(address, data=data, content_type="multipart/form-data")

    for wrong, said in (
        (sent(years="3"), "应满 8 年"), (sent(b"MZ"), "不是 PDF"), (sent(unit="无此单位"), "没有统一社会信用代码"),
        ({**sent(), "employer-1-from": "2015-13-01"}, "2015-13-01"), (sent(pool="XX"), "没有编号为 XX"),
        ({**sent(), "holding-1-kind": "董事"}, "holding-1-name"),
    ):  # fmt: skip
        answer = post("/expert/record/apply", wrong)
        assert answer.status_code == 422 and said in answer.text, said
        assert "给水排水" in answer.text
    assert post("/expert/record/apply", sent()).status_code == 303
    with office.platform.reading() as session:
        number = queries.own_applications(session, office.actor("sun.li"))[0].id
        assert queries.application(session, number).content["specialities"] == ["A08", "A06", "A0801", "给水排水"]
        sha256 = queries.application(session, number).documents[0]["sha256"]
    assert head.post(f"/recommendations/{number}", data={"opinion": ""}).status_code == 422
    assert "孙丽" in head.get("/recommendations").text
    assert head.post(f"/recommendations/{number}", data={"opinion": "同意推荐"}).status_code == 303
    assert "孙丽" in officer.get("/ops/applications?state=recommended").text
    address = f"/ops/applications/{number}"
    answer = officer.get(f"{address}/documents/{sha256}")
    assert answer.data == PROOF and answer.headers["Content-Disposition"].startswith("attachment")
    assert officer.get(f"{address}/documents/{'0' * 64}").status_code == 404
    assert own.get(f"/expert/record/{number}/documents/{sha256}").data == PROOF
    assert head.get(f"/expert/record/{number}/documents/{sha256}").status_code == 404
    assert officer.post(f"{address}/return", data={"return_reason": ""}).status_code == 422
    assert officer.post(f"{address}/return", data={"return_reason": "缺学历证明"}).status_code == 303
    page = own.get("/expert/record").text
    assert "缺学历证明" in page and "李四" in page
    assert post(f"/expert/record/{number}/reapply", sent()).status_code == 303
    head.post(f"/recommendations/{number}", data={"opinion": "同意推荐"})
    assert officer.post(f"{address}/accept", data={"term_until": "2026-01-01"}).status_code == 422
    assert officer.post(f"{address}/accept", data={"term_until": "2029-10-07"}).status_code == 303
    assert "已办结" in officer.get(address).text
    page = own.get("/expert/record").text
    assert "ZJ-00001" in page and "待培训" in page and "专家入库" in page
    assert "您向浙江库提出的申请已通过" in own.get("/inbox").text


def test_the_command_lists_and_decides(office: Office) -> None:
    """Seen red: the reason not handed on."""
    number = office.apply()
    run = CliRunner()

    def command_of(*words: str) -> Any:
        return run.invoke(command, list(words), obj=office.platform)

    assert command_of("applications").stdout == f"{number}\tentry\tapplied\tZJ\t孙丽\n"
    login = "operator-a"
    assert office.officer.person_id
    answer = command_of("review", str(number), "--return", "--as", login)
    assert isinstance(answer.exception, Refusal)
    assert command_of("review", str(number), "--return", "--reason", "缺证明", "--as", login).exit_code == 0
    assert office.state(number) == "returned"
    with office.platform.act(office.actor("sun.li")) as act:
        services.reapply(act, queries.own_application(act.session, number, act.actor), declared())
    office.recommend(number)
    accept = ("review", str(number), "--accept", "--term-until", "2029-10-07", "--as", login)
    assert command_of(*accept).stdout == "ZJ-00001\n"
    with office.platform.reading() as session:
        assert session.query(Person).filter_by(login="sun.li").one().name == "孙丽"

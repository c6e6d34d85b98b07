"""评定分离 by 票决: a drawn award committee chooses among unranked candidates; verified twice from the archive."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask

from accounts.queries import actor_for
from accounts.rules import Role
from awards import services
from awards.queries.selection import sitting
from bidding.models import Section
from core.act import Act, Platform
from tests import factories
from tests.awards.test_selection_rules import PLAN
from tests.conftest import Browser
from tests.experts.story import METHOD
from tests.journeys.whole import Whole, found_wrong, signed_in, tampered, wrong_lines

STAFF = [f"member-{number}" for number in range(1, 8)]


def order_of(result: Any) -> list[str]:
    """What would tell the order: the totals, by rank."""
    return [row["total"] for row in result["ranking"]]


def text_of(pdf: bytes) -> str:
    """The words of a PDF and of every file in it."""
    with pypdfium2.PdfDocument(pdf) as paper:
        pages = [page.get_textpage().get_text_range() for page in paper]
        inside = [bytes(paper.get_attachment(n).get_data()).decode() for n in range(paper.count_attachments())]
    assert inside
    return "\n".join([*pages, *inside])


def tells_no_order(text: str, totals: list[str]) -> None:
    """Nothing there ranks anybody: no total, no rank, no word of a first."""
    found = [total for total in totals if total in text]
    found += re.findall(r"第 1 中标候选人|第 1 名|<th[^>]*>名次|decided_by|['\"]rank['\"]: ?[0-9]", text)
    assert not found, found


class Separate(Whole):
    """A stage whose tender lets an award committee choose, drawn from seven of the tenderee's people."""

    def drafted(self, act: Act, section: Section) -> None:
        """R-513: planned in the draft, the roll told by its hash alone."""
        for login in STAFF:
            factories.person(
                act, Role.TENDEREE, login=login, name=f"定标{login[-1]}", organisation=section.project.tenderee
            )
        services.set_selection(act, section, {**PLAN, "forming": "drawn"}, STAFF)


@pytest.mark.slow
def test_an_award_committee_chooses_among_unranked_candidates(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser], app: Flask
) -> None:
    """R-510 to R-514: inspected all or none, two rounds of sealed ballots with reasons; replayed by both verifiers.

    From the report to the exports of the archive nothing tells an order. Seen red: with a ballot shown before its round
    was complete, and with the whole result shown, in the report, and the ranking public in exports.
    """
    stage = Separate(platform, tmp_path / "machines", method=METHOD)
    for letter in "abc":
        stage.submit(letter)
    stage.to_confirmation()
    stage.hand_over()
    room = stage.room()
    room.to_scored()
    room.to_report()
    code = stage.code
    with platform.reading() as session:
        told: Any = room.committee(session)
        secrets = order_of(told.result)
        pdf = platform.store.read(str(told.report_sha256))
    browser = signed_in(app, platform, room.person_actor(room.members()[0]))
    for place in ("result", "fairness"):
        tells_no_order(browser.get(f"/expert/{code}/{place}").text, secrets)
    tells_no_order(text_of(pdf), secrets)
    tells_no_order(str(login(Role.TENDEREE).get(f"/tender/{code}/evaluation").text), secrets)
    page, desk = f"/tender/{code}/selection", f"/tender/{code}/award"
    login(Role.TENDEREE).post(f"{desk}/candidates")
    assert "不排序" in login(Role.TENDEREE).get(f"/sections/{code}/candidates").text
    for place in (f"/tender/{code}/award", f"/sections/{code}/candidates", f"/ocds/{code.rsplit('-', 1)[0]}.json"):
        tells_no_order(login(Role.TENDEREE).get(place).text, secrets)
    tells_no_order(str(stage.notices()["candidates"]), secrets)
    own = login(Role.BIDDER, person="a").get(f"/bid/{code}/result").text
    assert secrets[0] in own and not any(total in own for total in secrets[1:]), "the own total and nobody else's"
    stage.challenges_over()
    assert stage.publicity().candidates == [1, 2, 3]
    assert "定标委员会在候选人中确定" in login(Role.TENDEREE).get(f"/sections/{code}").text

    def post(browser: Any, expected: int = 303, address: str = page, **fields: Any) -> str:
        answer = browser.post(address, data=fields)
        assert answer.status_code == expected, answer.text
        return str(answer.text)

    pending = post(login(Role.TENDEREE), 422, desk, confirmation=code, number="1")
    assert "结论尚未作出" in pending
    seen = {"verb": "inspect", "place": "项目现场", "people": "张三、李四", "findings": "在建工程履约正常，班子齐备。"}
    post(login(Role.TENDEREE), number="1", **seen)
    post(login(Role.TENDEREE), verb="convene")
    with platform.reading() as session:
        members = [one["login"] for one in sitting(session, code).members]
    assert len(members) == 5 and set(members) < set(STAFF)

    def member(place: int) -> Any:
        with platform.reading() as session:
            actor = actor_for(session, members[place])
        return signed_in(app, platform, actor)

    outsider = next(name for name in STAFF if name not in members)
    with platform.reading() as session:
        stranger = actor_for(session, outsider)
    assert signed_in(app, platform, stranger).post(page, data={"verb": "declare", "agreed": "yes"}).status_code == 404
    for place in range(4):
        post(member(place), verb="declare", agreed="yes")
    assert "还须考察第 2、3 号" in post(member(4), 422, verb="declare", agreed="yes")
    for number in ("2", "3"):
        post(login(Role.TENDEREE), number=number, **seen)
    post(member(4), verb="declare", agreed="yes")
    secret = "履约评价最好，班子经验与本工程相符"
    for place, choice in enumerate((1, 1, 2, 2, 3)):
        post(member(place), verb="ballot", choice=choice, reason=f"{secret}（{place}）")
        if place == 0:
            assert secret not in member(1).get(page).text and secret not in login(Role.SUPERVISOR).get(page).text
            assert "已经投过" in post(member(0), 422, verb="ballot", choice=2, reason=f"{secret}（改）")
    assert "第 2 轮" in member(0).get(page).text and secret in member(0).get(page).text
    assert "不是中标候选人" in post(member(0), 422, verb="ballot", choice=3, reason=secret)
    for place, choice in enumerate((1, 2, 2, 2, 1)):
        post(member(place), verb="ballot", choice=choice, reason=secret)
    report = f"/sections/{code}/selection/report.pdf"
    assert (
        member(0).get(report).data.startswith(b"%PDF") and login(Role.BIDDER, person="a").get(report).status_code == 404
    )
    assert "还缺 D1、D2、D3、D4、D5" in post(login(Role.TENDEREE), 422, desk, confirmation=code, number="2")
    with platform.reading() as session:
        signed = {"verb": "sign", "report_sha256": sitting(session, code).report_sha256, "agreed": "yes"}
    for place in range(5):
        post(member(place), **signed, dissent="考察时间偏短" if place == 4 else "")
    assert "考察时间偏短" in member(0).get(page).text
    assert "不能另选" in post(login(Role.TENDEREE), 422, desk, confirmation=code, number="1")
    post(login(Role.TENDEREE), 303, desk, confirmation=code, number="2")
    told = stage.notices()["award"]["selection"]
    assert told["rounds"][0]["votes"] == [
        {"number": 1, "votes": 2}, {"number": 2, "votes": 2}, {"number": 3, "votes": 1},
    ]  # fmt: skip
    assert secret in login(Role.BIDDER, person="a").get(f"/sections/{code}/selection").text
    assert login(Role.BIDDER, person="a").get(report).data.startswith(b"%PDF")
    told = app.test_client().get(f"/sections/{code}/result.json")
    assert told.json["candidates"] == [1, 2, 3] and told.json["unranked"]
    tells_no_order(told.text, secrets)
    stage.clock.move_to(max(stage.clock.now(), datetime(2026, 12, 1, tzinfo=UTC)))
    archive = stage.archived()
    stem, bidder = f"/sections/{code}/archive", login(Role.BIDDER, person="a")
    exports = {klass: bidder.get(f"{stem}/{klass}.tar").data for klass in ("public", "party")}
    for made in exports.values():
        tells_no_order(made.decode("utf-8", "replace"), secrets)
    assert wrong_lines(stage, exports["public"], tmp_path) == []
    assert secrets[0] in login(Role.OFFICER).get(f"{stem}/supervisor.tar").data.decode("utf-8", "replace")
    assert wrong_lines(stage, archive, tmp_path) == []

    def another(value: Any) -> None:
        value["sittings"][0]["result"]["rounds"][1]["ballots"][1]["choice"] = 1

    assert found_wrong(stage, tampered(stage, archive, "selection.json", another), tmp_path) == (
        {"selection"}, {"selection"},
    )  # fmt: skip

    def unsigned(value: Any) -> None:
        value["sittings"][0]["signatures"].pop()

    assert found_wrong(stage, tampered(stage, archive, "selection.json", unsigned), tmp_path) == (
        {"selection"}, {"selection"},
    )  # fmt: skip
    changed = tampered(stage, archive, "selection.json", lambda value: value["inspections"].pop())
    assert found_wrong(stage, changed, tmp_path) == ({"selection"}, {"selection"})

"""Every page of the evaluation and the award over HTTP; the isolation of scores over every route of the site."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from accounts.access import access_of
from accounts.rules import Role
from core.act import Actor
from core.draw import mechanism
from experts import queries, services
from tests.experts.story import Story

PLANTED = "13.37"


def people_of(story: Story) -> dict[str, Actor | None]:
    """Everybody who could be curious."""
    seats = {m.label: story.person_actor(m) for m in story.members() if m.label in ("M1", "M2", "R1")}
    roles = {str(role): story.actor(role) for role in Role}
    return {**seats, **roles, "bidder 1": story.bidder_actor(1), "public": None}


def may_come(view: Any, actor: Actor | None) -> bool:
    """Whether the door of the route lets the actor in; that it keeps all others out is tests/house/test_routes.py's."""
    access = access_of(view)
    if access is None or access.kind == "public":
        return True
    return actor is not None and (access.kind != "roles" or actor.has(*access.roles))


FEW = ("M1", "M2", "supervisor", "public")
"""Who asks for JSON too, and for public addresses that have nothing of this section in them or cost a paper to set:
what stands there is the same for everybody."""


def worth_asking(path: str, view: Any, who: str, story: Story) -> bool:
    """Whether this one asks for this address: everything of the section by everybody, the rest by a few."""
    access = access_of(view)
    is_same = (story.code not in path or path.endswith(".pdf")) and (access is None or access.kind != "roles")
    return not is_same or who in FEW


def paths(app: Flask, story: Story) -> Iterator[tuple[str, Any]]:
    """Every GET route of the site with its view, its arguments filled with what exists here."""
    with story.platform.reading() as session:
        numbers = [member.id for member in queries.members(session, story.committee(session))][:2]
    values = {"code": story.code, "criterion": "T1", "label": "M1", "kind": "tender", "filename": "sunbid.css"}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        for number in [1, 2, *numbers] if "number" in rule.arguments else [1]:
            filled = {}
            for name in rule.arguments:
                filled[name] = number if name in ("number", "index") else values.get(name, story.code)
            try:
                yield rule.build(filled)[1], app.view_functions[rule.endpoint]  # type: ignore[index]
            except (ValueError, TypeError):
                continue


def assert_answered(answer: Any, who: object, path: str) -> None:
    """A page that broke would hide what it leaks. The story has no opening day, so its record cannot be written; nor
    was its section published, so nothing tells programs of it."""
    day = path.startswith("/opening/") and ("/record" in path or path.endswith("/trouble"))
    day = day or path.startswith("/api/v1/sections/")
    assert answer.status_code < 500 or day, (who, path)


@pytest.mark.slow
def test_before_the_lock_no_path_returns_anothers_score(
    app: Flask, story: Story, enter: Callable[[Actor | None], Any]
) -> None:
    """R-343 over every GET route and everybody its door lets in, in HTML and JSON. Sabotage: a page that lists all
    sheets, or `own_items` without the member: red."""
    story.to_scoring()
    story.score(change={("M1", bid, "T1"): PLANTED for bid in range(1, 6)}, lock=True)
    routes = dict(sorted(set(paths(app, story)), key=lambda pair: pair[0]))
    assert len([path for path in routes if story.code in path]) > 15
    seen: dict[str, list[str]] = {}
    asked = 0
    for who, actor in people_of(story).items():
        client = enter(actor)
        mine = [path for path, view in routes.items() if may_come(view, actor) and worth_asking(path, view, who, story)]
        for path in mine:
            asked += 1
            for accept in ("text/html", "application/json") if story.code in path and who in FEW else ("text/html",):
                answer = client.get(path, headers={"Accept": accept})
                assert_answered(answer, who, path)
                if PLANTED.encode() in answer.get_data():
                    seen.setdefault(who, []).append(path)
    assert set(seen) == {"M1"} and asked > 500
    assert f"/expert/{story.code}/score/1" in seen["M1"] and f"/expert/{story.code}/compare/T1" in seen["M1"]


def test_after_the_lock_members_see_the_result_and_the_others_wait_for_delivery(
    story: Story, enter: Callable[[Actor | None], Any]
) -> None:
    """EXPERIENCE: no scores until signed. Sabotage: evaluation page without _delivered: red."""
    story.to_locked()
    members = [story.person_actor(member) for member in story.members()]
    assert enter(members[1]).get(f"/expert/{story.code}/result").status_code == 200
    project = [story.actor(role) for role in (Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR)]
    for actor in project:
        assert enter(actor).get(f"/tender/{story.code}/evaluation").status_code == 404
    story.report()
    story.sign()
    story.deliver()
    for actor in project:
        page = enter(actor).get(f"/tender/{story.code}/evaluation")
        assert page.status_code == 200 and "94.11" in page.get_data(as_text=True)
        assert enter(actor).get(f"/tender/{story.code}/evaluation.pdf").data.startswith(b"%PDF")
    assert enter(None).get(f"/sections/{story.code}/result.json").status_code == 404


@pytest.mark.slow
def test_the_agent_cannot_read_names_early(story: Story, enter: Callable[[Actor | None], Any], app: Flask) -> None:
    """R-323 over every GET route. Sabotage: roster that tells the agent: red."""
    story.to_drawn()
    with story.platform.reading() as session:
        names = [m.person.name for m in queries.live_members(session, story.committee(session)) if m.expert_id]
        logins = [m.person.login for m in queries.live_members(session, story.committee(session)) if m.expert_id]
    routes = dict(sorted(set(paths(app, story)), key=lambda pair: pair[0]))
    for role in (Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.BIDDER, None):
        actor = story.actor(role) if role else None
        client = enter(actor)
        for path in [path for path, view in routes.items() if may_come(view, actor)]:
            answer = client.get(path)
            assert_answered(answer, role, path)
            body = answer.get_data().decode(errors="replace")  # some are workbooks
            assert not [name for name in names + logins if name in body], (role, path)
    story.arrive()
    page = enter(story.actor(Role.AGENT)).get(f"/tender/{story.code}/committee").get_data(as_text=True)
    assert all(name in page for name in names)


def test_a_whole_evaluation_over_http(story: Story, enter: Callable[[Actor | None], Any]) -> None:
    """Request to delivery by forms only, as browsers send them. Sabotage: any route that calls another verb: red."""
    story.open_section()
    story.add_experts()
    code = story.code
    agent, officer = enter(story.actor(Role.AGENT)), enter(story.actor(Role.OFFICER))
    bad = agent.post(f"/tender/{code}/committee", data={"size": "4", "representatives": "1", "speciality-1": "A08",
                     "count-1": "3", "meets_at": "2026-10-08T10:00", "hours": "8"})  # fmt: skip
    assert bad.status_code == 422 and "应为 5 人以上" in bad.get_data(as_text=True)
    good = agent.post(f"/tender/{code}/committee", data={"size": "5", "representatives": "1", "speciality-1": "A08",
                      "count-1": "4", "meets_at": "2026-10-08T10:00", "hours": "8", "place": "第三评标室"})  # fmt: skip
    assert good.status_code == 303
    assert officer.post(f"/tender/{code}/committee/draw").status_code == 303
    parties = {"tenderee": Role.TENDEREE, "officer": Role.OFFICER, "supervisor": Role.SUPERVISOR}
    for party, role in parties.items():
        sent = {"party": party, "commitment": mechanism.nonce_commitment(story.nonce(party))}
        assert enter(story.actor(role)).post(f"/draws/experts/{code}/commitment", data=sent).status_code == 303
    assert officer.post(f"/tender/{code}/committee/freeze").status_code == 303
    for party, role in parties.items():
        sent = {"party": party, "nonce": story.nonce(party).hex()}
        assert enter(story.actor(role)).post(f"/draws/experts/{code}/nonce", data=sent).status_code == 303
    facts = enter(None).get(f"/draws/experts/{code}.json").get_json()["draws"][0]
    assert facts["outcome"]["order"][0] == facts["outcome"]["steps"][0]["candidate"]
    tenderee = enter(story.actor(Role.TENDEREE))
    named = {"person": story.actor(Role.TENDEREE).name, "authorisation": "授权书〔2026〕12 号"}
    assert tenderee.post(f"/tender/{code}/committee/representative", data=named).status_code == 303
    rooms = {}
    for member in story.members():
        client = rooms[member.label] = enter(story.person_actor(member))
        letter = client.get(f"/expert/invitations/{member.id}").get_data(as_text=True)
        assert "泵站" not in letter and code not in letter
        assert client.post(f"/expert/invitations/{member.id}/accept").status_code == 303
        assert client.post(f"/expert/invitations/{member.id}/sign-in").location.endswith(f"/expert/{code}")
        assert client.post(f"/expert/{code}/declare", data={"discipline": "yes"}).status_code == 422
        assert client.post(f"/expert/{code}/declare", data={"discipline": "yes", "no_reason": "yes"}).status_code == 303
    for client in rooms.values():
        assert client.post(f"/expert/{code}/leader", data={"choice": "M2"}).status_code == 303
        for number in range(1, 6):
            made = {"R1": "pass", "R2": "fail" if number == 5 else "pass", "control_price": "pass"}
            missing = client.post(f"/expert/{code}/conformity/{number}", data=made)
            assert missing.status_code == (422 if number == 5 else 303)
            if number == 5:
                assert "须写明理由" in missing.get_data(as_text=True)
                made["R2-reason"] = "资质证书已过有效期（第 12 页）"
                assert client.post(f"/expert/{code}/conformity/{number}", data=made).status_code == 303
    assert rooms["M1"].post(f"/expert/{code}/begin-scoring").status_code == 422
    assert rooms["M2"].post(f"/expert/{code}/begin-scoring").status_code == 303
    for client in rooms.values():
        for number in range(1, 5):
            wrong = client.post(f"/expert/{code}/score/{number}", data={"T1": "21"})
            assert wrong.status_code == 422 and "应在 0 至 20 之间" in wrong.get_data(as_text=True)
            typed = client.post(f"/expert/{code}/score/{number}", data={"T1": "15.5"}, headers={"HX-Request": "true"})
            assert typed.status_code == 200 and "已评 1 / 4" in typed.get_data(as_text=True)
            sheet = {"T1": str(20 - 2 * number), "T2": "12", "Q1": "8", "Q2": "3", "then": "lock"}
            assert client.post(f"/expert/{code}/score/{number}", data=sheet).status_code == 303
    assert rooms["M2"].post(f"/expert/{code}/lock").status_code == 303
    assert rooms["M2"].post(f"/expert/{code}/report").status_code == 303
    page = rooms["M1"].get(f"/expert/{code}/report").get_data(as_text=True)
    with story.platform.reading() as session:
        sha256 = story.committee(session).report_sha256
        order = [member.label for member in queries.signers(session, story.committee(session))]
    assert sha256 in page and order[-1] == "M2"
    assert rooms["M2"].post(f"/expert/{code}/sign", data={"report_sha256": sha256}).status_code == 422
    for label in order:
        assert rooms[label].post(f"/expert/{code}/sign", data={"report_sha256": sha256}).status_code == 303
    assert rooms["M2"].post(f"/expert/{code}/deliver").status_code == 303
    with story.platform.reading() as session:
        assert story.section(session).state == "evaluated"


def test_from_candidates_to_award_over_http(story: Story, enter: Callable[[Actor | None], Any]) -> None:
    """Publish, object, answer, end, award by forms. Sabotage: award without the typed phrase: red."""
    story.to_delivered({5: "R2"})
    code = story.code
    tenderee = enter(story.actor(Role.TENDEREE))
    assert tenderee.get(f"/tender/{code}/award").status_code == 200
    assert enter(None).get(f"/sections/{code}/candidates").status_code == 404
    assert tenderee.post(f"/tender/{code}/award/candidates").status_code == 303
    public = enter(None).get(f"/sections/{code}/candidates").get_data(as_text=True)
    assert "宏远市政建设有限公司" in public and "项目经理1" in public
    second, rejected = enter(story.bidder_actor(2)), enter(story.bidder_actor(5))
    with story.platform.reading() as session:
        ranking = story.committee(session).result["ranking"]
    own = second.get(f"/bid/{code}/result").get_data(as_text=True)
    assert [row["total"] in own for row in ranking] == [row["number"] == 2 for row in ranking]
    assert "第 5 号不符合R2" in rejected.get(f"/bid/{code}/result").get_data(as_text=True)
    assert enter(story.actor(Role.BIDDER)).get(f"/bid/{code}/result").status_code == 404
    assert second.post(f"/bid/{code}/result", data={"text": ""}).status_code == 422
    assert second.post(f"/bid/{code}/result", data={"text": "第一名业绩不实，请核查。"}).status_code == 303
    assert "已暂停，期限顺延" in enter(None).get(f"/sections/{code}/candidates").get_data(as_text=True)
    assert tenderee.post(f"/tender/{code}/award/objections/1", data={"answer": ""}).status_code == 422
    answered = tenderee.post(
        f"/tender/{code}/award/objections/1", data={"answer": "经核查属实，评审结果不变。", "outcome": "dismissed"}
    )
    assert answered.status_code == 303
    from awards.queries import publicity_of

    with story.platform.reading() as session:
        ends = publicity_of(session, code).ends_at
    story.clock.move_to(ends)
    tenderee = enter(story.actor(Role.TENDEREE))
    assert tenderee.post(f"/tender/{code}/award/end").status_code == 303
    assert tenderee.post(f"/tender/{code}/award", data={"number": "1"}).status_code == 422
    wrong = tenderee.post(f"/tender/{code}/award", data={"number": "2", "confirmation": code})
    assert wrong.status_code == 422 and "排名第一" in wrong.get_data(as_text=True)
    assert tenderee.post(f"/tender/{code}/award", data={"number": "1", "confirmation": code}).status_code == 303
    assert "宏远市政建设有限公司" in enter(None).get(f"/sections/{code}/award").get_data(as_text=True)
    assert enter(None).get(f"/sections/{code}/result.json").get_json()["type"] == "sunbid-result/v1"


def test_the_operator_keeps_the_pool(story: Story, enter: Callable[[Actor | None], Any]) -> None:
    """Import with every bad line named, status with a reason. Sabotage: open to officers: red."""
    story.add_experts(2)
    operator = enter(story.actor(Role.OPERATOR))
    table = "code,login,name,specialities,region\nZJ-9,new.expert,新专家,A08,33\n"
    bad = operator.post("/ops/experts/import", data={"file": (io.BytesIO(table.encode()), "x.csv")})
    assert bad.status_code == 422 and "2: region" in bad.get_data(as_text=True)
    good = operator.post(
        "/ops/experts/import",
        data={"file": (io.BytesIO(table.replace(",33\n", ",330100\n").encode("gb18030")), "x.csv")},
    )
    assert good.status_code == 303
    assert "新专家" in operator.get("/ops/experts?q=新专").get_data(as_text=True)
    assert operator.post("/ops/experts/ZJ-9/status", data={"status": "training", "reason": ""}).status_code == 422
    sent = operator.post("/ops/experts/ZJ-9/status", data={"status": "training", "reason": "年审未过，须先培训"})
    assert sent.status_code == 303
    alone = operator.post("/ops/experts/ZJ-9/status", data={"status": "suspended", "reason": "年审未过"})
    assert alone.status_code == 422 and "两人决定" in alone.get_data(as_text=True)
    for role in (Role.OFFICER, Role.AGENT, Role.EXPERT):
        assert enter(story.actor(role)).get("/ops/experts").status_code == 403


def test_a_bids_files_are_for_declared_members_only(story: Story, enter: Callable[[Actor | None], Any]) -> None:
    """Sabotage: bid_file without the declaration or the bid's own list: red."""
    story.to_drawn()
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        stored = act.store.put("施工组织设计".encode())
        loose = act.store.put(b"something else")
        bid = queries.bids_in_evaluation(act.session, story.section(act.session))[0]
        bid.envelopes = {"technical": {"files": [
            {"slot": "proposal", "name": "技术标.pdf", "sha256": stored.sha256, "size": stored.size}]}}  # fmt: skip
    path = f"/expert/{story.code}/files/1/{stored.sha256}"
    with story.as_member("M1") as act:
        services.accept(act, story.seat_of(act, "M1"))
        services.sign_in(act, story.seat_of(act, "M1"))
    first = enter(story.person_actor(story.members()[0]))
    assert first.get(path).status_code == 404
    with story.as_member("M1") as act:
        services.declare(act, story.seat_of(act, "M1"))
    got = first.get(path)
    assert got.status_code == 200 and got.data.decode() == "施工组织设计"
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert first.get(f"/expert/{story.code}/files/1/{loose.sha256}").status_code == 404
    assert first.get(f"/expert/{story.code}/files/2/{stored.sha256}").status_code == 404
    for who, actor in people_of(story).items():
        if who not in ("M1",):
            assert enter(actor).get(path).status_code in (302, 303, 401, 403, 404), who


def test_a_stranger_never_enters_a_room(story: Story, enter: Callable[[Actor | None], Any]) -> None:
    """The seat is asked in the query. Sabotage: own_member without the person: red."""
    story.to_scoring()
    outsider = enter(story.actor(Role.EXPERT))
    for page in ("", "/conformity", "/conformity/1", "/scores", "/score/1", "/compare/T1", "/result", "/report"):
        assert outsider.get(f"/expert/{story.code}{page}").status_code == 404, page
    for verb in (
        "declare",
        "avoid",
        "leader",
        "begin-scoring",
        "reject-all",
        "score/1",
        "lock",
        "report",
        "sign",
        "deliver",
    ):
        answer = outsider.post(
            f"/expert/{story.code}/{verb}",
            data={"reason": "理由理由理由理由理由", "choice": "M1", "discipline": "yes", "no_reason": "yes"},
        )
        assert answer.status_code == 404, verb

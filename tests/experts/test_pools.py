"""Pools as they live: tables in and out, several pools with owners, terms, training, limits asked of candidates."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules import Role
from core.errors import Conflict, Invalid, Missing
from experts import queries, rules, services
from experts.cli import experts as command
from experts.rules import Constraints
from tests import factories
from tests.experts.story import Story

DAY = date(2026, 12, 31)
HEADER = "code,login,name,specialities,region,employers,shareholdings,relatives,status,term_until,training\n"
GOOD = HEADER + "ZJ-001,wang.min,王敏,A08；A03,330100,东南大学|||,,李四|配偶||,,2027-12-31,廉政培训|2026-03-01|8\n"


def found(story: Story, code: str, region: str = "330100", number: int = 950) -> None:
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        owner = factories.organisation(act, number, f"{code} 主管单位")
        services.found_pool(act, code=code, name=f"{code} 专家库", region=region, owner=owner)


words = st.text("王敏东南大学ABc=+-@'9 ", min_size=1, max_size=8).map(str.strip).filter(lambda text: text.strip("' "))
entries = {
    "employers": {
        "name": words, "identifier": st.none(), "from": st.none(), "until": st.sampled_from([None, "2025-01-31"]),
    },
    "shareholdings": {"name": words, "identifier": st.none(), "kind": st.none()},
    "relatives": {"name": words, "relation": st.none(), "organisation": words, "identifier": st.none()},
    "training": {"name": words, "on": st.sampled_from(["2026-01-01"]), "hours": st.sampled_from(["8"])},
}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from([rules.write_csv, rules.write_workbook]))
def test_what_is_written_is_read_back_the_same(data: st.DataObject, write: Callable[[Any], bytes]) -> None:
    """Seen red: without the apostrophe a name that begins with = came back as a formula, and was refused."""
    expert = {
        "code": "ZJ-001", "login": "wang.min", "name": data.draw(words), "specialities": ["A08", "给水排水"],
        "region": "330100", "status": "suspended", "term_until": data.draw(st.sampled_from([None, "2027-01-01"])),
        **{name: data.draw(st.lists(st.fixed_dictionaries(parts), max_size=2)) for name, parts in entries.items()},
    }  # fmt: skip
    row = {
        **{name: expert[name] or "" for name in ("code", "login", "name", "region", "status", "term_until")},
        "specialities": ";".join(expert["specialities"]),
        **{name: rules.joined(expert[name], name) for name in entries},
    }
    assert rules.read_experts(write([row])) == [expert]


def test_a_workbook_from_a_spreadsheet_is_read_with_numbers_and_days() -> None:
    """Seen red: a day with its time."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["编号", "登录名", "姓名", "专业", "地区", "聘期至"])
    book.active.append(["ZJ-001", "wang.min", "王敏", "A08", 330100.0, DAY])
    book.active.append([None] * 6)
    content = io.BytesIO()
    book.save(content)
    row = rules.read_experts(content.getvalue())[0]
    assert (row["region"], row["term_until"], row["status"]) == ("330100", "2026-12-31", "active")


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("code", "zj 1", "code"), ("login", "", "login"), ("name", "", "name"), ("name", "王" * 101, "name"),
        ("specialities", "；", "specialities"), ("region", "33", "region"),
        ("region", "３３０１００", "region"),
        ("employers", "东南大学||2019-13-01|", "employers"), ("employers", "|甲", "employers"),
        ("relatives", "a|b|c|d|e", "relatives"), ("status", "odd", "status"),
        ("term_until", "2026-02-30", "term_until"),
        ("training", "廉政|昨天|8", "training"), ("name", '=HYPERLINK("x")', "cell"), ("name", "王\x07敏", "cell"),
    ],
)  # fmt: skip
def test_every_bad_row_is_named_with_its_reason_and_nothing_is_taken(
    story: Story, column: str, cell: str, reason: str
) -> None:
    """All or nothing. Seen red: each check of `_row` taken out in turn."""
    good = dict(zip(HEADER.strip().split(","), ["ZJ-001", "wang.min", "王敏", "A08", "330100", *[""] * 6], strict=True))
    table = rules.write_csv([good, {**good, "code": "ZJ-002", "login": "li.si", column: cell}])
    if reason == "cell" and cell.startswith("="):
        table = table.replace(b"'=", b"=")
    with pytest.raises(Invalid) as refusal, story.platform.act(story.actor(Role.OPERATOR)) as act:
        services.import_experts(act, table)
    assert refusal.value.code == "pool.rows"
    assert [(row["line"], reason in row["reasons"]) for row in refusal.value.facts["rows"]] == [(3, True)]
    with story.platform.reading() as session:
        assert queries.experts(session) == []


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
        package.writestr("xl/worksheets/sheet1.xml", "0" * 80_000_000)
    return out.getvalue()


def hollow() -> bytes:
    """A package that has everything but a sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("xl/workbook.xml", "<workbook/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (hollow, "pool.unreadable"),
        (b"PK\x03\x04 no package", "pool.unreadable"), (bomb, "pool.unreadable"), (b"\xff\xff\xff", "pool.unreadable"),
        (b'a,b\n"open', "pool.unreadable"), (b"x,y\n1,2\n", "pool.header"), (b"", "pool.header"),
        (HEADER.encode(), "pool.empty"), (GOOD.encode("gb18030"), ""),
    ],
)  # fmt: skip
def test_files_that_are_no_tables_are_refused(table: Any, code: str) -> None:
    """Seen red: without the list of what a library may raise on a broken package, it went through as a crash."""
    content = table() if callable(table) else table
    if not code:
        assert rules.read_experts(content)[0]["name"] == "王敏"
        return
    with pytest.raises(Invalid) as refusal:
        rules.read_experts(content)
    assert refusal.value.code == code


def test_an_upload_has_fewer_rows_than_a_command(story: Story) -> None:
    """Seen red: `most` not handed on."""
    with pytest.raises(Invalid, match=r"pool\.size"), story.platform.act(story.actor(Role.OPERATOR)) as act:
        services.import_experts(act, GOOD + GOOD.splitlines()[1].replace("ZJ-001,wang.min", "ZJ-002,li.si"), most=1)


def test_the_command_takes_tables_in_and_out(story: Story, tmp_path: Path) -> None:
    """Seen red: the pool's code not handed to the service."""
    found(story, "ZJ")
    (tmp_path / "in.csv").write_text(GOOD, encoding="utf-8")
    run = CliRunner()
    assert run.invoke(command, ["import", str(tmp_path / "in.csv"), "--pool", "ZJ"], obj=story.platform).exit_code == 0
    assert run.invoke(command, ["pools"], obj=story.platform).stdout.startswith("ZJ\t1\t330100")
    for name in ("out.csv", "out.xlsx"):
        assert run.invoke(command, ["export", str(tmp_path / name)], obj=story.platform).stdout == "1\n"
        row = rules.read_experts((tmp_path / name).read_bytes())[0]
        assert row["training"] == [{"name": "廉政培训", "on": "2026-03-01", "hours": "8"}]
        assert row["relatives"][0]["relation"] == "配偶"


def test_pools_have_owners_and_codes_of_their_own(story: Story) -> None:
    """R-311. Seen red: founding twice under one code."""
    found(story, "ZJ")
    with pytest.raises(Conflict, match=r"pool\.exists"):
        found(story, "ZJ", number=951)
    with story.platform.reading() as session, pytest.raises(Missing):
        queries.expert_pool(session, "JS")


def into(story: Story, code: str, experts: list[str]) -> None:
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        pool = queries.expert_pool(act.session, code)
        for name in experts:
            queries.expert(act.session, name).pool = pool


def request(story: Story, **more: Any) -> None:
    with story.platform.act(story.actor(Role.AGENT)) as act:
        services.request_committee(
            act, story.section(act.session), seats=[("A08", 4)], size=5, representatives=1,
            meets_at=story.clock.now() + timedelta(hours=1), **more,
        )  # fmt: skip


def excluded(story: Story) -> dict[str, list[str]]:
    """Reasons by pool code, of the last draw."""
    with story.platform.reading() as session:
        last = story.committee(session).rounds[-1]
        return {last["codes"][row["candidate"]]: row["reasons"] for row in last["excluded"]}


def test_a_draw_keeps_to_the_pools_asked_for_and_is_widened_with_a_reason(story: Story) -> None:
    """R-312: neighbours are suggested and added before the freeze. Seen red: eligible experts of every pool."""
    story.open_section()
    near, far = story.add_experts(3), story.add_experts(14, first=50)
    found(story, "ZJ")
    found(story, "JS", "320100", 951)
    into(story, "ZJ", near)
    into(story, "JS", far)
    request(story, pools=["ZJ"])
    story.announce()
    story.commit()
    with pytest.raises(Invalid, match=r"pool\.short"):
        story.freeze()
    with story.platform.reading() as session:
        suggested = queries.neighbour_pools(session, story.committee(session), story.clock.now())
        assert [(pool.code, count) for pool, count in suggested] == [("JS", 14)]
    with story.platform.act(story.actor(Role.OFFICER)) as act:
        held = story.committee(act.session)
        for named in ([], ["ZJ"]):
            with pytest.raises(Invalid, match=r"committee\.pools"):
                services.widen_pools(act, held, named, "本库专家不足")
        services.widen_pools(act, held, ["JS"], "本库专家不足")
    story.freeze()
    with story.platform.reading() as session:
        assert set(story.committee(session).rounds[-1]["codes"].values()) == {*near, *far}
    with pytest.raises(Conflict), story.platform.act(story.actor(Role.OFFICER)) as act:
        services.widen_pools(act, story.committee(act.session), ["JS"], "冻结之后")
    story.reveal()
    assert len(story.members()) == 4


def test_region_cap_and_term_keep_experts_out_with_their_reasons(story: Story) -> None:
    """Seen red: each of the three reasons left out of `bars_to`."""
    story.open_section()
    codes = story.add_experts(10)
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        queries.expert(act.session, codes[0]).region = "110000"
        services.renew_term(act, queries.expert(act.session, codes[1]), story.clock.now().date() - timedelta(days=2))
        services.renew_term(act, queries.expert(act.session, codes[2]), story.clock.now().date() + timedelta(days=2))
    request(story, limits=Constraints(("33",), 1))
    story.draw()
    assert excluded(story) == {codes[0]: ["region"], codes[1]: ["term"]}
    seated = {member.expert_id for member in story.members()}
    other = Story(story.platform, story.clock, code="BJ-2026-002-01")
    other.open_section()
    other.meets_at = story.clock.now() + timedelta(days=3)
    with story.platform.act(story.actor(Role.AGENT)) as act:
        services.request_committee(
            act, other.section(act.session), seats=[("A08", 4)], size=5, representatives=1, meets_at=other.meets_at,
            limits=Constraints((), 1),
        )  # fmt: skip
    other.announce()
    other.commit()
    other.freeze()
    with story.platform.reading() as session:
        capped = {queries.expert(session, code).id for code, why in excluded(other).items() if why == ["cap"]}
    assert capped == seated


def test_a_page_of_the_pool_is_what_looking_at_everybody_gives(story: Story) -> None:
    """By SQL, so that a pool of a million answers; whole words of a list only, and % finds no wildcard.

    Seen red: `A08` found who holds only `A0801`; the speciality's quotes left out; `%` found everybody.
    """
    story.add_experts(9)
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        for code, held in (("ZJ-0001", ["A0801"]), ("ZJ-0002", ['给水"排水', "50%"]), ("ZJ-0004", ["a_b"])):
            queries.expert(act.session, code).specialities = held
    with story.platform.reading() as session:
        everybody = queries.experts(session)
        for speciality in ("A08", "A0801", "A080", '给水"排水', "50%", "5", "a_b", "axb", "%"):
            wanted = [one.code for one in everybody if speciality in one.specialities]
            found, count = queries.find_experts(
                session, words="", speciality=speciality, status="", pools=(), limit=100
            )  # fmt: skip
            assert ([one.code for one in found], count) == (wanted, len(wanted)), speciality
        found, count = queries.find_experts(session, words="专家00", speciality="A08", status="", pools=(), limit=2)
        assert ([one.code for one in found], count) == (["ZJ-0003", "ZJ-0005"], 6)
        assert queries.find_experts(session, words="%", speciality="", status="", pools=(), limit=2) == ([], 0)
        assert queries.count_by_status(session) == {"active": 9}
        assert {one.code for one in queries.eligible_experts(session, {"A0801", "50%"})} == {"ZJ-0001", "ZJ-0002"}


def test_training_is_added_and_never_taken_away(story: Story) -> None:
    """Seen red: the list replaced by the new entry."""
    code = story.add_experts(1)[0]
    with story.platform.act(story.actor(Role.OPERATOR)) as act:
        for hours in ("4", "8"):
            services.record_training(act, queries.expert(act.session, code), name="电子评标", on=DAY, hours=hours)
    with story.platform.reading() as session:
        assert [one["hours"] for one in queries.expert(session, code).training] == ["4", "8"]


def test_specialities_are_named_as_far_as_the_classification_is_known() -> None:
    """Every entry is cited. Seen red: a deeper code named by nothing."""
    names = [rules.speciality_name(code) for code in ("A08", "A0801", "B13", "给水排水", "A8X")]
    assert names == ["A08 工程施工", "A0801 工程施工", "B13 货物", "给水排水", "A8X"]
    assert all("1538" in one.source and one.trust == "V2" for one in rules.classification().values())


def test_an_operator_keeps_pools_on_the_pages(story: Story, enter: Callable[[Any], Any]) -> None:
    """Every page and form of the pools, wrong input too. Seen red: an owner nobody registered was taken."""
    found(story, "ZJ")
    browser = enter(story.actor(Role.OPERATOR))
    wrong = {"code": "js", "name": "江苏库", "region": "320000", "owner": "无此单位"}
    assert browser.post("/ops/pools", data=wrong).status_code == 422
    answer = browser.post("/ops/pools", data={**wrong, "code": "JS"})
    assert answer.status_code == 422 and "无此单位" in answer.text
    with story.platform.reading() as session:
        owner = queries.expert_pool(session, "ZJ").owner.identifier
    assert browser.post("/ops/pools", data={**wrong, "code": "JS", "owner": owner}).status_code == 303
    assert "江苏库" in browser.get("/ops/pools").text
    sent = {"file": (io.BytesIO(GOOD.encode()), "in.csv"), "pool": "JS"}
    assert browser.post("/ops/experts/import", data=sent, content_type="multipart/form-data").status_code == 303
    assert "王敏" in browser.get("/ops/experts?pool=JS").text and "王敏" not in browser.get("/ops/experts?pool=ZJ").text
    assert "A08 工程施工" in browser.get("/ops/experts/ZJ-001").text
    for address, data in (
        ("term", {"until": "2026-02-30"}), ("training", {"name": "x", "on": "2026-01-01", "hours": "0"}),
    ):  # fmt: skip
        assert browser.post(f"/ops/experts/ZJ-001/{address}", data=data).status_code == 422
    assert browser.post("/ops/experts/ZJ-001/term", data={"until": "2020-01-01"}).status_code == 303
    done = browser.post("/ops/experts/ZJ-001/training", data={"name": "电子评标", "on": "2026-01-01", "hours": "8"})
    assert done.status_code == 303
    page = browser.get("/ops/experts/ZJ-001").text
    assert "已届满" in page and "电子评标" in page
    for kind in ("csv", "xlsx"):
        answer = browser.post("/ops/experts/export", data={"kind": kind})
        assert rules.read_experts(answer.data)[0]["name"] == "王敏" and answer.headers["Cache-Control"] == "no-store"
    assert browser.post("/ops/experts/export", data={"kind": "exe"}).status_code == 422


def test_the_pages_ask_for_pools_and_widen_them(story: Story, enter: Callable[[Any], Any]) -> None:
    """From the request to R-312's way out. Seen red: the form's pools not read."""
    story.open_section()
    found(story, "ZJ")
    found(story, "JS", "320100", 951)
    into(story, "ZJ", story.add_experts(3))
    into(story, "JS", story.add_experts(14, first=50))
    address = f"/tender/{story.code}/committee"
    form = {
        "size": "5", "representatives": "1", "speciality-1": "A08", "count-1": "4", "meets_at": "2027-01-05T09:00",
        "hours": "8", "pools": "ZJ", "regions": "33 32", "most_seats": "6",
    }  # fmt: skip
    agent, officer = enter(story.actor(Role.AGENT)), enter(story.actor(Role.OFFICER))
    assert agent.post(address, data={**form, "regions": "浙江"}).status_code == 422
    assert agent.post(address, data=form).status_code == 303
    with story.platform.reading() as session:
        shape = story.committee(session).shape
    assert (shape["pools"], shape["limits"]) == (["ZJ"], {"regions": ["33", "32"], "most_seats": 6})
    assert "JS 专家库：14 名符合条件" in officer.get(address).text
    assert officer.post(f"{address}/pools", data={"pools": "JS", "reason": "本库专家不足"}).status_code == 303
    with story.platform.reading() as session:
        assert story.committee(session).shape["pools"] == ["ZJ", "JS"]

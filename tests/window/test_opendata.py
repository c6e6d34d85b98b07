"""Open data: releases and records that pass their checks, nothing before its time, a feed without gaps."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bidding import queries as bidding
from bidding import services as bidding_services
from bidding.models import Section
from bidding.rules import turnstile
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.ledger.log import LedgerEntry, append
from opening import services as hall
from tests.awards.test_awards import award, end, publicity, publish
from tests.conftest import Browser
from tests.experts.story import Story
from tests.opening.stage import TRUSTEES, Stage
from window import queries
from window.cli import open_data
from window.rules import national, ocds
from window.rules.schema import additional, faults, official_faults, release_faults

JOINT: list[dict[str, Any]] = [
    {"name": "甲公司", "uscc": "91330101A", "role": "lead", "share": 6000, "work": "土建"},
    {"name": "丙公司", "uscc": "91330103A", "role": "member", "share": 4000, "work": "安装"},
]
FACTS: dict[str, Any] = {
    "code": "E330100-1", "name": "泵站工程", "regime": "T", "category": "works", "procedure": "open",
    "region": "330100", "description": "新建泵站一座", "funding": "财政资金", "is_mandatory": True, "attempt": 1,
    "tenderee": {"identifier": "91330100A", "name": "水务集团"}, "agent": None, "leaf": 9,
    "at": "2026-10-08T01:00:00.000000Z",
    "sections": [
        {
            "code": "E330100-1-001", "name": "一标段", "state": "awarded", "estimate_fen": 10_000_000_01,
            "control_price_fen": 9_000_000_00, "duration_days": 90, "published_at": "2026-09-01T01:00:00.000000Z",
            "documents_until_at": None, "deadline_at": "2026-10-01T01:30:00.000000Z", "closed_at": None,
            "notices": [{"number": "GG2026-00001", "kind": "tender", "title": "招标公告",
                         "published_at": "2026-09-01T01:00:00.000000Z", "replaces": None,
                         "attachments": [], "leaf": 3}],
            "clarifications": [{"number": 1, "text": "工期改为 90 日", "published_at": "2026-09-05T01:00:00.000000Z",
                                "deadline_at": "2026-10-01T01:30:00.000000Z"}],
            "bids": [{"number": 1, "name": "甲公司", "identifier": "91330101A", "consortium": JOINT,
                      "state": "opened_by_bidder", "received_at": "2026-09-30T01:00:00.000000Z", "opened": True,
                      "price_fen": 8_000_000_50},
                     {"number": 2, "name": "乙公司", "identifier": "91330102A", "consortium": [],
                      "state": "deemed_withdrawn", "received_at": "2026-09-30T02:00:00.000000Z", "opened": False,
                      "price_fen": None}],
            "candidates": [1], "unranked": False, "set_aside": [], "leaf": 9, "at": "2026-10-08T01:00:00.000000Z",
            "award": {"number": 1, "name": "甲公司", "identifier": "91330101A", "consortium": JOINT,
                      "price_fen": 8_000_000_50, "at": "2026-10-08T01:00:00.000000Z", "notice": "GG2026-00002"},
            "contract": None,
        }
    ],
}  # fmt: skip


def packed(facts: dict[str, Any]) -> dict[str, Any]:
    made = ocds.release(facts, prefix="ocds-000000", method="公开招标", address=lambda one: f"https://x.test/{one}")
    return ocds.package(
        [made], uri="https://x.test/a.json", publisher="x", published_at=facts["at"], licence="https://l.x/"
    )


def test_a_release_passes_its_schema_and_says_the_amounts() -> None:
    """Of the consortium that won both members are tenderers and suppliers. Seen red: with its lead alone told."""
    made = packed(FACTS)
    assert faults(made, "ocds") == [] and official_faults(made) == []
    (told,) = made["releases"]
    assert told["tag"] == ["tender", "award"] and told["tender"]["status"] == "complete"
    assert told["bids"]["details"][0]["value"] == {"amount": 8000000.5, "currency": "CNY"}
    assert told["bids"]["details"][1]["status"] == "withdrawn" and "value" not in told["bids"]["details"][1]
    assert told["awards"][0]["relatedBid"] == "E330100-1-001-1"
    assert additional(told) == {"tender/lots/tenderPeriod"}
    both = [{"id": "CN-USCC-91330101A", "name": "甲公司"}, {"id": "CN-USCC-91330103A", "name": "丙公司"}]
    assert told["awards"][0]["suppliers"] == told["bids"]["details"][0]["tenderers"] == both
    assert told["tender"]["numberOfTenderers"] == 3 and told["bids"]["statistics"][0]["value"] == 2
    assert next(one for one in told["parties"] if one["name"] == "丙公司")["roles"] == ["tenderer", "supplier"]
    assert {role for party in told["parties"] for role in party["roles"]} == {
        "buyer", "procuringEntity", "tenderer", "supplier",
    }  # fmt: skip


def test_a_contract_stands_under_its_award_with_what_was_published_of_it() -> None:
    """Its notices are its documents, not the tender's. Seen red: with the changes left out of its value."""
    facts = copy.deepcopy(FACTS)
    (section,) = facts["sections"]
    for number, kind in enumerate(("contract", "contract_change", "contract_end"), 3):
        section["notices"].append({**section["notices"][0], "number": f"GG2026-0000{number}", "kind": kind})
    section["contract"] = {
        "number": 1, "concluded_at": "2026-10-20T01:00:00.000000Z", "price_fen": 8_000_000_50, "duration_days": 90,
        "changes": [{"notice": "GG2026-00004", "at": "2026-10-25T01:00:00.000000Z", "text": "增加一台水泵",
                     "amount_fen": 100_000_00}],
        "ended": {"notice": "GG2026-00005", "reason": "规划调整"},
    }  # fmt: skip
    made = packed(facts)
    assert faults(made, "ocds") == [] and official_faults(made) == []
    (told,) = made["releases"]
    (contract,) = told["contracts"]
    assert told["tag"] == ["tender", "award", "contract", "contractTermination"]
    assert contract["awardID"] == told["awards"][0]["id"] and contract["status"] == "terminated"
    assert contract["value"] == {"amount": 8_100_000.5, "currency": "CNY"}
    assert [one["documentType"] for one in contract["documents"]] == [
        "contractNotice", "contractAnnexe", "cancellationDetails",
    ]  # fmt: skip
    assert len(told["tender"]["documents"]) == 1
    section["contract"] |= {"ended": None, "changes": []}
    assert packed(facts)["releases"][0]["contracts"][0]["status"] == "active"


BREAKS = {
    "ocid": "x-1", "date": "2026-10-08 01:00", "tag": ["sold"], "parties": [], "language": "中文", "initiationType": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_the_schema_finds_what_is_broken(name: str) -> None:
    """Seen red: with the checker returning after the first property."""
    made = copy.deepcopy(packed(FACTS))
    made["releases"][0][name] = BREAKS[name]
    assert any(f"/releases/0/{name}" in fault for fault in faults(made, "ocds"))
    del made["releases"][0][name]
    made["releases"][0]["tender"]["lots"][0]["colour"] = "blue"
    found = faults(made, "ocds")
    assert f"/releases/0: {name} is missing" in found and "/releases/0/tender/lots/0: colour is unknown" in found


@pytest.mark.parametrize("name", ["ocid", "date", "tag", "parties", "initiationType"])
def test_the_official_schemas_find_what_is_broken(name: str) -> None:
    """Also a package without its publisher, an amount that is text, and a language suffix of another kind."""
    made = copy.deepcopy(packed(FACTS))
    made["releases"][0][name] = {"parties": {}, "ocid": ""}.get(name, BREAKS.get(name))
    assert any(f"/releases/0/{name}" in fault for fault in official_faults(made))
    made = copy.deepcopy(packed(FACTS))
    made["releases"][0]["tender"]["value"]["amount"] = "many"
    made["releases"][0]["tender"]["title_en"] = 3
    del made["publisher"]
    found = official_faults(made)
    assert "/: publisher is missing" in found and any("/tender/title_en" in one for one in found)
    assert any("/tender/value/amount" in one for one in found)


WRONG_BY_EXTENSION: dict[str, tuple[list[str | int], Any]] = {
    "/bids/details/0/status: 'sold'": (["bids", "details", 0, "status"], "sold"),
    "/bids/details/0/relatedLots/0: int": (["bids", "details", 0, "relatedLots"], [1]),
    "/bids/details/1/date": (["bids", "details", 1, "date"], "yesterday"),
    "/bids/statistics/0: value is missing": (["bids", "statistics", 0], {"id": "1", "measure": "bids"}),
    "/tender/lots/0/status: 'open'": (["tender", "lots", 0, "status"], "open"),
    "/tender/lots/0: id is missing": (["tender", "lots", 0], {"title": "一标段"}),
    "/tender/documents/0/relatedLots: str": (["tender", "documents", 0, "relatedLots"], "001"),
    "/awards/0/relatedBid: list": (["awards", 0, "relatedBid"], ["001-1"]),
}


@pytest.mark.parametrize("fault", WRONG_BY_EXTENSION)
def test_the_schemas_of_the_extensions_find_what_is_broken(fault: str) -> None:
    """Bids and lots are checked by their own official schemas. Seen red: with the extensions not merged in."""
    (told,) = copy.deepcopy(packed(FACTS))["releases"]
    way, value = WRONG_BY_EXTENSION[fault]
    held: Any = told
    for step in way[:-1]:
        held = held[step]
    held[way[-1]] = value
    (found,) = release_faults(told)
    assert found.startswith(fault)


def test_a_file_of_releases_is_checked_from_the_terminal_without_a_server(tmp_path: Any) -> None:
    """Package or lines; faults are named by place, fields nobody defines are told. Seen red: with 0 for a fault."""
    package = packed(FACTS)
    (told,) = package["releases"]
    good, lines = tmp_path / "package.json", tmp_path / "2026.jsonl"
    good.write_text(json.dumps(package))
    told["tender"]["lots"][0]["colour"] = "blue"
    lines.write_text(json.dumps(told) + "\n\n" + json.dumps({**told, "ocid": 1}) + "\n{\n")
    done = CliRunner().invoke(open_data, ["check", str(good)])
    assert done.exit_code == 0 and "1 releases, 0 faults" in done.output and "tender/lots/tenderPeriod" in done.output
    done = CliRunner().invoke(open_data, ["check", str(good), str(lines), "--json"])
    assert done.exit_code == 1
    first, second = json.loads(done.output)
    assert (first["releases"], first["faults"]) == (1, []) and second["releases"] == 2
    assert second["additional"] == ["tender/lots/colour", "tender/lots/tenderPeriod"]
    assert second["faults"] == ["line 3/ocid: int is not string", "line 4: no JSON object"]


def contracted() -> dict[str, Any]:
    """The facts once the contract was changed and ended, a complaint decided, and once it had stood still."""
    facts = copy.deepcopy(FACTS)
    (section,) = facts["sections"]
    section["closed_at"] = section["deadline_at"]
    for number, kind in enumerate(("contract", "contract_change", "contract_end", "order", "complaint_decision"), 3):
        section["notices"].append({**section["notices"][0], "number": f"GG2026-0000{number}", "kind": kind})
    section["contract"] = {
        "number": 1, "concluded_at": "2026-10-20T01:00:00.000000Z", "price_fen": 8_000_000_50, "duration_days": 90,
        "changes": [{"notice": "GG2026-00004", "at": "2026-10-25T01:00:00.000000Z", "text": "减少一台水泵\n其余不变",
                     "amount_fen": -100_000_05}],
        "ended": {"notice": "GG2026-00005", "reason": "规划调整"},
    }  # fmt: skip
    return facts


def test_what_came_after_the_award_and_what_went_wrong_are_records_too() -> None:
    """R-901. Seen red: with the changes of a contract left out."""
    facts = contracted()

    def made(group: str, of: dict[str, Any] = facts) -> list[dict[str, str]]:
        return national.records(of, group, method="", address=lambda one: f"https://x.test/{one}")

    (contract,), changes = made("contract"), made("contract_change")
    assert (contract["CONTRACT_PRICE"], contract["WIN_BIDDER_CODE"]) == ("8000000.50", "91330101A")
    assert [one["CHANGE_KIND"] for one in changes] == ["变更", "终止"] and changes[0]["CHANGE_AMOUNT"] == "-100000.05"
    assert [one["ABNORMITY_KIND"] for one in made("abnormity")] == ["责令暂停"] and len(made("complaint")) == 1
    assert made("opening")[0]["BIDDER_COUNT"] == "2" and made("contract", FACTS) == []
    facts["sections"][0]["bids"] = None
    assert made("opening") == [], "not before the names are public"
    assert set(national.groups()) - set(national.standard_groups()) == {
        "clarification", "opening", "contract", "contract_change", "abnormity", "complaint",
    }  # fmt: skip


def test_records_of_the_national_dataset_pass_their_checks() -> None:
    for group in national.groups():
        made = national.records(contracted(), group, method="公开招标", address=lambda one: f"https://x.test/{one}")
        assert made and [national.record_faults(one, group) for one in made] == [[]] * len(made), group
    (won,) = national.records(FACTS, "win_result", method="公开招标", address=str)
    assert (won["BID_AMOUNT"], won["PRICE_UNIT"]) == ("8000000.50", "元")
    assert "BID_PRICE" not in national.records(FACTS, "bidder", method="", address=str)[1]
    named = "甲公司（联合体牵头人）、丙公司（联合体成员）"
    assert (won["WIN_BIDDER_NAME"], won["WIN_BIDDER_CODE"]) == (named, "91330101A")
    assert {national.records(FACTS, one, method="", address=str)[0]["BIDDER_NAME"] for one in ("bidder", "candidate")} \
        == {named}  # fmt: skip


@given(st.sampled_from(["BID_AMOUNT", "DATA_TIMESTAMP", "PRICE_UNIT", "WIN_BIDDER_NAME", "NEW"]), st.text(max_size=300))
def test_no_wrong_record_passes(field: str, text: str) -> None:
    """Only what has the field's shape. Seen red: with the kinds not asked."""
    (won,) = national.records(FACTS, "win_result", method="公开招标", address=str)
    found = national.record_faults({**won, field: text}, "win_result")
    right = {
        "BID_AMOUNT": text.replace(".", "", 1).isdigit() and text.isascii() and len(text) > 3 and text[-3] == "."
        and (text[0] != "0" or text[1] == "."),
        "DATA_TIMESTAMP": len(text) == 14 and text.isdigit() and text.isascii(),
        "PRICE_UNIT": text == "元", "WIN_BIDDER_NAME": 0 < len(text) <= 200 and text.isprintable(), "NEW": False,
    }[field]  # fmt: skip
    assert found == [] or not right or field == "DATA_TIMESTAMP"
    assert right or found != []


def test_nothing_leaves_before_its_time(platform: Platform, tmp_path: Any, app: Any) -> None:
    """No bidder and no count before the names, no price before the reading. Seen red: with `NAMES_SHOWN` not asked."""
    stage = Stage(platform, tmp_path / "machines")
    for letter in "abc":
        stage.bidder(letter)
        stage.submit(letter)
    client: Browser = app.test_client()
    names = [stage.bidder(letter).name for letter in "abc"]

    def told() -> tuple[str, dict[str, Any]]:
        with platform.reading() as session:
            (code,) = queries.published_codes(session)
        raw = client.get(f"/ocds/{code}.json").get_data(as_text=True)
        year = client.get("/ocds/2026.jsonl").get_data(as_text=True)
        lists = client.get("/open-data/bidder/2026.jsonl").get_data(as_text=True)
        package = json.loads(raw)
        assert faults(package, "ocds") == [] and official_faults(package) == []
        return raw + year + lists, package["releases"][0]

    text, release = told()
    assert "bids" not in release and "numberOfTenderers" not in release["tender"]
    assert not any(name in text for name in names)
    stage.commit_draw()
    stage.close()
    text, release = told()
    assert "bids" not in release and not any(name in text for name in names)
    stage.peel(*TRUSTEES)
    stage.act(stage.tenderee, hall.publish_names)
    text, release = told()
    assert all(name in text for name in names) and release["tender"]["numberOfTenderers"] == 3
    assert not any("value" in bid for bid in release["bids"]["details"]) and "BID_PRICE" not in text
    stage.act(stage.tenderee, hall.open_decryption)
    for letter in "abc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, hall.read_prices)
    text, release = told()
    assert all("value" in bid for bid in release["bids"]["details"]) and "BID_PRICE" in text


LEFT = ("id", "code", "project_id", "published_at")


def test_what_is_tendered_again_and_what_failed_before_lead_to_each_other(
    platform: Platform, tmp_path: Any, app: Any
) -> None:
    """R-561: on both pages and in OCDS, once the second is published. Seen red: with the drafts' projects told."""
    stage, client = Stage(platform, tmp_path / "machines"), app.test_client()
    with platform.act(stage.officer, through=turnstile(stage.code), shared=False) as act:
        section = bidding.section(act.session, stage.code)
        first, owner = section.project.code, section.project.tenderee
        bidding_services.fail_section(act, section, "R-252")
        again = bidding_services.create_project(act, name="泵站工程（重新招标）", tenderee=owner, predecessor=first)
        second = again.code
        names = [column.key for column in Section.__table__.columns if column.key not in LEFT]
        twin = {name: getattr(section, name) for name in names} | {"state": "draft"}
        act.session.add(Section(code=f"{second}-01", **twin, project_id=again.id, published_at=None))
    assert "历次招标" not in client.get(f"/sections/{stage.code}").text and second not in client.get("/open-data").text
    with platform.act(SYSTEM) as act:
        act.session.execute(
            update(Section).where(Section.code == f"{second}-01").values(state="submission_open", published_at=act.now)
        )
        bidding.section(act.session, f"{second}-01").project.law = bidding.section(act.session, stage.code).project.law
        append(act, "section.publish", f"section:{second}-01", {})
    for page, other in ((stage.code, second), (f"{second}-01", first)):
        shown = client.get(f"/sections/{page}").text
        assert "历次招标" in shown and other in shown and "招标异常公告" in shown, page
    told = client.get(f"/ocds/{second}.json").json
    assert faults(told, "ocds") == [] and official_faults(told) == []
    (related,) = told["releases"][0]["relatedProcesses"]
    assert (related["identifier"], related["relationship"]) == (f"ocds-000000-{first}", ["unsuccessfulProcess"])
    assert "relatedProcesses" not in client.get(f"/ocds/{first}.json").json["releases"][0]


def test_an_awarded_section_is_published_in_every_form(story: Story, clock: StoppedClock, app: Any) -> None:
    story.to_delivered()
    publish(story)
    client: Browser = app.test_client()
    with story.platform.reading() as session:
        project = story.section(session).project.code
    pending = client.get(f"/ocds/{project}.json").json
    assert {one["status"] for one in pending["releases"][0]["awards"]} == {"pending"}
    clock.move_to(publicity(story).ends_at)
    end(story)
    award(story)
    answer = client.get(f"/ocds/{project}.json")
    assert faults(answer.json, "ocds") == [] and faults(pending, "ocds") == []
    (won,) = answer.json["releases"][0]["awards"]
    assert won["status"] == "active" and won["suppliers"][0]["name"] == publicity(story).winner.name  # type: ignore[union-attr]
    tag = answer.headers["ETag"]
    assert client.get(f"/ocds/{project}.json", headers={"If-None-Match": tag}).status_code == 304
    year = f"{clock.now().year}"
    for group in national.groups():
        lines = client.get(f"/open-data/{group}/{year}.jsonl").get_data(as_text=True).splitlines()
        assert lines or group == "notice" or group not in national.standard_groups(), group
    assert client.get(f"/open-data/faults/{year}.json").json["left_out"] == []
    for wrong in ("/ocds/none.json", "/ocds/20x6.jsonl", "/open-data/trees/2026.jsonl", "/ocds/９999.jsonl"):
        assert client.get(wrong).status_code == 404, wrong
    assert "CC0" in client.get("/open-data").get_data(as_text=True)


def test_the_feed_goes_on_from_its_cursor_and_stops_at_a_gap(platform: Platform, client: Browser) -> None:
    """Seen red: with the page going on behind a gap."""
    for number in range(7):
        with platform.act(SYSTEM) as act:
            append(act, "trade.record" if number % 2 else "person.register", f"trade:{number}", {})
    after, seen = -1, []
    while True:
        page = client.get(f"/open-data/changes.json?after={after}&limit=2").json
        seen += [one["cursor"] for one in page["changes"]]
        if page["next"] == after:
            break
        after = page["next"]
    assert seen == [1, 3, 5] and after == 6
    with platform.act(SYSTEM) as act:
        act.session.query(LedgerEntry).filter_by(leaf_index=4).delete()
    with platform.reading() as session:
        page = queries.changes(session, -1)
    assert (page.next, [one.leaf_index for one in page.entries]) == (3, [1, 3])
    assert client.get("/open-data/changes.json?after=-2").status_code == 422
    assert client.get("/open-data/changes.json?after=latest").json["changes"] == []

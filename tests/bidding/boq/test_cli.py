"""`sunbid boq` and the bill in `sunbid seal`: what does not add up is named line by line and never sealed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from werkzeug.serving import make_server

from accounts import services as accounts_services
from accounts.cli import Identity
from accounts.queries import person_by_id
from accounts.rules import Role, SmallAuthority
from bidding import cli, queries, services
from bidding.cli.draft import pages_of
from bidding.rules.boq import read_bill, write_workbook, write_xml
from core.act import SYSTEM, Platform
from core.errors import Invalid
from tests import factories
from tests.bidding import two_persons
from tests.bidding.boq.bills import filled, tender, workbook
from tests.bidding.stage import Stage, refused

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>endobj\n"
    + b"".join(b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n" % n for n in (3, 4, 5))
    + b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
"""Three empty pages."""


def run(command: Any, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def billed(platform: Platform) -> Stage:
    """A published section with a bill, whose control price it just meets."""
    stage = Stage(platform)
    stage.draft(control_price_fen=872_853_14, estimate_fen=900_000_00, bond_fen=10_000_00)
    with stage.act(Role.TENDEREE) as act:
        section = queries.own_section(act.session, stage.code, act.actor)
        services.set_bill(act, section, tender(stage.code))
    two_persons.publish(platform, stage.code)
    return stage


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    running = make_server("127.0.0.1", 0, app, threaded=True)
    import threading

    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


@pytest.fixture
def identity(platform: Platform, tmp_path: Path) -> Path:
    actor = factories.actor(platform, Role.BIDDER)
    own = Identity.create(tmp_path / "identity")
    with platform.act(SYSTEM) as act:
        authority = SmallAuthority.create("滨江认证", at=act.now)
        accounts_services.add_authority(act, name="滨江认证", pem=authority.pem)
        person = person_by_id(act.session, actor.person_id or 0)
        held = accounts_services.issue_certificate(act, person, authority=authority, public_key=own.public_key)
        own.accept_certificate(held.pem)
    return own.folder


@pytest.fixture
def draft(billed: Stage, tmp_path: Path) -> Path:
    """A complete draft of a bid in a folder, with links."""
    folder = tmp_path / "draft"
    for place, content in {
        "qualification/licence/营业执照.pdf": PDF,
        "qualification/letter/投标函.pdf": PDF,
        "technical/proposal/技术标.pdf": PDF,
        "price/boq/已标价工程量清单.xlsx": write_workbook(filled(tender(billed.code))),
    }.items():
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(content)
    write_draft(folder, billed.code)
    return folder


def link(clause: str, file: str = "技术标.pdf", **more: Any) -> dict[str, Any]:
    return {"clause": clause, "envelope": "technical", "slot": "proposal", "file": file, "from": 2, "to": 3,
            "place": "", **more}  # fmt: skip


def write_draft(folder: Path, section: str, **changes: Any) -> None:
    typed = {
        "type": "sunbid-draft/v1",
        "section": section,
        "schedule": {"price": "872,853.14", "duration_days": "350", "quality": "合格", "manager": "王工",
                     "manager_certificate": "浙1332020202100001"},
        "bond": {"form": "guarantee", "account": "6222", "payer": "宏远市政", "amount": "10000"},
        "authorisation": {"operator": "王工", "contact": "王工", "phone": "13800000000", "confirmed": True},
        "links": [link("T1"), link("T2", **{"from": 1, "to": 1}),
                  link("Q1", "营业执照.pdf", envelope="qualification", slot="licence")],
        **changes,
    }  # fmt: skip
    (folder / "draft.json").write_text(json.dumps(typed, ensure_ascii=False))


def seal(billed: Stage, server: str, *more: str | Path) -> Result:
    return run(cli.seal, "--server", server, "--section", billed.code, "--json", *more)


# sunbid boq ---------------------------------------------------------------------------------------------------------


def test_check_says_line_by_line_what_is_wrong_and_exits_by_it(
    billed: Stage, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 sound, 1 errors, 2 misuse; the server's control price counts. Seen red: with exit 0 for warnings and errors."""
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = tmp_path / "清单.xlsx"
    file.write_bytes(write_workbook(filled(tender(billed.code))))
    sound = run(cli.boq, "check", file, "--server", server, "--section", billed.code, "--price", "872853.14")
    assert sound.exit_code == 0 and "捌拾柒万贰仟捌佰伍拾叁元壹角肆分" in sound.stdout
    file.write_bytes(workbook(lambda sheet: sheet.__setitem__("G4", 20.65), filled(tender(billed.code))))
    result = run(cli.boq, "check", file, "--server", server, "--section", billed.code, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [(one["code"], one["expected"]) for one in told["findings"]] == [("boq.over_control", "872853.14")]
    assert run(cli.boq, "check", file).exit_code == 2
    assert run(cli.boq, "check", tmp_path / "none.xlsx", "--template", file).exit_code == 2


def test_everything_works_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Template, check, and xlsx ⇄ xml ⇄ json with nothing but files. Seen red: with the section from options only."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    source, template = tmp_path / "tender.json", tmp_path / "template.xlsx"
    source.write_bytes(tender().canonical())
    assert run(cli.boq, "template", "--template", source, "--out", template).exit_code == 0
    assert template.read_bytes() == write_workbook(tender())
    assert run(cli.boq, "template", "--blank", "--out", tmp_path / "blank.xlsx").exit_code == 0
    before = template
    for name in ("a.xml", "b.json", "c.xlsx", "d.json"):
        result = run(cli.boq, "convert", before, tmp_path / name)
        assert result.exit_code == 0, result.output
        before = tmp_path / name
    assert before.read_bytes() == source.read_bytes()
    priced = tmp_path / "priced.xlsx"
    priced.write_bytes(write_workbook(filled(tender())))
    for name in ("p.xml", "p.json", "q.xlsx"):
        assert run(cli.boq, "convert", priced, tmp_path / name, "--template", template).exit_code == 0
    assert (tmp_path / "p.xml").read_bytes() == write_xml(filled(tender()))
    assert (tmp_path / "q.xlsx").read_bytes() == priced.read_bytes()
    result = run(cli.boq, "check", tmp_path / "p.json", "--template", source)
    assert result.exit_code == 0 and "total 872,853.14 yuan" in result.stdout
    (tmp_path / "bad.xlsx").write_bytes(workbook(lambda sheet: sheet.__setitem__("E5", "吨")))
    result = run(cli.boq, "convert", tmp_path / "bad.xlsx", tmp_path / "bad.json", "--template", source)
    assert result.exit_code == 1 and not (tmp_path / "bad.json").exists()
    assert "row 5 · 010103001001 回填方: The unit was changed: m3 became 吨." in result.stdout
    with refused(Invalid, "client.template"):
        run(cli.boq, "check", priced, "--template", _torn(tmp_path))
    assert run(cli.boq, "convert", priced, tmp_path / "x.csv").exit_code == 2


def _torn(folder: Path) -> Path:
    (folder / "torn.xlsx").write_bytes(b"PK\x03\x04torn")
    return folder / "torn.xlsx"


# sunbid seal --------------------------------------------------------------------------------------------------------


def test_a_sound_draft_is_sealed_with_its_bill_as_data_and_its_links(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path
) -> None:
    """What comes out of the envelopes is the file and boq.json, and links.json per envelope; from the .zip alike.

    Seen red: with one links.json for all.
    """
    package = tmp_path / "draft.zip"
    with zipfile.ZipFile(package, "w") as out:
        for path in sorted(draft.rglob("*")):
            if path.is_file():
                out.write(path, path.relative_to(draft).as_posix())
    for place, name in ((draft, "one"), (package, "two")):
        result = seal(billed, server, "--identity", identity, "--draft", place, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
        held = files_in(billed, tmp_path / name, identity)
        assert set(held) == {
            "schedule/schedule/schedule.json", "qualification/licence/营业执照.pdf", "qualification/letter/投标函.pdf",
            "qualification/links/links.json", "technical/proposal/技术标.pdf", "technical/links/links.json",
            "price/boq/已标价工程量清单.xlsx", "price/boq/boq.json",
        }  # fmt: skip
        assert read_bill(held["price/boq/boq.json"]) == filled(tender(billed.code))
        assert json.loads(held["schedule/schedule/schedule.json"])["price_fen"] == 872_853_14
        technical = json.loads(held["technical/links/links.json"])
        assert [(one["clause"], one["from"], one["to"]) for one in technical["links"]] == [("T1", 2, 3), ("T2", 1, 1)]
        assert "Q1" not in str(technical) and "Q1" in held["qualification/links/links.json"].decode()
    assert not list(draft.rglob("boq.json")) and not list(draft.rglob("links.json"))


def test_blanks_of_every_width_are_plain_ones_when_sealed(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path
) -> None:
    """王　工 copied from a table is complete and sealed as the page seals it. Seen red: without `plain_given`."""
    typed = json.loads((draft / "draft.json").read_text(encoding="utf-8"))
    typed["schedule"]["manager"] = "　王　工"
    (draft / "draft.json").write_text(json.dumps(typed), encoding="utf-8")
    result = seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "bid")
    assert result.exit_code == 0, result.output
    schedule = json.loads(files_in(billed, tmp_path / "bid", identity)["schedule/schedule/schedule.json"])
    assert schedule["manager"] == "王 工"


def test_a_bill_as_json_counts_where_there_is_no_workbook(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path
) -> None:
    """As the page reads it too. Seen red: with .json no bill."""
    place = draft / "price" / "boq"
    (place / "已标价工程量清单.xlsx").unlink()
    (place / "清单.json").write_bytes(filled(tender(billed.code)).canonical())
    result = seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "bid")
    assert result.exit_code == 0, result.output
    held = files_in(billed, tmp_path / "bid", identity)
    assert held["price/boq/boq.json"] == held["price/boq/清单.json"] == filled(tender(billed.code)).canonical()


def files_in(billed: Stage, folder: Path, identity: Path) -> dict[str, bytes]:
    """Every file inside a sealed folder, opened with the bidder's and the tenderee's keys."""
    from core.seal import expected, open_sealed, peel, release

    submission = json.loads((folder / "submission.json").read_text())
    found = {}
    for envelope, parts in submission["envelopes"].items():
        package = (folder / f"{envelope}.bidder+tenderee.key.age").read_bytes()
        inner = peel(package, Identity(identity).age_identity)
        plain = peel(inner, billed.trustees[Role.TENDEREE])
        opened = open_sealed(
            folder / f"{envelope}.bulk.age",
            release(plain, parts["bid_recipient"]),
            expected(submission, envelope),
            folder / "opened" / envelope,
        )
        for entry in opened.entries:
            found[f"{envelope}/{entry.slot}/{entry.name}"] = (opened.folder / entry.path).read_bytes()
    return found


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [("G4", 20.63, "boq.schedule"), ("G4", 30, "boq.over_control"), ("G5", None, "boq.price_missing"),
     ("F4", 1251, "boq.quantity_changed"), ("H16", 1, "boq.total"), ("G4", "=1", "boq.formula")],
)  # fmt: skip
def test_a_bill_that_does_not_add_up_is_not_sealed(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path, cell: str, value: object, code: str
) -> None:
    """Seen red: without `_refuse_bad_bill`."""
    file = draft / "price/boq/已标价工程量清单.xlsx"
    file.write_bytes(workbook(lambda sheet: sheet.__setitem__(cell, value), filled(tender(billed.code))))
    result = CliRunner().invoke(
        cli.seal, ["--server", server, "--section", billed.code, "--json", "--identity", str(identity),
                   "--draft", str(draft), "--out", str(tmp_path / "bid")],
    )  # fmt: skip
    assert isinstance(result.exception, Invalid) and result.exception.code == "client.boq"
    assert code in [one["code"] for one in json.loads(result.stdout)["findings"]]
    assert not (tmp_path / "bid").exists()


def test_no_bill_two_bills_and_a_stale_boq_json(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path
) -> None:
    """A boq.json left lying is replaced by what the file says."""
    place = draft / "price" / "boq"
    (place / "boq.json").write_bytes(tender(billed.code).canonical())
    result = seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "one")
    assert result.exit_code == 0
    held = files_in(billed, tmp_path / "one", identity)
    assert read_bill(held["price/boq/boq.json"]) == filled(tender(billed.code))
    (place / "旧版.xlsx").write_bytes(b"PK")
    with refused(Invalid, "client.boq"):
        seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "two")
    (place / "旧版.xlsx").unlink()
    (place / "已标价工程量清单.xlsx").rename(place / "清单.pdf")
    with refused(Invalid, "client.boq"):
        seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "three")


@pytest.mark.parametrize(
    "broken",
    [link("T1", "没有.pdf"), link("T1", to=4), link("T1", **{"from": 3, "to": 2}), link("T1", **{"from": 0, "to": 1}),
     link("T1", **{"from": None, "to": None})],
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_not_sealed(
    billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path, broken: dict[str, Any]
) -> None:
    """A file that is not there, a page behind the last, pages in the wrong order, nothing.

    Seen red, one by one, without the look at the links.
    """
    write_draft(draft, billed.code, links=[broken])
    with refused(Invalid, "client.links"):
        seal(billed, server, "--identity", identity, "--draft", draft, "--out", tmp_path / "bid")


def test_check_tells_the_state_of_every_task(billed: Stage, server: str, draft: Path) -> None:
    """Without keys, without sealing; a bond below the published one is told, for only a rating earns that (R-707).

    Seen red: with every draft complete; without the advice."""
    result = seal(billed, server, "--draft", draft, "--check")
    told = json.loads(result.stdout)
    assert result.exit_code == 0 and told["complete"], told
    assert {task["task"]: task["state"] for task in told["tasks"]} == dict.fromkeys(
        ("consortium", "qualification", "technical", "price", "bond", "authorisation"), "done"
    )
    (draft / "technical/proposal/技术标.pdf").unlink()
    write_draft(draft, billed.code, bond={"form": "guarantee", "amount": "1"})
    result = seal(billed, server, "--draft", draft, "--check")
    found = {task["task"]: task for task in json.loads(result.stdout)["tasks"]}
    assert result.exit_code == 1
    assert [found[name]["state"] for name in ("technical", "bond", "price")] == ["fix", "doing", "done"]
    assert "draft.bond_relief" in {lack["code"] for lack in found["bond"]["lacks"]}


def test_check_works_from_files_alone(billed: Stage, server: str, draft: Path, tmp_path: Path, client: Any) -> None:
    """preparation.json, policy.json and the template are enough."""
    for name in ("preparation.json", "policy.json"):
        (tmp_path / name).write_bytes(client.get(f"/sections/{billed.code}/{name}").data)
    (tmp_path / "template.xlsx").write_bytes(write_workbook(tender(billed.code)))
    given = ("--policy", tmp_path / "policy.json", "--preparation", tmp_path / "preparation.json", "--draft", draft)
    result = run(cli.seal, *given, "--template", tmp_path / "template.xlsx", "--check", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["complete"]
    assert run(cli.seal, *given, "--check").exit_code == 2


@pytest.mark.parametrize("name", ["../out.txt", "/abs.txt", "a/b/c/d.txt", "a\\b.txt", "C:x.txt", "a//b.txt"])
def test_a_draft_cannot_unpack_elsewhere(billed: Stage, server: str, identity: Path, tmp_path: Path, name: str) -> None:
    """Seen red: with extractall."""
    with zipfile.ZipFile(tmp_path / "draft.zip", "w") as package:
        package.writestr("draft.json", json.dumps({"type": "sunbid-draft/v1"}))
        package.writestr(name, "x")
    with refused(Invalid, "client.draft"):
        seal(billed, server, "--identity", identity, "--draft", tmp_path / "draft.zip", "--out", tmp_path / "bid")


def test_what_is_no_draft_is_refused(billed: Stage, server: str, identity: Path, draft: Path, tmp_path: Path) -> None:
    for content in ("{", "[]", '{"type":"x"}', '{"type":"sunbid-draft/v1","bond":3}', "[" * 99_999):
        (draft / "draft.json").write_text(content)
        with refused(Invalid, "client.draft"):
            seal(billed, server, "--draft", draft, "--check")
    write_draft(draft, "ZB-OTHER-01")
    with refused(Invalid, "bid.other_section"):
        seal(billed, server, "--draft", draft, "--check")


def test_pages_of_a_pdf_are_counted_and_nothing_else_is(tmp_path: Path) -> None:
    for name, content, pages in (("a.pdf", PDF, 3), ("b.pdf", b"%PDF-torn", None), ("c.docx", PDF, None)):
        (tmp_path / name).write_bytes(content)
        assert pages_of(tmp_path / name) == pages

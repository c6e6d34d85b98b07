"""An archive with a missing document: the page names it, sealing is refused, what is sealed later is counted again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from click.testing import CliRunner

from accounts.rules import Role
from awards.cli import archive as archive_command
from awards.rules.completeness import Required, editions, judge
from awards.rules.container import header, open_container
from awards.rules.disclosure import commitment, is_personal
from bidding import queries as bidding
from core.act import Platform
from tests.awards.lies import LIES, RECORDED, unnamed
from tests.conftest import Browser
from tests.journeys.recorded import HALL, ROOM, register
from tests.journeys.test_outcomes import to_report
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines

pytestmark = pytest.mark.slow


def test_a_file_that_lacks_a_document_is_not_sealed(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser], client: Browser
) -> None:
    """R-560. The page says what lacks and why; nothing is half-written; both verifiers count the sealed file again.

    Each lie that the ledger's holder may tell through the whole of it is named by both.
    """
    stage = to_report(platform, tmp_path / "machines", "G")
    stage.awarded()
    page = f"/sections/{stage.code}/archive"
    officer = login(Role.OFFICER)
    assert "应有材料齐全" in officer.get(page).text
    with platform.reading() as session:
        section = bidding.section(session, stage.code)
        lost = bidding.documents(session, section)[0]
    place = platform.store.path(lost.sha256)
    kept = place.read_bytes()
    place.unlink()
    shown = officer.get(page).text
    assert "应有材料不全，不能归档" in shown and lost.name in shown and lost.sha256 in shown and "R-560" in shown
    refused = officer.post(page, data={"confirmation": stage.code})
    assert refused.status_code == 422 and lost.name in refused.text
    with platform.reading() as session:
        assert bidding.section(session, stage.code).state == "awarded"
    place.write_bytes(kept)
    # The edition that asks for the recordings of a public purchase, and gives everybody their hashes, is in force now.
    stage.clock.move_to(max(stage.clock.now(), datetime(2026, 12, 2, tzinfo=UTC)))
    refused = login(Role.OFFICER).post(page, data={"confirmation": stage.code})
    assert refused.status_code == 422 and HALL in refused.text and ROOM in refused.text
    register(stage, login, client)
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    assert "归档后补充" in login(Role.OFFICER).get(page).text

    def wrong(path: str, change: Callable[[Any], None]) -> None:
        ours, theirs = found_wrong(stage, tampered(stage, archive, path, change), tmp_path)
        assert "completeness" in ours and "completeness" in theirs, (ours, theirs)

    wrong("completeness.json", lambda held: held["edition"]["items"].pop(0) and held["rows"].pop(0))
    wrong("completeness.json", lambda held: held["rows"][0].update(found=9))
    wrong(
        "reports.json", lambda rows: rows.__setitem__(slice(None), [r for r in rows if r["kind"] != "opening_record"])
    )
    ours, theirs = found_wrong(stage, tampered(stage, archive, "completeness.json", None), tmp_path)
    assert "completeness" in ours and "completeness" in theirs
    assert unnamed(archive, platform.signer, tmp_path / "lie.tar", LIES | RECORDED) == []
    exports(stage, archive, tmp_path, login, client)


def exports(stage: Whole, archive: bytes, tmp_path: Path, login: Callable[..., Browser], client: Browser) -> None:
    """Each class gets its own, the public one verifies twice, and what is wrong with one is named."""
    code = stage.code
    stem = f"/sections/{code}/archive"
    public = client.get(f"{stem}/public.tar")
    assert public.status_code == 200
    assert login(Role.BIDDER, person="a").get(f"{stem}/party.tar").status_code == 200
    assert login(Role.BIDDER, person="nobody").get(f"{stem}/party.tar").status_code == 404
    assert client.get(f"{stem}/supervisor.tar").status_code in (302, 303, 401, 403)
    assert wrong_lines(stage, public.data, tmp_path) == []
    whole = login(Role.OFFICER).get(f"{stem}/supervisor.tar").data
    assert wrong_lines(stage, whole, tmp_path) == []
    own_parts(stage, stem, tmp_path, login, {leaf["place"]: leaf for leaf in shown(whole)[0]["leaves"]})
    file = tmp_path / "whole.archive.tar"
    file.write_bytes(archive)
    done = CliRunner().invoke(archive_command, ["export", str(file), "--class", "public"])
    assert done.exit_code == 0 and (tmp_path / "whole.public.tar").read_bytes() == public.data
    told, objects = shown(public.data)
    supervisors = shown(whole)[0]["leaves"]
    text = json.dumps(told, ensure_ascii=False)
    assert not is_personal([leaf for leaf in told["leaves"] if leaf["class"] == "public"])
    opened = {leaf["place"] for leaf in told["leaves"] if "value" in leaf}
    assert not {"bids.json#/0:supervisor", "evaluation.json#:supervisor", "warnings.json#:supervisor"} & opened

    def wrong(change: Callable[[list[dict[str, Any]]], Any]) -> set[str]:
        leaves = json.loads(text)["leaves"]
        change(leaves)
        ours, theirs = found_wrong(stage, rewritten({**told, "leaves": leaves}, objects), tmp_path)
        assert ours == theirs, (ours, theirs)
        return ours

    bid = next(n for n, leaf in enumerate(told["leaves"]) if leaf["place"] == "bids.json#/0:public")
    hidden = next(n for n, leaf in enumerate(told["leaves"]) if leaf["place"] == "warnings.json#:supervisor")
    assert wrong(lambda leaves: leaves[bid]["value"].update(price_fen=1)) == {"leaves"}
    assert wrong(lambda leaves: leaves[hidden].update(commitment="0" * 64)) == {"leaves"}
    assert wrong(lambda leaves: leaves.pop(hidden)) == {"leaves"}
    assert wrong(lambda leaves: leaves.__setitem__(bid, veiled(leaves[bid]))) >= {"redactions"}
    assert wrong(lambda leaves: leaves.__setitem__(hidden, supervisors[hidden])) == {"redactions"}
    assert wrong(lambda leaves: leaves[bid].update({"class": "supervisor"})) >= {"leaves", "redactions"}


def own_parts(
    stage: Whole, stem: str, tmp_path: Path, login: Callable[..., Browser], everything: dict[str, dict[str, Any]]
) -> None:
    """Each bidder is opened the own sheets and the own bid, provable, and nothing of another's; officials no bid's."""
    raw = {letter: login(Role.BIDDER, person=letter).get(f"{stem}/party.tar").data for letter in "ab"}
    assert wrong_lines(stage, raw["a"], tmp_path) == []
    for letter, export in raw.items():
        told, number = shown(export)[0], stage.bid(letter).number
        assert told["bid"] == number
        mine = [leaf for leaf in told["leaves"] if leaf["class"] == f"bid:{number}"]
        sheets = [leaf["value"] for leaf in mine if leaf["place"].startswith("evaluation.json#/sheets/")]
        assert len(sheets) == 5 and {one["number"] for one in sheets} == {number} and "total" in sheets[0]
        assert any(leaf["value"].get("identity") for leaf in mine)
        others = [leaf for leaf in told["leaves"] if leaf["class"].startswith("bid:") and leaf not in mine]
        assert others and all("value" not in leaf for leaf in others)
    told, objects = shown(raw["a"])
    other = next(place for place, leaf in enumerate(told["leaves"]) if leaf["class"] == f"bid:{stage.bid('b').number}")
    leaves = list(told["leaves"])
    leaves[other] = everything[leaves[other]["place"]]
    for lie in ({**told, "leaves": leaves}, {**told, "bid": stage.bid("b").number}):
        assert found_wrong(stage, rewritten(lie, objects), tmp_path) == ({"redactions"}, {"redactions"})
    told = shown(login(Role.TENDEREE).get(f"{stem}/party.tar").data)[0]
    assert "bid" not in told
    assert all("value" not in leaf for leaf in told["leaves"] if leaf["class"].startswith("bid:"))


def shown(raw: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """An export's own member and its objects."""
    held = open_container(io.BytesIO(raw))
    return held.json("export.json"), {path: held.read(path) for path in held.members if path != "export.json"}


def veiled(leaf: dict[str, Any]) -> dict[str, Any]:
    """The leaf hidden, though it may be seen."""
    return {
        "class": leaf["class"], "place": leaf["place"], "commitment": commitment(leaf["salt"], leaf["value"]),
    }  # fmt: skip


def rewritten(told: dict[str, Any], objects: dict[str, bytes]) -> bytes:
    """An export of these leaves and objects."""
    parts = [("export.json", rfc8785.dumps(told)), *objects.items()]
    return b"".join(header(p, len(r)) + r + bytes(-len(r) % 512) for p, r in parts) + bytes(1024)


def test_the_list_asks_for_what_did_happen_only() -> None:
    """An answer is required where somebody objected."""
    edition = editions()[-1]
    assert {item["code"] for one in editions() for item in one["items"]} == set(Required)

    def states(*told: str, regime: str = "T", procedure: str = "open", rooms: Any = (), **more: int) -> dict[str, str]:
        places = {"opening": [""], "evaluation": ["S1", "S2"], "selection": [""]}
        rows = [{"room": room, "site": site, "sha256": sha256, "state": "standing"} for room, site, sha256 in rooms]
        members = {"recordings.json": {"places": places, "rows": rows}}
        rows = judge(
            edition, regime=regime, procedure=procedure, told=told, member=lambda path: members.get(path, []),
            objects=3, **more,
        )  # fmt: skip
        return {row["code"]: row["state"] for row in rows}

    assert states()["objections"] == "not_needed" and states("objection.file")["objections"] == "lacks"
    assert states("objection.file", "objection.answer")["objections"] == "there"
    assert states()["contract"] == "later" and states("contract.conclude")["contract"] == "there"
    assert "candidates" in states() and "candidates" not in states(regime="G") and "acceptance" not in states()
    assert states()["files"] == "there" and states(missing=1)["files"] == "lacks"
    assert "recorded_opening" not in states() and "recorded_opening" not in states(regime="G", procedure="negotiation")
    one = [("opening", "", "ab" * 32), ("evaluation", "S1", "cd" * 32)]
    public = states(regime="G", rooms=one)
    assert (public["recorded_opening"], public["recorded_evaluation"]) == ("there", "lacks"), "a site without one"
    assert states(regime="G", rooms=[*one, ("evaluation", "S2", "ef" * 32)])["recorded_evaluation"] == "there"
    assert states(regime="G", rooms=[*one, ("evaluation", "S2", None)])["recorded_evaluation"] == "excused"
    assert states()["recorded_selection"] == "not_needed" and states("committee.sites")["recorded_sites"] == "later"

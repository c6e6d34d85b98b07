"""A lead's evidence on paper, and the command on it: run over what was kept, it gives the scan's very bytes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import rfc8785
from click.testing import CliRunner

from bidding import queries as bidding
from collusion import queries, services
from collusion.cli import collusion
from collusion.rules import material as materials
from collusion.rules.asked import Recorder, read_extract
from collusion.rules.background import ArchivedBid, learn
from core.act import Platform
from core.clock import StoppedClock
from core.errors import Invalid, Missing
from core.render.signing import check_pdf
from portal.papers import paper_seal
from tests.collusion.cases import text
from tests.collusion.desk import opened
from tests.collusion.test_desk import as_login, supervisor
from tests.collusion.test_learning import NOW, OTHER, PAST
from tests.collusion.test_passages import OWN

LATER = "XS-2026-009-01"


def past(platform: Platform, code: str, said: str) -> None:
    """The archive learns a bid of another tender and bidder."""
    services.index_of(platform.store).add(code, [ArchivedBid(code, code, (text("x.txt", said),))])


@pytest.fixture
def lead(platform: Platform, clock: StoppedClock) -> Any:
    """A warning whose scan asked an archive, which has learnt more of the same text since."""
    past(platform, PAST, OWN)
    opened(platform, clock, NOW, {1: OWN + "甲。" + OTHER, 2: OWN + "乙。" + OTHER, 3: "第三家另写一份，逐段自检。"})
    found = services.scanning.examine(platform, NOW)
    found.result["rings"] = [{"bidders": ["01", "02"], "weight": 3.0, "tier": "review"}]
    with platform.act(supervisor(platform)) as act:
        made = services.record_scan(act, bidding.section(act.session, NOW), found.result, found.material)
    past(platform, LATER, OTHER)
    return made


def unpacked(raw: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(raw)) as file:
        file.extractall(folder, filter="data")


def test_the_command_makes_the_scan_again_byte_for_byte_though_the_archive_has_grown(
    platform: Platform, lead: Any, app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ring is put in by hand here, so everything but it is compared with what was kept.

    Seen red: without the extract; without the window.
    """
    browser = as_login(app, platform, supervisor(platform).name)
    url = f"/supervise/warnings/W-{platform.clock.now():%Y}-0001"
    answer = browser.get(f"{url}/material.tar")
    assert answer.status_code == 200
    unpacked(answer.get_data(), tmp_path)
    script = (tmp_path / "reproduce.sh").read_text()
    assert materials.command_line(lead.material) in script.splitlines()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(collusion, ["scan", "--quiet", *materials.command(lead.material)[3:]])
    assert done.exit_code == 0, done.output
    expected = {**lead.result, "rings": json.loads((tmp_path / "scan.json").read_bytes())["rings"]}
    assert (tmp_path / "scan.json").read_bytes() == rfc8785.dumps(expected)
    assert (tmp_path / "result.json").read_bytes() == rfc8785.dumps(lead.result)
    assert hashlib.sha256((tmp_path / "result.json").read_bytes()).hexdigest() == lead.result_sha256
    assert lead.result["model"]["archive"]["tenders"] == 1 and lead.result["pairs"][0]["text"]["matched"] > 0
    with platform.reading() as session:
        (found,) = queries.warnings_of(session, bidding.section(session, NOW))
        kinds = [entry.kind for entry in queries.trail(session, found)]
    assert kinds.count("warning.material") == 1


def test_the_paper_is_signed_and_says_evidence_clause_error_and_command(
    platform: Platform, lead: Any, app: Any, tmp_path: Path
) -> None:
    """Its data go along: the scan's bytes have the digest printed; what the desk says of its error, the paper says.

    Seen red: with the card in place of the result; without the local reading, and without the pages nobody read.
    """
    with platform.act(supervisor(platform)) as act:
        (found,) = queries.warnings_of(act.session, bidding.section(act.session, NOW))
        local = {"count": 41, "p": {f"{pair['a']}-{pair['b']}": 0.3719 for pair in found.card["pairs"]}}
        found.card = {**found.card, "local": local, "scanned": {"pages": 9, "read": 2, "program": None}}
    platform.seal = paper_seal(platform, tmp_path / "paper", "sunbid.test")
    browser = as_login(app, platform, supervisor(platform).name)
    answer = browser.get(f"/supervise/warnings/W-{platform.clock.now():%Y}-0001/evidence.pdf")
    assert answer.status_code == 200
    pdf = answer.get_data()
    verdict = check_pdf(pdf, key=platform.signer.verifier)
    assert verdict.holds
    assert hashlib.sha256(verdict.attachments["scan.json"]).hexdigest() == lead.result_sha256
    facts = json.loads(verdict.attachments["lead.json"])
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    said = "".join("".join(page.get_textpage().get_text_range() for page in document).split())
    for signal in facts["card"]["pairs"][0]["signals"]:
        for words in (signal["name"], signal["clears"], signal["clauses"][0]["citation"], *signal["tested"]):
            assert not signal["evidence"] or "".join(words.split()) in said
    assert "".join(facts["command"].split()) in said and lead.result_sha256 in said
    assert "不是认定结论" in said and "误报" in said
    assert "41条已处置线索校准，本对读作37.2%" in said and "9页扫描件的文字没有比对" in said
    with platform.reading() as session:
        (found,) = queries.warnings_of(session, bidding.section(session, NOW))
        (entry,) = [entry for entry in queries.trail(session, found) if entry.kind == "warning.paper"]
        assert services.lead_facts(session, found)["result_sha256"] == lead.result_sha256
    assert entry.facts is not None and entry.facts["sha256"] == hashlib.sha256(pdf).hexdigest()


def test_an_extract_answers_what_was_asked_and_is_the_same_for_the_same_questions(tmp_path: Path) -> None:
    """Seen red: with an archive that knew nothing of the questions taken for none at all."""
    known = learn([ArchivedBid("t", "b", (text("x.txt", OWN),)), ArchivedBid("u", "c", (text("y.txt", OTHER),))])
    asked = known.grams.keys[::3]  # type: ignore[attr-defined]
    files = []
    for _ in range(2):
        recorder = Recorder(known)
        assert (recorder.background.grams.of(asked) == 1).all() and recorder.background.seen("creator", "x") == 0
        files.append(recorder.extract())
    assert files[0] == files[1]
    (tmp_path / "archive.npz").write_bytes(files[0])
    again = read_extract(tmp_path / "archive.npz")
    assert (again.grams.of(asked) == 1).all() and (again.tenders, again.bidders) == (2, 2)
    (tmp_path / "none.npz").write_bytes(Recorder(known).extract())
    silent = read_extract(tmp_path / "none.npz")
    assert silent.grams and not silent.cold
    (tmp_path / "torn.npz").write_bytes(files[0][:40])
    with pytest.raises(Invalid, match=r"archive\.unreadable"):
        read_extract(tmp_path / "torn.npz")


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a\\b", ""])
def test_a_list_that_leads_elsewhere_is_refused(path: str) -> None:
    held = materials.material([], {path: "0" * 64}, archive=None, window=None, budget=0.01, selection="each")
    with pytest.raises(Invalid, match=r"material\.path"):
        materials.paths(held)


def test_scans_of_before_have_no_material(platform: Platform, clock: StoppedClock) -> None:
    opened(platform, clock, NOW, {1: "甲", 2: "乙"})
    with platform.act(supervisor(platform)) as act:
        ring = {"bidders": ["01", "02"], "weight": 3.0, "tier": "review"}
        result = {"settings": {}, "pairs": [], "rings": [ring], "budget": {}, "model": {}}
        services.record_scan(act, bidding.section(act.session, NOW), result)
        (found,) = queries.warnings_of(act.session, bidding.section(act.session, NOW))
        with pytest.raises(Missing, match=r"material\.none"):
            services.take_material(act, found)

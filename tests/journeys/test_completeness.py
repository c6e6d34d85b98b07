"""An archive with a missing document: the page names it, sealing is refused, what is sealed later is counted again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.rules import Role
from awards.rules.completeness import Required, editions, judge
from bidding import queries as bidding
from core.act import Platform
from tests.conftest import Browser
from tests.journeys.test_outcomes import to_report
from tests.journeys.whole import found_wrong, tampered, wrong_lines


def test_a_file_that_lacks_a_document_is_not_sealed(
    platform: Platform, tmp_path: Path, login: Callable[..., Browser]
) -> None:
    """R-560. The page says what lacks and why; nothing is half-written; both verifiers count the sealed file again."""
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
    archive = stage.archived()
    assert wrong_lines(stage, archive, tmp_path) == []
    assert "归档后补充" in officer.get(page).text

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


def test_the_list_asks_for_what_did_happen_only() -> None:
    """An answer is required where somebody objected. Seen red: without `if`, without the regime, without `missing`."""
    edition = editions()[-1]
    assert {item["code"] for one in editions() for item in one["items"]} == set(Required)

    def states(*told: str, regime: str = "T", **more: int) -> dict[str, str]:
        rows = judge(edition, regime=regime, told=told, member=lambda path: [], objects=3, **more)
        return {row["code"]: row["state"] for row in rows}

    assert states()["objections"] == "not_needed" and states("objection.file")["objections"] == "lacks"
    assert states("objection.file", "objection.answer")["objections"] == "there"
    assert states()["contract"] == "later" and states("contract.conclude")["contract"] == "there"
    assert "candidates" in states() and "candidates" not in states(regime="G") and "acceptance" not in states()
    assert states()["files"] == "there" and states(missing=1)["files"] == "lacks"

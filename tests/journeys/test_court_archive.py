"""The archive of a day with a court: a bid opened from its backup, evidence with a file, and both verifiers on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bidding import queries as bidding
from core.act import Platform
from opening import services
from tests.experts.story import METHOD
from tests.journeys.whole import Whole, found_wrong, tampered, wrong_lines
from tests.opening.test_court import archives

pytestmark = pytest.mark.slow


def test_a_bid_opened_from_its_backup_and_the_evidence_are_in_the_archive_and_checked(
    platform: Platform, tmp_path: Path
) -> None:
    """R-254, R-256: the backup opens the commitment again in both verifiers; the file brought is there by its hash.

    Each sabotage is found by both: another salt, another price, a backup or an evidence file left out. Seen red: with
    the evidence not among the objects.
    """
    stage = Whole(platform, tmp_path / "machines", method=METHOD)
    for letter in "abcd":
        stage.submit(letter)
    stage.to_window()
    bidder = stage.bidders["a"]
    stage.sign_in("a")
    made = {name: platform.store.put(path.read_bytes()).sha256 for name, path in archives(stage, bidder).items()}
    salts = salts_of(stage, "a")
    with platform.reading() as session:
        content = bidding.submission(session, bidder.digest).content
    restored = services.restore_backup(platform.store, content, made, salts)
    stage.as_bid("a", bidder.actor, services.keep_backup, restored)
    for letter in "bc":
        stage.release(letter)
    stage.peel("tenderee")
    stage.open_ready()
    stage.clock.move_to(stage.opening.decrypt_until_at)
    stage.tick()
    shot = platform.store.put("截图：09:31 页面返回 503".encode())
    absent = stage.bidders["d"].actor
    stage.as_bid(
        "d",
        absent,
        services.give_evidence,
        role="bidder",
        text="平台返回 503",
        code="platform",
        name="503.png",
        file=shot,
    )
    for _ in range(2):
        stage.as_bid("d", stage.tenderee, services.decide_cause, "platform", "探测日志证实")
    stage.tick()
    stage.draw()
    stage.act(stage.tenderee, services.read_prices)
    stage.act(stage.tenderee, services.ask_confirmation)
    stage.hand_over()
    room = stage.room()
    room.to_scored()
    room.to_report()
    stage.awarded()
    archive = stage.archived()
    assert [stage.bid(letter).state for letter in "abcd"] == [
        "opened_from_backup", "opened_by_bidder", "opened_by_bidder", "deemed_withdrawn",
    ]  # fmt: skip
    assert wrong_lines(stage, archive, tmp_path) == []

    def other_salt(bids: Any) -> None:
        bids[0]["envelopes"]["schedule"]["salt"] = "0" * 64

    def other_price(bids: Any) -> None:
        bids[0]["price_fen"] -= 1
        bids[0]["schedule"]["price_fen"] -= 1

    for path, change, check in (
        ("bids.json", other_salt, "originals"),
        ("bids.json", other_price, "originals"),
        (f"objects/{made['schedule']}", None, "originals"),
        (f"objects/{shot.sha256}", None, "reports"),
    ):
        ours, theirs = found_wrong(stage, tampered(stage, archive, path, change), tmp_path)
        assert check in ours and check in theirs, (path, ours, theirs)


def salts_of(stage: Whole, letter: str) -> dict[str, str]:
    """The salts from the bidder's own private.json."""
    private = json.loads((stage.folder / f"{letter}-1" / "private.json").read_text())
    return dict(private["salts"])

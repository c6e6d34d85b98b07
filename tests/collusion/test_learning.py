"""Closed sections become the measure of what is ordinary: once, whoever comes first, whatever was torn."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
import rfc8785

from accounts.rules import Role
from bidding import queries as bidding
from collusion import queries, services
from collusion.rules.archive_index import ArchiveIndex
from collusion.rules.case import read_case
from collusion.rules.scan import scan
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Conflict
from core.ledger.log import entries_of
from portal.cli.tick import tick
from tests import factories
from tests.collusion.desk import closed, opened
from tests.collusion.test_passages import OWN
from tests.factories import uscc

PAST, NOW = "LS-2026-001-01", "LS-2026-002-01"
OTHER = "沉淀池先放坡后支护，取样点隔日复测，过程影像由资料员编号归档并报监理签认。"


def index(platform: Platform) -> ArchiveIndex:
    """The installation's index as it lies on disk."""
    return services.index_of(platform.store)


def test_a_closed_section_is_learned_once_by_the_tick(platform: Platform, clock: StoppedClock) -> None:
    """Twice and in parallel. Seen red: with the note of the index not looked at, a second row broke the tick."""
    opened(platform, clock, PAST, {1: OWN, 2: OTHER, 3: "另一家的写法完全不同，逐段验收。"})
    with pytest.raises(Conflict, match=r"learning\.early"):
        services.learn_section(platform, PAST)
    closed(platform, PAST)
    workers = [threading.Thread(target=services.learn_section, args=(platform, PAST)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert f"learn {PAST}" not in tick(platform)
    assert index(platform).tenders == {PAST}
    assert len(index(platform).bids) == 3
    with platform.reading() as session:
        section = bidding.section(session, PAST)
        noted = queries.learning(session, section)
        assert noted is not None and (noted.bids, noted.left_out, noted.unread) == (3, [], [])
        kinds = [entry.kind for entry in entries_of(session, f"archive:{PAST}")]
        assert kinds.count("archive.learn") == 1


def test_a_lost_index_and_a_torn_note_are_made_good(platform: Platform, clock: StoppedClock) -> None:
    """Seen red: with the rows alone saying what is due, a lost index stayed lost."""
    opened(platform, clock, PAST, {1: OWN, 2: OTHER})
    closed(platform, PAST)
    assert f"learn {PAST}" in tick(platform)
    shutil.rmtree(index(platform).folder)
    assert f"learn {PAST}" in tick(platform)
    assert index(platform).tenders == {PAST} and f"learn {PAST}" not in tick(platform)


def test_a_platform_scan_asks_the_index_and_says_what_the_command_says(
    platform: Platform, clock: StoppedClock, tmp_path: Path
) -> None:
    """Equal inputs, equal bytes; other bidders' past text explains, one's own does not.

    Seen red: with the index not handed to the scan; with bidders known to it by their number in the section.
    """
    opened(platform, clock, PAST, {1: OWN, 2: "也没有关系。"}, others={1: uscc(990)})
    closed(platform, PAST)
    services.learn_section(platform, PAST)
    opened(platform, clock, NOW, {1: OWN + "甲。" + OTHER, 2: OWN + "乙。" + OTHER})
    made = services.scan_section(platform, NOW)
    (pair,) = made.result["pairs"]
    # The tail both have is nobody's; the head stands in another bidder's past bid.
    assert 0 < pair["text"]["matched"] < len(OWN)
    assert made.result["model"]["archive"] == {"tenders": 1, "bidders": 1, "left_out": []}
    assert made.result["model"]["history"] == "thin"
    with platform.reading() as session:
        section = bidding.section(session, NOW)
        tender = services.lay_out(session, platform.store, section, tmp_path / "laid")
        window = (section.published_at, section.deadline_at)
    again = scan(read_case(tender, tmp_path / "laid" / "bids", index(platform).folder, window=window))
    assert rfc8785.dumps(json.loads(rfc8785.dumps(again))) == rfc8785.dumps(made.result)


def test_what_a_confirmed_ring_shares_is_never_ordinary(platform: Platform, clock: StoppedClock) -> None:
    """Seen red: with the ring's bids learned like the others'."""
    opened(platform, clock, PAST, {1: OWN, 2: OWN, 3: OTHER})
    with platform.reading() as session:
        section = bidding.section(session, PAST)
        bids = {services.key_of(bid): bid for bid in queries.opened_bids(session, section)}
    ring = {"bidders": ["01", "02"], "tier": "review", "weight": 3.0}
    result = {"settings": {}, "pairs": [], "rings": [ring], "budget": {}, "model": {}}
    with platform.act(SYSTEM) as act:
        services.record_scan(act, bidding.section(act.session, PAST), result)
    with platform.act(factories.actor(platform, Role.SUPERVISOR)) as act:
        (found,) = queries.warnings_of(act.session, bidding.section(act.session, PAST))
        services.assign_warning(act, found)
        services.decide_warning(act, found, "refer", "雷同段落与设备标识互相印证，移送查处。")
    closed(platform, PAST)
    services.learn_section(platform, PAST)
    assert len(bids) == 3 and len(index(platform).bids) == 1
    with platform.reading() as session:
        noted = queries.learning(session, bidding.section(session, PAST))
        assert noted is not None and noted.left_out == [1, 2]

"""The archive index says what reading the archive says, tender by tender, at the price of its lookups."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from collusion.cli import collusion
from collusion.rules import archive_index
from collusion.rules.archive_index import ArchiveIndex
from collusion.rules.background import ArchivedBid, learn
from collusion.rules.case import read_case
from collusion.rules.documents import Marks
from collusion.rules.letters import keys_of
from collusion.rules.scan import scan
from tests.collusion.cases import text
from tests.collusion.test_passages import OWN
from tests.collusion.test_scan import folder


def archive(tenders: int, bidders: int = 3, seed: int = 1) -> list[list[ArchivedBid]]:
    """Bids of so many tenders; bidders come back, sentences are drawn from one stock."""
    rng = random.Random(seed)
    stock = ["".join(rng.choices("甲乙丙丁戊己庚辛壬癸子丑寅卯", k=12)) for _ in range(60)]
    made = []
    for tender in range(tenders):
        bids = []
        for bidder in rng.sample(range(9), bidders):
            marks = Marks(last_modified_by=f"author{bidder % 4}")
            bids.append(ArchivedBid(f"t{tender}", f"b{bidder}", (text("d", *rng.sample(stock, 9), marks=marks),)))
        made.append(bids)
    return made


@pytest.mark.parametrize("left_out", [frozenset(), frozenset({"b1", "b4"})])
def test_the_index_says_what_the_archive_says(tmp_path: Path, left_out: frozenset[str]) -> None:
    """Every phrase and mark, some bidders left out. Seen red: with merged counts added up for keys of few bids."""
    tenders = archive(11)
    index = ArchiveIndex(tmp_path)
    for bids in tenders:
        assert index.add(bids[0].tender, bids)
    read = learn([bid for bids in tenders for bid in bids], except_bidders=left_out)
    asked = ArchiveIndex(tmp_path).background(except_bidders=left_out)
    assert (asked.tenders, asked.bidders) == (read.tenders, read.bidders)
    for kind in ("grams", "bigrams"):
        keys = getattr(read, kind).keys
        few = getattr(read, kind).counts < 8
        assert np.array_equal(getattr(asked, kind).of(keys)[few], getattr(read, kind).of(keys)[few])
        assert (getattr(asked, kind).of(keys) >= getattr(read, kind).of(keys)).all()
    for author in range(5):
        name = f"author{author}"
        assert asked.seen("last_modified_by", name) == read.seen("last_modified_by", name)
    assert asked.grams.of(keys_of(["永远没有过"])).tolist() == [0]


def test_a_tender_is_added_once_and_segments_stay_few(tmp_path: Path) -> None:
    """Seen red: with the merging left out there were as many segments as tenders."""
    index = ArchiveIndex(tmp_path)
    for bids in archive(20):
        assert index.add(bids[0].tender, bids)
        assert not index.add(bids[0].tender, bids)
    assert len(index.bids) == 60
    assert len(index.segments) <= 6
    assert sorted(path.name for path in tmp_path.glob("segment-*")) == sorted(s.name for s in index.segments)


def test_what_was_torn_before_the_manifest_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash after a segment and before the manifest. Seen red: with the manifest written first."""
    first, second = archive(2)
    index = ArchiveIndex(tmp_path)
    index.add("t0", first)
    with monkeypatch.context() as broken:
        broken.setattr(ArchiveIndex, "_publish", lambda self: (_ for _ in ()).throw(OSError("power")))
        with pytest.raises(OSError, match="power"):
            ArchiveIndex(tmp_path).add("t1", second)
    again = ArchiveIndex(tmp_path)
    assert again.tenders == {"t0"}
    assert again.background().tenders == 1
    assert again.add("t1", second) and ArchiveIndex(tmp_path).tenders == {"t0", "t1"}


def test_a_common_phrase_costs_no_more_than_a_rare_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most POSTINGS bids are looked at per key and segment. Seen red: with all of them kept."""
    monkeypatch.setattr(archive_index, "POSTINGS", 4)
    index = ArchiveIndex(tmp_path)
    for number in range(30):
        index.add(f"t{number}", [ArchivedBid(f"t{number}", f"b{number}", (text("d", OWN),))])
    for columns in index.columns("grams"):
        assert np.diff(columns["starts"]).max() <= 4
    assert index.background().grams.of(keys_of([OWN[:5]])).tolist() == [30]


def test_the_commands_learn_and_scan(tmp_path: Path) -> None:
    """Seen red: with the index not recognised the scan was cold; with `--budget` not passed on."""
    bids = folder(tmp_path / "bids", a=OWN + "甲。", b=OWN + "乙。")
    folder(tmp_path / "archive" / "t1", someone=OWN)
    tender = tmp_path / "t.txt"
    tender.write_text("招标文件正文。", "utf-8")
    runner = CliRunner()
    command = ["learn", "--archive", str(tmp_path / "archive"), "--index", str(tmp_path / "index")]
    assert runner.invoke(collusion, command).exit_code == 0
    assert ArchiveIndex(tmp_path / "index").tenders == {"t1"}
    out = tmp_path / "o.json"
    files = ["--tender", str(tender), "--bids", str(bids), "--archive", str(tmp_path / "index"), "--json", str(out)]
    done = runner.invoke(collusion, ["scan", *files, "--budget", "0.5", "--quiet"])
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text("utf-8"))
    assert result["model"]["archive"] == {"tenders": 1, "bidders": 1, "left_out": []}
    assert not result["model"]["cold_start"] and result["pairs"][0]["text"]["matched"] == 0
    assert result["budget"]["expected_false_leads_per_section"] == 0.5 and result["budget"]["current"] is False
    usual = scan(read_case([], bids))
    assert result["budget"]["threshold"] < usual["budget"]["threshold"]

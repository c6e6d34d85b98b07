"""The journal outside the database: an older or rewritten database is refused, and what is lost is named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from core.act import SYSTEM, Platform
from core.errors import Conflict
from core.ledger import log
from core.ledger.journal import Journal, Seen, check_against
from portal.standing import check_standing, seen_by


@pytest.fixture
def kept(platform: Platform, tmp_path: Path) -> Platform:
    """A platform with a journal elsewhere and ten entries, the odd ones commitments."""
    platform.journal = Journal(tmp_path / "elsewhere.journal")
    for number in range(10):
        with platform.act(SYSTEM) as act:
            if number % 2:
                log.append_commitments([act], [f"{number:064x}"])
            else:
                log.append(act, "test.entry", "section:T-1", {"n": number})
            log.signed_head(act)
    return platform


def lose(platform: Platform, first: int) -> None:
    """What restoring an old backup does to the log."""
    with platform.act(SYSTEM) as act:
        for table, column in ((log.LedgerEntry, log.LedgerEntry.leaf_index), (log.LedgerHead, log.LedgerHead.size)):
            act.session.execute(delete(table).where(column >= first + (table is log.LedgerHead)))
        act.session.execute(delete(log.LedgerNode).where(log.LedgerNode.level == 0, log.LedgerNode.position >= first))


def test_an_untouched_database_stands(kept: Platform) -> None:
    assert check_standing(kept, []) == []
    seen = kept.journal.read(kept.signer.verifier)  # type: ignore[union-attr]
    assert seen.size == 10 and seen.head is not None and seen.head.size == 10


def test_an_older_database_is_refused_and_every_lost_receipt_named(kept: Platform, tmp_path: Path) -> None:
    """Seen red: without the comparison of the sizes."""
    lose(kept, 4)
    with pytest.raises(Conflict) as caught:
        check_standing(kept, [])
    assert caught.value.code == "ledger.rolled_back"
    assert caught.value.facts["missing"] == [4, 5, 6, 7, 8, 9]
    assert caught.value.facts["receipts"] == [5, 7, 9]


def test_a_rewritten_entry_is_named(kept: Platform) -> None:
    """The insider changes an entry and its hashes and signs again. Seen red: without the comparison of the root."""
    with kept.act(SYSTEM) as act:
        act.session.execute(update(log.LedgerEntry).where(log.LedgerEntry.leaf_index == 3).values(digest="f" * 64))
        act.session.flush()
        act.session.expire_all()
        for level, position in ((0, 3), (1, 1), (2, 0), (3, 0)):
            node = act.session.get(log.LedgerNode, (level, position))
            assert node is not None
            if level == 0:
                node.hash = log.entry(act.session, 3).leaf_hash()
            else:
                pair = [act.session.get(log.LedgerNode, (level - 1, 2 * position + side)) for side in (0, 1)]
                node.hash = log.merkle.node_hash(pair[0].hash, pair[1].hash)  # type: ignore[union-attr]
        act.session.execute(delete(log.LedgerHead))
    with pytest.raises(Conflict) as caught:
        check_standing(kept, [])
    assert (caught.value.code, caught.value.facts["index"]) == ("ledger.rewritten", 3)


def test_a_crash_between_commit_and_journal_is_made_up_for(kept: Platform) -> None:
    journal = kept.journal
    kept.journal = None
    with kept.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {"unseen": True})
        log.signed_head(act)
    kept.journal = journal
    assert journal is not None
    with journal.file.open("ab") as file:
        file.write(b'{"leaf": {"at": "torn')
    assert check_standing(kept, []) == []
    journal.file.write_bytes(journal.file.read_bytes().replace(b'{"leaf": {"at": "torn', b""))
    assert journal.read(kept.signer.verifier).size == 11


def test_many_threads_write_whole_lines(kept: Platform) -> None:
    journal = kept.journal
    assert journal is not None

    def write(number: int) -> None:
        for step in range(50):
            journal.write([{"leaf": {"index": 1000 * number + step, "kind": "x"}}])

    threads = [threading.Thread(target=write, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.read(kept.signer.verifier).leaves) == 10 + 400


def test_a_refused_act_leaves_no_line(kept: Platform) -> None:
    before = kept.journal.file.read_bytes()  # type: ignore[union-attr]
    with pytest.raises(Conflict), kept.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {})
        raise Conflict("ledger.fork", size=1)
    assert kept.journal.file.read_bytes() == before  # type: ignore[union-attr]


def test_a_witness_alone_is_enough_and_one_that_is_away_is_told(kept: Platform, tmp_path: Path) -> None:
    with kept.reading() as session:
        head = log.newest_head(session)
    assert head is not None
    (tmp_path / "head.note").write_text(head.note, encoding="utf-8")
    assert seen_by(str(tmp_path / "head.note"), kept.signer.verifier).size == 10
    silent = check_standing(kept, [str(tmp_path / "nowhere"), "http://127.0.0.1:9/head"])
    assert len(silent) == 2
    kept.journal = None
    lose(kept, 7)
    with pytest.raises(Conflict) as caught:
        check_standing(kept, [str(tmp_path / "head.note")])
    assert caught.value.facts["missing"] == [7, 8, 9]
    assert caught.value.facts["receipt_count"] == "0+", "without leaves nobody can say which were receipts"


def test_a_journal_over_an_empty_database_is_a_lost_database(kept: Platform) -> None:
    seen = Seen("journal", kept.journal.read(kept.signer.verifier).leaves)  # type: ignore[union-attr]
    lose(kept, 0)
    with kept.reading() as session, pytest.raises(Conflict, match=r"ledger\.rolled_back"):
        check_against(session, seen)

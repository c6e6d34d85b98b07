"""The beat of timestamps: commits wait for nobody, the asking tells nothing, what was missed is made up for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import tsp  # type: ignore[import-untyped]

from bidding import queries, rules
from core.act import SYSTEM, Platform
from core.clock import StoppedClock
from core.errors import Invalid
from core.ledger import log, vouching
from core.timestamps import Authority
from core.trust import Trust
from portal.cli.outside import Outside
from portal.cli.tsa import SmallTimestampAuthority, serving
from tests.bidding.stage import Bidder, Stage

AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)


class Listening(SmallTimestampAuthority):
    """An authority that remembers what it was asked."""

    heard: list[bytes]

    def answer(self, query: bytes, at: datetime) -> bytes:
        self.heard.append(query)
        return super().answer(query, at)


@pytest.fixture(scope="module")
def listening() -> Listening:
    made = Listening.create("timestamps.test", at=AT)
    assert isinstance(made, Listening)
    return made


@pytest.fixture
def stamped(platform: Platform, clock: StoppedClock, listening: Listening) -> Iterator[Platform]:
    """The test's platform with an authority that answers by the test's clock."""
    listening.heard = []
    with serving(listening, clock.now) as address:
        platform.trust = Trust(authority=Authority(address, (listening.root,), timeout=5, tries=1))
        yield platform


@pytest.fixture
def stage(stamped: Platform) -> Stage:
    return Stage(stamped).publish()


@pytest.fixture
def bidder(tmp_path: Any) -> Callable[[str], Bidder]:
    return lambda name: Bidder(name, tmp_path / name)


def receipt_now(stage: Stage, index: int) -> dict[str, Any]:
    """The receipt of that entry as it is told now."""
    with stage.platform.reading() as session:
        row = next(row for row in queries.submissions(session, stage.section()) if row.leaf_index == index)
        return queries.receipt_of(session, row)


def test_a_receipt_comes_at_once_and_its_timestamp_with_the_next_beat(
    stage: Stage, bidder: Callable[[str], Bidder], listening: Listening, clock: StoppedClock
) -> None:
    outside = Outside(stage.platform)
    assert len(outside.ring()) == 1
    _, receipt = stage.commit(bidder("甲").seal(stage.policy()))
    told = receipt_now(stage, receipt["leaf_index"])
    assert told["vouched"] is None
    assert rules.verify_receipt(told, roots=(listening.root,)).vouched is None
    clock.advance(seconds=61)
    assert len(outside.ring()) == 1
    told = receipt_now(stage, receipt["leaf_index"])
    verified = rules.verify_receipt(told, key=str(stage.platform.signer.verifier), roots=(listening.root,))
    assert verified.vouched is not None
    assert [stamp.at for stamp in verified.vouched.stamps] == [clock.now()]
    assert {**told, "vouched": None} == {**receipt, "vouched": None}
    unjudged = rules.verify_receipt(told).vouched
    assert unjudged is not None and unjudged.unchecked == 1


def test_the_asking_tells_nothing_of_bids(
    stage: Stage, bidder: Callable[[str], Bidder], listening: Listening, clock: StoppedClock
) -> None:
    """One question a beat however many bids came, none sooner, and nothing in it but a hash of a public head.

    Seen red: with `_due` always true, which lets the authority see every second in which something was written.
    """
    outside = Outside(stage.platform)
    outside.ring()
    asked = []
    for names in ("甲", "", "乙丙丁", ""):
        for name in names:
            stage.commit(bidder(name).seal(stage.policy()))
            clock.advance(seconds=1)
            assert outside.ring() == []
        clock.advance(seconds=61)
        before = len(listening.heard)
        outside.ring()
        asked.append(len(listening.heard) - before)
    assert asked == [1, 1, 1, 1]
    with stage.platform.reading() as session:
        heads = {hashlib.sha256(vouching.body_of(v.head.note).encode()).digest() for v in vouching.heads_page(session)}
    for query in listening.heard:
        request = tsp.TimeStampReq.load(query)
        assert request["message_imprint"]["hashed_message"].native in heads
        assert len(query) < 100


def test_while_the_authority_is_down_bids_are_received_and_their_timestamps_made_up_for(
    stage: Stage, bidder: Callable[[str], Bidder], listening: Listening, clock: StoppedClock
) -> None:
    """Seen red: with no pause after a failure (every ring then hangs on the dead authority)."""
    working = stage.platform.trust
    stage.platform.trust = Trust(authority=Authority("http://127.0.0.1:9/", (listening.root,), timeout=1, tries=1))
    outside = Outside(stage.platform)
    receipts = [stage.commit(bidder(name).seal(stage.policy()))[1] for name in "甲乙"]
    assert outside.ring() == [] and outside.failures == 1
    clock.advance(seconds=61)
    assert outside.ring() == [] and outside.failures == 1, "it waits before it asks again"
    assert [receipt_now(stage, receipt["leaf_index"])["vouched"] for receipt in receipts] == [None, None]
    stage.platform.trust = working
    outside.not_before = 0.0
    clock.advance(seconds=61)
    assert len(outside.ring()) == 1 and outside.failures == 0
    for receipt in receipts:
        told = receipt_now(stage, receipt["leaf_index"])
        assert rules.verify_receipt(told, roots=(listening.root,)).vouched is not None


def test_two_workers_at_once_keep_one_token(stamped: Platform) -> None:
    with stamped.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {})
    one, two = Outside(stamped), Outside(stamped)
    one.ring()
    two.asked_at = None
    two.ring()
    from portal.cli.outside import stamp_head

    stamp_head(stamped)
    with stamped.reading() as session:
        assert [len(held.stamps) for held in vouching.heads_page(session)] == [1]


def test_a_receipt_with_a_wrong_word_of_an_outsider_is_refused(
    stage: Stage, bidder: Callable[[str], Bidder], listening: Listening, clock: StoppedClock
) -> None:
    """Another head's token, another root's, a proof of another leaf, an instant before the entry's own.

    Seen red: with `_check_vouched` returning before the tokens, and without the comparison of the two clocks.
    """
    outside = Outside(stage.platform)
    receipts = []
    for name in "甲乙":
        receipts.append(stage.commit(bidder(name).seal(stage.policy()))[1])
        clock.advance(seconds=61)
        outside.ring()
    one, two = (receipt_now(stage, receipt["leaf_index"]) for receipt in receipts)
    roots = (listening.root,)
    swapped = {**one, "vouched": {**one["vouched"], "timestamps": two["vouched"]["timestamps"]}}
    stranger = SmallTimestampAuthority.create("timestamps.test", at=AT)
    moved = {**one, "vouched": {**one["vouched"], "inclusion_proof": two["vouched"]["inclusion_proof"]}}
    for told, known, code in (
        (swapped, roots, "receipt.timestamp"),
        (one, (stranger.root,), "receipt.timestamp"),
        (moved, roots, "receipt.inclusion"),
        ({**one, "vouched": {**one["vouched"], "timestamps": []}}, roots, "receipt.malformed"),
        ({**one, "vouched": {**one["vouched"], "checkpoint": "x"}}, roots, "receipt.head"),
    ):
        with pytest.raises(Invalid) as caught:
            rules.verify_receipt(told, roots=known)
        assert caught.value.code == code


def test_a_platform_whose_clock_runs_ahead_of_the_authority_is_found_out(
    stage: Stage, bidder: Callable[[str], Bidder], listening: Listening, clock: StoppedClock
) -> None:
    """PROOF T5: the platform dates an entry ten seconds after the instant at which the authority has seen it."""
    _, receipt = stage.commit(bidder("甲").seal(stage.policy()))
    true_now = clock.now
    clock.now = lambda: true_now() - timedelta(seconds=10)  # type: ignore[method-assign]
    with serving(listening, clock.now) as address:
        stage.platform.trust = Trust(authority=Authority(address, (listening.root,)))
        Outside(stage.platform).ring()
    with pytest.raises(Invalid, match=r"receipt\.clock"):
        rules.verify_receipt(receipt_now(stage, receipt["leaf_index"]), roots=(listening.root,))

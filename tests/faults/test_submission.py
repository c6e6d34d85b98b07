"""Submissions when things break: killed processes, and the last second before the deadline."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section
from bidding.services.lock import COMMITS
from core.act import PUBLIC, Platform
from core.clock import SystemClock
from core.errors import Conflict, Untimely
from core.ledger.log import audit, platform_signer
from core.store import ObjectStore
from tests import factories
from tests.bidding.stage import Bidder, Stage, commit_of, request_of
from tests.conftest import SIGNER_SEED


def need_strace() -> None:
    """Skip aloud where strace is missing or may not trace."""
    if shutil.which("strace") is None:
        pytest.skip("KILL POINTS NOT TESTED: no strace on the path (apt-get install strace)")
    tried = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"KILL POINTS NOT TESTED: strace may not trace here ({tried.stderr.strip()})")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_at_any_kill_point() -> None:
    """R1, short form: 40 points. Seen red: `--sabotage early`, which the next test keeps red."""
    need_strace()
    from benchmarks.figures.r01 import measure

    tally, calls = measure(40)
    assert tally.holds, tally.words
    assert tally.killed == tally.points == 40
    assert all(calls.values())


@pytest.mark.slow
def test_the_kill_points_find_a_receipt_given_too_early() -> None:
    """The detector itself: a receipt before the commit is found lost when the kill comes between."""
    need_strace()
    from benchmarks.figures.r01 import measure

    # Which calls the points fall on depends on how many calls a submission makes; a few draws, the first mostly tells.
    assert any(measure(24, seed=seed, sabotage="early")[0].lost for seed in (4, 5, 6, 7))


# The last second ------------------------------------------------------------------------------------------------


class LastSecond:
    """Bidders who commit across a real deadline, and a tick that closes as soon as it may."""

    def __init__(self, stage: Stage, folder: Path, count: int) -> None:
        self.stage = stage
        self.policy = stage.policy()
        self.sealed = [Bidder(f"投标人{number}", folder / str(number)).seal(self.policy) for number in range(count)]
        for sealed in self.sealed:
            stage.deposit(sealed)
        self.stamped: dict[str, object] = {}
        self.late: set[str] = set()
        self.lock = threading.Lock()

    def commit(self, platform: Platform, number: int) -> None:
        """One commit, noted as received or late."""
        request = request_of(self.sealed[number])
        digest = self.sealed[number].digest
        try:
            with platform.stamp(rules.turnstile(self.stage.code)) as stamp:
                services.commit_together(platform, stamp, commit_of(self.stage.code, request))
        except Untimely as refusal:
            assert refusal.code == "bid.late"
            assert refusal.facts["at"] >= refusal.facts["deadline"], "stamped in time and refused"
            with self.lock:
                self.late.add(digest)
        else:
            with self.lock:
                self.stamped[digest] = stamp.at


def another(platform: Platform) -> Platform:
    """The same installation as a second process would open it: its own connections, its own gate on the same files."""
    from core.db import Database

    database = Database(platform.database.url.render_as_string(hide_password=False), folder=platform.database.folder)
    return Platform(
        database, ObjectStore(platform.store.root), SystemClock(), platform_signer("sunbid.test", SIGNER_SEED)
    )


def set_deadline(platform: Platform, code: str, seconds: float, clock: SystemClock) -> None:
    """Move the section's deadline so that it comes `seconds` from now."""
    with platform.database.writing() as session:
        section = session.query(Section).filter_by(code=code).one()
        section.deadline_at = clock.now() + timedelta(seconds=seconds)


def across_the_deadline(platform: Platform, tmp_path: Path, count: int, seconds: float) -> LastSecond:
    """`count` commits across a real deadline over two platforms, four closers at once; the closed set is checked."""
    stage = Stage(platform).publish()
    crowd = LastSecond(stage, tmp_path / "crowd", count)
    for role in (Role.BIDDER, Role.OFFICER):
        factories.actor(platform, role)
    clock = SystemClock()
    first = Platform(platform.database, platform.store, clock, platform.signer)
    second = another(platform)
    set_deadline(platform, stage.code, seconds, clock)
    stage.platform = first
    closed: list[services.ClosedSet] = []

    def close(on: Platform) -> None:
        while True:
            try:
                with on.act(PUBLIC, through=rules.turnstile(stage.code), shared=False) as act:
                    closed.append(services.close_section(act, queries.section(act.session, stage.code)))
                return
            except (Untimely, Conflict):
                threading.Event().wait(0.02)

    deadline = stage.section().closing_at

    def commit(on: Platform, number: int) -> None:
        """The second half comes at once, a hundredth of a second before the deadline."""
        if number >= count // 2:
            threading.Event().wait((deadline - clock.now()).total_seconds() - 0.01)
        crowd.commit(on, number)

    platforms = (first, second)
    with ThreadPoolExecutor(32) as pool:
        closers = [pool.submit(close, platforms[number % 2]) for number in range(4)]
        commits = [pool.submit(commit, platforms[number % 2], number) for number in range(count)]
        for future in (*commits, *closers):
            future.result(120)
    second.database.close()
    in_set = {item["submission_digest"] for item in closed[0].items}
    assert all(one == closed[0] for one in closed)
    assert in_set == set(crowd.stamped)
    assert all(stamp < deadline for stamp in crowd.stamped.values())  # type: ignore[operator]
    assert crowd.late == {sealed.digest for sealed in crowd.sealed} - in_set
    with first.reading() as session:
        assert list(audit(session, first.signer.verifier)) == []
        assert {row.state for row in queries.submissions(session, stage.section())} <= {"sealed"}
    return crowd


def test_everything_stamped_before_the_deadline_is_in_the_closed_set(platform: Platform, tmp_path: Path) -> None:
    """R3, R4 in short: what was stamped in time counts, nothing else, one closing whoever rings.

    Seen red: with a closing that sealed nothing; the next test guards the barrier itself.
    """
    crowd = across_the_deadline(platform, tmp_path, 24, 0.4)
    assert crowd.stamped or crowd.late


class CountingClock(SystemClock):
    """A clock that says how often it was asked: how many acts have their stamp."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def now(self) -> datetime:
        self.asked += 1
        return super().now()


@contextmanager
def writers_held(platform: Platform) -> Iterator[None]:
    """Inside, every commit waits where the database lets one in at a time."""
    if platform.database.is_sqlite:
        with platform.database.gate.hold():
            yield
        return
    with platform.database.writing() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": COMMITS})
        yield


def test_the_closing_waits_for_whoever_was_stamped(platform: Platform, tmp_path: Path) -> None:
    """Eight bids stamped in time stand in line while the deadline passes and four closers ring: all eight count.

    Seen red: with `shared=True` for the closers, which then freeze the set with bids on their way (PROOF, finding 1).
    """
    stage = Stage(platform).publish()
    crowd = LastSecond(stage, tmp_path / "crowd", 8)
    factories.actor(platform, Role.OFFICER)
    clock = CountingClock()
    timed = Platform(platform.database, platform.store, clock, platform.signer)
    set_deadline(platform, stage.code, 1.0, SystemClock())
    deadline = stage.section().closing_at
    # Closers of another process, as far as the database can tell: they do not stand in the commits' own line.
    second = another(platform)
    closed: list[services.ClosedSet] = []

    def close() -> None:
        with second.act(PUBLIC, through=rules.turnstile(stage.code), shared=False) as act:
            closed.append(services.close_section(act, queries.section(act.session, stage.code)))

    with ThreadPoolExecutor(12) as pool:
        with writers_held(platform):
            commits = [pool.submit(crowd.commit, timed, number) for number in range(8)]
            while clock.asked < 8:
                time.sleep(0.005)
            while clock.now() < deadline:
                time.sleep(0.02)
            closers = [pool.submit(close) for _ in range(4)]
            time.sleep(0.3)
        for future in (*commits, *closers):
            future.result(60)
    second.database.close()
    assert len(crowd.stamped) == 8
    assert {item["submission_digest"] for item in closed[0].items} == set(crowd.stamped)
    assert all(one == closed[0] for one in closed)


@pytest.mark.slow
def test_two_hundred_commits_across_the_deadline(platform: Platform, tmp_path: Path) -> None:
    """200 commits of 32 threads over two pools, the deadline in their middle. Seen red: as the test above."""
    crowd = across_the_deadline(platform, tmp_path, 200, 2.0)
    assert crowd.stamped and crowd.late


def test_one_copied_bid_of_two_at_once(platform: Platform, tmp_path: Path) -> None:
    """Two handles commit the same ciphertext at the same instant: one is in, the other is copied (T8).

    Seen red on PostgreSQL: without lock_commits both read before either wrote, and one died of the unique constraint.
    """
    from tests.bidding.stage import resigned

    stage = Stage(platform).publish()
    factories.actor(platform, Role.BIDDER)
    outcomes: list[str] = []
    for turn in range(4):
        owner = Bidder("甲", tmp_path / f"owner-{turn}")
        thief = Bidder(f"乙{turn}", tmp_path / f"thief-{turn}")
        owner.keys = type(owner.keys)(
            owner.keys.identity, bytes([turn + 1]) * 32, owner.keys.certificate, owner.keys.sign
        )
        original, own = owner.seal(stage.policy()), thief.seal(stage.policy())
        stage.deposit(original)
        stage.deposit(own)
        bulk = original.submission["envelopes"]["price"]["bulk"]
        content = resigned(thief, own, lambda c, bulk=bulk: c["envelopes"]["price"].update(bulk=bulk))
        barrier = threading.Barrier(2)

        def attempt(run: Callable[[], object], barrier: threading.Barrier = barrier) -> str:
            barrier.wait(10)
            try:
                run()
            except Conflict as refusal:
                return refusal.code
            return "in"

        with ThreadPoolExecutor(2) as pool:
            tries = [
                pool.submit(attempt, lambda o=original: stage.commit(o, deposited=True)),
                pool.submit(attempt, lambda o=own, c=content: stage.commit(o, deposited=True, submission=c)),
            ]
            outcomes.append(" ".join(sorted(future.result(60) for future in tries)))
    assert outcomes == ["bid.copied in"] * 4


def test_one_key_at_once_gives_one_receipt(platform: Platform, tmp_path: Path) -> None:
    """Eight impatient tries of one commit: one row, one receipt (R6). Seen red on PostgreSQL: without lock_commits."""
    stage = Stage(platform).publish()
    factories.actor(platform, Role.BIDDER)
    sealed = Bidder("甲", tmp_path / "one").seal(stage.policy())
    stage.deposit(sealed)
    barrier = threading.Barrier(8)

    def attempt() -> object:
        barrier.wait(10)
        return stage.commit(sealed, deposited=True)[1]

    with ThreadPoolExecutor(8) as pool:
        receipts = [future.result(60) for future in [pool.submit(attempt) for _ in range(8)]]
    assert all(receipt == receipts[0] for receipt in receipts)
    with platform.reading() as session:
        assert len(queries.submissions(session, stage.section())) == 1

"""The database: values come back exactly, one writer at a time, the turnstile drains before it turns."""

from __future__ import annotations

import os
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from core.act import SYSTEM, Platform
from core.db import Instant, Json, Score
from core.ledger import log
from core.outbox import Message
from tests.conftest import FSYNC


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 — zone added below
def test_instants_come_back_to_the_microsecond(naive: datetime) -> None:
    instant = naive.replace(tzinfo=timezone(timedelta(hours=8)))
    stored = Instant().process_bind_param(instant, None)  # type: ignore[arg-type]
    assert Instant().process_result_value(stored, None) == instant  # type: ignore[arg-type]


def test_a_naive_instant_is_never_stored() -> None:
    with pytest.raises(ValueError, match="zone"):
        Instant().process_bind_param(datetime(2026, 1, 1), None)  # type: ignore[arg-type]  # noqa: DTZ001


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9))
def test_scores_never_pass_through_a_float(value: Decimal) -> None:
    stored = Score().process_bind_param(value, None)  # type: ignore[arg-type]
    assert Score().process_result_value(stored, None) == value  # type: ignore[arg-type]


def test_equal_json_is_equal_text() -> None:
    bind = Json().process_bind_param
    assert bind({"b": 1, "a": [True]}, None) == bind({"a": [True], "b": 1}, None)  # type: ignore[arg-type]


def test_sqlite_runs_with_its_safe_settings(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection: WAL, synchronous FULL, foreign keys, no automatic checkpoint."""
    monkeypatch.setattr(os, "fsync", FSYNC)  # as outside the suite, which waits for no disk
    if not platform.database.is_sqlite:
        pytest.skip("SQLite's own settings")
    with platform.reading() as session:
        settings = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}


def test_many_writers_at_once_lose_nothing(platform: Platform) -> None:
    """Sabotage: a plain deferred BEGIN without the gate failed with "database is locked"."""
    errors: list[Exception] = []

    def write(worker: int) -> None:
        try:
            for n in range(10):
                with platform.act(SYSTEM) as act:
                    log.append(act, "test.entry", f"worker:{worker}", {"n": n})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with platform.reading() as session:
        assert log.size(session) == 120
        assert list(log.audit(session, platform.signer.verifier)) == []


def test_an_act_that_raises_leaves_nothing(platform: Platform) -> None:
    with pytest.raises(RuntimeError), platform.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {})
        raise RuntimeError
    with platform.reading() as session:
        assert log.size(session) == 0


def test_an_error_of_the_database_names_no_value(platform: Platform) -> None:
    """What fails unforeseen is written to the log whole: neither what was sent nor the row that is shown.

    Seen red: with the parameters shown; on PostgreSQL also with its DETAIL.
    """
    name = "金丝雀建设集团有限公司"
    written = insert(Message).values(
        key=name,
        channel="mail",
        recipient=name,
        template="x",
        facts={"who": name},
        written_at=datetime.now(UTC),
        attempts=0,
    )
    with pytest.raises(IntegrityError) as caught, platform.act(SYSTEM) as act:
        for _ in range(2):
            act.session.execute(written)
    told = "".join(traceback.format_exception(caught.value))
    assert "IntegrityError" in told and "message" in told
    assert name not in told and "金丝雀" not in str(caught.value.orig)


def test_what_is_written_while_reading_is_not_kept(platform: Platform) -> None:
    with platform.act(SYSTEM) as act:
        log.append(act, "test.entry", None, {})
    with platform.reading() as session:
        log.entry(session, 0).kind = "changed"
        session.flush()
    with platform.reading() as session:
        assert log.entry(session, 0).kind == "test.entry"


def test_the_turnstile_waits_for_everyone_inside(platform: Platform) -> None:
    """The closing barrier. Sabotage: taking the turnstile as shared on both sides was red."""
    turnstile = platform.database.turnstile
    events: list[str] = []
    inside = threading.Event()

    def bidder() -> None:
        with turnstile("submissions:T-1", shared=True):
            inside.set()
            time.sleep(0.3)
            events.append("committed")

    thread = threading.Thread(target=bidder)
    thread.start()
    inside.wait()
    with turnstile("submissions:T-1", shared=False):
        events.append("closed")
    thread.join()
    assert events == ["committed", "closed"]


def test_an_instant_is_stamped_after_the_turnstile(platform: Platform) -> None:
    """An act that had to wait at the turnstile bears the instant it came through, not the one it queued at."""
    clock = platform.clock
    started = threading.Event()
    stamps: list[datetime] = []

    def late() -> None:
        started.set()
        with platform.act(SYSTEM, through="x", shared=True) as act:
            stamps.append(act.now)

    with platform.database.turnstile("x", shared=False):
        thread = threading.Thread(target=late)
        thread.start()
        started.wait()
        time.sleep(0.1)
        clock.advance(minutes=1)  # type: ignore[attr-defined]
    thread.join()
    assert stamps == [clock.now().astimezone(UTC)]


def test_a_crowd_in_the_turnstile_needs_no_connection_each(platform: Platform) -> None:
    """Seventy at once inside, more than there are connections, and all get their act.

    Seen red on PostgreSQL: with a connection for each, all are inside and none is left for the act of the first.
    """
    barrier = threading.Barrier(70)
    done: list[int] = []

    def come(number: int) -> None:
        with platform.stamp("crowd") as stamp:
            barrier.wait(30)
            with platform.acts(SYSTEM, [stamp]) as acts:
                assert acts[0].now == stamp.at
                done.append(number)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(70))
    with platform.database.turnstile("crowd", shared=False):
        pass

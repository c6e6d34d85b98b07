"""A crowd at the deadline: who came in time is in time, however long the server takes to read; the closing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts.rules import Role
from bidding.routes import doorkeeper
from bidding.routes.arrivals import Arrivals
from bidding.routes.doorkeeper import Doorkeeper
from core.clock import iso
from core.seal import Sealed
from tests.bidding.stage import Stage, request_of
from tests.conftest import Browser

Headers = dict[str, str]


@pytest.mark.parametrize(
    ("waited", "answered"),
    [(3.0, 201), (0.5, 409), (-5.0, 409), (400.0, 409)],
    ids=["in-time", "late", "future", "old"],
)
def test_the_stamp_is_of_when_the_last_byte_came(
    stage: Stage, client: Browser, sealed: Sealed, bearer: Callable[..., Headers], waited: float, answered: int
) -> None:
    """Read a second after the deadline: what came two before it is received as of then; no clock's folly counts.

    Seen red: with the stamp of when it was read, and (the last) without OLDEST.
    """
    stage.deposit(sealed)
    deadline = stage.section().closing_at
    stage.platform.clock.move_to(deadline - timedelta(minutes=1))
    headers = bearer(Role.BIDDER)
    stage.platform.clock.move_to(deadline + timedelta(seconds=1))
    line = {"gunicorn.socket": SimpleNamespace(arrived=time.time() - waited)}
    url = f"/sections/{stage.code}/submissions"
    answer = client.post(url, json=request_of(sealed), headers=headers, environ_overrides=line)
    assert answer.status_code == answered, answer.text
    if answered == 201:
        received = answer.json["received_at"]
        assert iso(deadline - timedelta(seconds=2.5)) < received < iso(deadline - timedelta(seconds=1.5))


def test_the_closing_waits_until_all_that_came_before_is_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doorkeeper stands while the knock is unanswered, and while what was being read then is.

    Seen red: without the knock, and without the wait for reading.
    """
    arrivals = Arrivals(None, stage.platform)
    answered, read = threading.Event(), threading.Event()
    order: list[str] = []

    def knock() -> None:
        answered.wait(10)
        order.append("answered")

    keeper = Doorkeeper(arrivals, knock)
    deadline = stage.section().closing_at
    stage.platform.clock.move_to(deadline - timedelta(seconds=1))
    assert keeper.look() == [(stage.code, deadline)]
    standing = threading.Thread(target=keeper.stand, args=(stage.code, deadline))
    standing.start()

    def slow() -> None:
        with arrivals.reading():
            read.wait(10)
            order.append("read")

    reading = threading.Thread(target=slow)
    reading.start()
    time.sleep(0.1)
    stage.platform.clock.move_to(deadline)

    def close() -> None:
        stage.close()
        order.append("closed")

    closing = threading.Thread(target=close)
    closing.start()
    for event in (answered, read):
        closing.join(0.3)
        assert closing.is_alive()
        event.set()
    for thread in (closing, standing, reading):
        thread.join(10)
    assert order == ["answered", "read", "closed"]


def test_a_sender_who_stalls_does_not_keep_the_closing_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is begun and not ended at the deadline is late by law (R-203). Seen red: with the wait unbounded."""
    monkeypatch.setattr(doorkeeper, "READING", 0.2)
    arrivals, end = Arrivals(None, stage.platform), threading.Event()

    def stall() -> None:
        with arrivals.reading():
            end.wait(10)

    stalled = threading.Thread(target=stall)
    stalled.start()
    deadline = stage.section().closing_at
    stage.platform.clock.move_to(deadline)
    began = time.monotonic()
    Doorkeeper(arrivals, lambda: None).stand(stage.code, deadline)
    assert stalled.is_alive() and time.monotonic() - began < 5
    end.set()
    stalled.join(10)


def test_nobody_stands_at_a_deadline_that_is_far_or_past(stage: Stage) -> None:
    """Seen red: with every open section's deadline."""
    keeper = Doorkeeper(Arrivals(None, stage.platform), lambda: None)
    deadline = stage.section().closing_at
    assert keeper.look() == []
    stage.platform.clock.move_to(deadline + timedelta(seconds=1))
    assert keeper.look() == []

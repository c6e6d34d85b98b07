"""What needs the network, beside the tick: the beat of timestamps. A dead authority delays no closing."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

import opening.queries
from core.act import SYSTEM, Platform
from core.clock import GuardedClock
from core.errors import Refusal
from core.ledger import log, vouching
from core.timestamps import Answer, ask
from portal import queries

MOST_PAUSE = 60.0
telling = logging.getLogger("sunbid.outside")


@dataclass
class Outside:
    """Asks the outside parties when it is time; after a failure it waits longer and longer, at most a minute."""

    platform: Platform
    asked_at: datetime | None = None
    failures: int = 0
    not_before: float = field(default=0.0)

    def ring(self) -> list[str]:
        """Do what is due and say what was done; never raises, and safe to run in several processes at once."""
        if self.platform.trust.authority is None or time.monotonic() < self.not_before:
            return []
        now = self.platform.clock.now()
        if not self._due(now):
            return []
        self.asked_at = now
        try:
            size = stamp_head(self.platform)
        except Refusal as refusal:
            self.failures += 1
            self.not_before = time.monotonic() + min(MOST_PAUSE, 2.0**self.failures)
            telling.warning("no timestamp: %s", refusal)
            return []
        self.failures = 0
        return [f"stamp head {size}"]

    def _due(self, now: datetime) -> bool:
        """By the beat, whatever has happened; a closing head is asked for at once, for its instant is public."""
        every = self.platform.trust.stamp_every
        with self.platform.reading() as session:
            if opening.queries.unstamped_closings(session):
                return True
            if self.asked_at is not None and now - self.asked_at < every:
                return False
            return vouching.stamp_due(session, now, every)


def stamp_head(platform: Platform) -> int:
    """Sign the log as it stands, have it stamped and keep the token; the head's size.

    The question is asked between two acts, so no lock is held while the authority thinks. Raises the refusals of `ask`.
    """
    authority = platform.trust.authority
    if authority is None:
        return 0
    with platform.act(SYSTEM) as act:
        head = log.signed_head(act)
    answer = ask(authority, vouching.body_of(head.note).encode())
    compare_clock(platform, answer)
    with platform.act(SYSTEM) as act:
        vouching.keep_stamp(act, head.size, answer.token)
    return head.size


def compare_clock(platform: Platform, answer: Answer) -> None:
    """Let the platform's clock know what the authority's said: whole seconds, asked over a line of known slowness."""
    if isinstance(platform.clock, GuardedClock):
        doubt = 0.5 + answer.took.total_seconds() + answer.stamped.accuracy.total_seconds()
        platform.clock.observe("authority", answer.stamped.at + timedelta(seconds=0.5), uncertainty=doubt)


def ask_time(platform: Platform) -> None:
    """At the start: compare the clock with the log's last entry and with the authority, over nothing of meaning."""
    with platform.reading() as session:
        if queries.has_table(session, log.LedgerEntry):
            last = session.scalar(select(log.LedgerEntry.at).order_by(log.LedgerEntry.leaf_index.desc()).limit(1))
            if last is not None and isinstance(platform.clock, GuardedClock):
                platform.clock.witness(last)
    if platform.trust.authority is None:
        return
    try:
        compare_clock(platform, ask(platform.trust.authority, b"sunbid-clock/v1\n"))
    except Refusal as refusal:
        telling.warning("the clock was not compared: %s", refusal)


def beat(every: timedelta) -> float:
    """Seconds between two rings: often enough that a closing is not kept waiting."""
    return min(2.0, every.total_seconds())

"""The tick: everything that is due by its data, each in its own act; safe twice, in parallel, after any pause."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core import outbox
from core.act import SYSTEM, Platform
from core.errors import Conflict, Refusal

log = logging.getLogger("sunbid.tick")

DUMMY_ONE_IN = 30
"""A tick adds a dummy commitment to the ledger one time in this many, so that its length tells nobody's bid."""


@contextmanager
def told(what: str, done: list[str]) -> Iterator[None]:
    """Count one move as done; a refusal (another tick came first, not yet due) is told and changes nothing."""
    try:
        yield
    except Conflict as refusal:
        log.info("%s: another came first: %s", what, refusal)
    except Refusal as refusal:
        log.warning("%s: %s", what, refusal)
    else:
        done.append(what)


def tick(platform: Platform) -> list[str]:
    """Apply every move that is due now and return what was done, by name."""
    done: list[str] = []
    for step in (close_sections, advance_openings, end_publicities, keep_house):
        step(platform, done)
    return done


def close_sections(platform: Platform, done: list[str]) -> None:
    """Close every section whose deadline has passed and convene its opening (the barrier)."""
    from bidding import queries
    from bidding.services import turnstile_of
    from opening.services import close_and_convene

    with platform.reading() as session:
        due = [section.code for section in queries.due_to_close(session, platform.clock.now())]
    for code in due:
        with told(f"close {code}", done), platform.act(SYSTEM, through=turnstile_of(code), shared=False) as act:
            close_and_convene(act, queries.section(act.session, code))


def advance_openings(platform: Platform, done: list[str]) -> None:
    """Move on every opening whose decrypt window has run out."""
    from opening import queries
    from opening.services import advance_due

    with platform.reading() as session:
        due = [found.section.code for found in queries.due(session, platform.clock.now())]
    for code in due:
        with told(f"advance opening {code}", done), platform.act(SYSTEM) as act:
            from bidding.queries import section

            advance_due(act, queries.opening(act.session, section(act.session, code)))


def end_publicities(platform: Platform, done: list[str]) -> None:
    """End every publicity whose days are over and that no open objection holds."""
    from awards import queries
    from awards.services import end_publicity

    with platform.reading() as session:
        due = [found.section.code for found in queries.due_to_end(session, platform.clock.now())]
    for code in due:
        with told(f"end publicity {code}", done), platform.act(SYSTEM) as act:
            end_publicity(act, queries.publicity_of(act.session, code))


def keep_house(platform: Platform, done: list[str]) -> None:
    """Deliver messages, sweep what has expired, and now and then add a dummy commitment."""
    from accounts.services import sweep_challenges
    from bidding.services import add_dummy_commitment, sweep_uploads

    with platform.act(SYSTEM) as act:
        if outbox.unsent(act.session, 1):
            done.append(f"deliver {outbox.deliver_messages(act, ADAPTERS)} messages")
        sweep_challenges(act)
        sweep_uploads(act)
        if add_dummy_commitment(act, one_in=DUMMY_ONE_IN):
            done.append("dummy commitment")


def _console(message: outbox.Message) -> None:
    log.info("message %s to %s by %s", message.template, message.recipient, message.channel)


ADAPTERS: dict[str, Callable[[outbox.Message], None]] = {"inbox": lambda message: None, "sms": _console, "mail": _console}
"""Channels: `inbox` is the recipient's page here; SMS and mail go to the log until an installation sets adapters."""

"""The tick: everything that is due by its data, each in its own act; safe twice, in parallel, after any pause."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import accounts.services
import awards.queries
import awards.services
import bidding.queries
import bidding.services
import collusion.queries
import collusion.services
import experts.queries
import experts.services
import opening.queries
import opening.services
from bidding.rules import turnstile
from core import carriers, outbox
from core.act import SYSTEM, Platform
from core.errors import Conflict, Refusal
from portal import words

log = logging.getLogger("sunbid.tick")

LETTERS = 20
"""Letters taken in one tick: a server that answers nobody holds a tick for as many times its patience at most."""
LOOKED_INTO = 4
"""Bids looked into in one tick: about two seconds of reading apart."""
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
    for step in (
        close_sections,
        cover_closings,
        advance_openings,
        look_into_bids,
        lapse_clarifications,
        clean_anonymous_files,
        scan_sections,
        end_publicities,
        deliver_letters,
        keep_house,
    ):
        step(platform, done)
    return done


def close_sections(platform: Platform, done: list[str]) -> None:
    """Close every section whose deadline has passed and convene its opening (the barrier)."""
    with platform.reading() as session:
        due = [section.code for section in opening.queries.due_to_open(session, platform.clock.now())]
    for code in due:
        with told(f"close {code}", done), platform.act(SYSTEM, through=turnstile(code), shared=False) as act:
            opening.services.close_and_convene(act, bidding.queries.section(act.session, code))


def cover_closings(platform: Platform, done: list[str]) -> None:
    """Put on record that outsiders have covered a closing head, once all have."""
    with platform.reading() as session:
        waiting = opening.queries.uncovered(session)
        due = [found.section.code for found in waiting if not opening.queries.cover(session, found).missing]
    for code in due:
        with told(f"cover closing {code}", done), platform.act(SYSTEM) as act:
            section = bidding.queries.section(act.session, code)
            opening.services.record_cover(act, opening.queries.opening(act.session, section))


def advance_openings(platform: Platform, done: list[str]) -> None:
    """Open what is ready, outside any transaction, and move on every opening whose decrypt window has run out."""
    with platform.reading() as session:
        due = [found.section.code for found in opening.queries.due(session, platform.clock.now())]
    for code in due:
        with told(f"open bids of {code}", []):
            open_what_is_ready(platform, code)
        with told(f"advance opening {code}", done), platform.act(SYSTEM) as act:
            section = bidding.queries.section(act.session, code)
            opening.services.advance_due(act, opening.queries.opening(act.session, section))


def open_what_is_ready(platform: Platform, code: str) -> None:
    """Open every bid of the section whose secrets are all there; each is recorded as soon as it is open."""
    with platform.reading() as session:
        found = opening.queries.opening(session, bidding.queries.section(session, code))
        ready = opening.services.ready_to_unseal(session, found)
    for unsealed in opening.services.unseal_all(platform.store, ready):
        with platform.act(SYSTEM) as act:
            found = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            opening.services.keep_opened(act, found, unsealed)


def look_into_bids(platform: Platform, done: list[str]) -> None:
    """Look into opened bids' bills and links, a few a time: reading strangers' files must not hold up a closing."""
    with platform.reading() as session:
        due = []
        for bid in opening.queries.due_to_look(session, LOOKED_INTO):
            section = opening.queries.opening_of(session, bid).section
            due.append((section.code, bid.submission.digest, opening.services.ready_to_look(session, section, bid)))
    for code, digest, looking in due:
        content = opening.services.look_into(platform.store, looking)
        with told(f"look into a bid of {code}", done), platform.act(SYSTEM) as act:
            held = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            opening.services.keep_contents(act, opening.queries.bid(act.session, held, digest), content)


def lapse_clarifications(platform: Platform, done: list[str]) -> None:
    """Put on record that a bidder's time to answer the committee is over."""
    with platform.reading() as session:
        due = [
            (one.committee.section.code, one.number)
            for one in experts.queries.due_to_lapse(session, platform.clock.now())
        ]
    for code, number in due:
        with told(f"lapse clarification {number} of {code}", done), platform.act(SYSTEM) as act:
            held = experts.queries.committee(act.session, bidding.queries.section(act.session, code))
            experts.services.lapse_clarification(act, experts.queries.bid_clarification(act.session, held, number))


def clean_anonymous_files(platform: Platform, done: list[str]) -> None:
    """Make the copies without properties that experts see in a blind round (暗标), a few bids a time."""
    with platform.reading() as session:
        due = []
        for code, digest in experts.queries.due_to_clean(session, LOOKED_INTO):
            section = bidding.queries.section(session, code)
            bid = opening.queries.bid(session, opening.queries.opening(session, section), digest)
            due.append((code, digest, experts.services.ready_to_clean(section, bid)))
    for code, digest, files in due:
        cleaned = experts.services.clean_files(platform.store, files)
        with told(f"clean the anonymous files of a bid of {code}", done), platform.act(SYSTEM) as act:
            held = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            experts.services.keep_cleaned(act, opening.queries.bid(act.session, held, digest), cleaned)


def scan_sections(platform: Platform, done: list[str]) -> None:
    """Scan every opened section once; reading and weighing happen outside any transaction."""
    with platform.reading() as session:
        due = [section.code for section in collusion.queries.due_to_scan(session)]
    for code in due:
        with told(f"scan {code}", done):
            collusion.services.scan_section(platform, code)


def end_publicities(platform: Platform, done: list[str]) -> None:
    """End every publicity whose days are over and that no open objection holds."""
    with platform.reading() as session:
        due = [found.section.code for found in awards.queries.due_to_end(session, platform.clock.now())]
    for code in due:
        with told(f"end publicity {code}", done), platform.act(SYSTEM) as act:
            section = bidding.queries.section(act.session, code)
            awards.services.end_publicity(act, awards.queries.publicity(act.session, section))


def deliver_letters(platform: Platform, done: list[str]) -> None:
    """Hand every letter that is due to its carrier, outside any transaction: a slow server holds up nobody else's act.

    At least once: a process that dies between taking and recording sends again, under the same token.
    """
    with platform.reading() as session:
        if not outbox.due_letters(session, platform.clock.now(), 1):
            return
    with platform.act(SYSTEM) as act:
        letters = [
            replace(
                letter,
                address=experts.queries.address_of(act.session, letter.recipient, letter.channel),
                text=words.letter_text(letter.template, letter.facts),
            )
            for letter in outbox.claim_letters(act, LETTERS)
        ]
    taken = 0
    for letter in letters:
        missed: Exception | None = None
        try:
            if letter.channel != "inbox":
                platform.carriers.get(letter.channel, carriers.console)(letter)
        except Exception as error:
            missed = error
            log.warning("letter %s by %s: %s", letter.id, letter.channel, carriers.why(error))
        with platform.act(SYSTEM) as act:
            if missed is None:
                outbox.record_delivered(act, letter)
                taken += 1
            else:
                outbox.record_missed(act, letter, missed)
    done.append(f"deliver {taken} messages")


def keep_house(platform: Platform, done: list[str]) -> None:
    """Sweep what has expired, and now and then add a dummy commitment."""
    with platform.act(SYSTEM) as act:
        accounts.services.sweep(act)
        bidding.services.sweep_uploads(act)
        if bidding.services.add_dummy_commitment(act, one_in=DUMMY_ONE_IN):
            done.append("dummy commitment")

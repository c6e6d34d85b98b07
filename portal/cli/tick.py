"""The tick: every move due by its data, each in its own act; safe twice, in parallel, after any pause.

Letters go out beside it (`letters`): a mail server that answers nobody must not hold up a closing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import accounts.services
import awards.queries
import awards.queries.archives
import awards.queries.complaints
import awards.queries.validity
import awards.services
import bidding.queries
import bidding.services
import collusion.queries
import collusion.services
import experts.queries
import experts.services
import opening.queries
import opening.services
import window.queries
import window.services
from bidding.queries import bonds as bond_queries
from bidding.rules import turnstile
from bidding.services import bonds
from core.act import SYSTEM, Platform
from core.errors import Conflict, Refusal

log = logging.getLogger("sunbid.tick")

LOOKED_INTO = 4
"""Bids looked into in one tick: about two seconds of reading apart."""
LEARNED = 1
"""Closed sections learned in one tick: reading all bids again takes some seconds."""
DUMMY_ONE_IN = 30
"""A tick adds a dummy commitment to the ledger one time in this many, so that its length tells nobody's bid."""


class Done(list[str]):
    """What a tick has done, by name, and what went wrong on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = []

    @contextmanager
    def telling(self, what: str, *, counted: bool = True) -> Iterator[None]:
        """Count one move as done; a refusal (another tick came first, not yet due) is told and changes nothing.

        An error nobody foresaw is kept for the end: it must not hold up what is due elsewhere.
        """
        try:
            yield
        except Conflict as refusal:
            log.info("%s: another came first: %s", what, refusal)
        except Refusal as refusal:
            log.warning("%s: %s", what, refusal)
        except Exception as error:
            log.exception("%s", what)
            self.failures.append(error)
        else:
            if counted:
                self.append(what)


def tick(platform: Platform) -> list[str]:
    """Apply every move that is due now and return what was done, by name.

    Raises an ExceptionGroup of the errors nobody foresaw, after everything else that is due has been applied.
    """
    done = Done()
    for step in (
        close_sections,
        cover_closings,
        advance_openings,
        look_into_bids,
        lapse_clarifications,
        clean_anonymous_files,
        scan_sections,
        learn_sections,
        press_warnings,
        lapse_orders,
        conclude_extensions,
        end_publicities,
        renew_archives,
        record_trades,
        give_opinions,
        end_sanctions,
        close_bond_books,
        keep_house,
    ):
        with done.telling(step.__name__, counted=False):
            step(platform, done)
    if done.failures:
        raise ExceptionGroup("tick", done.failures)
    return list(done)


def close_sections(platform: Platform, done: Done) -> None:
    """Close every section whose deadline has passed and convene its opening (the barrier)."""
    with platform.reading() as session:
        due = [section.code for section in opening.queries.due_to_open(session, platform.clock.now())]
    for code in due:
        with done.telling(f"close {code}"), platform.act(SYSTEM, through=turnstile(code), shared=False) as act:
            opening.services.close_and_convene(act, bidding.queries.section(act.session, code))


def cover_closings(platform: Platform, done: Done) -> None:
    """Put on record that outsiders have covered a closing head, once all have."""
    with platform.reading() as session:
        waiting = opening.queries.uncovered(session)
        due = [found.section.code for found in waiting if not opening.queries.cover(session, found).missing]
    for code in due:
        with done.telling(f"cover closing {code}"), platform.act(SYSTEM) as act:
            section = bidding.queries.section(act.session, code)
            opening.services.record_cover(act, opening.queries.opening(act.session, section))


def advance_openings(platform: Platform, done: Done) -> None:
    """Open what is ready, outside any transaction, and move on every opening whose decrypt window has run out."""
    with platform.reading() as session:
        due = [found.section.code for found in opening.queries.due(session, platform.clock.now())]
    for code in due:
        with done.telling(f"open bids of {code}", counted=False):
            open_what_is_ready(platform, code)
        with done.telling(f"advance opening {code}"), platform.act(SYSTEM) as act:
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


def look_into_bids(platform: Platform, done: Done) -> None:
    """Look into opened bids' bills and links, a few a time: reading strangers' files must not hold up a closing."""
    with platform.reading() as session:
        due = []
        for bid in opening.queries.due_to_look(session, LOOKED_INTO):
            section = opening.queries.opening_of(session, bid).section
            due.append((section.code, bid.submission.digest, opening.services.ready_to_look(session, section, bid)))
    for code, digest, looking in due:
        content = opening.services.look_into(platform.store, looking)
        with done.telling(f"look into a bid of {code}"), platform.act(SYSTEM) as act:
            held = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            opening.services.keep_contents(act, opening.queries.bid(act.session, held, digest), content)


def lapse_clarifications(platform: Platform, done: Done) -> None:
    """Put on record that a bidder's time to answer the committee is over."""
    with platform.reading() as session:
        due = [
            (one.committee.section.code, one.number)
            for one in experts.queries.due_to_lapse(session, platform.clock.now())
        ]
    for code, number in due:
        with done.telling(f"lapse clarification {number} of {code}"), platform.act(SYSTEM) as act:
            held = experts.queries.committee(act.session, bidding.queries.section(act.session, code))
            experts.services.lapse_clarification(act, experts.queries.bid_clarification(act.session, held, number))


def clean_anonymous_files(platform: Platform, done: Done) -> None:
    """Make the copies without properties that experts see in a blind round (暗标), a few bids a time."""
    with platform.reading() as session:
        due = []
        for code, digest in experts.queries.due_to_clean(session, LOOKED_INTO):
            section = bidding.queries.section(session, code)
            bid = opening.queries.bid(session, opening.queries.opening(session, section), digest)
            due.append((code, digest, experts.services.ready_to_clean(section, bid)))
    for code, digest, files in due:
        cleaned = experts.services.clean_files(platform.store, files)
        with done.telling(f"clean the anonymous files of a bid of {code}"), platform.act(SYSTEM) as act:
            held = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            experts.services.keep_cleaned(act, opening.queries.bid(act.session, held, digest), cleaned)


def give_opinions(platform: Platform, done: Done) -> None:
    """Make reference opinions where a notice provides for them, a few bids a time, outside any transaction."""
    with platform.reading() as session:
        due = []
        for code, digest in experts.queries.due_to_opine(session, LOOKED_INTO):
            section = bidding.queries.section(session, code)
            bid = opening.queries.bid(session, opening.queries.opening(session, section), digest)
            due.append((code, digest, experts.services.ready_to_opine(session, section, bid)))
    for code, digest, opining in due:
        content = experts.services.give_opinions(platform.store, opining)
        with done.telling(f"reference opinions on a bid of {code}"), platform.act(SYSTEM) as act:
            held = opening.queries.opening(act.session, bidding.queries.section(act.session, code))
            experts.services.keep_opinions(act, opening.queries.bid(act.session, held, digest), content)


def scan_sections(platform: Platform, done: Done) -> None:
    """Scan every opened section once; reading and weighing happen outside any transaction."""
    with platform.reading() as session:
        due = [section.code for section in collusion.queries.due_to_scan(session)]
    for code in due:
        with done.telling(f"scan {code}"):
            collusion.services.scan_section(platform, code)


def learn_sections(platform: Platform, done: Done) -> None:
    """Take the bids of closed sections into the archive index, a section a time; a scan then asks it."""
    with platform.reading() as session:
        held = collusion.services.held_tenders(platform.store)
        due = collusion.queries.due_to_learn(session, held)
    for code in due[:LEARNED]:
        with done.telling(f"learn {code}"):
            collusion.services.learn_section(platform, code)


def end_sanctions(platform: Platform, done: Done) -> None:
    """End every sanction of an expert whose last day is over."""
    with platform.reading() as session:
        due = experts.queries.due_to_expire(session, platform.clock.now())
    for number in due:
        with done.telling(f"sanction {number}"), platform.act(SYSTEM) as act:
            experts.services.expire_sanction(act, experts.queries.sanction(act.session, number))


def press_warnings(platform: Platform, done: Done) -> None:
    """Call the warnings that are past their day."""
    with platform.reading() as session:
        due = [found.code for found in collusion.queries.due_to_press(session, platform.clock.now())]
    for code in due:
        with done.telling(f"press {code}"), platform.act(SYSTEM) as act:
            collusion.services.press_warning(act, collusion.queries.warning(act.session, code))


def lapse_orders(platform: Platform, done: Done) -> None:
    """End every regulator's order whose lawful days are over (94号令 a28)."""
    with platform.reading() as session:
        due = [
            (held.section.code, held.number)
            for held in awards.queries.complaints.due_to_lapse(session, platform.clock.now())
        ]
    for code, number in due:
        through = turnstile(code)
        with done.telling(f"lapse order {code} {number}"), platform.act(SYSTEM, through=through, shared=False) as act:
            section = bidding.queries.section(act.session, code)
            awards.services.lapse_suspension(act, awards.queries.complaints.complaint(act.session, section, number))


def conclude_extensions(platform: Platform, done: Done) -> None:
    """Put on record who did not agree in time to let the bid stand longer (R-158)."""
    with platform.reading() as session:
        now = platform.clock.now()
        due = [held.id for held in awards.queries.validity.due_to_conclude(session, now)]
    for number in due:
        with done.telling(f"conclude longer validity {number}"), platform.act(SYSTEM) as act:
            awards.services.conclude_extension(act, awards.queries.validity.extension(act.session, number))


def end_publicities(platform: Platform, done: Done) -> None:
    """End every publicity whose days are over and that no open objection holds."""
    with platform.reading() as session:
        due = [found.section.code for found in awards.queries.due_to_end(session, platform.clock.now())]
    for code in due:
        with done.telling(f"end publicity {code}"), platform.act(SYSTEM) as act:
            section = bidding.queries.section(act.session, code)
            awards.services.end_publicity(act, awards.queries.publicity(act.session, section))


def renew_archives(platform: Platform, done: Done) -> None:
    """Stamp closed files anew whose timestamp is due (R-560), one a tick; without an authority nothing is asked."""
    if platform.trust.authority is None:
        return
    with platform.reading() as session:
        held = awards.queries.archives.due_to_renew(session, platform.clock.now())
        due = [one.section.code for one in held]
    for code in due[:LEARNED]:
        with done.telling(f"renew archive {code}"):
            awards.services.renew_archive(platform, code)


def record_trades(platform: Platform, done: Done) -> None:
    """Record every awarded section as a trade, and its archiving once that is done: the public figures grow by it."""
    with platform.reading() as session:
        due = window.queries.untraded(session)
    for code in due:
        with done.telling(f"record trade {code}"), platform.act(SYSTEM) as act:
            window.services.record_section(act, bidding.queries.section(act.session, code))


def close_bond_books(platform: Platform, done: Done) -> None:
    """Close yesterday's books of bonds, once, with their balances in the ledger."""
    with platform.reading() as session:
        if bond_queries.day_to_close(session, platform.clock.now()) is None:
            return
    with done.telling("close the books of bonds"), platform.act(SYSTEM) as act:
        bonds.close_bond_day(act)


def keep_house(platform: Platform, done: Done) -> None:
    """Sweep what has expired, and now and then add a dummy commitment."""
    with platform.act(SYSTEM) as act:
        accounts.services.sweep(act)
        accounts.services.sweep_answers(act)
        bidding.services.sweep_uploads(act)
        accounts.services.write_sheets(act)
        if bidding.services.add_dummy_commitment(act, one_in=DUMMY_ONE_IN):
            done.append("dummy commitment")

"""Letters that are due, handed to their carriers: a job of its own beside the tick."""

from __future__ import annotations

import logging
from dataclasses import replace

import experts.queries
from core import carriers, outbox
from core.act import SYSTEM, Platform
from portal import words

log = logging.getLogger("sunbid.letters")

LETTERS = 20
"""Letters taken at once: a server that answers nobody holds the job for as many times its patience at most."""


def deliver_letters(platform: Platform) -> list[str]:
    """Hand every letter that is due to its carrier, outside any transaction: a slow server holds up nobody else's act.

    At least once: a process that dies between taking and recording sends again, under the same token.
    """
    with platform.reading() as session:
        if not outbox.due_letters(session, platform.clock.now(), 1):
            return []
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
    return [f"deliver {taken} messages"]

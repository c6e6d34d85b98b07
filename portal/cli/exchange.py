"""Records for the platforms above: gathered from what changes, handed over, their verdicts kept; beside the tick."""

from __future__ import annotations

import logging

from core import partners
from core.act import SYSTEM, Platform
from core.errors import Refusal
from portal.words import book
from window import queries, services

log = logging.getLogger("sunbid.exchange")


def method_word(procedure: str) -> str:
    """A procedure in the words of the dataset: Chinese, whoever runs this."""
    return str(book("STATES")[f"procedure.{procedure}"]._args[0])


def exchange_records(platform: Platform, origin: str) -> list[str]:
    """Gather what has changed for every upper platform and hand over what waits, outside any transaction."""
    done = []
    with platform.reading() as session:
        behind = queries.due_to_gather(session)
    for code in behind:
        with platform.act(SYSTEM) as act:
            changed = services.gather_records(
                act, code, method=method_word, address=lambda number: f"{origin}/notices/{number}"
            )
        if changed:
            done.append(f"gather {changed} records for {code}")
    with platform.reading() as session:
        due = queries.due_to_hand_over(session, platform.clock.now())
    for code in due:
        with platform.act(SYSTEM) as act:
            batch = services.batch_of(act, code)
        if batch is None:
            continue
        try:
            raw = partners.post(batch.url, batch.raw, platform.trust.networks, agent="sunbid-exchange/1")
            with platform.act(SYSTEM) as act:
                counts = services.keep_verdicts(act, batch, raw)
            done.append(f"hand over to {code}: {counts['accepted']} accepted, {counts['rejected']} rejected")
        except Refusal as refusal:
            log.warning("upper platform %s: %s", code, refusal.code)
            with platform.act(SYSTEM) as act:
                services.note_silence(act, code, str(refusal.facts.get("said") or refusal.code))
    return done

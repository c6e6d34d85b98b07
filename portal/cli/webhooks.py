"""Messages to programs that have subscribed, written and handed over: a job of its own beside the tick."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from core.act import SYSTEM, Platform
from core.outgoing import Network, Unreachable, post
from window import queries, services
from window.services.webhooks import Parcel

log = logging.getLogger("sunbid.webhooks")

AT_ONCE = 20
THREADS = 4
"""Receivers asked at the same time, each by one thread: a slow one holds up no other's."""


def deliver_webhooks(platform: Platform, networks: Sequence[Network] = ()) -> list[str]:
    """Write what is new for every subscription and send what is due, outside any transaction; at least once each."""
    with platform.reading() as session:
        behind = queries.behind(session)
    written = 0
    for number in behind:
        with platform.act(SYSTEM) as act:
            written += services.write_messages(act, number)
    with platform.reading() as session:
        if not queries.messages_due(session, platform.clock.now()):
            return [f"write {written} webhook messages"] if written else []
    with platform.act(SYSTEM) as act:
        parcels = services.claim_messages(act, AT_ONCE, AT_ONCE // THREADS)
    receivers: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        receivers.setdefault(parcel.url, []).append(parcel)

    def send(parcel: Parcel) -> tuple[Parcel, str, int]:
        began = time.monotonic()
        try:
            outcome = str(post(parcel.url, parcel.body.encode(), parcel.headers, networks=networks).status)
        except Unreachable as refused:
            outcome = refused.cause
        except Exception:
            log.exception("webhook message %s", parcel.number)
            outcome = "error"
        return parcel, outcome, round((time.monotonic() - began) * 1000)

    def send_in_turn(to_one: list[Parcel]) -> list[tuple[Parcel, str, int]]:
        return [send(parcel) for parcel in to_one]

    taken = 0
    with ThreadPoolExecutor(THREADS) as pool:
        for work in as_completed([pool.submit(send_in_turn, to_one) for to_one in receivers.values()]):
            for parcel, outcome, took in work.result():
                with platform.act(SYSTEM) as act:
                    services.record_try(act, parcel, outcome, took)
                taken += outcome.startswith("2")
                log.info("webhook message %s: %s", parcel.number, outcome)
    return [f"hand over {taken} of {len(parcels)} webhook messages"]

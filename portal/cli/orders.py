"""Orders on bonds that are due, handed to their institutions: a job of its own beside the tick."""

from __future__ import annotations

import logging

from bidding.queries import bonds as queries
from bidding.services import bonds
from core import carriers
from core.act import SYSTEM, Platform
from core.errors import Refusal

log = logging.getLogger("sunbid.orders")


def hand_over_orders(platform: Platform) -> list[str]:
    """Hand every order that is due to its institution, outside any transaction, and record its answer.

    At least once: the institution carries the same order out once. One that does not answer is asked again later.
    """
    with platform.reading() as session:
        if not queries.waiting_orders(session, platform.clock.now(), 1):
            return []
    with platform.act(SYSTEM) as act:
        taken = bonds.take_orders(act)
    done = []
    for order_id, address, order in taken:
        try:
            answer = bonds.Counter(address, platform.trust.networks)(order)
        except Exception as error:
            log.warning("order %s: %s", order["order"], carriers.why(error))
            with platform.act(SYSTEM) as act:
                bonds.record_missed_order(act, order_id, carriers.why(error))
            continue
        try:
            with platform.act(SYSTEM) as act:
                bonds.record_answer(act, order_id, answer)
        except Refusal as refusal:
            log.warning("order %s: %s", order["order"], refusal)
        else:
            done.append(f"order {order['order']}")
    return done

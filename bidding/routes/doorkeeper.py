"""Whoever came before the deadline is let in, however long the server takes to look at them (R-203)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from bidding import queries, rules
from bidding.routes.arrivals import Arrivals

EVERY = 0.5
AHEAD = timedelta(seconds=1.5)
"""How long before a deadline the doorkeeper stands in the turnstile; an order given meanwhile waits and yet counts."""
READING = 5.0
"""Seconds for which a request whose reading had begun is waited for: a sender who stalls delays the closing by that."""

log = logging.getLogger("sunbid.arrivals")


class Doorkeeper:
    """Stands in the turnstile of each section over its deadline until the server has read all that came before it.

    The closing enters that turnstile alone, so it waits. `knock` sends the server a request of its own and returns
    when it is answered: whatever lay in the server's queues before has then been taken up.
    """

    def __init__(self, arrivals: Arrivals, knock: Callable[[], None]) -> None:
        self._arrivals, self._platform, self._knock = arrivals, arrivals.platform, knock
        self._standing: set[tuple[str, datetime]] = set()

    def start(self) -> None:
        """Look out for deadlines from now on, in a thread that ends with the process."""
        threading.Thread(target=self._look_out, name="doorkeeper", daemon=True).start()

    def stand(self, code: str, deadline: datetime) -> None:
        """Enter the section's turnstile, wait for the deadline, and leave when what came before it is read."""
        platform = self._platform
        with platform.database.turnstile(rules.turnstile(code), shared=True):
            while (left := (deadline - platform.clock.now()).total_seconds()) > 0:
                time.sleep(min(left, 0.1))
            self._knock()
            self._arrivals.wait_for_reading(READING)

    def look(self) -> list[tuple[str, datetime]]:
        """The deadlines that are close and not stood at yet."""
        now = self._platform.clock.now()
        with self._platform.reading() as session:
            close = queries.deadlines_between(session, now, now + AHEAD)
        return [one for one in close if one not in self._standing]

    def _look_out(self) -> None:
        while True:
            try:
                for one in self.look():
                    self._standing.add(one)
                    threading.Thread(target=self._stand, args=one, name=f"doorkeeper {one[0]}", daemon=True).start()
            except Exception:  # a database that is away for a moment must not end the watch
                log.exception("the deadlines could not be read")
            time.sleep(EVERY)

    def _stand(self, code: str, deadline: datetime) -> None:
        try:
            self.stand(code, deadline)
        except Exception:
            log.exception("nobody stood at the deadline of %s", code)

"""Commits are stamped as they arrive: when the whole request had come, before anything else is done with it (R-203)."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from bidding import queries, rules
from bidding.routes.short import ShortWay
from core.act import Platform
from core.clock import reading_when

ADDRESS = re.compile(r"/sections/([^/]+)/submissions")
MOST = 1 << 20
STAMP = "sunbid.stamp"
FRESH = 0.5
"""Seconds for which a section's deadline is not read again; a crowd would ask the same a thousand times."""
STALE = 2.0
"""Seconds for which it serves while somebody else reads it again."""


class Arrivals:
    """WSGI around the site: reads a commit whole, enters the section's turnstile and stamps it in its environment.

    In a crowd at the deadline the work on the commits before must not make this one late: where the server's socket
    says when the last byte came (`arrived`, by the system's clock), the stamp is of that instant, however long the
    request then waited to be read; `bidding.routes.doorkeeper` keeps the closing back until all are. What is late
    on arrival, too long, cut off or for no open section goes on without a stamp, to be refused, or known again, by the
    view.

    Whether it is late is asked of the clock each time and of the database every half second and section. A deadline
    moved in between is seen by the view, which stamps what comes without a stamp, and judged inside the transaction.
    """

    def __init__(self, site: Any, platform: Platform, short: ShortWay | None = None) -> None:
        self.site = site
        self.short = short
        self.platform = platform
        self._known: dict[str, tuple[float, queries.Reception]] = {}
        self._unread: dict[int, float] = {}
        self._reading = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        is_commit = environ.get("REQUEST_METHOD") == "POST" and found is not None and self._read(environ)
        code = found.group(1) if found else ""
        arrived: float | None = getattr(environ.get("gunicorn.socket"), "arrived", None)
        if not is_commit or not self._in_time(code, arrived):
            self._is_read()
            return self.site(environ, start_response)  # type: ignore[no-any-return]
        with self.platform.stamp(rules.turnstile(code), arrived=arrived) as stamp:
            self._is_read()
            environ[STAMP] = stamp
            if self.short is not None and (told := self.short.answer(environ, start_response, code, stamp)) is not None:
                return told
            answer = self.site(environ, start_response)
            try:
                return list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """This thread has begun to read a request; until it is known whether it is a commit in time, it is unread."""
        self._unread[threading.get_ident()] = time.monotonic()
        try:
            yield
        finally:
            self._is_read()

    def wait_for_reading(self, patience: float) -> None:
        """Wait until nothing is unread any more whose reading had begun before; `patience`: seconds at most."""
        now = time.monotonic()
        while time.monotonic() < now + patience and any(began <= now for began in list(self._unread.values())):
            time.sleep(0.02)

    def _is_read(self) -> None:
        self._unread.pop(threading.get_ident(), None)

    def _read(self, environ: dict[str, Any]) -> bool:
        """Read the body; whether all of it came."""
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal() or int(length) > MOST:
            return False
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        return len(body) == int(length)

    def _in_time(self, code: str, arrived: float | None) -> bool:
        # Who is late stays outside the turnstile: a crowd of late comers must not keep the closing from entering.
        found = self._reception(code)
        return found is not None and found.receives(reading_when(self.platform.clock, arrived).now)

    def _reception(self, code: str) -> queries.Reception | None:
        now = time.monotonic()
        since, known = self._known.get(code, (0.0, None))
        if known is not None and (now - since < FRESH or (now - since < STALE and self._reading.locked())):
            return known
        with self._reading:
            since, known = self._known.get(code, (0.0, None))
            if known is not None and time.monotonic() - since < FRESH:  # read while this one waited for its turn
                return known
            with self.platform.database.looking() as connection:
                found = queries.reception(connection, code)
            if found is not None:  # codes are anybody's to invent: only sections are remembered
                self._known[code] = (now, found)
        return found

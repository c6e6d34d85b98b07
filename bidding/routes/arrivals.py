"""Commits are stamped as they arrive: when the whole request was read, before anything else is done with it (R-203)."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable
from typing import Any

from bidding import queries, rules
from core.act import Platform

ADDRESS = re.compile(r"/sections/([^/]+)/submissions")
MOST = 1 << 20
STAMP = "sunbid.stamp"
FRESH = 0.5
"""Seconds for which a section's deadline is not read again; a crowd would ask the same a thousand times."""


class Arrivals:
    """WSGI around the site: reads a commit whole, enters the section's turnstile and stamps it in its environment.

    In a crowd at the deadline the work on the commits before must not make this one late. What is late on arrival,
    too long, cut off or for no open section goes on without a stamp and is refused, or known again, by the view.

    Whether it is late is asked of the clock each time and of the database every half second and section. A deadline
    moved in between is seen by the view, which stamps what comes without a stamp, and judged inside the transaction.
    """

    def __init__(self, site: Any, platform: Platform) -> None:
        self.site = site
        self.platform = platform
        self._known: dict[str, tuple[float, queries.Reception]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if environ.get("REQUEST_METHOD") != "POST" or found is None or not self._read(environ):
            return self.site(environ, start_response)  # type: ignore[no-any-return]
        code = found.group(1)
        if not self._in_time(code):
            return self.site(environ, start_response)  # type: ignore[no-any-return]
        with self.platform.stamp(rules.turnstile(code)) as stamp:
            environ[STAMP] = stamp
            answer = self.site(environ, start_response)
            try:
                return list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()

    def _read(self, environ: dict[str, Any]) -> bool:
        """Read the body; whether all of it came."""
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal() or int(length) > MOST:
            return False
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        return len(body) == int(length)

    def _in_time(self, code: str) -> bool:
        # Who is late stays outside the turnstile: a crowd of late comers must not keep the closing from entering.
        found = self._reception(code)
        return found is not None and found.receives(self.platform.clock.now())

    def _reception(self, code: str) -> queries.Reception | None:
        now = time.monotonic()
        since, known = self._known.get(code, (0.0, None))
        if known is not None and now - since < FRESH:
            return known
        with self.platform.reading() as session:
            found = queries.reception(session, code)
        if found is not None:  # codes are anybody's to invent: only sections are remembered
            self._known[code] = (now, found)
        return found

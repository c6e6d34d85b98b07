"""A source that answers queries over HTTP: timeouts, retries with back-off, a rate limit, signatures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from core.errors import Invalid
from core.outgoing import Network, Unreachable, session
from credit.rules.answers import Question
from credit.rules.signatures import answer_statement, check_ed25519

CONNECT = 3.0
PATIENCE = 10.0
"""Seconds a source has to accept a connection, and to answer to its last byte."""
TRIES = 3
FIRST_PAUSE = 0.5
"""Seconds before the second try; each further pause is twice the one before."""
MOST_BYTES = 4 << 20
TRIPS = 5
"""Failures in a row after which a source is left alone for a while."""
RESTS = (60, 300, 1800, 7200)
"""Seconds it is left alone: longer each time it fails again at once."""
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Unanswered(Exception):
    """The source has given no answer that can be believed; `cause` says why, for the record."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass
class Client:
    """Asks one source, where messages may go. `pause` and `monotonic` are the machine's own; tests bring others."""

    url: str
    key: str = ""
    per_minute: int = 60
    patience: float = PATIENCE
    networks: Sequence[Network] = ()
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    _asked: list[float] = field(default_factory=list)

    def ask(self, asked: Question) -> bytes:
        """The body of the source's answer, its signature checked where the source signs; Unanswered otherwise."""
        cause = ""
        for number in range(TRIES):
            if number:
                self.pause(FIRST_PAUSE * 2 ** (number - 1))
            self._keep_the_rate()
            try:
                return self._once(asked)
            except _Transient as trouble:
                cause = trouble.cause
        raise Unanswered(cause)

    def _keep_the_rate(self) -> None:
        """Wait until the source's rate allows one more query."""
        now = self.monotonic()
        self._asked = [at for at in self._asked if at > now - 60]
        if len(self._asked) >= self.per_minute:
            self.pause(self._asked[-self.per_minute] + 60 - now)
        self._asked.append(self.monotonic())

    def _once(self, asked: Question) -> bytes:
        query = {
            "source": asked.source,
            "identifier": asked.identifier,
            "name": asked.name,
            "nonce": asked.nonce,
        }
        deadline = self.monotonic() + self.patience
        try:
            with (
                session(self.networks) as asking,
                asking.get(
                    self.url, params=query, timeout=(CONNECT, self.patience), stream=True, allow_redirects=False
                ) as answer,
            ):
                if answer.status_code in AGAIN:
                    raise _Transient(f"http_{answer.status_code}")
                if answer.status_code != 200:
                    raise Unanswered(f"http_{answer.status_code}")
                body = self._body(answer, deadline)
                signature = answer.headers.get("X-Signature", "")
        except Unreachable as refused:
            raise (Unanswered("private") if refused.cause == "private" else _Transient("connection")) from None
        except requests.Timeout:
            raise _Transient("timeout") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise _Transient("connection") from None
        except requests.RequestException as error:
            raise Unanswered(type(error).__name__) from None
        if self.key:
            try:
                check_ed25519(self.key, signature.encode(), answer_statement(asked.nonce, body))
            except Invalid:
                raise Unanswered("bad_signature" if signature else "unsigned") from None
        return body

    def _body(self, answer: Any, deadline: float) -> bytes:
        """The whole body; a source that drips, sends less than it promised or more than anybody needs is cut off."""
        parts, size = [], 0
        for part in answer.iter_content(65536):
            size += len(part)
            if size > MOST_BYTES:
                raise Unanswered("too_large")
            if self.monotonic() > deadline:
                raise _Transient("timeout")
            parts.append(part)
        promised = answer.headers.get("Content-Length")
        if promised is not None and promised.isdigit() and int(promised) != size:
            raise _Transient("truncated")
        return b"".join(parts)


class _Transient(Exception):
    """Worth another try."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def check_url(url: str) -> None:
    """Refuse an address that is none, or one that sends queries in the clear to another machine."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in ("http", "https") or not parts.hostname or (parts.scheme == "http" and not here):
        raise Invalid("credit.url", field="url", found=url[:200])


def rest_after(failures: int) -> int | None:
    """Seconds a source is left alone after so many failures in a row; None while it is still asked."""
    if failures < TRIPS:
        return None
    return RESTS[min(failures - TRIPS, len(RESTS) - 1)]

"""The short way of a commit: at a deadline the site's machinery would cost more than the commit itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from accounts.access import Door, bearer_who_may, content_policy, log_request, plain_headers
from accounts.rules import Role
from bidding import queries, services
from bidding.models import Section
from core.act import Actor, Stamp
from core.errors import Missing

ENDPOINT = "bidding.commit_submission"
REFUSED = "sunbid.refused"
"""In a request's environment: why the commit it brings was refused."""


def asked_of(code: str, body: dict[str, Any], actor: Actor) -> services.Commit:
    """What the body of a request asks to commit; the door has looked at the actor, whom nothing else sees."""
    return services.Commit(
        code,
        body.get("submission"),
        body.get("identity"),
        body.get("idempotency_key"),
        body.get("leaf_commitment"),
        admit=_admit_to(actor),
    )


def _admit_to(actor: Actor) -> Callable[[Session, Section], None]:
    """What keeps out a bidder whom the section has not invited or must not take; no draft is known to anybody here."""

    def admit(session: Session, section: Section) -> None:
        if section.state == "draft":
            raise Missing("section.unknown", section=section.code)
        if actor.has(Role.BIDDER):
            queries.check_invited(session, section, actor)
            queries.check_unbarred(session, section, actor)

    return admit


class ShortWay:
    """Answers a stamped commit that is accepted, byte for byte as the site would, and nothing else.

    Who may not enter goes on to the site, which says why; so does what was refused, with its refusal, for the site to
    tell. The door's rules are the view's own, read where the site reads them.
    """

    def __init__(self, app: Flask, door: Door) -> None:
        self._app, self._door = app, door

    def answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any], code: str, stamp: Stamp
    ) -> list[bytes] | None:
        """The answer, or None where the site must give it; the commit is not brought twice."""
        body = self._body(environ)
        if body is None:
            return None
        view = self._app.view_functions[ENDPOINT]
        actor = bearer_who_may(self._door, view, environ.get("HTTP_AUTHORIZATION", ""))
        if actor is None:
            return None
        try:
            receipt = services.commit_together(self._door.platform, stamp, asked_of(code, body, actor))
        except Exception as refused:
            environ[REFUSED] = refused
            return None
        raw = f"{self._app.json.dumps(receipt, separators=(',', ':'))}\n".encode()
        log_request(ENDPOINT, "POST", 201)
        start_response("201 CREATED", self._headers(len(raw)))
        return [raw]

    def _body(self, environ: dict[str, Any]) -> dict[str, Any] | None:
        """What came, where it is an object and came to an address of ours."""
        trusted = self._app.config["TRUSTED_HOSTS"]
        try:
            if trusted is not None:
                get_host(environ, trusted)
            body = json.loads(environ["wsgi.input"].getvalue())
        except (ValueError, RecursionError, SecurityError):
            return None
        return body if isinstance(body, dict) else None

    def _headers(self, length: int) -> list[tuple[str, str]]:
        return [
            ("Content-Type", "application/json"),
            ("Content-Length", str(length)),
            ("Content-Security-Policy", content_policy(secrets.token_urlsafe(18))),
            *plain_headers(self._door).items(),
            ("X-Request-Id", secrets.token_hex(8)),
            ("Cache-Control", "no-store"),
            ("Vary", "Cookie, Accept-Language, Accept"),
        ]

"""The door: who is asking, what they may enter, and the one act a request may make. Deny by default."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, request
from flask import session as cookie
from sqlalchemy.orm import Session
from werkzeug.http import parse_options_header

from accounts import queries, services
from accounts.models import ApiToken, Person, SignIn
from accounts.rules import Role, is_confirmed
from accounts.rules.certificates import CertificateFacts
from accounts.rules.scopes import PREFIX as PROGRAM
from core.act import PUBLIC, Act, Actor, Platform
from core.api.operations import PREFIX as API
from core.api.operations import operation_of
from core.calendar import day_of
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal, Untimely

Newcomer = Callable[[Act, CertificateFacts, str], Person | None]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
VARY = ("Cookie", "Accept-Language", "Accept")
COMPILING = frozenset({"/static/seal/hash.worker.js", "/static/seal/bulk.worker.js"})
"""The two workers that hash and seal streams: they see bytes, hold no key, and may compile WebAssembly (ADR 0003)."""
STATUS: dict[type[Refusal], int] = {Invalid: 422, Forbidden: 403, Missing: 404, Conflict: 409, Untimely: 409}
STATUS_OF_CODE = {
    "signin.required": 401,
    "api.malformed": 400,
    "api.media_type": 415,
    "api.large": 413,
    "etag.stale": 412,
    "etag.absent": 428,
}
View = TypeVar("View", bound=Callable[..., Any])
log = logging.getLogger("sunbid.access")


@dataclass(frozen=True)
class Access:
    """Who may come to a route: everybody, everyone signed in, or the holders of one of `roles`."""

    kind: str
    roles: frozenset[Role] = frozenset()

    def __str__(self) -> str:
        return self.kind if self.kind != "roles" else " ".join(sorted(self.roles))


@dataclass(frozen=True)
class Door:
    """What the door of one application knows: the platform behind it, its public address, how its cookie is named."""

    platform: Platform
    origin: str
    secure: bool
    demo: bool = False
    agent: str = ""
    """Address of the signing program on a person's own machine (docs/CA-LOCKS.md); empty: no page may ask one."""

    newcomer: Newcomer | None = None
    """Asked who it is that has proved to hold a certificate: a partner platform's guest is made known by it."""
    passkeys: bool = True
    """Whether bidders who bound a passkey are asked for it where a view is `confirmed`."""

    @property
    def cookie(self) -> str:
        """The sign-in cookie; the `__Host-` prefix makes browsers refuse it without Secure and Path=/."""
        return "__Host-sunbid" if self.secure else "sunbid"


def public(view: View) -> View:
    """Everybody may come to this route."""
    return _marked(view, Access("public"))


def signed_in(view: View) -> View:
    """Everyone signed in may come to this route."""
    return _marked(view, Access("signed in"))


def requires(*roles: Role) -> Callable[[View], View]:
    """Only holders of one of `roles` may come; whose thing it is remains for the query to say."""

    def mark(view: View) -> View:
        return _marked(view, Access("roles", frozenset(roles)))

    return mark


def cookieless(view: View) -> View:
    """Cookies are ignored on this route: whoever comes is known by a bearer token or not at all; no CSRF to ride."""
    view.__cookieless__ = True  # type: ignore[attr-defined]
    return view


def unlinked(view: View) -> View:
    """A submission path: nothing kept about this request may lead to a person, so its log line has no id, no time."""
    view.__unlinked__ = True  # type: ignore[attr-defined]
    return view


def signing(view: View) -> View:
    """The page signs with the person's certificate, perhaps by the signing program on their machine."""
    view.__signing__ = True  # type: ignore[attr-defined]
    return view


def confirmed(view: View) -> View:
    """A bidder who has bound a passkey comes here only by a sign-in a passkey took part in (passkey.required)."""
    view.__confirmed__ = True  # type: ignore[attr-defined]
    return view


def limited(rates: str, *, by: str = "address", reads: bool = False) -> Callable[[View], View]:
    """At most `rates` ("10/minute;100/hour") per client address, `token`, `caller`, or per form field of that name.

    Only what changes something is counted, or with `reads` everything.
    """

    def mark(view: View) -> View:
        view.__limits__ = [*getattr(view, "__limits__", []), (rates, by, reads)]  # type: ignore[attr-defined]
        return view

    return mark


def _marked(view: View, access: Access) -> View:
    view.__access__ = access  # type: ignore[attr-defined]
    return view


def access_of(view: Callable[..., Any]) -> Access | None:
    """Who may come to `view`; None where nobody has said so, which the door refuses."""
    return getattr(view, "__access__", None)


def door() -> Door:
    """The door of the application that serves this request."""
    found: Door = current_app.extensions["sunbid.door"]
    return found


def acting(*, through: str | None = None, shared: bool = True, as_ordered: bool = False) -> AbstractContextManager[Act]:
    """One act by whoever is asking: one transaction, one instant, committed at the end."""
    return door().platform.act(current_actor(), through=through, shared=shared, as_ordered=as_ordered)


def reading() -> AbstractContextManager[Session]:
    """One consistent read-only view of the database."""
    return door().platform.reading()


def current_actor() -> Actor:
    """Whoever is asking; PUBLIC for who is not signed in."""
    return g.get("actor", PUBLIC)  # type: ignore[no-any-return]


def current_person() -> Person | None:
    """The person signed in, detached; None for the public."""
    return g.get("person")  # type: ignore[no-any-return]


def current_sign_in() -> SignIn | None:
    """The sign-in this request came with."""
    return g.get("sign_in")  # type: ignore[no-any-return]


def current_token() -> ApiToken | None:
    """The program's token this request came with; None for a sign-in or the public."""
    return g.get("program")  # type: ignore[no-any-return]


def instant_now() -> datetime:
    """The platform's present instant, for showing; decisions use the act's."""
    if "instant" not in g:
        g.instant = door().platform.clock.now()
    return g.instant  # type: ignore[no-any-return]


def is_bearer() -> bool:
    """Whether the request brings a bearer token, and so no cookie counts."""
    return request.headers.get("Authorization", "").startswith("Bearer ")


def wants_json() -> bool:
    """Whether the answer should be JSON: a program asks (bearer, JSON body), or Accept prefers it."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    if is_interface():
        return True
    return is_bearer() or request.is_json or best in ("application/json", "application/problem+json")


def is_interface() -> bool:
    """Whether the address belongs to the programs' interface: what is wrong there is always told as a problem."""
    return request.path.startswith(f"{API}/") and request.path != f"{API}/"


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; who is not signed in gets 401, "not yours" and "does not exist" alike 404."""
    if refusal.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[refusal.code]
    return next((status for kind, status in STATUS.items() if isinstance(refusal, kind)), 400)


def local_path(target: str | None, default: str = "/") -> str:
    """`target` when it is a path of this site, else `default`: no redirect ever leaves the site."""
    if not target or "\\" in target or any(ord(char) < 33 for char in target):
        return default
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return default
    return target


def admit(response: Response, token: str, *, anew: bool = True) -> Response:
    """Give the browser its new sign-in; everything the browser brought before is forgotten (no fixation).

    Not `anew`: the same person is known better than before, and the forms of the open page stay good.
    """
    if anew:
        cookie.clear()
    response.set_cookie(door().cookie, token, secure=door().secure, httponly=True, samesite="Lax", path="/")
    return response


def dismiss(response: Response) -> Response:
    """Take the sign-in cookie back."""
    cookie.clear()
    response.delete_cookie(door().cookie, secure=door().secure, httponly=True, samesite="Lax", path="/")
    return response


def bearer_who_may(door: Door, view: Callable[..., Any], authorization: str) -> Actor | None:
    """Who comes with that header and may enter the view by it; None where the door itself must look, to say why not."""
    token = authorization.removeprefix("Bearer ").strip()
    access = access_of(view)
    if not authorization.startswith("Bearer ") or token.startswith(PROGRAM) or access is None:
        return None
    with door.platform.database.looking() as connection:
        found = queries.bearer_by_token(connection, token, at=door.platform.clock.now())
    if found is None or (access.kind == "roles" and not found.actor.has(*access.roles)):
        return None
    asks = door.passkeys and getattr(view, "__confirmed__", False) and found.actor.has(Role.BIDDER)
    return None if asks and found.has_passkey and not is_confirmed(found.method) else found.actor


def install(app: Flask, door: Door) -> None:
    """From here on every request of `app` passes the door, and every answer carries the security headers."""
    app.extensions["sunbid.door"] = door
    app.before_request(_begin)
    app.before_request(_recognise)
    app.before_request(_let_in)
    app.after_request(_send_off)


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint) if request.endpoint else None


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.csp_nonce = secrets.token_urlsafe(18)
    g.began = time.perf_counter()


def _recognise() -> None:
    view = _view()
    if view is None or request.endpoint == "static":
        return
    if is_bearer():
        token, carrier = request.headers["Authorization"][7:].strip(), "bearer"
    elif getattr(view, "__cookieless__", False):
        return
    else:
        token, carrier = request.cookies.get(door().cookie, ""), "cookie"
    if not token:
        return
    if carrier == "bearer" and token.startswith(PROGRAM):
        _recognise_program(token)
        return
    with reading() as session:
        comer = queries.comer_by_token(session, token, at=instant_now())
    if comer is None or comer.sign_in.carrier != carrier:
        if carrier == "bearer":
            raise Forbidden("signin.required")
        return
    g.sign_in, g.person, g.actor = comer.sign_in, comer.sign_in.person, comer.actor
    g.unconfirmed = comer.has_passkey and not is_confirmed(comer.sign_in.method)


def _recognise_program(token: str) -> None:
    with reading() as session:
        found = queries.program_by_token(session, token, at=instant_now())
    if found is None:
        raise Forbidden("signin.required")
    g.program, g.person, g.actor = found.token, found.token.person, found.actor


def _check_scope(view: Callable[..., Any]) -> None:
    """A program's token opens the operations of its scopes and what is public there; nothing else of the site."""
    token = current_token()
    if token is None:
        return
    operation = operation_of(view)
    if operation is None:
        raise Forbidden("token.elsewhere")
    if operation.scope is not None and operation.scope not in token.scopes:
        raise Forbidden("token.scope", scope=operation.scope)


def _let_in() -> None:
    view = _view()
    if view is None or request.endpoint == "static":
        return
    access = access_of(view)
    if access is None:
        raise Forbidden("door.unmarked", endpoint=request.endpoint)
    _check_scope(view)
    if access.kind != "public" and current_person() is None:
        raise Forbidden("signin.required")
    if access.kind == "roles" and not current_actor().has(*access.roles):
        raise Forbidden("door.role", roles=sorted(access.roles))
    asks = door().passkeys and getattr(view, "__confirmed__", False)
    if asks and current_actor().has(Role.BIDDER) and g.get("unconfirmed", False):
        raise Forbidden("passkey.required")
    program = current_token()
    if program is not None and (program.used_on is None or day_of(program.used_on) != day_of(instant_now())):
        with acting() as act:
            services.mark_used(act, program.id)
    if request.method not in SAFE and not is_bearer() and not getattr(view, "__cookieless__", False):
        _check_origin()
        current_app.extensions["csrf"].protect()


def _check_origin() -> None:
    own = {door().origin, f"{request.scheme}://{request.host}"}
    origin = request.headers.get("Origin")
    if (origin is not None and origin not in own) or (
        origin is None and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    ):
        raise Forbidden("door.origin", origin=(origin or request.headers["Sec-Fetch-Site"])[:200])


def content_policy(nonce: str, agent: str = "") -> str:
    """The content security policy of every page: own files and this answer's nonce, nothing else.

    `agent`: the one other address scripts may ask, where a page signs.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data:; font-src 'self'; connect-src 'self' {agent}; worker-src 'self'; manifest-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )


def _ascii_disposition(header: str) -> str:
    """The header with the file's name as `filename*` (RFC 6266): a server refuses to send any other sign."""
    kind, named = parse_options_header(header)
    return f"{kind}; filename*=UTF-8''{quote(named.get('filename', ''), safe='')}"


def plain_headers(door: Door) -> dict[str, str]:
    """The security headers that every answer carries, whatever it is."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    return {**headers, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if door.secure else headers


def _send_off(response: Response) -> Response:
    headers = response.headers
    # A Worker's policy is that of its file, not of the page: hence the static files.
    signs = request.endpoint == "static" or getattr(_view(), "__signing__", False)
    policy = content_policy(g.get("csp_nonce", ""), door().agent if signs else "")
    if request.path in COMPILING:
        policy = policy.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    headers.setdefault("Content-Security-Policy", policy)
    headers.update(plain_headers(door()))
    if not headers.get("Content-Disposition", "").isascii():
        headers["Content-Disposition"] = _ascii_disposition(headers["Content-Disposition"])
    headers["X-Request-Id"] = g.get("request_id", "")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store" if current_person() else "no-cache")
        response.vary.update(VARY)
    _write_log(response)
    return response


def _write_log(response: Response) -> None:
    """One line per request, never with a person, an address or a path's values (SEALING §9, PROOF T11).

    On a submission path not even the request id and the duration: nothing may be joined with another line.
    """
    told = {}
    if not getattr(_view(), "__unlinked__", False):
        ms = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
        told = {"request": g.get("request_id"), "ms": ms}
    log_request(request.endpoint, request.method, response.status_code, **told)


def log_request(endpoint: str | None, method: str, status: int, **told: Any) -> None:
    """Write the line of one request."""
    line = {"endpoint": endpoint, "method": method, "status": status, **told}
    log.info(json.dumps(line, ensure_ascii=False))

"""What every operation of the programs' interface is made of: read strictly, one view or one act, answered with a tag.

An operation is a thin view: `view(session, …)` for GET, `view(act, …)` for what writes; its path's names, `asked` (the
address), `given` (the body), `sent` (a file) come as keywords. It returns the model to tell. Cookies count for nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from accounts.access import (
    acting,
    cookieless,
    current_person,
    current_token,
    door,
    limited,
    public,
    reading,
    requires,
    signed_in,
)
from accounts.rules import Role
from accounts.services import keep_answer, kept_answer, reserve_answer
from core.act import Act
from core.api.fields import Page, refusal_of
from core.api.files import Sent, receive
from core.api.operations import FILE, PREFIX, Operation
from core.errors import Conflict, Forbidden, Invalid, Missing, Refusal

READS = "600/minute;12000/hour"
WRITES = "120/minute;2000/hour"
MOST_BYTES = 1 << 20
JSON = re.compile(r"application/(json|[a-z0-9.+-]+\+json)", re.IGNORECASE)
KEY = re.compile(r"[!-~]{8,200}")
NAME = re.compile(r"[A-Za-z0-9._:~-]{1,120}")
LANGUAGES = ("zh", "en")

View = TypeVar("View", bound=Callable[..., Any])


def operation(
    blueprint: Blueprint,
    method: str,
    rule: str,
    *,
    roles: tuple[Role, ...] = (),
    allowed: Callable[..., None] | None = None,
    read: Callable[..., Any] | None = None,
    **told: Any,
) -> Callable[[View], View]:
    """Put a view on the interface as the operation described by `told` (see `core.api.operations.Operation`).

    Of one that takes a file: `allowed(session, …)` refuses before a byte of it is received; `read(sent, …)` reads it
    outside any transaction, the view gets what it returns as `read`.
    """
    described = Operation(**told)

    def mark(view: View) -> View:
        if method == "GET":
            answer = _reader(view, described)
        elif described.takes_file:
            answer = _taker(view, described, method, allowed, read)
        else:
            answer = _writer(view, described, method)
        answer.__name__, answer.__doc__ = view.__name__, view.__doc__
        answer.__operation__ = described  # type: ignore[attr-defined]
        access = public if described.scope is None else requires(*roles) if roles else signed_in
        marked = limited(READS if method == "GET" else WRITES, by="caller", reads=True)(access(cookieless(answer)))
        blueprint.add_url_rule(PREFIX + rule, endpoint=view.__name__, view_func=marked, methods=[method])
        return view

    return mark


def _reader(view: Callable[..., Any], described: Operation) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        named = _named(path) | _asked(described)
        with reading() as session:
            told = view(session, **named)
        return tell(told, described.status)

    return answer


def _writer(view: Callable[..., Any], described: Operation, method: str) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        body, place = _body(described), _place(described)
        named = _named(path) | _asked(described) | _given(described, body)
        return _done(described, method, body, lambda act: tell(view(act, **named), described.status, place=place))

    return answer


def _taker(
    view: Callable[..., Any],
    described: Operation,
    method: str,
    allowed: Callable[..., None] | None,
    read: Callable[..., Any] | None,
) -> Callable[..., Response]:
    def answer(**path: str) -> Response:
        named = _named(path) | _asked(described)
        if request.mimetype != FILE:
            raise Invalid("api.media_type", found=(request.mimetype or "—")[:80], wanted=FILE)
        if allowed is not None:
            with reading() as session:
                allowed(session, **named)
        with _sent() as sent:
            more = {"read": read(sent, **named)} if read is not None else {}
            digest = sent.stored.sha256.encode()
            return _done(
                described, method, digest, lambda act: tell(view(act, sent=sent, **named, **more), described.status)
            )

    return answer


def _sent() -> AbstractContextManager[Sent]:
    return receive(
        door().platform.store,
        request.stream,
        announced=request.content_length,
        digest=request.headers.get("Content-Digest", ""),
        most=current_app.config["MAX_CONTENT_LENGTH"],
    )


def _done(described: Operation, method: str, body: bytes, made: Callable[[Act], Response]) -> Response:
    """One act that does it, or tells again what it answered under the same key."""
    key = _key() if described.takes_key else ""
    try:
        with acting() as act:
            return _once(act, key, method, body, lambda: made(act))
    except IntegrityError as error:
        # Two came at once (PostgreSQL): nothing of this one stands.
        raise Conflict("idempotency.busy" if "kept_answer" in str(error.orig) else "api.concurrent") from None


def _once(act: Act, key: str, method: str, body: bytes, made: Callable[[], Response]) -> Response:
    """What is made, or without doing anything again what was answered to the same request under the same key."""
    if not key:
        return made()
    sent = b"\n".join([method.encode(), request.full_path.encode(), body])
    bearer = request.headers["Authorization"][7:].strip()
    held = kept_answer(act, bearer=bearer, key=key, request=sent)
    if held is not None:
        return _told_again(held)
    reserved = reserve_answer(act, bearer=bearer, key=key, request=sent)
    answer = made()
    told = {"status": answer.status_code, "body": answer.get_data(as_text=True), "headers": _kept(answer)}
    keep_answer(act, reserved, bearer=bearer, key=key, answer=told)
    return answer


def _place(described: Operation) -> str:
    if described.status != 201:
        return ""
    return PREFIX + described.place if described.place else request.path


def _kept(made: Response) -> dict[str, str]:
    return {name: made.headers[name] for name in ("ETag", "Location", "Content-Type") if name in made.headers}


def _told_again(held: Mapping[str, Any]) -> Response:
    answer = Response(held["body"], held["status"], headers=held["headers"])
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _named(path: Mapping[str, str]) -> dict[str, Any]:
    """The names in the address; one that no thing here can have names nothing."""
    for name, value in path.items():
        if not NAME.fullmatch(value):
            raise Missing("api.name", name=name)
    return dict(path)


def _asked(described: Operation) -> dict[str, Any]:
    """The parameters of the address by their model, each at most once; `lang` is everybody's."""
    given = {name: values for name, values in request.args.lists() if name != "lang" or values[0] not in LANGUAGES}
    for name, values in given.items():
        if len(values) > 1 or values[0] != values[0].strip():
            raise Invalid("api.repeated", field=name[:80])
    if described.asked is None:
        if given:
            name = min(given)[:80]
            raise Invalid("api.unknown_field", field=name, name=name)
        return {}
    try:
        return {"asked": described.asked.model_validate({name: values[0] for name, values in given.items()})}
    except ValidationError as error:
        raise refusal_of(error) from None


def _body(described: Operation) -> bytes:
    if described.given is None:
        return b""
    if request.content_length is not None and request.content_length > MOST_BYTES:
        raise Invalid("api.large", most=MOST_BYTES)
    if not JSON.fullmatch(request.mimetype or ""):
        raise Invalid("api.media_type", found=(request.mimetype or "—")[:80], wanted="application/json")
    return request.get_data(cache=True)


def _given(described: Operation, body: bytes) -> dict[str, Any]:
    if described.given is None:
        return {}
    if b"\x00" in body:
        raise Invalid("api.malformed")
    try:
        return {"given": described.given.model_validate_json(body)}
    except ValidationError as error:
        raise refusal_of(error) from None


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if "Idempotency-Key" in request.headers and not KEY.fullmatch(key):
        raise Invalid("idempotency.key", field="Idempotency-Key")
    if key and "Authorization" not in request.headers:
        raise Forbidden("signin.required")
    return key


def tell(told: BaseModel | None, status: int, *, place: str = "") -> Response:
    """The model as JSON with its entity tag; 304 for who has it already; nothing at all as 204."""
    if told is None:
        return Response(b"", 204)
    body = told.model_dump_json()
    answer = Response(body, status, content_type="application/json")
    answer.set_etag(_tag(body))
    if place:
        answer.headers["Location"] = f"{place}/{getattr(told, 'number', None) or getattr(told, 'code', '')}"
    if isinstance(told, Page) and told.next is not None:
        following = urlencode({**request.args.to_dict(), "cursor": told.next})
        answer.headers["Link"] = f'<{door().origin}{request.path}?{following}>; rel="next"'
    if request.method in ("GET", "HEAD"):
        answer.headers["Cache-Control"] = "private, no-cache" if current_person() else "no-cache"
        answer.make_conditional(request)
    return answer


def _tag(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def check_match(now: BaseModel) -> None:
    """Refuse to change what has changed since the caller saw it: If-Match must name the state as it is now.

    Refusal "etag.absent" (428) without the header, "etag.stale" (412) for another state. The row must be locked.
    """
    if "If-Match" not in request.headers:
        raise Refusal("etag.absent")
    if not request.if_match.contains(_tag(now.model_dump_json())) or request.if_match.star_tag:
        raise Refusal("etag.stale")


def caller_token() -> Any:
    """The program's token that asks; None for a sign-in."""
    return current_token()


def person_id() -> int:
    """Whose person it is that asks."""
    person = current_person()
    if person is None:
        raise Forbidden("signin.required")
    return person.id


def own(act: Act) -> Any:
    """The person who asks, in this act's transaction."""
    from accounts.queries import person_by_id

    return person_by_id(act.session, person_id())


__all__ = ["PREFIX", "caller_token", "check_match", "operation", "own", "person_id", "tell"]

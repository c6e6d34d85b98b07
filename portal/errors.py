"""Refusals to answers, in one place: a page for people, a problem document (RFC 9457) for programs."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException, SecurityError

from accounts.access import is_interface, status_of, wants_json
from core.errors import Conflict, Forbidden, Invalid, Refusal
from portal.words import sentence, shown

log = logging.getLogger("sunbid.errors")
CODES = {
    400: "http.bad_request",
    404: "http.not_found",
    405: "http.method",
    408: "http.timeout",
    411: "http.length",
    413: "http.too_large",
    415: "http.media_type",
    429: "http.too_many",
    503: "http.busy",
}


def register(app: Flask) -> None:
    """From here on every refusal and every error of `app` becomes an answer in the reader's language."""
    app.register_error_handler(Refusal, answer_refusal)
    app.register_error_handler(CSRFError, answer_csrf)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(IntegrityError, answer_broken_rule)
    app.register_error_handler(Exception, answer_unknown)


def answer_refusal(refusal: Refusal) -> Response:
    """The refusal's page or problem; a person who is not signed in is led to the sign-in page and back."""
    status = status_of(refusal)
    if wants_json():
        return problem(refusal, status)
    if status == 401:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return make_response(redirect(url_for("accounts.sign_in", next=back), 303))
    return page(refusal, status)


def answer_csrf(error: CSRFError) -> Response:
    """A form that came without this browser's token, or after signing in or out elsewhere."""
    return answer_refusal(Forbidden("door.csrf"))


def answer_http(error: HTTPException) -> Response:
    """Flask's and Werkzeug's own errors, with the headers they carry (Allow, Retry-After)."""
    status = error.code or 500
    if isinstance(error, SecurityError):
        # A foreign host name: no address of ours can be built for an answer, and none is owed.
        return Response("400 Bad Request\n", 400, content_type="text/plain; charset=utf-8")
    if status >= 500 and status not in CODES:
        return answer_unknown(error)
    refusal = Refusal(CODES.get(status, "http.bad_request"), status=status)
    answer = problem(refusal, status) if wants_json() else page(refusal, status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            answer.headers[name] = value
    return answer


def answer_broken_rule(error: IntegrityError) -> Response:
    """Two came at once and the database took one: nothing of the other stands, it may be sent again."""
    twice = getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE constraint failed" in str(error.orig)
    if not twice:
        return answer_unknown(error)
    log.warning("request %s came at once with another: %s", g.get("request_id"), error.orig)
    return answer_refusal(Conflict("act.concurrent"))


def answer_unknown(error: Exception) -> Response:
    """An error nobody foresaw: its request id and nothing else for the reader, the trace for the log."""
    log.exception("request %s failed", g.get("request_id"), exc_info=error)
    if wants_json():
        return problem(Refusal("http.failed", request=g.get("request_id", "")), 500)
    # Without the frame: whatever failed may be what the frame needs.
    return make_response(render_template("portal/failure.html", request_id=g.get("request_id", "")), 500)


def page(refusal: Refusal, status: int) -> Response:
    """The refusal as a page: what was refused, the rule, the code and the request id to quote."""
    return make_response(
        render_template(
            "portal/refusal.html",
            refusal=refusal,
            text=sentence(refusal),
            title=title_of(status),
            status=status,
            request_id=g.get("request_id", ""),
        ),
        status,
    )


def problem(refusal: Refusal, status: int) -> Response:
    """The refusal as application/problem+json with its stable code, field and facts."""
    body: dict[str, Any] = {
        "type": url_for("portal.refusals", _anchor=refusal.code),
        "title": title_of(status),
        "status": status,
        "detail": sentence(refusal),
        "code": refusal.code,
        "facts": plain(refusal.facts),
        "request_id": g.get("request_id", ""),
    }
    if isinstance(refusal, Invalid) and refusal.field:
        body["field"] = refusal.field
    if isinstance(refusal, Invalid) and is_interface():
        body["errors"] = [
            {"field": one.field, "code": one.code, "detail": sentence(one)} for one in (refusal, *refusal.others)
        ]
    answer = Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def plain(value: Any) -> Any:
    """Facts as JSON values; whatever JSON does not know is shown as text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else shown(value)


def title_of(status: int) -> str:
    """A status in words."""
    titles = {
        400: _("请求无法理解"),
        401: _("需要登录"),
        403: _("您无权进行此操作"),
        404: _("没有找到"),
        405: _("此处不支持这种请求"),
        409: _("此刻不能进行此操作"),
        412: _("已有人改动过"),
        415: _("不支持这种内容格式"),
        413: _("内容过大"),
        422: _("内容不符合要求"),
        428: _("须说明以哪一版为准"),
        429: _("请求过于频繁"),
        500: _("平台出错了"),
        503: _("平台正忙"),
    }
    return str(titles.get(status, _("请求未被接受")))

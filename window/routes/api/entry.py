"""The interface's own description: the entry page, and the OpenAPI document made from the operations in the code."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]

from accounts.access import cookieless, door, limited, public
from accounts.rules.scopes import SCOPES
from core.api.document import Described, document
from core.api.operations import PREFIX, operation_of
from window.routes.api.webhooks import Event
from window.routes.blueprint import blueprint, word

HOLE = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")


def operations(app: Flask) -> list[Described]:
    """Every operation of the running site, by address and method."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is not None:
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            path = HOLE.sub(r"{\1}", rule.rule.removeprefix(PREFIX))
            found.append(Described(methods[0], path, tuple(HOLE.findall(rule.rule)), rule.endpoint, operation))
    return sorted(found, key=lambda one: (one.path, one.method))


@blueprint.get(f"{PREFIX}/")
@public
@limited("600/minute", by="address", reads=True)
def api() -> str | Response:
    """What programs can do here, for people; for programs where the document is."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if best == "application/json":
        return jsonify(version="v1", openapi=door().origin + url_for("window.api_document"))
    found = operations(current_app)
    tags: dict[str, list[Described]] = {"published": []}
    for one in found:
        tags.setdefault(one.operation.tag, []).append(one)
    return render_template(
        "window/api.html", tags=tags, scopes=SCOPES, prefix=PREFIX, origin=door().origin, count=len(found)
    )


@blueprint.get(f"{PREFIX}/openapi.json")
@public
@cookieless
@limited("600/minute", by="address", reads=True)
def api_document() -> Response:
    """The OpenAPI 3.1 document, in the reader's language."""
    told = described()
    answer = jsonify(told)
    answer.add_etag()
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


def described() -> dict[str, Any]:
    """The document of the running site."""
    return document(
        operations(current_app),
        title=_("阳光招采开放接口"),
        about=_(
            "读取公开的招标投标信息不需要登录；以令牌代表本人办理本人可以办理的事。投标只能由投标人在本机封装后递交，不经本接口。"
        ),
        server=door().origin + PREFIX,
        word=word,
        events=Event,
    )

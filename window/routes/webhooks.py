"""Subscriptions in one's own account: begun, tried, their log with a button to send again, secrets, the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, limited, reading, signed_in, status_of
from accounts.queries import person_by_id
from core.act import Act
from core.errors import Refusal
from core.forms import text
from window import queries, services
from window.models import Webhook
from window.queries.opendata import TOLD
from window.routes.api.webhooks import networks
from window.routes.blueprint import blueprint

SHOWN = 50


def _mine() -> int:
    return current_actor().person_id or 0


def _list(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "window/webhooks.html",
            errors=errors,
            webhooks=queries.webhooks(session, _mine()),
            kinds=TOLD,
            values=request.form if errors else {},
            chosen=request.form.getlist("kinds") if errors else [],
        )
    return page, status


def _one(number: str, errors: list[Refusal], status: int = 200, secret: str = "") -> tuple[str, int]:
    with reading() as session:
        held = queries.webhook(session, _mine(), number)
        found = queries.messages(session, held, limit=SHOWN)
        page = render_template(
            "window/webhook.html",
            errors=errors,
            webhook=held,
            messages=found,
            tries=queries.tries(session, found),
            secret=secret,
        )
    return page, status


@blueprint.get("/account/webhooks")
@signed_in
def webhooks() -> tuple[str, int]:
    """The addresses that are told of changes in one's name."""
    return _list([])


@blueprint.post("/account/webhooks")
@signed_in
@limited("30/minute")
def create_webhook() -> tuple[str, int]:
    """A new subscription; its secret is on this answer and nowhere else."""
    try:
        url = text(request.form, "url", most=500)
        section = text(request.form, "section", most=60, required=False)
        with acting() as act:
            held, secret = services.create_webhook(
                act, person_by_id(act.session, _mine()), url=url, kinds=request.form.getlist("kinds"),
                section=section, networks=networks(),
            )  # fmt: skip
            number = held.number
    except Refusal as refusal:
        return _list([refusal], status_of(refusal))
    return _one(number, [], 201, secret)


@blueprint.get("/account/webhooks/<number>")
@signed_in
def webhook(number: str) -> tuple[str, int]:
    """One subscription with its log."""
    return _one(number, [])


def _done(number: str, verb: Callable[[Act, Webhook], Any], said: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, queries.webhook(act.session, _mine(), number))
    except Refusal as refusal:
        if status_of(refusal) == 404:
            raise
        return _one(number, [refusal], status_of(refusal))
    flash(said, "ok")
    return redirect(url_for("window.webhook", number=number), 303)


@blueprint.post("/account/webhooks/<number>/rotate")
@signed_in
def rotate_webhook(number: str) -> tuple[str, int]:
    """A new secret, shown this once."""
    with acting() as act:
        secret = services.rotate_secret(act, queries.webhook(act.session, _mine(), number))
    return _one(number, [], 200, secret)


@blueprint.post("/account/webhooks/<number>/ping")
@signed_in
@limited("30/minute")
def ping_webhook(number: str) -> Response | tuple[str, int]:
    """Send a message that says nothing has happened."""
    return _done(number, services.ping, _("测试消息已排队，稍后刷新看结果。"))


@blueprint.post("/account/webhooks/<number>/disable")
@signed_in
def disable_webhook(number: str) -> Response | tuple[str, int]:
    """Send nothing for the time being."""
    return _done(number, services.disable_webhook, _("订阅已暂停，恢复后从停下的地方继续。"))


@blueprint.post("/account/webhooks/<number>/enable")
@signed_in
def enable_webhook(number: str) -> Response | tuple[str, int]:
    """Send again."""
    return _done(number, services.enable_webhook, _("订阅已恢复，错过的变化会补发。"))


@blueprint.post("/account/webhooks/<number>/messages/<message>/replay")
@signed_in
@limited("60/minute")
def replay_message(number: str, message: str) -> Response | tuple[str, int]:
    """Send one message once more."""
    return _done(
        number,
        lambda act, held: services.replay(act, queries.message(act.session, held, message)),
        _("消息已排队重发，稍后刷新看结果。"),
    )


@blueprint.post("/account/webhooks/<number>/end")
@signed_in
def end_webhook(number: str) -> Response:
    """The subscription is over."""
    with acting() as act:
        services.end_webhook(act, queries.webhook(act.session, _mine(), number))
    flash(_("订阅已结束。"), "ok")
    return redirect(url_for("window.webhooks"), 303)

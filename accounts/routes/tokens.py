"""Programs' tokens in one's own account: made, shown once, ended."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts import forms, queries, services
from accounts.access import acting, current_actor, current_sign_in, instant_now, limited, reading, signed_in, status_of
from accounts.routes.blueprint import blueprint
from accounts.rules import is_strong
from accounts.rules.scopes import scopes_for
from core.errors import Forbidden, Refusal

DAYS = (30, 90, 180, 366)


def _page(errors: list[Refusal], status: int = 200, made: str = "") -> tuple[str, int]:
    actor = current_actor()
    with reading() as session:
        page = render_template(
            "accounts/tokens.html",
            errors=errors,
            tokens=queries.api_tokens(session, actor.person_id or 0),
            scopes=scopes_for(actor.roles),
            days=DAYS,
            now=instant_now(),
            made=made,
            values=request.form if errors else {},
            chosen=request.form.getlist("scopes") if errors else [],
        )
    return page, status


@blueprint.get("/account/tokens")
@signed_in
def tokens() -> tuple[str, int]:
    """The tokens programs use in one's name."""
    return _page([])


@blueprint.post("/account/tokens")
@signed_in
@limited("30/minute")
def create_token() -> tuple[str, int]:
    """A new token; its text is on this answer and nowhere else."""
    try:
        sign_in = current_sign_in()
        if sign_in is None or not is_strong(sign_in.method):
            raise Forbidden("factor.weak")
        name, days = forms.token(request.form)
        with acting() as act:
            person = queries.person_by_id(act.session, act.actor.person_id or 0)
            made = services.create_token(act, person, name=name, scopes=request.form.getlist("scopes"), days=days)[1]
    except Refusal as refusal:
        return _page([refusal], status_of(refusal))
    return _page([], 201, made)


@blueprint.post("/account/tokens/<number>/revoke")
@signed_in
def revoke_token(number: str) -> Response:
    """One token opens nothing any more."""
    with acting() as act:
        services.revoke_token(act, queries.api_token(act.session, act.actor.person_id or 0, number))
    flash(_("令牌已停用。"), "ok")
    return redirect(url_for("accounts.tokens"), 303)

"""The catalogue of what must be traded here, trades outside with their reasons, and how complete disclosure is."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, public, reading, requires
from accounts.rules import Role
from core import forms, money
from core.calendar import day_of
from core.errors import Invalid, Refusal
from window import queries, services
from window.routes.blueprint import blueprint
from window.rules import LEVELS, MATTERS
from window.rules import catalogue as matters
from window.rules import grounds as grounds_of

PAGE = 50
WATCHERS = (Role.SUPERVISOR, Role.OPERATOR)


@blueprint.get("/catalogue")
@public
def catalogue() -> str:
    """What must be traded here, since when and from which amount; what was traded outside; to supervisors, alarms."""
    today = day_of(instant_now())
    page = max(1, request.args.get("page", 1, type=int) or 1)
    with reading() as session:
        found = queries.outside_trades(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return render_template(
            "window/catalogue.html",
            rules=matters(today),
            found=found[:PAGE],
            splits=queries.split_alarms(session, today) if current_actor().has(*WATCHERS) else None,
            page=page,
            previous=url_for("window.catalogue", page=page - 1) if page > 1 else None,
            following=url_for("window.catalogue", page=page + 1) if len(found) > PAGE else None,
        )


@blueprint.get("/catalogue/outside")
@requires(Role.TENDEREE)
def new_outside() -> str:
    """The form for a trade made outside."""
    return _form([], {})


@blueprint.post("/catalogue/outside")
@requires(Role.TENDEREE)
def record_outside() -> Response | tuple[str, int]:
    """Record a trade made outside, with its reason."""
    given = request.form
    try:
        read: dict[str, Any] = {
            "project": forms.text(given, "project", most=60),
            "name": forms.text(given, "name", most=200),
            "matter": forms.choice(given, "matter", MATTERS),
            "traded_on": _day(forms.text(given, "traded_on", most=10)),
            "amount_fen": money.parse(given.get("amount", ""), field="amount"),
            "counterpart": forms.text(given, "counterpart", most=200),
            "ground": forms.text(given, "ground", most=20, required=False),
            "reason": forms.text(given, "reason", most=2000, least=10),
        }
        with acting() as act:
            held = services.record_outside(act, **read)
    except Refusal as refusal:
        return _form([refusal], given), 422
    if held.verdict == "outside":
        flash(_("已记录为 %(number)s：这笔交易达到规模，应当在平台进行。", number=held.number), "warn")
    else:
        flash(_("已记录为 %(number)s。", number=held.number), "ok")
    return redirect(url_for("window.catalogue"))


@blueprint.get("/disclosure")
@public
def disclosure() -> str:
    """What must be disclosed at each level, and how complete it is, counted from what has been published."""
    level = request.args.get("level", "")
    chosen = level if level in LEVELS else ""
    with reading() as session:
        return render_template(
            "window/disclosure.html",
            found=queries.completeness(session, day_of(instant_now()), chosen),
            level=chosen,
            levels=LEVELS,
        )


def _form(errors: list[Refusal], given: Any) -> str:
    today = day_of(instant_now())
    known = {ground for matter in MATTERS for ground in grounds_of(matter, today)}
    return render_template(
        "window/new_outside.html", errors=errors, given=given, matters=list(MATTERS), grounds=sorted(known)
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("form.day", field="traded_on", found=text) from None

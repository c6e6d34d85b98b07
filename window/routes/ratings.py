"""Service ratings (好差评): give one, see how they stand, take on, answer, review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, instant_now, limited, public, reading, requires
from accounts.rules import Role
from core import forms
from core.act import Act
from core.clock import from_iso
from core.errors import Missing, Refusal
from window import queries, services
from window.models import ServiceRating
from window.routes.blueprint import blueprint
from window.rules import STARS, TOPICS
from window.services.ratings import MOST

PAGE = 30


@blueprint.get("/ratings")
@public
def ratings() -> str:
    """How the service is rated, and how every bad rating stands; what is overdue is said."""
    page = max(1, request.args.get("page", 1, type=int) or 1)
    now = instant_now()
    with reading() as session:
        found = queries.ratings(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        return render_template(
            "window/ratings.html",
            found=found[:PAGE],
            sums=queries.rating_sums(session, now),
            grades=STARS,
            page=page,
            previous=url_for("window.ratings", page=page - 1) if page > 1 else None,
            following=url_for("window.ratings", page=page + 1) if len(found) > PAGE else None,
        )


@blueprint.get("/ratings/new")
@public
def new_rating() -> str:
    """The form for a rating."""
    return _form([], {"topic": request.args.get("topic", "")})


@blueprint.post("/ratings/new")
@public
@limited("10 per hour")
def rate() -> Response | tuple[str, int]:
    """Give a rating; who gives it is not stored."""
    given = request.form
    try:
        stars = int(forms.choice(given, "stars", [str(grade) for grade in STARS]))
        topic = forms.choice(given, "topic", TOPICS)
        text = forms.text(given, "text", most=MOST, required=False)
        contact = forms.text(given, "contact", most=100, required=False)
        with acting() as act:
            held = services.rate(act, stars=stars, topic=topic, text=text, contact=contact)
    except Refusal as refusal:
        return _form([refusal], given), 422
    flash(_("评价已收到，编号 %(number)s。", number=held.number), "ok")
    return redirect(url_for("window.rating", number=held.number) if held.is_bad else url_for("window.ratings"))


@blueprint.get("/ratings/<number>")
@public
def rating(number: str) -> str:
    """One bad rating with every step; good ones are counted and not shown one by one."""
    return _page(number, [])


@blueprint.post("/ratings/<number>/take-on")
@requires(Role.OPERATOR)
def take_on_rating(number: str) -> Response | tuple[str, int]:
    """Take a bad rating on."""
    return _step(number, services.take_on_rating, _("已开始办理。"))


@blueprint.post("/ratings/<number>/answer")
@requires(Role.OPERATOR)
def answer_rating(number: str) -> Response | tuple[str, int]:
    """Say what was put right, or why the rating is not followed."""

    def answer(act: Act, held: ServiceRating) -> None:
        how = forms.choice(request.form, "how", ("rectify", "set_aside"))
        text = forms.text(request.form, "answer", most=MOST)
        services.answer_rating(act, held, text, aside=how == "set_aside")

    return _step(number, answer, _("答复已公布，等待回访核实。"))


@blueprint.post("/ratings/<number>/review")
@requires(Role.SUPERVISOR)
def review_rating(number: str) -> Response | tuple[str, int]:
    """Confirm that it is put right, or send it back."""

    def review(act: Act, held: ServiceRating) -> None:
        verdict = forms.choice(request.form, "verdict", ("accept", "return"))
        text = forms.text(request.form, "review", most=MOST)
        services.review_rating(act, held, text, accepted=verdict == "accept")

    return _step(number, review, _("回访结论已公布。"))


def _step(number: str, verb: Callable[[Act, ServiceRating], None], done: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, queries.rating(act.session, number))
    except Missing:
        raise
    except Refusal as refusal:
        return _page(number, [refusal], request.form), 422
    flash(done, "ok")
    return redirect(url_for("window.rating", number=number))


def _form(errors: list[Refusal], given: Any) -> str:
    return render_template("window/new_rating.html", errors=errors, given=given, grades=STARS, topics=TOPICS)


def _page(number: str, errors: list[Refusal], given: Any = None) -> str:
    now = instant_now()
    with reading() as session:
        held = queries.rating(session, number)
        if not held.is_bad:
            raise Missing("rating.unknown", number=number[:20])
        return render_template(
            "window/rating.html",
            rating=held,
            overdue=held.due_at is not None and now >= held.due_at,
            lateness=[{**one, **{at: from_iso(one[at]) for at in ("due_at", "done_at")}} for one in held.lateness],
            errors=errors,
            given=given or {},
        )

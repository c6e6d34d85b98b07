"""The index of recordings: what the public sees of it, and where whoever runs a room registers its files by hash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, public, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from awards import forms, services
from awards.models import Recording
from awards.queries import archives
from awards.queries import recordings as found
from awards.routes.frame import PROJECT, blueprint, done, frame
from awards.rules.recordings import MEDIA, OPENING, ROOMS, WITHDRAWN
from awards.rules.renewal import kept_until, rule_at
from awards.services.recordings import RUNS
from bidding import queries as bidding
from bidding.models import Section
from core.act import Act, Actor
from core.errors import Missing, Refusal

TOLD = ("awarded", "archived")
"""From when on the public sees that evaluation and selection were recorded; of the opening it sees so at once."""


@blueprint.get("/sections/<code>/recordings")
@public
def recordings(code: str) -> str:
    """The section's recordings: to everybody that they exist, with their hash; where they lie to whom it concerns."""
    return _page(code, [])


@blueprint.post("/sections/<code>/recordings")
@requires(*PROJECT)
def register_recording(code: str) -> Response | tuple[str, int]:
    """Register a recording of a room one runs."""

    def register(act: Act, section: Section) -> None:
        services.register_recording(act, section, **forms.read_recording(request.form))

    return _done(code, register, _("录音录像已登记，写入账本。"))


@blueprint.post("/sections/<code>/recordings/missing")
@requires(Role.SUPERVISOR)
def miss_recording(code: str) -> Response | tuple[str, int]:
    """Put on record that a room has no recording, and why."""

    def miss(act: Act, section: Section) -> None:
        services.miss_recording(act, section, **forms.read_missing(request.form))

    return _done(code, miss, _("缺失说明已写入账本。"))


@blueprint.post("/sections/<code>/recordings/<int:number>/withdraw")
@requires(*PROJECT)
def withdraw_recording(code: str, number: int) -> Response | tuple[str, int]:
    """Withdraw an entry that was wrong; it stays in the index."""

    def withdraw(act: Act, section: Section) -> None:
        held = found.recording(act.session, section, number)
        services.withdraw_recording(act, held, reason=forms.read_withdrawal(request.form, number))

    return _done(code, withdraw, _("该条登记已撤销，撤销的理由写入账本。"))


def _done(code: str, verb: Callable[[Act, Section], None], said: str) -> Response | tuple[str, int]:
    try:
        with acting() as act:
            verb(act, bidding.own_section(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _page(code, [refusal]), 422
    return done(said, "awards.recordings", code=code)


def _page(code: str, errors: list[Refusal]) -> str:
    actor, now = current_actor(), instant_now()
    with reading() as session:
        section = bidding.section(session, code)
        works = _works_on(session, section, actor)
        rows = found.recordings(session, section)
        places = found.places(session, section)
        shown = [room for room in ROOMS if works or room == OPENING or section.state in TOLD]
        runs = [room for room in ROOMS if works and actor.has(*RUNS[room])]
        everything = actor.has(Role.SUPERVISOR, Role.OFFICER)
        rooms = [
            _room(session, section, room, rows, places[room], now) | {"whole": everything or room in runs}
            for room in shown
        ]
        held = archives.archive(session, section)
        open_rooms = [one for one in rooms if one["hours"] and held is None]
        return render_template(
            "awards/recordings.html",
            **frame(section),
            rooms=rooms,
            sites={one["code"]: one for one in found.sites_of(session, section)},
            names=names_of(session, {one.registered_by for one in rows}) if works else {},
            may_register=[(one["room"], site) for one in open_rooms if one["room"] in runs for site in one["places"]],
            may_miss=[(one["room"], site) for one in open_rooms for site in one["places"]]
            if actor.has(Role.SUPERVISOR)
            else [],
            runs=runs,
            media=MEDIA,
            works=works,
            held=held,
            keep=rule_at(now),
            kept_until=kept_until(held.built_at) if held else None,
            withdrawn=WITHDRAWN,
            values=request.form,
            errors=errors,
        )


def _room(
    session: Session, section: Section, room: str, rows: list[Recording], places: list[str], now: Any
) -> dict[str, Any]:
    """A room with its entries, its hours, and what of them no recording covers, place by place."""
    hours = found.hours(session, section, room, now)
    return {
        "room": room,
        "places": places,
        "rows": [one for one in rows if one.room == room],
        "hours": hours,
        "gaps": {site: found.gaps(rows, room, site, hours) for site in places} if hours else {},
    }


def _works_on(session: Session, section: Section, actor: Actor) -> bool:
    if not actor.has(*PROJECT):
        return False
    try:
        bidding.own_section(session, section.code, actor)
    except Missing:
        return False
    return True

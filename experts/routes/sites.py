"""The sites of a remote evaluation: a picture of who sits where, and what officer and supervisor do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, reading, requires
from accounts.rules import Role
from core.act import Act
from core.errors import Missing, Refusal
from experts import forms, queries
from experts.models import Committee
from experts.queries import federation
from experts.routes.frame import KINDS, blueprint, done, refused, seat_word
from experts.rules.sites import MOST_SITES
from experts.services import sites as services

PROJECT = (Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR)


@blueprint.get("/tender/<code>/committee/sites")
@requires(*PROJECT)
def sites(code: str) -> str:
    """Host site and guest sites with their seats; no name that is not to be told yet."""
    return _sites(code, [])


@blueprint.post("/tender/<code>/committee/sites")
@requires(Role.OFFICER)
def set_sites(code: str) -> Response | tuple[str, int]:
    """Name the sites."""
    try:
        rows = forms.read_sites(request.form, MOST_SITES)
        with acting() as act:
            services.set_sites(act, queries.own_committee(act.session, code, act.actor), rows)
    except Missing:
        raise
    except Refusal as refusal:
        return _sites(code, [refusal]), 422
    return done(_("场地已设置，席位已安排。"), "experts.sites", code=code)


@blueprint.post("/tender/<code>/committee/sites/move")
@requires(Role.OFFICER)
def move_seat(code: str) -> Response:
    """Move a seat to another site."""

    def move(act: Act, held: Committee) -> None:
        label, site = forms.read_reason(request.form, "label", most=20), forms.read_reason(request.form, "site", most=4)
        services.move_seat(act, queries.seated(act.session, held, label), site)

    return _done(code, move, _("席位已调整。"))


@blueprint.post("/tender/<code>/committee/sites/witness")
@requires(Role.OFFICER, Role.SUPERVISOR)
def witness_site(code: str) -> Response:
    """Record who is present at a site, for its witness."""

    def witness(act: Act, held: Committee) -> None:
        site = forms.read_reason(request.form, "witnessed", most=4)
        present = forms.listed(request.form, "present")
        services.witness_site(act, held, site, present=present, note=forms.optional(request.form, "note"))

    return _done(code, witness, _("到场情况已记录。"))


@blueprint.post("/tender/<code>/committee/sites/cut-off")
@requires(Role.SUPERVISOR)
def cut_off_site(code: str) -> Response:
    """Release everybody at a site that does not come back."""

    def cut_off(act: Act, held: Committee) -> None:
        site, reason = forms.read_reason(request.form, "lost", most=4), forms.read_reason(request.form)
        services.cut_off_site(act, held, site, reason)

    return _done(code, cut_off, _("该场评委已更换，由候补依次递补。"))


def _done(code: str, verb: Callable[[Act, Committee], None], message: str) -> Response:
    try:
        with acting() as act:
            verb(act, queries.own_committee(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.sites", code=code)
    return done(message, "experts.sites", code=code)


def _sites(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        held = queries.own_committee(session, code, current_actor())
        known = {row["label"]: row["name"] for row in queries.roster(session, held, current_actor())}
        values: dict[str, Any] = {
            "committee": held, "section": held.section, "project": held.section.project, "errors": errors,
            "sites": queries.seats_by_site(session, held), "names": known, "kinds": KINDS, "seat_word": seat_word,
            "partners": federation.partners(session), "values": request.form, "rows": range(1, MOST_SITES + 1),
            "can_set": held.state in services.BEFORE,
            "is_open": queries.is_room_open(held, instant_now()),
        }  # fmt: skip
        return render_template("experts/sites.html", **values)

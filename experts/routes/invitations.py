"""An expert's invitations: when and where, never what for; then signing in to the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, reading, requires
from core.act import Act
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.models import Member
from experts.queries import federation
from experts.routes.federation import LOAN_KINDS
from experts.routes.frame import KINDS, ROOM, blueprint, done, refused


@blueprint.get("/expert")
@requires(*ROOM)
def invitations() -> str:
    """Everything the expert has been invited to."""
    with reading() as session:
        return render_template(
            "experts/invitations.html", invitations=queries.invitations(session, current_actor()), kinds=KINDS,
            places={one.id: queries.place_of(one) for one in queries.invitations(session, current_actor())},
            loans=federation.own_loans(session, current_actor()), loan_kinds=LOAN_KINDS,
        )  # fmt: skip


@blueprint.get("/expert/invitations/<int:number>")
@requires(*ROOM)
def invitation(number: int) -> str:
    """One invitation, without the project's name until signing in (R-324)."""
    return _invitation(number, [])


@blueprint.post("/expert/invitations/<int:number>/accept")
@requires(*ROOM)
def accept(number: int) -> Response:
    """Accept."""
    return _answer(number, _("已接受邀请，请按时到场签到。"), services.accept)


@blueprint.post("/expert/invitations/<int:number>/decline")
@requires(*ROOM)
def decline(number: int) -> Response | tuple[str, int]:
    """Decline, with the reason."""
    try:
        reason = forms.read_reason(request.form)
        with acting() as act:
            services.decline(act, queries.invitation(act.session, number, act.actor), reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _invitation(number, [refusal]), 422
    return done(_("已谢绝，将由下一位专家递补。"), "experts.invitations")


@blueprint.post("/expert/invitations/<int:number>/sign-in")
@requires(*ROOM)
def sign_in(number: int) -> Response:
    """Sign in to the room; who turns out to be tied to a party leaves instead."""
    try:
        with acting() as act:
            member = queries.invitation(act.session, number, act.actor)
            grounds = services.sign_in(act, member)
            code = member.committee.section.code
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.invitation", number=number)
    if grounds:
        return done(
            _("系统核对发现您与本次评标的当事单位存在应当回避的关系，已为您办理回避，无需到场。"), "experts.invitations"
        )
    return done(_("已签到。"), "experts.room", code=code)


def _answer(number: int, message: str, verb: Callable[[Act, Member], Any]) -> Response:
    try:
        with acting() as act:
            verb(act, queries.invitation(act.session, number, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.invitation", number=number)
    return done(message, "experts.invitation", number=number)


def _invitation(number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        found = queries.invitation(session, number, current_actor())
        return render_template(
            "experts/invitation.html", member=found, committee=found.committee, kinds=KINDS, errors=errors,
            values=request.form, place=queries.place_of(found),
        )  # fmt: skip

"""Going back one stage: the leader asks in the room, the supervisor answers."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, requires
from accounts.rules import Role
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.frame import ROOM, blueprint, done, refused


@blueprint.post("/expert/<code>/rollback")
@requires(*ROOM)
def ask_rollback(code: str) -> Response:
    """The leader asks to open the stage before again."""
    try:
        reason = forms.read_reason(request.form, most=2000)
        with acting() as act:
            services.ask_rollback(act, queries.own_member(act.session, code, act.actor).committee, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.room", code=code)
    return done(_("已提交，等待行政监督部门批准。"), "experts.room", code=code)


@blueprint.post("/tender/<code>/committee/rollback/<int:number>")
@requires(Role.SUPERVISOR)
def decide_rollback(code: str, number: int) -> Response:
    """The supervisor approves or dismisses."""
    try:
        decision = forms.one_of(request.form, "decision", ("approve", "dismiss"))
        answer = forms.read_reason(request.form, "answer")
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            asked = queries.rollback(act.session, held, number)
            services.decide_rollback(act, asked, is_approved=decision == "approve", answer=answer)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已答复。"), "experts.committee", code=code)

"""The committee room: overview, declaration, leader, memos, the bids' files."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, reading, requires
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.frame import ROOM, blueprint, done, own_room, refused, room_frame

PDF_POLICY = "default-src 'none'; object-src 'self'; plugin-types application/pdf; style-src 'unsafe-inline'"
"""What a browser's own PDF viewer needs, and nothing more."""


@blueprint.get("/expert/<code>")
@requires(*ROOM)
def room(code: str) -> str:
    """The room's overview: what to do next, who sits here, the rules of the day."""
    return _room(code, [])


@blueprint.post("/expert/<code>/declare")
@requires(*ROOM)
def declare(code: str) -> Response | tuple[str, int]:
    """Confirm discipline and that there is no reason to avoid."""
    try:
        for name in ("discipline", "no_reason"):
            forms.one_of(request.form, name, ["yes"])
        with acting() as act:
            services.declare(act, queries.own_seat(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return _room(code, [refusal]), 422
    return done(_("声明已记录。"), "experts.room", code=code)


@blueprint.post("/expert/<code>/avoid")
@requires(*ROOM)
def avoid(code: str) -> Response | tuple[str, int]:
    """Leave for a reason to avoid."""
    try:
        reason = forms.read_reason(request.form)
        with acting() as act:
            services.avoid(act, queries.own_seat(act.session, code, act.actor), reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _room(code, [refusal]), 422
    return done(_("已办理回避，您的评审意见无效，由递补专家重新评审。"), "experts.invitations")


@blueprint.post("/expert/<code>/leader")
@requires(*ROOM)
def vote_leader(code: str) -> Response:
    """Vote for the leader."""
    try:
        label = forms.read_reason(request.form, "choice", most=20)
        with acting() as act:
            member = queries.own_seat(act.session, code, act.actor)
            choice = queries.seated(act.session, member.committee, label)
            elected = services.vote_leader(act, member, choice)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.room", code=code)
    return done(_("组长已选出。") if elected else _("已投票，等待其他成员。"), "experts.room", code=code)


@blueprint.get("/expert/<code>/memos/<int:number>")
@requires(*ROOM)
def memo(code: str, number: int) -> str:
    """One memo, with the leader's form."""
    return _memo(code, number, [])


@blueprint.post("/expert/<code>/memos/<int:number>")
@requires(*ROOM)
def opine(code: str, number: int) -> Response | tuple[str, int]:
    """The leader records what the committee makes of a memo."""
    try:
        opinion = forms.one_of(request.form, "opinion", ["accepted", "rejected", "noted"])
        reason = forms.read_reason(request.form)
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            services.opine(act, member, queries.memo(act.session, member.committee, number), opinion, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return _memo(code, number, [refusal]), 422
    return done(_("研判意见已记录。"), "experts.room", code=code)


@blueprint.get("/expert/<code>/files/<int:number>/<sha256>")
@requires(*ROOM)
def bid_file(code: str, number: int, sha256: str) -> FlaskResponse:
    """A file of an opened bid, for those who declared in this room; as a download, never shown inside the site."""
    name, content = _own_file(code, number, sha256)
    response = FlaskResponse(content, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.get("/expert/<code>/bids/<int:number>/read/<sha256>")
@requires(*ROOM)
def read_file(code: str, number: int, sha256: str) -> FlaskResponse:
    """A PDF of an opened bid, to be read in the browser's own viewer at the page a link names; nothing else is shown.

    What does not begin as a PDF is refused: the browser must have no other way to take it.
    """
    name, content = _own_file(code, number, sha256)
    if not name.lower().endswith(".pdf") or b"%PDF-" not in content[:1024]:
        raise Missing("object.unknown")
    response = FlaskResponse(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.headers["Content-Security-Policy"] = PDF_POLICY
    return response


def _own_file(code: str, number: int, sha256: str) -> tuple[str, bytes]:
    with reading() as session:
        _member, file = queries.own_document(session, code, current_actor(), number, sha256)
        return file["name"], door().platform.store.read(sha256)


def _memo(code: str, number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        if member.declared_at is None:
            raise Missing("memo.unknown")
        return render_template(
            "experts/memo.html",
            **room_frame(session, member),
            memo=queries.memo(session, member.committee, number),
            bids=queries.bids_in_evaluation(session, member.committee.section),
            errors=errors,
            values=request.form,
        )


def _room(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = queries.own_seat(session, code, current_actor())
        held = member.committee
        live = queries.live_members(session, held)
        return render_template(
            "experts/room.html",
            **room_frame(session, member),
            live=live,
            present=sum(one.declared_at is not None for one in live),
            rollbacks=queries.rollbacks(session, held),
            may_withdraw=held.state == "first_concluded" and queries.opening_of(session, held.section).sitting == 1,
            memos=queries.memos(session, held) if member.declared_at and not queries.is_masked(held) else [],
            bids=queries.bids_in_evaluation(session, held.section) if not queries.is_masked(held) else [],
            errors=errors,
            values=request.form,
        )

"""The blind round in the room (暗标): labels, one's own masked sheets, cleaned copies; nothing here names a bid."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, reading, requires
from core.errors import Conflict, Missing, Refusal
from experts import forms, queries, services
from experts.models import Member
from experts.routes.frame import (
    ROOM,
    blueprint,
    done,
    last_saved,
    not_saved,
    refused,
    room_frame,
    saved,
    wants_fragment,
)
from experts.routes.room import PDF_POLICY
from experts.rules.blind import MARKS


@blueprint.get("/expert/<code>/blind")
@requires(*ROOM)
def blind(code: str) -> str:
    """One's own masked sheets by label; for the leader the lock; afterwards which bids the labels were."""
    return _blind(code, [])


@blueprint.get("/expert/<code>/blind/<mask>")
@requires(*ROOM)
def masked_sheet(code: str, mask: str) -> str:
    """The masked sheet for one label: cleaned copies, the clause on marks, the blind criteria."""
    return _sheet(code, mask, [])


@blueprint.post("/expert/<code>/blind/<mask>")
@requires(*ROOM)
def save_masked(code: str, mask: str) -> Response | str | tuple[str, int]:
    """Save what stands in the boxes; with `lock` the masked sheet is submitted."""
    locking = request.form.get("then") == "lock"
    try:
        with acting() as act:
            member = queries.own_seat(act.session, code, act.actor)
            held = queries.own_masked_sheet(act.session, member, mask)
            values, notes = forms.read_scores(request.form, queries.own_criteria(member.committee.section))
            finding, reason, *_ground = forms.read_findings(request.form, [MARKS["code"]]).get(MARKS["code"], ("", ""))
            version = forms.read_version(request.form)
            services.save_masked(act, held, values, notes, finding=finding, reason=reason, **version)
            saved_at = act.now
        if locking:
            with acting() as act:
                member = queries.own_seat(act.session, code, act.actor)
                services.lock_masked(act, queries.own_masked_sheet(act.session, member, mask))
    except Missing:
        raise
    except Refusal as refusal:
        return not_saved(refusal, lambda: _counts(code, mask), lambda errors: _sheet(code, mask, errors))
    if wants_fragment():
        return saved(saved_at, _counts(code, mask))
    if locking:
        return done(_("暗标%(n)s 的评分表已提交。", n=mask), "experts.blind", code=code)
    return done(_("已保存。"), "experts.masked_sheet", code=code, mask=mask)


@blueprint.post("/expert/<code>/blind/<mask>/reopen")
@requires(*ROOM)
def reopen_masked(code: str, mask: str) -> Response:
    """Take one's own masked sheet back for the objective criteria on which members differ."""
    try:
        with acting() as act:
            member = queries.own_seat(act.session, code, act.actor)
            services.reopen_masked(act, queries.own_masked_sheet(act.session, member, mask))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.blind", code=code)
    return done(_("评分表已重开，只能改正不一致的客观分。"), "experts.masked_sheet", code=code, mask=mask)


@blueprint.post("/expert/<code>/lock-blind")
@requires(*ROOM)
def lock_blind(code: str) -> Response | tuple[str, int]:
    """The leader locks the blind round; the labels' bids are told."""
    try:
        with acting() as act:
            services.lock_blind(act, queries.own_seat(act.session, code, act.actor).committee)
    except Missing:
        raise
    except Refusal as refusal:
        return _blind(code, [refusal]), 422
    return done(_("暗标评审已锁定，编号已揭晓，请继续符合性评审。"), "experts.blind", code=code)


@blueprint.get("/expert/<code>/blind/<mask>/files/<int:place>")
@requires(*ROOM)
def masked_file(code: str, mask: str, place: int) -> FlaskResponse:
    """The cleaned copy of one anonymous file, while the blind round runs: a PDF to be read here, else a download."""
    with reading() as session:
        sign = door().platform.signer.sign
        file = queries.masked_document(session, code, current_actor(), sign, mask, place)[1]
        content, ending = door().platform.store.read(str(file.sha256)), file.ending
    is_pdf = ending == ".pdf"
    response = FlaskResponse(content, mimetype="application/pdf" if is_pdf else "application/octet-stream")
    name = f"masked-{mask}-{place}{ending}"
    response.headers.set("Content-Disposition", "inline" if is_pdf else "attachment", filename=name)
    if is_pdf:
        response.headers["Content-Security-Policy"] = PDF_POLICY
    return response


def _declared(session: Session, code: str) -> Member:
    """The asker's own seat in a section with a blind round, once declared; Missing else."""
    member = queries.own_seat(session, code, current_actor())
    if member.declared_at is None or not queries.is_blind(member.committee.section):
        raise Missing("masked_sheet.unknown")
    return member


def _counts(code: str, mask: str) -> dict[str, Any]:
    with reading() as session:
        member = _declared(session, code)
        progress = queries.masked_progress(session, member)
        here = next(row for row in progress if row[0] == mask)
        items = queries.masked_scores(session, member).get(queries.own_masked_sheet(session, member, mask).id, {})
        return {"made": here[1], "wanted": here[2], "version": last_saved(items), **_done_of(progress)}


def _done_of(progress: list[tuple[str, int, int, str]]) -> dict[str, int]:
    return {"scored": sum(row[1] for row in progress), "to_score": sum(row[2] for row in progress)}


def _blind(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = _declared(session, code)
        held = member.committee
        running = held.state == "blind"
        rounds = [] if queries.is_masked(held) else held.blind_rounds
        named = {bid.number: bid.name for bid in queries.bids_in_evaluation(session, held.section)} if rounds else {}
        return render_template(
            "experts/blind.html",
            **room_frame(session, member),
            rows=queries.masked_progress(session, member) if running else [],
            differing=queries.masked_mismatches(session, held, door().platform.signer.sign) if running else {},
            open_sheets=queries.unlocked_masked(session, held) if running else 0,
            criteria=queries.own_criteria(held.section),
            rounds=rounds,
            names=named,
            errors=errors,
        )


def _sheet(code: str, mask: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = _declared(session, code)
        held = member.committee
        if held.state != "blind":
            raise Conflict("blind.closed", section=code)
        sheet = queries.own_masked_sheet(session, member, mask)
        bid = queries.masked_bid(session, held, door().platform.signer.sign, mask)
        items = queries.masked_scores(session, member).get(sheet.id, {})
        rows = queries.masked_progress(session, member)
        slots = {slot["slot"]: slot["name"] for slot in held.section.slots or []}
        return render_template(
            "experts/masked_sheet.html",
            **room_frame(session, member) | _done_of(rows),
            sheet=sheet,
            rows=rows,
            items=items,
            criteria=queries.own_criteria(held.section),
            clause=MARKS,
            files=[
                {"place": one.place, "name": slots.get(one.slot, one.slot), "ending": one.ending, "size": one.size,
                 "fault": one.fault}
                for one in queries.cleaned_files(session, bid)
            ],
            expected=len(list(queries.anonymous_files(held.section, bid))),
            links=queries.masked_links(session, held.section, bid),
            errors=errors,
            values=request.form,
            made=len(items) + (sheet.finding is not None),
            wanted=len(queries.own_criteria(held.section)) + 1,
            saved_at=last_saved(items),
        )  # fmt: skip

"""Scoring in the room: own sheets, save while typing, lock, compare one's own by criterion, lock the committee."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, reading, requires
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.frame import (
    ROOM,
    blueprint,
    done,
    last_saved,
    not_saved,
    own_room,
    refused,
    room_frame,
    saved,
    shown_contents,
    wants_fragment,
)
from experts.rules import scored_criteria


@blueprint.get("/expert/<code>/scores")
@requires(*ROOM)
def scores(code: str) -> str:
    """One's own sheets: how far each is, what is left, what the committee still needs."""
    return _scores(code, [])


@blueprint.get("/expert/<code>/score/<int:number>")
@requires(*ROOM)
def sheet(code: str, number: int) -> str:
    """The score sheet for one bid: the criterion's text beside each box."""
    return _sheet(code, number, [])


@blueprint.post("/expert/<code>/score/<int:number>")
@requires(*ROOM)
def save_scores(code: str, number: int) -> Response | str | tuple[str, int]:
    """Save what stands in the boxes; while typing only a line comes back, with `lock` the sheet is submitted."""
    locking = request.form.get("then") == "lock"
    try:
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            held = queries.own_sheet(act.session, member, number)
            values, notes = forms.read_scores(request.form, scored_criteria(member.committee.section.method))
            services.save_scores(act, held, values, notes, **forms.read_version(request.form))
            saved_at = act.now
        if locking:
            with acting() as act:
                member = queries.own_member(act.session, code, act.actor)
                services.lock_sheet(act, queries.own_sheet(act.session, member, number))
    except Missing:
        raise
    except Refusal as refusal:
        return not_saved(refusal, lambda: _counts(code, number), lambda errors: _sheet(code, number, errors))
    if wants_fragment():
        return saved(saved_at, _counts(code, number))
    if locking:
        return done(_("%(n)s 号投标的评分表已提交。", n=number), "experts.scores", code=code)
    return done(_("已保存。"), "experts.sheet", code=code, number=number)


@blueprint.post("/expert/<code>/score/<int:number>/reopen")
@requires(*ROOM)
def reopen_sheet(code: str, number: int) -> Response:
    """Take one's own sheet back for the objective criteria on which members differ."""
    try:
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            services.reopen_sheet(act, queries.own_sheet(act.session, member, number))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.scores", code=code)
    return done(_("评分表已重开，只能改正不一致的客观分。"), "experts.sheet", code=code, number=number)


@blueprint.post("/expert/<code>/score/<int:number>/explain")
@requires(*ROOM)
def explain_outlier(code: str, number: int) -> Response:
    """Explain one's own unusual total."""
    try:
        explanation = forms.read_reason(request.form, "explanation", most=500)
        with acting() as act:
            member = queries.own_member(act.session, code, act.actor)
            services.explain_outlier(act, queries.own_sheet(act.session, member, number), explanation)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.scores", code=code)
    return done(_("说明已记录。"), "experts.scores", code=code)


@blueprint.get("/expert/<code>/compare/<criterion>")
@requires(*ROOM)
def compare(code: str, criterion: str) -> str:
    """One's own scores on one criterion, bid beside bid."""
    with reading() as session:
        member = own_room(session, code)
        criteria = scored_criteria(member.committee.section.method)
        if criterion not in criteria or member.committee.conformity is None:
            raise Missing("sheet.unknown")
        items = queries.own_items(session, member)
        rows = [
            {"sheet": held, "bid": held.bid, "item": items.get(held.id, {}).get(criterion)}
            for held in queries.own_sheets(session, member)
        ]
        return render_template(
            "experts/compare.html",
            **room_frame(session, member),
            criteria=criteria,
            criterion=criteria[criterion],
            rows=rows,
        )


@blueprint.post("/expert/<code>/lock")
@requires(*ROOM)
def lock_committee(code: str) -> Response | tuple[str, int]:
    """The leader locks the result."""
    try:
        with acting() as act:
            services.lock_committee(act, queries.own_member(act.session, code, act.actor).committee)
    except Missing:
        raise
    except Refusal as refusal:
        return _scores(code, [refusal]), 422
    return done(_("评标结果已锁定。"), "experts.result", code=code)


@blueprint.post("/expert/<code>/conclude-first")
@requires(*ROOM)
def conclude_first_stage(code: str) -> Response | tuple[str, int]:
    """The leader ends the first of two stages; technical scores are final before any price is opened."""
    try:
        with acting() as act:
            services.conclude_first_stage(act, queries.own_member(act.session, code, act.actor).committee)
    except Missing:
        raise
    except Refusal as refusal:
        return _scores(code, [refusal]), 422
    return done(_("第一信封评审已结束，等待第二次开标。"), "experts.scores", code=code)


def _counts(code: str, number: int) -> dict[str, Any]:
    with reading() as session:
        member = own_room(session, code)
        progress = queries.own_progress(session, member)
        here = next(row for row in progress if row[0] == number)
        items = queries.own_items(session, member).get(queries.own_sheet(session, member, number).id, {})
        return {
            "made": here[1], "wanted": here[2], "version": last_saved(items),
            "scored": sum(row[1] for row in progress), "to_score": sum(row[2] for row in progress),
        }  # fmt: skip


def _scores(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held_by = member.committee
        queries.concluded_review(held_by)
        scoring = held_by.state == "scoring"
        items = queries.own_items(session, member)
        sheets = queries.own_sheets(session, member)
        criteria = scored_criteria(member.committee.section.method)
        return render_template(
            "experts/scores.html",
            **room_frame(session, member),
            outliers=queries.own_outliers(session, member) if scoring else [],
            differing=queries.mismatches(session, held_by) if scoring else {},
            explained=queries.outliers_told(session, held_by) if scoring and member.is_leader else ([], 0),
            sheets=sheets,
            gaps={held.bid.number: _gap(code, held.bid.number, criteria, items.get(held.id, {})) for held in sheets},
            totals={held.id: sum(item.value for item in items.get(held.id, {}).values()) for held in sheets},
            criteria=criteria,
            two_stages=queries.in_two_stages(member.committee.section),
            restored=queries.restored(session, held_by) if scoring else [],
            errors=errors,
        )


def _gap(
    code: str, number: int, criteria: Mapping[str, Mapping[str, Any]], items: Mapping[str, Any]
) -> dict[str, str] | None:
    """A link that jumps to the first box of the sheet that is still empty."""
    missing = [one for one in criteria if one not in items]
    if not missing:
        return None
    return {"href": url_for("experts.sheet", code=code, number=number) + f"#{missing[0]}",
            "text": str(criteria[missing[0]]["name"])}  # fmt: skip


def _sheet(code: str, number: int, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held = queries.own_sheet(session, member, number)
        items = queries.own_items(session, member).get(held.id, {})
        others = [one.bid.number for one in queries.own_sheets(session, member)]
        return render_template(
            "experts/sheet.html",
            **room_frame(session, member),
            sheet=held,
            bid=held.bid,
            opened=queries.opened(session, held.bid, held.member.committee.section),
            first=queries.first_response(session, held.bid, held.member.committee.section),
            items=items,
            numbers=others,
            criteria=scored_criteria(member.committee.section.method),
            blind=queries.own_criteria(member.committee.section),
            errors=errors,
            values=request.form,
            made=len(items),
            saved_at=last_saved(items),
            **shown_contents(session, held.bid),
        )

"""Judging experts' work: a delivered evaluation's assessments (一标一评), the answers, the yearly review (R-315)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, limited, reading, requires
from accounts.rules import Role
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.routes.committee import PROJECT
from experts.routes.frame import blueprint, done, refused, seat_word
from experts.routes.pool import expert_page
from experts.rules.discipline import GRADES, ITEMS


def item_word(item: str) -> str:
    """What an assessment speaks of, in words."""
    return str({"competence": _("专业水平"), "ethics": _("职业道德"), "discipline": _("评标纪律")}[item])


def grade_word(grade: str) -> str:
    """A grade in words."""
    return str({"good": _("好"), "fair": _("一般"), "poor": _("差")}[grade])


@blueprint.get("/tender/<code>/committee/assessment")
@requires(*PROJECT)
def assessment(code: str) -> str:
    """How each expert of the delivered evaluation has worked, as its project's own people say."""
    return _assessment(code, [], {}, 0)


@blueprint.post("/tender/<code>/committee/assessment/<int:number>")
@requires(Role.TENDEREE, Role.AGENT)
def assess_member(code: str, number: int) -> Response | tuple[str, int]:
    """Say it of one expert."""
    try:
        values = forms.read_assessment(request.form)
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            member = next((one for one in queries.to_assess(act.session, held) if one.id == number), None)
            if member is None:
                raise Missing("member.unknown")
            services.assess_member(act, held, member, **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _assessment(code, [refusal], request.form, number), 422
    return done(_("评价已记录，专家可以查看并说明。"), "experts.assessment", code=code)


@blueprint.post("/expert/assessments/<int:number>/reply")
@requires(Role.EXPERT)
@limited("20/hour")
def reply_assessment(number: int) -> Response:
    """The expert answers what was said."""
    try:
        reply = forms.read_reason(request.form, "reply")
        with acting() as act:
            services.reply_assessment(act, queries.own_assessment(act.session, number, act.actor), reply)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.own_record")
    return done(_("说明已提交。"), "experts.own_record")


@blueprint.post("/ops/experts/<code>/review")
@requires(Role.OPERATOR)
def review_year(code: str) -> Response | tuple[str, int]:
    """Judge an expert's year."""
    try:
        values = forms.read_review(request.form)
        with acting() as act:
            services.review_year(act, queries.expert(act.session, code), **values)
    except Missing:
        raise
    except Refusal as refusal:
        return expert_page(code, [refusal]), 422
    return done(_("年度考核已记录。"), "experts.expert", code=code)


def _assessment(code: str, errors: list[Refusal], values: Mapping[str, str], number: int) -> str:
    actor = current_actor()
    with reading() as session:
        held = queries.own_committee(session, code, actor)
        is_delivered = held.state == "delivered"
        made: dict[int, list[Any]] = {}
        for one in queries.assessments_in(session, held):
            made.setdefault(one.member_id, []).append(one)
        return render_template(
            "experts/assessment.html",
            section=held.section, project=held.section.project, committee=held, is_delivered=is_delivered,
            members=queries.to_assess(session, held) if is_delivered else [], made=made, errors=errors, values=values,
            number=number, items=ITEMS, grades=GRADES, item_word=item_word, grade_word=grade_word,
            seat_word=seat_word, may=actor.has(Role.TENDEREE, Role.AGENT),
        )  # fmt: skip

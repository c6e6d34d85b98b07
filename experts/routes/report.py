"""After the lock: the result with its score matrix, the report, signing in order, delivery."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import Response as FlaskResponse
from flask import jsonify, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, public, reading, requires
from bidding import queries as bidding
from bidding.rules.method import scored_of
from core.act import Actor
from core.errors import Missing, Refusal
from core.render.figures import score_matrix
from experts import queries, services
from experts.models import Committee
from experts.routes.frame import ROOM, blueprint, clause_texts, done, own_room, refused, room_frame, seat_word
from experts.rules import is_unranked, published

PUBLIC_FROM = ("awarded", "archived")


@blueprint.get("/expert/<code>/result")
@requires(*ROOM)
def result(code: str) -> str:
    """The locked result with everyone's scores, for the members."""
    with reading() as session:
        member = own_room(session, code)
        return render_template(
            "experts/result.html",
            **{**result_page(session, member.committee, current_actor(), is_room=True), **room_frame(session, member)},
        )


@blueprint.get("/expert/<code>/fairness")
@requires(*ROOM)
def fairness(code: str) -> str:
    """How the members scored against each other, for the members, once the result is locked."""
    with reading() as session:
        member = own_room(session, code)
        return render_template(
            "experts/fairness.html",
            **{
                **result_page(session, member.committee, current_actor(), is_room=True),
                **room_frame(session, member),
                "report": queries.fairness_of(member.committee),
            },
        )


@blueprint.get("/sections/<code>/result.json")
@public
def result_facts(code: str) -> Response:
    """The result as docs/spec/scoring.md says, public from the award on; unranked where the candidates are."""
    with reading() as session:
        section = bidding.section(session, code)
        if section.state not in PUBLIC_FROM:
            raise Missing("committee.unknown")
        return jsonify(queries.told_result(queries.committee(session, section)))


@blueprint.post("/expert/<code>/report")
@requires(*ROOM)
def write_report(code: str) -> Response:
    """The leader has the report written."""
    try:
        with acting() as act:
            services.write_report(act, queries.own_member(act.session, code, act.actor).committee)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.result", code=code)
    return done(_("评标报告已形成，请按顺序签署。"), "experts.report", code=code)


@blueprint.get("/expert/<code>/report")
@requires(*ROOM)
def report(code: str) -> str:
    """The report, who has signed, whose turn it is."""
    return _report(code, [])


@blueprint.get("/expert/<code>/report.pdf")
@requires(*ROOM)
def report_pdf(code: str) -> FlaskResponse:
    """The report as PDF."""
    with reading() as session:
        member = own_room(session, code)
        if member.committee.report_sha256 is None:
            raise Missing("object.unknown")
        return FlaskResponse(door().platform.store.read(member.committee.report_sha256), mimetype="application/pdf")


@blueprint.post("/expert/<code>/sign")
@requires(*ROOM)
def sign_report(code: str) -> Response | tuple[str, int]:
    """Sign the report one has read, with dissent where there is any."""
    try:
        with acting() as act:
            services.sign_report(
                act,
                queries.own_member(act.session, code, act.actor),
                report_sha256=request.form.get("report_sha256", ""),
                dissent=request.form.get("dissent", ""),
            )
    except Missing:
        raise
    except Refusal as refusal:
        return _report(code, [refusal]), 422
    return done(_("已签署。"), "experts.report", code=code)


@blueprint.post("/expert/<code>/deliver")
@requires(*ROOM)
def deliver_report(code: str) -> Response:
    """The leader delivers the signed report."""
    try:
        with acting() as act:
            services.deliver_report(act, queries.own_member(act.session, code, act.actor).committee)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.report", code=code)
    return done(_("评标报告已提交招标人。"), "experts.report", code=code)


def result_page(session: Session, held: Committee, actor: Actor, *, is_room: bool = False) -> dict[str, Any]:
    """What a page on the locked result shows; Conflict before the lock.

    Where the candidates are unranked nothing tells an order; the members alone (`is_room`) see who scored how.
    """
    found, told = queries.locked_result(held), queries.told_result(held)
    unranked = is_unranked(found["method"])
    names = {bid["number"]: bid["name"] for bid in found["bids"]}
    numbers = [row["number"] for row in found["ranking"]]
    if unranked:
        numbers.sort()
    labels = [member["label"] for member in found["members"]]
    totals = {(row["member"], row["number"]): Decimal(row["total"]) for row in found["sheets"]}
    full = sum((Decimal(one["points"]) for one in scored_of(found["method"]["criteria"])), Decimal(0))
    drawing = score_matrix(
        [seat_word(label) for label in labels],
        [names[number] for number in numbers],
        [[totals[label, number] for number in numbers] for label in labels],
        full=full,
        outliers=[(labels.index(one["member"]), numbers.index(one["number"])) for one in found["outliers"]],
        title=_("各评委技术与资信合计得分"),
    )
    return {
        "committee": held,
        "section": held.section,
        "project": held.section.project,
        "result": told,
        "unranked": unranked,
        "names": names,
        "prices": {bid["number"]: bid["price_fen"] for bid in found["bids"]},
        "corrected": {one["number"]: one["price_fen"] for one in found.get("corrections", [])},
        "deviations": {
            row["number"]: published(Fraction(row["deviation_percent"])) for row in found["price"]["scores"]
        },
        "evaluated": {
            row["number"]: round(Fraction(row["evaluated_fen"]))
            for row in found["price"]["scores"]
            if "evaluated_fen" in row
        },
        "base_fen": round(Fraction(found["price"]["base_fen"])),
        "drawing": drawing if is_room or not unranked else None,
        "clauses": clause_texts(held),
        "roster": queries.roster(session, held, actor),
        "seat_word": seat_word,
    }


def _report(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        member = own_room(session, code)
        held = member.committee
        if held.report_sha256 is None:
            raise Missing("object.unknown")
        order = queries.signers(session, held)
        waiting = [one.id for one in order if one.state != "signed"]
        signers = [
            {
                "name": one.person.name,
                "role": seat_word(one.label) + (f"（{_('组长')}）" if one.is_leader else ""),
                "state": ("dissent" if one.dissent else "signed")
                if one.state == "signed"
                else ("next" if one.id == waiting[0] else "waiting"),
                "at": one.signed_at,
            }
            for one in order
        ]
        return render_template(
            "experts/report.html",
            **room_frame(session, member),
            signers=signers,
            my_turn=bool(waiting) and waiting[0] == member.id,
            all_signed=not waiting,
            errors=errors,
            values=request.form,
        )

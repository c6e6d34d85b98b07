"""评定分离: the plan while the tender is a draft, the award committee's room, its record for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, send_file
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, instant_now, public, reading, requires
from accounts.rules import Role
from awards import forms, queries, services
from awards.queries import selection as found
from awards.routes.frame import PROJECT, blueprint, done, frame, kept_files
from bidding import queries as bidding
from bidding.rules.selection import FORMINGS, METHODS, NOT_CONSIDERED, PRICE_RULES, WINS, least_committee
from core.act import Act
from core.errors import Conflict, Invalid, Missing, Refusal
from experts import queries as experts

LOOKS = {"convened": "info", "voting": "warn", "concluded": "ok", "dissolved": "bad"}


@blueprint.get("/tender/<code>/selection/plan")
@requires(Role.TENDEREE, Role.AGENT)
def selection_plan(code: str) -> str:
    """Whether an award committee will choose, and how: while the tender is a draft."""
    return _plan(code, [])


@blueprint.post("/tender/<code>/selection/plan")
@requires(Role.TENDEREE, Role.AGENT)
def set_selection(code: str) -> Response | tuple[str, int]:
    """Set or take away the award committee of a draft."""
    try:
        plan, roll = forms.read_plan(request.form)
        with acting() as act:
            section = bidding.own_section(act.session, code, act.actor)
            if section.state != "draft":
                raise Conflict("section.published", section=code)
            services.set_selection(act, section, plan, roll)
    except Missing:
        raise
    except Refusal as refusal:
        return _plan(code, [refusal]), 422
    return done(_("定标方式已保存。"), "awards.selection_plan", code=code)


@blueprint.get("/tender/<code>/selection")
@requires(*PROJECT)
def selection(code: str) -> str:
    """The award committee's room: inspections, members, ballots, the result."""
    return _room(code, [])


@blueprint.post("/tender/<code>/selection")
@requires(Role.TENDEREE)
def handle_selection(code: str) -> Response | tuple[str, int]:
    """One act in the room: an inspection, convening, a declaration, a ballot, the decision."""
    verb = request.form.get("verb", "")
    try:
        if verb not in VERBS:
            raise Invalid("form.choice", field="verb", found=verb, options=list(VERBS))
        handle = VERBS[verb]()
        with acting() as act:
            handle(act, code)
    except Missing:
        raise
    except Refusal as refusal:
        return _room(code, [refusal]), 422
    return done(_("已记录。"), "awards.selection", code=code)


@blueprint.get("/sections/<code>/selection")
@public
def selection_record(code: str) -> str:
    """The record of a concluded award committee: method, legal basis, ballots with their reasons (R-514)."""
    with reading() as session:
        section = bidding.section(session, code)
        notice = queries.notice_of(session, section, "award")
        sitting = found.sitting(session, code)
        if notice is None or sitting.result is None or section.state not in ("awarded", "archived"):
            raise Missing("selection.unknown")
        bids = {bid.number: bid for bid in experts.final_bids(session, section)}
        return render_template("awards/selection_record.html", **frame(section), sitting=sitting, bids=bids)


def _inspect() -> Callable[[Act, str], object]:
    values, files = forms.read_inspection(request.form), kept_files()
    return lambda act, code: services.record_inspection(
        act, queries.own_publicity(act.session, code, act.actor), files=files, **values
    )


def _convene() -> Callable[[Act, str], object]:
    logins = forms.read_logins(request.form, "members")
    return lambda act, code: services.convene_selection(
        act, queries.own_publicity(act.session, code, act.actor), logins
    )


def _declare() -> Callable[[Act, str], object]:
    if request.form.get("agreed") != "yes":
        raise Invalid("form.required", field="agreed")
    return lambda act, code: services.declare_selector(act, found.own_sitting(act.session, code, act.actor)[0])


def _ballot() -> Callable[[Act, str], object]:
    values = forms.read_ballot(request.form)
    return lambda act, code: services.cast_ballot(act, found.own_sitting(act.session, code, act.actor)[0], **values)


def _decide() -> Callable[[Act, str], object]:
    values = forms.read_ballot(request.form)
    return lambda act, code: services.decide_selection(
        act, found.own_sitting(act.session, code, act.actor)[0], **values
    )


def _sign() -> Callable[[Act, str], object]:
    values = forms.read_report_signature(request.form)
    return lambda act, code: services.sign_selection(act, found.own_sitting(act.session, code, act.actor)[0], **values)


@blueprint.get("/sections/<code>/selection/report.pdf")
@public
def selection_report(code: str) -> Response:
    """The report of the award committee: for the parties once it is written, for anybody with the award."""
    actor = current_actor()
    with reading() as session:
        section = bidding.section(session, code)
        sitting = found.sitting(session, code)
        told = section.state in ("awarded", "archived") and sitting.publicity.state == "awarded"
        if not told:
            bidding.own_section(session, code, actor)
        if sitting.report_sha256 is None:
            raise Missing("selection.unknown")
        path, name = door().platform.store.path(sitting.report_sha256), f"selection-{code}-{sitting.number}.pdf"
    answer = send_file(path, mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


VERBS: dict[str, Callable[[], Callable[[Act, str], object]]] = {
    "inspect": _inspect,
    "convene": _convene,
    "declare": _declare,
    "ballot": _ballot,
    "decide": _decide,
    "sign": _sign,
}


def _plan(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.own_section(session, code, current_actor())
        law, plan, roll = (
            bidding.law_for(section, instant_now()),
            found.plan_of(section),
            found.roll_of(session, section),
        )
        held: dict[str, Any] = {}
        if plan is not None:
            held = {
                "separate": "yes", **plan, "basis_title": plan["basis"]["title"],
                "basis_article": plan["basis"]["article"], "roll": "\n".join(roll.logins) if roll else "",
            }  # fmt: skip
        cited = law.cite("selection_separate") if "selection_separate" in law.rules else None
        return render_template(
            "awards/selection_plan.html",
            **frame(section),
            plan=plan,
            cited=cited,
            least=str(least_committee(law)),
            methods=METHODS,
            wins=WINS,
            price_rules=PRICE_RULES,
            formings=FORMINGS,
            errors=errors,
            values=request.form or held,
        )


def _room(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        section = bidding.own_section(session, code, actor)
        plan, held = found.plan_of(section), queries.publicity(session, section)
        if plan is None:
            raise Missing("selection.unknown")
        sitting = found.selection(session, held)
        seat = found.seat_of(sitting, actor) if sitting is not None else None
        cast = [] if sitting is None else [one.seat for one in found.ballots(session, sitting, sitting.round)]
        lost = queries.set_aside_numbers(session, section)
        return render_template(
            "awards/selection.html",
            **frame(section),
            plan=plan,
            publicity=held,
            sitting=sitting,
            look=LOOKS[sitting.state] if sitting else "muted",
            seat=seat,
            cast=cast,
            standing=[number for number in held.candidates if number not in lost],
            inspections=found.inspections(session, held),
            not_considered=NOT_CONSIDERED,
            bids={bid.number: bid for bid in experts.final_bids(session, section)},
            errors=errors,
            values=request.form,
        )

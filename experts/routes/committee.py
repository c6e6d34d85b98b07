"""The project's own view of its committee: ask for it, watch the pool's health, the draw, attendance and progress."""

from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, instant_now, reading, requires
from accounts.queries import people
from accounts.rules import Role
from bidding import queries as bidding
from core.draw import record
from core.errors import Missing, Refusal
from experts import forms, queries, services
from experts.models import Committee
from experts.queries import federation
from experts.routes.frame import KINDS, blueprint, done, refused, seat_word
from experts.routes.report import result_page
from experts.services import exchange

PROJECT = (Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR)


@blueprint.get("/tender/<code>/committee")
@requires(*PROJECT)
def committee(code: str) -> str:
    """Where the committee stands, without a name or a score that is not to be told yet."""
    return _committee(code, [])


@blueprint.post("/tender/<code>/committee")
@requires(Role.TENDEREE, Role.AGENT)
def request_committee(code: str) -> Response | tuple[str, int]:
    """Ask for the committee."""
    try:
        values = forms.read_request(request.form)
        with acting() as act:
            section = bidding.own_section(act.session, code, act.actor)
            services.request_committee(act, section, **values)
    except Missing:
        raise
    except Refusal as refusal:
        return _committee(code, [refusal]), 422
    return done(_("已申请组建评标委员会。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/draw")
@requires(Role.OFFICER)
def announce_expert_draw(code: str) -> Response:
    """Announce the draw; the parties may commit from now on."""
    try:
        with acting() as act:
            services.announce_expert_draw(act, queries.own_committee(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("抽取已公告，请各参与方提交承诺。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/pools")
@requires(Role.OFFICER)
def widen_pools(code: str) -> Response:
    """Draw also from other pools, with the reason."""
    try:
        named, reason = forms.listed(request.form, "pools"), forms.read_reason(request.form)
        with acting() as act:
            services.widen_pools(act, queries.own_committee(act.session, code, act.actor), named, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已扩大抽取范围。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/freeze")
@requires(Role.OFFICER)
def freeze(code: str) -> Response:
    """Ask partner platforms, where some are named, then freeze the candidates; the parties may reveal from now on."""
    try:
        with reading() as session:
            queries.own_committee(session, code, current_actor())
        failures = exchange.consult_partners(door().platform, current_actor(), code)
        if failures:
            return refused(failures[0], "experts.committee", code=code)
        with acting() as act:
            services.freeze(act, queries.own_committee(act.session, code, act.actor))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("候选名单已冻结，请各参与方揭示随机数。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/representative")
@requires(Role.TENDEREE)
def name_representative(code: str) -> Response:
    """Name a person of the tenderee as its representative."""
    try:
        login = forms.read_reason(request.form, "person", most=80)
        letter = forms.read_reason(request.form, "authorisation", most=120)
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            own = people(act.session, organisation_id=held.section.project.tenderee_id)
            named = next((one for one in own if one.login == login), None)
            if named is None or act.actor.organisation_id != held.section.project.tenderee_id:
                raise Missing("person.unknown")
            services.name_representative(act, held, named, authorisation=letter)
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已指派招标人代表。"), "experts.committee", code=code)


@blueprint.post("/tender/<code>/committee/silence/<label>")
@requires(Role.SUPERVISOR)
def record_silence(code: str, label: str) -> Response:
    """Record that a member refuses to sign without giving reasons (counts as agreed)."""
    try:
        with acting() as act:
            held = queries.own_committee(act.session, code, act.actor)
            services.record_silence(act, queries.seated(act.session, held, label))
    except Missing:
        raise
    except Refusal as refusal:
        return refused(refusal, "experts.committee", code=code)
    return done(_("已记录。"), "experts.committee", code=code)


@blueprint.get("/tender/<code>/evaluation")
@requires(*PROJECT)
def evaluation(code: str) -> str:
    """The result, for the project's own people, once the signed report is delivered; before that nobody's score."""
    with reading() as session:
        held = _delivered(queries.own_committee(session, code, current_actor()))
        page = result_page(session, held, current_actor())
        return render_template("experts/evaluation.html", **page)


@blueprint.get("/tender/<code>/evaluation.pdf")
@requires(*PROJECT)
def evaluation_report(code: str) -> FlaskResponse:
    """The delivered report."""
    with reading() as session:
        held = _delivered(queries.own_committee(session, code, current_actor()))
        content = door().platform.store.read(str(held.report_sha256))
    return FlaskResponse(content, mimetype="application/pdf")


def _delivered(held: Committee) -> Committee:
    if held.state != "delivered":
        raise Missing("committee.unknown")
    return held


def _committee(code: str, errors: list[Refusal]) -> str:
    actor = current_actor()
    with reading() as session:
        section = bidding.own_section(session, code, actor)
        values: dict[str, Any] = {
            "section": section, "project": section.project, "committee": None, "errors": errors,
            "pools": queries.pools(session),
            "foreign_pools": federation.foreign_pools(session),
            "values": request.form, "rows": range(1, forms.MOST_SEATS + 1), "seat_word": seat_word, "kinds": KINDS,
        }  # fmt: skip
        try:
            held = queries.committee(session, section)
        except Missing:
            law = bidding.law_of(section)
            values["law"] = [law.cite("committee_min"), law.cite("expert_ratio_min")]
            return render_template("experts/committee.html", **values)
        drawn = record.draw(session, held.draw_label) if held.draw_label else None
        drawing = drawn is not None and drawn.state != "concluded"
        parties = {nonce.party: nonce for nonce in record.nonces(session, drawn)} if drawn else {}
        values |= {
            "committee": held,
            "may_read": queries.may_watch(held, actor),
            "rollbacks": queries.rollbacks(session, held) if actor.has(Role.SUPERVISOR) else [],
            "roster": queries.roster(session, held, actor),
            "letters": queries.letters_of(session, held) if actor.has(Role.OFFICER) else {},
            "is_readable": queries.is_open(session),
            "health": queries.draw_health(session, held, instant_now()),
            "neighbours": queries.neighbour_pools(session, held, instant_now()) if actor.has(Role.OFFICER) else [],
            "partner_standings": federation.partner_standings(session, held),
            "unnamed_foreign": [
                (one, name, partner)
                for one, name, partner in values["foreign_pools"]
                if one not in held.shape.get("partners", [])
            ]
            if actor.has(Role.OFFICER) and held.state in ("requested", "draw_announced")
            else [],
            "draw": drawn,
            "drawing": drawing,
            "parties": [
                {
                    "party": party,
                    "committed": party in parties,
                    "revealed": bool(party in parties and parties[party].reveal),
                }
                for party in (drawn.parties if drawn else [])
            ],
            "is_due": held.meets_at is not None and instant_now() >= held.meets_at,
            "draw_href": url_for("experts.draw", code=code) if drawn else None,
            "open_seats": queries.open_seats(session, held),
            "standing_by": queries.standing_by(session, held, instant_now())
            if drawn is not None and not drawing
            else 0,
            "monitor": _monitor(session, held),
            "own_people": people(session, organisation_id=section.project.tenderee_id)
            if actor.organisation_id == section.project.tenderee_id
            else [],
        }
        return render_template("experts/committee.html", **values)


def _monitor(session: Any, held: Committee) -> list[dict[str, Any]]:
    """How far each seat is, in counts only (R-343)."""
    rows = []
    for member in queries.live_members(session, held):
        if member.state not in ("signed_in", "signed"):
            continue
        made, wanted = queries.own_review_progress(session, member)
        progress = queries.own_progress(session, member) if held.conformity is not None else []
        rows.append(
            {
                "label": seat_word(member.label),
                "review": f"{made}/{wanted}",
                "scores": f"{sum(row[1] for row in progress)}/{sum(row[2] for row in progress)}" if progress else None,
                "locked": f"{sum(row[3] == 'locked' for row in progress)}/{len(progress)}" if progress else None,
            }
        )
    return rows

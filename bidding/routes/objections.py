"""Objections to the documents: the form whose author is kept nowhere, and the desk where each waits for its answer."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from accounts.access import current_actor, door, instant_now, reading, requires, unlinked
from accounts.queries import organisation
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Section
from bidding.routes.blueprint import blueprint, done, frame_of
from bidding.services.objections import MOST_OBJECTION
from core.act import PUBLIC
from core.errors import Forbidden, Invalid, Refusal
from core.forms import text


@blueprint.route("/sections/<code>/objections", methods=["GET", "POST"])
@requires(Role.BIDDER)
@unlinked
def raise_objection(code: str) -> Answer | tuple[str, int]:
    """Object to the documents. The door has looked at the role; the act itself is nobody's and names nobody."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            return _raised(code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section, now = queries.section(session, code), instant_now()
        page = render_template(
            "bidding/raise_objection.html",
            errors=errors,
            values=request.form,
            most=MOST_OBJECTION,
            until=queries.objections_until(section, now),
            suspends=rules.suspends(queries.law_of(section)),
            is_open=section.state in queries.RECEIVING and queries.standing_deadline(section, now) > now,
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


@blueprint.get("/tender/sections/<code>/objections")
@requires(Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR)
def objections(code: str) -> str:
    """Every objection with its text and the day its answer is due, for the tenderee and those who watch over it."""
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        return render_template(
            "bidding/objections.html",
            objections=queries.objections(session, section),
            answers={item.objection_id: item for item in queries.clarifications(session, section)},
            answers_here=queries.is_party(section, current_actor()),
            **frame_of(session, section),
        )


def _raised(code: str) -> Answer:
    said = text(request.form, "text", most=MOST_OBJECTION)
    with reading() as session:
        own_names = _own_names(session, queries.section(session, code))
    turnstile = rules.turnstile(code)
    with door().platform.act(PUBLIC, through=turnstile, shared=False, as_ordered=True) as act:
        section = queries.section(act.session, code)
        held = services.raise_objection(
            act, section, said, own_names=own_names, keeps_private=request.form.get("keeps_private") == "yes"
        )
        number, in_time = held.number, held.is_admissible
    if in_time:
        message = _("异议（第%(number)s号）已收到，平台没有记录提出人。答复会公布给所有人。", number=number)
    else:
        message = _(
            "异议（第%(number)s号）已收到，但已超过法定期限，不暂停招标；招标人和监督部门可以看到。", number=number
        )
    return done(message, "bidding.section", code=code)


def _own_names(session: Session, section: Section) -> list[str]:
    """The names the asker must not leave in the text; refuses the section's own tenderee and agent."""
    actor = current_actor()
    if queries.is_party(section, actor):
        raise Forbidden("document_objection.party", section=section.code)
    if actor.organisation_id is None:
        return []
    own = organisation(session, actor.organisation_id)
    return [own.name, own.identifier]

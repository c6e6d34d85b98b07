"""Outages before the deadline: what probers saw, the rule, and the extension decided from it (R-214)."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, url_for

from accounts.access import acting, current_actor, instant_now, public, reading, requires, wants_json
from accounts.rules import Role
from bidding import queries as bidding
from bidding import rules as bidding_rules
from bidding import services as bidding_services
from bidding.rules import outage
from core.calendar import day_of
from core.errors import Invalid
from core.forms import choice, text
from opening import forms
from opening.routes.frame import HOSTS, blueprint, given, placed, section_of

MOST_LOG = 20 * 1024 * 1024


def _page(code: str, errors: list[Invalid], status: int = 200) -> Response:
    with reading() as session:
        section, _ = section_of(session, code)
        probers = bidding_services.probers(session)
        return make_response(
            render_template(
                "opening/outages.html",
                section=section,
                errors=errors,
                given=request.form,
                probers=probers,
                prober_options=[{"value": prober.key, "label": prober.name} for prober in probers],
                extensions=list(section.extensions),
                profile=outage.profile_on(day_of(instant_now())),
                hosting=current_actor().has(*HOSTS) and section.state == "submission_open",
                registering=current_actor().has(Role.SUPERVISOR, Role.OFFICER),
            ),
            status,
        )


@blueprint.get("/opening/<code>/outages")
@public
def outages(code: str) -> Response:
    """The probers, the rule and every extension with its evidence."""
    return _page(code, [])


@blueprint.post("/opening/<code>/outages")
@requires(*HOSTS)
def extend_for_outage(code: str) -> Response:
    """Move the deadline for the outage a prober's log shows."""
    try:
        fields = given()
        file = request.files.get("log")
        data = file.stream.read(MOST_LOG + 1) if file else b""
        if not data or len(data) > MOST_LOG:
            raise Invalid("form.required", field="log")
        key = text(fields, "key", most=200)
        cause, reason = choice(fields, "cause", outage.CAUSES), forms.words(fields, "reason")
        with acting(through=bidding_rules.turnstile(code), shared=False, as_ordered=True) as act:
            section = bidding.own_section(act.session, code, current_actor())
            bidding_services.extend_for_outage(act, section, {key: data}, cause=cause, reason=reason)
    except Invalid as refusal:
        if wants_json():
            raise
        return _page(code, [placed(refusal)], 422)
    return make_response(redirect(url_for("opening.outages", code=code), 303))


@blueprint.post("/opening/<code>/probers")
@requires(Role.SUPERVISOR, Role.OFFICER)
def register_prober(code: str) -> Response:
    """Register an outside prober's public key."""
    try:
        fields = given()
        name, key = text(fields, "name", most=120), text(fields, "key", most=200)
        with acting() as act:
            bidding_services.register_prober(act, name, key)
    except Invalid as refusal:
        return _page(code, [placed(refusal)], 422)
    return make_response(redirect(url_for("opening.outages", code=code), 303))

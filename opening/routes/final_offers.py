"""The host opens the round of sealed final offers when the first responses have been opened (R-602)."""

from __future__ import annotations

from datetime import UTC

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, reading, requires
from accounts.rules import Role
from bidding import queries as bidding
from bidding import services as bidding_services
from core.errors import Invalid, Missing
from core.forms import instant
from opening import queries
from opening.routes.frame import blueprint


@blueprint.route("/opening/<code>/final-offers", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def call_final_offers(code: str) -> Response | BaseResponse:
    """Set the instant until which everybody whose response was opened may submit a sealed final offer."""
    errors: list[Invalid] = []
    if request.method == "POST":
        try:
            deadline = instant(request.form, "deadline_at").astimezone(UTC)
            with acting() as act:
                section = bidding.own_section(act.session, code, act.actor)
                invited = [(bid.identifier, bid.name) for bid in queries.opened_bids(act.session, section)]
                final = bidding_services.call_final_offers(act, section, deadline_at=deadline, invited=invited)
                flash(_("最后报价已开放，只有首次响应已开启的供应商可以递交。"), "ok")
                return redirect(url_for("bidding.section", code=final.code), 303)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = bidding.own_section(session, code, current_actor())
        if section.state == "draft":
            raise Missing("section.unknown", section=code)
        law = bidding.law_of(section)
        page = render_template(
            "opening/call_final_offers.html",
            errors=errors,
            values=request.form,
            section=section,
            rule=law.rule("rounds"),
            is_due=law.days("rounds") > 1 and section.round == 1 and section.state == "opened",
        )
    return make_response(page, 422 if errors else 200)

"""How the watchman does: precision by what people decided, days taken, the measured error, and the budget knob."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, instant_now, reading, requires
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes.frame import TIER_KINDS, blueprint, done
from collusion.rules import calibration, fusion
from collusion.rules.fusion import Selection
from core.errors import Invalid, Refusal


@blueprint.get("/supervise/figures")
@requires(Role.SUPERVISOR)
def lead_figures() -> str:
    """What became of the leads, how often the model is wrong, and what is accepted."""
    return _page([])


@blueprint.post("/supervise/figures/budget")
@requires(Role.SUPERVISOR)
def set_budget() -> Response | tuple[str, int]:
    """Decide the budget of false leads for the scans to come."""
    try:
        budget, selection, reason = forms.read_budget(request.form, services.BUDGETS)
        with acting() as act:
            services.set_budget(act, budget, selection, reason)
    except Invalid as refusal:
        return _page([refusal]), 422
    return done(_("误报预算已更改，对此后的筛查生效。"), "collusion.lead_figures")


def _page(errors: list[Refusal]) -> str:
    record = calibration.recorded()
    with reading() as session:
        budget, selection = queries.budget_in_force(session)
        return render_template(
            "collusion/figures.html",
            record=record,
            regimes=[record.regimes[name] for name in ("cold", "warm")] if record else [],
            budget=budget,
            selection=selection,
            selections=list(Selection),
            names=fusion.SELECTION_NAMES,
            least=fusion.threshold(10, budget),
            budgets=queries.budgets(session),
            figures=queries.lead_figures(session, instant_now()),
            rings=queries.rings_across(session),
            tier_kinds=TIER_KINDS,
            errors=errors,
            values=request.form,
        )

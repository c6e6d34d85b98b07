"""How the watchman does: precision by what people decided, days taken, the measured error, and the budget knob."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from flask import current_app, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from accounts.access import acting, instant_now, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes import drawings
from collusion.routes.frame import TIER_KINDS, blueprint, done
from collusion.rules import calibration, fusion, local
from collusion.rules.fusion import Selection
from core.errors import Invalid, Missing, Refusal
from core.render.figures import Figure

RECENT = timedelta(days=90)


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


@blueprint.post("/supervise/figures/reading")
@requires(Role.SUPERVISOR)
def change_reading() -> Response | tuple[str, int]:
    """Fit how scores are read to what was decided, or take the last reading back."""
    try:
        back, reason = forms.read_change(request.form)
        with acting() as act:
            (services.roll_back if back else services.refit)(act, reason)
    except Refusal as refusal:
        return _page([refusal]), 422
    return done(_("得分的概率读法已更改，对此后的线索生效。"), "collusion.lead_figures")


@blueprint.get("/supervise/figures/<name>.svg")
@requires(Role.SUPERVISOR)
def lead_drawing(name: str) -> Response:
    """What became of the leads, as a drawing of its own."""
    answer = Response(str(_drawing(name).svg), content_type="image/svg+xml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="sunbid-leads-{name}.svg"'
    return answer


@blueprint.get("/supervise/figures/<name>.csv")
@requires(Role.SUPERVISOR)
def lead_numbers(name: str) -> Response:
    """The numbers of the drawing: UTF-8 with a mark, so that spreadsheets read Chinese."""
    drawn, out = _drawing(name), io.StringIO(newline="")
    csv.writer(out).writerows([drawn.table.headers, *drawn.table.rows])
    answer = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="sunbid-leads-{name}.csv"'
    return answer


def _drawing(name: str) -> Figure:
    if name not in drawings.OF_LEADS:
        raise Missing("figure.unknown", name=name[:40])
    with reading() as session:
        drawn = drawings.OF_LEADS[name](queries.lead_figures(session, instant_now()), _word)
    if drawn is None:
        raise Missing("figure.empty", name=name)
    return drawn


def _word(code: str) -> str:
    return str(current_app.jinja_env.filters["state_word"](code))


def _page(errors: list[Refusal]) -> str:
    record = calibration.recorded()
    with reading() as session:
        figures = queries.lead_figures(session, instant_now())
        budget, selection = queries.budget_in_force(session)
        budgets, readings = queries.budgets(session), queries.readings(session)
        return render_template(
            "collusion/figures.html",
            record=record,
            regimes=[record.regimes[name] for name in ("cold", "warm")] if record else [],
            budget=budget,
            selection=selection,
            selections=list(Selection),
            names=fusion.SELECTION_NAMES,
            least=fusion.threshold(10, budget),
            budgets=budgets,
            readings=readings,
            people=names_of(session, {one.decided_by for one in budgets} | {one.decided_by for one in readings}),
            figures=figures,
            drawn={name: draw(figures, _word) for name, draw in drawings.OF_LEADS.items()},
            **_monitors(session),
            rings=queries.rings_across(session),
            tier_kinds=TIER_KINDS,
            errors=errors,
            values=request.form,
        )


def _monitors(session: Session) -> dict[str, Any]:
    """How well the reading in force fits what was decided, and whether scores have moved in the last 90 days."""
    decided, line = queries.decided_scores(session), queries.line_in_force(session)
    before, since = queries.raised_scores(session, instant_now() - RECENT)
    return {
        "decided": len(decided),
        "is_shipped": line == local.SHIPPED,
        "calibration_error": local.calibration_error(decided, line) if len(decided) >= local.BINS else None,
        "drift": local.drift(before, since),
        "least_decided": local.LEAST,
    }

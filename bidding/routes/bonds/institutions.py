"""The operator's page: which banks, guarantors and insurers can be checked."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts.access import acting, reading, requires, status_of
from accounts.rules import Role
from bidding import forms
from bidding.queries import bonds as queries
from bidding.routes.blueprint import blueprint, done
from bidding.rules.bonds.guarantee import KINDS
from bidding.services import bonds as services
from core.errors import Refusal
from core.forms import text


@blueprint.get("/ops/institutions")
@requires(Role.OPERATOR)
def institutions() -> tuple[str, int]:
    """Every institution, and the form for the next."""
    return _page([])


def _page(errors: list[Refusal], status: int = 200) -> tuple[str, int]:
    with reading() as session:
        page = render_template(
            "bidding/bonds/institutions.html",
            found=queries.institutions(session),
            kinds=KINDS,
            values=request.form,
            errors=errors,
        )
    return page, status


@blueprint.post("/ops/institutions")
@requires(Role.OPERATOR)
def register_institution() -> Response | tuple[str, int]:
    """From now on its signed documents can be checked."""
    try:
        with acting() as act:
            services.register_institution(act, **forms.read_institution(request.form, KINDS))
    except Refusal as refusal:
        return _page([refusal], status_of(refusal))
    return done(_("机构已登记。"), "bidding.institutions")


@blueprint.post("/ops/institutions/<int:institution_id>/withdraw")
@requires(Role.OPERATOR)
def withdraw_institution(institution_id: int) -> Response | tuple[str, int]:
    """Nothing new it signs counts."""
    try:
        with acting() as act:
            held = queries.institution_by_id(act.session, institution_id)
            services.withdraw_institution(act, held, reason=text(request.form, "reason"))
    except Refusal as refusal:
        return _page([refusal], status_of(refusal))
    return done(_("已停用该机构；此前出具的保函仍然有效。"), "bidding.institutions")

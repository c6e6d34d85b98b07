"""The operator's pools: who is in them, tables in and out, terms, training and status."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, instant_now, reading, requires
from accounts.queries import organisation_by_identifier
from accounts.rules import Role
from core.calendar import day_of
from core.errors import Invalid, Refusal
from core.forms import day
from experts import forms, queries, services
from experts.routes.frame import blueprint, done
from experts.rules import COLUMNS, classification, is_term_over, speciality_name, write_csv, write_workbook
from experts.rules.discipline import HELD
from experts.rules.pool import STATUSES

SHOWN = 200
MOST_ON_PAGE = 2_000
"""Rows one upload may hold: more would keep every other writer waiting, the command takes more."""


@blueprint.get("/ops/experts")
@requires(Role.OPERATOR)
def pool() -> str:
    """The pool, filtered by words, speciality and status."""
    return _pool([])


@blueprint.post("/ops/experts/import")
@requires(Role.OPERATOR)
def import_experts() -> Response | tuple[str, int]:
    """Take in a table of experts, all rows or none."""
    try:
        table = forms.read_file(request.files.get("file"))
        code = forms.optional(request.form, "pool")
        with acting() as act:
            pool = queries.expert_pool(act.session, code) if code else None
            count = len(services.import_experts(act, table, pool=pool, most=MOST_ON_PAGE))
    except Refusal as refusal:
        return _pool([refusal]), 422
    return done(_("已导入 %(n)s 名专家。", n=count), "experts.pool")


@blueprint.post("/ops/experts/export")
@requires(Role.OPERATOR)
def export_experts() -> Response | tuple[str, int]:
    """The whole pool as a table; who took it stands in the ledger."""
    try:
        kind = forms.one_of(request.form, "kind", ("csv", "xlsx"))
        with acting() as act:
            rows = services.export_experts(act, queries.experts(act.session))
    except Refusal as refusal:
        return _pool([refusal]), 422
    content = write_workbook(rows) if kind == "xlsx" else write_csv(rows)
    types = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    return FlaskResponse(
        content,
        mimetype=types[kind],
        headers={"Content-Disposition": f"attachment; filename=experts.{kind}", "Cache-Control": "no-store"},
    )


@blueprint.get("/ops/pools")
@requires(Role.OPERATOR)
def pools() -> str:
    """Every pool with its owner and how many experts it has, and a form for another."""
    return _pools([])


@blueprint.post("/ops/pools")
@requires(Role.OPERATOR)
def found_pool() -> Response | tuple[str, int]:
    """Found a pool."""
    try:
        values = forms.read_pool(request.form)
        owner = forms.read_reason(request.form, "owner", most=40)
        with acting() as act:
            unit = organisation_by_identifier(act.session, owner)
            if unit is None:
                raise Invalid("pool.owner", field="owner", found=owner)
            services.found_pool(act, owner=unit, **values)
    except Refusal as refusal:
        return _pools([refusal]), 422
    return done(_("专家库已建立。"), "experts.pools")


@blueprint.get("/ops/experts/<code>")
@requires(Role.OPERATOR)
def expert(code: str) -> str:
    """One expert: what avoidance knows of them, and the status."""
    return expert_page(code, [])


@blueprint.post("/ops/experts/<code>/status")
@requires(Role.OPERATOR)
def change_status(code: str) -> Response | tuple[str, int]:
    """Send to a training first, or let be drawn again, with the reason."""
    try:
        status, reason = forms.read_status(request.form)
        with acting() as act:
            services.change_status(act, queries.expert(act.session, code), status, reason)
    except Refusal as refusal:
        if refusal.code == "expert.unknown":
            raise
        return expert_page(code, [refusal]), 422
    return done(_("状态已更改。"), "experts.expert", code=code)


@blueprint.post("/ops/experts/<code>/term")
@requires(Role.OPERATOR)
def renew_term(code: str) -> Response | tuple[str, int]:
    """Set the last day of the expert's term."""
    try:
        until = day(request.form, "until")
        with acting() as act:
            services.renew_term(act, queries.expert(act.session, code), until)
    except Refusal as refusal:
        if refusal.code == "expert.unknown":
            raise
        return expert_page(code, [refusal]), 422
    return done(_("聘期已更新。"), "experts.expert", code=code)


@blueprint.post("/ops/experts/<code>/training")
@requires(Role.OPERATOR)
def record_training(code: str) -> Response | tuple[str, int]:
    """Record a training the expert has attended."""
    try:
        values = forms.read_training(request.form)
        with acting() as act:
            services.record_training(act, queries.expert(act.session, code), **values)
    except Refusal as refusal:
        if refusal.code == "expert.unknown":
            raise
        return expert_page(code, [refusal]), 422
    return done(_("培训已登记。"), "experts.expert", code=code)


def _pools(errors: list[Refusal]) -> str:
    with reading() as session:
        counts = queries.count_by_pool(session)
        held = [(pool, counts.get(pool.id, 0)) for pool in queries.pools(session)]
        return render_template("experts/pools.html", pools=held, errors=errors, values=request.form)


def _pool(errors: list[Refusal]) -> str:
    words, speciality, status, pool = (
        request.args.get(name, "").strip()[:60] for name in ("q", "speciality", "status", "pool")
    )
    with reading() as session:
        found, count = queries.find_experts(
            session, words=words, speciality=speciality, status=status, pools=[pool] if pool else (), limit=SHOWN
        )
        taken = queries.seats_taken(session)
        by_status = queries.count_by_status(session)
        return render_template(
            "experts/pool.html",
            experts=found,
            count=count,
            total=sum(by_status.values()),
            taken=taken,
            specialities=sorted({*classification(), *(name for one in found for name in one.specialities)}),
            statuses=STATUSES,
            by_status={name: by_status.get(name, 0) for name in STATUSES},
            asked={"q": words, "speciality": speciality, "status": status, "pool": pool},
            pools=queries.pools(session),
            speciality_name=speciality_name,
            most=MOST_ON_PAGE,
            columns=COLUMNS,
            errors=errors,
        )


def expert_page(code: str, errors: list[Refusal]) -> str:
    """One expert's page, with what was wrong in what was sent."""
    with reading() as session:
        found = queries.expert(session, code)
        return render_template(
            "experts/expert.html",
            expert=found,
            statuses=[name for name in STATUSES if name not in HELD],
            errors=errors,
            values=request.form,
            speciality_name=speciality_name,
            is_over=is_term_over(found.term_until, day_of(instant_now())),
            assessments=queries.assessments(session, found),
            said=queries.assessments_of(session, found),
            reviews=queries.reviews_of(session, found),
            sanctions=queries.sanctions_of(session, found),
            year=(year := day_of(instant_now()).year - (day_of(instant_now()).month < 12)),
            figures=queries.figures_of_year(session, found, year),
        )

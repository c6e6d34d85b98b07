"""The operator's pool: who is in it, take in a table, change a status."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, reading, requires
from accounts.rules import Role
from core.errors import Refusal
from experts import forms, queries, services
from experts.routes.frame import blueprint, done
from experts.rules.pool import COLUMNS, STATUSES

SHOWN = 200


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
        with acting() as act:
            count = len(services.import_experts(act, table))
    except Refusal as refusal:
        return _pool([refusal]), 422
    return done(_("已导入 %(n)s 名专家。", n=count), "experts.pool")


@blueprint.get("/ops/experts/<code>")
@requires(Role.OPERATOR)
def expert(code: str) -> str:
    """One expert: what avoidance knows of them, and the status."""
    return _expert(code, [])


@blueprint.post("/ops/experts/<code>/status")
@requires(Role.OPERATOR)
def change_status(code: str) -> Response | tuple[str, int]:
    """Suspend, remove or restore, with the reason."""
    try:
        status, reason = forms.read_status(request.form)
        with acting() as act:
            services.change_status(act, queries.expert(act.session, code), status, reason)
    except Refusal as refusal:
        if refusal.code == "expert.unknown":
            raise
        return _expert(code, [refusal]), 422
    return done(_("状态已更改。"), "experts.expert", code=code)


def _pool(errors: list[Refusal]) -> str:
    words, speciality, status = (request.args.get(name, "").strip()[:60] for name in ("q", "speciality", "status"))
    with reading() as session:
        found = queries.experts(session, words=words, speciality=speciality, status=status)
        taken = queries.seats_taken(session)
        everyone = queries.experts(session)
        return render_template(
            "experts/pool.html",
            experts=found[:SHOWN],
            count=len(found),
            total=len(everyone),
            taken=taken,
            specialities=sorted({name for one in everyone for name in one.specialities}),
            statuses=STATUSES,
            by_status={name: sum(one.status == name for one in everyone) for name in STATUSES},
            asked={"q": words, "speciality": speciality, "status": status},
            columns=COLUMNS,
            errors=errors,
        )


def _expert(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        found = queries.expert(session, code)
        return render_template("experts/expert.html", expert=found, statuses=STATUSES, errors=errors)

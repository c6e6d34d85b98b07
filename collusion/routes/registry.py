"""Bringing the registry of enterprises in, for what art. 34 asks of two bidders."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, reading, requires
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes.frame import blueprint, done
from collusion.rules.registry_file import COLUMNS
from core.errors import Invalid

MOST_FILE = 20 * 1024 * 1024


@blueprint.get("/supervise/registry")
@requires(Role.SUPERVISOR)
def registry() -> str:
    """How many companies are known, and the form to bring an extract in."""
    return _page([])


@blueprint.post("/supervise/registry")
@requires(Role.SUPERVISOR)
def import_registry() -> Response | tuple[str, int]:
    """Take an extract in."""
    try:
        as_of, source = forms.read_registry_facts(request.form)
        file = request.files.get("file")
        raw = file.stream.read(MOST_FILE + 1) if file else b""
        if not raw or len(raw) > MOST_FILE:
            raise Invalid("registry.file", field="file", most=MOST_FILE // 1024 // 1024)
        with acting() as act:
            count = services.import_registry(act, raw, as_of=as_of, source=source)
    except Invalid as refusal:
        return _page([refusal]), 422
    return done(_("已导入 %(n)s 家企业的登记信息。", n=count), "collusion.registry")


def _page(errors: list[Invalid]) -> str:
    with reading() as session:
        count, newest = queries.registry_size(session)
        return render_template(
            "collusion/registry.html",
            count=count,
            newest=newest,
            columns=COLUMNS,
            errors=errors,
            values=request.form,
        )

"""The regulator's own key: which one machines are sealed to, and looks across projects with it."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, limited, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from collusion import forms, queries, services
from collusion.routes.desk import card
from collusion.routes.frame import blueprint, done
from collusion.rules.machine_records import MOST_ANSWER
from core.errors import Invalid, Missing, Refusal
from opening import queries as opening
from opening import services as opening_services


@blueprint.get("/supervise/machines")
@requires(Role.SUPERVISOR)
def regulator_key() -> str:
    """The key in force and how many records each key opens."""
    return _key([])


@blueprint.post("/supervise/machines")
@requires(Role.SUPERVISOR)
def name_regulator_key() -> Response | tuple[str, int]:
    """Name the recipient that machines are sealed to from the next opening on."""
    try:
        recipient = forms.read_recipient(request.form)
        with acting() as act:
            opening_services.name_regulator_key(act, recipient)
    except Invalid as refusal:
        return _key([refusal.at("recipient")]), 422
    except Refusal as refusal:
        return _key([refusal]), 422
    return done(_("监督密钥已登记，此后开标的设备标识按此加密。"), "collusion.regulator_key")


@blueprint.post("/supervise/warnings/<code>/machines")
@limited("10/minute;60/hour")
@requires(Role.SUPERVISOR)
def take_records(code: str) -> Response | tuple[str, int]:
    """Hand out the sealed records: they are compared on the regulator's own machine, where the key is."""
    try:
        reason = forms.read_link(request.form)
        with acting() as act:
            content = services.take_records(act, queries.warning(act.session, code), reason)
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    headers = {"Content-Disposition": f"attachment; filename={code}-machines.json"}
    return Response(content, mimetype="application/json", headers=headers)


@blueprint.post("/supervise/warnings/<code>/link")
@limited("10/minute;60/hour")
@requires(Role.SUPERVISOR)
def receive_link(code: str) -> Response | tuple[str, int]:
    """Take in what the comparison found; no key is ever sent here."""
    try:
        file = request.files.get("file")
        content = file.stream.read(MOST_ANSWER + 1) if file else b""
        if not content or len(content) > MOST_ANSWER:
            raise Invalid("link.file", field="file", most=MOST_ANSWER // 1024 // 1024)
        with acting() as act:
            made = services.receive_link(act, queries.warning(act.session, code), content)
            matches = len(made.answer["matches"])
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    return done(_("已收到跨项目比对结果，发现 %(n)s 处相同，结果已存证。", n=matches), "collusion.warning", code=code)


def _key(errors: list[Refusal]) -> str:
    with reading() as session:
        key = opening.regulator_key(session)
        return render_template(
            "collusion/regulator_key.html", key=key, counts=opening.device_counts(session), errors=errors,
            names=names_of(session, [key.named_by] if key else []), values=request.form,
        )  # fmt: skip

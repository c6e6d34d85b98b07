"""The regulator's own key: which one machines are sealed to, and one look across projects with it."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, door, limited, reading, requires
from accounts.queries import names_of
from accounts.rules import Role
from collusion import forms, services
from collusion.routes.desk import card
from collusion.routes.frame import blueprint, done
from core.errors import Invalid, Missing, Refusal
from core.seal.keyfile import KeyFile
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


@blueprint.post("/supervise/warnings/<code>/link")
@limited("10/minute;60/hour")
@requires(Role.SUPERVISOR)
def link_devices(code: str) -> Response | tuple[str, int]:
    """Compare the ring's machines with those of other projects; key and passphrase are used once and not kept."""
    try:
        reason = forms.read_link(request.form)
        identity = KeyFile.sent(request.files.get("file"), request.form.get("passphrase", "")).identity
        made = services.link_devices(door().platform, current_actor(), code, identity, reason)
    except Missing:
        raise
    except Refusal as refusal:
        return card(code, [refusal]), 422
    return done(
        _("已完成跨项目比对，发现 %(n)s 处相同，结果已存证。", n=len(made.answer["matches"])),
        "collusion.warning",
        code=code,
    )


def _key(errors: list[Refusal]) -> str:
    with reading() as session:
        key = opening.regulator_key(session)
        return render_template(
            "collusion/regulator_key.html", key=key, counts=opening.device_counts(session), errors=errors,
            names=names_of(session, [key.named_by] if key else []), values=request.form,
        )  # fmt: skip

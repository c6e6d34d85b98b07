"""The duty officer's page: which key names are sealed to, going on duty with it and off again."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, door, limited, reading, requires
from accounts.rules import Role
from core.errors import Invalid, Refusal
from core.seal.keyfile import KeyFile
from experts import forms, queries, services
from experts.routes.frame import blueprint, done


@blueprint.get("/officer/duty")
@requires(Role.OFFICER)
def duty() -> str:
    """The key in force and whether this process can read what is sealed to it."""
    return _duty([])


@blueprint.post("/officer/duty/key")
@requires(Role.OFFICER)
def name_duty_key() -> Response | tuple[str, int]:
    """Name the recipient drawn names are sealed to from now on."""
    try:
        recipient = forms.read_reason(request.form, "recipient", most=100)
        with acting() as act:
            services.name_duty_key(act, recipient)
    except Invalid as refusal:
        return _duty([refusal.at("recipient")]), 422
    except Refusal as refusal:
        return _duty([refusal]), 422
    return done(_("值班密钥已登记，此后抽出的名单加密保存。"), "experts.duty")


@blueprint.post("/officer/duty/begin")
@limited("10/minute;60/hour")
@requires(Role.OFFICER)
def go_on_duty() -> Response | tuple[str, int]:
    """Hand the key to the process's memory."""
    try:
        identity = KeyFile.sent(request.files.get("file"), request.form.get("passphrase", "")).identity
        with acting() as act:
            services.go_on_duty(act, identity)
    except Refusal as refusal:
        return _duty([refusal]), 422
    return done(_("已开始值班。密钥只在服务进程的内存里，重启后须重新开始。"), "experts.duty")


@blueprint.post("/officer/duty/end")
@requires(Role.OFFICER)
def go_off_duty() -> Response:
    """Take the key out of memory."""
    with acting() as act:
        services.go_off_duty(act)
    return done(_("已结束值班。"), "experts.duty")


def _duty(errors: list[Refusal]) -> str:
    vault = door().platform.database.vault
    with reading() as session:
        held = queries.duty_key(session)
        return render_template(
            "experts/duty.html", key=held, is_open=vault.is_open, errors=errors, values=request.form,
            waiting=queries.committees_with_secrets(session),
        )  # fmt: skip

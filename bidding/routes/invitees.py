"""The list of those who are invited, for the tenderee's and agent's eyes, and the draw from it."""

from __future__ import annotations

import re

from flask import render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, instant_now, reading, requires
from accounts.rules import Role
from bidding import queries, services
from bidding.routes.blueprint import blueprint, done, frame_of
from core.errors import Invalid, Refusal
from core.forms import integer, text

LINE = re.compile(r"([0-9A-Za-z]{18})[\s,，]*(.*)")


@blueprint.route("/tender/sections/<code>/invitees", methods=["GET", "POST"])
@requires(Role.TENDEREE, Role.AGENT)
def invitees(code: str) -> Response | tuple[str, int]:
    """Enter who may be invited, one code and name a line, or draw from those entered."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            with acting() as act:
                section = queries.own_section(act.session, code, act.actor)
                if request.form.get("go") == "draw":
                    count = integer(request.form, "count", least=1, most=200)
                    services.draw_invitees(act, section, count, text(request.form, "words", least=8))
                else:
                    services.list_invitees(act, section, _entries(text(request.form, "invitees", most=20_000)))
            return done(_("名单已保存，只有本单位能看到。"), "bidding.invitees", code=code)
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        section = queries.own_section(session, code, current_actor())
        page = render_template(
            "bidding/invitees.html",
            errors=errors,
            values=request.form,
            listed=queries.invitees(session, section),
            law=queries.law_for(section, instant_now()),
            **frame_of(session, section),
        )
    return page, 422 if errors else 200


def _entries(raw: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid("invitees.line", field="invitees", number=number)
        found.append((match[1].upper(), match[2].strip()[:200]))
    return found

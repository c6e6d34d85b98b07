"""The cover of a closing head: who outside has put their word under it, and an officer's exception."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from accounts.access import door, public, reading, requires
from accounts.rules import Role
from core.errors import Conflict, Refusal, Untimely
from opening import forms, queries, services
from opening.queries.cover import TIMESTAMP
from opening.routes.frame import answer, blueprint, find, move


def _page(code: str, errors: list[Refusal], status: int = 200) -> Response:
    with reading() as session:
        found = find(session, code)
        stands = queries.cover(session, found)
        page = render_template(
            "opening/cover.html",
            section=found.section,
            opening=found,
            vouchers=found.vouchers or {"witnesses": [], "timestamp_roots": []},
            stands=stands,
            timestamp=TIMESTAMP,
            until=found.state_at + door().platform.trust.patience if found.state == "closed" else None,
            errors=errors,
            given=request.form,
        )
    return make_response(page, status)


@blueprint.get("/opening/<code>/cover")
@public
def cover(code: str) -> Response:
    """Who has cosigned and stamped the closing head, who is awaited, and any exception with its reason."""
    return _page(code, [])


@blueprint.post("/opening/<code>/cover")
@requires(Role.OFFICER)
def except_cover(code: str) -> Response:
    """Let the opening go on without outsiders that do not answer; the reason is public and in the ledger."""
    try:
        move(code, services.except_cover, forms.words(request.form, "reason"))
    except (Conflict, Untimely) as refusal:
        return _page(code, [refusal], 409)
    return answer("opening.cover", code)

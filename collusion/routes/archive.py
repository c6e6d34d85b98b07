"""Closing a section's file, and the closed file itself."""

from __future__ import annotations

from flask import Response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, reading, requires
from accounts.rules import Role
from awards.queries import archives
from bidding import queries as bidding
from collusion import forms, queries, services
from collusion.routes.frame import blueprint, done
from core.errors import Missing, Refusal
from core.store import chunks_of

KEEPERS = (Role.SUPERVISOR, Role.OFFICER)


@blueprint.get("/sections/<code>/archive")
@requires(*KEEPERS)
def archive(code: str) -> str:
    """The section's file: whether it can be closed, and the closed one with its hash."""
    return _archive(code, [])


@blueprint.post("/sections/<code>/archive")
@requires(Role.OFFICER)
def archive_section(code: str) -> Answer | tuple[str, int]:
    """Close the section's file."""
    try:
        forms.check_phrase(request.form, code)
        with acting() as act:
            services.archive_section(act, bidding.section(act.session, code))
    except Missing:
        raise
    except Refusal as refusal:
        return _archive(code, [refusal]), 422
    return done(_("一标一档已归档。"), "collusion.archive", code=code)


@blueprint.get("/sections/<code>/archive.tar")
@requires(*KEEPERS)
def archive_file(code: str) -> Response:
    """The file itself."""
    with reading() as session:
        held = queries.archive_of(session, bidding.section(session, code))
    if held is None:
        raise Missing("object.unknown")
    stream = door().platform.store.open(held.sha256)
    headers = {"Content-Disposition": f'attachment; filename="{code}.archive.tar"', "Content-Length": str(held.size)}
    return Response(chunks_of(stream), mimetype="application/x-tar", headers=headers)


def _archive(code: str, errors: list[Refusal]) -> str:
    with reading() as session:
        section = bidding.section(session, code)
        held, store = queries.archive_of(session, section), door().platform.store
        judged = None
        if held is None and section.state == "awarded":
            judged = services.preview_archive(session, store, section, door().platform.clock.now())
        return render_template(
            "collusion/archive.html",
            section=section,
            held=held,
            judged=judged,
            complete=archives.member_of(store, held, "completeness.json") if held else None,
            undecided=[item.code for item in queries.warnings_of(session, section) if item.decided_at is None],
            key=str(door().platform.signer.verifier),
            errors=errors,
            may_close=current_actor().has(Role.OFFICER),
        )

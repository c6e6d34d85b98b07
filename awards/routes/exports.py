"""A closed file for whoever may see it: the public, the parties, supervisors; each hidden part stands as its leaf."""

from __future__ import annotations

from flask import Response, send_file
from sqlalchemy.orm import Session

from accounts.access import current_actor, door, public, reading, requires
from accounts.rules import Role
from awards import queries, services
from awards.queries import archives
from awards.routes.frame import PROJECT, blueprint
from awards.rules.disclosure import MEMBER, PARTY, PUBLIC, SUPERVISOR
from bidding import queries as bidding
from bidding.models import Section
from core.errors import Missing


@blueprint.get("/sections/<code>/archive/public.tar")
@public
def public_export(code: str) -> Response:
    """What anybody may see of the closed file."""
    with reading() as session:
        return _export(session, bidding.section(session, code), PUBLIC)


@blueprint.get("/sections/<code>/archive/party.tar")
@requires(*PROJECT, Role.BIDDER)
def party_export(code: str) -> Response:
    """What the parties may see: who works on the section, and who bid in it, to whom their own parts are opened too."""
    actor = current_actor()
    with reading() as session:
        if actor.has(*PROJECT):
            return _export(session, bidding.own_section(session, code, actor), PARTY)
        section = bidding.section(session, code)
        return _export(session, section, PARTY, queries.own_bid(session, section, actor).number)


@blueprint.get("/sections/<code>/archive/supervisor.tar")
@requires(Role.OFFICER, Role.SUPERVISOR)
def supervisor_export(code: str) -> Response:
    """Everything, warnings and dispositions too."""
    with reading() as session:
        return _export(session, bidding.section(session, code), SUPERVISOR)


def _export(session: Session, section: Section, klass: str, bid: int | None = None) -> Response:
    held = archives.archive(session, section)
    if held is None or MEMBER not in held.contents:
        raise Missing("object.unknown")
    path = services.export_archive(door().platform.store, held, klass, bid)
    return send_file(
        path, mimetype="application/x-tar", as_attachment=True, download_name=f"{section.code}.{klass}.tar"
    )

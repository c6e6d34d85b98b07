"""The regulator's page of notes about single bidders: what the tenderer's side may have done (art. 41)."""

from __future__ import annotations

from flask import render_template, request

from accounts.access import acting, reading, requires
from accounts.rules import Role
from collusion import queries, services
from collusion.routes.frame import blueprint
from collusion.rules import catalogue


@blueprint.get("/supervise/notes")
@requires(Role.SUPERVISOR)
def side_notes() -> str:
    """Notes of the newest scans, filtered by indicator in the address. Every view is kept."""
    names = {one.identifier: one.name for one in catalogue.indicators() if one.notes}
    chosen = request.args.get("indicator", "")
    chosen = chosen if chosen in names else ""
    with acting() as act:
        services.view_notes(act, chosen)
    with reading() as session:
        notes, counts = queries.side_notes(session, chosen)
        return render_template("collusion/side_notes.html", notes=notes, counts=counts, names=names, chosen=chosen)

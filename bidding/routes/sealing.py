"""Sealing in the page: the bidder's form, the code on the receipt, and the fingerprints of the page's own programs."""

from __future__ import annotations

import io

import segno
from flask import Response, current_app, jsonify, render_template

from accounts.access import cookieless, door, public, reading, requires, unlinked, wants_json
from accounts.rules import Role
from bidding import queries
from bidding.routes.blueprint import blueprint
from bidding.routes.preparing import preparing
from core.fingerprints import served_code


@blueprint.get("/bid/<code>/submit")
@requires(Role.BIDDER)
def submit_bid(code: str) -> str:
    """Seal, upload and submit in the page; everything happens in the browser, the server only shows the form."""
    with reading() as session:
        section = queries.section(session, code)
        return render_template("bidding/submit_bid.html", **preparing(session, section, "page"))


@blueprint.get("/sections/<code>/submissions/<handle>/code.svg")
@public
@cookieless
@unlinked
def receipt_code(code: str, handle: str) -> Response:
    """A QR code that leads to what is held under the handle; only for a handle that holds something."""
    with reading() as session:
        section = queries.section(session, code)
        queries.held(session, section, handle)
    address = f"{door().origin}/sections/{section.code}/held?handle={handle}"
    drawing = io.BytesIO()
    segno.make(address, error="m").save(drawing, kind="svg", border=2, scale=4, xmldecl=False)
    answer = Response(drawing.getvalue(), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/seal/code")
@public
def page_code() -> str | Response:
    """Every file of the page's sealing programs with its fingerprints, so that anyone can compare."""
    served = served_code(current_app.static_folder or "")
    if wants_json():
        return jsonify([{"path": f.path, "size": f.size, "sha256": f.sha256, "sha384": f.sha384} for f in served])
    return render_template("bidding/page_code.html", served=served, origin=door().origin)

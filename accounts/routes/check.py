"""The check of one's own machine, days ahead: what the browser can do, and how fast it reaches the server."""

from __future__ import annotations

import time

from flask import Response, abort, jsonify, render_template, request

from accounts.access import door, limited, public
from accounts.routes.blueprint import blueprint

MOST = 4 * 1024 * 1024
PART = 64 * 1024


@blueprint.get("/account/check")
@public
def check() -> str:
    """What the browser must be able to do on the day of the deadline; scripts try each thing and say what to do."""
    return render_template("accounts/check.html", most=MOST, secure=door().secure)


@blueprint.post("/account/check/upload")
@public
@limited("12/minute;120/hour")
def measure_upload() -> Response:
    """Take at most 4 MiB and forget them: how many bytes came, in how many seconds by the server's watch."""
    if request.content_length is None or request.content_length > MOST:
        abort(413)
    began, received = time.perf_counter(), 0
    while part := request.stream.read(PART):
        received += len(part)
    return jsonify(bytes=received, seconds=round(time.perf_counter() - began, 3))

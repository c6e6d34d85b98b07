"""The live hall: server-sent events with ids, replay and heartbeat, from a capped pool; else the page asks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Response, current_app, g, render_template, request, stream_with_context
from flask_babel import get_locale  # type: ignore[import-untyped]

from accounts.access import current_actor, door, public, reading
from core.clock import iso
from opening import queries
from opening.routes.frame import asking_page, blueprint, scene, section_of
from opening.routes.streams import CHECK_EVERY, Streams

LONGEST = 600.0
RETRY_AFTER = 15


def streams() -> Streams:
    """The pool of this process."""
    held: Streams | None = current_app.extensions.get("sunbid.streams")
    if held is None:
        held = current_app.extensions["sunbid.streams"] = Streams(current_app.extensions["sunbid.settings"].streams)
    return held


@blueprint.get("/opening/<code>/events")
@public
def events(code: str) -> Response:
    """The board as it changes: each message is the board's markup under the number of the ledger entry that changed it.

    `Last-Event-ID` says what the page has seen: it gets the newest board at once where it has missed anything, for the
    board is always derived from the data. `stage` tells that the day has come to another stage, `beat` that the line
    stands and what the server's clock says. 503 with Retry-After when the pool is full, 406 for who asks for a page.
    """
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return Response("text/event-stream only", 406, mimetype="text/plain")
    with reading() as session:
        section_of(session, code)
    pool, address = streams(), request.remote_addr or "nobody"
    if not pool.enter(address):
        return Response("", 503, {"Retry-After": str(RETRY_AFTER)}, mimetype="text/plain")
    response = Response(stream_with_context(_stream(code, pool)), mimetype="text/event-stream")
    response.call_on_close(lambda: pool.leave(address))
    response.headers["Cache-Control"] = "no-cache, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _stream(code: str, pool: Streams) -> Iterator[str]:
    seen = _number(request.headers.get("Last-Event-ID") or request.args.get("seen", ""))
    state, page = request.args.get("state", ""), asking_page()
    beat = current_app.extensions["sunbid.settings"].beat_seconds
    began = beaten = time.monotonic()
    yield "retry: 1000\n" + _beat()
    while time.monotonic() - began < LONGEST:
        version = pool.version(code, lambda: _version(code))
        if version != seen:
            seen = version
            beaten = time.monotonic()
            now = _state(code)
            if now != state:
                state = now
                yield _event(version, "stage", json.dumps({"state": now}))
            if page != "hall" or now == request.args.get("state", ""):
                yield _event(version, "", _board(code, page, pool, version, now != request.args.get("state", "")))
        elif time.monotonic() - beaten >= beat:
            beaten = time.monotonic()
            yield _beat()
        time.sleep(CHECK_EVERY)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -2


def _version(code: str) -> int:
    with reading() as session:
        section, found = section_of(session, code)
        return queries.pulse(session, section, found)


def _state(code: str) -> str:
    with reading() as session:
        _, found = section_of(session, code)
        return found.state if found else ""


def _board(code: str, page: str, pool: Streams, version: int, changed: bool) -> str:
    # A bidder's page marks their own row: it is rendered per organisation; every other page looks alike to all.
    own = str(current_actor().organisation_id) if page == "mine" else ""

    def render() -> str:
        g.pop("instant", None)  # a stream outlives the instant it began at
        with reading() as session:
            section, found = section_of(session, code)
            return render_template("opening/board.html", **{**scene(session, section, found, page), "changed": changed})

    return pool.body((code, page, own, str(get_locale()), str(changed)), version, render)


def _event(number: int, kind: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"id: {number}\n" + (f"event: {kind}\n" if kind else "") + lines + "\n"


def _beat() -> str:
    return f'event: beat\ndata: {{"now": "{iso(door().platform.clock.now())}"}}\n\n'

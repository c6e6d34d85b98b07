"""The public hall: today's openings, one opening live, its draw and its record; what programs read of it."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, jsonify, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import door, public, reading
from bidding import queries as bidding
from core.errors import Missing
from credit.rules.export import plain_cell
from opening import queries, rules
from opening.routes import tables
from opening.routes.frame import REPLAY, asking_page, blueprint, find, fragment, now, present, scene, section_of


@blueprint.get("/opening")
@public
def openings() -> str:
    """Openings of this week and the last, the nearest first."""
    with reading() as session:
        board = [(section, found.state if found else None) for section, found in queries.day_board(session, now())]
        rows = tables.openings(board, lambda code: url_for("opening.hall", code=code))
        return render_template("opening/openings.html", rows=rows)


@blueprint.get("/opening/<code>")
@public
def hall(code: str) -> str:
    """The hall of one section as everybody sees it."""
    with reading() as session:
        section, found = section_of(session, code)
        return render_template("opening/hall.html", **scene(session, section, found, "hall"))


@blueprint.get("/opening/<code>/screen")
@public
def screen(code: str) -> str:
    """The hall on a big screen: the board alone, large, live."""
    with reading() as session:
        section, found = section_of(session, code)
        return render_template("opening/screen.html", **scene(session, section, found, "hall"))


@blueprint.get("/opening/<code>/board")
@public
def board(code: str) -> BaseResponse:
    """The live part of a page; when the stage has changed the hall loads anew, other pages say so."""
    with reading() as session:
        section, found = section_of(session, code)
        values = scene(session, section, found, asking_page())
        state = found.state if found else ""
        changed = request.args.get("state", "") != state
        if changed and values["page"] == "hall":
            response = make_response("", 204)
            response.headers["HX-Refresh"] = "true"
            return response
        return fragment("opening/board.html", **{**values, "changed": changed})


@blueprint.get("/opening/<code>/entries")
@public
def entries(code: str) -> BaseResponse:
    """The hall's ledger entries as a part of the page."""
    with reading() as session:
        section, found = section_of(session, code)
        return fragment(
            "opening/entries.html", section=section, entries=queries.entries_of_hall(session, section, found)
        )


@blueprint.get("/opening/<code>/presence")
@public
def presence(code: str) -> BaseResponse:
    """Who is here, as a part of the page; nobody before the names are public."""
    with reading() as session:
        section, found = section_of(session, code)
        return fragment("opening/presence.html", section=section, presences=present(session, found))


@blueprint.get("/opening/<code>/state")
@public
def state(code: str) -> BaseResponse:
    """The opening as JSON, with an ETag."""
    with reading() as session:
        response = jsonify(queries.state_facts(session, find(session, code)))
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)


@blueprint.get("/opening/<code>/closing")
@public
def closing(code: str) -> Response:
    """The proof that the section is closed: what key holders check before their key does anything."""
    with reading() as session:
        proof = queries.closing(session, find(session, code))
    return jsonify(proof.as_json(str(door().platform.signer.verifier)))


@blueprint.get("/opening/<code>/terms")
@public
def terms(code: str) -> Response:
    """What key holders pin before it matters: policies, what is kept for a second sitting, the platform's key."""
    with reading() as session:
        section, _ = section_of(session, code)
        policies = [policy.content for policy in bidding.policies(session, section)]
        later = rules.later_envelopes(section.envelopes)
    return jsonify(section=code, platform_key=str(door().platform.signer.verifier), policies=policies, later=later)


@blueprint.get("/opening/<code>/prices.csv")
@public
def prices(code: str) -> Response:
    """What was read out, as a table for programs."""
    with reading() as session:
        rows = [row for row in queries.board(session, find(session, code)) if row["price_fen"] is not None]
    if not rows:
        raise Missing("opening.unread", section=code)
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(["number", "name", "identifier", "price_fen", "duration_days", "quality", "manager"])
    for row in rows:
        sheet = row["schedule"]
        table.writerow(
            [
                *(plain_cell(str(row[key])) for key in ("number", "name", "identifier", "price_fen")),
                *(plain_cell(str(sheet[key])) for key in ("duration_days", "quality", "manager")),
            ]
        )
    return Response("\ufeff" + file.getvalue(), mimetype="text/csv")


@blueprint.get("/opening/<code>/prices.svg")
@public
def figure(code: str) -> Response:
    """The strip of prices as a picture."""
    with reading() as session:
        section, found = section_of(session, code)
        drawing = scene(session, section, found, "hall").get("figure")
    if drawing is None:
        raise Missing("opening.unread", section=code)
    return Response(str(drawing.svg), mimetype="image/svg+xml")


@blueprint.get("/opening/<code>/draw")
@public
def draw(code: str) -> str:
    """The coefficient draw: committed, revealed, drawn, and how to replay it."""
    with reading() as session:
        section, found = section_of(session, code)
        drawn = found.coefficients if found is not None else None
        parties = queries.commitments(session, section)
        grid = rules.coefficient_grid(section.method)
        state = found.state if found else None
        return render_template(
            "opening/draw.html",
            section=section,
            stage=tables.draw_stage(parties, state, drawn),
            grid=grid,
            party_rows=tables.parties(parties),
            step_rows=tables.steps(drawn, grid),
            drawn=drawn,
            script=REPLAY.read_text(encoding="utf-8"),
        )


@blueprint.get("/opening/<code>/draw.json")
@public
def draw_facts(code: str) -> Response:
    """Everything that replays the draw."""
    with reading() as session:
        section, _ = section_of(session, code)
        return jsonify(queries.coefficients(session, section))


@blueprint.get("/opening/draw_replay.py")
@public
def replay_script() -> Response:
    """The script that replays a draw."""
    return Response(REPLAY.read_text(encoding="utf-8"), mimetype="text/x-python")


@blueprint.get("/opening/<code>/record")
@public
def record(code: str) -> str:
    """The opening record as a page: a draft once prices are read, then the signed one."""
    with reading() as session:
        found = find(session, code)
        facts = _record_facts(session, found)
        return render_template(
            "opening/record.html",
            section=found.section,
            facts=facts,
            bid_rows=tables.recorded(facts["bids"]),
            sha256=found.record_sha256,
            signatures=found.record_signatures,
        )


def _record_facts(session: Any, found: Any) -> dict[str, Any]:
    if found.standing not in rules.PRICES_SHOWN:
        raise Missing("record.unsigned", section=found.section.code)
    return found.record if found.record is not None else queries.record_facts(session, found.section)


@blueprint.get("/opening/<code>/record.pdf")
@public
def record_pdf(code: str) -> Response:
    """The signed record as published."""
    with reading() as session:
        found = find(session, code)
        if found.record_sha256 is None:
            raise Missing("record.unsigned", section=code)
        sha256 = found.record_sha256
    response = Response(door().platform.store.read(sha256), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="opening-record-{code}.pdf"'
    response.headers["Link"] = f'<{url_for("opening.record", code=code)}>; rel="canonical"'
    return response

"""The commit, and "what do you hold for me?": nothing about the person who asks is kept."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Response, abort, jsonify, render_template, request
from sqlalchemy.orm import Session

from accounts.access import (
    confirmed,
    cookieless,
    current_actor,
    door,
    instant_now,
    public,
    reading,
    requires,
    unlinked,
    wants_json,
)
from accounts.rules import Role
from bidding import queries, rules, services
from bidding.models import Submission
from bidding.routes.arrivals import MOST, STAMP
from bidding.routes.blueprint import blueprint, frame_of
from bidding.routes.short import REFUSED, asked_of
from core.clock import iso
from core.errors import Invalid

OWN = "bidder+tenderee"


@blueprint.post("/sections/<code>/submissions")
@requires(Role.BIDDER, Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
@confirmed
@cookieless
@unlinked
def commit_submission(code: str) -> tuple[Response, int]:
    """Commit a sealed submission: {submission, identity: {set: base64}, leaf_commitment, idempotency_key} → receipt.

    The door looks at the role (trustees commit decoys) and, where not all may bid, whether the bidder is invited; the
    act itself is nobody's. `Arrivals` has stamped what came in time when the whole request was read (R-203).
    """
    if (request.content_length or 0) > MOST:
        abort(413)
    if (refused := request.environ.get(REFUSED)) is not None:
        raise refused
    body, stamp = _read(), request.environ.get(STAMP)
    if stamp is None:
        with reading() as session:
            queries.check_admission(session, code, body.get("idempotency_key"), instant_now())
    asked = asked_of(code, body, current_actor())
    if stamp is not None:
        return jsonify(services.commit_together(door().platform, stamp, asked)), 201
    with door().platform.stamp(rules.turnstile(code)) as stamp:
        return jsonify(services.commit_together(door().platform, stamp, asked)), 201


@blueprint.get("/sections/<code>/held", defaults={"handle": ""})
@blueprint.get("/sections/<code>/submissions/<handle>")
@public
@cookieless
@unlinked
def held(code: str, handle: str) -> Response | tuple[str, int]:
    """Everything held under a handle, with receipts; the handle is the only key, so nobody has to say who they are."""
    handle = (handle or request.args.get("handle", "")).strip().lower()
    with reading() as session:
        section = queries.section(session, code)
        if wants_json():
            found = queries.held(session, section, handle)
            return jsonify({"section": code, "handle": handle, "submissions": [_told(session, row) for row in found]})
        rows = queries.chain(session, section.id, handle) if handle else []
        receipts = {row.leaf_index: queries.receipt_of(session, row) for row in rows}
        replaced = [one for one in queries.replacements(session, section) if rows and rows[-1].kind != "withdraw"]
        page = render_template(
            "bidding/held.html",
            handle=handle,
            rows=rows,
            receipts=receipts,
            replaced=[one for one in replaced if one.newer.added_at > rows[-1].received_at],
            **frame_of(session, section),
        )
    return page, 200 if rows or not handle else 404


@blueprint.get("/sections/<code>/submissions/<handle>/packages")
@public
@cookieless
@unlinked
def own_packages(code: str, handle: str) -> Response:
    """The key packages of a handle's last submission that begin with the bidder's layer, for the rehearsal.

    Sealed to the bidder and the tenderee: to anybody else they say what their hashes, which `held` tells, say.
    """
    with reading() as session:
        last = queries.held(session, queries.section(session, code), handle.strip().lower())[-1]
        store = door().platform.store
        envelopes = {
            name: {
                "sealed": base64.b64encode(store.read(parts["keys"][OWN]["sha256"])).decode("ascii"),
                "sha256": parts["keys"][OWN]["sha256"],
                "bid_recipient": parts["bid_recipient"],
            }
            for name, parts in last.content.get("envelopes", {}).items()
        }
        return jsonify(digest=last.digest, envelopes=envelopes)


def _told(session: Session, row: Submission) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "sequence": row.sequence,
        "digest": row.digest,
        "previous": row.previous,
        "state": row.state,
        "received_at": iso(row.received_at),
        "leaf_index": row.leaf_index,
        "policy_digest": row.content["policy_digest"],
        "objects": {place: dict(blob) for place, blob in queries.objects_of(row.content).items()},
        "receipt": queries.receipt_of(session, row),
    }


def _read() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Invalid("bid.request", field="body", place="JSON")
    return body

"""What every route of the hall shares: the blueprint, finding the opening, answering pages and programs alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from accounts.access import acting, current_actor, door, instant_now, reading, wants_json
from accounts.rules import Role
from bidding import queries as bidding
from bidding.models import Section
from core.act import Act
from core.clock import from_iso
from core.errors import Invalid, Missing
from core.render.figures import strip_plot
from opening import queries, rules, services
from opening.lifecycle import APART, OPENED
from opening.models import Opening
from opening.routes import tables

blueprint = Blueprint("opening", __name__)
blueprint.add_app_template_filter(tables.local_instant)
blueprint.add_app_template_filter(tables.local_clock)
blueprint.add_app_template_filter(from_iso)

REPLAY = Path(__file__).resolve().parents[2] / "docs" / "draw_replay.py"
HOSTS = (Role.TENDEREE, Role.AGENT, Role.OFFICER)
HOLDERS = (Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)


def find(session: Session, code: str, *, own: bool = False) -> Opening:
    """The opening of that section; with `own` only for those who work on it."""
    found = bidding.own_section(session, code, current_actor()) if own else bidding.section(session, code)
    return queries.opening(session, found)


def move(code: str, verb: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """One act by a host of the section: `verb(act, opening, …)`."""
    with acting() as act:
        verb(act, find(act.session, code, own=True), *arguments, **options)


def given() -> dict[str, Any]:
    """The fields of a form or of a JSON body.

    A page with several forms names each in a hidden field `form` and its fields `<form>-<name>`, so that ids differ.
    """
    body = request.get_json(silent=True)
    if isinstance(body, dict):
        return body
    tag = request.form.get("form", "")
    return {name.removeprefix(f"{tag}-") if tag else name: value for name, value in request.form.items()}


def placed(refusal: Invalid) -> Invalid:
    """The refusal with its field as the page's form spells it, so that the error is shown where it belongs."""
    tag = request.form.get("form", "")
    if tag and refusal.field:
        refusal.field = f"{tag}-{refusal.field}"
    return refusal


def answer(endpoint: str, code: str) -> Response:
    """After a move: the page for people, the opening's state for programs."""
    if not wants_json():
        return make_response(redirect(url_for(endpoint, code=code), 303))
    with reading() as session:
        return jsonify(queries.state_facts(session, find(session, code)))


def open_what_is_ready(code: str) -> None:
    """Open every bid whose secrets are all there; the slow part outside any transaction."""
    with reading() as session:
        ready = services.ready_to_unseal(session, find(session, code))
    for unsealed in services.unseal_all(door().platform.store, ready):
        with acting() as act:
            services.keep_opened(act, find(act.session, code), unsealed)


def act_on(code: str, verb: Callable[[Act, Opening], Any]) -> Any:
    """One act on the opening by whoever may; the verb itself checks whose it is."""
    with acting() as act:
        return verb(act, find(act.session, code))


def scene(session: Session, section: Section, found: Opening | None, page: str) -> dict[str, Any]:
    """Everything a page of the hall shows, as values; prices are in it only when they may be shown.

    Rows of the reader's own organisation are marked on a bidder's page, and nowhere else: the hall looks alike to all.
    """
    if found is None:
        return {
            "section": section,
            "opening": None,
            "step": -1,
            "rows": [],
            "taking_part": [],
            "lines": [],
            "trustees": _trustees(session, section),
            "holds_key": _holds_key(session, section),
            "over": False,
            "parties": queries.commitments(session, section),
            "status_of_opening": tables.opening_tag(None),
            "priced": False,
            "objections": [],
            "incidents": [],
            "sayings": [],
            "presences": [],
            "page": page,
            "changed": False,
        }
    rows = queries.board(session, found)
    own = queries.own_bids(session, found, current_actor()) if page == "mine" else []
    for row in rows:
        row["mine"] = row["digest"] in {bid.submission.digest for bid in own}
    law = bidding.law_of(section)
    return {
        "section": section,
        "opening": _shown(found),
        "calls_final_offers": "rounds" in law.rules and law.days("rounds") > 1 and section.round == 1,
        "step": rules.step_of(found.standing),
        "rows": rows,
        "taking_part": [row for row in rows if row["state"] not in APART],
        "lines": queries.log_lines(session, found)[:60],
        "identities": queries.identities_read(session, found),
        "closed_set": found.closed_set,
        "objections": _objections(session, found),
        "trustees": _trustees(session, section),
        "holds_key": _holds_key(session, section),
        "over": _is_over(found),
        "parties": queries.commitments(session, section),
        "opened": sum(row["state"] in OPENED for row in rows),
        "priced": found.standing in rules.PRICES_SHOWN and queries.prices_told(found),
        "figure": price_figure(section, rows, own[0].name if own else None),
        "status_of_opening": tables.opening_tag(found.state),
        "closed_rows": tables.closed_set(found.closed_set),
        "sheet_rows": tables.sheets(rows),
        "pause_rows": tables.pauses(found.pauses),
        "extension_rows": tables.extensions(found.extensions),
        "suspension_rows": tables.suspensions(found.suspensions),
        "incidents": queries.incidents(session, found),
        "sayings": queries.sayings(session, found) if found.standing in rules.NAMES_SHOWN else [],
        "presences": present(session, found),
        "page": page,
        "changed": False,
    }


def present(session: Session, found: Opening | None) -> list[dict[str, Any]]:
    """Who is or was here; nobody before the names are public."""
    if found is None or found.standing not in rules.NAMES_SHOWN:
        return []
    return [
        {"name": held.name, "role": held.role, "here": services.here(held.seen_at, instant_now()), "at": held.seen_at}
        for held in queries.presences(session, found)
    ]


def asking_page() -> str:
    """Which page asks for the board: that decides what follows a change of stage."""
    asked = request.args.get("page", "hall")
    return asked if asked in ("hall", "desk", "watch", "mine") else "hall"


def _shown(found: Opening) -> dict[str, Any]:
    """The columns of an opening a page may show."""
    coefficients = found.coefficients or {}
    return {
        "state": found.state,
        "state_at": found.state_at,
        "standing": found.standing,
        "named": found.standing in rules.NAMES_SHOWN,
        "suspension": found.suspensions[-1] if found.state == "suspended" else None,
        "until": found.decrypt_until_at,
        "paused_at": rules.paused_at(found.pauses),
        "pauses": found.pauses,
        "extensions": found.extensions,
        "closing_size": found.closing_size,
        "closing_note": found.closing_note,
        "failure": found.failure,
        "sitting": found.sitting,
        "sittings": found.sittings,
        "awaits_second": found.sitting < found.sittings and found.state == "handed_over",
        "awaited": found.awaited if found.state == "handed_over" else None,
        "numbers": sorted(found.numbers or ()),
        "admitted": found.admitted,
        "decoys": len(found.decoys or []),
        "k": coefficients.get("k"),
        "record_sha256": found.record_sha256,
    }


def _is_over(found: Opening) -> bool:
    """Whether nothing will happen in this hall any more; a second sitting may still come after the first."""
    if found.state == "handed_over":
        return found.sitting >= found.sittings and not found.awaited
    return found.state in ("failed", "cancelled")


def _holds_key(session: Session, section: Section) -> bool:
    own = current_actor().person_id
    return own is not None and any(held.person_id == own for held in bidding.trustees(session, section))


def _trustees(session: Session, section: Section) -> list[dict[str, Any]]:
    people = bidding.trustee_people(session, section)
    return [
        {
            "role": trustee.role,
            "name": person.name if (person := people.get(trustee.role)) else "—",
            "recipient": trustee.recipient,
            "rehearsed_at": trustee.rehearsed_at,
        }
        for trustee in bidding.trustees(session, section)
    ]


def _objections(session: Session, found: Opening) -> list[dict[str, Any]]:
    named = {bid.id: bid for bid in queries.bids(session, found)}
    return [
        {
            "id": objection.id,
            "bidder": named[objection.bid_id].name,
            "number": named[objection.bid_id].number,
            "text": objection.text,
            "raised_at": objection.raised_at,
            "reply": objection.reply,
            "replied_at": objection.replied_at,
        }
        for objection in queries.objections(session, found)
    ]


def price_figure(section: Section, rows: list[dict[str, Any]], own: str | None) -> Any:
    """The strip of prices with the control price, `own` marked; None while no price may be shown."""
    priced = [row for row in rows if row["price_fen"] is not None]
    if not priced:
        return None
    prices = [(row["name"], row["price_fen"]) for row in priced]
    return strip_plot(prices, control_price=section.control_price_fen, own=own)


def fragment(template: str, **values: Any) -> Response | BaseResponse:
    """A rendered part of a page with its ETag: a board asked for every two seconds costs nothing while it stands."""
    body = render_template(template, **values)
    response = make_response(body)
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32], weak=True)
    return response.make_conditional(request)


def section_of(session: Session, code: str, *, own: bool = False) -> tuple[Section, Opening | None]:
    """The published section and its opening, if there is one yet."""
    section = bidding.own_section(session, code, current_actor()) if own else bidding.section(session, code)
    if section.state == "draft":
        raise Missing("section.unknown", section=code)
    return section, queries.opening_or_none(session, section)


def now() -> datetime:
    """The instant of this request, for showing."""
    return instant_now()

"""Speaking in the hall: messages, announcements, calls, irregularities, signs of life, the co-signature, the head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, make_response, redirect, request, url_for

from accounts.access import acting, current_actor, door, limited, reading, requires, wants_json
from accounts.rules import Role
from core.act import Act
from core.errors import Invalid, Refusal
from core.ledger import log
from core.ledger.notes import open_head
from opening import forms, queries, services
from opening.models import Opening
from opening.routes.frame import HOSTS, blueprint, find, given, placed

_VIEWS = {"bidder": "opening.my_bid", "supervisor": "opening.watch"}


def _role() -> str:
    held = (Role.BIDDER, Role.SUPERVISOR, Role.TENDEREE, Role.AGENT, Role.OFFICER)
    return next(str(role) for role in held if current_actor().has(role))


def _spoken(code: str, verb: Callable[[Act, Opening, str, str], Any]) -> Response:
    role = _role()
    text = forms.words(given(), "text")
    with acting() as act:
        verb(act, find(act.session, code, own=role != "bidder"), text, role)
    if wants_json():
        return jsonify(said=True)
    return make_response(redirect(url_for(_VIEWS.get(role, "opening.desk"), code=code) + "#talk", 303))


@blueprint.post("/opening/<code>/say")
@requires(Role.BIDDER, *HOSTS, Role.SUPERVISOR)
@limited("10/minute;120/hour", by="token")
def say(code: str) -> Response:
    """Say something to everybody in the hall."""
    return _spoken(code, lambda act, opening, text, role: services.say(act, opening, text, role=role))


@blueprint.post("/opening/<code>/announce")
@requires(*HOSTS)
@limited("10/minute", by="token")
def announce(code: str) -> Response:
    """Announce something to all."""
    return _spoken(code, lambda act, opening, text, role: services.announce(act, opening, text, role=role))


@blueprint.post("/opening/<code>/call")
@requires(*HOSTS)
@limited("20/minute", by="token")
def call_bidder(code: str) -> Response:
    """Call one bidder."""

    def call(act: Act, opening: Opening, text: str, role: str) -> None:
        bid = queries.bid(act.session, opening, str(given().get("submission", "")))
        services.call_bidder(act, opening, bid, text, role=role)

    return _spoken(code, call)


@blueprint.post("/opening/<code>/irregularity")
@requires(Role.SUPERVISOR, Role.OFFICER)
@limited("10/minute", by="token")
def record_irregularity(code: str) -> Response:
    """Put something irregular on record; it stops nothing."""
    role = "supervisor" if current_actor().has(Role.SUPERVISOR) else "officer"
    text = forms.words(given(), "text")
    with acting() as act:
        services.record_irregularity(act, find(act.session, code, own=True), text, role=role)
    return jsonify(recorded=True) if wants_json() else make_response(redirect(url_for("opening.watch", code=code), 303))


@blueprint.post("/opening/<code>/here")
@requires(Role.BIDDER, *HOSTS, Role.SUPERVISOR)
def keep_presence(code: str) -> Response:
    """A sign of life of an open page; kept only once the names are public."""
    role = _role()
    with acting() as act:
        kept = services.keep_presence(act, find(act.session, code, own=role != "bidder"), role=role)
    return jsonify(kept=kept)


@blueprint.post("/opening/<code>/cosign")
@requires(Role.SUPERVISOR)
def cosign_record(code: str) -> Response:
    """Sign the record's hash as a supervisor: by certificate (programs), or by typing its beginning when signed in."""
    signature = forms.signature(request.get_json(silent=True))
    try:
        with acting() as act:
            opening = find(act.session, code, own=True)
            if signature is None:
                typed = str(given().get("confirmation", "")).strip().lower()
                if not opening.record_sha256 or typed != opening.record_sha256[:12]:
                    raise Invalid(
                        "form.confirmation", field="confirmation", expected=(opening.record_sha256 or "")[:12]
                    )
            services.cosign_record(act, opening, signature=signature)
    except Invalid as refusal:
        if wants_json():
            raise
        return _watch(code, [placed(refusal)], 422)
    return jsonify(cosigned=True) if wants_json() else make_response(redirect(url_for("opening.watch", code=code), 303))


@blueprint.post("/opening/<code>/head")
@requires(Role.SUPERVISOR, *HOSTS, Role.BIDDER)
def compare_head(code: str) -> Response:
    """Compare a signed head somebody kept with the log as it is: the same history, or a fork or a loss, with proof."""
    note = str(given().get("head", "")).replace("\r\n", "\n").strip() + "\n"
    with reading() as session:
        find(session, code, own=not current_actor().has(Role.BIDDER))
        told = head_verdict(session, note)
    if wants_json():
        return jsonify(told)
    return _watch(code, [], 200, told)


def head_verdict(session: Any, note: str) -> dict[str, Any]:
    """{"agrees", "code", "size", "newest", "consistency"}: what the platform's log says of a head shown to it."""
    newest = log.newest_head(session)
    size = newest.size if newest else 0
    try:
        shown = open_head(note, door().platform.signer.verifier)
        log.check_not_rolled_back(session, shown)
    except Refusal as refusal:
        return {"agrees": False, "code": refusal.code, "size": None, "newest": size, "consistency": []}
    proof = log.consistency(session, shown.size, size) if 0 < shown.size <= size else []
    return {"agrees": True, "code": "", "size": shown.size, "newest": size, "consistency": proof}


def _watch(code: str, errors: list[Invalid], status: int, verdict: dict[str, Any] | None = None) -> Response:
    from opening.routes.desk import show_watch

    return show_watch(code, errors, status, verdict)

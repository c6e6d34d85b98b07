"""A bidder in the hall: sign in, release, confirm, object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, make_response, render_template, request

from accounts.access import acting, confirmed, current_actor, reading, requires, signing, wants_json
from accounts.rules import Role
from core.errors import Invalid, Missing
from opening import forms, queries, rules, services
from opening.models import Peel
from opening.routes.frame import answer, blueprint, find, scene, section_of


def _mine(code: str, errors: list[Invalid], status: int = 200) -> Response:
    with reading() as session:
        section, found = section_of(session, code)
        values = scene(session, section, found, "mine")
        values["mine"] = [row for row in values["rows"] if row["mine"]]
        return make_response(
            render_template(
                "opening/my_bid.html",
                errors=errors,
                given=request.form,
                objectable=found is not None and found.state in rules.OBJECTABLE,
                **values,
            ),
            status,
        )


def _each(code: str, verb: Callable[..., None], *arguments: Any) -> Response:
    """`verb(act, opening, bid, …)` on every bid of the bidder's organisation; Missing for who has none here."""
    with acting() as act:
        opening = find(act.session, code)
        own = queries.own_bids(act.session, opening, current_actor())
        if not own:
            raise Missing("opening.no_bid")
        for bid in own:
            verb(act, opening, bid, *arguments)
    return answer("opening.my_bid", code)


@blueprint.get("/opening/<code>/mine")
@requires(Role.BIDDER)
@signing
def my_bid(code: str) -> Response:
    """The bidder's own view: what to do now, and how."""
    return _mine(code, [])


@blueprint.post("/opening/<code>/sign-in")
@requires(Role.BIDDER)
def sign_in_bid(code: str) -> Response:
    """Sign in to the opening, with every bid of one's organisation."""
    return _each(code, services.sign_in_bid)


@blueprint.post("/opening/<code>/release")
@requires(Role.BIDDER)
@confirmed
def release(code: str) -> Response:
    """Take in a bidder's own layer of every envelope (from their program or their browser)."""
    submission, layers = forms.released(request.get_json(silent=True))
    with acting() as act:
        opening = find(act.session, code)
        bid = queries.check_own_bid(act.session, opening, current_actor(), submission)
        results = services.release(act, opening, bid, layers)
        refused = [result for result in results if not isinstance(result, Peel)]
    if refused:
        raise Invalid("peel.refused", field=refused[0].package, by="bidder", reason=refused[0].code)
    return jsonify(submission=submission, released=sorted(layers))


@blueprint.post("/opening/<code>/confirm")
@requires(Role.BIDDER)
def confirm_record(code: str) -> Response:
    """Confirm what was read out."""
    return _each(code, services.confirm_record, forms.signature(request.get_json(silent=True)))


@blueprint.post("/opening/<code>/object")
@requires(Role.BIDDER)
def raise_objection(code: str) -> Response:
    """Raise an objection on the spot."""
    try:
        body = request.get_json(silent=True)
        text = forms.words(body if isinstance(body, dict) else request.form, "text")
        with acting() as act:
            opening = find(act.session, code)
            own = queries.own_bids(act.session, opening, current_actor())
            if not own:
                raise Missing("opening.no_bid")
            services.raise_objection(act, opening, own[0], text)
    except Invalid as refusal:
        if wants_json():
            raise
        return _mine(code, [refusal], 422)
    return answer("opening.my_bid", code)


@blueprint.get("/opening/<code>/readout")
@requires(Role.BIDDER)
def readout(code: str) -> Response:
    """The digest a bidder's program signs to confirm."""
    with reading() as session:
        found = find(session, code)
        if found.standing not in rules.PRICES_SHOWN:
            raise Missing("opening.unread", section=code)
        return jsonify(digest=queries.readout_digest(session, found))

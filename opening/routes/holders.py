"""The key holders' programs: what to peel, what was peeled, what does not open, and the draw's nonces."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request

from accounts.access import acting, current_actor, door, reading, requires
from accounts.rules import Role
from bidding import queries as bidding
from core.errors import Invalid, Missing
from opening import forms, queries, services
from opening.models import PeelFault
from opening.routes.frame import HOLDERS, blueprint, find, open_what_is_ready, scene, section_of


@blueprint.get("/opening/<code>/key")
@requires(*HOLDERS)
def take_off(code: str) -> str:
    """A key holder's own page of the day: their browser takes off what is theirs, after its own checks."""
    actor = current_actor()
    with reading() as session:
        section, found = section_of(session, code)
        own = [held for held in bidding.trustees(session, section) if held.person_id == actor.person_id]
        if not own:
            raise Missing("trustee.unknown", role="", section=code)
        values = scene(session, section, found, "key")
        del values["page"]  # no live board here: this page lives by its own script
        return render_template("opening/take_off.html", role=own[0].role, held=own[0], **values)


@blueprint.get("/opening/<code>/layers")
@requires(Role.BIDDER, *HOLDERS)
def peel_tasks(code: str) -> Response:
    """The layers the asker, as `?role=`, may take off now; `?again=1` also those it failed at."""
    role = request.args.get("role", "")
    again = request.args.get("again") == "1"
    with reading() as session:
        found = find(session, code, own=not current_actor().has(Role.BIDDER))
        tasks = queries.peel_tasks(session, door().platform.store, found, current_actor(), role, again=again)
        return jsonify(state=found.state, tasks=[task.as_json() for task in tasks])


@blueprint.post("/opening/<code>/layers")
@requires(*HOLDERS)
def peel_layer(code: str) -> Response:
    """Take in what a key holder found inside a layer; 422 with who handed it in when it cannot be that."""
    layer = forms.layer(request.get_json(silent=True), with_content=True)
    with acting() as act:
        found = find(act.session, code)
        submission = bidding.submission(act.session, layer.submission)
        result = services.peel_layer(
            act, found, submission, layer.package, layer.set_name, layer.stage, layer.content, layer.role
        )
        refused = result.code if isinstance(result, PeelFault) else None
    if refused is not None:  # after the act: the fault stays on record although the layer is refused
        raise Invalid("peel.refused", field="content", by=layer.role, reason=refused)
    open_what_is_ready(code)
    return jsonify(accepted=True)


@blueprint.post("/opening/<code>/faults")
@requires(*HOLDERS)
def report_fault(code: str) -> Response:
    """Put on record that a layer does not open."""
    layer = forms.layer(request.get_json(silent=True), with_content=False)
    with acting() as act:
        found = find(act.session, code)
        submission = bidding.submission(act.session, layer.submission)
        services.report_fault(
            act, found, submission, layer.package, layer.set_name, layer.stage, layer.role, layer.code
        )
    return jsonify(recorded=True)


@blueprint.post("/opening/<code>/draw/commitment")
@requires(Role.OFFICER, Role.SUPERVISOR)
def commit_coefficient(code: str) -> Response:
    """Take in a draw party's commitment."""
    party, commitment = forms.party_value(request.get_json(silent=True), "commitment")
    with acting() as act:
        services.commit_coefficient(act, bidding.section(act.session, code), party, commitment)
    return jsonify(party=party, commitment=commitment)


@blueprint.post("/opening/<code>/draw/nonce")
@requires(Role.OFFICER, Role.SUPERVISOR)
def reveal_coefficient(code: str) -> Response:
    """Take in a draw party's nonce, after decryption has closed."""
    party, nonce = forms.party_value(request.get_json(silent=True), "nonce")
    with acting() as act:
        services.reveal_coefficient(act, find(act.session, code), party, bytes.fromhex(nonce))
    return jsonify(party=party, revealed=True)

"""The public draw: committed, frozen, revealed, walked; and the parties' commitments and nonces."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, public, reading, requires, wants_json
from accounts.rules import Role
from bidding import queries as bidding
from core.draw import mechanism, record
from core.errors import Missing
from experts import forms, queries, services
from experts.models import Committee
from experts.routes.frame import blueprint, done, reason_word


@blueprint.get("/draws/experts/<code>")
@public
def draw(code: str) -> str:
    """Every draw of this section's committee, step by step, with what it takes to compute it again."""
    with reading() as session:
        held = queries.committee(session, bidding.section(session, code))
        rounds = [_shown(session, one) for one in held.rounds]
        if not rounds:
            raise Missing("draw.unknown", label=f"experts:{code}")
        actor = current_actor()
        parties = [
            party
            for party, role in (
                ("tenderee", Role.TENDEREE), ("officer", Role.OFFICER), ("supervisor", Role.SUPERVISOR)
            )
            if actor.has(role)
            and (party != "tenderee" or actor.organisation_id == held.section.project.tenderee_id)
        ]  # fmt: skip
        return render_template(
            "experts/draw.html",
            section=held.section, project=held.section.project, rounds=rounds, reason_word=reason_word, parties=parties,
        )  # fmt: skip


@blueprint.get("/draws/experts/<code>.json")
@public
def draw_facts(code: str) -> Response:
    """The same as JSON: everything that replays the draws."""
    with reading() as session:
        held = queries.committee(session, bidding.section(session, code))
        return jsonify(draws=[_facts(session, one) for one in held.rounds])


@blueprint.post("/draws/experts/<code>/commitment")
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def commit_draw_nonce(code: str) -> Response:
    """Take in a party's commitment, from its program or from the page."""
    party, commitment = forms.read_party(request.get_json(silent=True), request.form, "commitment")
    with acting() as act:
        services.commit_draw_nonce(act, _committee(act.session, code), party, commitment)
    if wants_json():
        return jsonify(party=party, commitment=commitment)
    return done(_("承诺已提交。"), "experts.draw", code=code)


@blueprint.post("/draws/experts/<code>/nonce")
@requires(Role.TENDEREE, Role.OFFICER, Role.SUPERVISOR)
def reveal_draw_nonce(code: str) -> Response:
    """Take in a party's nonce after the freeze; the last one concludes the draw."""
    party, nonce = forms.read_party(request.get_json(silent=True), request.form, "nonce")
    with acting() as act:
        services.reveal_draw_nonce(act, _committee(act.session, code), party, bytes.fromhex(nonce))
    if wants_json():
        return jsonify(party=party, revealed=True)
    return done(_("随机数已揭示。"), "experts.draw", code=code)


def _committee(session: Any, code: str) -> Committee:
    held = queries.committee(session, bidding.section(session, code))
    if held.draw_label is None:
        raise Missing("draw.unknown", label=f"experts:{code}")
    return held


def _facts(session: Any, held: dict[str, Any]) -> dict[str, Any]:
    found = record.draw(session, held["label"])
    return {
        **queries.public_round(held),
        "state": found.state,
        "parameters": found.parameters,
        "parties": [
            {"party": nonce.party, "commitment": nonce.commitment, "nonce": nonce.reveal}
            for nonce in record.nonces(session, found)
        ],
        "candidates": found.candidates,
        "list_digest": found.list_digest,
        "seed": found.seed,
        "outcome": found.outcome,
    }


def _shown(session: Any, held: dict[str, Any]) -> dict[str, Any]:
    facts = _facts(session, held)
    committed = {row["party"]: row for row in facts["parties"]}
    names = record.draw(session, held["label"]).parties
    seed = bytes.fromhex(facts["seed"]) if facts["seed"] else None
    steps = [
        {**step, "ticket": mechanism.ticket(seed, facts["label"], step["candidate"]).hex()}
        for step in (facts["outcome"] or {}).get("steps", [])
        if seed is not None
    ]
    stage = {"announced": 0, "frozen": 2, "concluded": 4}.get(facts["state"], 0)
    return {
        **facts,
        "parties": [committed.get(name) or {"party": name, "commitment": None, "nonce": None} for name in names],
        "steps": steps,
        "stage": stage,
    }

"""The public draw: committed, frozen, revealed, walked; and the parties' commitments and nonces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rfc8785
from flask import Response as FlaskResponse
from flask import jsonify, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from accounts.access import acting, current_actor, limited, public, reading, requires, wants_json
from accounts.rules import Role
from bidding import queries as bidding
from core.clock import from_iso
from core.draw import mechanism, record
from core.errors import Missing
from core.ledger.log import entries_of
from core.render.pdf import Attachment, render_pdf
from experts import forms, queries, services
from experts.models import Committee
from experts.routes.frame import blueprint, done, reason_word

ROOT = Path(__file__).resolve().parents[2]
REPLAY = ROOT / "docs" / "expert_draw_replay.py"
PAGE_REPLAY = ROOT / "static" / "expert-draw-replay.js"
SHOWN = 300
"""Rows of a table on paper; the record inside the document has all."""


@blueprint.get("/draws/experts/<code>")
@public
def draw(code: str) -> str:
    """Every draw of this section's committee, step by step, with what it takes to compute it again."""
    with reading() as session:
        held = queries.committee(session, bidding.section(session, code))
        rounds = [_shown(session, one) for one in held.rounds]
        selections = queries.direct_selections(session, held)
        if not rounds and not selections:
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
            selections=selections,
            script=REPLAY.read_text(encoding="utf-8"), page_script=PAGE_REPLAY.read_text(encoding="utf-8"),
        )  # fmt: skip


@blueprint.get("/draws/experts/<code>.json")
@public
def draw_facts(code: str) -> Response:
    """The same as JSON: everything that replays the draws."""
    with reading() as session:
        held = queries.committee(session, bidding.section(session, code))
        selections = [
            entry.facts
            for one in queries.direct_selections(session, held)
            for entry in entries_of(session, one.subject)
            if entry.kind == "direct.approve"
        ]
        return jsonify(draws=[_facts(session, one) for one in held.rounds], direct=selections)


@blueprint.get("/draws/experts/<code>.pdf")
@limited("6/minute;60/hour")
@public
def draw_document(code: str) -> Response:
    """The concluded draws as a document, with the record and the program that replays it inside."""
    with reading() as session:
        held = queries.committee(session, bidding.section(session, code))
        rounds = [one for one in (_shown(session, each) for each in held.rounds) if one["steps"]]
        if not rounds:
            raise Missing("draw.unknown", label=f"experts:{code}")
        at = max(record.draw(session, one["label"]).state_at for one in rounds)
        content = rfc8785.dumps({"draws": [_facts(session, one) for one in held.rounds]})
        page = render_template(
            "experts/draw_document.html",
            section=held.section, project=held.section.project, rounds=rounds, reason_word=reason_word, shown=SHOWN,
        )  # fmt: skip
    attachments = [
        Attachment("draws.json", content, _("抽取记录（机器可读，可重算）"), at),
        Attachment("expert_draw_replay.py", REPLAY.read_bytes(), _("重算程序"), at),
    ]
    return FlaskResponse(render_pdf(page, attachments=attachments), mimetype="application/pdf")


@blueprint.get("/draws/experts/expert_draw_replay.py")
@public
def replay_script() -> Response:
    """The program that replays the draws."""
    return FlaskResponse(REPLAY.read_text(encoding="utf-8"), mimetype="text/x-python")


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
    brought = [
        one | ({"answered_at": from_iso(one["answer"]["document"]["at"])} if "answer" in one else {})
        for one in facts.get("partners", [])
    ]
    stage = {"announced": 0, "frozen": 2, "concluded": 4}.get(facts["state"], 0)
    return {
        **facts,
        "parties": [committed.get(name) or {"party": name, "commitment": None, "nonce": None} for name in names],
        "steps": steps,
        "partners": brought,
        "stage": stage,
    }

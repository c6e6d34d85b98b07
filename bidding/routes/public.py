"""What everyone sees of a section: notice, documents, policy, keys rehearsed, questions and answers."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request
from flask_babel import gettext as _  # type: ignore[import-untyped]
from werkzeug.wrappers import Response as Answer

from accounts.access import acting, current_actor, door, instant_now, public, reading, signed_in, unlinked
from bidding import queries, services
from bidding.queries import bonds
from bidding.routes.blueprint import blueprint, done, frame_of
from core.board import notices
from core.clock import iso
from core.errors import Invalid, Refusal
from core.forms import text


@blueprint.get("/sections")
@public
def sections() -> str:
    """Sections that are open or have been, the nearest deadline first; filters stand in the address."""
    chosen = request.args.get("state", "submission_open")
    words = request.args.get("q", "").strip()[:80]
    # What stands still is still to be bid for: whoever looks for open sections finds it.
    states = None if chosen == "all" else queries.RECEIVING if chosen == "submission_open" else (chosen,)
    with reading() as session:
        found = [item for item in queries.sections(session, states=states, words=words) if item.state != "draft"]
        everything = queries.sections(session, words=words)
        counts: dict[str, int] = {}
        for item in everything:
            counts[item.state] = counts.get(item.state, 0) + 1
        return render_template(
            "bidding/sections.html", found=found, counts=counts, total=len(everything), chosen=chosen, words=words
        )


@blueprint.get("/sections/<code>")
@public
def section(code: str) -> str:
    """One section for everybody: the same bytes for all (R-024), no number of bids before the opening (R-208)."""
    with reading() as session:
        found = queries.section(session, code)
        actor = current_actor()
        return render_template(
            "bidding/section.html",
            barred=queries.barred(session, found.project),
            attempts=queries.attempts(session, found.project),
            documents=queries.documents(session, found),
            replaced=queries.replacements(session, found),
            older=queries.documents(session, found, all_versions=True),
            trustees=queries.trustees(session, found),
            questions=queries.questions(session, found),
            clarifications=queries.clarifications(session, found),
            objections=queries.objections(session, found),
            objections_until=queries.objections_until(found, instant_now()),
            accepts_consortia=queries.accepts_consortia(found),
            watches=actor.has(*queries.EVERYWHERE),
            notices=notices(session, subject=found.subject),
            timeline=queries.timeline(session, found),
            bond_terms=bonds.bond_terms(session, found) if found.bond_fen and found.deadline_at else None,
            institutions=[one for one in bonds.institutions(session) if one.withdrawn_at is None],
            origin=door().origin,
            owns=actor.organisation_id in (found.project.tenderee_id, found.project.agent_id)
            and actor.organisation_id is not None,
            **frame_of(session, found),
        )


@blueprint.get("/sections/<code>/policy.json")
@public
def policy(code: str) -> Response:
    """The newest policy with its digest and the named files: what a bidder's program seals for and pins."""
    with reading() as session:
        found = queries.section(session, code)
        newest = queries.policy(session, found)
        return jsonify(
            {
                "policy": newest.content,
                "digest": newest.digest,
                "version": newest.version,
                "envelopes": found.envelopes,
                "slots": found.slots,
                "documents": [
                    {"slot": one.slot, "version": one.version, "sha256": one.sha256, "published_at": iso(one.added_at)}
                    for one in queries.documents(session, found)
                ],
                "deadline": iso(queries.standing_deadline(found, instant_now())),
                "state": found.state,
                "now": iso(instant_now()),
                "platform_key": str(door().platform.signer.verifier),
                "trust": door().platform.trust.published(),
            }
        )


@blueprint.route("/sections/<code>/questions", methods=["GET", "POST"])
@signed_in
@unlinked
def ask_question(code: str) -> Answer | tuple[str, int]:
    """Ask about the documents. Who asks is kept nowhere."""
    errors: list[Refusal] = []
    if request.method == "POST":
        try:
            asked = text(request.form, "text", most=2000)
            with acting() as act:
                number = services.ask_question(act, queries.section(act.session, code), asked).number
            return done(
                _("提问（第%(number)s号）已收到，平台没有记录提问人。", number=number), "bidding.section", code=code
            )
        except Invalid as refusal:
            errors = [refusal]
    with reading() as session:
        found = queries.section(session, code)
        page = render_template(
            "bidding/ask_question.html", errors=errors, values=request.form, **frame_of(session, found)
        )
    return page, 422 if errors else 200

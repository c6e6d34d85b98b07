"""The bidder's side: open sections, and one section's workspace with its named files."""

from __future__ import annotations

from flask import render_template

from accounts.access import door, instant_now, reading, requires
from accounts.rules import Role
from bidding import queries
from bidding.queries import bonds
from bidding.routes.blueprint import blueprint, frame_of


@blueprint.get("/bid")
@requires(Role.BIDDER)
def bids() -> str:
    """The sections one may bid in, the nearest deadline first; the platform does not know in which one does."""
    with reading() as session:
        found = queries.sections(session, states=queries.RECEIVING)
        later = queries.sections(session, states=("closed", "opened", "evaluating", "evaluated"))
        return render_template("bidding/bids.html", found=found, later=later)


@blueprint.get("/bid/<code>")
@requires(Role.BIDDER)
def workspace(code: str) -> str:
    """One section's workspace: what to prepare, how to seal it here or with stock tools, how to hand it in."""
    with reading() as session:
        section = queries.section(session, code)
        deadline = queries.standing_deadline(section, instant_now())
        slots = queries.asked_slots(section)
        envelopes = [
            {**one, "slots": [slot for slot in slots if slot["envelope"] == one["name"]]} for one in section.envelopes
        ]
        return render_template(
            "bidding/workspace.html",
            envelopes=envelopes,
            bond_terms=bonds.bond_terms(session, section),
            institutions=[one for one in bonds.institutions(session) if one.withdrawn_at is None],
            replaced=queries.replacements(session, section),
            documents=queries.documents(session, section),
            clarifications=queries.clarifications(session, section),
            is_open=section.state in queries.RECEIVING and deadline > instant_now(),
            deadline=deadline,
            origin=door().origin,
            platform_key=str(door().platform.signer.verifier),
            **frame_of(session, section),
        )

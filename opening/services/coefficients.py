"""The coefficient draw: two parties commit before any sealed nonce is known, reveal afterwards, K follows (R-262)."""

from __future__ import annotations

from bidding.models import Section
from core.act import Act
from core.draw import mechanism, record
from core.errors import Forbidden, Missing
from core.machine import advance
from opening import queries
from opening.lifecycle import OPENED
from opening.models import Opening
from opening.rules import DRAW_PARTIES, SCHEDULE, check_state, coefficient_grid, draw_label, draw_steps
from opening.services.preconditions import check_conditions


def commit_coefficient(act: Act, section: Section, party: str, commitment: str) -> None:
    """Record a party's commitment, SHA-256 of its nonce; the first one announces the draw.

    Meant to be made before the deadline; taken until the decrypt window opens, because until then every bidder's nonce
    is sealed and nobody can choose against it. Raises Missing("draw.none") where no coefficient is drawn.
    """
    _check_party(act, section, party)
    grid = coefficient_grid(section.method)
    if not grid:
        raise Missing("draw.none", section=section.code)
    record.commit_nonce(act, _announced(act, section, grid), party, commitment)


def committed_draw(act: Act, section: Section) -> record.Draw:
    """The section's draw, announced if nobody has committed yet: freezing it then names who is missing."""
    return _announced(act, section, coefficient_grid(section.method))


def reveal_coefficient(act: Act, opening: Opening, party: str, nonce: bytes) -> None:
    """Record a party's nonce, once decryption has closed: no sealed nonce can be chosen against it any more."""
    _check_party(act, opening.section, party)
    check_state(opening, "reveal", {"decrypt_closed"})
    record.reveal_nonce(act, record.draw(act.session, draw_label(opening.section.code)), party, nonce)


def draw_coefficients(act: Act, opening: Opening) -> None:
    """Draw K from the grid: the seed is made of both reveals and the nonces sealed in the opened bids' schedules.

    `opening.coefficients` then holds everything that replays it (docs/spec/draw.md). Where the method knows no
    coefficient, it holds that nothing was drawn; the first of two sittings draws none, because the nonces are sealed
    with the prices. What the second has drawn stands in any later one: nothing is drawn once prices are known.
    """
    check_conditions(act, opening, "draw_coefficients")
    if opening.sitting > 2 and opening.coefficients is not None:
        advance(act, opening, "draw_coefficients", k=opening.coefficients["k"], stands=True)
        return
    section = opening.section
    label = draw_label(section.code)
    grid = coefficient_grid(section.method) if opening.reads_prices else []
    if not grid:
        opening.coefficients = {"label": label, "seed": None, "k": None, "steps": []}
        advance(act, opening, "draw_coefficients", k=None)
        return
    draw = record.draw(act.session, label)
    opened = [bid for bid in queries.bids(act.session, opening) if bid.state in OPENED]
    sealed = [(bid, (bid.envelopes or {})[SCHEDULE]["nonce"]) for bid in opened]
    seed = record.published_seed(act, draw, [bytes.fromhex(nonce) for _, nonce in sealed])
    steps = draw_steps(seed, label, grid)
    draw.outcome = {"k": steps[0]["value"], "steps": steps}
    opening.coefficients = {
        "type": "sunbid-draw/v1",
        "label": label,
        "parties": [
            {"party": nonce.party, "commitment": nonce.commitment, "nonce": nonce.reveal}
            for nonce in record.nonces(act.session, draw)
        ],
        "bid_nonces": [
            {"number": bid.number, "submission_digest": bid.submission.digest, "nonce": nonce} for bid, nonce in sealed
        ],
        "candidates": draw.candidates,
        "list_digest": draw.list_digest,
        "seed": seed.hex(),
        "steps": steps,
        "k": steps[0]["value"],
    }
    advance(act, draw, "conclude", k=steps[0]["value"], seed=seed.hex())
    advance(act, opening, "draw_coefficients", k=steps[0]["value"], seed=seed.hex())


def _announced(act: Act, section: Section, grid: list[str]) -> record.Draw:
    label = draw_label(section.code)
    try:
        return record.draw(act.session, label)
    except Missing:
        parameters = {
            "grid": grid,
            "list_digest": mechanism.list_digest(grid),
            "extra": "schedule nonces of opened bids",
        }
        return record.announce_draw(
            act, label=label, section=section.code, parties=list(DRAW_PARTIES), parameters=parameters
        )


def _check_party(act: Act, section: Section, party: str) -> None:
    if party not in DRAW_PARTIES or not queries.is_trustee(act.session, section, act.actor, party):
        raise Forbidden("peel.trustee", role=party)

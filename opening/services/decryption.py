"""The decrypt window: opened, paused and resumed, ended; sign-in; what becomes of bids left sealed (R-253…R-256)."""

from __future__ import annotations

from bidding import queries as bidding
from bidding import services as bidding_services
from core.act import Act
from core.clock import iso
from core.draw.record import freeze_candidates
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance
from opening import queries
from opening.lifecycle import OPENED
from opening.models import Bid, Opening
from opening.rules import (
    check_state,
    coefficient_grid,
    deemed,
    extended,
    judgement,
    paused_at,
    remedy_of,
    resumed,
    window_end,
    with_pause,
)
from opening.services.bonds import return_bond
from opening.services.coefficients import committed_draw
from opening.services.preconditions import check_conditions
from opening.services.telling import tell_judged
from opening.services.unsealing import open_ready

LONGEST_EXTENSION = 24 * 60
"""Minutes by which the window may be prolonged in one go."""


def open_decryption(act: Act, opening: Opening) -> None:
    """Open the window for the minutes the policy fixed; from here bidders may release (R-253).

    Where a coefficient is drawn, both draw parties must have committed: their choice is made before any nonce sealed in
    a bid is known. Raises Conflict("draw.uncommitted") naming who has not.
    """
    check_conditions(act, opening, "open_decryption")
    section = opening.section
    grid = coefficient_grid(section.method) if opening.reads_prices and opening.coefficients is None else []
    if grid:
        freeze_candidates(act, committed_draw(act, section), grid)
    minutes = bidding.policy(act.session, section).content["decrypt_minutes"]
    opening.decrypt_until_at = window_end(act.now, minutes)
    advance(act, opening, "open_decryption", until=iso(opening.decrypt_until_at), minutes=minutes)


def pause(act: Act, opening: Opening, reason: str) -> None:
    """Stop the window's clock for a stated reason; while it stands nothing is released.

    Raises Untimely("decrypt.over") once the window has ended: an end that has come is not undone by a pause.
    """
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    check_conditions(act, opening, "pause")
    opening.pauses = with_pause(opening.pauses, act.now, reason.strip(), act.actor.name)
    advance(act, opening, "pause", reason=reason.strip())


def resume(act: Act, opening: Opening) -> None:
    """Let the clock run again: the window's end moves by exactly the length of the pause."""
    if paused_at(opening.pauses) is not None and opening.decrypt_until_at is not None:
        opening.pauses, opening.decrypt_until_at, length = resumed(opening.pauses, opening.decrypt_until_at, act.now)
        advance(act, opening, "resume", until=iso(opening.decrypt_until_at), paused_seconds=int(length.total_seconds()))
    else:
        advance(act, opening, "resume")


def extend(act: Act, opening: Opening, minutes: int, reason: str) -> None:
    """Prolong the decrypt window by `minutes` for a stated reason; it is never shortened, and one over stays over.

    Raises Untimely("decrypt.over") once the window has ended, Invalid("form.range") outside 1 minute … 24 hours.
    """
    check_conditions(act, opening, "extend")
    if not reason.strip():
        raise Invalid("form.required", field="reason")
    if not 1 <= minutes <= LONGEST_EXTENSION:
        raise Invalid("form.range", field="minutes", least=1, most=LONGEST_EXTENSION, found=minutes)
    until = opening.decrypt_until_at or act.now
    opening.extensions, opening.decrypt_until_at = extended(
        opening.extensions, until, minutes, act.now, reason.strip(), act.actor.name
    )
    facts = {"minutes": minutes, "until": iso(opening.decrypt_until_at), "reason": reason.strip()}
    append(act, "opening.extend", opening.subject, {**facts, "actor": act.actor.name})
    act.session.flush()


def sign_in_bid(act: Act, opening: Opening, bid: Bid) -> None:
    """Record that the bidder is there, in the hour of the opening only (R-251); signing in again changes nothing."""
    queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    check_state(opening, "sign_in", {"names_published", "decrypt_open", "decrypt_paused", "trustee_fallback"})
    if bid.state == "returned":
        raise Conflict("bid.returned", number=bid.number)
    if bid not in queries.sitting_bids(act.session, opening):
        return
    if bid.signed_in_at is None:
        bid.signed_in_at = act.now
        append(act, "bid.sign_in", bid.subject, {"number": bid.number, "by": act.actor.name})
        act.session.flush()


def fall_back(act: Act, opening: Opening) -> None:
    """End the bidders' part of the window, when its time is over and bids are still sealed; causes are decided next."""
    check_conditions(act, opening, "fall_back")
    advance(act, opening, "fall_back", sealed=[bid.number for bid in _sealed(act, opening)])


def decide_cause(act: Act, opening: Opening, bid: Bid, cause: str, evidence: str) -> None:
    """Record why a bid was not decrypted, decided by the person acting, with evidence (R-254).

    Where the tender documents offer the remedy, k trustees may open it from now on (R-256), the cause goes into the
    record. Decided a second time, or where there is no remedy, the bid stays sealed: deemed revoked (撤销) for the
    bidder's own cause, deemed withdrawn (撤回) for any other. "bidder_file", after two key holders have found a package
    that does not open, marks the bid corrupted.
    """
    verb = deemed(cause)
    if not evidence.strip():
        raise Invalid("form.required", field="evidence")
    check_state(opening, "decide_cause", {"trustee_fallback"})
    check_state(bid, "decide_cause", {"sealed"})
    bid.cause, bid.cause_evidence = cause, evidence.strip()
    policy = queries.policy_of(act.session, bid.submission)
    rule = remedy_of(policy["failure"])
    broken = [
        envelope
        for envelope in opening.due(bid.submission)
        if queries.unreadable(act.session, bid.submission, envelope)
    ]
    if cause == "bidder_file" and broken:
        advance(act, bid, "mark_corrupted", cause=cause, evidence=bid.cause_evidence, envelopes=broken, rule="R-254")
    elif rule is not None and bid.remedy is None:
        bid.remedy = "trustees"
        append(
            act,
            "bid.decide_cause",
            bid.subject,
            {"cause": cause, "evidence": bid.cause_evidence, "remedy": "trustees", "rule": rule, "by": act.actor.name},
        )
        act.session.flush()
    else:
        bid.judgement = {
            **judgement(verb, bidding.law_of(opening.section), opening.section.bond_fen),
            "by": act.actor.name,
            "at": iso(act.now),
            "evidence": [item.id for item in queries.evidence(act.session, opening, bid)],
        }
        advance(act, bid, verb, cause=cause, evidence=bid.cause_evidence, rule="R-254", judgement=bid.judgement)
        if verb == "deem_withdrawn":
            return_bond(act, opening, bid)
        tell_judged(act, opening, bid, bid.judgement["status"])


def close_decryption(act: Act, opening: Opening) -> None:
    """End decryption once no bid is left sealed: every one received in time was opened or its fate decided (R-263).

    Raises Conflict("opening.sealed_left") naming them. Nothing opened at all, or under regime G fewer than R-252 asks
    for, fails the opening (R-255).
    """
    check_conditions(act, opening, "close_decryption")
    bids = queries.sitting_bids(act.session, opening)
    advance(act, opening, "close_decryption", opened=sum(bid.state in OPENED for bid in bids), bids=len(bids))
    # A restored bid that does not open takes nothing from those that were opened before it.
    opened = [bid for bid in queries.bids(act.session, opening) if bid.state in OPENED]
    law = bidding.law_of(opening.section)
    least = law.days("min_bidders_open") if law.regime == "G" else 1
    if len(opened) < least:
        opening.failure = {**law.cite("min_bidders_open"), "rule": "R-255", "found": len(opened)}
        opening.stood_in = opening.state
        advance(act, opening, "fail", **opening.failure)
        bidding_services.fail_section(act, opening.section, "R-255")


def advance_due(act: Act, opening: Opening) -> None:
    """Do what the instant calls for: open what is ready, close when nothing is sealed, fall back when time is over.

    Derived from data alone: called once, twice, or long after, the result is the same.
    """
    if opening.state in ("decrypt_open", "trustee_fallback"):
        open_ready(act, opening)
        if not _sealed(act, opening):
            close_decryption(act, opening)
        elif (
            opening.state == "decrypt_open"
            and opening.decrypt_until_at is not None
            and act.now >= opening.decrypt_until_at
        ):
            fall_back(act, opening)


def _sealed(act: Act, opening: Opening) -> list[Bid]:
    return [bid for bid in queries.bids(act.session, opening) if bid.state == "sealed"]

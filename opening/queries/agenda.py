"""What waits for whom on the day of the opening: the host's next move, layers to take off, words to confirm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.rules import Role
from bidding.models import Section
from bidding.queries import agenda as bidding
from bidding.queries import law_of
from bidding.rules import TRUSTEES
from core.act import Actor
from core.agenda import Item, Kind
from core.errors import Conflict
from opening.models import Bid, Opening
from opening.queries.layers import has_tasks
from opening.queries.opening import incidents, open_objections
from opening.queries.shown import commitments
from opening.rules import DRAW_PARTIES

OVER = ("handed_over", "failed", "cancelled")

MOVES = {
    "closed": "publish_names",
    "names_published": "open_decryption",
    "decrypt_open": "close_decryption",
    "decrypt_paused": "resume",
    "trustee_fallback": "close_decryption",
    "decrypt_closed": "draw_coefficients",
    "coefficients_drawn": "read_prices",
    "prices_read": "ask_confirmation",
    "record_confirm": "sign_record",
    "objection": "sign_record",
    "record_signed": "hand_over",
    "suspended": "reconvene",
}
"""The move that takes the day on, by state: the host's next one."""

KINDS = {
    "opening.host": Kind(
        "opening.desk",
        (
            "opening.publish_names", "opening.open_decryption", "opening.close_decryption", "opening.resume",
            "opening.pause", "opening.extend", "opening.fall_back", "opening.decide_cause", "opening.overturn",
            "opening.draw_coefficients", "opening.read_prices", "opening.ask_confirmation", "opening.sign_record",
            "opening.hand_over", "opening.reconvene", "opening.suspend", "opening.cancel", "opening.announce",
            "opening.announce_reconvening", "opening.call_bidder",
        ),
    ),
    "opening.reply": Kind("opening.desk", ("opening.reply_objection",)),
    "opening.incident": Kind("opening.desk", ("opening.close_incident",)),
    "opening.second_sitting": Kind("opening.desk", ("opening.convene_second", "opening.announce_supplement")),
    "opening.final_offers": Kind("opening.call_final_offers", ("opening.call_final_offers",), must=False),
    "opening.cover": Kind("opening.cover", ("opening.except_cover",), must=False),
    "opening.peel": Kind("opening.take_off", ("opening.peel_layer", "opening.report_fault")),
    "opening.commit_draw": Kind("opening.take_off", ("opening.commit_coefficient",)),
    "opening.reveal_draw": Kind("opening.take_off", ("opening.reveal_coefficient",)),
    "opening.cosign": Kind("opening.watch", ("opening.cosign_record", "opening.record_irregularity"), must=False),
    "opening.sign_in": Kind("opening.my_bid", ("opening.sign_in_bid",)),
    "opening.decrypt": Kind(
        "opening.my_bid", ("opening.release", "opening.hand_in_backup", "opening.give_evidence", "opening.appeal")
    ),
    "opening.confirm": Kind("opening.my_bid", ("opening.confirm_record", "opening.raise_objection")),
}  # fmt: skip


def agenda(session: Session, actor: Actor, now: datetime) -> Iterator[Item]:
    """Everything of this floor that the actor must or may do at the instant."""
    if actor.has(Role.OFFICER, Role.SUPERVISOR):
        yield from _commitments(session, actor)
    if actor.has(Role.TENDEREE, Role.AGENT, Role.OFFICER, Role.SUPERVISOR):
        for section in bidding.own_sections(session, actor, ("closed", "opened", "evaluating")):
            found = session.scalar(select(Opening).where(Opening.section_id == section.id))
            if found is not None:
                yield from _day(session, found, actor)
    if actor.has(Role.BIDDER):
        yield from _own(session, actor)


def _commitments(session: Session, actor: Actor) -> Iterator[Item]:
    """Nonces of the draw of K: committed to while bids come in, so before anybody could choose against them (R-262)."""
    states = ("submission_open", "suspended", "closed")
    for section in bidding.own_sections(session, actor, states):
        found = session.scalar(select(Opening).where(Opening.section_id == section.id))
        if found is not None and found.state not in ("closed", "names_published"):
            continue
        said = commitments(session, section)
        if any(said.get(role, {"commitment": ""})["commitment"] is None for role in _parties(actor)):
            yield bidding.on(section, "opening.commit_draw", due=section.deadline_at, rule=_cite("R-262"))


def _parties(actor: Actor) -> list[str]:
    return [party for party in DRAW_PARTIES if actor.has(party)]


def _cite(rule: str) -> dict[str, str]:
    return {"rule": rule, "source": ""}


def _day(session: Session, found: Opening, actor: Actor) -> Iterator[Item]:
    section = found.section
    if actor.has(Role.TENDEREE, Role.AGENT, Role.OFFICER):
        yield from _host(session, found, actor)
    for role in TRUSTEES:
        if actor.has(role):
            with suppress(Conflict):  # nothing is handed out before outsiders have covered the closing
                if has_tasks(session, found, actor, role):
                    due = found.decrypt_until_at if found.state == "decrypt_open" else None
                    yield bidding.on(section, "opening.peel", due=due, facts={"role": role})
    if actor.has(Role.OFFICER) and found.state == "closed" and found.cover is None:
        yield bidding.on(section, "opening.cover")
    if found.state == "decrypt_closed" and found.reads_prices:
        said = commitments(session, section)
        held = [said[party] for party in _parties(actor) if party in said]
        if any(one["commitment"] and not one["nonce"] for one in held):
            yield bidding.on(section, "opening.reveal_draw", rule=_cite("R-262"))
    signed = any(one.get("login") == actor.name for one in found.record_signatures)
    if actor.has(Role.SUPERVISOR) and found.state == "record_signed" and not signed:
        yield bidding.on(section, "opening.cosign")


def _host(session: Session, found: Opening, actor: Actor) -> Iterator[Item]:
    section = found.section
    if found.state in MOVES:
        due = found.decrypt_until_at if found.state in ("decrypt_open", "trustee_fallback") else None
        rule = _window(section) if due else None
        facts = {"state": f"opening.{found.state}", "verb": f"opening.{MOVES[found.state]}"}
        yield bidding.on(section, "opening.host", due=due, facts=facts, rule=rule)
    for objection in open_objections(session, found):
        yield bidding.on(section, "opening.reply", facts={"number": objection.id}, rule=_cite("R-259"))
    if found.state not in OVER:
        for incident in incidents(session, found):
            if incident.closed_at is None:
                yield bidding.on(section, "opening.incident")
    if found.state == "handed_over":
        awaits = found.awaited is not None or (found.sitting < found.sittings and found.admitted is not None)
        if awaits:
            yield bidding.on(section, "opening.second_sitting", due=section.second_opening_at)
        law = law_of(section)
        calls = section.state == "opened" and section.round == 1 and "rounds" in law.rules and law.days("rounds") > 1
        if calls and not actor.has(Role.OFFICER):
            yield bidding.on(section, "opening.final_offers", rule=bidding.cited(law, "rounds"))


def _window(section: Section) -> dict[str, str] | None:
    return bidding.cited(law_of(section), "decrypt_minutes_min")


def _own(session: Session, actor: Actor) -> Iterator[Item]:
    """The actor's own bids on a day that goes on; before the names nobody knows that they are its."""
    if actor.organisation_id is None:
        return
    query = (
        select(Bid, Opening)
        .join(Opening, Opening.id == Bid.opening_id)
        .where(Bid.organisation_id == actor.organisation_id, Opening.state.not_in(OVER))
        .order_by(Bid.id)
    )
    for bid, found in session.execute(query):
        section, until = found.section, found.decrypt_until_at
        facts: dict[str, Any] = {"number": bid.number}
        if found.numbers is not None and bid.number not in found.numbers:
            continue
        if found.state == "decrypt_open" and bid.state == "sealed":
            yield bidding.on(section, "opening.decrypt", due=until, facts=facts, rule=_window(section))
        elif found.state in ("names_published", "decrypt_open") and bid.signed_in_at is None and bid.state == "sealed":
            yield bidding.on(section, "opening.sign_in", facts=facts)
        if found.state == "record_confirm" and bid.confirmed_at is None:
            yield bidding.on(section, "opening.confirm", facts=facts)

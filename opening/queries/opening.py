"""Reads of an opening, its bids and objections, and of what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts.models import Certificate, Revocation
from bidding import queries as bidding
from bidding.models import Section, Submission, Trustee
from core.act import Actor
from core.errors import Missing
from opening.lifecycle import OPENED
from opening.models import Bid, Evidence, Incident, Opening, OpeningObjection, Presence, Saying


def opening(session: Session, section: Section) -> Opening:
    """The section's opening, or Missing before its closing."""
    found = opening_or_none(session, section)
    if found is None:
        raise Missing("opening.unknown", section=section.code)
    return found


def opening_or_none(session: Session, section: Section) -> Opening | None:
    """The section's opening; None before its closing."""
    return session.scalar(select(Opening).where(Opening.section_id == section.id))


def opening_of(session: Session, bid: Bid) -> Opening:
    """The opening a bid was named in."""
    return session.get_one(Opening, bid.opening_id)


def bids(session: Session, found: Opening) -> list[Bid]:
    """Every named bid of the opening, by number (the order in which they were received)."""
    return list(session.scalars(select(Bid).where(Bid.opening_id == found.id).order_by(Bid.number)))


def first_round_bid(session: Session, section: Section, identifier: str) -> Bid | None:
    """The bid of that bidder in the round a final one follows; None where there is none."""
    found = session.scalar(select(Opening).join(Section).where(Section.code == section.first_round))
    if found is None:
        return None
    return next((bid for bid in bids(session, found) if bid.identifier == identifier), None)


def sitting_bids(session: Session, found: Opening) -> list[Bid]:
    """The bids that take part in this sitting, by number: in a second one only those that passed the first stage."""
    wanted = found.numbers
    return [bid for bid in bids(session, found) if wanted is None or bid.number in wanted]


def prices_told(found: Opening) -> bool:
    """Whether prices are read out here: in a negotiation, consultation or inquiry no side may tell another supplier's
    price (R-602), so they stay with the committee; and a first sitting of two has none to read.
    """
    return found.reads_prices and bidding.law_of(found.section).words("prices_read") != ("none",)


def opened_bids(session: Session, section: Section) -> list[Bid]:
    """The bids that were opened and go on to evaluation, by number; none before the prices were read."""
    found = opening_or_none(session, section)
    return [] if found is None else [bid for bid in bids(session, found) if bid.state in OPENED]


def bid(session: Session, found: Opening, digest: str) -> Bid:
    """The bid of that submission digest in this opening, or Missing."""
    held = session.scalar(
        select(Bid)
        .join(Submission, Bid.submission_id == Submission.id)
        .where(Bid.opening_id == found.id, Submission.digest == digest)
    )
    if held is None:
        raise Missing("opening.no_bid")
    return held


def own_bids(session: Session, found: Opening, actor: Actor) -> list[Bid]:
    """The bids of the actor's organisation, by number; empty for who has none here."""
    if actor.organisation_id is None:
        return []
    return [bid for bid in bids(session, found) if bid.organisation_id == actor.organisation_id]


def check_own_bid(session: Session, found: Opening, actor: Actor, digest: str) -> Bid:
    """The bid of that digest if it is the actor's organisation's; Missing otherwise, as if there were none."""
    held = bid(session, found, digest)
    if actor.organisation_id is None or held.organisation_id != actor.organisation_id:
        raise Missing("opening.no_bid")
    return held


def is_trustee(session: Session, section: Section, actor: Actor, role: str) -> bool:
    """Whether the actor is the person registered as the section's trustee of that role."""
    held = session.scalar(select(Trustee).where(Trustee.section_id == section.id, Trustee.role == role))
    return held is not None and actor.person_id is not None and held.person_id == actor.person_id


def closed_submissions(session: Session, found: Opening) -> list[Submission]:
    """The submissions of the closed set, in the order of receipt."""
    digests = [item["submission_digest"] for item in found.closed_set]
    return list(
        session.scalars(select(Submission).where(Submission.digest.in_(digests)).order_by(Submission.leaf_index))
    )


def revoked_by(session: Session, at: datetime) -> set[str]:
    """What had been revoked by the instant, for `check_certificate`; a later revocation undoes no bid (R-032)."""
    own = session.scalars(select(Certificate.fingerprint).where(Certificate.revoked_at <= at))
    listed = session.execute(
        select(Revocation.authority_fingerprint, Revocation.serial).where(Revocation.revoked_at <= at)
    )
    return {*own, *(f"{authority}:{serial}" for authority, serial in listed)}


def objections(session: Session, found: Opening) -> list[OpeningObjection]:
    """Objections on the spot, oldest first."""
    return list(
        session.scalars(
            select(OpeningObjection).where(OpeningObjection.opening_id == found.id).order_by(OpeningObjection.id)
        )
    )


def open_objections(session: Session, found: Opening) -> list[OpeningObjection]:
    """Objections not answered yet: while there is one, the record cannot be signed (R-259)."""
    return [objection for objection in objections(session, found) if objection.replied_at is None]


def incidents(session: Session, found: Opening) -> list[Incident]:
    """What went wrong in the hall, by number."""
    return list(session.scalars(select(Incident).where(Incident.opening_id == found.id).order_by(Incident.number)))


def evidence(session: Session, found: Opening, held: Bid | None = None) -> list[Evidence]:
    """What was brought on why bids were not decrypted, of one bid or of all, oldest first."""
    query = select(Evidence).where(Evidence.opening_id == found.id).order_by(Evidence.id)
    return list(session.scalars(query.where(Evidence.bid_id == held.id) if held is not None else query))


def sayings(session: Session, found: Opening) -> list[Saying]:
    """What was said in the hall, oldest first."""
    return list(session.scalars(select(Saying).where(Saying.opening_id == found.id).order_by(Saying.number)))


def presence_of(session: Session, found: Opening, person_id: int) -> Presence | None:
    """The last sign of life of a person's page."""
    return session.scalar(select(Presence).where(Presence.opening_id == found.id, Presence.person_id == person_id))


def presences(session: Session, found: Opening) -> list[Presence]:
    """Everybody whose page showed a sign of life, hosts and supervisors first."""
    held = session.scalars(select(Presence).where(Presence.opening_id == found.id).order_by(Presence.id))
    return sorted(held, key=lambda item: (item.role == "bidder", item.id))


def coefficients(session: Session, section: Section) -> Any:
    """The drawn coefficients (docs/spec/draw.md); Missing before the draw."""
    found = opening(session, section)
    if found.coefficients is None:
        raise Missing("opening.undrawn", section=section.code)
    return found.coefficients


def day_board(session: Session, now: datetime) -> list[tuple[Section, Opening | None]]:
    """Published sections that open within a week, opened within a week or are being opened now, by deadline."""
    week = timedelta(days=7)
    running = select(Opening.section_id).where(Opening.state.not_in(("handed_over", "failed", "cancelled")))
    sections = session.scalars(
        select(Section)
        .where(
            Section.published_at.is_not(None),
            or_(Section.deadline_at.between(now - week, now + week), Section.id.in_(running)),
        )
        .order_by(Section.deadline_at)
    )
    return [(section, opening_or_none(session, section)) for section in sections]

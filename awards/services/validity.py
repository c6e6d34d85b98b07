"""Bids stand longer by their bidders' word: asked of all, agreed with the bond, or refused and the bond goes back."""

from __future__ import annotations

from datetime import date, datetime

from awards.models import ValidityAnswer, ValidityExtension
from awards.queries import validity as queries
from awards.rules.validity import check_extension
from bidding.models import Bond, Section
from bidding.queries import bonds as bond_queries
from bidding.rules.bonds import PAPERS
from bidding.services import bonds
from core.act import Act
from core.calendar import day_of
from core.clock import iso
from core.errors import Conflict, Invalid, Untimely
from core.ledger.log import append
from core.outbox import post
from opening.models import Bid


def ask_extension(act: Act, section: Section, *, until: date, answer_by: datetime, reason: str) -> ValidityExtension:
    """Ask every bidder whose bid stands, all alike, to let it stand until that day (R-158).

    Conflict("validity.state") before the prices were read or once the contract has ended it all, ("validity.open")
    while an earlier question waits; what `check_extension` raises. Every bidder gets a letter.
    """
    standing = queries.standing_bids(act.session, section)
    if section.state not in queries.ASKABLE or not standing:
        raise Conflict("validity.state", section=section.code)
    if queries.open_extension(act.session, section) is not None:
        raise Conflict("validity.open", section=section.code)
    before, reason = queries.valid_until(act.session, section), reason.strip()
    check_extension(act.now, before, until, answer_by, reason)
    held = ValidityExtension(
        section_id=section.id, section=section, number=1 + len(queries.extensions(act.session, section)),
        before=before.isoformat(), until=until.isoformat(), reason=reason, answer_by=answer_by,
        asked_by=act.actor.name, asked_at=act.now,
    )  # fmt: skip
    act.session.add(held)
    act.session.flush()
    facts = {"number": held.number, "before": held.before, "until": held.until, "answer_by": iso(answer_by)}
    append(act, "validity.ask", section.subject, {**facts, "reason": reason, "bids": [bid.number for bid in standing]})
    for bid in standing:
        if bid.organisation_id is not None:
            post(
                act,
                key=f"validity.ask:{section.code}:{held.number}:{bid.number}",
                recipient=f"organisation:{bid.organisation_id}",
                template="validity.ask",
                section=section.code,
                until=held.until,
                answer_by=iso(answer_by),
            )
    return held


def answer_extension(act: Act, held: ValidityExtension, bid: Bid, *, accepts: bool, guarantee: bytes = b"") -> None:
    """The bidder's answer, once: agreed, and the bond stands as long; or not, and the bond is due back.

    Nothing of the bid changes with it. Who gave a guarantee agrees with one that lasts: Invalid validity.no_guarantee,
    validity.guarantee. Untimely("validity.answer_late"); Conflict("validity.answered").
    """
    section = held.section
    if held.concluded_at is not None or act.now >= held.answer_by:
        raise Untimely("validity.answer_late", at=held.answer_by)
    if bid.id not in {one.id for one in queries.unanswered(act.session, held)}:
        raise Conflict("validity.answered", section=section.code)
    bond = _bond(act, section, bid)
    if accepts and bond is not None and bond.form in PAPERS and (bond.guarantee or {}).get("document"):
        if not guarantee:
            raise Invalid("validity.no_guarantee", field="guarantee", until=held.until)
        bonds.extend_guarantee(act, bond, guarantee, until=date.fromisoformat(held.until))
    _keep(act, held, bid, accepts, act.actor.name)
    if not queries.unanswered(act.session, held):
        _conclude(act, held)


def conclude_extension(act: Act, held: ValidityExtension) -> None:
    """The time to answer is over: who was silent has not agreed, and their bonds are due back. Safe twice."""
    if held.concluded_at is not None:
        raise Conflict("validity.answered", section=held.section.code)
    if act.now < held.answer_by:
        raise Untimely("validity.running", at=held.answer_by)
    for bid in queries.unanswered(act.session, held):
        _keep(act, held, bid, False, "")
    _conclude(act, held)


def _bond(act: Act, section: Section, bid: Bid) -> Bond | None:
    here = bond_queries.bonded_section(act.session, section)
    return next((one for one in bond_queries.bonds(act.session, here, "bid") if one.holder == bid.identifier), None)


def _keep(act: Act, held: ValidityExtension, bid: Bid, accepts: bool, by: str) -> None:
    act.session.add(
        ValidityAnswer(
            extension_id=held.id, extension=held, bid_id=bid.id, bid=bid, accepts=accepts, answered_by=by,
            answered_at=act.now,
        )
    )  # fmt: skip
    act.session.flush()
    section = held.section
    append(act, "validity.answer", section.subject, {"number": held.number, "bid": bid.number, "accepts": accepts,
                                                     "actor": by})  # fmt: skip
    bond = None if accepts else _bond(act, section, bid)
    if bond is not None and bond.number is not None:
        bonds.make_due(act, bond.section, "refused", numbers=[bond.number], since=day_of(act.now))


def _conclude(act: Act, held: ValidityExtension) -> None:
    held.concluded_at = act.now
    act.session.flush()
    agreed = [one.bid.number for one in queries.answers(act.session, held) if one.accepts]
    append(
        act, "validity.conclude", held.section.subject, {"number": held.number, "until": held.until, "agreed": agreed}
    )

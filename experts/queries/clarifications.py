"""Reads of what the committee asked bidders, and of what follows: further clauses to review, corrected prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import queries as bidding
from bidding import rules as bidding_rules
from bidding.models import Section
from core.act import Actor
from core.errors import Missing
from experts.models import BidClarification, Committee
from experts.queries.avoidance import committee_of
from experts.queries.committee import bids_in_evaluation, clauses_of, in_two_stages
from experts.rules.clarifications import answer_document, digest_of, question_document
from experts.rules.grounds import CORRECTION, LOW_PRICE
from experts.rules.low_price import Trigger, low_price_lines, low_prices
from opening import queries as opening
from opening.models import Bid

FINISHED = frozenset({"answered", "refused", "lapsed"})

FURTHER: dict[str, dict[str, str]] = {
    CORRECTION: {
        "code": CORRECTION, "text": "投标人书面接受对投标报价算术错误的修正",
        "source": "《评标委员会和评标方法暂行规定》第十九条、财政部令第87号第五十九条",
    },
    LOW_PRICE: {
        "code": LOW_PRICE, "text": "投标人对明显偏低的报价作出的书面说明和证明材料能够证明其报价合理、不低于成本",
        "source": "《评标委员会和评标方法暂行规定》第二十一条、财政部令第87号第六十条",
    },
}  # fmt: skip
"""Clauses that stand on the review of a bid only once the bidder has been asked: in vain, or about a low price."""


def bid_clarifications(session: Session, held: Committee) -> list[BidClarification]:
    """Every question of the committee, oldest first."""
    query = select(BidClarification).where(BidClarification.committee_id == held.id).order_by(BidClarification.number)
    return list(session.scalars(query))


def bid_clarification(session: Session, held: Committee, number: int) -> BidClarification:
    """The question of that number, or Missing."""
    found = next((one for one in bid_clarifications(session, held) if one.number == number), None)
    if found is None:
        raise Missing("bid_clarification.unknown")
    return found


def own_bid_clarifications(session: Session, section: Section, actor: Actor) -> list[BidClarification]:
    """The questions put to the actor's organisation, oldest first; Missing for who has no bid in this section."""
    held = opening.opening(session, section)
    own = {bid.id for bid in opening.own_bids(session, held, actor)}
    if not own:
        raise Missing("opening.no_bid")
    committee = committee_of(session, section)
    return [one for one in bid_clarifications(session, committee) if one.bid_id in own] if committee else []


def own_bid_clarification(session: Session, section: Section, actor: Actor, number: int) -> BidClarification:
    """One question put to the actor's organisation, or Missing."""
    found = next((one for one in own_bid_clarifications(session, section, actor) if one.number == number), None)
    if found is None:
        raise Missing("bid_clarification.unknown")
    return found


def due_to_lapse(session: Session, now: datetime) -> list[BidClarification]:
    """The questions whose time is over and which nobody has answered."""
    query = select(BidClarification).where(BidClarification.state == "asked", BidClarification.due_at <= now)
    held = session.scalars(query.order_by(BidClarification.id))
    return [one for one in held if answer_until(one, now) <= now and not stands_still(one.committee.section)]


def answer_until(one: BidClarification, now: datetime) -> datetime:
    """When the time to answer is over: as asked, later by what an order of the regulator made stand still (R-562)."""
    return bidding_rules.moved_due(one.due_at, one.asked_at, one.committee.section.orders, now)


def stands_still(section: Section) -> bool:
    """Whether the regulator orders the section to stand still."""
    return bool(bidding_rules.orders.in_force(section.orders))


def question_of(one: BidClarification) -> dict[str, Any]:
    """The question as the document whose hash the ledger holds."""
    return question_document(
        one.committee.section.code, one.number, one.bid.submission.digest, kind=one.kind, clause=one.clause,
        text=one.text, basis=one.basis, asked_at=one.asked_at, due_at=one.due_at,
    )  # fmt: skip


def answer_of(one: BidClarification) -> dict[str, Any] | None:
    """The answer as the document that is signed; None while nothing has been written."""
    if one.answer is None:
        return None
    return answer_document(digest_of(question_of(one)), **one.answer)


def shown_answer(one: BidClarification) -> dict[str, Any] | None:
    """The answer as the committee may read it: none before it is signed."""
    return one.answer if one.state in ("answered", "refused") else None


def clauses_for(session: Session, held: Committee, bid: Bid) -> list[dict[str, str]]:
    """The clauses this bid is reviewed against: the frozen ones, and those that stand because of what was asked.

    Where prices come in a second stage what was asked about them stands in `price_clauses_for` instead.
    """
    further = [] if in_two_stages(held.section) else price_clauses_for(session, held, bid)
    return [*clauses_of(held.section), *further]


def price_clauses_for(session: Session, held: Committee, bid: Bid) -> list[dict[str, str]]:
    """The clauses that stand on this bid because it was asked about its price: in vain, or about a low one."""
    further = []
    for one in bid_clarifications(session, held):
        if one.bid_id != bid.id or one.kind not in FURTHER or one.state not in FINISHED:
            continue
        if one.kind == CORRECTION and one.state == "answered":
            continue
        if FURTHER[one.kind] not in further:
            further.append(FURTHER[one.kind])
    return further


def correction_of(session: Session, held: Committee, bid: Bid) -> BidClarification | None:
    """The last correction of the bid's price that was put to the bidder; None where there was none."""
    found = [one for one in bid_clarifications(session, held) if one.bid_id == bid.id and one.kind == CORRECTION]
    return found[-1] if found else None


def evaluated_prices(session: Session, held: Committee) -> dict[int, int | None]:
    """The price that counts, by bid number: the one read out, or the corrected one the bidder has accepted (R-432)."""
    prices: dict[int, int | None] = {}
    for bid in bids_in_evaluation(session, held.section):
        corrected = correction_of(session, held, bid)
        accepted = corrected is not None and corrected.state == "answered"
        prices[bid.number] = (corrected.basis or {})["price_fen"] if corrected and accepted else bid.price_fen
    return prices


def stated_bill(session: Session, bid: Bid) -> dict[str, Any] | None:
    """What was found in the bid's bill when it was looked into; None where there is none."""
    contents = opening.contents_of(session, [bid]).get(bid.id)
    found: dict[str, Any] | None = contents["bill"] if contents else None
    return found


def low_price_hits(session: Session, held: Committee) -> list[Trigger]:
    """The prices below a line of the law or the notice as the bids stand now, whoever passes the review (R-441)."""
    prices = {number: price for number, price in evaluated_prices(session, held).items() if price}
    return low_price_hits_of(held.section, prices)


def low_price_hits_of(section: Section, prices: Mapping[int, int]) -> list[Trigger]:
    """Which of these prices (fen, by bid number) lie below a line of the frozen law or the notice (R-441)."""
    law = {key: rule.value for key, rule in bidding.law_of(section).rules.items()}
    return low_prices(prices, section.control_price_fen, low_price_lines(law, section.method))

"""The prices of a second sitting: corrected, explained and decided by majority before the result is locked."""

from __future__ import annotations

from typing import Any

from core.act import Act
from core.errors import Conflict, Invalid
from experts import queries
from experts.models import Committee, Member
from experts.rules.grounds import CORRECTION
from experts.services.masks import check_own
from experts.services.review import (
    Findings,
    check_answered,
    check_correction,
    check_low_prices,
    decide,
    keep_findings,
)
from opening.models import Bid


def save_price_findings(act: Act, member: Member, bid: Bid, findings: Findings) -> None:
    """Save the member's findings on what one bidder answered about its price (R-430, R-440); again overwrites.

    As `save_findings`, once the prices of the second sitting were read: Conflict("committee.state") before and after,
    Invalid("review.bid") for a bid without a price.
    """
    check_own(act, member)
    committee = member.committee
    if not queries.in_price_stage(act.session, committee):
        raise Conflict(
            "committee.state", verb="save_price_findings", state=committee.state, allowed=["first_concluded"],
            subject=committee.subject,
        )  # fmt: skip
    if bid.id not in {held.id for held in queries.price_stage_bids(act.session, committee)}:
        raise Invalid("review.bid", field="bid")
    keep_findings(act, member, bid, findings, queries.price_clauses_for(act.session, committee, bid))


def price_review(act: Act, committee: Committee) -> dict[str, Any]:
    """The committee's decisions on the prices of a second sitting, as they stand in the result: {members, bids}.

    Conflict: bid_clarification.open, review.incomplete, review.correction, review.correction_refused,
    review.clarify_first, review.low_price, as `begin_scoring` refuses them where one sitting opens everything.
    """
    check_answered(act, committee)
    bids = queries.price_stage_bids(act.session, committee)
    stand = [(bid, queries.price_clauses_for(act.session, committee, bid)) for bid in bids]
    decisions = decide(act, committee, stand)
    failed = {one["number"]: {clause["clause"] for clause in one["grounds"]} for one in decisions}
    for bid in bids:
        check_correction(act, committee, bid, failed[bid.number])
    prices = queries.evaluated_prices(act.session, committee)
    ranked = queries.priced_bids(act.session, committee)
    check_low_prices(
        act, committee, {bid.number: prices[bid.number] or 0 for bid in ranked if CORRECTION not in failed[bid.number]}
    )
    members = queries.live_members(act.session, committee)
    return {"members": [member.label for member in members], "bids": decisions}

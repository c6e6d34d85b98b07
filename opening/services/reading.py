"""Reading out: prices are published with the secrets that prove them; bidders confirm or object on the spot."""

from __future__ import annotations

import base64
from typing import Any

from accounts.rules import verify_signature
from core.act import Act
from core.board import publish_notice
from core.clock import iso
from core.errors import Conflict, Invalid
from core.ledger.log import append
from core.machine import advance, may
from opening import queries
from opening.lifecycle import OPENED
from opening.models import Bid, Opening, OpeningObjection
from opening.rules import OBJECTABLE, SCHEDULE, check_state, readout


def read_prices(act: Act, opening: Opening) -> None:
    """Publish the price and schedule of every opened bid, and the schedules' secrets so that anyone can check (R-257).

    The sealed schedules themselves are attached: `age -d -i secret` shows the same figures. Where the procedure keeps
    prices from the others (R-602), and in the first of two sittings, whose envelopes hold none, the notice tells who
    was opened and no price, no secret, no sealed schedule.
    """
    section = opening.section
    told = queries.prices_told(opening)
    advance(act, opening, "read_prices", k=(opening.coefficients or {}).get("k"))
    bids = queries.bids(act.session, opening)
    publish_notice(
        act,
        kind="opening_prices",
        subject=section.subject,
        title=f"{section.project.name}（{section.name}）{sitting_name(opening)}开标结果",
        content={
            "section": section.code,
            "control_price_fen": section.control_price_fen,
            "coefficients": opening.coefficients,
            "sitting": opening.sitting,
            "bids": [_read_out(bid, told) for bid in bids],
        },
        attachments=[
            {
                "name": f"schedule-{bid.number}.age",
                **bid.submission.content["envelopes"][SCHEDULE]["bulk"],
            }
            for bid in bids
            if told and bid.state in OPENED
        ]
        + [_backup(act, bid) for bid in bids if told and bid.state == "opened_from_backup"],
    )


def sitting_name(opening: Opening) -> str:
    """What the sitting is called in titles: nothing where one opens everything."""
    names = {1: "第一信封", 2: "第二信封"}
    return "" if opening.sittings == 1 else names.get(opening.sitting, "第二信封补充")


def _backup(act: Act, bid: Bid) -> dict[str, Any]:
    """The plain schedule of a bid opened from its backup: with the salt it opens the commitment, as a secret would."""
    sha256 = (bid.envelopes or {})[SCHEDULE]["backup"]
    return {"name": f"schedule-{bid.number}.tar", "sha256": sha256, "size": act.store.size(sha256)}


def _read_out(bid: Bid, with_price: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": bid.number,
        "name": bid.name,
        "identifier": bid.identifier,
        "state": bid.state,
        "cause": bid.cause,
    }
    if with_price and bid.state in OPENED and bid.schedule is not None and bid.envelopes is not None:
        told["schedule"] = bid.schedule
        told["secret"] = bid.envelopes[SCHEDULE]["secret"]
        told["salt"] = bid.envelopes[SCHEDULE]["salt"]
        told["nonce"] = bid.envelopes[SCHEDULE]["nonce"]
        told["sealed_sha256"] = bid.submission.content["envelopes"][SCHEDULE]["bulk"]["sha256"]
        told["opened_at"] = iso(bid.opened_at) if bid.opened_at else None
    return told


def ask_confirmation(act: Act, opening: Opening) -> None:
    """Ask the bidders to confirm what was read out, or to object."""
    advance(act, opening, "ask_confirmation")


def confirm_record(act: Act, opening: Opening, bid: Bid, signature: str | None = None) -> None:
    """Record that the bidder confirms the opening as it stands; `signature` (base64 DER) is kept where one is given.

    The digest confirmed covers the record's facts (docs/spec/opening.md). Once only: Conflict("bid.confirmed").
    """
    queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    check_state(opening, "confirm_record", {"record_confirm", "objection"})
    if bid.confirmed_at is not None:
        raise Conflict("bid.confirmed", number=bid.number, at=bid.confirmed_at)
    digest = queries.readout_digest(act.session, opening)
    if signature is not None:
        _check_signature(bid, digest, signature)
    bid.confirmed_at = act.now
    bid.confirmation = {"digest": digest, "signature": signature, "by": act.actor.name}
    append(act, "bid.confirm", bid.subject, {"number": bid.number, **bid.confirmation})
    act.session.flush()


def _check_signature(bid: Bid, digest: str, signature: str) -> None:
    """Refuse a signature that the bid's own certificate did not make over the digest."""
    try:
        made = verify_signature(
            bid.identity["certificate"], base64.b64decode(signature, validate=True), readout(digest)
        )
    except ValueError:
        made = False
    if not made:
        raise Invalid("bid.confirmation", field="signature")


def raise_objection(act: Act, opening: Opening, bid: Bid, text: str) -> OpeningObjection:
    """Take a bidder's objection on the spot (R-259); while it is open the record cannot be signed."""
    queries.check_own_bid(act.session, opening, act.actor, bid.submission.digest)
    check_state(opening, "object", OBJECTABLE)
    if not text.strip():
        raise Invalid("form.required", field="text")
    objection = OpeningObjection(opening_id=opening.id, bid_id=bid.id, text=text.strip(), raised_at=act.now)
    act.session.add(objection)
    act.session.flush()
    facts = {"objection": objection.id, "number": bid.number, "text": objection.text}
    if may(opening, "object"):
        advance(act, opening, "object", **facts)
    else:
        append(act, "opening.object", opening.subject, {**facts, "actor": act.actor.name})
    return objection


def reply_objection(act: Act, opening: Opening, objection: OpeningObjection, text: str) -> None:
    """Answer an objection on the spot; after the last one the opening stands at the confirmation again."""
    if not text.strip():
        raise Invalid("form.required", field="reply")
    if objection.opening_id != opening.id or objection.replied_at is not None:
        raise Conflict("objection.replied")
    objection.reply, objection.replied_at, objection.replied_by = text.strip(), act.now, act.actor.name
    act.session.flush()
    facts = {"objection": objection.id, "reply": objection.reply}
    if may(opening, "reply") and not queries.open_objections(act.session, opening):
        advance(act, opening, "reply", **facts)
    else:
        append(act, "opening.reply", opening.subject, {**facts, "actor": act.actor.name})

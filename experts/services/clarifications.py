"""The committee asks a bidder in writing and the bidder answers, signed: content, arithmetic, a low price (R-420)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from accounts.rules.certificates import verify_signature
from bidding import queries as bidding
from bidding.rules import BOQ_ENVELOPE, BOQ_SLOT
from bidding.rules.boq import Bill, read_bill
from core.act import Act
from core.errors import Conflict, Invalid, Missing, Untimely
from core.ledger.log import append
from core.machine import advance
from core.outbox import post
from core.store import ObjectStore
from experts import queries
from experts.models import BidClarification, Committee
from experts.rules.clarifications import LEAST_MINUTES, MOST_MINUTES, answer_message, digest_of
from experts.rules.corrections import correct_price
from experts.rules.grounds import CONTENT, CORRECTION, KINDS, LOW_PRICE
from experts.rules.law import expert_law
from experts.services.masks import check_leader, check_moving, from_seat
from opening.models import Bid

LEAST_TEXT, MOST_TEXT, MOST_ANSWER, MOST_FILES = 10, 4000, 10_000, 10
BOQ_FILE = "boq.json"


def ask_bidder(
    act: Act,
    committee: Committee,
    bid: Bid,
    *,
    kind: str,
    text: str,
    minutes: int,
    clause: str | None = None,
    basis: Any = None,
) -> BidClarification:
    """Put a written question to one bidder; it is answered on the platform before its time is over (R-420).

    By the leader while the bids are reviewed, and about prices of a second sitting once they were read; the bidder
    learns no name. Conflict: committee.no_leader, committee.leader_only, committee.state, bid_clarification.pending
    (the bid has an open question of this kind), bid_clarification.prices_sealed; Invalid: form.choice, form.length,
    review.clause, bid_clarification.minutes (10 minutes to seven days; a low price at least as long as the frozen law
    says, or 30 minutes, R-441).
    """
    leader = check_leader(act, committee)
    if kind not in KINDS:
        raise Invalid("form.choice", field="kind", found=kind, options=list(KINDS))
    if bid.id not in {held.id for held in _asked_about(act, committee, kind)}:
        raise Missing("bid.unknown")
    if clause is not None and clause not in {one["code"] for one in queries.clauses_of(committee.section)}:
        raise Invalid("review.clause", field="clause", clause=clause)
    text = text.strip()
    if not LEAST_TEXT <= len(text) <= MOST_TEXT:
        raise Invalid("form.length", field="text", least=LEAST_TEXT, most=MOST_TEXT, found=len(text))
    least = _least_minutes(committee, kind)
    if not least <= minutes <= MOST_MINUTES:
        raise Invalid("bid_clarification.minutes", field="minutes", least=least, most=MOST_MINUTES, found=minutes)
    held = queries.bid_clarifications(act.session, committee)
    if any(one.bid_id == bid.id and one.kind == kind and one.state == "asked" for one in held):
        raise Conflict("bid_clarification.pending", number=bid.number)
    asked = BidClarification(
        committee_id=committee.id, committee=committee, bid_id=bid.id, bid=bid, number=1 + len(held), kind=kind,
        clause=clause, text=text, basis=basis, asked_at=act.now, due_at=act.now + timedelta(minutes=minutes),
        state="asked", state_at=act.now,
    )  # fmt: skip
    act.session.add(asked)
    act.session.flush()
    question = queries.question_of(asked)
    facts = {"bid": bid.number, "kind": kind, "question": question, "question_sha256": digest_of(question)}
    append(from_seat(act, leader), "bid_clarification.ask", asked.subject, facts)
    if bid.organisation_id is not None:
        post(
            act, key=asked.subject, recipient=f"organisation:{bid.organisation_id}",
            template="experts.bidder_asked", section=committee.section.code, number=asked.number,
        )  # fmt: skip
    return asked


def propose_correction(
    act: Act,
    committee: Committee,
    bid: Bid,
    *,
    text: str,
    minutes: int,
    words_fen: int | None = None,
    slips: Iterable[str] = (),
) -> BidClarification:
    """Compute the bid's corrected price and ask the bidder to confirm it (R-430, R-431).

    `words_fen` is the amount in words where it differs from the figures; `slips` are the item codes whose unit price
    has an obvious decimal error, so that the stated amount stands. The accepted price counts from then on (R-432).
    Conflict("correction.nothing") where every figure agrees, Conflict("correction.accepted") the second time,
    Invalid("correction.slip") for an item that was not found to have one.
    """
    section = committee.section
    check_moving(section)
    before = queries.correction_of(act.session, committee, bid)
    if before is not None and before.state == "answered":
        raise Conflict("correction.accepted", number=bid.number)
    if bid.id not in {held.id for held in _asked_about(act, committee, CORRECTION)}:
        raise Missing("bid.unknown")
    amounts = found_slips(queries.stated_bill(act.session, bid))
    picked = {}
    for code in slips:
        if code not in amounts:
            raise Invalid("correction.slip", field="slips", found=code)
        picked[code] = amounts[code]
    corrected = correct_price(
        section.project.regime, int(bid.price_fen or 0), words_fen=words_fen, bill=_bill(act.store, bid), slips=picked
    )
    if not corrected.steps:
        raise Conflict("correction.nothing", number=bid.number)
    return ask_bidder(
        act, committee, bid, kind=CORRECTION, text=text, minutes=minutes, basis=corrected.as_json()
    )  # fmt: skip


def write_answer(
    act: Act,
    asked: BidClarification,
    *,
    text: str,
    accepts: bool | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Keep the answer as the bidder writes it and return the SHA-256 to be signed; nobody else can read it yet.

    `files`: {name, sha256, size} of stored objects. Missing for another's question, Conflict("bid_clarification.state")
    once answered, Untimely("bid_clarification.late"), Invalid: form.length, bid_clarification.accepts (a correction is
    accepted or refused), bid_clarification.files (at most ten).
    """
    _check_asked(act, asked)
    text = text.strip()
    least = 0 if accepts else 2
    if not least <= len(text) <= MOST_ANSWER:
        raise Invalid("form.length", field="text", least=least, most=MOST_ANSWER, found=len(text))
    if (accepts is None) == (asked.kind == CORRECTION):
        raise Invalid("bid_clarification.accepts", field="accepts")
    if len(files) > MOST_FILES:
        raise Invalid("bid_clarification.files", field="files", most=MOST_FILES)
    asked.answer = {"text": text, "accepts": accepts, "files": [dict(file) for file in files]}
    act.session.flush()
    return digest_of(queries.answer_of(asked) or {})


def sign_answer(act: Act, asked: BidClarification, *, answer_sha256: str, signature: str) -> None:
    """Give the answer that was written, signed by the certificate of the bid (base64 DER); then it cannot be changed.

    The committee reads it from now on. Conflict("bid_clarification.other") when another answer stands there than the
    one whose hash was signed, Invalid("bid_clarification.signature"), and what `write_answer` refuses (R-420, R-421).
    """
    _check_asked(act, asked)
    document = queries.answer_of(asked)
    if document is None or digest_of(document) != answer_sha256:
        raise Conflict("bid_clarification.other", number=asked.number)
    try:
        made = verify_signature(
            str((asked.bid.identity or {}).get("certificate", "")),
            base64.b64decode(signature, validate=True),
            answer_message(answer_sha256),
        )
    except ValueError:
        made = False
    if not made:
        raise Invalid("bid_clarification.signature", field="signature")
    asked.signature, asked.answered_at = signature, act.now
    verb = "refuse" if document["accepts"] is False else "answer"
    advance(act, asked, verb, answer=document, answer_sha256=answer_sha256, signature=signature)


def lapse_clarification(act: Act, asked: BidClarification) -> None:
    """Put on record that the time to answer is over; what was written and not signed is no answer and is dropped."""
    check_moving(asked.committee.section)
    due = queries.answer_until(asked, act.now)
    if act.now < due:
        raise Untimely("bid_clarification.not_due", due_at=due.isoformat())
    asked.answer = None
    advance(act, asked, "lapse")


def found_slips(bill: Mapping[str, Any] | None) -> dict[str, int]:
    """The items whose amount fits the unit price with its point elsewhere: item code → stated amount in fen."""
    found = {}
    for one in bill["findings"] if bill else []:
        if one["code"] == "boq.decimal_point":
            try:
                found[one["item"].split(" ")[0]] = int(Decimal(one["found"]) * 100)
            except InvalidOperation:
                continue
    return found


def _asked_about(act: Act, committee: Committee, kind: str) -> Sequence[Bid]:
    """The bids that may be asked for this now: while reviewed; about a price of a second sitting, once it was read."""
    state = "seated"
    if kind != CONTENT and queries.in_two_stages(committee.section):
        if not queries.prices_are_open(act.session, committee.section):
            raise Conflict("bid_clarification.prices_sealed", section=committee.section.code)
        state = "first_concluded"
    if committee.state != state:
        raise Conflict(
            "committee.state", verb="ask_bidder", state=committee.state, allowed=[state], subject=committee.subject
        )
    if state == "seated":
        return queries.bids_in_evaluation(act.session, committee.section)
    return queries.price_stage_bids(act.session, committee)


def _bill(store: ObjectStore, bid: Bid) -> Bill | None:
    for file in (bid.envelopes or {}).get(BOQ_ENVELOPE, {}).get("files", []):
        if (file["slot"], file["name"]) == (BOQ_SLOT, BOQ_FILE):
            try:
                return read_bill(store.read(file["sha256"]))
            except Invalid:
                return None
    return None


def _check_asked(act: Act, asked: BidClarification) -> None:
    if act.actor.organisation_id is None or asked.bid.organisation_id != act.actor.organisation_id:
        raise Missing("bid_clarification.unknown")
    if asked.state != "asked":
        raise Conflict(
            "bid_clarification.state", verb="answer", state=asked.state, allowed=["asked"], subject=asked.subject
        )
    check_moving(asked.committee.section)
    due = queries.answer_until(asked, act.now)
    if act.now >= due:
        raise Untimely("bid_clarification.late", due_at=due.isoformat())


def _least_minutes(committee: Committee, kind: str) -> int:
    """By the law frozen with the project, else by the evaluation's own rule of the day it was frozen on."""
    if kind != LOW_PRICE:
        return LEAST_MINUTES
    law = bidding.law_of(committee.section)
    if "low_price_explain_min" not in law.rules:
        law = expert_law(date.fromisoformat(law.on), law.regime)
    return law.days("low_price_explain_min")

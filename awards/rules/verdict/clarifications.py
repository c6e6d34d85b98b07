"""Checks of what the committee asked bidders: all told, signed and in time; what follows for clauses and prices."""

from __future__ import annotations

import base64
from typing import Any

from accounts.rules.certificates import verify_signature
from awards.rules.verdict.complaints import moved_due
from awards.rules.verdict.told import OPENED, Told, need, need_object
from core.clock import from_iso
from experts.rules.blind import MARKS
from experts.rules.clarifications import answer_message, digest_of
from experts.rules.grounds import CONTENT, CORRECTION, LOW_PRICE, grounds_for
from experts.rules.low_price import low_price_lines, low_prices
from experts.rules.review import review_clauses

FURTHER = (CORRECTION, LOW_PRICE)
Rows = list[dict[str, Any]]


def check_clarifications(told: Told, result: dict[str, Any]) -> dict[int, int]:
    """Every question and answer is the ledger's, and the review obeyed them; returns the prices that count by bid.

    Signed by the certificate of the bid, before its time was over and before the review ended; a bid fails on a ground
    that asks for a question only after one; a price below a line of the frozen law was asked about (R-402, R-441).
    What was asked about prices of a second sitting stands between its convening and the lock, and in `price_review`.
    """
    rows: Rows = told.clarified
    code = told.project["section"]["code"]
    by_digest = {bid["submission_digest"]: bid for bid in told.bids}
    begun = told.places("committee.begin_scoring", f"committee:{code}")[-1]
    locked = told.places("committee.lock", f"committee:{code}")[-1]
    convened = told.places("opening.convene_second", f"opening:{code}:2")
    for number, row in enumerate(rows, 1):
        bid = by_digest[row["question"]["submission"]]
        is_late = bool(told.later) and row["question"]["kind"] != CONTENT
        span = (convened[0], locked) if is_late else (-1, begun)
        _check_row(told, f"bid_clarification:{code}:{number}", number, row, bid, span)
    asked = [e for e in told.ledger["entries"] if e["kind"] == "bid_clarification.ask"]
    need(len(asked) == len(rows), "archive.untold", what="bid_clarifications")
    prices = _check_corrections(result, rows, by_digest)
    _check_clauses(told, result, rows, by_digest)
    decided = _priced(told, result) if told.later else result["conformity"]["bids"]
    _check_low_prices(told, result, rows, by_digest, {bid["number"]: prices[bid["number"]] for bid in decided})
    return prices


def priced_out(result: dict[str, Any]) -> set[int]:
    """The bids that were rejected for the price read in a second sitting."""
    return {bid["number"] for bid in (result.get("price_review") or {"bids": []})["bids"] if bid["rejected"]}


def _priced(told: Told, result: dict[str, Any]) -> Rows:
    """The decisions on prices of a second sitting: one for each bid that passed and whose price was read."""
    need("price_review" in result, "archive.untold", what="price_review")
    held: dict[str, Any] = result["price_review"]
    read = {bid["number"] for bid in told.bids if bid["state"] in OPENED and bid["price_fen"]}
    passed = [bid["number"] for bid in result["conformity"]["bids"] if not bid["rejected"]]
    same = [bid["number"] for bid in held["bids"]] == [number for number in passed if number in read]
    same = same and held["members"] == [member["label"] for member in result["members"]]
    need(same, "archive.untold", what="price_review")
    rows: Rows = held["bids"]
    for bid in rows:
        failed = any(clause["decision"] == "fail" for clause in bid["clauses"])
        need(bid["rejected"] is failed, "archive.untold", what="price_review")
    return rows


def _check_row(
    told: Told, subject: str, number: int, row: dict[str, Any], bid: dict[str, Any], span: tuple[int, int]
) -> None:
    question, answer = row["question"], row["answer"]
    entries = [entry for entry in told.ledger["entries"] if entry["subject"] == subject]
    first, *rest = entries
    digest = digest_of(question)
    same = first["kind"] == "bid_clarification.ask" and first["facts"]["question"] == question
    same = same and (first["facts"]["bid"], question["number"]) == (bid["number"], number)
    need(
        same and first["facts"]["question_sha256"] == digest and len(rest) == 1, "archive.clarification", number=number
    )
    last = rest[0]
    kinds = {"answered": "answer", "refused": "refuse", "lapsed": "lapse"}
    need(last["kind"] == f"bid_clarification.{kinds[row['state']]}", "archive.clarification", number=number)
    due = moved_due(told, from_iso(question["asked_at"]), from_iso(question["due_at"]))
    if row["state"] == "lapsed":
        need(answer is None and from_iso(last["at"]) >= due, "archive.clarification", number=number)
    else:
        accepts = {"answered": True if question["kind"] == CORRECTION else None, "refused": False}[row["state"]]
        held = (
            answer["question_sha256"] == digest and answer["accepts"] is accepts and last["facts"]["answer"] == answer
        )
        need(held and from_iso(last["at"]) < due, "archive.clarification", number=number)
        signature = base64.b64decode(row["signature"], validate=True)
        message = answer_message(digest_of(answer))
        made = verify_signature(bid["identity"]["certificate"], signature, message)
        need(made, "archive.clarification_signature", number=number)
        for file in answer["files"]:
            need_object(told, file["sha256"])
    need(span[0] < first["index"] and last["index"] < span[1], "archive.clarification", number=number)


def _check_corrections(result: dict[str, Any], rows: Rows, by_digest: dict[str, Any]) -> dict[int, int]:
    """The corrected prices are those that were accepted; the price that counts, by bid."""
    prices = {bid["number"]: bid["price_fen"] for bid in result["bids"]}
    accepted: dict[int, dict[str, Any]] = {}
    for row in rows:
        question = row["question"]
        if question["kind"] != CORRECTION:
            continue
        bid, basis = by_digest[question["submission"]], question["basis"]
        number = bid["number"]
        at = bid["price_fen"]
        for step in basis["steps"]:
            need(step["from_fen"] == at, "archive.correction", number=number)
            if step["what"] == "units":
                moved = sum(line["to_fen"] - line["from_fen"] for line in basis["lines"])
                total = bid["contents"]["bill"]["total_fen"]
                need(step["to_fen"] == total + moved, "archive.correction", number=number)
            at = step["to_fen"]
        held = basis["steps"] and basis["read_fen"] == bid["price_fen"] and basis["price_fen"] == at
        need(bool(held), "archive.correction", number=number)
        accepted.pop(number, None)
        if row["state"] == "answered":
            told = {"clarification": question["number"], "read_fen": basis["read_fen"], "price_fen": at}
            accepted[number] = {"number": number, **told}
    stated = sorted(result.get("corrections", []), key=lambda one: int(one["number"]))
    need(stated == [accepted[number] for number in sorted(accepted)], "archive.untold", what="corrections")
    return prices | {number: one["price_fen"] for number, one in accepted.items()}


def _check_clauses(told: Told, result: dict[str, Any], rows: Rows, by_digest: dict[str, Any]) -> None:
    """Each bid was reviewed against the frozen clauses and those its answers brought, and on no other."""
    regime = told.project["regime"]
    needs = {one.code: one.needs for one in grounds_for(regime).values()}
    usual = {clause["code"] for clause in review_clauses(result["method"], priced=not told.later)}
    usual |= {MARKS["code"]} if told.anonymous else set()
    late: list[tuple[dict[str, Any], set[str], bool]] = [
        (bid, set(), True) for bid in result.get("price_review", {"bids": []})["bids"]
    ]
    for bid, standing, takes in [*((bid, usual, not told.later) for bid in result["conformity"]["bids"]), *late]:
        number = bid["number"]
        own = [row for row in rows if by_digest[row["question"]["submission"]]["number"] == number]
        further = {
            row["question"]["kind"]
            for row in own
            if row["question"]["kind"] == LOW_PRICE
            or (row["question"]["kind"] == CORRECTION and row["state"] != "answered")
        }
        clauses = {clause["clause"] for clause in bid["clauses"]}
        need(clauses == standing | (further if takes else set()), "archive.clauses", number=number)
        failed = {clause["clause"] for clause in bid["clauses"] if clause["decision"] == "fail"}
        corrections = [row for row in own if row["question"]["kind"] == CORRECTION]
        if takes and corrections and corrections[-1]["state"] != "answered":
            need(CORRECTION in failed, "archive.correction", number=number)
        for ground in bid.get("grounds", []):
            wanted = needs[ground["ground"]]
            about = [row for row in own if row["question"]["kind"] == wanted]
            if wanted == CONTENT:
                about = [row for row in about if row["question"]["clause"] in (None, ground["clause"])]
            need(wanted is None or bool(about), "archive.clarify_first", number=number, ground=ground["ground"])


def _check_low_prices(told: Told, result: dict[str, Any], rows: Rows, by_digest: dict[str, Any],
                      prices: dict[int, int]) -> None:  # fmt: skip
    """Who fell below a line of the frozen law or of the notice was asked to explain (R-441).

    `prices`: those of the bids decided on. In a second sitting one above the control price is not evaluated.
    """
    law = {rule["key"]: rule["value"] for rule in told.project["law"]["rules"]}
    passed, most = {}, result["control_price_fen"]
    for bid in result["price_review" if told.later else "conformity"]["bids"]:
        failed = {clause["clause"] for clause in bid["clauses"] if clause["decision"] == "fail"}
        if failed <= {LOW_PRICE} and (not told.later or prices[bid["number"]] <= most):
            passed[bid["number"]] = prices[bid["number"]]
    hits = low_prices(passed, result["control_price_fen"], low_price_lines(law, result["method"]))
    asked = {
        by_digest[row["question"]["submission"]]["number"] for row in rows if row["question"]["kind"] == LOW_PRICE
    }  # fmt: skip
    unasked = sorted({hit.number for hit in hits} - asked)
    need(not unasked, "archive.low_price", numbers=unasked)

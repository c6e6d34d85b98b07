"""Checks of what followed the opening: draws, scores, award, credit, warnings, reports."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import rfc8785

from awards.rules.evidence import evidence_of
from awards.rules.verdict.clarifications import check_clarifications, priced_out
from awards.rules.verdict.judged import need_whole
from awards.rules.verdict.opinions import check_opinions
from awards.rules.verdict.partners import check_partners
from awards.rules.verdict.seats import check_seats, check_walks, expert_draws, is_draw_needed
from awards.rules.verdict.sites import check_sites
from awards.rules.verdict.told import OPENED, Told, need, need_consortia, need_object
from core.draw import mechanism
from experts.rules import (
    additions,
    aggregate,
    check_score,
    computed_score,
    deductions,
    fraction_text,
    has_policies,
    is_unranked,
    price_scores,
    published,
    rank,
)
from experts.rules.bases import Lots
from experts.rules.ranking import Standing
from opening.rules import coefficient_grid, record_message

CHECKED = ("stage", "identifier", "source", "outcome", "decision", "evidence_sha256")
ENDS = ("confirm", "dismiss", "refer")
"""What ends the work on a lead."""


def check_draws(told: Told) -> dict[str, Any]:
    """Every draw: reveals open their commitments, the list has its digest, seed, order and outcome follow."""
    for draw in told.draws:
        label = draw["label"]
        reveals = {party: bytes.fromhex(nonce) for party, nonce in draw["reveals"].items()}
        need(not mechanism.check_reveals(draw["commitments"], reveals), "archive.draw_reveal", label=label)
        need(sorted(draw["parties"]) == sorted(reveals), "archive.draw_reveal", label=label)
        need(mechanism.list_digest(draw["candidates"]) == draw["list_digest"], "archive.draw_list", label=label)
        seed = mechanism.seed(label, [*reveals.values(), *(bytes.fromhex(nonce) for nonce in draw["extra"])])
        need(seed.hex() == draw["seed"], "archive.draw_seed", label=label)
        order = mechanism.order(seed, label, draw["candidates"])
        _check_draw_told(told, draw)
        if label.startswith("coefficients:"):
            _check_coefficient(told, draw, order)
        else:
            need(draw["outcome"]["order"] == order, "archive.draw_outcome", label=label)
    concluded = sorted(e["subject"] for e in told.ledger["entries"] if e["kind"] == "draw.conclude")
    listed = sorted(f"draw:{draw['label']}" for draw in told.draws)
    code = told.project["section"]["code"]
    has_draw = f"draw:experts:{code}" in listed
    need(listed == concluded and has_draw == is_draw_needed(told), "archive.untold", what="draws")
    check_walks(told)
    check_partners(told, expert_draws(told))
    check_seats(told)
    check_sites(told)
    return {"draws": len(told.draws)}


def _check_draw_told(told: Told, draw: dict[str, Any]) -> None:
    """The ledger held each commitment before the freeze, and the freeze before each reveal."""
    subject = f"draw:{draw['label']}"
    told_entries = [entry for entry in told.ledger["entries"] if entry["subject"] == subject]
    frozen = next(entry["index"] for entry in told_entries if entry["kind"] == "draw.freeze")
    commits = {e["facts"]["party"]: e for e in told_entries if e["kind"] == "draw.commit"}
    reveals = {e["facts"]["party"]: e for e in told_entries if e["kind"] == "draw.reveal"}
    for party, commitment in draw["commitments"].items():
        first = party in commits and commits[party]["index"] < frozen
        need(first and commits[party]["facts"]["commitment"] == commitment, "archive.draw_told", label=draw["label"])
        later = party in reveals and reveals[party]["index"] > frozen
        need(
            later and reveals[party]["facts"]["nonce"] == draw["reveals"][party],
            "archive.draw_told",
            label=draw["label"],
        )
    same = next(e["facts"]["list_digest"] for e in told_entries if e["kind"] == "draw.freeze") == draw["list_digest"]
    need(same, "archive.draw_list", label=draw["label"])
    announced = told.one_fact("draw.announce", subject)
    same = announced == {"parties": draw["parties"], "parameters": draw["parameters"]}
    concluded = told.one_fact("draw.conclude", subject)
    stated = {"seed": draw["seed"], "outcome": draw["outcome"], "k": draw["outcome"].get("k")}
    same = same and all(concluded[name] == value for name, value in stated.items() if name in concluded)
    need(same, "archive.draw_told", label=draw["label"])
    wanted = {"officer", "supervisor"} | (set() if draw["label"].startswith("coefficients:") else {"tenderee"})
    need(set(draw["parties"]) == wanted, "archive.draw_told", label=draw["label"])


def _check_coefficient(told: Told, draw: dict[str, Any], order: list[str]) -> None:
    """K is the first of the order, and the extra nonces are those in the schedules opened before it was drawn.

    A restored bid is opened after the draw; who was restored, and rightly, is for `check_sittings`.
    """
    grid = coefficient_grid(told.project["section"]["method"])
    need(sorted(draw["candidates"]) == sorted(grid), "archive.draw_list", label=draw["label"])
    late = {number for facts in told.facts_of("opening.restore") for number in facts["numbers"]}
    held = [bid for bid in told.bids if bid["state"] in OPENED and bid["number"] not in late]
    sealed = [bid["envelopes"]["schedule"]["nonce"] for bid in held]
    need(sorted(sealed) == sorted(draw["extra"]), "archive.draw_nonces", label=draw["label"])
    shown = told.opening["coefficients"]
    same = order[0] == draw["outcome"]["k"] == shown["k"] and shown["steps"] == draw["outcome"]["steps"]
    same = same and (shown["seed"], shown["label"]) == (draw["seed"], draw["label"])
    same = same and sorted(shown["candidates"]) == sorted(draw["candidates"])
    parties = {one["party"]: (one["commitment"], one["nonce"]) for one in shown["parties"]}
    meant_parties = {party: (draw["commitments"][party], nonce) for party, nonce in draw["reveals"].items()}
    same = same and parties == meant_parties and shown["list_digest"] == draw["list_digest"]
    given = [(one["number"], one["submission_digest"], one["nonce"]) for one in shown["bid_nonces"]]
    meant = [(bid["number"], bid["submission_digest"], bid["envelopes"]["schedule"]["nonce"]) for bid in held]
    need(same and given == meant, "archive.draw_outcome", label=draw["label"])


def check_scores(told: Told) -> dict[str, Any]:
    """Every locked sheet is the one in the ledger; price scores, means, totals and ranking follow exactly."""
    result = told.evaluation
    conformity = _last_stage(told, result)
    need(result["conformity"] == conformity, "archive.untold", what="conformity")
    need_whole(told, result)
    prices = {bid["number"]: bid["price_fen"] for bid in told.bids if bid["state"] in OPENED}
    for bid in result["bids"]:
        need(prices.get(bid["number"]) == bid["price_fen"], "archive.price", number=bid["number"])
    need_consortia(told, result["bids"], "evaluation: consortia")
    prices = check_clarifications(told, result)
    check_opinions(told)
    _check_sheets(told, result)
    method, k = result["method"], (told.opening["coefficients"] or {}).get("k")
    need(result["price"]["k"] == k and method == told.project["section"]["method"], "archive.method")
    numbers = [row["number"] for row in result["price"]["scores"]]
    sheets = [(sheet["number"], sheet["items"]) for sheet in result["sheets"]]
    submissions = {bid["number"]: bid["submission"] for bid in result["bids"] if bid["number"] in numbers}
    means = {number: _means(method, result, number) for number in numbers}
    drawn = told.opening["coefficients"] or {}
    seed = drawn.get("seed")
    priced = price_scores(
        {number: prices[number] for number in numbers}, method, k, deductions(method, sheets),
        ceiling=int(told.project["section"]["control_price_fen"]), means=means, added=additions(method, sheets),
        lots=Lots(bytes.fromhex(seed), drawn["label"], submissions) if seed else None,
    )  # fmt: skip
    need(result["price"].get("drawn", {}) == dict(priced.drawn), "archive.method")
    for row in result["price"]["scores"]:
        score = str(published(priced.scores[row["number"]]))
        need(score == row["score"], "archive.price_score", number=row["number"], expected=score, found=row["score"])
        held = not has_policies(method) or row["evaluated_fen"] == fraction_text(priced.evaluated[row["number"]])
        need(
            held, "archive.price_score", number=row["number"], expected="evaluated_fen", found=row.get("evaluated_fen")
        )
    standings = []
    for number in numbers:
        standings.append(
            Standing(
                number,
                means[number].get("technical", Fraction(0)),
                means[number].get("qualification", Fraction(0)),
                priced.scores[number],
                prices[number],
                result["tie"]["order"].index(submissions[number]),
            )
        )
    _check_ranking(result, standings)
    scored = [bid["number"] for bid in conformity["bids"] if not bid["rejected"]]
    most = told.project["section"]["control_price_fen"]
    out = priced_out(result)
    ranked = [
        number for number in scored if not told.later or (0 < (prices.get(number) or 0) <= most and number not in out)
    ]
    need(numbers == ranked, "archive.untold", what="ranking")
    unpriced = [number for number in scored if number not in ranked]
    need(result.get("unpriced", []) == unpriced, "archive.untold", what="unpriced")
    return {"sheets": len(result["sheets"]), "ranked": len(standings)}


def _means(method: dict[str, Any], result: dict[str, Any], number: int) -> dict[str, Fraction]:
    """The members' means of one bid by group."""
    return aggregate(
        [
            {group: _group(method, sheet["items"], group) for group in ("technical", "qualification")}
            for sheet in result["sheets"]
            if sheet["number"] == number
        ]
    )


def _last_stage(told: Told, result: dict[str, Any]) -> Any:
    """The conformity that counts: of the last review; every earlier one and every earlier lock was undone, as told.

    A review is undone where a member was replaced or the supervisor sent the committee back, a lock by the latter.
    """
    about = f"committee:{told.project['section']['code']}"
    undone = {
        "committee.begin_scoring": ("committee.reseat", "committee.roll_back_review"),
        "committee.lock": ("committee.roll_back_scoring", "committee.roll_back_review"),
    }
    for kind, undoing in undone.items():
        places = told.places(kind, about)
        need(bool(places), "archive.entry_missing", kind=kind, found=0)
        back = sorted(place for one in undoing for place in told.places(one, about))
        again = all(any(a < place < b for place in back) for a, b in pairwise(places))
        need(again, "archive.entry_missing", kind=kind, found=len(places))
        need(not any(place > places[-1] for place in back), "archive.entry_missing", kind=kind, found=len(places))
    need(told.facts_of("committee.lock", about)[-1]["result"] == result, "archive.result")
    return told.facts_of("committee.begin_scoring", about)[-1]["conformity"]


def _check_sheets(told: Told, result: dict[str, Any]) -> None:
    locked: dict[str, Any] = {}
    for entry in told.ledger["entries"]:
        if entry["kind"] == "sheet.lock":
            locked[entry["subject"]] = entry["facts"]["items"]
    digests = {bid["number"]: bid["submission"] for bid in result["bids"]}
    schedules = {bid["number"]: bid["schedule"] or {} for bid in told.bids}
    for sheet in result["sheets"]:
        subject = f"sheet:{result['section']}:{sheet['member']}:{digests[sheet['number']][:12]}"
        items = {code: value for code, (value, _) in locked.get(subject, {}).items()}
        need(items == sheet["items"], "archive.sheet", number=sheet["number"], member=sheet["member"])
        for criterion in result["method"]["criteria"]:
            value = check_score(criterion, Decimal(items[criterion["code"]]))
            if "computed" in criterion:
                follows = computed_score(criterion, schedules[sheet["number"]])
                need(value == follows, "archive.sheet", number=sheet["number"], member=sheet["member"])


def _group(method: dict[str, Any], items: dict[str, str], group: str) -> Decimal:
    codes = [criterion["code"] for criterion in method["criteria"] if criterion["group"] == group]
    return sum((Decimal(items[code]) for code in codes), Decimal(0))


def _check_ranking(result: dict[str, Any], standings: list[Standing]) -> None:
    lots = result["tie"]
    order = mechanism.order(bytes.fromhex(lots["seed"]), lots["label"], lots["order"])
    need(order == lots["order"], "archive.draw_outcome", label=lots["label"])
    ranked = rank(standings)
    for found, wanted in zip(result["ranking"], ranked, strict=True):
        standing = wanted.standing
        recomputed = {
            "rank": wanted.rank,
            "number": standing.number,
            "technical": str(published(standing.technical)),
            "qualification": str(published(standing.qualification)),
            "price": str(published(standing.price)),
            "total": str(published(standing.total)),
        }
        stated = {name: found[name] for name in recomputed}
        need(stated == recomputed, "archive.ranking", number=found["number"], rank=found["rank"])
    most = len(result["candidates"])
    top = [bid.standing.number for bid in ranked[:most]]
    if is_unranked(result["method"]):
        top.sort()
    need(1 <= most <= 3 and top == result["candidates"], "archive.candidates")


def check_credit(told: Told) -> dict[str, Any]:
    """Every credit check carries the very evidence its digest names, and every bidder was checked."""
    for row in told.credit:
        digest = hashlib.sha256(rfc8785.dumps(row["evidence"])).hexdigest()
        need(digest == row["evidence_sha256"], "archive.credit", identifier=row["identifier"], source=row["source"])
    about = f"section:{told.project['section']['code']}"
    stated = [[row[name] for name in CHECKED] for row in told.credit]
    facts = [[fact[name] for name in CHECKED] for fact in told.facts_of("credit.check", about)]
    need(sorted(stated) == sorted(facts), "archive.untold", what="credit")
    checked = {row["identifier"] for row in told.credit}
    missing = [bid["identifier"] for bid in told.bids if bid["identifier"] not in checked and not bid["faults"]]
    need(not missing, "archive.credit_missing", identifiers=missing)
    restricted = {row["identifier"] for row in told.credit if row["decision"] == "restricted"}
    return {"checks": len(told.credit), "restricted": len(restricted)}


def check_warnings(told: Told) -> dict[str, Any]:
    """Each scan's result has its digest, every warning stands in the ledger and a person has decided it.

    Scans that were made again after more bids were opened, and what they said of each lead, are the ledger's, in order.
    """
    last, code = told.warnings["scan"], told.project["section"]["code"]
    scans = [*told.warnings.get("earlier_scans", []), *([last] if last is not None else [])]
    digests = [hashlib.sha256(rfc8785.dumps(scan["result"])).hexdigest() for scan in scans]
    need(digests == [scan["result_sha256"] for scan in scans], "archive.scan")
    made = told.facts_of("scan.make", f"warning:{code}")
    need(digests == [fact["result_sha256"] for fact in made], "archive.scan")
    raised = sorted(e["subject"] for e in told.ledger["entries"] if e["kind"] == "warning.raise")
    listed = sorted(f"warning:{warning['code']}" for warning in told.warnings["warnings"])
    need(raised == listed, "archive.untold", what="warnings")
    for warning in told.warnings["warnings"]:
        need(bool(str(warning["decision"] or "").strip()), "archive.warning_open", number=warning["code"])
        about = f"warning:{warning['code']}"
        ends = [fact for verb in ENDS for fact in told.facts_of(f"warning.{verb}", about)]
        same = len(ends) == 1 and ends[0]["reason"] == warning["decision"] and ends[0]["to"] == warning["state"]
        need(same, "archive.untold", what=about)
        need(warning.get("rescans", []) == told.facts_of("warning.rescan", about), "archive.untold", what=about)
    return {"warnings": len(told.warnings["warnings"])}


def _check_record_signatures(told: Told) -> None:
    """The platform signed the record's paper; who signed it beside, and when, is as told."""
    signed = [e for e in told.ledger["entries"] if e["kind"] == "opening.sign_record"][-1]
    said = list(signed["facts"]["signatures"])
    for entry in told.ledger["entries"]:
        if entry["kind"] == "opening.cosign_record" and entry["index"] > signed["index"]:
            said.append(entry["facts"]["cosignature"])
    need(told.opening["record_signatures"] == said, "archive.untold", what="record signatures")
    message = record_message(signed["facts"]["record_sha256"])
    made = told.verifier.signed(message, bytes.fromhex(said[0]["signature"]))
    need(made, "archive.untold", what="record signatures")


def check_reports(told: Told) -> dict[str, Any]:
    """Opening record, evaluation report and the other papers are in the archive under the hashes the ledger holds."""
    for report in told.reports:
        need_object(told, report["sha256"])
    for sha256 in evidence_of(told.opening):
        need_object(told, sha256)
    brought = [e["facts"]["sha256"] for e in told.ledger["entries"] if e["kind"] == "bid.evidence"]
    need(sorted(filter(None, brought)) == sorted(evidence_of(told.opening)), "archive.untold", what="evidence")
    code = told.project["section"]["code"]
    told_ones = {
        "opening_record": [e["facts"] for e in told.ledger["entries"] if e["kind"] == "opening.sign_record"][-1:],
        "evaluation_report": told.facts_of("committee.report", f"committee:{code}")[-1:],
    }
    for kind, facts in told_ones.items():
        name = "record_sha256" if kind == "opening_record" else "report_sha256"
        held = [report["sha256"] for report in told.reports if report["kind"] == kind]
        need(held == [fact[name] for fact in facts], "archive.untold", what=kind)
    record = hashlib.sha256(rfc8785.dumps(told.opening["record"])).hexdigest()
    need(record == told_ones["opening_record"][0]["facts_sha256"], "archive.untold", what="opening record")
    _check_record_signatures(told)
    kinds = {report["kind"] for report in told.reports}
    lacking = sorted({"opening_record", "evaluation_report"} - kinds)
    need(not lacking, "archive.report_missing", kinds=lacking)
    return {"reports": len(told.reports)}

"""Checks of reference opinions (AI 预审): they must not count, and what they said is what the ledger told."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from awards.rules.verdict.told import Told, need

VERDICTS = ("found", "not_found", "unclear")


def check_opinions(told: Told) -> None:
    """Reference opinions (AI 预审) count nowhere, stand whole in the ledger, and their texts are those it told.

    Without a notice that provides for them there is none. One at most is told for each bid reviewed, with the digests
    of content and program, and members answer only clauses of the review, while it lasts. The result holds no word of
    them: decisions are the members' votes and scores their sheets (`check_scores`).
    """
    code, result = told.project["section"]["code"], told.evaluation
    made = [e for e in told.ledger["entries"] if e["kind"] == "bid.opine"]
    answers = [e for e in told.ledger["entries"] if e["kind"] == "opinion.answer"]
    provided = bool(told.project["section"]["method"].get("reference_opinions"))
    need(provided or not (made or answers), "archive.opinions", what="not provided for")
    numbers = [entry["facts"]["number"] for entry in made]
    reviewed = {bid["number"] for bid in result["conformity"]["bids"]}
    whole = len(set(numbers)) == len(numbers) and set(numbers) <= reviewed
    for entry in made:
        whole = whole and all(len(entry["facts"][name]) == 64 for name in ("opinions_sha256", "program_sha256"))
    need(whole, "archive.opinions", what="bid.opine")
    clauses = {clause["clause"] for bid in result["conformity"]["bids"] for clause in bid["clauses"]}
    ended = told.places("committee.begin_scoring", f"committee:{code}")[-1]
    for entry in answers:
        held = entry["index"] < ended and entry["facts"]["number"] in numbers
        need(held and set(entry["facts"]["answers"]) <= clauses, "archive.opinions", what="opinion.answer")
    need(not any("opinion" in key for key in result), "archive.opinions", what="result")
    _check_texts(told, {entry["facts"]["number"]: entry["facts"] for entry in made}, clauses)


def _check_texts(told: Told, made: dict[int, dict[str, Any]], clauses: set[str]) -> None:
    """Each text is of a told opinion and has its digest; those the ledger says are filed are here.

    It speaks of the review's clauses only, and quotes no file that is another bid's alone.
    """
    rows = {row["number"]: row for row in told.opined}
    filed = {number for number, facts in made.items() if facts.get("filed")}
    need(len(rows) == len(told.opined) and filed <= set(rows) <= set(made), "archive.opinions", what="opinions.json")
    files = {bid["number"]: set(_files(bid)) for bid in told.bids} if rows else {}
    for number, row in rows.items():
        content, facts = row["content"], made[number]
        same = hashlib.sha256(rfc8785.dumps(content)).hexdigest() == facts["opinions_sha256"]
        same = same and row["program_sha256"] == facts["program_sha256"]
        for one in content["opinions"]:
            others = {sha256 for other, held in files.items() if other != number for sha256 in held}
            same = same and one["clause"] in clauses and one["verdict"] in VERDICTS
            same = same and one["sha256"] not in others - files[number]
            same = same and bool(one["file"]) == (one["page"] is not None)
        need(same, "archive.opinions", what=f"opinions.json {number}")


def _files(bid: dict[str, Any]) -> list[str]:
    return [file["sha256"] for held in (bid["envelopes"] or {}).values() for file in held["files"]]

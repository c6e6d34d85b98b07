"""Checks of two sittings (双信封): no second envelope was touched before its time, and none of who failed ever."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from awards.rules.verdict.told import OPENED, Told, need


def check_sittings(told: Told) -> dict[str, Any]:
    """The second sitting came after the technical scores, for exactly those who passed; the rest stayed sealed.

    A section with one sitting has no entry of a second. Every layer taken off before the second sitting is of an
    envelope of the first; after it only of the second envelopes of admitted bids.
    """
    code = told.project["section"]["code"]
    first, second = f"opening:{code}", f"opening:{code}:2"
    convened = told.facts_of("opening.convene_second", second)
    if not told.later:
        need(not convened and told.opening.get("sittings", 1) == 1, "archive.sitting", what="one sitting")
        return {"sittings": 1}
    need(told.one_fact("opening.convene", first)["later"] == told.later, "archive.sitting", what="later")
    need(len(convened) == 1, "archive.sitting", what="opening.convene_second")
    concluded = told.places("committee.conclude_first", f"committee:{code}")
    begun = zip(
        told.places("committee.begin_scoring", f"committee:{code}"),
        told.facts_of("committee.begin_scoring", f"committee:{code}"),
        strict=True,
    )
    first_review = [facts["conformity"]["bids"] for place, facts in begun if place < concluded[0]][-1]
    failed = [one["number"] for one in first_review if one["rejected"]]
    passed = [one["number"] for one in first_review if not one["rejected"]]
    again = [one["number"] for one in told.evaluation["conformity"]["bids"] if not one["rejected"]]
    need(set(again) <= set(passed), "archive.sitting", what="admitted anew")
    admitted = told.one_fact("opening.admit", first)
    need(admitted["passed"] == passed, "archive.sitting", what="opening.admit")
    numbers = {bid["number"]: bid for bid in told.bids}
    stated = [(one["number"], one["submission_digest"]) for one in convened[0]["admitted"]]
    meant = [(number, numbers[number]["submission_digest"]) for number in passed]
    need(stated == meant and convened[0]["returned"] == failed, "archive.sitting", what="admitted")
    at = told.places("opening.convene_second", second)[0]
    order = [concluded[:1], told.places("opening.admit", first), [at]]
    need([len(one) for one in order] == [1, 1, 1], "archive.sitting", what="order")
    need(order[0][0] < order[1][0] < at < told.places("committee.lock", f"committee:{code}")[0], "archive.sitting",
         what="order")  # fmt: skip
    _check_scored(told, f"committee:{code}", concluded)
    _check_layers(told, first, second, at, {digest for _, digest in meant})
    for number in failed:
        bid = numbers[number]
        sealed = bid["state"] == "returned" and bid["price_fen"] is None and bid["schedule"] is None
        need(sealed and not set(bid["envelopes"]) & set(told.later), "archive.sitting", what=f"bid {number}")
    opened = [numbers[number] for number in passed if numbers[number]["state"] in OPENED]
    need(all(set(told.later) <= set(bid["envelopes"]) for bid in opened), "archive.sitting", what="second envelopes")
    return {"sittings": 2, "passed": len(passed), "returned": len(failed)}


def _check_scored(told: Told, about: str, concluded: list[int]) -> None:
    """No sheet was locked after the first stage ended, but where the committee was sent back in between."""
    back = sorted(
        place for kind in ("roll_back_review", "roll_back_scoring") for place in told.places(f"committee.{kind}", about)
    )
    sheets = [e["index"] for e in told.ledger["entries"] if e["kind"] == "sheet.lock"]
    need(bool(sheets) and min(sheets) < concluded[0], "archive.sitting", what="scores")
    for place in sheets:
        ended = [one for one in concluded if one < place]
        held = not ended or any(ended[-1] < one < place for one in back)
        need(held and place < concluded[-1], "archive.sitting", what="scores after prices")
    for before, after in pairwise(concluded):
        need(any(before < one < after for one in back), "archive.sitting", what="order")


def _check_layers(told: Told, first: str, second: str, at: int, admitted: set[str]) -> None:
    for entry in told.ledger["entries"]:
        if entry["kind"] not in ("opening.peel", "opening.peel_fault") or entry["subject"] not in (first, second):
            continue
        later = entry["facts"]["package"] in told.later
        right = entry["index"] > at and entry["facts"]["submission"] in admitted if later else entry["index"] < at
        need(right and (entry["subject"] == second) is later, "archive.sitting", what=f"entry {entry['index']}")

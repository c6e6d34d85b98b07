"""Checks of two sittings (双信封): no second envelope was touched before its time, and none of who failed ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from awards.rules.verdict.told import OPENED, Told, need

RULE = ("wrong_failure_after_prices", "open")
"""The law's rule under which a bid that had failed wrongly is opened after prices are known, and what it must say."""


@dataclass
class Course:
    """What the ledger tells of the sittings after the first: when each began, and whom it admitted."""

    begun: dict[str, int] = field(default_factory=dict)
    admitted: dict[str, set[str]] = field(default_factory=dict)
    passed: set[int] = field(default_factory=set)


def check_sittings(told: Told) -> dict[str, Any]:
    """The second sitting came after the technical scores, for exactly those who passed; the rest stayed sealed.

    A section with one sitting has no entry of a second. Every layer taken off before the second sitting is of an
    envelope of the first; after it only of the second envelopes of admitted bids. A bid that passed only when the
    committee judged again is opened in a later sitting of its own, where the law has it so, and before the result.
    """
    code = told.project["section"]["code"]
    first, second, about = f"opening:{code}", f"opening:{code}:2", f"committee:{code}"
    convened = told.facts_of("opening.convene_second", second)
    if not told.later:
        need(not convened and told.opening.get("sittings", 1) == 1, "archive.sitting", what="one sitting")
        return {"sittings": 1}
    need(told.one_fact("opening.convene", first)["later"] == told.later, "archive.sitting", what="later")
    need(len(convened) == 1, "archive.sitting", what="opening.convene_second")
    concluded = told.places("committee.conclude_first", about)
    reviews = [_review_before(told, about, place) for place in concluded]
    need(bool(reviews), "archive.sitting", what="committee.conclude_first")
    at = told.places("opening.convene_second", second)[0]
    ended = sum(place < at for place in concluded)
    _check_admissions(told, first, concluded[:ended], reviews[:ended], at)
    failed = [one["number"] for one in reviews[ended - 1] if one["rejected"]]
    passed = [one["number"] for one in reviews[ended - 1] if not one["rejected"]]
    numbers = {bid["number"]: bid for bid in told.bids}
    stated = [(one["number"], one["submission_digest"]) for one in convened[0]["admitted"]]
    meant = [(number, numbers[number]["submission_digest"]) for number in passed]
    need(stated == meant and convened[0]["returned"] == failed, "archive.sitting", what="admitted")
    need(at < told.places("committee.lock", about)[0], "archive.sitting", what="order")
    course = Course({second: at}, {second: {digest for _, digest in meant}}, set(passed))
    for place, review in zip(concluded[ended:], reviews[ended:], strict=True):
        _check_restored(told, course, code, place, {one["number"] for one in review if not one["rejected"]})
    convenings = [e for e in told.ledger["entries"] if e["kind"] == "opening.convene_second"]
    restored = [e for e in told.ledger["entries"] if e["kind"] == "opening.restore"]
    need(len(convenings) == len(course.begun) == 1 + len(restored), "archive.sitting", what="opening.restore")
    again = {one["number"] for one in told.evaluation["conformity"]["bids"] if not one["rejected"]}
    need(again <= course.passed, "archive.sitting", what="admitted anew")
    _check_scored(told, about, concluded)
    _check_layers(told, first, course)
    out = sorted(set(failed) - course.passed)
    for number in out:
        bid = numbers[number]
        sealed = bid["state"] == "returned" and bid["price_fen"] is None and bid["schedule"] is None
        need(sealed and not set(bid["envelopes"]) & set(told.later), "archive.sitting", what=f"bid {number}")
    opened = [numbers[number] for number in sorted(course.passed) if numbers[number]["state"] in OPENED]
    need(all(set(told.later) <= set(bid["envelopes"]) for bid in opened), "archive.sitting", what="second envelopes")
    return {"sittings": 1 + len(course.begun), "passed": len(course.passed), "returned": len(out)}


def _check_admissions(
    told: Told, first: str, ends: list[int], reviews: list[list[dict[str, Any]]], convened: int
) -> None:
    """Each end of the stage before the prices was published as it was decided; all but the last were withdrawn."""
    said = zip(told.places("opening.admit", first), told.facts_of("opening.admit", first), strict=True)
    admitted = list(said)
    taken = told.places("opening.withdraw_admission", first)
    need(bool(ends) and len(admitted) == len(ends) == 1 + len(taken), "archive.sitting", what="opening.admit")
    for (_, facts), review in zip(admitted, reviews, strict=True):
        passed = [one["number"] for one in review if not one["rejected"]]
        need(facts["passed"] == passed, "archive.sitting", what="opening.admit")
    course = [place for end, (at, _), back in zip(ends, admitted, [*taken, convened], strict=True)
              for place in (end, at, back)]  # fmt: skip
    need(course == sorted(course), "archive.sitting", what="order")


def _review_before(told: Told, about: str, place: int) -> list[dict[str, Any]]:
    """The decisions on every bid with which the stage that ended at `place` had begun."""
    begun = zip(
        told.places("committee.begin_scoring", about), told.facts_of("committee.begin_scoring", about), strict=True
    )
    found: list[dict[str, Any]] = [facts["conformity"]["bids"] for at, facts in begun if at < place][-1]
    return found


def _check_restored(told: Told, course: Course, code: str, place: int, passed: set[int]) -> None:
    """Whoever passed only when judged again at `place` has a sitting of its own, before any further result."""
    late = sorted(passed - course.passed)
    if not late:
        return
    before, subject = list(course.begun)[-1], f"opening:{code}:{len(course.begun) + 2}"
    said = zip(told.places("opening.restore", before), told.facts_of("opening.restore", before), strict=True)
    restored = next(((at, facts) for at, facts in said if at > place), None)
    need(restored is not None and restored[1]["numbers"] == late, "archive.sitting", what="opening.restore")
    law = {rule["key"]: rule["value"] for rule in told.project["law"]["rules"]}
    need(law.get(RULE[0]) == RULE[1], "archive.sitting", what="law")
    convened = told.one_fact("opening.convene_second", subject)
    at = told.places("opening.convene_second", subject)[0]
    digests = {bid["number"]: bid["submission_digest"] for bid in told.bids}
    stated = [(one["number"], one["submission_digest"]) for one in convened["admitted"]]
    need(stated == [(number, digests[number]) for number in late], "archive.sitting", what="restored")
    need(convened["returned"] == [], "archive.sitting", what="returned")
    results = [lock for lock in told.places("committee.lock", f"committee:{code}") if lock > place]
    announced = told.places("opening.announce_supplement", before)
    steps = [place, restored[0] if restored else -1, *[one for one in announced if place < one < at][-1:], at]
    need(len(steps) == 4 and steps == sorted(steps), "archive.sitting", what="order")
    need(bool(results) and results[0] > at, "archive.sitting", what="order")
    course.begun[subject], course.admitted[subject] = at, {digests[number] for number in late}
    course.passed |= set(late)


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


def _check_layers(told: Told, first: str, course: Course) -> None:
    """Every layer belongs to the sitting it was taken off in: of a first envelope before, of a second one after."""
    start = min(course.begun.values())
    for entry in told.ledger["entries"]:
        about = entry["subject"]
        if entry["kind"] not in ("opening.peel", "opening.peel_fault"):
            continue
        later = entry["facts"]["package"] in told.later
        right = not later and about == first and entry["index"] < start
        if about in course.begun:
            right = later and entry["index"] > course.begun[about]
            right = right and entry["facts"]["submission"] in course.admitted[about]
        need(right, "archive.sitting", what=f"entry {entry['index']}")

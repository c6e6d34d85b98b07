"""Claims about what followed the evaluation: candidates, publicities, objections, who won, who was set aside."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from awards.rules.verdict.log import LAG
from awards.rules.verdict.told import Told, need, need_consortia
from core.clock import from_iso

SUPERSEDED = "superseded_evaluation_report"
NAMING = {"award": "winner", "set_aside": "set_aside"}
"""Notices that name one bid, and where."""


def check_award(told: Told) -> dict[str, Any]:
    """The candidates published are the committee's, the publicity ran its days, and the winner is the first of them.

    Whoever was set aside is told so and passed over; between two awards the former was undone; what was upheld was
    carried out (archive.md, award).
    """
    award, about = told.award, f"publicity:{told.project['section']['code']}"
    numbers = award["candidates"]
    unranked = "selection" in told.project["section"]["method"]
    wanted = told.evaluation["candidates"]
    need(numbers == (sorted(wanted) if unranked else wanted), "archive.candidates")
    _check_rounds(told, about)
    _check_named(told)
    fact = told.facts_of("publicity.award", about)[-1]
    awarded = [e for e in told.ledger["entries"] if e["kind"] == "publicity.award"][-1]
    if told.project["regime"] == "G":
        _check_result_notice(told, fact, awarded["at"])
    else:
        began, ends = from_iso(award["began_at"]), from_iso(award["ends_at"])
        law = next(r for r in told.project["law"]["rules"] if r["key"] == "candidate_publicity_min")
        days, cite = int(law["value"]), award["rule"]["cite"]
        same = cite["rule"] == law["id"] and all(cite[name] == law[name] for name in ("key", "value", "unit", "source"))
        need(same, "archive.publicity", days=days)
        _check_publicity(told, about)
        need((ends - began).total_seconds() >= days * 86400, "archive.publicity", days=days)
        need(from_iso(awarded["at"]) >= ends, "archive.publicity", days=days)
    open_ones = [objection["number"] for objection in award["objections"] if objection["answer"] is None]
    need(not open_ones, "archive.objection_open", numbers=open_ones)
    winner = award["winner"]
    better = numbers[: numbers.index(winner)] if winner in numbers else numbers
    better = [] if unranked and winner in numbers else better
    passed = [entry["number"] for entry in fact["passed_over"]]
    need(winner in numbers and passed == better, "archive.winner", found=winner, expected=numbers[0])
    need(fact["winner"] == winner, "archive.winner", found=winner, expected=fact["winner"])
    lost = {row["number"] for row in award.get("set_aside", [])}
    need(winner not in lost, "archive.winner", found=winner, expected=numbers[0])
    return {"winner": winner, "name": next(bid["name"] for bid in told.bids if bid["number"] == winner)}


def _check_publicity(told: Told, about: str) -> None:
    """The publicity began when the candidates were published, and ended, after its end, as the log says."""
    award, code = told.award, told.project["section"]["code"]
    published = [e for e in told.ledger["entries"] if e["kind"] == "section.publish_candidates"][-1]
    began, at = from_iso(award["began_at"]), from_iso(published["at"])
    same = published["subject"] == f"section:{code}" and published["facts"]["candidates"] == award["candidates"]
    need(same and began <= at <= began + LAG, "archive.untold", what="publicity: began_at")
    ended = [e for e in told.ledger["entries"] if e["kind"] == "publicity.end" and e["subject"] == about][-1]
    same = ended["facts"]["ends_at"] == award["ends_at"] and from_iso(ended["at"]) >= from_iso(award["ends_at"])
    need(same and ended["index"] > published["index"], "archive.untold", what="publicity: ends_at")


def _check_named(told: Told) -> None:
    """Notices of candidates, of the award and of who was set aside name every member of a consortium."""
    named: list[dict[str, Any]] = []
    for one in told.notices:
        content, kind = one["content"], one["kind"]
        named += content["candidates"] if kind == "candidates" else [content[NAMING[kind]]] if kind in NAMING else []
    need_consortia(told, named, "notices: consortia")


def _check_rounds(told: Told, about: str) -> None:
    """Awards, revocations and renewals alternate as told, and set-asides and upheld objections are those of the log."""
    award, undone = told.award, told.places("publicity.lapse", about) + told.places("publicity.revoke", about)
    awards = told.places("publicity.award", about)
    need(bool(awards), "archive.entry_missing", kind="publicity.award", found=0)
    need(all(any(a < place < b for place in undone) for a, b in pairwise(awards)), "archive.untold", what="award")
    need(not any(place > awards[-1] for place in undone), "archive.untold", what="award")
    renewed, revoked = told.places("publicity.renew", about), told.places("publicity.revoke", about)
    matched = len(renewed) == len(revoked) and all(a < b for a, b in zip(revoked, renewed, strict=True))
    need(matched, "archive.untold", what="rounds")
    rounds = [one["round"] for one in award.get("earlier", [])]
    need([*rounds, award.get("round", 1)] == list(range(1, len(revoked) + 2)), "archive.untold", what="rounds")
    said = [[row[name] for name in ("number", "round", "reason", "evidence")] for row in award.get("set_aside", [])]
    log = [[fact[name] for name in ("number", "round", "reason", "evidence")]
           for fact in told.facts_of("award.set_aside", about)]  # fmt: skip
    need(said == log, "archive.untold", what="set_aside")
    code = told.project["section"]["code"]
    raised = [[e["subject"], e["facts"]["text"]] for e in told.ledger["entries"] if e["kind"] == "objection.file"]
    listed = [[f"objection:{code}:{one['number']}", one["text"]] for one in award["objections"]]
    need(raised == listed, "archive.untold", what="objections")
    for objection in award["objections"]:
        subject = f"objection:{told.project['section']['code']}:{objection['number']}"
        answers = told.facts_of("objection.answer", subject)
        stated = (objection["answer"], objection.get("outcome"), objection.get("remedy"))
        tells = [(fact["answer"], fact.get("outcome"), fact.get("remedy")) for fact in answers]
        need(tells == [stated], "archive.untold", what="objections")
        if objection.get("outcome") == "upheld":
            place = told.places("objection.answer", subject)[0]
            need(any(one > place for one in revoked), "archive.untold", what="objections")


def _check_result_notice(told: Told, fact: dict[str, Any], awarded_at: str) -> None:
    """Under regime G: announced as decided, challengeable for its days, and no file before that time was over (R-506).

    The periods are counted in working days, which are never fewer than the days checked here.
    """
    award, law = told.award, {rule["key"]: rule for rule in told.project["law"]["rules"]}
    began, ends = from_iso(award["began_at"]), from_iso(award["ends_at"])
    until = from_iso(award["rule"]["notice_until"])
    notice, challenge = int(law["result_notice_period"]["value"]), int(law["challenge_within"]["value"])
    need(awarded_at == award["began_at"], "archive.publicity", days=notice)
    need((until - began).total_seconds() >= notice * 86400, "archive.publicity", days=notice)
    need((ends - until).total_seconds() >= challenge * 86400, "archive.publicity", days=challenge)
    need(from_iso(told.container.json("manifest.json")["built_at"]) >= ends, "archive.publicity", days=challenge)
    same = fact["notice_until"] == award["rule"]["notice_until"] and fact["challenge_until"] == award["ends_at"]
    need(same, "archive.untold", what="result notice")
    notices = [one["content"] for one in told.notices if one["kind"] == "award"]
    stated = [(one["winner"]["number"], one["challenge_until"]) for one in notices]
    need(stated[-1:] == [(award["winner"], award["ends_at"])], "archive.untold", what="result notice")
    need(len(stated) == award.get("round", 1), "archive.untold", what="result notice")

"""Checks of who judged and how often: votes of every member, a sheet of each on each bid, all before the result."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from awards.rules.verdict.seats import expert_draws
from awards.rules.verdict.told import Told, need


def need_whole(told: Told, result: dict[str, Any]) -> None:
    """As many members as were asked for; each voted once on each clause and locked a sheet on each bid that passed.

    Sheets were locked between the review and the result; members agree on what is objective; the lot between equal
    bids has the seed of the last draw before it.
    """
    labels = [member["label"] for member in result["members"]]
    request = told.one_fact("committee.request", f"committee:{told.project['section']['code']}")
    whole = len(set(labels)) == len(labels) == request["shape"]["size"]
    need(whole, "archive.untold", what="members")
    _need_votes(result["conformity"])
    if told.later:
        _need_votes(result["price_review"])
    _need_sheets(told, result, labels)
    code = told.project["section"]["code"]
    coefficients = [draw for draw in told.draws if draw["label"] == f"coefficients:{code}"]
    seed = (coefficients or expert_draws(told))[-1]["seed"]
    lot = result["tie"]
    need((lot["seed"], lot["label"]) == (seed, f"tie:{code}"), "archive.draw_outcome", label=str(lot["label"])[:80])


def _need_votes(review: dict[str, Any]) -> None:
    count = len(review["members"])
    for bid in review["bids"]:
        failed = []
        for clause in bid["clauses"]:
            votes = [clause[vote] for vote in ("pass", "fail", "doubt")]
            fails = 2 * clause["fail"] > count
            lawful = min(votes) >= 0 and sum(votes) == count and (clause["decision"] == "fail") is fails
            need(lawful, "archive.untold", what=f"votes {bid['number']} {clause['clause']}")
            failed += [clause["clause"]] if fails else []
        need(bid["rejected"] is bool(failed), "archive.untold", what=f"votes {bid['number']}")


def _need_sheets(told: Told, result: dict[str, Any], labels: list[str]) -> None:
    passed = [bid["number"] for bid in result["conformity"]["bids"] if not bid["rejected"]]
    found = sorted((sheet["number"], sheet["member"]) for sheet in result["sheets"])
    need(found == sorted((number, label) for number in passed for label in labels), "archive.untold", what="sheets")
    for criterion in (one for one in result["method"]["criteria"] if one["objective"]):
        for number in passed:
            given = {Decimal(s["items"][criterion["code"]]) for s in result["sheets"] if s["number"] == number}
            need(len(given) == 1, "archive.untold", what=f"sheets {number} {criterion['code']}")
    code = told.project["section"]["code"]
    begun = told.places("committee.begin_scoring", f"committee:{code}")[0]
    locked = told.places("committee.lock", f"committee:{code}")[-1]
    places = [e["index"] for e in told.ledger["entries"] if e["kind"] == "sheet.lock"]
    need(all(begun < place < locked for place in places), "archive.untold", what="sheets: order")

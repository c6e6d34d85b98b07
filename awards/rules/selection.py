"""评定分离 computed: rounds of ballots, price among the candidates, the decision replayed (R-510 to R-514)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import rfc8785

from core.draw import mechanism
from core.errors import Invalid

TYPE = "sunbid-selection/v1"


def ballot_digest(ballot: Mapping[str, Any]) -> str:
    """What the ledger tells of a ballot when cast: SHA-256 of its canonical {round, seat, choice, reason, salt}."""
    told = {name: ballot[name] for name in ("round", "seat", "choice", "reason", "salt")}
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def tally(win: str, among: Sequence[int], choices: Sequence[int]) -> tuple[int | None, list[int]]:
    """One round: the winner, or None and who goes on to the next round.

    `majority`: more than half of all ballots win; else those with the fewest fall out, unless fewer than two would be
    left. `most`: most ballots win; of equal ones all go on.
    """
    counts = Counter(dict.fromkeys(among, 0))
    counts.update(choices)
    top = max(counts.values())
    leading = sorted(number for number in among if counts[number] == top)
    if win == "most":
        return (leading[0], []) if len(leading) == 1 else (None, leading)
    if 2 * top > len(choices):
        return leading[0], []
    least = min(counts.values())
    left = sorted(number for number in among if counts[number] > least)
    return None, left if len(left) >= 2 else sorted(among)


def price_leaders(rule: str, prices: Mapping[int, int]) -> list[int]:
    """Whom the price rule puts first: the lowest price, or the closest below (or at) the mean of all candidates."""
    if rule == "lowest":
        best = min(prices.values())
        return sorted(number for number, price in prices.items() if price == best)
    mean = Fraction(sum(prices.values()), len(prices))
    below = {number: mean - price for number, price in prices.items() if price <= mean}
    nearest = min(below.values())
    return sorted(number for number, gap in below.items() if gap == nearest)


def drawn_seats(seed: bytes, section: str, roll: Sequence[str], size: int) -> list[str]:
    """The logins a drawn committee consists of: the first by the seed of the experts' draw, published and verified."""
    return mechanism.order(seed, f"selection:{section}", roll)[:size]


def replayed(result: Mapping[str, Any], prices: Mapping[int, int]) -> int:
    """The winner as the recorded ballots, opinions and prices make it; Invalid("selection.replay") where they do not.

    `result`: {plan, candidates, members, price, rounds: [{round, among, ballots}], decision, winner} of archive.md.
    """
    plan, seats = result["plan"], [member["seat"] for member in result["members"]]
    among = sorted(result["candidates"])
    if plan["method"] == "price":
        among = price_leaders(plan["price_rule"], {number: prices[number] for number in among})
        need(result["price"] == {"rule": plan["price_rule"], "leaders": among}, "price")
        if len(among) == 1:
            need(result["rounds"] == [] and result["decision"] is None, "rounds")
            return among[0]
    winner: int | None = None
    for number, held in enumerate(result["rounds"], 1):
        need(winner is None and held["round"] == number and held["among"] == among, "rounds")
        need([ballot["seat"] for ballot in held["ballots"]] == seats, "seats")
        choices = [ballot["choice"] for ballot in held["ballots"]]
        need(all(choice in among for choice in choices), "choice")
        need(all(str(ballot["reason"]).strip() for ballot in held["ballots"]), "reason")
        if plan["method"] == "discussion":
            break
        winner, among = tally(plan["win"], among, choices)
    if plan["method"] == "discussion":
        decision = result["decision"]
        need(len(result["rounds"]) == 1 and decision is not None, "decision")
        need(decision["choice"] in result["candidates"] and decision["seat"] in seats, "decision")
        return int(decision["choice"])
    need(winner is not None and result["decision"] is None, "rounds")
    return int(winner or 0)


def need(holds: bool, what: str) -> None:
    """Raise Invalid("selection.replay") naming what does not follow."""
    if not holds:
        raise Invalid("selection.replay", what=what)


def told_selection(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the award notice tells of the decision: method, basis, each round's counts and reasons by seat (R-514)."""
    return {
        "method": result["plan"]["method"],
        "basis": f"{result['plan']['basis']['title']}{result['plan']['basis']['article']}",
        "rounds": [
            {
                "round": held["round"],
                "votes": [
                    {"number": number, "votes": sum(ballot["choice"] == number for ballot in held["ballots"])}
                    for number in held["among"]
                ],
                "reasons": [
                    {"seat": ballot["seat"], "number": ballot["choice"], "reason": ballot["reason"]}
                    for ballot in held["ballots"]
                ],
            }
            for held in result["rounds"]
        ],
        "decision": result["decision"],
        "winner": result["winner"],
    }

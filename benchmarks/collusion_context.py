"""How often the indicators that are shown and not weighed speak of honest bidders, and of planted ones.

    python -m benchmarks.collusion_context

Histories, upload times and prices are simulated: honest firms choose sections of their trade by appetite, win by cost,
stay away now and then, and submit at the last moment, in working hours, or whenever. The planted ring meets on
purpose, wins in turn, lets the other down, uploads together, and moves the benchmark; a favourite wins under one
tenderer and before one expert. One line per indicator.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collusion.indicators import (
    conduct_no_show,
    conduct_upload_gap,
    experts_winner_lift,
    history_co_bidding,
    history_companion,
    history_rotation,
    prices_benchmark_squeeze,
    tenderer_loyalty,
)
from collusion.rules import odds
from collusion.rules.case import Bid, Case, Conduct
from collusion.rules.documents import Place
from collusion.rules.evidence import Indicator
from collusion.rules.history import Meeting, Pricing

FIRMS = 24
SECTIONS = 90
PRESENT = 6
LEVEL = 0.05
"""A pair speaks when its chance is at most this; honest pairs may do so this often."""
OPENS = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = timedelta(days=24)
RULE = {"formula": "mean-deviation/v1", "points": "50", "above": "1.0", "below": "0.5", "trim_from": 5}
PLACE = Place("record", None, None)


def history(rng: random.Random, ring: Sequence[str], *, in_turn: bool) -> list[Meeting]:
    """Play earlier sections of one trade; `ring` meets on purpose and wins in turn, or its second only covers."""
    firms = [f"f{n:02d}" for n in range(FIRMS)]
    appetite = {firm: rng.uniform(0.1, 0.5) for firm in firms}
    cost = {firm: rng.gauss(0, 0.03) for firm in firms}
    slack = {firm: rng.choice((0.0, 0.02, 0.05)) for firm in firms}
    made, turn = [], 0
    for number in range(SECTIONS):
        bidders = {firm for firm in firms if rng.random() < appetite[firm]}
        if ring and rng.random() < 0.4:
            bidders |= {*ring}
        absent = {firm for firm in sorted(bidders) if rng.random() < slack[firm]}
        offers = {firm: cost[firm] + rng.gauss(0, 0.04) for firm in sorted(bidders - absent)}
        if ring and {*ring} <= bidders and rng.random() < 0.7:
            winner, loser = ring[turn % 2], ring[1 - turn % 2]
            turn += in_turn
            if rng.random() < 0.4:
                absent = absent | {loser}
            absent = absent - {winner}
        else:
            winner = min(offers, key=lambda firm: offers[firm]) if offers else ""
        made.append(Meeting(f"s{number:03d}", "T works 3301", frozenset(bidders), frozenset(absent), winner or None))
    return made


def judged(rng: random.Random, meetings: Sequence[Meeting], favourite: str) -> list[Meeting]:
    """The same sections with tenderees and experts; `favourite`, if any, wins mostly under one and before one."""
    owners, pool = [f"t{n}" for n in range(6)], [f"E{n}" for n in range(30)]
    weights = [rng.uniform(0.5, 3) for _ in owners]
    told = []
    for meeting in meetings:
        (owner,) = rng.choices(owners, weights)
        seats = set(rng.sample(pool, 5))
        if favourite and favourite in meeting.bidders:
            won = rng.random() < (0.8 if owner == "t0" or "E0" in seats else 0.03)
            if won and rng.random() < 0.8:
                owner, seats = "t0", seats | {"E0"}
            others = sorted(meeting.bidders - meeting.absent - {favourite}) or [meeting.winner or ""]
            meeting = replace(
                meeting, winner=favourite if won else rng.choice(others), absent=meeting.absent - {favourite}
            )
        told.append(replace(meeting, tenderee=owner, experts=frozenset(seats)))
    return told


def uploads(rng: random.Random, ring: Sequence[str], names: Sequence[str]) -> dict[str, datetime]:
    """When each bid came: near the end, by day, or whenever; the ring within two minutes, days before."""
    found = {}
    for name in names:
        way = rng.randrange(3)
        if way == 0:
            left = timedelta(minutes=rng.lognormvariate(5, 1.3))
        elif way == 1:
            left = timedelta(days=rng.randrange(0, 6), hours=rng.uniform(0.3, 8))
        else:
            left = WINDOW * rng.random()
        found[name] = OPENS + WINDOW - min(left, WINDOW)
    if ring:
        found[ring[0]] = OPENS + WINDOW - timedelta(hours=rng.uniform(4, 40))
        found[ring[1]] = found[ring[0]] + timedelta(seconds=rng.uniform(20, 120))
    return found


def prices(rng: random.Random, ring: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Honest totals around a level below the limit; the ring's second moves the mean onto the first."""
    level, spread = rng.uniform(0.86, 0.95), rng.uniform(0.015, 0.04)
    found = {name: round(1e8 * level * math.exp(rng.gauss(0, spread))) for name in names}
    if ring:
        others = [price for name, price in found.items() if name != ring[1]]
        wanted = found[ring[0]] / 0.97
        found[ring[1]] = max(1, round(min(wanted * len(names) - sum(others), 1e8)))
    return found


def case(number: int, *, rigged: bool, favoured: bool = False) -> Case:
    """A section of six bidders with its history; every second one without trimming and with covers for winners."""
    rng = random.Random(f"{'planted' if rigged else 'honest'} {number}")
    ring = ("f00", "f01") if rigged else ()
    told = history(rng, ring, in_turn=number % 2 == 0)
    told = judged(random.Random(f"judged {rigged} {favoured} {number}"), told, "f00" if favoured else "")
    names = sorted({"f00", "f01", *rng.sample([f"f{n:02d}" for n in range(2, FIRMS)], PRESENT - 2)})
    when, totals = uploads(rng, ring, names), prices(rng, ring, names)
    bids = tuple(Bid(name, (), totals[name], None, name, Conduct(when[name], PLACE)) for name in names)
    pricing = Pricing({**RULE, "trim_from": 5 if number % 2 == 0 else 99}, "0.97", 10**8, "T works 3301", "t0")
    return Case((), bids, window=(OPENS, OPENS + WINDOW), history=tuple(told), pricing=pricing)


INDICATORS: tuple[Indicator, ...] = tuple(
    module.INDICATOR
    for module in (
        history_co_bidding,
        history_companion,
        history_rotation,
        conduct_no_show,
        conduct_upload_gap,
        prices_benchmark_squeeze,
    )
)


def measure(cases: int, said: Callable[[str], None]) -> bool:
    """Print per indicator the share of honest pairs that speak and of planted rings that are seen; True when held."""
    held = True
    honest = [case(n, rigged=False) for n in range(cases)]
    planted = [case(n, rigged=True) for n in range(cases)]
    for indicator in INDICATORS:
        pairs = sum(len(one.pairs) for one in honest)
        spoke = sum(item.chance <= LEVEL for one in honest for item in indicator.evaluate(one))
        found = [any((item.a, item.b) == ("f00", "f01") for item in indicator.evaluate(one)) for one in planted]
        even, odd = sum(found[::2]), sum(found[1::2])
        low, high = odds.wilson(spoke, pairs)
        held = held and low <= LEVEL
        said(
            f"{indicator.identifier}: {100 * spoke / pairs:.2f} % of {pairs} honest pairs at chance ≤ {LEVEL} "
            f"(95 % {100 * low:.2f}–{100 * high:.2f}); planted rings seen {even} (in turn, trimmed) and {odd} (one covers, not trimmed) of {cases // 2} each"
        )
    favoured = [case(n, rigged=False, favoured=True) for n in range(cases)]
    for module in (tenderer_loyalty, experts_winner_lift):
        look = module.INDICATOR.notes
        assert look is not None
        bidders = sum(len(one.bids) for one in honest)
        spoke = sum(note.chance <= LEVEL for one in honest for note in look(one))
        seen = sum(any(note.bidder == "f00" for note in look(one)) for one in favoured)
        low, high = odds.wilson(spoke, bidders)
        held = held and low <= LEVEL
        said(
            f"{module.INDICATOR.identifier}: {100 * spoke / bidders:.2f} % of {bidders} honest bidders at chance ≤ {LEVEL} "
            f"(95 % {100 * low:.2f}–{100 * high:.2f}); planted favourites seen {seen} of {cases}"
        )
    return held


def main(argv: list[str] | None = None) -> int:
    """Measure and print. Exit 0 only where no indicator speaks oftener than its level."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=200)
    return 0 if measure(parser.parse_args(argv).cases, print) else 1


if __name__ == "__main__":
    sys.exit(main())

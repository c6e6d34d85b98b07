"""Drawing experts from pools of 10^4 … 10^6 with constraints, against a bare ordering by hash of the same candidates."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from core.draw import mechanism
from experts.rules import (
    Columns,
    Constraints,
    Party,
    Profile,
    Seat,
    avoidance_grounds,
    candidate_places,
    draw_seats,
    party_keys,
    walk,
)

LABEL = "experts:BJ-2026-001-01"
SPECIALITIES = tuple(f"A{n:02d}" for n in range(1, 33))
SEATS = [Seat("A01", 2), Seat("A08", 2), Seat("A20", 2)]
CONSTRAINTS = Constraints(regions=("33", "32", "31"), most_seats=12)
STANDBY = 50
ON = date(2026, 11, 29)
NONCES = {party: hashlib.sha256(party.encode()).digest() for party in ("officer", "supervisor", "tenderee")}
BIDDERS = [Party("bidder", f"单位{n}有限公司", f"9133{n:014d}") for n in range(12)]
REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "expert_draw_replay.py"


def employers(number: int, count: int) -> list[dict[str, str]]:
    """Two employers, one of them left long ago for every other expert; about 40 experts to a unit."""
    units = [(number * 7919 + turn * 104729) % max(count // 40, 30) for turn in (0, 1)]
    ends = ["", "2019-01-01" if number % 2 else "2025-06-30"]
    return [
        {"name": f"单位{unit}有限公司", "identifier": f"9133{unit:014d}", "until": until}
        for unit, until in zip(units, ends, strict=True)
    ]


def pool_of(count: int, *, everyone: bool) -> tuple[Columns, Callable[[int], bool]]:
    """A made-up pool: with `everyone` each expert holds a wanted speciality, else about one in six does."""
    chance = random.Random(count)
    wanted = [SPECIALITIES.index(seat.speciality) for seat in SEATS]
    held = [
        (1 << (chance.choice(wanted) if everyone else chance.randrange(len(SPECIALITIES))))
        | (1 << chance.randrange(len(SPECIALITIES)))
        for _ in range(count)
    ]
    ties: dict[str, list[int]] = {}
    for place in range(count):
        for entry in employers(place, count):
            ties.setdefault(f"id {entry['identifier']}", []).append(place)
            ties.setdefault(f"unit {entry['name']}", []).append(place)
    regions = [chance.choice(("330100", "330200", "320100", "320500", "310000")) for _ in range(count)]
    if not everyone:
        regions = [region if place % 10 else "110000" for place, region in enumerate(regions)]
    pool = Columns(
        names=[f"{chance.getrandbits(64):016x}" for _ in range(count)],
        held=held,
        regions=regions,
        is_active=[int(place % 50 != 0) for place in range(count)],
        seats_held=[place % 14 for place in range(count)],
        specialities=SPECIALITIES,
        ties=ties,
    )

    def has_ground(place: int) -> bool:
        return bool(avoidance_grounds(Profile("", "active", employers=employers(place, count)), BIDDERS, ON))

    return pool, has_ground


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the clock and the answer."""
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def spent() -> float:
    """Seconds of CPU of this process so far: what is left of a time when the machine is busy with other work."""
    return time.process_time()


def drawn(pool: Columns, has_ground: Callable[[int], bool]) -> dict[str, Any]:
    """The whole draw: constraints, digest of the frozen list, seed, seats and those standing by."""
    places = candidate_places(pool, SEATS, CONSTRAINTS, party_keys(BIDDERS), has_ground)
    names = [pool.names[place] for place in places]
    digest = mechanism.list_digest(names)
    seed = mechanism.seed(LABEL, NONCES.values())
    walked = draw_seats(pool, places, SEATS, seed, LABEL, standby=STANDBY)
    return {"places": places, "names": names, "digest": digest, "seed": seed, "walk": walked}


def reference(pool: Columns, found: dict[str, Any], folder: Path) -> tuple[float, bool]:
    """The published record through docs/expert_draw_replay.py in a process of its own: seconds, and whether it agrees."""
    record = {
        "label": LABEL,
        "parties": [
            {"party": party, "nonce": nonce.hex(), "commitment": mechanism.nonce_commitment(nonce)}
            for party, nonce in NONCES.items()
        ],
        "candidates": found["names"], "list_digest": found["digest"], "seed": found["seed"].hex(),
        "specialities": {pool.names[place]: pool.named(pool.held[place]) for place in found["places"]},
        "parameters": {"shape": {"seats": [{"speciality": s.speciality, "count": s.count} for s in SEATS]}},
        "outcome": {"steps": []},
    }  # fmt: skip
    (folder / "draw.json").write_text(json.dumps(record), encoding="utf-8")
    program = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import expert_draw_replay as r\n"
        "rows = r.replay(json.load(open('draw.json', encoding='utf-8')))\n"
        "seated = [row for row in rows if row[1] == 'seated']\n"
        "waiting = [row[0] for row in rows if row[1] == 'standby'][: int(sys.argv[2])]\n"
        "print(json.dumps([[row[0], row[2]] for row in seated])); print(json.dumps(waiting))"
    )
    command = [sys.executable, "-c", program, str(REFERENCE.parent), str(STANDBY)]
    seconds, answer = timed(lambda: subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True))
    seated, waiting = (json.loads(line) for line in answer.stdout.splitlines())
    here = found["walk"]
    same = seated == [[step.candidate, step.detail] for step in here.of("seated")]
    return seconds, same and waiting == [step.candidate for step in here.of("standby")]


def published(pool: Columns, found: dict[str, Any]) -> int:
    """The record as the site publishes it: everybody in order, with a step each."""
    names = {pool.names[place]: pool.named(pool.held[place]) for place in found["places"]}
    return len(walk(mechanism.order(found["seed"], LABEL, names), names, SEATS, {}).steps)


def measure(count: int, runs: int, *, everyone: bool) -> dict[str, float]:
    """Medians over interleaved runs: the draw, the peer on the same candidates, the published record."""
    pool, has_ground = pool_of(count, everyone=everyone)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times: dict[str, list[float]] = {"draw": [], "cpu": [], "peer": []}
    found: dict[str, Any] = {}
    for turn in range(runs):
        begun = spent()
        seconds, found = timed(lambda: drawn(pool, has_ground))
        times["draw"].append(seconds)
        times["cpu"].append(spent() - begun)
        if not turn:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        prefix = found["seed"] + LABEL.encode() + b"\n"
        names = found["names"]
        seconds, _ = timed(
            lambda names=names, prefix=prefix: sorted(
                names, key=lambda name: hashlib.sha256(prefix + name.encode()).digest()
            )
        )
        times["peer"].append(seconds)
    record, _ = timed(lambda: published(pool, found))
    with tempfile.TemporaryDirectory(prefix="sunbid-draw-") as folder:
        replay, same = reference(pool, found, Path(folder))
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        **medians, "candidates": len(found["names"]), "record": record, "replay": replay, "same": same,
        "memory": grown / 1024,
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """10^4, 10^5 and 10^6 experts, five runs; --short: up to 10^5, three runs."""
    parser = argparse.ArgumentParser(prog="draw", description=main.__doc__)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args(arguments)
    sizes, runs = ((10**4, 10**5), 3) if options.short else ((10**4, 10**5, 10**6), 5)
    rows: dict[int, dict[str, float]] = {}
    for everyone in (False, True):
        print("every expert of a wanted speciality" if everyone else "one in six of a wanted speciality")
        for count in sizes:
            row = rows[count] = measure(count, runs, everyone=everyone)
            print(
                f"  {count:>9,} experts, {row['candidates']:>9,.0f} candidates: draw {row['draw']:.3f} s "
                f"({row['cpu']:.3f} of CPU), bare ordering "
                f"{row['peer']:.3f} s ({row['peer'] / row['draw']:.2f}×), +{row['memory']:.0f} MB; record with every "
                f"step {row['record']:.2f} s; independent script {row['replay']:.1f} s, "
                f"{'same' if row['same'] else 'DIFFERENT'}"
            )
    largest = rows[sizes[-1]]
    growth = math.log10(largest["draw"] / rows[sizes[-2]]["draw"])
    same = all(row["same"] for row in rows.values())
    print(
        f"draw: {sizes[-1]:,} experts in {largest['draw']:.2f} s ({largest['cpu']:.2f} of CPU; < 2 s), {largest['peer'] / largest['draw']:.2f}× a bare "
        f"ordering by hash, growth N^{growth:.2f}, +{largest['memory']:.0f} MB, "
        f"{'same as the independent script' if same else 'DIFFERENT from the independent script'}"
    )
    return 0 if same and largest["draw"] < 2 and growth < 1.2 else 1

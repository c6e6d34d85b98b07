"""R27: results of random tenders, ties and roundings among them, recounted by two programs that share no code with ours."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

from bidding.rules.method import AROUND, BASES, FORMULAS, POLICIES, POLICY, SECONDS, policy_criterion
from experts.rules import Evaluation, ScoredSheet, ranking, result, result_document, review_clauses, tally

ROOT = Path(__file__).resolve().parents[2]
K_GRID = [f"0.{n}" for n in range(950, 1000, 5)]
CONTROL = 1_000_000_00


def digest(text: str) -> str:
    """64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def method_of(chance: random.Random) -> dict[str, Any]:
    """A frozen method: two to six criteria, any price formula, policies, odd weights."""
    criteria = [
        {
            "code": f"C{n}", "name": f"第{n}项", "text": "", "objective": chance.random() < 0.4,
            "group": chance.choice(result.GROUPS),
            "points": chance.choice(["3", "5", "7.5", "10", "20"]),
        }
        for n in range(1, chance.randrange(3, 7))
    ]  # fmt: skip
    points = chance.choice(["30", "50", "60"])
    price: dict[str, Any] = {"formula": "lowest-first/v1", "points": points}
    if chance.random() < 0.6:
        price = {
            "formula": "mean-deviation/v1", "points": points, "k_range": ["0.95", "0.995"], "step": "0.005",
            "above": chance.choice(["1.0", "0.8", "2"]), "below": chance.choice(["0.5", "0.3", "1"]),
            "trim_from": chance.choice([3, 4, 5, 7]),
        }  # fmt: skip
        price |= around(chance)
        if chance.random() < 0.3:
            policies = chance.sample(["small", "share"], chance.randrange(1, 3))
            criteria += [policy_criterion(one, chance.choice(["1", "3.5", "5"]), "add") for one in policies]
    elif chance.random() < 0.5:
        policies = chance.sample(sorted(POLICIES), chance.randrange(1, 3))
        criteria += [policy_criterion(one, chance.choice(["10", "12.5", "20"])) for one in policies]
    review = [{"code": "R1", "text": "签章", "source": ""}]
    if chance.random() < 0.5:
        review.append({"code": "control_price", "text": "限价", "source": ""})
    return {"type": "comprehensive/v1", "criteria": criteria, "price": price, "review": review}


def around(chance: random.Random) -> dict[str, Any]:
    """A formula with a base of its own, and what it asks for."""
    formula = chance.choice(AROUND)
    told: dict[str, Any] = {"formula": formula}
    if formula == "ceiling-mean/v1":
        drawn = chance.random() < 0.5
        told |= {"weights": ["0.3", "0.35", "0.4"]} if drawn else {"weight": chance.choice(["0.1", "0.35", "0.5"])}
    elif formula == "reasonable-low/v1":
        told["basis"] = chance.choice(BASES)
        if told["basis"] == "ceiling":
            told["weights"] = ["0.5", "0.6", "0.7"]
    elif formula == "banded-mean/v1":
        told |= {"band_from": chance.choice([1, 5, 15])}
        told["downs"] = [["2", "3", "4", "5"], ["-1", "0", "1.5", "2"], ["-4", "-2.5", "-1"]]
    elif formula == "second-mean/v1":
        told["second"] = chance.choice(SECONDS)
    elif formula == "interval-mean/v1":
        told["interval"] = chance.choice([["0.85", "1.05"], ["0.999", "1.001"]])
    return told


def conformity_of(chance: random.Random, prices: dict[int, int], method: dict[str, Any], labels: list[str]) -> Any:
    """The members' votes as the review concludes them: over the control price fails, now and then something else."""
    clauses = [clause["code"] for clause in review_clauses(method)]
    rows = []
    for number, price in prices.items():
        fails = {"control_price": price > CONTROL, "R1": chance.random() < 0.05}
        votes = [
            (clause, "fail" if fails[clause] else chance.choice(["pass", "pass", "pass", "doubt"]))
            for clause in clauses
            for _ in labels
        ]
        found = tally(clauses, votes, len(labels))
        failed = [one.clause for one in found if one.fails]
        rows.append(
            {"number": number, "clauses": [one.as_json() for one in found], "rejected": bool(failed), "reasons": failed}
        )
    return {"members": labels, "bids": rows, "competition_reason": ""}


def tender(number: int) -> Evaluation | None:
    """One random tender; coarse scores and few distinct prices make ties, three or seven members make thirds and halves."""
    chance = random.Random(f"R27 {number}")
    section, method = f"R27-{number:06d}", method_of(chance)
    labels = [f"M{n}" for n in range(1, chance.choice([3, 4, 6, 7, 8]))] + ["R1"]
    few = [chance.randrange(70_000_000, 100_500_000) for _ in range(chance.choice([2, 4, 20]))]
    if chance.random() < 0.2:  # prices so near that their published scores are equal
        few = [few[0] + chance.randrange(4_000) for _ in range(6)]
    prices = {n: chance.choice(few) for n in range(1, chance.choice([chance.randrange(2, 13), 20]))}
    conformity = conformity_of(chance, prices, method, labels)
    valid = [row["number"] for row in conformity["bids"] if not row["rejected"]]
    if not valid:
        return None
    step = Decimal(chance.choice(["0.01", "0.5", "1", "2.5"]))
    alike = chance.random() < 0.3  # every bid gets the same sheets: only price, technical score or lot decide
    marks: dict[tuple[int, str, str], Decimal] = {}
    for bid in valid:
        for criterion in method["criteria"]:
            one = Decimal(1) if criterion["group"] == POLICY else step  # entitled or not
            most = int(Decimal(criterion["points"]) / one)
            agreed = one * chance.randint(0, most)
            for label in labels:
                mark = agreed if criterion["objective"] else one * chance.randint(0, most)
                marks[bid, label, criterion["code"]] = (
                    marks[valid[0], label, criterion["code"]] if alike and bid != valid[0] else mark
                ).quantize(Decimal("0.01"))
    seed = digest(f"seed {section}")
    drawn = {"label": f"coefficients:{section}", "seed": seed, "k": chance.choice(K_GRID), "steps": []}
    nothing = {"label": f"coefficients:{section}", "seed": None, "k": None, "steps": []}
    return Evaluation(
        section=section,
        locked_at="2026-11-29T08:00:00Z",
        method=method,
        control_price_fen=CONTROL,
        coefficients=drawn if method["price"]["formula"] in AROUND else nothing,
        conformity=conformity,
        members=[{"label": label, "seat": "A08" if label[0] == "M" else "representative"} for label in labels],
        bids=[
            {
                "number": n, "name": f"单位{n}", "identifier": f"9133{n:014d}", "submission": digest(f"{section} {n}"),
                "price_fen": price,
            }
            for n, price in prices.items()
        ],
        valid=valid,
        sheets=[
            ScoredSheet(bid, label, {c["code"]: marks[bid, label, c["code"]] for c in method["criteria"]})
            for bid in valid
            for label in labels
        ],
        tie_seed=seed,
    )  # fmt: skip


def told(held: Evaluation) -> dict[str, Any]:
    """The result, and around it the files and ledger entries that the archive would hold."""
    document = result_document(held)
    committee = f"committee:{held.section}"
    drawn = bool(held.coefficients["seed"])
    draw = {
        "label": f"coefficients:{held.section}" if drawn else f"experts:{held.section}", "seed": held.tie_seed,
        "outcome": {"k": held.coefficients.get("k")},
    }  # fmt: skip
    by_number = {bid["number"]: bid for bid in held.bids}
    entries = [
        {"kind": "committee.request", "subject": committee, "facts": {"shape": {"size": len(held.members)}}},
        {"kind": "committee.begin_scoring", "subject": committee, "facts": {"conformity": held.conformity}},
        *(
            {
                "kind": "sheet.lock",
                "subject": f"sheet:{held.section}:{sheet.member}:{by_number[sheet.number]['submission'][:12]}",
                "facts": {"items": {code: [str(value), ""] for code, value in sheet.items.items()}},
            }
            for sheet in held.sheets
        ),
        {"kind": "committee.lock", "subject": committee, "facts": {"result": document}},
    ]
    section = {"code": held.section, "method": held.method, "control_price_fen": held.control_price_fen}
    bids = [
        {**{key: bid[key] for key in ("number", "name", "identifier", "price_fen")},
         "submission_digest": bid["submission"], "state": "opened_by_bidder", "faults": [], "identity": {}}
        for bid in held.bids
    ]  # fmt: skip
    files = {
        "manifest.json": {"section": held.section}, "project.json": {"section": section, "law": {"rules": []}}, "bids.json": bids,
        "draws.json": [draw], "evaluation.json": document,
    }  # fmt: skip
    return {"files": files, "entries": [{"index": index, **entry} for index, entry in enumerate(entries)]}


def wrong_program(kind: str) -> Any:
    """The platform with a fault built in; what it publishes must be found wrong."""
    if kind == "float":
        return mock.patch.object(result, "published", lambda value: Decimal(f"{round(float(value), 2):.2f}"))
    if kind == "even":

        def even(value: Fraction, places: int = 2) -> Decimal:
            exact = Decimal(value.numerator * 10**6 // value.denominator).scaleb(-6)
            return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)

        return mock.patch.object(result, "published", even)
    if kind == "exact-rank":
        return mock.patch.object(ranking, "published", lambda value: value)
    return mock.patch.object(result, "TYPE", result.TYPE)


def documents(count: int, seen: Counter[str]) -> Iterator[dict[str, Any]]:
    """`count` tenders as told; `seen` counts what they put to the test."""
    number = 0
    while count:
        number += 1
        held = tender(number)
        if held is None:
            continue
        count -= 1
        found = told(held)
        document = found["files"]["evaluation.json"]
        seen[held.method["price"]["formula"]] += 1
        seen["bids"] += len(document["ranking"])
        seen["rejected"] += len(held.bids) - len(held.valid)
        for row in document["ranking"]:
            seen[row["decided_by"]] += 1
            exact = Fraction(row["exact"]["total"]) * 100
            seen["halves"] += (exact - exact.numerator // exact.denominator) == Fraction(1, 2)
        yield found


def main(arguments: list[str]) -> int:
    """Short form: 1,000 tenders; --long: 10,000. --sabotage builds a fault into the platform's side, which must be found."""
    parser = argparse.ArgumentParser(prog="R27", description=main.__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--tenders", type=int)
    parser.add_argument("--sabotage", choices=("float", "even", "exact-rank"), default="")
    options = parser.parse_args(arguments)
    count = options.tenders or (10_000 if options.long else 1_000)
    seen: Counter[str] = Counter()
    child = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("recount.py")), str(ROOT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert child.stdin and child.stdout
    different = 0
    with child, wrong_program(options.sabotage):
        for found in documents(count, seen):
            child.stdin.write(json.dumps(found, ensure_ascii=False) + "\n")
            child.stdin.flush()
            line = child.stdout.readline()
            faults = json.loads(line) if line else ["the recount has died"]
            different += bool(faults)
            if faults and different <= 5:
                print(found["files"]["manifest.json"]["section"], *faults[:3], sep="\n  ")
            if not line:
                break
        child.stdin.close()
    ties = seen["price"] + seen["technical"] + seen["draw"]
    print(
        f"{seen['bids']} bids ranked, {seen['rejected']} rejected; decided by price {seen['price']}, technical score "
        f"{seen['technical']}, lot {seen['draw']}; {seen['halves']} totals exactly on half a hundredth"
    )
    print(
        f"R27: {count} random tenders, {ties} ties, {seen['halves']} exact halves: {different} differ from the verifier or "
        "from the program printed in scoring.md"
    )
    print(", ".join(f"{name} {seen[name]}" for name in FORMULAS))
    vivid = (
        all(seen[name] for name in FORMULAS)
        and ties
        and seen["halves"]
        and all(seen[kind] for kind in ("price", "technical", "draw", "rejected"))
    )
    return 0 if not different and vivid else 1

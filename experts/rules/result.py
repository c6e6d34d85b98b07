"""The result of an evaluation as one document, from published inputs and members' sheets (docs/spec/scoring.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import rfc8785

from core.calendar import day_of
from core.clock import from_iso
from core.draw import mechanism
from experts.rules.bases import Lots
from experts.rules.prices import PriceScores, price_scores
from experts.rules.ranking import Standing, aggregate, candidates, published, rank
from experts.rules.scores import GROUPS, POLICY, additions, deductions, outliers, scored_criteria

TYPE = "sunbid-result/v1"


@dataclass(frozen=True)
class ScoredSheet:
    """One member's sheet for one bid: points by criterion, and the explanation given for an unusual total."""

    number: int
    member: str
    items: Mapping[str, Decimal]
    explanation: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """Everything a result follows from.

    `bids` are all bids reviewed ({number, name, identifier, submission, price_fen}), `valid` the numbers of those not
    rejected; `sheets` hold every member's sheet for every valid bid, in the order of bid, then seat; `tie_seed` is the
    hex seed that orders ties; `coefficients` is the published coefficient draw, {} where none was held. Where prices
    come in a second stage, `ranked` names the valid ones that have a price to score, after the decisions on prices of
    `price_review`; None: all of them.
    """

    section: str
    locked_at: str
    method: Mapping[str, Any]
    control_price_fen: int
    coefficients: Mapping[str, Any]
    conformity: Any
    members: Sequence[Mapping[str, str]]
    bids: Sequence[Mapping[str, Any]]
    valid: Sequence[int]
    sheets: Sequence[ScoredSheet]
    tie_seed: str
    most_candidates: int = 3
    ranked: Sequence[int] | None = None
    corrections: Sequence[Mapping[str, Any]] = ()
    price_review: Mapping[str, Any] | None = None


def result_document(told: Evaluation) -> dict[str, Any]:
    """The result as published: every score, mean, price score, total and rank, exact and as rounded once (R-455…R-457).

    What `price_scores` refuses is refused; nothing else is checked, the services have done so before.
    """
    counted = told.valid if told.ranked is None else told.ranked
    submissions = {bid["number"]: bid["submission"] for bid in told.bids if bid["number"] in counted}
    prices = {bid["number"]: int(bid["price_fen"] or 0) for bid in told.bids if bid["number"] in counted}
    prices |= {one["number"]: one["price_fen"] for one in told.corrections if one["number"] in prices}
    k = told.coefficients.get("k")
    rows, groups = _sheets(told)
    sheets = [(sheet.number, sheet.items) for sheet in told.sheets]
    means = {number: aggregate(groups[number]) for number in submissions}
    seed = told.coefficients.get("seed")
    priced = price_scores(
        prices, told.method, k, deductions(told.method, sheets), ceiling=told.control_price_fen,
        lots=Lots(bytes.fromhex(seed), told.coefficients["label"], submissions) if seed else None, means=means,
        added=additions(told.method, sheets),
    )  # fmt: skip
    label = f"tie:{told.section}"
    lots = mechanism.order(bytes.fromhex(told.tie_seed), label, submissions.values())
    place = {digest: position for position, digest in enumerate(lots)}
    ranked = rank(
        [
            Standing(
                number=number, technical=means[number]["technical"], qualification=means[number]["qualification"],
                price=priced.scores[number], price_fen=prices[number], lot=place[submissions[number]],
            )
            for number in submissions
        ]
    )  # fmt: skip
    document = {
        "type": TYPE,
        "section": told.section,
        "locked_at": told.locked_at,
        "method": told.method,
        "control_price_fen": told.control_price_fen,
        "coefficients": told.coefficients,
        "conformity": told.conformity,
        "members": list(told.members),
        "bids": list(told.bids),
        "sheets": rows,
        "outliers": [
            {"number": number, "member": member}
            for number, totals in sorted(_totals(rows).items())
            for member in outliers(totals, day_of(from_iso(told.locked_at)))
        ],
        "price": {"k": k, **_price(priced, list(submissions), told.method)},
        "tie": {"label": label, "seed": told.tie_seed, "order": lots},
        "ranking": [
            {
                "rank": bid.rank,
                "number": bid.standing.number,
                "technical": str(published(bid.standing.technical)),
                "qualification": str(published(bid.standing.qualification)),
                "price": str(published(bid.standing.price)),
                "total": str(published(bid.standing.total)),
                "exact": {
                    "technical": fraction_text(bid.standing.technical),
                    "qualification": fraction_text(bid.standing.qualification),
                    "total": fraction_text(bid.standing.total),
                },
                "decided_by": bid.decided_by,
            }
            for bid in ranked
        ],
        "candidates": candidates(ranked, told.most_candidates),
    }
    if is_unranked(told.method):
        document["candidates"].sort()
    if told.corrections:
        document["corrections"] = [dict(one) for one in told.corrections]
    if told.ranked is not None:
        # Passed the first stage and is not ranked: the envelope stayed sealed, the price is too high or was rejected.
        document["unpriced"] = [number for number in told.valid if number not in counted]
    if told.price_review is not None:
        document["price_review"] = dict(told.price_review)
    return document


def is_unranked(method: Mapping[str, Any] | None) -> bool:
    """Whether the tender lets an award committee choose among candidates without an order (评定分离, R-510)."""
    return "selection" in (method or {})


def shown_result(result: dict[str, Any]) -> dict[str, Any]:
    """The result as pages, papers and data may tell it: whole, or without what orders candidates who have no order.

    Where candidates are unranked no ranking, total, sheet or outlier is told, and prices and bids stand by number;
    `full_sha256` commits to the whole result, which the archive keeps for supervisors and verifiers.
    """
    if not is_unranked(result["method"]):
        return result
    price = result["price"]
    return {
        **result,
        "candidates": sorted(result["candidates"]),
        "ranking": [],
        "sheets": [],
        "outliers": [],
        "price": {**price, "scores": sorted(price["scores"], key=lambda row: int(row["number"]))},
        "unranked": True,
        "full_sha256": hashlib.sha256(rfc8785.dumps(result)).hexdigest(),
    }


def fraction_text(value: Fraction) -> str:
    """An exact value as text: `918202000` or `5479/600`."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _sheets(told: Evaluation) -> tuple[list[dict[str, Any]], dict[int, list[dict[str, Decimal]]]]:
    criteria = scored_criteria(told.method)
    rows: list[dict[str, Any]] = []
    groups: dict[int, list[dict[str, Decimal]]] = {number: [] for number in told.valid}
    for sheet in told.sheets:
        by_group = dict.fromkeys(GROUPS, Decimal("0.00"))
        for code, criterion in criteria.items():
            if criterion["group"] in by_group:
                by_group[criterion["group"]] += sheet.items[code]
        groups[sheet.number].append(by_group)
        rows.append(
            {
                "number": sheet.number,
                "member": sheet.member,
                "items": {code: str(sheet.items[code]) for code in criteria},
                "technical": str(by_group["technical"]),
                "qualification": str(by_group["qualification"]),
                "total": str(sum(by_group.values(), Decimal("0.00"))),
                "explanation": sheet.explanation,
            }
        )
    return rows, groups


def has_policies(method: Mapping[str, Any]) -> bool:
    """Whether anything is deducted from prices for a policy (F-3, F-6)."""
    return any(one["group"] == POLICY and "deduct" in one for one in method["criteria"])


def _price(priced: PriceScores, numbers: Sequence[int], method: Mapping[str, Any]) -> dict[str, Any]:
    with_evaluated = has_policies(method)
    with_added = any("add" in one for one in method["criteria"])
    return {
        "used": list(priced.used),
        "dropped_high": priced.dropped_high,
        "dropped_low": priced.dropped_low,
        "base_fen": fraction_text(priced.base),
        **({"drawn": dict(priced.drawn)} if priced.drawn else {}),
        "scores": [
            {
                "number": number,
                "deviation_percent": fraction_text(priced.deviations[number]),
                "exact": fraction_text(priced.scores[number]),
                "score": str(published(priced.scores[number])),
                **({"evaluated_fen": fraction_text(priced.evaluated[number])} if with_evaluated else {}),
                **({"added_percent": fraction_text(priced.added.get(number, Fraction(0)) * 100)} if with_added else {}),
            }
            for number in numbers
        ],
    }


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, Decimal]]:
    found: dict[int, dict[str, Decimal]] = {}
    for row in rows:
        found.setdefault(row["number"], {})[row["member"]] = Decimal(row["total"])
    return found

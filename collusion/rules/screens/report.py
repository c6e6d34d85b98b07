"""The result of screening a table of bids: every tender and every bidder with chances, scores and explanations."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from collusion.rules import odds
from collusion.rules.screens import coalitions
from collusion.rules.screens.catalogue import SCREENS
from collusion.rules.screens.null import DRAWS, FOLDS, LEAST_TENDERS, Null, speaking
from collusion.rules.screens.table import Row, Table
from collusion.rules.screens.variance import Bids

MODEL = "sunbid-screens/1"
SHOWN = 3
WORTH_SHOWING = 0.1
CAUTION = {
    "zh": "线索，非认定：仅凭报价形态不能认定串通，须由人核查。",
    "en": "A lead, not a finding: the shape of prices alone proves nothing; people must check.",
}
COLD = {
    "zh": f"同一评标办法下其他标段不足 {LEAST_TENDERS} 个，不作概率判断（冷启动）。",
    "en": f"Fewer than {LEAST_TENDERS} other tenders under the same award rule: no chance is stated (cold start).",
}


def screen_table(table: Table, *, draws: int = DRAWS) -> dict[str, Any]:
    """Screen every tender that could be read whole; the same bids give the same result, in whatever order they come.

    `p` is the chance under independent bids (see `null`), joint over all screens of a tender; `q` the false-discovery
    rate over all tenders or bidders (Benjamini and Yekutieli 2001, valid under dependence); `score` the log-likelihood
    ratio that p allows. Where there is no measure, p, q and score are null and that is said.
    """
    bids = {name: np.sort(np.asarray([row.value for row in rows])) for name, rows in table.tenders.items()}
    by_rule: dict[str, dict[str, Bids]] = defaultdict(dict)
    for name, rows in table.tenders.items():
        by_rule[rows[0].rule][name] = bids[name]
    nulls = {rule: Null(rule, tenders, draws) for rule, tenders in sorted(by_rule.items())}
    company: dict[str, list[tuple[float, str]]] = defaultdict(list)
    tenders = [_tender(name, rows, bids[name], nulls[rows[0].rule], company) for name, rows in table.tenders.items()]
    bidders = [_bidder(bidder, rows, company) for bidder, rows in _by_bidder(table).items()]
    for found in (tenders, bidders):
        _false_discovery(found)
        found.sort(
            key=lambda entry: (entry["p"] is None, entry["p"] or 0.0, entry.get("tender_id") or entry["bidder_id"])
        )
    return {
        **heading(draws),
        "tenders": tenders,
        "bidders": bidders,
        "faults": [fault.told() for fault in table.faults],
        "set_aside": list(table.aside),
        "ignored_columns": list(table.ignored),
    }


def heading(draws: int) -> dict[str, Any]:
    """Tell what every result begins with: the model, the caution, the settings, the screens."""
    return {
        "model": MODEL,
        "caution": CAUTION,
        "settings": {"draws": draws, "folds": FOLDS, "least_tenders": LEAST_TENDERS},
        "screens": [
            {"id": s.identifier, "zh": s.zh, "en": s.en, "ring": "low" if s.low else "high"}
            | {"least_bids": s.least, "source": s.source}
            for s in SCREENS
        ],
    }  # fmt: skip


def _tender(
    name: str, rows: Sequence[Row], bids: Bids, null: Null, company: dict[str, list[tuple[float, str]]]
) -> dict[str, Any]:
    n = len(bids)
    values = {s.identifier: float(s.compute(bids)) for s in SCREENS if n >= s.defined}
    ratio = float(bids[0] / rows[0].reserve) if rows[0].reserve else None
    measure = null.measure(name) if n >= 3 else None
    if measure is None:
        return tender_told(name, null.rule, n, values, ratio, {}, None)
    chances = {s.identifier: float(measure.chances(s, np.asarray([values[s.identifier]]))[0]) for s in speaking(n)}
    joint = rounded(measure.joint(np.asarray([min(chances.values())]))[0])
    values_of = np.asarray([row.value for row in sorted(rows, key=lambda row: (row.value, row.bidder))])
    closeness = measure.company(coalitions.company(values_of))
    for row, p in zip(sorted(rows, key=lambda row: (row.value, row.bidder)), closeness, strict=True):
        company[row.bidder].append((float(p), name))
    return tender_told(name, null.rule, n, values, ratio, chances, joint)


def tender_told(
    name: str,
    rule: str,
    n: int,
    values: Mapping[str, float],
    ratio: float | None,
    chances: Mapping[str, float],
    joint: float | None,
) -> dict[str, Any]:
    """Tell of a tender of `n` bids: its screens, their chances, the joint one; without a measure, why none."""
    told: dict[str, Any] = {
        "tender_id": name,
        "award_rule": rule,
        "bids": n,
        "screens": {
            key: {"value": rounded(value), "p": rounded(chances[key]) if key in chances else None}
            for key, value in values.items()
        },
        "lowest_to_reserve": rounded(ratio) if ratio is not None else None,
        "p": joint,
        "explanations": [],
    }
    if joint is None:
        few = {"zh": "报价少于三家，不作判断。", "en": "Fewer than three bids: nothing is said."}
        told["explanations"].append(few if n < 3 else COLD)
        return told
    striking = sorted((p, key) for key, p in chances.items() if p <= WORTH_SHOWING)[:SHOWN]
    told["explanations"] = [_explained(key, values[key], p) for p, key in striking]
    return told


def _explained(key: str, value: float, p: float) -> dict[str, Any]:
    screen = next(s for s in SCREENS if s.identifier == key)
    return {
        "screen": key,
        "zh": f"{screen.zh} {value:.4g}：若各家独立报价，{100 * p:.2g}% 的标段会这样{'低' if screen.low else '高'}。"
        f"可能的正常原因：{screen.innocent_zh}。",
        "en": f"{screen.en} {value:.4g}: with independent bids {100 * p:.2g}% of tenders are as "
        f"{'low' if screen.low else 'high'}. An innocent cause: {screen.innocent_en}.",
    }  # fmt: skip


def _by_bidder(table: Table) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for rows in table.tenders.values():
        for row in rows:
            found[row.bidder].append(row)
    return dict(sorted(found.items()))


def _bidder(bidder: str, rows: Sequence[Row], company: Mapping[str, list[tuple[float, str]]]) -> dict[str, Any]:
    chances = sorted(company.get(bidder, []))
    wins = sum(bool(row.winner) for row in rows) if any(row.winner is not None for row in rows) else None
    p = rounded(fisher([p for p, _ in chances])) if chances else None
    return bidder_told(bidder, len(rows), len(chances), wins, p, chances[:SHOWN])


def bidder_told(
    bidder: str, tenders: int, measured: int, wins: int | None, p: float | None, closest: Sequence[tuple[float, str]]
) -> dict[str, Any]:
    """Tell of a bidder; `closest` are its smallest chances with the tenders they come from."""
    told: dict[str, Any] = {
        "bidder_id": bidder,
        "tenders": tenders,
        "measured": measured,
        "wins": wins,
        "p": p,
        "explanations": [] if measured else [COLD],
    }
    for p, name in [entry for entry in closest if entry[0] <= WORTH_SHOWING]:
        told["explanations"].append(
            {
                "tender_id": name,
                "zh": f"标段 {name}：与最近两家的报价紧挨，独立报价时 {100 * p:.2g}% 的投标人会这样近。"
                f"可能的正常原因：{LEVEL_ZH}。",
                "en": f"Tender {name}: as close to two others as {100 * p:.2g}% of independent bidders. "
                f"An innocent cause: {LEVEL_EN}.",
            }
        )  # fmt: skip
    return told


LEVEL_ZH, LEVEL_EN = SCREENS[0].innocent_zh, SCREENS[0].innocent_en


def fisher(chances: Sequence[float]) -> float:
    """Combine chances of independent tenders (Fisher 1932): the upper tail of χ² with twice as many degrees."""
    half = -sum(math.log(p) for p in chances)
    # e^−x Σ x^k/k!, in logarithms: hundreds of tenders must not overflow.
    terms = [
        k * math.log(half) - math.lgamma(k + 1) - half if half else (0.0 if k == 0 else -math.inf)
        for k in range(len(chances))
    ]
    return min(1.0, sum(math.exp(term) for term in terms))  # fmt: skip


def _false_discovery(found: list[dict[str, Any]]) -> None:
    known = Counter(entry["p"] for entry in found if entry["p"] is not None)
    weighed = false_discovery(known)
    for entry in found:
        entry["q"], entry["score"] = weighed[entry["p"]] if entry["p"] is not None else (None, None)


def false_discovery(known: Mapping[float, int]) -> dict[float, tuple[float, float]]:
    """Give q (Benjamini and Yekutieli 2001) and score for every chance, told how often each was found."""
    total = sum(known.values())
    harmonic = sum(1 / k for k in range(1, total + 1))
    weighed: dict[float, tuple[float, float]] = {}
    least, place = 1.0, total
    for p in sorted(known, reverse=True):
        least = min(least, p * total * harmonic / place)
        weighed[p] = rounded(least), rounded(odds.from_p(p))
        place -= known[p]
    return weighed


def rounded(value: float) -> float:
    """Six significant digits: what is beyond differs between machines."""
    return float(f"{float(value):.6g}")

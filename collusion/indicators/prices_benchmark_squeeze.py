"""Indicator prices.benchmark_squeeze: one price moves the benchmark of the tender's own rule onto another bid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from statistics import NormalDist, fmean, pstdev
from typing import Any

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import SCHEDULE, Bid, Case
from collusion.rules.documents import Place
from collusion.rules.evidence import (
    ARTICLE_39,
    ARTICLE_40_4,
    SIGNALS,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.source_text import _l
from experts.rules.prices import CEILING_MEAN, MEAN_DEVIATION, price_scores

IDENTIFIER = "prices.benchmark_squeeze"
DRAWS = 99
LEAST_BIDS = 5
WORTH_SHOWING = 0.05


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the best price score of the others against those they would have, were one price drawn like the rest.

    Puts the supposed helper's price through the spread of the others, evenly, and scores everything by the frozen
    method with the drawn coefficient. The chance is of the helper's price alone.
    """
    if _lacks(case) or case.pricing is None:
        return []
    prices = {n: bid.total for n, bid in enumerate(case.bids) if bid.total}
    limit = case.pricing.limit
    scored = {n: price for n, price in prices.items() if limit is None or price <= limit}
    if len(scored) < LEAST_BIDS:
        return []
    base = rate("squeeze.floor")
    method, k = {"price": case.pricing.rule}, case.pricing.k
    held = price_scores(scored, method, k, ceiling=limit or 0).scores
    found = []
    for helper in sorted(scored):
        # Whoever leads among the others is looked for anew with every price tried: leading by luck is no evidence.
        leader = max((n for n in sorted(held) if n != helper), key=lambda n: held[n])
        rest = [price for n, price in scored.items() if n != helper]
        logs = [math.log(price) for price in rest]
        drawn = NormalDist(fmean(logs), max(rate("total.spread").value, pstdev(logs)))
        tried = (math.exp(drawn.inv_cdf((n + 0.5) / DRAWS)) for n in range(DRAWS))
        reached = sum(_best(scored, helper, price, method, k, limit or 0) >= held[leader] for price in tried)
        tail = (1 + reached) / (1 + DRAWS)
        chance = min(1.0, base.value + tail)
        if chance > WORTH_SHOWING:
            continue
        a, b = sorted((helper, leader))
        tested = (
            remark(
                _l(
                    "%(helper)s 的报价若与其他各家同样分布，"
                    "其余各家的最高价格得分只有 %(share).1f%% 的机会达到 %(leader)s 现在的得分"
                ),
                helper=case.bids[helper].bidder,
                leader=case.bids[leader].bidder,
                share=100 * tail,
            ),
            remark(_l("按本项目冻结的评标办法与抽定的系数计算；超过最高投标限价的报价不计")),
        )
        finding = Finding(_sighting(case.bids[a]), _sighting(case.bids[b]))
        llr = odds.from_p(chance)
        names = case.bids[a].bidder, case.bids[b].bidder
        found.append(Evidence(IDENTIFIER, Family.PRICES, *names, llr, chance, base, (finding,), tested, weighed=False))
    return found


def _best(
    scored: Mapping[int, int], helper: int, price: float, method: Mapping[str, Any], k: str | None, ceiling: int
) -> Fraction:
    """The best price score of the others, were the helper's price this one."""
    scores = price_scores({**scored, helper: max(1, round(price))}, method, k, ceiling=ceiling).scores
    return max(score for n, score in scores.items() if n != helper)


def _sighting(bid: Bid) -> Sighting:
    declared = [document.file for document in bid.documents if (document.data or {}).get("type") == SCHEDULE]
    return Sighting(Place(next(iter(declared), "schedule.json"), None, None), f"{(bid.total or 0) / 100:.2f}")


def _lacks(case: Case) -> bool:
    rule = case.pricing.rule if case.pricing else {}
    if case.pricing is None or case.pricing.k is None:
        return True
    known = rule.get("formula") == MEAN_DEVIATION
    return not known and (rule.get("formula") != CEILING_MEAN or case.pricing.limit is None)


def lacking(case: Case) -> Remark | None:
    """Say whether the method has no benchmark, its coefficient is not drawn, or too few totals are known."""
    if _lacks(case):
        return remark(_l("评标办法没有评标基准价，或系数尚未抽定"))
    known = sum(bool(bid.total) for bid in case.bids)
    return None if known >= LEAST_BIDS else remark(_l("已知总价的投标不足五家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PRICES,
    name=_l("挤压评标基准价"),
    clauses=(ARTICLE_39, ARTICLE_40_4, SIGNALS),
    needs=_l("各家总价、冻结的评标办法、抽定的系数、最高投标限价"),
    method=_l("把一家的报价换成其余报价分布的 99 个分位数，看价格得分第一名是否仍有现在的得分"),
    null_model=_l("该家报价与其余各家同分布（对数正态，离散度不低于 0.03）；外加模型误差下限 0.01"),
    false_alarms=_l("模拟清白报价实测见文档；不计入得分"),
    exclusions=(_l("超过最高投标限价的报价"), _l("不足五家"), _l("没有基准价的评标办法")),
    clears=_l("出示该报价的成本依据"),
    rates=("squeeze.floor", "total.spread"),
    evaluate=evaluate,
    lacking=lacking,
)

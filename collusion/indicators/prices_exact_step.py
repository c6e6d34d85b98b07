"""Indicator prices.exact_step: totals in an exact ladder, a round difference or a round ratio."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import SCHEDULE, Bid, Case, keyed
from collusion.rules.documents import Place
from collusion.rules.evidence import (
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
from collusion.rules.prices import Step, exact_steps
from collusion.rules.source_text import _l

IDENTIFIER = "prices.exact_step"
WORTH_SHOWING = 0.01
BASES = 2
"""Totals are tried as declared and net of what the tenderer priced."""

FORMS: dict[str, str] = {
    "arithmetic": _l("总价成等差数列，公差 %(constant).2f 元"),
    "geometric": _l("总价成等比数列，公比 %(constant).6f"),
    "round": _l("总价之差为整数 %(constant).2f 元，而总价本身不取整"),
    "ratio": _l("总价之比恰为 %(constant).3f"),
}


def evaluate(case: Case) -> list[Evidence]:
    """Weigh exact patterns of totals; each names every pair it contains."""
    floor = rate("step.floor")
    best: dict[tuple[str, str], tuple[float, Step, dict[str, int]]] = {}
    bases = _bases(case)
    for totals in bases:
        for step in exact_steps(totals, bases[0], spread=rate("total.spread").value):
            chance = min(1.0, BASES * step.chance + floor.value)
            for a, b in case.pairs:
                pair = (a.bidder, b.bidder)
                if {*pair} <= {*step.bidders} and chance < best.get(pair, (WORTH_SHOWING, step, totals))[0]:
                    best[pair] = (chance, step, totals)
    bids = {bid.bidder: bid for bid in case.bids}
    found = []
    for (a_name, b_name), (chance, step, totals) in sorted(best.items()):
        money = step.form in ("arithmetic", "round")
        text = remark(FORMS[step.form], constant=step.constant / 100 if money else step.constant)
        finding = Finding(_sighting(bids[a_name], totals), _sighting(bids[b_name], totals), remark=text)
        tested = (
            text,
            remark(_l("总价自身的取整程度已计入偶合概率")),
            remark(_l("总价按原值与扣除暂估、暂列、甲供后的净值各检验一次")),
        )
        llr = odds.from_p(chance)
        found.append(Evidence(IDENTIFIER, Family.PRICES, a_name, b_name, llr, chance, floor, (finding,), tested))
    return found


def _bases(case: Case) -> list[dict[str, int]]:
    whole = {bid.bidder: total for bid in case.bids if (total := _total(bid))}
    given = {bid.bidder: _given(case, bid) for bid in case.bids}
    net = {name: total - given[name] for name, total in whole.items() if 0 < given[name] < total}
    return [whole, net] if net else [whole]


def _total(bid: Bid) -> int:
    return bid.total if bid.total is not None else sum(item.amount or 0 for _, item in bid.bill)


def _given(case: Case, bid: Bid) -> int:
    return sum(item.amount or 0 for key, item in keyed(i for _, i in bid.bill) if key in case.provisional)


def _sighting(bid: Bid, totals: dict[str, int]) -> Sighting:
    declared = [document.file for document in bid.documents if (document.data or {}).get("type") == SCHEDULE]
    file = next(iter(declared + [file for file, _ in bid.bill]), "")
    return Sighting(Place(file, None, None), f"{totals[bid.bidder] / 100:.2f}")


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two totals are known."""
    return None if sum(_total(bid) > 0 for bid in case.bids) >= 2 else remark(_l("已知总价的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PRICES,
    name=_l("总价呈精确等差等比"),
    clauses=(ARTICLE_40_4, SIGNALS),
    needs=_l("各家投标总价"),
    method=_l("检验三家以上总价是否精确（1 元或百万分之一）成等差、等比，两家之差是否为整数、之比是否落在整齐格点"),
    null_model=_l("总价对数独立、离散度 0.03；偶合概率按总价自身取整程度放宽，并乘以组合个数；外加模型误差下限"),
    false_alarms=_l("精确检验约 1e-5 量级加模型误差 0.0005；百分之二容差的同类规则误报 36% 至 83%，不采用"),
    exclusions=(_l("总价相同的情形另由人工判断"), _l("本身取整的总价"), _l("招标人定价部分")),
    clears=_l("出示各自的报价决策过程；说明取整习惯"),
    rates=("step.floor", "total.spread"),
    evaluate=evaluate,
    lacking=lacking,
)

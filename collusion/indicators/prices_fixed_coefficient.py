"""Indicator prices.fixed_coefficient: unit prices of two bills in one constant ratio."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case, keyed
from collusion.rules.documents import BillItem, Place
from collusion.rules.evidence import (
    ARTICLE_40_4,
    SIGNALS,
    Evidence,
    Explanation,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.prices import LEAST_ITEMS, Key, copied_from_control, fixed_coefficient
from collusion.rules.source_text import _l

IDENTIFIER = "prices.fixed_coefficient"
SHOWN = 12
WORTH_SHOWING = 0.05


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the most frequent constant ratio of unit prices, item by item to the fen."""
    spread, floor = rate("spread").value, rate("coefficient.floor")
    copied = {bid.bidder: copied_from_control(bid.prices, case.control) for bid in case.bids}
    found = []
    for a, b in case.pairs:
        from_control = copied[a.bidder] | copied[b.bidder]
        result = fixed_coefficient(a.prices, b.prices, case.provisional | from_control, spread=spread)
        if result is None:
            explained = _explained(case, a, b, from_control, spread)
            if explained is not None:
                found.append(explained)
            continue
        chance = min(1.0, result.chance + floor.value)
        if chance > WORTH_SHOWING:
            continue
        dearer, cheaper = (a, b) if result.coefficient >= 1 else (b, a)
        tested = (
            remark(
                _l(
                    "可比 %(items)d 项中 %(agreeing)d 项，%(dearer)s 单价恰为 %(cheaper)s 的 %(times).4f 倍（精确到分）"
                ),
                items=result.items,
                agreeing=len(result.agreeing),
                dearer=dearer.bidder,
                cheaper=cheaper.bidder,
                times=max(result.coefficient, 1 / result.coefficient),
            ),
            remark(_l("暂估、暂列、甲供项已排除")),
            remark(_l("按最高投标限价同一比例下浮的 %(count)d 项已排除"), count=len(from_control)),
        )
        findings = _findings(a, b, result.agreeing)
        llr = odds.from_p(chance)
        found.append(Evidence(IDENTIFIER, Family.PRICES, a.bidder, b.bidder, llr, chance, floor, findings, tested))
    return found


def _explained(case: Case, a: Bid, b: Bid, from_control: frozenset[Key], spread: float) -> Evidence | None:
    """Show a constant ratio that vanishes once prices cut from the control price are taken out."""
    result = fixed_coefficient(a.prices, b.prices, case.provisional, spread=spread)
    if result is None or result.chance > WORTH_SHOWING or not from_control.intersection(result.agreeing):
        return None
    tested = (remark(_l("双方均按最高投标限价同一比例下浮，比值固定属正常结果")),)
    return Evidence(
        IDENTIFIER, Family.PRICES, a.bidder, b.bidder, 0.0, 1.0, rate("coefficient.floor"),
        _findings(a, b, result.agreeing), tested, Explanation.CONTROL_PRICE,
    )  # fmt: skip


def _findings(a: Bid, b: Bid, agreeing: tuple[Key, ...]) -> tuple[Finding, ...]:
    places_a, places_b = _places(a), _places(b)
    largest = sorted(agreeing, key=lambda key: (-a.prices[key], key))[:SHOWN]
    return tuple(
        Finding(_sighting(places_a[key], a.prices[key]), _sighting(places_b[key], b.prices[key])) for key in largest
    )


def _places(bid: Bid) -> dict[Key, tuple[str, BillItem]]:
    files = [file for file, _ in bid.bill]
    return {key: (file, item) for file, (key, item) in zip(files, keyed(i for _, i in bid.bill), strict=True)}


def _sighting(where: tuple[str, BillItem], price: int) -> Sighting:
    file, item = where
    return Sighting(Place(file, None, item.row), f"{item.code} {item.name} {price / 100:.2f}")


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids have enough priced items."""
    enough = sum(len(bid.prices) >= LEAST_ITEMS for bid in case.bids)
    return None if enough >= 2 else remark(_l("已标价清单不足 %(items)d 项的投标无法比较"), items=LEAST_ITEMS)


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PRICES,
    name=_l("清单单价呈固定系数"),
    clauses=(ARTICLE_40_4, SIGNALS),
    needs=_l("双方已标价工程量清单各不少于 30 项；最高投标限价清单（可缺）"),
    method=_l("取各项单价比值的众数，逐项核对到分，以泊松二项分布尾部计概率并乘以候选系数个数"),
    null_model=_l("比值对数离散度不低于 0.02，各项偶合概率随单价大小逐项计算；外加模型误差下限"),
    false_alarms=_l("不高于 0.0002 加模型误差；在总价上使用同一规则会误报 88% 至 100%，故只用于清单"),
    exclusions=(_l("暂估、暂列、甲供项"), _l("与最高投标限价相同或同一比例下浮的项"), _l("少于 30 项的清单")),
    clears=_l("出示各自的组价过程（人工、材料、机械与取费），或双方按同一公开下浮率报价的依据"),
    rates=("spread", "coefficient.floor"),
    evaluate=evaluate,
    lacking=lacking,
)

"""Indicator prices.unit_residuals: two bidders deviate from the control prices item by item in the same way."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
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
from collusion.rules.prices import LEAST_ITEMS, copied_from_control, unit_residuals
from collusion.rules.source_text import _l

IDENTIFIER = "prices.unit_residuals"
SHOWN = 10
WORTH_SHOWING = 0.05


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the rank correlation of unit-price residuals above what chance and shared noise can give."""
    prices = {bid.bidder: bid.prices for bid in case.bids if bid.prices}
    files = {bid.bidder: next((file for file, _ in bid.bill), "") for bid in case.bids}
    floor = rate("residual.floor")
    from_control = {name: copied_from_control(own, case.control) for name, own in prices.items()}
    found = []
    for a, b in case.pairs:
        if a.bidder not in prices or b.bidder not in prices:
            continue
        copied = from_control[a.bidder] | from_control[b.bidder]
        result = unit_residuals(a.bidder, b.bidder, prices, case.control, case.provisional | copied)
        if result is None:
            continue
        chance = min(1.0, result.chance + floor.value)
        if chance > WORTH_SHOWING:
            continue
        most = sorted(result.points, key=lambda point: (-min(abs(point[1]), abs(point[2])), point[0]))[:SHOWN]
        findings = tuple(
            Finding(
                Sighting(Place(files[a.bidder], None, None), f"{code} {100 * left:+.2f}%"),
                Sighting(Place(files[b.bidder], None, None), f"{code} {100 * right:+.2f}%"),
            )
            for (code, _), left, right in most
        )
        tested = (
            remark(
                _l("%(items)d 项残差秩相关 %(correlation).3f；仅凭偶然与共同噪声至多约 %(expected).3f"),
                items=result.items,
                correlation=result.correlation,
                expected=result.expected,
            ),
            remark(_l("已扣除各家分部策略与其他投标人的共同偏离；暂估与照抄限价的项已排除")),
        )
        llr = odds.from_p(chance)
        found.append(Evidence(IDENTIFIER, Family.PRICES, a.bidder, b.bidder, llr, chance, floor, findings, tested))
    return found


def lacking(case: Case) -> Remark | None:
    """Say whether there is no control bill, or fewer than four priced bids."""
    if len(case.control) < LEAST_ITEMS:
        return remark(_l("没有最高投标限价清单，无法计算单价残差"))
    enough = sum(len(bid.prices) >= LEAST_ITEMS for bid in case.bids)
    return None if enough >= 4 else remark(_l("有完整清单的投标不足四家，无法扣除共同偏离"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PRICES,
    name=_l("清单单价偏离方式一致"),
    clauses=(ARTICLE_40_4, SIGNALS),
    needs=_l("最高投标限价清单；不少于四家投标人的已标价清单，共有项不少于 30"),
    method=_l("单价对限价取对数，扣除分部中位数与其他投标人均值，计算双方残差的秩相关并作费希尔变换"),
    null_model=_l("相关系数不以零为零点，而以其他投标人均值的噪声所能造成的相关为零点；外加模型误差下限"),
    false_alarms=_l("模拟清白标段实测见模型校准；模型误差下限 0.002"),
    exclusions=(
        _l("暂估、暂列、甲供项"),
        _l("照抄限价或同一比例下浮的项"),
        _l("各家的分部策略"),
        _l("单项极端报价（缩尾）"),
    ),
    clears=_l("出示各自的组价过程，或证明双方使用同一公开信息价、同一分包询价"),
    rates=("residual.floor",),
    evaluate=evaluate,
    lacking=lacking,
)

"""Indicator tenderer.last_word: under this tenderer a bidder comes later and just below, far oftener than chance."""

from __future__ import annotations

import math

from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.shown import RECORD, WORTH_SHOWING
from collusion.rules.source_text import _l

IDENTIFIER = "tenderer.last_word"
NEAR = 0.02
"""How near the two lowest prices must lie for either to be as likely the later one's."""
LEAST_LATER = 5


def notes(case: Case) -> list[Note]:
    """Note each bidder that, whenever it was the later of the two lowest and near the other, was the lower."""
    base, found = rate("history.floor"), []
    sections = _offers(case)
    for bid in case.bids:
        later = [lower for order in sections if (lower := _came_later(order, bid)) is not None]
        if len(later) < LEAST_LATER:
            continue
        below = sum(later)
        tail = sum(math.comb(len(later), k) for k in range(below, len(later) + 1)) / 2 ** len(later)
        chance = min(1.0, base.value + tail)
        if chance <= WORTH_SHOWING:
            said = remark(
                _l("在本招标人处，报价与对手相差不到百分之二且后递交的有 %(later)d 次，其中 %(below)d 次低于对手"),
                later=len(later), below=below,
            )  # fmt: skip
            tested = remark(_l("总是最后递交的习惯不影响本检验：只比较后递交时报价高于还是低于对手"))
            found.append(Note(IDENTIFIER, bid.bidder, chance, base, RECORD, (said, tested)))
    return found


def _offers(case: Case) -> list[tuple[tuple[str, int], ...]]:
    """The offers of this tenderer's sections in order of receipt, this one's last."""
    mine = case.pricing.tenderee if case.pricing else ""
    if not mine:
        return []
    here = sorted((bid.conduct.received_at, bid.known_as, bid.total) for bid in case.bids if bid.conduct and bid.total)
    earlier = [meeting.offers for meeting in case.history if meeting.tenderee == mine]
    return [*earlier, tuple((name, total) for _, name, total in here)]


def _came_later(offers: tuple[tuple[str, int], ...], bid: Bid) -> bool | None:
    """Whether it was the lower of the two lowest; None where it was not the later of them, or they were not near."""
    places = {name: place for place, (name, _) in enumerate(offers)}
    ranked = sorted(offers, key=lambda offer: offer[1])[:2]
    if len(ranked) < 2 or bid.known_as not in (ranked[0][0], ranked[1][0]):
        return None
    (low, lowest), (high, second) = ranked
    if lowest == second or second > lowest * (1 + NEAR):
        return None
    mine, other = (low, high) if low == bid.known_as else (high, low)
    return low == bid.known_as if places[mine] > places[other] else None


def lacking(case: Case) -> Remark | None:
    """Say whether nothing is known of this tenderer, or too few of its sections tell who came when."""
    if case.pricing is None or not case.pricing.tenderee:
        return remark(_l("没有招标人的记录"))
    enough = sum(len(offers) >= 2 for offers in _offers(case)) >= LEAST_LATER
    return None if enough else remark(_l("本招标人有递交次序与报价记录的项目不足 %(least)d 个"), least=LEAST_LATER)


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("在同一招标人处后递交而恰低于对手"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("本招标人各项目开标后公开的递交次序与报价"),
    method=_l("最低两家报价相差百分之二以内且该投标人后递交时，其报价更低的次数（符号检验）"),
    null_model=_l("互不知情时，接近的两个报价谁高谁低与递交先后无关，各占一半；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(
        _l("不足五次的不作判断"),
        _l("报价相等的、相差百分之二以上的"),
        _l("未开启的投标"),
    ),
    clears=_l("出示报价形成的时间与依据，例如递交之前已定稿的计价文件"),
    rates=("history.floor",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)

"""Indicator tenderer.loyalty: a bidder wins under this tenderer far oftener than it wins elsewhere."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.lifts import lacking_wins, lifted
from collusion.rules.source_text import _l

IDENTIFIER = "tenderer.loyalty"


def notes(case: Case) -> list[Note]:
    """Note each bidder whose earlier wins lie under this section's tenderer, by Fisher's exact test."""
    mine = case.pricing.tenderee if case.pricing else ""
    if not mine:
        return []
    return lifted(case, IDENTIFIER, lambda meeting: {mine} & {meeting.tenderee}, _said, tries=1)


def _said(who: str, bids: int, wins: int, beside: int, won: int) -> Remark:
    return remark(
        _l("以往投标 %(bids)d 次、中标 %(wins)d 次；其中本招标人的项目投标 %(beside)d 次、中标 %(won)d 次"),
        bids=bids, wins=wins, beside=beside, won=won,
    )  # fmt: skip


def lacking(case: Case) -> Remark | None:
    """Say whether nothing is known of this tenderer, or too few earlier sections."""
    if case.pricing is None or not case.pricing.tenderee:
        return remark(_l("没有招标人的记录"))
    return lacking_wins(case)


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("在同一招标人处中标偏多"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("本平台同类以往项目的招标人、投标人与中标人"),
    method=_l("该投标人在本招标人处的中标率与其在别处的中标率相比（Fisher 精确检验）"),
    null_model=_l("给定其投标与中标次数的超几何分布；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(_l("投标不足八次的不作判断"), _l("其他专业与地区的项目")),
    clears=_l("出示业绩、距离、专业能力等正当优势，或说明别处落标的原因"),
    rates=("history.floor",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)

"""Indicator experts.winner_lift: a bidder wins far oftener where one and the same expert judged."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.lifts import lacking_wins, lifted
from collusion.rules.source_text import _l

IDENTIFIER = "experts.winner_lift"


def notes(case: Case) -> list[Note]:
    """Note the expert beside whom each bidder wins most, by Fisher's exact test times the experts looked at."""
    return lifted(case, IDENTIFIER, lambda meeting: meeting.experts, _said)


def _said(who: str, bids: int, wins: int, beside: int, won: int) -> Remark:
    return remark(
        _l("以往投标 %(bids)d 次、中标 %(wins)d 次；其中评委 %(who)s 在场 %(beside)d 次、中标 %(won)d 次"),
        who=who, bids=bids, wins=wins, beside=beside, won=won,
    )  # fmt: skip


def lacking(case: Case) -> Remark | None:
    """Say whether no earlier section tells who judged, or too few."""
    if not any(meeting.experts for meeting in case.history):
        return remark(_l("以往项目没有评委记录"))
    return lacking_wins(case)


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("某评委在场时中标偏多"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("本平台同类以往项目的评委（以代号）、投标人与中标人"),
    method=_l("某评委在场时的中标率与其余项目相比（Fisher 精确检验，乘以比较过的评委人数）"),
    null_model=_l("给定其投标与中标次数的超几何分布；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(
        _l("投标不足八次的不作判断"),
        _l("同场不足三次的评委"),
        _l("尚未交付评标报告的项目"),
    ),
    clears=_l("查阅各次评分：该评委的打分与其他评委并无偏离"),
    rates=("history.floor",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)

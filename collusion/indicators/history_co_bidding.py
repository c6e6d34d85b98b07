"""Indicator history.co_bidding: two bidders meet far oftener than their activity explains."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_39, SIGNALS, Evidence, Family, Indicator, remark
from collusion.rules.history import LEAST_SECTIONS, hypergeometric_tail, same_kind
from collusion.rules.shown import lacking_sections, shown
from collusion.rules.source_text import _l

IDENTIFIER = "history.co_bidding"
LEAST_BIDS = 5


def evaluate(case: Case) -> list[Evidence]:
    """Weigh meetings in earlier sections of this trade and region against independent choice of sections."""
    meetings = same_kind(case.history, case.pricing)
    if len(meetings) < LEAST_SECTIONS:
        return []
    found = []
    for a, b in case.pairs:
        ours = {m.code for m in meetings if a.known_as in m.bidders}
        theirs = {m.code for m in meetings if b.known_as in m.bidders}
        met = len(ours & theirs)
        if min(len(ours), len(theirs)) < LEAST_BIDS:
            continue
        tested = (
            remark(
                _l("同类项目 %(all)d 个，各投 %(a)d 与 %(b)d 个，相遇 %(met)d 个，独立时约 %(expected).1f 个"),
                all=len(meetings), a=len(ours), b=len(theirs), met=met,
                expected=len(ours) * len(theirs) / len(meetings),
            ),
            remark(_l("只与同一专业、同一地区的项目相比；更细的专业仍会使相遇增多")),
        )  # fmt: skip
        tail = hypergeometric_tail(met, len(meetings), len(ours), len(theirs))
        said = (f"{a.known_as}: {len(ours)}", f"{b.known_as}: {len(theirs)}")
        found += shown(IDENTIFIER, Family.HISTORY, (a, b), tail, said, tested)
    return found


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.HISTORY,
    name=_l("频繁共同投标"),
    clauses=(ARTICLE_39, SIGNALS),
    needs=_l("本平台同类以往项目的投标人名单"),
    method=_l("相遇次数与独立选择项目时的超几何分布相比"),
    null_model=_l("超几何分布；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(_l("同一专业与地区的共同市场"), _l("投标过少的投标人")),
    clears=_l("说明各自选择项目的依据"),
    rates=("history.floor",),
    evaluate=evaluate,
    lacking=lacking_sections,
)

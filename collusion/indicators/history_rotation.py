"""Indicator history.rotation: two bidders win in turn where both bid."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Place
from collusion.rules.evidence import (
    ARTICLE_39,
    SIGNALS,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.history import LEAST_JOINT, runs_tail, same_kind
from collusion.rules.source_text import _l

IDENTIFIER = "history.rotation"
WORTH_SHOWING = 0.05
RECORD = Place("history.json", None, None)


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the order of their wins, oldest first, against the same wins in any order (exact runs test)."""
    base = rate("history.floor")
    found = []
    for a, b in case.pairs:
        names = (a.known_as, b.known_as)
        joint = [m for m in same_kind(case.history, case.pricing) if {*names} <= m.bidders and m.winner in names]
        if len(joint) < LEAST_JOINT:
            continue
        order = [m.winner == a.known_as for m in joint]
        chance = min(1.0, base.value + runs_tail(order))
        if chance > WORTH_SHOWING:
            continue
        tested = (
            remark(
                _l("同场且由其中一方中标 %(all)d 次，依次为 %(order)s"),
                all=len(joint),
                order="".join("甲" if won else "乙" for won in order),
            ),
            remark(_l("产能轮换也会使中标交替：中标一方在手工程饱满时自然退让")),
        )
        finding = Finding(_sighting(a, sum(order)), _sighting(b, len(order) - sum(order)))
        llr = odds.from_p(chance)
        found.append(
            Evidence(
                IDENTIFIER, Family.HISTORY, a.bidder, b.bidder, llr, chance, base, (finding,), tested, weighed=False
            )
        )
    return found


def _sighting(bid: Bid, wins: int) -> Sighting:
    return Sighting(RECORD, f"{bid.known_as}: {wins}")


def lacking(case: Case) -> Remark | None:
    """Say whether no earlier section is known."""
    return None if case.history else remark(_l("没有以往项目的记录"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.HISTORY,
    name=_l("轮流中标"),
    clauses=(ARTICLE_39, SIGNALS),
    needs=_l("本平台同类以往项目的投标人、中标人与先后"),
    method=_l("交替次数与同样中标数任意排列时相比（Wald–Wolfowitz 游程精确检验）"),
    null_model=_l("给定双方中标次数、次序等可能；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(_l("同场中标不足六次"),),
    clears=_l("说明在手工程与产能"),
    rates=("history.floor",),
    evaluate=evaluate,
    lacking=lacking,
)

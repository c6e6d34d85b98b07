"""Indicator history.rotation: two bidders win in turn where both bid."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_39, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.history import LEAST_JOINT, runs_tail, same_kind
from collusion.rules.shown import shown
from collusion.rules.source_text import _l

IDENTIFIER = "history.rotation"


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the order of their wins, oldest first, against the same wins in any order (exact runs test)."""
    found = []
    for a, b in case.pairs:
        names = (a.known_as, b.known_as)
        joint = [m for m in same_kind(case.history, case.pricing) if {*names} <= m.bidders and m.winner in names]
        if len(joint) < LEAST_JOINT:
            continue
        order = [m.winner == a.known_as for m in joint]
        tested = (
            remark(
                _l("同场且由其中一方中标 %(all)d 次，依次为 %(order)s"),
                all=len(joint), order="".join("甲" if won else "乙" for won in order),
            ),
            remark(_l("产能轮换也会使中标交替：中标一方在手工程饱满时自然退让")),
        )  # fmt: skip
        said = (f"{a.known_as}: {sum(order)}", f"{b.known_as}: {len(order) - sum(order)}")
        found += shown(IDENTIFIER, Family.HISTORY, (a, b), runs_tail(order), said, tested)
    return found


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

"""Indicator history.companion: a bidder hardly ever wins where the other bids, and does elsewhere."""

from __future__ import annotations

from collusion.rules.case import Bid, Case
from collusion.rules.evidence import ARTICLE_39, SIGNALS, Evidence, Family, Indicator, remark
from collusion.rules.history import LEAST_JOINT, LEAST_SECTIONS, hypergeometric_tail, same_kind
from collusion.rules.shown import lacking_sections, one_sided, shown
from collusion.rules.source_text import _l

IDENTIFIER = "history.companion"


def evaluate(case: Case) -> list[Evidence]:
    """Weigh how seldom one wins in the other's presence against how often it wins without (Fisher's exact test)."""
    meetings = [m for m in same_kind(case.history, case.pricing) if m.winner is not None]
    if len(meetings) < LEAST_SECTIONS:
        return []

    def look(loser: Bid, other: Bid) -> tuple[float, tuple[int, ...]] | None:
        bids = [m for m in meetings if loser.known_as in m.bidders]
        beside = [m for m in bids if other.known_as in m.bidders]
        wins = sum(m.winner == loser.known_as for m in bids)
        lost = sum(m.winner != loser.known_as for m in beside)
        if len(beside) < LEAST_JOINT or not any(m.winner == other.known_as for m in beside):
            return None
        # Losses among the meetings, given all its bids and losses.
        tail = hypergeometric_tail(lost, len(bids), len(bids) - wins, len(beside))
        return tail, (len(bids), wins, len(beside), len(beside) - lost)

    found = []
    for a, b in case.pairs:
        best = one_sided(a, b, look)
        if best is None:
            continue
        bids, wins, beside, won = best.counts
        tested = (
            remark(
                _l("%(loser)s 投标 %(all)d 次中标 %(wins)d 次，其中与对方同场 %(beside)d 次中标 %(won)d 次"),
                loser=best.actor.known_as, all=bids, wins=wins, beside=beside, won=won,
            ),
            remark(_l("实力悬殊的对手同样使人少中标：须与报价一并研判")),
        )  # fmt: skip
        said = (best.actor.known_as, best.other.known_as)
        found += shown(IDENTIFIER, Family.HISTORY, (a, b), best.tail, said, tested)
    return found


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.HISTORY,
    name=_l("陪标"),
    clauses=(ARTICLE_39, SIGNALS),
    needs=_l("本平台同类以往项目的投标人与中标人"),
    method=_l("与对方同场时的中标率与不同场时相比（Fisher 精确检验，双向取小乘二）"),
    null_model=_l("给定其投标与中标次数的超几何分布；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(_l("同场次数过少"), _l("对方从未中标")),
    clears=_l("说明各次报价的成本依据"),
    rates=("history.floor",),
    evaluate=evaluate,
    lacking=lacking_sections,
)

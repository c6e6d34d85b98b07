"""Indicator history.companion: a bidder hardly ever wins where the other bids, and does elsewhere."""

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
from collusion.rules.history import LEAST_JOINT, LEAST_SECTIONS, hypergeometric_tail, same_kind
from collusion.rules.source_text import _l

IDENTIFIER = "history.companion"
WORTH_SHOWING = 0.05
RECORD = Place("history.json", None, None)


def evaluate(case: Case) -> list[Evidence]:
    """Weigh how seldom one wins in the other's presence against how often it wins without (Fisher's exact test)."""
    meetings = [m for m in same_kind(case.history, case.pricing) if m.winner is not None]
    if len(meetings) < LEAST_SECTIONS:
        return []
    base = rate("history.floor")
    found = []
    for a, b in case.pairs:
        best: tuple[float, Bid, Bid, tuple[int, int, int, int]] | None = None
        for loser, other in ((a, b), (b, a)):
            bids = [m for m in meetings if loser.known_as in m.bidders]
            beside = [m for m in bids if other.known_as in m.bidders]
            wins = sum(m.winner == loser.known_as for m in bids)
            lost = sum(m.winner != loser.known_as for m in beside)
            theirs = sum(m.winner == other.known_as for m in beside)
            if len(beside) < LEAST_JOINT or not theirs:
                continue
            # Losses among the meetings, given all its bids and losses.
            tail = hypergeometric_tail(lost, len(bids), len(bids) - wins, len(beside))
            if best is None or tail < best[0]:
                best = (tail, loser, other, (len(bids), wins, len(beside), len(beside) - lost))
        if best is None:
            continue
        chance = min(1.0, base.value + 2 * best[0])
        if chance > WORTH_SHOWING:
            continue
        _, loser, other, (bids_in_all, wins, beside_count, won_beside) = best
        tested = (
            remark(
                _l("%(loser)s 投标 %(all)d 次中标 %(wins)d 次，其中与对方同场 %(beside)d 次中标 %(won)d 次"),
                loser=loser.known_as,
                all=bids_in_all,
                wins=wins,
                beside=beside_count,
                won=won_beside,
            ),
            remark(_l("实力悬殊的对手同样使人少中标：须与报价一并研判")),
        )
        finding = Finding(Sighting(RECORD, loser.known_as), Sighting(RECORD, other.known_as))
        llr = odds.from_p(chance)
        found.append(
            Evidence(
                IDENTIFIER, Family.HISTORY, a.bidder, b.bidder, llr, chance, base, (finding,), tested, weighed=False
            )
        )
    return found


def lacking(case: Case) -> Remark | None:
    """Say whether there are too few earlier sections of this kind."""
    enough = len(same_kind(case.history, case.pricing)) >= LEAST_SECTIONS
    return None if enough else remark(_l("同类以往项目不足 %(least)d 个"), least=LEAST_SECTIONS)


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
    lacking=lacking,
)

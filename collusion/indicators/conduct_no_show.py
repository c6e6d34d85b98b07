"""Indicator conduct.no_show: a bidder stays away from the opening oftener where the other bids."""

from __future__ import annotations

from collusion.rules.case import Bid, Case
from collusion.rules.evidence import ARTICLE_39, SIGNALS, Evidence, Family, Indicator, remark
from collusion.rules.history import LEAST_SECTIONS, hypergeometric_tail, same_kind
from collusion.rules.shown import lacking_sections, one_sided, shown
from collusion.rules.source_text import _l

IDENTIFIER = "conduct.no_show"


def evaluate(case: Case) -> list[Evidence]:
    """Weigh how often one was not opened where the other won, against its other bids (Fisher's exact test)."""
    meetings = same_kind(case.history, case.pricing)
    if len(meetings) < LEAST_SECTIONS:
        return []

    def look(quitter: Bid, other: Bid) -> tuple[float, tuple[int, ...]] | None:
        bids = [m for m in meetings if quitter.known_as in m.bidders]
        beside = [m for m in bids if m.winner == other.known_as]
        away = sum(quitter.known_as in m.absent for m in bids)
        missed = sum(quitter.known_as in m.absent for m in beside)
        counts = (len(bids), away, len(beside), missed)
        return (hypergeometric_tail(missed, len(bids), away, len(beside)), counts) if missed else None

    found = []
    for a, b in case.pairs:
        best = one_sided(a, b, look)
        if best is None:
            continue
        bids, away, beside, missed = best.counts
        tested = (
            remark(
                _l("%(who)s 投标 %(all)d 次、弃标 %(away)d 次，其中对方中标 %(beside)d 次、弃标 %(missed)d 次"),
                who=best.actor.known_as, all=bids, away=away, beside=beside, missed=missed,
            ),
            remark(_l("弃标包括撤回、未解密与视为撤销，平台故障除外")),
        )  # fmt: skip
        said = (best.actor.known_as, best.other.known_as)
        found += shown(IDENTIFIER, Family.CONDUCT, (a, b), best.tail, said, tested)
    return found


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("与对方同场时弃标"),
    clauses=(ARTICLE_39, SIGNALS),
    needs=_l("本平台同类以往项目的投标人、未解密者与中标人"),
    method=_l("对方中标的项目中的弃标率与其余项目相比（Fisher 精确检验，双向取小乘二）"),
    null_model=_l("给定其投标与弃标次数的超几何分布；外加模型误差下限 0.02"),
    false_alarms=_l("模拟清白历史实测见文档；不计入得分"),
    exclusions=(_l("平台故障造成的未解密"), _l("一次弃标")),
    clears=_l("出示各次弃标的原因"),
    rates=("history.floor",),
    evaluate=evaluate,
    lacking=lacking_sections,
)

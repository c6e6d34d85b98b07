"""Indicator conduct.no_show: a bidder stays away from the opening oftener where the other bids."""

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
from collusion.rules.history import LEAST_SECTIONS, hypergeometric_tail, same_kind
from collusion.rules.source_text import _l

IDENTIFIER = "conduct.no_show"
WORTH_SHOWING = 0.05
RECORD = Place("history.json", None, None)


def evaluate(case: Case) -> list[Evidence]:
    """Weigh how often one was not opened where the other won, against its other bids (Fisher's exact test)."""
    meetings = same_kind(case.history, case.pricing)
    if len(meetings) < LEAST_SECTIONS:
        return []
    base = rate("history.floor")
    found = []
    for a, b in case.pairs:
        best: tuple[float, Bid, Bid, tuple[int, int, int, int]] | None = None
        for quitter, other in ((a, b), (b, a)):
            bids = [m for m in meetings if quitter.known_as in m.bidders]
            beside = [m for m in bids if m.winner == other.known_as]
            away = sum(quitter.known_as in m.absent for m in bids)
            away_beside = sum(quitter.known_as in m.absent for m in beside)
            if not away_beside:
                continue
            tail = hypergeometric_tail(away_beside, len(bids), away, len(beside))
            if best is None or tail < best[0]:
                best = (tail, quitter, other, (len(bids), away, len(beside), away_beside))
        if best is None:
            continue
        chance = min(1.0, base.value + 2 * best[0])
        if chance > WORTH_SHOWING:
            continue
        _, quitter, other, (bids_in_all, away, beside_count, away_beside) = best
        tested = (
            remark(
                _l("%(who)s 投标 %(all)d 次、弃标 %(away)d 次，其中对方中标 %(beside)d 次、弃标 %(missed)d 次"),
                who=quitter.known_as,
                all=bids_in_all,
                away=away,
                beside=beside_count,
                missed=away_beside,
            ),
            remark(_l("弃标包括撤回、未解密与视为撤销，平台故障除外")),
        )
        finding = Finding(Sighting(RECORD, quitter.known_as), Sighting(RECORD, other.known_as))
        llr = odds.from_p(chance)
        found.append(
            Evidence(
                IDENTIFIER, Family.CONDUCT, a.bidder, b.bidder, llr, chance, base, (finding,), tested, weighed=False
            )
        )
    return found


def lacking(case: Case) -> Remark | None:
    """Say whether there are too few earlier sections of this kind."""
    enough = len(same_kind(case.history, case.pricing)) >= LEAST_SECTIONS
    return None if enough else remark(_l("同类以往项目不足 %(least)d 个"), least=LEAST_SECTIONS)


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
    lacking=lacking,
)

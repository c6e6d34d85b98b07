"""Indicator conduct.upload_gap: two bids were received within moments of each other."""

from __future__ import annotations

import math
from datetime import timedelta

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.evidence import (
    ARTICLE_40_2,
    SIGNALS,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.source_text import _l

IDENTIFIER = "conduct.upload_gap"
GRAIN = timedelta(seconds=10)
SHORTEST = timedelta(minutes=1)
PEAK = 1.5
"""How much denser than evenly honest bids come at their usual hours; without it 6.1 % of honest pairs spoke at 5 %."""
WORTH_SHOWING = 0.05


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the gap against bids that come the denser the nearer the deadline: evenly in the logarithm of what is left.

    At a distance t from the deadline such bids have the density 1/(t·ln(T/t₀)): in a rush near the end a small gap is
    nothing; days before, it is rare.
    """
    if case.window is None:
        return []
    opens, ends = case.window
    spread = math.log((ends - opens) / SHORTEST)
    base = rate("upload.floor")
    found = []
    for a, b in case.pairs:
        if a.conduct is None or b.conduct is None:
            continue
        gap = abs(a.conduct.received_at - b.conduct.received_at)
        left = max(SHORTEST, ends - max(a.conduct.received_at, b.conduct.received_at))
        chance = min(1.0, base.value + PEAK * 2 * (max(gap, GRAIN) / left) / spread)
        if chance > WORTH_SHOWING:
            continue
        seconds = int(gap.total_seconds())
        finding = Finding(
            Sighting(a.conduct.place, a.conduct.received_at.isoformat()),
            Sighting(b.conduct.place, b.conduct.received_at.isoformat()),
            remark=remark(_l("相差 %(seconds)d 秒"), seconds=seconds),
        )
        hours = left / timedelta(hours=1)
        tested = (
            remark(_l("递交时距截止 %(hours).1f 小时；越近截止递交越密，接近越平常"), hours=hours),
            remark(_l("网络地址不作为证据：平台不留存递交人的网络地址")),
        )
        llr = odds.from_p(chance)
        found.append(
            Evidence(
                IDENTIFIER, Family.CONDUCT, a.bidder, b.bidder, llr, chance, base, (finding,), tested, weighed=False
            )
        )
    return found


def lacking(case: Case) -> Remark | None:
    """Say whether the dates, or the instants of two bids, are not known."""
    known = sum(bid.conduct is not None for bid in case.bids)
    return None if case.window and known >= 2 else remark(_l("公告与截止时刻不明，或有递交时刻的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("递交时刻接近"),
    clauses=(ARTICLE_40_2, SIGNALS),
    needs=_l("回执载明的递交时刻；公告与截止时刻"),
    method=_l("间隔与按剩余时间对数均匀递交时的密度相比"),
    null_model=_l("P=1.5·2δ/(t·ln(T/t₀))，t 为距截止的时间，T 为编制期，t₀ 为一分钟"),
    false_alarms=_l("模拟清白递交（赶在最后、上班时间、均匀三种）实测见文档；不计入得分"),
    exclusions=(_l("截止前的集中递交"), _l("交易中心自助设备上的排队递交")),
    clears=_l("出示各自的递交操作记录"),
    rates=("upload.floor",),
    evaluate=evaluate,
    lacking=lacking,
)

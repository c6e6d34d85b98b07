"""Indicator files.created_gap: documents of two bids born within moments of each other."""

from __future__ import annotations

from datetime import datetime, timedelta

from collusion.rules import odds
from collusion.rules.base_rates import TEMPLATE_INSTANTS, rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Place
from collusion.rules.evidence import (
    ARTICLE_40_1,
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

IDENTIFIER = "files.created_gap"
USUAL_WINDOW = timedelta(days=20)
"""Least time for preparing bids (RULES R-140 ff., 招标投标法 art 24) when the tender's own dates are not given."""
WORKING_SHARE = 1 / 3
"""People work by day: births crowd into a third of the window."""
GRAIN = timedelta(minutes=1)
OLDEST = timedelta(days=366)


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the least distance of creation times against births spread over the working hours of the window."""
    length = case.window[1] - case.window[0] if case.window else USUAL_WINDOW
    births = {bid.bidder: _births(case, bid) for bid in case.bids}
    base = rate("created")
    found = []
    for a, b in case.pairs:
        ours, theirs = births[a.bidder], births[b.bidder]
        if not ours or not theirs:
            continue
        gap, one, two = min((abs(x - y), x, y) for x in ours for y in theirs)
        reach = max(gap, GRAIN) / (length * WORKING_SHARE)
        chance = 1 - (1 - min(1.0, 2 * reach)) ** (len(ours) * len(theirs))
        # The same second is how an unlisted template shows itself: then its measured rate is the least chance.
        chance = min(1.0, max(chance, base.value) if gap == timedelta(0) else chance + base.value / 10)
        if chance > 0.2:
            continue
        finding = Finding(
            Sighting(ours[one], one.isoformat()),
            Sighting(theirs[two], two.isoformat()),
            remark=remark(_l("相差 %(seconds)d 秒"), seconds=int(gap.total_seconds())),
        )
        tested = (
            remark(_l("已排除模板生成时刻与招标文件的生成时刻")),
            remark(_l("按编制期 %(days)d 天、工作时间集中在三分之一时段估计"), days=length.days),
        )
        llr = odds.from_p(chance)
        found.append(Evidence(IDENTIFIER, Family.AUTHORING, a.bidder, b.bidder, llr, chance, base, (finding,), tested))
    return found


def _births(case: Case, bid: Bid) -> dict[datetime, Place]:
    tender = {document.marks.created_at for document in case.tender}
    latest = max((d.marks.created_at for x in case.bids for d in x.documents if d.marks.created_at), default=None)
    found: dict[datetime, Place] = {}
    for document in bid.documents:
        instant = document.marks.created_at
        if instant is None or latest is None or instant in tender or instant.isoformat() in TEMPLATE_INSTANTS:
            continue
        earliest = case.window[0] if case.window else latest - OLDEST
        if instant >= earliest:
            found.setdefault(instant, Place(document.file, None, None))
    return found


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry usable creation times."""
    marked = sum(bool(_births(case, bid)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有可用创建时刻的文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("创建时刻接近"),
    clauses=(ARTICLE_40_1, SIGNALS),
    needs=_l("文件属性中的创建时刻；项目发布与截止时刻（可缺）"),
    method=_l("取双方文件创建时刻的最小间隔，与编制期内工作时间均匀分布相比"),
    null_model=_l("P=1−(1−2δ/T)^(n·m)，T 为编制期的三分之一"),
    false_alarms=_l("弱证据：同秒常为模板生成时刻（实测 0.093），单独不构成线索"),
    exclusions=(_l("模板生成时刻"), _l("招标文件生成时刻"), _l("早于编制期的时刻")),
    clears=_l("出示各自的文件历史，或证明创建时刻来自同一公开模板"),
    rates=("created",),
    evaluate=evaluate,
    lacking=lacking,
)

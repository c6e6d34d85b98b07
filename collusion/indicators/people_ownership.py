"""Indicator people.ownership: the registry knows one controller, or one responsible person, behind two bidders."""

from __future__ import annotations

from itertools import product

from collusion.rules import odds
from collusion.rules.base_rates import rate
from collusion.rules.case import Bid, Case
from collusion.rules.evidence import (
    ARTICLE_34,
    SIGNALS,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.owners import Bond, Owners, common_control
from collusion.rules.source_text import _l

IDENTIFIER = "people.ownership"
KINDS = {
    "responsible": _l("单位负责人为同一人：%(name)s"),
    "holds": _l("一方持有另一方半数以上股份：%(name)s"),
    "holder": _l("同一方持有双方半数以上股份：%(name)s"),
}


def evaluate(case: Case) -> list[Evidence]:
    """Show what the registry says. Art. 34 bars such bidders; it is no presumption that they collude."""
    base = rate("ownership")
    found = []
    for a, b in case.pairs:
        tie = _tie(a, b)
        if tie is None:
            continue
        ours, theirs, bond = tie
        said = remark(KINDS[bond.kind], name=bond.name)
        finding = Finding(Sighting(ours.place, ours.identifier), Sighting(theirs.place, theirs.identifier), remark=said)
        tested = (
            said,
            remark(_l("登记信息截至 %(a)s、%(b)s；只比较登记编号，同名不算"), a=ours.as_of, b=theirs.as_of),
            remark(_l("该事实由评标委员会依第三十四条审查，本身不推定串通")),
        )
        llr = odds.from_equality(base.value, rate("ring.share").value)
        found.append(
            Evidence(
                IDENTIFIER, Family.PEOPLE, a.bidder, b.bidder, llr, base.value, base, (finding,), tested, weighed=False
            )
        )
    return found


def _tie(a: Bid, b: Bid) -> tuple[Owners, Owners, Bond] | None:
    """The first tie between anybody behind one bid and anybody behind the other: bidders, then their partners."""
    for ours, theirs in product(*((*filter(None, [bid.owners]), *bid.partners) for bid in (a, b))):
        bond = common_control(ours, theirs)
        if bond is not None:
            return ours, theirs, bond
    return None


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bidders stand in the registry data."""
    known = sum(bid.owners is not None or bool(bid.partners) for bid in case.bids)
    return None if known >= 2 else remark(_l("有登记信息的投标人不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PEOPLE,
    name=_l("同一控制"),
    clauses=(ARTICLE_34, SIGNALS),
    needs=_l("企业登记信息：单位负责人、股东及持股比例"),
    method=_l("比较登记编号：负责人相同、一方控股另一方、同一方控股双方（超过半数）"),
    null_model=_l("无串通的两家投标人受同一人控制的保守概率 0.02"),
    false_alarms=_l("事实认定，误差来自登记信息过时；不计入得分"),
    exclusions=(_l("仅姓名相同"), _l("不足半数的参股"), _l("登记信息未载明的关系")),
    clears=_l("出示截标时的登记信息，证明控制关系已经解除"),
    rates=("ownership", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

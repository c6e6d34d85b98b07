"""Indicator people.contacts: one person's telephone, mail or identity number standing for two bidders."""

from __future__ import annotations

from collusion.rules import odds, people
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.evidence import (
    ARTICLE_40_3,
    ORDER_87_37_3,
    SIGNALS,
    Evidence,
    Explanation,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.likeness import archive_remark
from collusion.rules.people import Contact
from collusion.rules.source_text import _l

IDENTIFIER = "people.contacts"


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal numbers that are the bidders' own; a name alone is never compared."""
    tender = people.contacts(case.tender)
    by_bid = {bid.bidder: people.contacts(bid.documents) for bid in case.bids}
    base = rate("contact")
    found = []
    for a, b in case.pairs:
        findings: list[Finding] = []
        weights: list[tuple[float, float]] = []
        seen_most = 0
        for key in sorted(by_bid[a.bidder].keys() & by_bid[b.bidder].keys()):
            one, two = by_bid[a.bidder][key], by_bid[b.bidder][key]
            seen = case.background.seen(*key)
            seen_most = max(seen_most, seen)
            explained = None
            if key in tender:
                explained = Explanation.TENDER
            elif one.third_party or two.third_party:
                explained = Explanation.REGISTRY
            elif seen > 1:
                explained = Explanation.BACKGROUND
            findings.append(Finding(_sighting(one), _sighting(two), explained))
            if explained is None:
                share = odds.share(seen, case.background.bidders, base.value)
                weights.append((odds.from_equality(share, rate("ring.share").value), share))
        if not findings:
            continue
        tested = (
            remark(_l("招标文件中的号码、业主证明人、银行、厂家等第三方号码已排除")),
            archive_remark(case, seen_most),
        )
        weights.sort(reverse=True)
        llr = sum(weight / rank for rank, (weight, _) in enumerate(weights, 1))
        explained_by = None if weights else findings[0].explained_by
        chance = weights[0][1] if weights else 1.0
        found.append(
            Evidence(
                IDENTIFIER, Family.PEOPLE, a.bidder, b.bidder, llr, chance, base, tuple(findings), tested, explained_by
            )
        )
    return found


def _sighting(contact: Contact) -> Sighting:
    return Sighting(contact.place, people.masked(contact))


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids hold readable contacts."""
    marked = sum(bool(people.contacts(bid.documents)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("含有联系方式的投标文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PEOPLE,
    name=_l("联系方式或证件号码相同"),
    clauses=(ARTICLE_40_3, ORDER_87_37_3, SIGNALS),
    needs=_l("投标文件正文与表格"),
    method=_l("提取手机、固定电话、邮箱、身份证号码（校验末位），扣除第三方与招标文件号码后比较"),
    null_model=_l("无关投标人自身号码相同的概率 0.002（误录、共用代办人）"),
    false_alarms=_l("0.002（保守取值）；姓名相同单独不计"),
    exclusions=(
        _l("招标文件中的号码"),
        _l("业主、监理、银行、厂家等第三方号码"),
        _l("历史档案中多家出现的号码"),
        _l("仅姓名相同"),
    ),
    clears=_l("证明该号码属于第三方，或系误录"),
    rates=("contact", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

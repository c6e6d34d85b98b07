"""Indicator files.rsids: rare revision identifiers of Word shared by documents of two bids."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.base_rates import TEMPLATE_RSIDS, rate
from collusion.rules.case import Bid, Case
from collusion.rules.documents import Place
from collusion.rules.evidence import (
    ARTICLE_40_1,
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
from collusion.rules.source_text import _l

IDENTIFIER = "files.rsids"
SPACE = 2**24
"""Word draws revision identifiers from about 24 bits."""
SHOWN = 12


def evaluate(case: Case) -> list[Evidence]:
    """Weigh shared identifiers that neither the tender, nor a known template, nor the archive explains."""
    tender = frozenset(rsid for document in case.tender for rsid in document.marks.rsids)
    base = rate("rsid")
    found = []
    for a, b in case.pairs:
        common = _rsids(a) & _rsids(b)
        if not common:
            continue
        template = common & (TEMPLATE_RSIDS | tender)
        archived = {rsid for rsid in common - template if case.background.seen("rsid", rsid) > 0}
        rare = common - template - archived
        findings = []
        for rsids, explained in (
            (rare, None),
            (template & tender, Explanation.TENDER),
            (archived | (template - tender), Explanation.BACKGROUND),
        ):
            if rsids:
                findings.append(_finding(a, b, rsids, explained))
        tested = (
            remark(_l("已排除招标文件和常见模板自带的修订标识")),
            archive_remark(case, len(archived)),
        )
        if not rare:
            explanation = findings[0].explained_by
            found.append(
                Evidence(
                    IDENTIFIER,
                    Family.AUTHORING,
                    a.bidder,
                    b.bidder,
                    0.0,
                    1.0,
                    base,
                    tuple(findings),
                    tested,
                    explanation,
                )
            )
            continue
        # Either the numbers met by chance, or both files descend from one template nobody has listed yet.
        accident = len(_rsids(a)) * len(_rsids(b)) / SPACE
        chance = min(1.0, accident ** len(rare) + odds.share(0, case.background.bidders, base.value))
        llr = odds.from_equality(chance, rate("ring.share").value)
        found.append(
            Evidence(IDENTIFIER, Family.AUTHORING, a.bidder, b.bidder, llr, chance, base, tuple(findings), tested)
        )
    return found


def _rsids(bid: Bid) -> frozenset[str]:
    return frozenset(rsid for document in bid.documents for rsid in document.marks.rsids)


def _finding(a: Bid, b: Bid, rsids: frozenset[str] | set[str], explained: Explanation | None) -> Finding:
    shown = "、".join(sorted(rsids)[:SHOWN])
    return Finding(
        Sighting(_where(a, rsids), shown),
        Sighting(_where(b, rsids), shown),
        explained,
        remark(_l("共有 %(count)d 个修订标识"), count=len(rsids)),
    )


def _where(bid: Bid, rsids: frozenset[str] | set[str]) -> Place:
    file = next(document.file for document in bid.documents if document.marks.rsids & rsids)
    return Place(file, None, None)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry revision identifiers."""
    marked = sum(bool(_rsids(bid)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有修订标识的文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("共有稀有修订标识"),
    clauses=(ARTICLE_40_1, SIGNALS),
    needs=_l("docx 文件设置中的修订标识（rsid）"),
    method=_l("扣除招标文件、常见模板与历史档案中的标识后，余下的共有标识视为同一份文件的修订痕迹"),
    null_model=_l("标识在约 1670 万个取值中随机产生，外加同源未知模板的实测概率"),
    false_alarms=_l("0.043（冷启动，实测同源模板）；有历史档案时随档案增大而下降"),
    exclusions=(_l("招标文件自带标识"), _l("常见模板自带标识"), _l("历史档案中出现过的标识")),
    clears=_l("出示双方共同使用的公开模板或招标人提供的格式文件"),
    rates=("rsid", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

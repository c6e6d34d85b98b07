"""Indicator text.rare_passages: own text that two bids share after tender, archive and citations are subtracted."""

from __future__ import annotations

from collusion.rules import odds
from collusion.rules.background import ENOUGH_TENDERS, Background, History
from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.documents import Place
from collusion.rules.evidence import (
    ARTICLE_40_4,
    CONSEQUENCE,
    SIGNALS,
    Evidence,
    Family,
    Finding,
    Indicator,
    Remark,
    Sighting,
    remark,
)
from collusion.rules.passages import Side
from collusion.rules.source_text import _l

IDENTIFIER = "text.rare_passages"
LEAST_LETTERS = 60
"""Shared own letters below which nothing is claimed."""
LEAST_OWN = 3_000
"""A short remainder must not turn a few shared words into a large share."""
SHOWN = 10


def evaluate(case: Case) -> list[Evidence]:
    """Weigh the share of own text found in both bids against the tail measured on unrelated documents.

    Scattered sentences count a quarter, so that the measured tail of all shared text bounds this one from above.
    """
    base = rate("text.warm" if case.background.history is History.ENOUGH else "text.cold")
    found = []
    for (a, b), comparison in sorted(case.comparisons.items()):
        if comparison.matched < LEAST_LETTERS:
            continue
        share = comparison.concentrated / max(LEAST_OWN, min(comparison.own_a, comparison.own_b))
        chance = min(1.0, base.value / share)
        tested = (
            remark(
                _l(
                    "雷同 %(matched)d 字；集中雷同（零散语句折减）占扣除后剩余文字的 %(share).1f%%；"
                    "全文 %(all_a)d 字与 %(all_b)d 字"
                ),
                matched=comparison.matched,
                share=100 * share,
                all_a=comparison.letters_a,
                all_b=comparison.letters_b,
            ),
            remark(_l("已扣除与招标文件相同或近似的句子、标准规范名称与编号")),
            _history(case.background),
        )
        findings = tuple(
            Finding(_sighting(p.a), _sighting(p.b), remark=remark(_l("相同 %(count)d 字"), count=p.matched))
            for p in comparison.passages[:SHOWN]
        )
        llr = max(0.0, odds.from_p(chance))
        found.append(Evidence(IDENTIFIER, Family.CONTENT, a, b, llr, chance, base, findings, tested))
    return found


def _history(background: Background) -> Remark:
    if background.history is History.NONE:
        return remark(_l("没有历史档案可扣除行业通用文字（冷启动），误差放大"))
    if background.history is History.THIN:
        return remark(
            _l("历史档案只有 %(tenders)d 个项目（不足 %(enough)d 个），已扣除其文字，误差仍按冷启动放大"),
            tenders=background.tenders,
            enough=ENOUGH_TENDERS,
        )
    return remark(
        _l("已扣除历史档案 %(tenders)d 个项目中出现过的文字，本批其他投标文件不作为通用文字的依据"),
        tenders=background.tenders,
    )


def _sighting(side: Side) -> Sighting:
    return Sighting(
        Place(side.place.file, side.place.page, side.place.paragraph), side.text, side.equal, side.explained
    )


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids have running text."""
    texts = sum(any(d.kind != "xlsx" and d.paragraphs for d in bid.documents) for bid in case.bids)
    return None if texts >= 2 else remark(_l("可读的文字文件不足两份"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONTENT,
    name=_l("稀有段落雷同"),
    clauses=(ARTICLE_40_4, SIGNALS, CONSEQUENCE),
    needs=_l("投标文件正文（docx、pdf、txt）、招标文件、历史档案（可缺）"),
    method=_l("归一化后模糊扣除招标文件与历史档案，再以指纹种子、无序稀有二字组和段落链接找出共有文字"),
    null_model=_l("无关文件剩余文字雷同占比的实测尾部：P(S≥s)=c/s"),
    false_alarms=_l("以真实采购文件两两比对实测，有无历史档案分别给出；随机模拟标段的误报率见模型校准"),
    exclusions=(
        _l("招标文件原文与改写"),
        _l("历史档案中的行业通用文字"),
        _l("标准规范名称与编号"),
        _l("不足八字的残句"),
    ),
    clears=_l("出示双方文字的共同合法来源（同一公开范本、同一厂家资料），或双方各自的编制过程稿"),
    rates=("text.cold", "text.warm"),
    evaluate=evaluate,
    lacking=lacking,
)

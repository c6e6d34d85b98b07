"""Indicator tenderer.early_file: a file last saved before the tender was published already quotes the tender."""

from __future__ import annotations

from datetime import timedelta

from collusion.rules.base_rates import TEMPLATE_INSTANTS, rate
from collusion.rules.case import Case
from collusion.rules.documents import Document
from collusion.rules.evidence import ARTICLE_41, SIGNALS, Family, Indicator, Note, Remark, nothing, remark
from collusion.rules.publications import Publications, minute
from collusion.rules.quoting import fresh, longest, phrases_of, texts_of
from collusion.rules.source_text import _l

IDENTIFIER = "tenderer.early_file"
SURELY = timedelta(days=1)
"""Zones are written wrongly, never by a day."""
RECENT = timedelta(days=180)
"""What was saved longer ago is a library's or a template's mark, not the writing of this bid."""


def notes(case: Case) -> list[Note]:
    """Note each bidder with a file that was last saved a day or more before publication and quotes the tender."""
    told = case.publications
    if told is None or told.follows:
        return []
    first = {paper.file for paper in told.papers if paper.published_at <= told.published_at}
    texts = texts_of(document for document in case.tender if document.file in first)
    wanted, found = fresh(texts, phrases_of(()), case.background), []
    base = rate("early_file")
    for bid in case.bids:
        early = [document for document in bid.documents if _is_early(document, told)]
        quoted = longest(early, wanted)
        if quoted is None:
            continue
        saved = next(d.marks.modified_at for d in early if d.file == quoted.place.file) or told.published_at
        said = remark(
            _l("文件最后保存于 %(saved)s，早于招标公告（%(told)s），已含招标文件独有原文 %(n)d 字：“%(words)s”"),
            saved=minute(saved), told=minute(told.published_at),
            n=quoted.letters, words=quoted.words,
        )  # fmt: skip
        tested = remark(_l("生成工具自带的时间、半年以前的时间、其他项目中出现过的文字均已除外"))
        found.append(Note(IDENTIFIER, bid.bidder, base.value, base, quoted.place, (said, tested)))
    return found


def _is_early(document: Document, told: Publications) -> bool:
    saved = document.marks.modified_at
    if saved is None or saved.isoformat() in TEMPLATE_INSTANTS or saved == document.marks.created_at:
        return False
    return told.published_at - RECENT <= saved <= told.published_at - SURELY


def lacking(case: Case) -> Remark | None:
    """Say whether publication is not recorded, the text may be known from before, or there is no archive."""
    told = case.publications
    if told is None:
        return remark(_l("没有招标公告公布时刻的记录"))
    if told.follows:
        return remark(_l("本次为重新招标或者后续轮次，招标文件此前可能已公开"))
    return remark(_l("没有历史档案，无从判断文字是否常见")) if case.background.cold else None


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.CONDUCT,
    name=_l("公告之前已引用招标文件"),
    clauses=(ARTICLE_41, SIGNALS),
    needs=_l("招标公告公布时刻、投标文件的最后保存时间与文字"),
    method=_l("最后保存时间早于公告一天以上的文件中，寻找招标文件独有的连续原文（至少二十字）"),
    null_model=_l("保存时间有误（时钟、工具）的概率，取保守值"),
    false_alarms=_l("模拟清白标段实测见文档；不计入得分"),
    exclusions=(
        _l("重新招标、后续轮次：文件此前已公开"),
        _l("生成工具自带的时间、与创建时间相同的时间、半年以前的时间"),
        _l("其他项目的投标文件中出现过的文字"),
    ),
    clears=_l("出示此前公开的采购意向、征求意见稿，或证明制作电脑时钟有误"),
    rates=("early_file",),
    evaluate=nothing,
    lacking=lacking,
    notes=notes,
)

"""Indicator files.last_modified_by: the same account last saved documents of two bids."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_40_1, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "files.last_modified_by"
MARK = Mark(
    "last_modified_by",
    lambda document: [document.marks.last_modified_by],
    "last_modified_by",
    "last_modified_by.common",
)


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal last savers by the rarity of the name."""
    return equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(any(document.marks.last_modified_by for document in bid.documents) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有最后保存者的文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("最后保存者相同"),
    clauses=(ARTICLE_40_1, SIGNALS),
    needs=_l("docx、xlsx 文件属性"),
    method=_l("归一化后逐值比较，以该值在历史档案投标人中的占比计重"),
    null_model=_l("两份无关文件最后保存者相同的实测概率 0.019；系统默认名称另计"),
    false_alarms=_l("0.019（非默认名称，冷启动）"),
    exclusions=(_l("招标文件带有的同一名称"), _l("系统默认账户名降权")),
    clears=_l("证明该账户名属于不同的人或不同的机器，或属于公开的打印、制作场所"),
    rates=("last_modified_by", "last_modified_by.common", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

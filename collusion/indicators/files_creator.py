"""Indicator files.creator: the same author's name in documents of two bids."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_40_1, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "files.creator"
MARK = Mark("creator", lambda document: [document.marks.creator], "creator", "creator.common")


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal authors; half of all files share a default name, which weighs next to nothing."""
    return equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(any(document.marks.creator for document in bid.documents) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有作者属性的文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("文件作者相同"),
    clauses=(ARTICLE_40_1, SIGNALS),
    needs=_l("docx、xlsx、pdf 文件属性"),
    method=_l("归一化后逐值比较，以该值在历史档案投标人中的占比计重"),
    null_model=_l("两份无关文件作者相同的概率：默认值 0.504，其余取 0.10"),
    false_alarms=_l("0.10（非默认值，冷启动）；默认值几乎不计重"),
    exclusions=(_l("招标文件带有的同一作者"), _l("默认作者名降权")),
    clears=_l("证明作者名为软件、模板或公开制作场所的默认值"),
    rates=("creator", "creator.common", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

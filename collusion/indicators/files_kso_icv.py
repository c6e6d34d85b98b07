"""Indicator files.kso_icv: the WPS installation mark ICV is the same in documents of two bids."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_40_1, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, carried, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "files.kso_icv"
MARK = Mark("kso_icv", lambda document: [document.marks.custom("ICV")], "kso_icv", "kso_icv")


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal marks by their rarity in the archive."""
    return equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(bool(carried(bid.documents, MARK)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有 WPS 安装标识的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("WPS 安装标识相同"),
    clauses=(
        ARTICLE_40_1,
        SIGNALS,
    ),
    needs=_l("docx、xlsx 自定义属性中的 ICV"),
    method=_l("逐值比较，扣除招标文件自带的标识，按历史档案中的占比计重"),
    null_model=_l("两份无关文件标识相同的实测概率 0.002"),
    false_alarms=_l("0.002（冷启动，实测）"),
    exclusions=(
        _l("招标文件自带的同一标识"),
        _l("历史档案中常见的标识（公共打印、制作场所）"),
    ),
    clears=_l("证明文件在公共场所的电脑上保存，或标识来自整机克隆"),
    rates=("kso_icv", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

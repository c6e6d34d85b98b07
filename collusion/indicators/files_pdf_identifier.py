"""Indicator files.pdf_identifier: PDFs of two bids descend from one file, as their permanent identifier says."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.documents import Document
from collusion.rules.evidence import ARTICLE_40_1, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, carried, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "files.pdf_identifier"
BLANK = frozenset("0")


def _permanent(document: Document) -> list[str]:
    """The first of a PDF's two identifiers: it stays when a copy is edited and saved again."""
    return [value for value in document.marks.pdf_identifiers[:1] if not set(value) <= BLANK]


MARK = Mark("pdf_identifier", _permanent, "pdf_identifier", "pdf_identifier")


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal permanent identifiers by their rarity in the archive."""
    return equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(bool(carried(bid.documents, MARK)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有 PDF 文件标识的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("PDF 永久标识相同"),
    clauses=(
        ARTICLE_40_1,
        SIGNALS,
    ),
    needs=_l("pdf 文件尾部的永久标识（/ID 第一项）"),
    method=_l("逐值比较永久标识，扣除招标文件自带标识，按历史档案中的占比计重"),
    null_model=_l("标识按 128 位随机产生，偶然相同可忽略；0.002 为同源公开文件（样本、证书、规范）的保守概率"),
    false_alarms=_l("0.002（冷启动，保守取值）"),
    exclusions=(
        _l("招标文件自带的同一标识"),
        _l("历史档案中常见的公开文件"),
        _l("全零或空标识"),
    ),
    clears=_l("出示双方共同引用的公开文件（厂家样本、证书、规范）及其出处"),
    rates=("pdf_identifier", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

"""Indicator files.layout: two bids set their pages alike, beyond what the tender and usual programs set."""

from __future__ import annotations

from dataclasses import replace

from collusion.rules.base_rates import rate
from collusion.rules.case import Case
from collusion.rules.evidence import ARTICLE_40_1, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, carried, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "files.layout"
MARK = Mark("layout", lambda document: [document.marks.layout], "layout", "layout")


def evaluate(case: Case) -> list[Evidence]:
    """Show equal settings of the page; never weighed, for four of ten unrelated files are set alike."""
    found = equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)
    return [replace(item, weighed=False, chance=_chance(case, item)) for item in found]


def _chance(case: Case, item: Evidence) -> float:
    """The setting's share in the archive where it has seen it, else no less than the measured rate."""
    seen = any(case.background.seen(MARK.kind, finding.a.value) for finding in item.findings)
    return item.chance if seen else max(item.chance, rate("layout").value)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids tell how their pages are set."""
    told = sum(bool(carried(bid.documents, MARK)) for bid in case.bids)
    return None if told >= 2 else remark(_l("带有版面设置的 docx 文件不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("版面设置相同"),
    clauses=(ARTICLE_40_1, SIGNALS),
    needs=_l("docx 的纸张、页边距、网格、默认字体与字号"),
    method=_l("逐值比较，扣除招标文件的同一设置，以其在历史档案投标人中的占比为概率"),
    null_model=_l("22 份真实采购 docx 两两比对，版面设置相同 0.398"),
    false_alarms=_l("0.40（实测）；不计入得分"),
    exclusions=(_l("招标文件及其格式附件的同一设置"), _l("软件的默认设置（按其占比）")),
    clears=_l("说明版面来自招标文件格式、软件默认或公开范本"),
    rates=("layout", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

"""Indicator device.lock: one pricing-software lock (加密锁) priced two bids."""

from __future__ import annotations

from collusion.rules.case import BILL_MARKS, DEVICE, Case
from collusion.rules.documents import Document
from collusion.rules.evidence import (
    ARTICLE_40_1,
    ARTICLE_40_2,
    CONSEQUENCE,
    Evidence,
    Family,
    Indicator,
    Remark,
    remark,
)
from collusion.rules.likeness import Mark, carried, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "device.lock"


def _serials(document: Document) -> list[str]:
    """Serial numbers a device record or the bill's XML names; blank ones are no numbers."""
    data = document.data or {}
    locks = data.get("locks") if data.get("type") in (DEVICE, BILL_MARKS) else None
    return [lock for lock in locks if isinstance(lock, str) and lock.strip("0- ")] if isinstance(locks, list) else []


MARK = Mark("lock", _serials, "lock", "lock")


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal serial numbers by their rarity in the archive."""
    return equal_marks(case, IDENTIFIER, Family.AUTHORING, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(bool(carried(bid.documents, MARK)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有计价软件加密锁序列号的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.AUTHORING,
    name=_l("计价软件加密锁相同"),
    clauses=(
        ARTICLE_40_1,
        ARTICLE_40_2,
        CONSEQUENCE,
    ),
    needs=_l("设备记录或已标价工程量清单 XML 中的加密锁序列号"),
    method=_l("逐值比较序列号，扣除最高投标限价文件已载明的序列号，按历史档案中的占比计重"),
    null_model=_l("同一造价咨询单位为两家无关投标人计价、破解锁默认序列号的保守概率 0.01"),
    false_alarms=_l("0.01（保守取值，待由档案校正）"),
    exclusions=(
        _l("招标文件与最高投标限价文件载明的同一序列号"),
        _l("历史档案中常见的序列号（咨询单位、破解锁）"),
        _l("空白或全零序列号"),
    ),
    clears=_l("出示造价咨询合同，证明双方各自委托同一咨询单位且互不知情"),
    rates=("lock", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

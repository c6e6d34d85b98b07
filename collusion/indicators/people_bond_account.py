"""Indicator people.bond_account: two bid bonds were paid from one account."""

from __future__ import annotations

from collusion.rules.case import Case
from collusion.rules.documents import Document
from collusion.rules.evidence import ARTICLE_40_6, SIGNALS, Evidence, Family, Indicator, Remark, remark
from collusion.rules.likeness import Mark, carried, equal_marks
from collusion.rules.source_text import _l

IDENTIFIER = "people.bond_account"


def _accounts(document: Document) -> list[str]:
    """The paying accounts of a bond record."""
    data = document.data or {}
    account = data.get("payer_account") if data.get("type") == "sunbid-bond/v1" else None
    return [account] if isinstance(account, str) and account.strip("0- ") else []


MARK = Mark("bond_account", _accounts, "bond_account", "bond_account")


def evaluate(case: Case) -> list[Evidence]:
    """Weigh equal paying accounts by their rarity in the archive."""
    return equal_marks(case, IDENTIFIER, Family.PEOPLE, MARK)


def lacking(case: Case) -> Remark | None:
    """Say whether fewer than two bids carry the mark."""
    marked = sum(bool(carried(bid.documents, MARK)) for bid in case.bids)
    return None if marked >= 2 else remark(_l("带有保证金付款账户的投标不足两家"))


INDICATOR = Indicator(
    identifier=IDENTIFIER,
    family=Family.PEOPLE,
    name=_l("保证金付款账户相同"),
    clauses=(
        ARTICLE_40_6,
        SIGNALS,
    ),
    needs=_l("保证金到账记录（付款账户）"),
    method=_l("逐值比较付款账户，扣除招标文件载明的收款与代收账户，按历史档案中的占比计重"),
    null_model=_l("银行内部过渡户、代收代付户被两家无关投标人使用的保守概率 0.002"),
    false_alarms=_l("0.002（保守取值，待由档案校正）"),
    exclusions=(
        _l("招标文件载明的账户"),
        _l("历史档案中多家投标人共用的过渡户、代收户"),
    ),
    clears=_l("由开户银行说明该账户为过渡户，并出示各自真实付款账户"),
    rates=("bond_account", "ring.share"),
    evaluate=evaluate,
    lacking=lacking,
)

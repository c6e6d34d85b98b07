"""Lists of R-700: which there are, the columns and rows of their files, what an import may do to a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from accounts.rules import check_uscc, normalise_uscc
from accounts.rules.identity import ALPHABET
from core.errors import Invalid

SOURCES: dict[str, str] = {
    "serious_dishonesty": "严重失信主体名单",
    "judgment_defaulters": "失信被执行人",
    "tax_violations": "重大税收违法失信主体",
    "procurement_violations": "政府采购严重违法失信行为记录名单",
    "tender_bans": "取消投标资格处罚",
    "major_penalties": "重大违法记录",
}
"""The lists of R-700 that may restrict, by their code, with the title they carry at their source (R-701)."""

RATINGS = "credit_ratings"
LISTS = {**SOURCES, RATINGS: "公共信用综合评价结果"}
"""Every list that can be imported; the ratings restrict nobody, they earn (R-707)."""

CHANNELS = dict.fromkeys(LISTS, "信用中国 www.creditchina.gov.cn") | {
    "procurement_violations": "中国政府采购网 www.ccgp.gov.cn"
}
REPAIR = dict.fromkeys(LISTS, "向列入决定的机关申请信用修复；移出后平台在下一次导入名单时不再采用该记录") | {
    "procurement_violations": "处罚期满自动失效；期内可向作出处罚的财政部门申请提前终止",
    "judgment_defaulters": "履行生效法律文书或达成和解后，向执行法院申请删除失信信息",
    "tax_violations": "缴清税款、滞纳金和罚款后，向税务机关申请提前停止公布",
    "tender_bans": "限制期满自动失效；对处罚不服的，可依法申请行政复议或提起行政诉讼",
    RATINGS: "对评价结果有异议的，可向评价机构申请复核",
    "major_penalties": "三年期满不再采用；可向作出处罚的机关申请信用修复",
}

COLUMNS: dict[str, tuple[str, ...]] = {
    "identifier": ("identifier", "uscc", "统一社会信用代码", "信用代码"),
    "name": ("name", "名称", "主体名称", "企业名称", "失信主体名称"),
    "document_number": ("document_number", "文书号", "决定书文号", "案号"),
    "reason": ("reason", "事由", "列入事由", "失信行为", "违法事实"),
    "listed_on": ("listed_on", "列入日期", "公布日期", "发布日期", "处罚日期", "评价日期"),
    "ban_until": ("ban_until", "禁止期至", "有效期至", "处罚截止日期"),
    "measures": ("measures", "惩戒措施", "限制范围", "处罚种类"),
    "fine_yuan": ("fine_yuan", "罚款金额", "罚款金额（元）"),
    "sector": ("sector", "行业领域"),
    "grade": ("grade", "信用等级", "评价等级"),
    "repaired_on": ("repaired_on", "修复日期", "移出日期"),
}
REQUIRED = ("name", "reason")
GRADED = ("name", "identifier", "grade")
"""The columns a list of ratings must have: a rating without a code is nobody's."""
MOST_ROWS = 20_000_000
SHRINK_LEAST = 10
"""From this many active records on, an import that drops more than half needs a person's word."""


class Row(NamedTuple):
    """One party on one list, as read; money in fen, days as `2026-03-01`."""

    identifier: str
    name: str
    document_number: str
    reason: str
    listed_on: str | None = None
    ban_until: str | None = None
    measures: str = ""
    fine_fen: int | None = None
    sector: str = ""
    grade: str = ""
    repaired_on: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two rows the same record."""
        return self.identifier, self.name, self.document_number

    def digests(self) -> tuple[int, int]:
        """64 bits of what makes it the record it is, and 64 bits of all it says."""
        key = "\x1f".join(self[:3])
        return digest64(key), digest64("\x1f".join(["" if cell is None else str(cell) for cell in self[:10]]))


def digest64(text: str) -> int:
    """Eight bytes of BLAKE2b as a signed integer, as both databases hold it."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


@dataclass(frozen=True)
class BadRow:
    """A line that is no record, and why."""

    line: int
    reason: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """As the import stores it."""
        return {"line": self.line, "reason": self.reason, "text": self.text}


def columns_of(header: Sequence[str], *, graded: bool = False) -> dict[str, int]:
    """Where each known column stands in a heading; Invalid("credit.columns") where one that must be there is not."""
    found = {}
    for name, spellings in COLUMNS.items():
        place = next((place for place, cell in enumerate(header) if cell in spellings), None)
        if place is not None:
            found[name] = place
    missing = [COLUMNS[name][-1] for name in (GRADED if graded else REQUIRED) if name not in found]
    if missing:
        raise Invalid("credit.columns", field="file", missing=missing, found=list(header[:20]))
    return found


def read_row(entry: Mapping[str, str], *, graded: bool = False) -> Row:
    """One row; Invalid with credit.row_name, .row_code, .row_reason, .row_date, .row_fine, .row_grade, .row_text.

    A code is checked for its characters only: a failed check digit is no reason to lose a record (R-012); one with
    stars is a person's, shown in part. A row without a code is kept and can only ever match by name, which warns
    (R-709).
    """
    get = entry.get
    name = normal_name(get("name", ""))
    if not name or len(name) > 200:
        raise Invalid("credit.row_name")
    identifier = _code(get("identifier", ""))
    reason = _text(get("reason", ""))
    grade = get("grade", "").strip().upper() if graded else ""
    if graded and (not grade or not identifier or len(grade) > 10):
        raise Invalid("credit.row_grade")
    if not reason and not graded:
        raise Invalid("credit.row_reason")
    if "\0" in "".join(entry.values()):
        raise Invalid("credit.row_text")
    return Row(
        identifier,
        name,
        _text(get("document_number", ""))[:120],
        reason[:2000],
        read_day(get("listed_on", "")),
        read_day(get("ban_until", "")),
        _text(get("measures", ""))[:400],
        _fine(get("fine_yuan", "")),
        _text(get("sector", ""))[:60],
        grade,
        read_day(get("repaired_on", "")),
    )


_PLAIN = re.compile(rf"[{ALPHABET}]{{18}}")
_STARRED = re.compile(r"[0-9A-Z*]{8,18}")


def _code(text: str) -> str:
    if not text or _PLAIN.fullmatch(text):
        return text
    text = normalise_uscc(text)
    if "*" in text and _STARRED.fullmatch(text):
        return text
    if not text:
        return ""
    try:
        return check_uscc(text)[0]
    except Invalid:
        raise Invalid("credit.row_code") from None


def _text(text: str) -> str:
    if not text:
        return ""
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _fine(text: str) -> int | None:
    if not text:
        return None
    text = unicodedata.normalize("NFKC", text).strip().replace(",", "").removesuffix("元")
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,12})(?:\.(\d{1,2}))?", text)
    if found is None:
        raise Invalid("credit.row_fine")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


@lru_cache(8192)
def read_day(text: str) -> str | None:
    """`2026-3-1`, `2026/03/01`, `2026.3.1`, `2026年3月1日` as `2026-03-01`; None for nothing; else credit.row_date."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return None
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        if found is None:
            raise ValueError
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        raise Invalid("credit.row_date") from None


def normal_name(name: str) -> str:
    """A name as two lists would spell it alike: NFKC, no blanks, one kind of brackets."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def check_shrink(active: int, removed: int, *, confirmed: bool) -> None:
    """Refuse an import that would drop more than half of a list, unless a person says it is so."""
    if active >= SHRINK_LEAST and removed * 2 > active and not confirmed:
        raise Invalid("credit.shrunk", field="file", active=active, removed=removed)


def may_mean(bad_rows: Iterable[Mapping[str, Any]], identifier: str, name: str) -> bool:
    """Whether a row that could not be read shows the party's code or name."""
    wanted = {normal_name(name), identifier} - {""}
    texts = [normal_name(str(row.get("text", ""))).upper() for row in bad_rows]
    return any(word.upper() in text for text in texts for word in wanted)

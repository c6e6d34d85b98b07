"""Pure rules on credit: rows of a list, whom a record means, what it does in which regime (R-700…R-709)."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from accounts.rules import check_uscc
from core.errors import Invalid, Refusal
from core.law import Rule, Snapshot, freeze, read_rulebook

SOURCES: dict[str, str] = {
    "serious_dishonesty": "严重失信主体名单",
    "judgment_defaulters": "失信被执行人",
    "tax_violations": "重大税收违法失信主体",
    "procurement_violations": "政府采购严重违法失信行为记录名单",
}
"""The lists of R-700 by their code, with the title they carry at 信用中国 and 中国政府采购网 (R-701)."""

CHANNELS = dict.fromkeys(SOURCES, "信用中国 www.creditchina.gov.cn") | {
    "procurement_violations": "中国政府采购网 www.ccgp.gov.cn"
}
REPAIR = dict.fromkeys(SOURCES, "向列入决定的机关申请信用修复；移出后平台在下一次导入名单时不再采用该记录") | {
    "procurement_violations": "处罚期满自动失效；期内可向作出处罚的财政部门申请提前终止"
}

COLUMNS: dict[str, tuple[str, ...]] = {
    "identifier": ("identifier", "uscc", "统一社会信用代码", "信用代码"),
    "name": ("name", "名称", "主体名称", "企业名称", "失信主体名称"),
    "document_number": ("document_number", "文书号", "决定书文号", "案号"),
    "reason": ("reason", "事由", "列入事由", "失信行为"),
    "listed_on": ("listed_on", "列入日期", "公布日期", "发布日期"),
    "ban_until": ("ban_until", "禁止期至", "有效期至", "处罚截止日期"),
}
REQUIRED = ("name", "reason")
MOST_ROWS = 2_000_000
SHRINK_LEAST = 10
"""From this many active records on, an import that drops more than half needs a person's word."""


@dataclass(frozen=True)
class Row:
    """One party on one list, as read."""

    identifier: str
    name: str
    document_number: str
    reason: str
    listed_on: str | None
    ban_until: str | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two rows the same record."""
        return self.identifier, self.name, self.document_number


@dataclass(frozen=True)
class BadRow:
    """A line that is no record, and why."""

    line: int
    reason: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """As the import stores it."""
        return {"line": self.line, "reason": self.reason, "text": self.text}


@dataclass(frozen=True)
class Parsed:
    """A list file as read: its good rows by key, and its bad ones."""

    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)


def parse_list(raw: bytes) -> Parsed:
    """Read a list file: CSV (UTF-8 or GB 18030, headings in Chinese or English) or a JSON list of objects.

    The same row twice is one; two rows of one record that differ are both bad. Raises Invalid("credit.encoding"),
    ("credit.format"), ("credit.columns"), ("credit.too_long").
    """
    text = _decoded(raw)
    entries = _json_entries(text) if text.lstrip().startswith(("[", "{")) else _csv_entries(text)
    parsed = Parsed()
    clashing: set[tuple[str, str, str]] = set()
    for count, (line, entry) in enumerate(entries):
        if count >= MOST_ROWS:
            raise Invalid("credit.too_long", field="file", most=MOST_ROWS)
        try:
            row = read_row(entry)
        except Refusal as refusal:
            parsed.bad.append(BadRow(line, refusal.code, _excerpt(entry)))
            continue
        held = parsed.rows.get(row.key)
        if row.key in clashing or (held is not None and held != row):
            clashing.add(row.key)
            parsed.rows.pop(row.key, None)
            parsed.bad.append(BadRow(line, "credit.row_contradiction", _excerpt(entry)))
        else:
            parsed.rows[row.key] = row
    return parsed


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("credit.encoding", field="file")


def _csv_entries(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(reader, [])
        columns = _columns([cell.strip() for cell in header])
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    yield reader.line_num, {"_width": str(len(cells))}
                else:
                    yield reader.line_num, {name: cells[place] for name, place in columns.items()}
    except csv.Error as error:
        raise Invalid("credit.format", field="file", line=reader.line_num, error=str(error)) from None


def _json_entries(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Invalid("credit.format", field="file", line=getattr(error, "lineno", 0), error=str(error)) from None
    rows = value.get("records") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid("credit.format", field="file", line=1, error="records")
    spelled = sorted({str(name) for row in rows for name in row})
    columns = {name: spelled[place] for name, place in _columns(spelled).items()}
    for number, row in enumerate(rows, 1):
        yield number, {name: str(row.get(key) or "") for name, key in columns.items()}


def _columns(header: list[str]) -> dict[str, int]:
    found = {}
    for name, spellings in COLUMNS.items():
        place = next((place for place, cell in enumerate(header) if cell in spellings), None)
        if place is not None:
            found[name] = place
    missing = [COLUMNS[name][-1] for name in REQUIRED if name not in found]
    if missing or ("identifier" not in found and "name" not in found):
        raise Invalid("credit.columns", field="file", missing=missing, found=header[:20])
    return found


def _excerpt(entry: Mapping[str, str]) -> str:
    return ",".join(entry.values())[:200]


def read_row(entry: Mapping[str, str]) -> Row:
    """One row; Invalid with credit.row_width, .row_name, .row_code, .row_reason or .row_date.

    A code is checked for its characters only: a failed check digit is no reason to lose a record (R-012). A row
    without a code is kept and can only ever match by name, which warns (R-709).
    """
    if "_width" in entry:
        raise Invalid("credit.row_width")
    name = normal_name(entry.get("name", ""))
    if not name or len(name) > 200:
        raise Invalid("credit.row_name")
    identifier = entry.get("identifier", "").strip()
    if identifier:
        try:
            identifier, _ = check_uscc(identifier)
        except Invalid:
            raise Invalid("credit.row_code") from None
    reason = unicodedata.normalize("NFC", entry.get("reason", "")).strip()
    if not reason:
        raise Invalid("credit.row_reason")
    return Row(
        identifier,
        name,
        unicodedata.normalize("NFC", entry.get("document_number", "")).strip()[:120],
        reason[:2000],
        read_day(entry.get("listed_on", "")),
        read_day(entry.get("ban_until", "")),
    )


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
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))


def check_shrink(active: int, removed: int, *, confirmed: bool) -> None:
    """Refuse an import that would drop more than half of a list, unless a person says it is so."""
    if active >= SHRINK_LEAST and removed * 2 > active and not confirmed:
        raise Invalid("credit.shrunk", field="file", active=active, removed=removed)


@cache
def rulebook() -> list[Rule]:
    """The matrix as shipped."""
    return read_rulebook(Path(__file__).with_name("law.json"))


def matrix(law: Snapshot) -> Snapshot:
    """The credit rules that bind a project: those frozen with it, else the book as of the day its law was frozen."""
    own = freeze(rulebook(), law.regime, date.fromisoformat(law.on))
    frozen = {key: rule for key, rule in law.rules.items() if key.startswith("credit.")}
    return Snapshot(law.regime, law.on, {**own.rules, **frozen})


@dataclass(frozen=True)
class Verdict:
    """What one list means for one party: outcome of the query, decision, and the rule it rests on."""

    outcome: str
    decision: str
    rule: dict[str, str]


def judge(
    source: str,
    *,
    by_code: Collection[Mapping[str, Any]],
    by_name: Collection[Mapping[str, Any]],
    on: date,
    as_of: date | None,
    law: Snapshot,
    document: str,
    unread: bool = False,
) -> Verdict:
    """Judge one list for one party on the day `on`.

    `by_code`, `by_name`: records on the list now that carry the party's code, or its name under another or no code.
    Never silently clean: no list, one older than credit.most_days, or one with an unreadable row that may mean the
    party (`unread`), gives "pending". A ban that has run out does not
    count (R-705). A record restricts where the regime's rule says so, or where it leaves that to the document and
    `document` names the list; otherwise the party is "informed" on. A name alone is "pending" (R-709).
    """
    book = matrix(law)
    running = [record for record in by_code if not _has_run_out(record, on)]
    if running:
        rule = book.cite(f"credit.{source}")
        named = rule["value"] == "document" and names_list(document, source)
        restricts = rule["value"] == "restrict" or named
        return Verdict("listed", "restricted" if restricts else "informed", rule)
    if as_of is None:
        return Verdict("no_list", "pending", book.cite("credit.evidence"))
    if (on - as_of).days > book.days("credit.most_days"):
        return Verdict("stale_list", "pending", book.cite("credit.most_days"))
    if unread:
        return Verdict("unread_row", "pending", book.cite("credit.evidence"))
    if [record for record in by_name if not _has_run_out(record, on)]:
        return Verdict("name_only", "pending", book.cite("credit.name_only"))
    if by_code:
        return Verdict("expired", "clear", book.cite("credit.expired_ban"))
    return Verdict("not_listed", "clear", book.cite(f"credit.{source}"))


def may_mean(bad_rows: Iterable[Mapping[str, Any]], identifier: str, name: str) -> bool:
    """Whether a row that could not be read shows the party's code or name."""
    wanted = {normal_name(name), identifier} - {""}
    texts = [normal_name(str(row.get("text", ""))).upper() for row in bad_rows]
    return any(word.upper() in text for text in texts for word in wanted)


def _has_run_out(record: Mapping[str, Any], on: date) -> bool:
    until = record.get("ban_until")
    return until is not None and date.fromisoformat(until) < on


def names_list(document: str, source: str) -> bool:
    """Whether the tender document's credit rule names the list by its title (R-700, "per document")."""
    return normal_name(SOURCES[source]) in normal_name(document)

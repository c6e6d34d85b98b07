"""The table of bids: read from CSV, every line that cannot be used is named with its reason; nothing is guessed."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TextIO

from core.errors import Invalid

NEEDED = ("tender_id", "bidder_id", "bid_value")
OPTIONAL = ("date", "winner", "reserve_price", "award_rule")
LONGEST = 200
MAX_BYTES = 1 << 30
_WIDE = str.maketrans("０１２３４５６７８９．，￥", "0123456789.,¥")
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})(?:\.[0-9]{1,18})?")
WINNER = {"": None, "0": False, "0.0": False, "否": False, "1": True, "1.0": True, "是": True}

FAULTS = {
    "row.width": ("列数与表头不符", "the number of cells differs from the heading"),
    "row.empty": ("{column} 为空", "{column} is empty"),
    "row.long": ("{column} 超过 {most} 个字符", "{column} is longer than {most} characters"),
    "row.number": ("{column} 不是大于零的数：{text}", "{column} is not a number above zero: {text}"),
    "row.winner": ("winner 应为 1/0 或 是/否：{text}", "winner must be 1/0 or 是/否: {text}"),
    "row.date": ("date 应为 YYYY-MM-DD：{text}", "date must be YYYY-MM-DD: {text}"),
    "row.twice": (
        "同一投标人在本标段重复报价，先见于第 {first} 行",
        "this bidder bid in this tender before, in line {first}",
    ),
    "row.differs": (
        "{column} 与本标段第 {first} 行不一致：{text}",
        "{column} differs from line {first} of the same tender: {text}",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One bid as read; `line` counts from 1 with the heading."""

    line: int
    tender: str
    bidder: str
    value: float
    on: str
    winner: bool | None
    reserve: float | None
    rule: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be used. `tender` is empty when the line does not say which."""

    line: int
    tender: str
    code: str
    facts: Mapping[str, Any]

    def told(self) -> dict[str, Any]:
        """Give line, code and reason in both languages."""
        zh, en = FAULTS[self.code]
        return {
            "line": self.line,
            "tender_id": self.tender,
            "code": self.code,
            "zh": zh.format(**self.facts),
            "en": en.format(**self.facts),
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The bids of the tenders that could be read whole, the faulty lines, and the tenders set aside for them."""

    tenders: Mapping[str, tuple[Row, ...]]
    faults: tuple[Fault, ...]
    aside: tuple[str, ...]
    ignored: tuple[str, ...]


def read_table(data: bytes) -> Table:
    """Read bids from CSV in UTF-8 or GB 18030.

    A tender with a faulty line is set aside whole: screens of the bids that are left would be about another tender.
    Invalid `screen.unreadable` for what is no table, `screen.columns` naming missing ones, `screen.repeated` for a
    column given twice, `screen.empty` without any bid.
    """
    lines = _lines(data)
    heading = read_heading(lines[0][1] if lines else [])
    reader = _Reader(heading)
    for number, cells in lines[1:]:
        if any(cell.strip() for cell in cells):
            reader.take(number, cells)
    if not reader.rows and not reader.faults:
        raise Invalid("screen.empty", field="bids")
    aside = {fault.tender for fault in reader.faults if fault.tender}
    whole = {name: tuple(rows) for name, rows in sorted(reader.rows.items()) if name not in aside}
    return Table(whole, tuple(reader.faults), tuple(sorted(aside)), ignored_columns(heading))


def read_heading(cells: Sequence[str]) -> list[str]:
    """Give the names of the columns; Invalid `screen.columns` or `screen.repeated`."""
    heading = [cell.strip().lower() for cell in cells]
    if missing := [name for name in NEEDED if name not in heading]:
        raise Invalid("screen.columns", field="bids", missing=", ".join(missing))
    if repeated := sorted({name for name in (*NEEDED, *OPTIONAL) if heading.count(name) > 1}):
        raise Invalid("screen.repeated", field="bids", columns=", ".join(repeated))
    return heading


def ignored_columns(heading: Sequence[str]) -> tuple[str, ...]:
    """Give the columns that mean nothing here."""
    return tuple(name for name in heading if name and name not in (*NEEDED, *OPTIONAL))


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    if len(data) > MAX_BYTES or b"\x00" in data:
        raise Invalid("screen.unreadable", field="bids")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid("screen.unreadable", field="bids")
    return list(cells_of(io.StringIO(text, newline="")))


def cells_of(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of every line of a CSV with the number it begins at; Invalid `screen.unreadable`."""
    reader = csv.reader(text, strict=True)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise Invalid("screen.unreadable", field="bids") from error


class _Reader:
    """Takes one line after the other."""

    def __init__(self, heading: list[str]) -> None:
        self.heading = heading
        self.rows: dict[str, list[Row]] = {}
        self.faults: list[Fault] = []
        self._seen: dict[tuple[str, str], int] = {}

    def take(self, number: int, cells: list[str]) -> None:
        """Keep the line as a bid or as a fault."""
        read = read_row(self.heading, number, cells)
        if isinstance(read, Row):
            fault = join(self.rows, self._seen, read)
            if fault:
                self.faults.append(fault)
        else:
            self.faults.append(read)


def read_row(heading: Sequence[str], number: int, cells: Sequence[str]) -> Row | Fault:
    """Read one line by itself: a bid, or what is wrong with it."""
    named = {name: cell.strip() for name, cell in zip(heading, cells, strict=False)}
    tender, bidder = named.get("tender_id", ""), named.get("bidder_id", "")
    try:
        if len(cells) != len(heading):
            raise _Faulty("row.width")
        for name in NEEDED:
            if not named[name]:
                raise _Faulty("row.empty", column=name)
        for name in (*NEEDED, *OPTIONAL):
            if len(named.get(name, "")) > LONGEST:
                raise _Faulty("row.long", column=name, most=LONGEST)
        return Row(
            number,
            tender,
            bidder,
            _number("bid_value", named["bid_value"]),
            _date(named.get("date", "")),
            _winner(named.get("winner", "")),
            _number("reserve_price", named["reserve_price"]) if named.get("reserve_price") else None,
            named.get("award_rule", ""),
        )
    except _Faulty as fault:
        return Fault(number, tender if len(tender) <= LONGEST else "", fault.code, fault.facts)


def join(rows: dict[str, list[Row]], seen: dict[tuple[str, str], int], row: Row) -> Fault | None:
    """Add a bid to those of its tender, or tell why it cannot be one: a second one, or at odds with the first."""
    first = seen.setdefault((row.tender, row.bidder), row.line)
    try:
        if first != row.line:
            raise _Faulty("row.twice", first=first)
        if row.tender in rows:
            _agree(rows[row.tender][0], row)
    except _Faulty as fault:
        return Fault(row.line, row.tender, fault.code, fault.facts)
    rows.setdefault(row.tender, []).append(row)
    return None


class _Faulty(Exception):
    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def _number(column: str, text: str) -> float:
    typed = text.translate(_WIDE).removeprefix("¥").strip()
    value = float(typed.replace(",", "")) if _NUMBER.fullmatch(typed) else math.nan
    if not value > 0:
        raise _Faulty("row.number", column=column, text=text[:40])
    return value


def _winner(text: str) -> bool | None:
    if text not in WINNER:
        raise _Faulty("row.winner", text=text[:40])
    return WINNER[text]


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise _Faulty("row.date", text=text[:40]) from None


def _agree(first: Row, row: Row) -> None:
    for column, known, here in (
        ("award_rule", first.rule, row.rule),
        ("reserve_price", first.reserve, row.reserve),
    ):
        if known != here:
            raise _Faulty("row.differs", column=column, first=first.line, text=str(here)[:40])

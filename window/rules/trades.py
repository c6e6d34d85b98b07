"""What a trade is, and reading a table of them (docs/statistics.md): every line or none, every fault by its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core import money
from core.errors import Invalid

MARKETS = ("works", "procurement", "land", "mineral", "property", "other")
"""Markets of the national catalogue of public resource trading, in its order."""

BASES = ("ceiling", "floor", "none")
COLUMNS = (
    "code", "name", "market", "region", "traded_on", "sessions", "base_kind", "base_yuan", "amount_yuan",
    "tenderee", "winner", "participants",
)  # fmt: skip
MOST_LINES = 1_000_000
MOST_FAULTS = 20
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}")
_REGION = re.compile(r"[0-9]{6}(?:[0-9]{6})?")


@dataclass(frozen=True)
class TradeFact:
    """One trade as a fact; `parties` are the identifiers of who took part, each once."""

    code: str
    name: str
    market: str
    region: str
    traded_on: str
    sessions: int
    base_kind: str
    base_fen: int | None
    amount_fen: int
    tenderee: str
    winner: str
    parties: tuple[str, ...]
    line: int | None = None


def market_of(regime: str) -> str:
    """The market a regime's sections count in: tendering law is construction, procurement law is procurement."""
    return {"T": "works", "G": "procurement"}.get(regime, "other")


def read_trades(raw: bytes) -> list[TradeFact]:
    """Read a table of trades (CSV, UTF-8, comma).

    Invalid("trades.encoding"), Invalid("trades.columns") with what is missing, Invalid("trades.empty"), or
    Invalid("trades.lines") with up to twenty faults, each naming line, column and reason; nothing is read then.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("trades.encoding", field="file", at=error.start) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    given = [name.strip() for name in reader.fieldnames or []]
    missing = [name for name in COLUMNS if name not in given]
    if missing:
        raise Invalid("trades.columns", field="file", missing=missing)
    reader.fieldnames = given
    found: list[TradeFact] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for row in _rows(reader):
        line = reader.line_num
        try:
            fact = _fact(row, line)
            if fact.code in seen:
                raise _Fault("code", f"{fact.code} = {seen[fact.code]}")
            seen[fact.code] = line
            found.append(fact)
        except _Fault as fault:
            faults.append(f"{line}: {fault.column}: {fault.text}")
            if len(faults) == MOST_FAULTS:
                break
        if line > MOST_LINES:
            raise Invalid("trades.many", field="file", most=MOST_LINES)
    if faults:
        raise Invalid("trades.lines", field="file", faults=faults)
    if not found:
        raise Invalid("trades.empty", field="file")
    return found


class _Fault(Exception):
    def __init__(self, column: str, text: str) -> None:
        super().__init__(column, text)
        self.column, self.text = column, text


def _rows(reader: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    try:
        for row in reader:
            if None in row or None in row.values():
                raise Invalid("trades.lines", field="file", faults=[f"{reader.line_num}: columns"])
            yield {name: value.strip() for name, value in row.items()}
    except csv.Error as error:
        raise Invalid("trades.lines", field="file", faults=[f"{reader.line_num}: {error}"]) from None


def _fact(row: dict[str, str], line: int) -> TradeFact:
    code = _shaped(row, "code", _CODE)
    name = _words(row, "name", 300)
    market, base_kind = _one_of(row, "market", MARKETS), _one_of(row, "base_kind", BASES)
    region = _shaped(row, "region", _REGION)
    try:
        traded_on = date.fromisoformat(row["traded_on"])
    except ValueError:
        raise _Fault("traded_on", row["traded_on"][:40]) from None
    if not 1990 <= traded_on.year <= 2200 or len(row["traded_on"]) != 10:
        raise _Fault("traded_on", row["traded_on"][:40])
    if not row["sessions"].isascii() or not row["sessions"].isdigit() or int(row["sessions"]) > 10_000:
        raise _Fault("sessions", row["sessions"][:40])
    if (base_kind == "none") != (row["base_yuan"] == ""):
        raise _Fault("base_yuan", row["base_yuan"][:40])
    parties = tuple(dict.fromkeys(part.strip().upper() for part in row["participants"].split(";") if part.strip()))
    if any(len(party) > 40 for party in parties) or len(parties) > 1000:
        raise _Fault("participants", row["participants"][:40])
    return TradeFact(
        code=code,
        name=name,
        market=market,
        region=region,
        traded_on=traded_on.isoformat(),
        sessions=int(row["sessions"]),
        base_kind=base_kind,
        base_fen=None if base_kind == "none" else _money(row, "base_yuan"),
        amount_fen=_money(row, "amount_yuan"),
        tenderee=_words(row, "tenderee", 200, required=False),
        winner=_words(row, "winner", 200, required=False),
        parties=parties,
        line=line,
    )


def _shaped(row: dict[str, str], column: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(row[column]):
        raise _Fault(column, row[column][:40])
    return row[column]


def _words(row: dict[str, str], column: str, most: int, *, required: bool = True) -> str:
    text = row[column]
    if len(text) > most or (required and not text) or not text.isprintable():
        raise _Fault(column, text[:40])
    return text


def _one_of(row: dict[str, str], column: str, options: tuple[str, ...]) -> str:
    if row[column] not in options:
        raise _Fault(column, row[column][:40])
    return row[column]


def _money(row: dict[str, str], column: str) -> int:
    try:
        return money.parse(row[column])
    except Invalid:
        raise _Fault(column, row[column][:40]) from None

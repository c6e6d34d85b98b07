"""List files as a stream of rows: CSV, XLSX, JSON or JSON lines of any length, read in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from core.errors import Invalid, Refusal
from credit.rules.lists import COLUMNS, MOST_ROWS, BadRow, Row, columns_of, read_row

CHUNK = 1 << 20
MOST_UNPACKED = 2 << 30
"""Bytes an XLSX may unpack to."""
SPELLED = {spelling: name for name, spellings in reversed(COLUMNS.items()) for spelling in reversed(spellings)}
LOOKED_AT = 1000
"""Objects of a JSON file that are looked at before it is said that a column is missing."""

Entry = Mapping[str, str] | None


def read_file(stream: BinaryIO, *, graded: bool = False) -> Iterator[tuple[int, Row | BadRow]]:
    """Every row of a list file in order with its line, a bad one with its reason; only the current part is held.

    CSV may be UTF-8 or GB 18030 with headings in Chinese or English. Raises Invalid("credit.encoding"),
    ("credit.format") with the line, ("credit.columns"), ("credit.too_long"); a file that breaks off is one of these.
    """
    for count, (line, entry, told) in enumerate(_entries(stream, graded)):
        if count >= MOST_ROWS:
            raise Invalid("credit.too_long", field="file", most=MOST_ROWS)
        if entry is None:
            yield line, BadRow(line, "credit.row_width", told[:200].replace("\0", "�"))
            continue
        try:
            yield line, read_row(entry, graded=graded)
        except Refusal as refusal:
            yield line, BadRow(line, refusal.code, ",".join(entry.values())[:200].replace("\0", "�"))


@dataclass(frozen=True)
class Parsed:
    """A list file as read: its good rows by key, and its bad ones."""

    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)


def parse_list(raw: bytes, *, graded: bool = False) -> Parsed:
    """Read a small list whole. The same row twice is one; two rows of one record that differ are both bad."""
    parsed, clashing = Parsed(), set[tuple[str, str, str]]()
    for line, row in read_file(io.BytesIO(raw), graded=graded):
        if isinstance(row, BadRow):
            parsed.bad.append(row)
            continue
        held = parsed.rows.get(row.key)
        if row.key in clashing or (held is not None and held != row):
            clashing.add(row.key)
            parsed.rows.pop(row.key, None)
            parsed.bad.append(BadRow(line, "credit.row_contradiction", shown(row)))
        else:
            parsed.rows[row.key] = row
    return parsed


def shown(row: Row) -> str:
    """A row as an import lists it among those it could not take."""
    return ",".join(str(cell) for cell in row[:6] if cell)[:200]


def _entries(stream: BinaryIO, graded: bool) -> Iterator[tuple[int, Entry, str]]:
    start = stream.read(4)
    stream.seek(0)
    if start == b"PK\x03\x04":
        return _sheet(stream, graded)
    encoding = _encoding(stream)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    head = text.read(CHUNK)
    text.seek(0)
    begins = head.lstrip()[:1]
    return _json(text, head, graded) if begins in ("[", "{") else _table(csv.reader(text, strict=True), graded)


def _encoding(stream: BinaryIO) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        stream.seek(0)
        try:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Invalid("credit.encoding", field="file")


def _table(reader: Any, graded: bool) -> Iterator[tuple[int, Entry, str]]:
    try:
        header: list[str] = next(reader, [])
        columns = columns_of([cell.strip() for cell in header], graded=graded)
        names, places = tuple(columns), tuple(columns.values())
        width = len(header)
        for cells in reader:
            if len(cells) == width:
                if cells and (cells[0].strip() or any(cell.strip() for cell in cells)):
                    yield reader.line_num, dict(zip(names, [cells[place] for place in places], strict=True)), ""
            elif any(cell.strip() for cell in cells):
                yield reader.line_num, None, ",".join(cells)
    except csv.Error as error:
        raise Invalid("credit.format", field="file", line=reader.line_num, error=str(error)) from None


class _Lines:
    """Rows of a worksheet with the number of the last one read, as `csv.reader` counts."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.line_num = 0
        self._rows = iter(rows)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> list[str]:
        row = next(self._rows)
        self.line_num += 1
        return [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _sheet(stream: BinaryIO, graded: bool) -> Iterator[tuple[int, Entry, str]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(stream) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_UNPACKED:
                raise Invalid("credit.too_large", field="file", most=MOST_UNPACKED)
        stream.seek(0)
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size is not to be believed
        yield from _table(_Lines(_padded(sheet.iter_rows(values_only=True))), graded)
        book.close()
    except Refusal:
        raise
    except Exception as error:  # what a damaged workbook raises depends on where it is damaged
        raise Invalid("credit.format", field="file", line=0, error=type(error).__name__) from None


def _padded(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Rows as wide as the heading: a sheet leaves out the empty cells at a row's end."""
    width = None
    for row in rows:
        while row and row[-1] is None:
            row = row[:-1]
        width = len(row) if width is None else width
        yield row + (None,) * (width - len(row))


def _json(text: io.TextIOWrapper, head: str, graded: bool) -> Iterator[tuple[int, Entry, str]]:
    """Objects of a JSON list, of the list "records" of an object, or one a line, numbered from 1."""
    known: set[str] = set()
    waiting: list[tuple[int, Entry, str]] = []
    for number, item in enumerate(_objects(text, head), 1):
        entry = {SPELLED[key]: "" if value is None else str(value) for key, value in item.items() if key in SPELLED}
        known.update(entry)
        if number <= LOOKED_AT:
            waiting.append((number, entry, ""))
            continue
        yield from _checked(waiting, known, graded)
        waiting = []
        yield number, entry, ""
    yield from _checked(waiting, known, graded)


def _checked(waiting: list[tuple[int, Entry, str]], known: set[str], graded: bool) -> Iterable[tuple[int, Entry, str]]:
    if waiting:
        if not known:
            raise Invalid("credit.format", field="file", line=1, error="records")
        columns_of(sorted(known), graded=graded)
    return waiting


def _objects(text: io.TextIOWrapper, head: str) -> Iterator[dict[str, Any]]:
    found = re.match(r'\s*(?:\[|\{\s*"records"\s*:\s*\[)', head)
    listed = found is not None
    if not listed and not re.match(r"\s*\{[^\n]*\}\s*(\n|$)", head):
        raise Invalid("credit.format", field="file", line=1, error="records")
    decoder, buffer, place, ended = json.JSONDecoder(), "", found.end() if found else 0, False
    buffer = text.read(CHUNK)
    while True:
        place = _past(buffer, place, " \t\r\n," if not listed else " \t\r\n")
        if place < len(buffer) and listed and buffer[place] == "]":
            rest = (buffer[place + 1 :] + text.read(CHUNK)).strip()
            if rest.strip("}").strip():
                raise Invalid("credit.format", field="file", line=0, error="after the list")
            return
        if place < len(buffer):
            try:
                item, end = decoder.raw_decode(buffer, place)
            except ValueError as error:
                if ended:
                    raise Invalid("credit.format", field="file", line=0, error=str(error)) from None
            else:
                if not isinstance(item, dict):
                    raise Invalid("credit.format", field="file", line=0, error="records")
                after = _past(buffer, end, " \t\r\n")
                if after < len(buffer) or ended:
                    if listed and after < len(buffer) and buffer[after] == ",":
                        after += 1
                    elif listed and (after >= len(buffer) or buffer[after] != "]"):
                        raise Invalid("credit.format", field="file", line=0, error="no comma")
                    yield item
                    place = after
                    continue
        elif ended:
            if listed:
                raise Invalid("credit.format", field="file", line=0, error="breaks off")
            return
        more = text.read(CHUNK)
        ended = not more
        if len(buffer) - place > 16 * CHUNK:
            raise Invalid("credit.format", field="file", line=0, error="one object too long")
        buffer, place = buffer[place:] + more, 0


def _past(buffer: str, place: int, signs: str) -> int:
    while place < len(buffer) and buffer[place] in signs:
        place += 1
    return place

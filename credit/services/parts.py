"""A list taken apart by digest on the disk: one part of a file and of the list that counts is in memory at a time."""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from credit.rules import BadRow, Row, shown

PARTS = 64
"""Rows of one record fall into one part, so a part can be compared alone; a list of 20 million has 312,500 in each."""
KEPT = 256
"""Values of a part that wait in memory to be written together."""

Numbers = np.ndarray[Any, Any]
Cells = tuple[Any, ...]
"""A row as it waits: line, digest of what it is, digest of all it says, then its ten columns."""


class _Rows:
    """Rows in parts, each part in the order it came."""

    def __init__(self, folder: Path) -> None:
        self._file: Any = TemporaryFile(dir=folder)  # noqa: SIM115 - has no name and goes when nobody holds it
        self._places = [array("q") for _ in range(PARTS)]
        self._waiting: list[list[Cells]] = [[] for _ in range(PARTS)]

    def put(self, part: int, cells: Cells) -> None:
        waiting = self._waiting[part]
        waiting.append(cells)
        if len(waiting) == KEPT:
            self._write(part)

    def _write(self, part: int) -> None:
        raw = marshal.dumps(self._waiting[part])
        self._places[part].extend((self._file.tell(), len(raw)))
        self._file.write(raw)
        self._waiting[part] = []

    def read(self, part: int) -> Iterator[Cells]:
        places = self._places[part]
        for at, size in zip(places[::2], places[1::2], strict=True):
            self._file.seek(at)
            yield from marshal.loads(self._file.read(size))  # noqa: S302 - its own bytes, in a file nobody else can open
        self._file.seek(0, 2)
        yield from self._waiting[part]


class Numbers64:
    """Whole numbers of 64 bits in parts, some columns wide."""

    def __init__(self, folder: Path, columns: int, parts: int = PARTS) -> None:
        self._file: Any = TemporaryFile(dir=folder)  # noqa: SIM115 - has no name and goes when nobody holds it
        self._columns = columns
        self._places = [array("q") for _ in range(parts)]
        self._waiting = [array("q") for _ in range(parts)]
        self.count = 0

    def put(self, part: int, *numbers: int) -> None:
        """Add one row of numbers."""
        waiting = self._waiting[part]
        waiting.extend(numbers)
        self.count += 1
        if len(waiting) >= KEPT * self._columns:
            self._write(part, waiting.tobytes())
            self._waiting[part] = array("q")

    def add(self, rows: Numbers, part: int | None = None) -> None:
        """Add rows, by the first number's part or all to one."""
        self.count += len(rows)
        if part is not None:
            self._write(part, rows.tobytes())
            return
        parts = rows[:, 0] % PARTS
        for one in range(PARTS):
            if len(here := rows[parts == one]):
                self._write(one, here.tobytes())

    def _write(self, part: int, raw: bytes) -> None:
        self._places[part].extend((self._file.tell(), len(raw)))
        self._file.write(raw)

    def chunks(self, part: int) -> Iterator[Numbers]:
        """The part piece by piece."""
        places = self._places[part]
        for at, size in zip(places[::2], places[1::2], strict=True):
            self._file.seek(at)
            yield np.frombuffer(self._file.read(size), dtype=np.int64).reshape(-1, self._columns)
        self._file.seek(0, 2)
        if self._waiting[part]:
            yield np.frombuffer(self._waiting[part].tobytes(), dtype=np.int64).reshape(-1, self._columns)

    def read(self, part: int) -> Numbers:
        """The whole part."""
        pieces = list(self.chunks(part))
        return np.concatenate(pieces) if pieces else np.empty((0, self._columns), dtype=np.int64)


@dataclass(frozen=True)
class Ends:
    """Ids of the records that end with an import, on the disk."""

    changed: Numbers64
    repaired: Numbers64
    removed: Numbers64


class Comparison:
    """A file against the list that counts: told all of both, it says part by part what is new, bad, or ends.

    Memory: the digests of one part of both (40 bytes a row there), and KEPT rows of each. Nothing in it outlives the
    process.
    """

    def __init__(self, folder: Path) -> None:
        self.active = Numbers64(folder, 3)
        self._rows = _Rows(folder)
        self._digests = Numbers64(folder, 2)
        self.repaired = Numbers64(folder, 1)
        self._bad = _Rows(folder)
        self.ends = Ends(Numbers64(folder, 1, 1), Numbers64(folder, 1, 1), Numbers64(folder, 1, 1))
        self.rows = self.lines = 0

    def add(self, line: int, row: Row | BadRow) -> None:
        """One line of the file."""
        if isinstance(row, BadRow):
            self.lines += 1
            self._bad.put(0, (row.line, row.reason, row.text))
            return
        key, content = row.digests()
        if row.repaired_on is not None:
            self.repaired.put(key % PARTS, key)
            return
        self.lines += 1
        self._digests.put(key % PARTS, key, content)
        self._rows.put(key % PARTS, (line, key, content, *row[:10]))

    def results(self) -> Iterator[tuple[Cells | None, BadRow | None]]:
        """Every line of the file but repairs, bad ones first: what to write of it, or why it is none, or neither.

        The same row twice is written once; rows of one record that differ are all bad, and leave it as it was.
        Afterwards `ends` and `rows` are whole. Always the same order for the same file and list.
        """
        for cells in self._bad.read(0):
            yield None, BadRow(*cells)
        for part in range(PARTS):
            yield from self._part(part)

    def _part(self, part: int) -> Iterator[tuple[Cells | None, BadRow | None]]:
        digests, active = self._digests.read(part), self.active.read(part)
        active = active[np.argsort(active[:, 0], kind="stable")]
        known = _known(digests, active)
        ordered = np.sort(digests[:, 0])
        doubled = set(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]).tolist())
        clashing = self._clashing(part, doubled)
        seen: set[tuple[str, str, str]] = set()
        lost: set[int] = set()
        for (line, key, content, *cells), same in zip(self._rows.read(part), known, strict=True):
            if key in doubled:
                record = (cells[0], cells[1], cells[2])
                if record in clashing:
                    lost.add(key)
                    yield None, BadRow(line, "credit.row_contradiction", shown(Row(*cells)))
                    continue
                if record in seen:
                    yield None, None
                    continue
                seen.add(record)
            self.rows += 1
            yield None if same else (*cells, key, content), None
        self._end(digests[~np.isin(digests[:, 0], np.array(sorted(lost), dtype=np.int64))], active, part)

    def _clashing(self, part: int, doubled: set[int]) -> set[tuple[str, str, str]]:
        """The records the part has rows of that differ."""
        first: dict[tuple[str, str, str], Cells] = {}
        clashing = set()
        for _, key, _, *cells in self._rows.read(part) if doubled else ():
            if key in doubled:
                row = tuple(cells)
                if first.setdefault(row[:3], row) != row:
                    clashing.add(row[:3])
        return clashing

    def _end(self, digests: Numbers, active: Numbers, part: int) -> None:
        ids, keys, contents = active[:, 2:], active[:, 0], active[:, 1]
        listed = np.isin(keys, digests[:, 0])
        mended = np.isin(keys, self.repaired.read(part)[:, 0]) & ~listed
        self.ends.changed.add(ids[listed & ~np.isin(contents, digests[:, 1])], 0)
        self.ends.repaired.add(ids[mended], 0)
        self.ends.removed.add(ids[~listed & ~mended], 0)


def _known(digests: Numbers, active: Numbers) -> list[bool]:
    """For each row whether the list has it now, word for word."""
    if not len(active):
        return [False] * len(digests)
    places = np.searchsorted(active[:, 0], digests[:, 0])
    places[places == len(active)] = 0
    return list(((active[places, 0] == digests[:, 0]) & (active[places, 1] == digests[:, 1])).tolist())

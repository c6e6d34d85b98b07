"""The journal: every leaf and head once more, in a file outside the database: an old backup cannot pass for new.

Best on another disk or machine. It holds public leaves only. A line is durable before the act that wrote it answers.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canonical
from core.errors import Conflict
from core.ledger.log import COMMITMENT, LedgerEntry, LedgerHead, root_at, size
from core.ledger.notes import Head, Verifier, open_head


@dataclass
class Seen:
    """What somebody outside the database has seen of the log: leaves by index, and the largest signed head."""

    source: str
    leaves: dict[int, dict[str, Any]] = field(default_factory=dict)
    head: Head | None = None

    @property
    def size(self) -> int:
        """How long the log was, as far as seen."""
        return max([self.head.size if self.head else 0, *(index + 1 for index in self.leaves)])


class Journal:
    """An append-only file of lines {"leaf": …} and {"head": note}; several threads and processes may write at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._written = self._flushed = 0

    def write(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Append the lines; they survive power loss when this returns. Writers at the same time share one flush."""
        raw = b"".join(canonical.dumps(dict(line)) + b"\n" for line in lines)
        if not raw:
            return
        with self._lock:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, raw)
            finally:
                os.close(descriptor)
            self._written += 1
            mine = self._written
        with self._flushing:
            if self._flushed < mine:
                upto = self._written
                descriptor = os.open(self.file, os.O_RDONLY)
                try:
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)
                self._flushed = upto

    def read(self, verifier: Verifier) -> Seen:
        """What it holds; a torn last line is nothing, a head that is not the platform's counts for nothing."""
        seen = Seen(str(self.file))
        if not self.file.exists():
            return seen
        newest = -1
        with self.file.open("rb") as lines:
            for line in lines:
                try:
                    told = json.loads(line)
                except ValueError:
                    continue
                if "leaf" in told:
                    seen.leaves[told["leaf"]["index"]] = told["leaf"]
                elif "head" in told:
                    head = open_head(told["head"], verifier)
                    if head.size > newest:
                        newest, seen.head = head.size, head
        return seen

    def catch_up(self, session: Session, seen: Seen) -> int:
        """Append what the database has and the journal has not (a crash between the two); how many leaves."""
        rows = session.scalars(
            select(LedgerEntry).where(LedgerEntry.leaf_index >= seen.size).order_by(LedgerEntry.leaf_index)
        )
        lines: list[dict[str, Any]] = [{"leaf": entry.leaf()} for entry in rows]
        lines += [{"leaf": entry.leaf()} for entry in self._gaps(session, seen)]
        count = len(lines)
        head = session.scalar(select(LedgerHead).order_by(LedgerHead.size.desc()).limit(1))
        if head is not None and (seen.head is None or head.size > seen.head.size):
            lines.append({"head": head.note})
        self.write(lines)
        return count

    def _gaps(self, session: Session, seen: Seen) -> list[LedgerEntry]:
        absent = [index for index in range(seen.size) if index not in seen.leaves]
        return [
            entry
            for start in range(0, len(absent), 500)
            for entry in session.scalars(
                select(LedgerEntry).where(LedgerEntry.leaf_index.in_(absent[start : start + 500]))
            )
        ]


def check_against(session: Session, seen: Seen) -> None:
    """Refuse a database that lacks what has been seen, or tells it otherwise (R16).

    Raises Conflict("ledger.rolled_back") naming every missing entry, those of receipts apart, or
    Conflict("ledger.rewritten") naming the first entry that reads otherwise.
    """
    held = size(session)
    if held < seen.size:
        missing = list(range(held, seen.size))
        known = [index for index in missing if index in seen.leaves]
        receipts = [index for index in known if seen.leaves[index]["kind"] == COMMITMENT]
        raise Conflict(
            "ledger.rolled_back",
            source=seen.source,
            held=held,
            witnessed=seen.size,
            first_missing=held,
            missing=missing,
            receipts=receipts,
            receipt_count=len(receipts) if len(known) == len(missing) else f"{len(receipts)}+",
        )
    if seen.head is not None and seen.head.size and root_at(session, seen.head.size) != seen.head.root:
        raise Conflict("ledger.rewritten", source=seen.source, index=_first_other(session, seen))
    beyond = [index for index in seen.leaves if index >= (seen.head.size if seen.head else 0)]
    for entry in session.scalars(select(LedgerEntry).where(LedgerEntry.leaf_index.in_(beyond[:10_000]))):
        if entry.leaf() != seen.leaves[entry.leaf_index]:
            raise Conflict("ledger.rewritten", source=seen.source, index=entry.leaf_index)


def _first_other(session: Session, seen: Seen) -> int | None:
    rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.leaf_index))
    for entry in rows:
        told = seen.leaves.get(entry.leaf_index)
        if told is not None and told != entry.leaf():
            return entry.leaf_index
    return None

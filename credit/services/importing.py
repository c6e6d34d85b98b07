"""Importing a list: staged in small acts, resumable, seen by nobody until the last act makes it count as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.act import Act, Actor, Platform
from core.clock import iso
from core.errors import Conflict, Invalid, Refusal
from core.ledger.log import append
from core.store import ObjectStore, chunks_of
from credit import queries
from credit.models import CreditBadRow, CreditImport, CreditRecord
from credit.rules import LISTS, RATINGS, BadRow, check_shrink, read_file
from credit.rules.signatures import check_signature
from credit.services.parts import Comparison, Numbers64

MOST_BYTES = 4 << 30
BATCH = 25_000
"""Rows written in one act: a bid that is being submitted waits for no more than these."""
COLUMNS = (
    "source", "identifier", "name", "document_number", "reason", "listed_on", "ban_until", "measures", "fine_fen",
    "sector", "grade", "key", "content", "first_import_id",
)  # fmt: skip


def begin_import(
    act: Act,
    *,
    source: str,
    file: bytes | Path | BinaryIO,
    as_of: datetime,
    confirmed: bool = False,
    signature: bytes = b"",
) -> CreditImport:
    """Store the file, check its signature where the source signs, and begin; the same file again goes on where it was.

    Raises Invalid credit.source, .future, .too_large, .unsigned, .bad_signature; Conflict("credit.older") for a
    snapshot older than the one that counts, Conflict("credit.import_running") while another of the list is running.
    """
    if source not in LISTS:
        raise Invalid("credit.source", field="source", found=source, options=sorted(LISTS))
    if as_of > act.now:
        raise Invalid("credit.future", field="as_of", as_of=as_of)
    before = queries.newest_import(act.session, source)
    if before is not None and as_of < before.as_of:
        raise Conflict("credit.older", as_of=as_of, newest=before.as_of)
    stored = act.store.put(_limited(file))
    signer = check_signature(
        queries.source_settings(act.session, source), signature, source=source, sha256=stored.sha256, as_of=iso(as_of)
    )
    running = queries.running_import(act.session, source)
    if running is not None and running.sha256 != stored.sha256:
        raise Conflict("credit.import_running", since=running.imported_at, rows=running.rows_done)
    if running is not None:
        running.confirmed = running.confirmed or confirmed
        return running
    held = CreditImport(
        source=source,
        version=0,
        sha256=stored.sha256,
        as_of=as_of,
        imported_at=act.now,
        imported_by=act.actor.name,
        confirmed=confirmed,
        signed_by=signer,
        size=stored.size,
        rows_done=0,
        rows=0,
        added=0,
        removed=0,
    )
    act.session.add(held)
    act.session.flush()
    return held


def _limited(file: bytes | Path | BinaryIO) -> Iterator[bytes]:
    if isinstance(file, bytes):
        yield file
        return
    stream = file.open("rb") if isinstance(file, Path) else file
    total = 0
    for chunk in chunks_of(stream):
        total += len(chunk)
        if total > MOST_BYTES:
            raise Invalid("credit.too_large", field="file", most=MOST_BYTES)
        yield chunk
    if isinstance(file, Path):
        stream.close()


@dataclass
class Batch:
    """What one act writes: rows that are new or changed, bad lines, and how far the import is with it."""

    fresh: list[tuple[Any, ...]]
    bad: list[BadRow]
    rows_done: int
    bytes_done: int


@dataclass
class Taking:
    """One import in progress outside any act. What does not fit one part is on the disk (`parts.Comparison`)."""

    store: ObjectStore
    held: CreditImport
    compared: Comparison

    @classmethod
    def begin(cls, session: Session, store: ObjectStore, held: CreditImport) -> Taking:
        """Know what is on the list now."""
        compared = Comparison(store.temp)
        here = select(CreditRecord.key, CreditRecord.content, CreditRecord.id).where(
            CreditRecord.source == held.source,
            CreditRecord.gone_import_id.is_(None),
            CreditRecord.first_import_id != held.id,
        )
        for part in session.execute(here.execution_options(yield_per=BATCH)).partitions():
            compared.active.add(np.array([tuple(row) for row in part], dtype=np.int64))
        return cls(store, held, compared)

    def read(self, every: int = 4 * BATCH) -> Iterator[int]:
        """Read the file to its end, saying every so often how many bytes are behind; raises what makes it no list."""
        with self.store.open(self.held.sha256) as stream:
            for count, (line, row) in enumerate(read_file(stream, graded=self.held.source == RATINGS), 1):
                self.compared.add(line, row)
                if count % every == 0:
                    yield min(stream.tell(), self.held.size)

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """What each act is to write; what was written before an interruption is gone through and not written again."""
        done, fresh, bad = 0, list[tuple[Any, ...]](), list[BadRow]()
        for cells, lost in self.compared.results():
            done += 1
            if cells is not None:
                fresh.append((self.held.source, *cells, self.held.id))
            if lost is not None:
                bad.append(lost)
            if done % size == 0 or done == self.held.rows_done:
                yield self._batch(fresh, bad, done)
                fresh, bad = [], []
        yield self._batch(fresh, bad, done)

    def _batch(self, fresh: list[tuple[Any, ...]], bad: list[BadRow], done: int) -> Batch:
        behind = self.held.size // 2 + self.held.size * done // max(2 * self.compared.lines, 1)
        return Batch(fresh, bad, done, behind) if done > self.held.rows_done else Batch([], [], done, behind)


def note_reading(act: Act, import_id: int, read: int) -> CreditImport:
    """How far the file has been read, which is half of the way; Conflict("credit.import_over") once it has ended."""
    held = queries.import_by_id(act.session, import_id, locked=True)
    if held.finished_at is not None or held.failed is not None:
        raise Conflict("credit.import_over", field="file")
    held.bytes_done = max(held.bytes_done, read // 2)
    act.session.flush()
    return held


def keep_batch(act: Act, import_id: int, batch: Batch) -> CreditImport:
    """Write one part of the file; Conflict("credit.import_over") where another worker has ended the import."""
    held = queries.import_by_id(act.session, import_id, locked=True)
    if held.finished_at is not None or held.failed is not None:
        raise Conflict("credit.import_over", field="file")
    if batch.rows_done <= held.rows_done:
        return held
    _write(act.session, batch.fresh)
    _write_bad(act.session, held, batch.bad)
    held.rows_done, held.bytes_done = batch.rows_done, min(batch.bytes_done, held.size)
    act.session.flush()
    return held


def _write(session: Session, rows: list[tuple[Any, ...]]) -> None:
    """Insert many records the way each database does it fastest."""
    if not rows:
        return
    connection = session.connection()
    names = ", ".join(COLUMNS)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(COLUMNS))
        connection.exec_driver_sql(f"INSERT INTO credit_record ({names}) VALUES ({marks})", rows)  # noqa: S608 - own names
        return
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY credit_record ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def finish_import(act: Act, taking: Taking) -> CreditImport:
    """Make the snapshot count as a whole: what is new begins, what is gone ends, in one act and one ledger entry.

    Contradictions within the file become bad lines. A file with bad lines ends nothing it does not itself call changed
    or repaired: a line that could not be read must never wipe a record. Raises Invalid credit.empty, .shrunk.
    """
    held = queries.import_by_id(act.session, taking.held.id, locked=True)
    if held.finished_at is not None or held.failed is not None:
        raise Conflict("credit.import_over", field="file")
    ends, repaired = taking.compared.ends, taking.compared.repaired.count
    active, rows = taking.compared.active.count, taking.compared.rows
    if not rows and (active or held.bad) and not repaired:
        raise Invalid("credit.empty", field="file", bad=held.bad)
    removed = ends.removed.count if not held.bad else 0
    check_shrink(active, removed, confirmed=held.confirmed)
    _end(act.session, held, "changed", ends.changed)
    _end(act.session, held, "repaired", ends.repaired)
    if removed:
        _end(act.session, held, "removed", ends.removed)
    added = queries.records_begun(act.session, held)
    before = queries.newest_import(act.session, held.source)
    held.version = before.version + 1 if before else 1
    held.rows, held.finished_at, held.bytes_done = rows, act.now, held.size
    held.changed, held.repaired, held.removed = ends.changed.count, ends.repaired.count, removed
    held.added = added - held.changed
    act.session.flush()
    act.session.expire_all()
    append(
        act,
        "credit.import",
        f"credit:{held.source}",
        {
            "version": held.version,
            "sha256": held.sha256,
            "as_of": iso(held.as_of),
            "rows": held.rows,
            "added": held.added,
            "changed": held.changed,
            "removed": held.removed,
            "repaired": held.repaired,
            "bad_rows": held.bad,
            "signed_by": held.signed_by,
            "actor": act.actor.name,
        },
    )
    return held


def _end(session: Session, held: CreditImport, how: str, ids: Numbers64) -> None:
    for chunk in ids.chunks(0):
        for start in range(0, len(chunk), 500):
            session.execute(
                update(CreditRecord)
                .where(CreditRecord.id.in_(chunk[start : start + 500, 0].tolist()))
                .values(gone_import_id=held.id, gone_how=how)
                .execution_options(synchronize_session=False)
            )


def _write_bad(session: Session, held: CreditImport, rows: list[BadRow]) -> None:
    if rows:
        session.execute(insert(CreditBadRow), [{"import_id": held.id, **row.as_json()} for row in rows])
        held.bad += len(rows)


def abandon_import(act: Act, held: CreditImport, code: str) -> None:
    """Give a running import up with the reason; its records go, what counted before still counts."""
    held = queries.import_by_id(act.session, held.id)
    if held.finished_at is not None or held.failed is not None:
        raise Conflict("credit.import_over", field="file")
    act.session.execute(delete(CreditRecord).where(CreditRecord.first_import_id == held.id))
    held.failed = code
    act.session.flush()
    append(
        act,
        "credit.import_failed",
        f"credit:{held.source}",
        {"sha256": held.sha256, "rows": held.rows_done, "reason": code, "actor": act.actor.name},
    )


def import_list(
    act: Act,
    *,
    source: str,
    file: bytes | Path | BinaryIO,
    as_of: datetime,
    confirmed: bool = False,
    signature: bytes = b"",
) -> CreditImport:
    """Take over a small snapshot in one act: the whole import or nothing. Raises what its three parts raise."""
    with act.session.begin_nested():  # whoever catches a refusal inside the act finds nothing begun
        held = begin_import(act, source=source, file=file, as_of=as_of, confirmed=confirmed, signature=signature)
        taking = Taking.begin(act.session, act.store, held)
        for _ in taking.read():
            pass
        for batch in taking.batches():
            keep_batch(act, held.id, batch)
        return finish_import(act, taking)


def take_import(
    platform: Platform, actor: Actor, import_id: int, *, told: Callable[[CreditImport], None] = lambda _: None
) -> CreditImport:
    """Go through a begun import in many small acts; `told` hears of each. Safe to call again after any interruption.

    A refusal ends the import with its reason, and is raised; anything else leaves it to be taken up again.
    """
    with platform.reading() as session:
        held = queries.import_by_id(session, import_id)
        taking = Taking.begin(session, platform.store, held)
    try:
        for read in taking.read():
            with platform.act(actor) as act:
                held = note_reading(act, import_id, read)
            told(held)
        for batch in taking.batches():
            with platform.act(actor) as act:
                held = keep_batch(act, import_id, batch)
            told(held)
        with platform.act(actor) as act:
            return finish_import(act, taking)
    except Conflict:
        with platform.reading() as session:
            held = queries.import_by_id(session, import_id)
        if held.finished_at is not None:
            return held  # another worker was quicker
        raise
    except Refusal as refusal:
        with platform.act(actor) as act:
            abandon_import(act, held, refusal.code)
        raise

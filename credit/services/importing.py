"""Importing a list: staged in small acts, resumable, seen by nobody until the last act makes it count as a whole."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
from credit.rules import LISTS, RATINGS, BadRow, Row, check_shrink, read_file, shown
from credit.rules.signatures import check_signature

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
    """What one act writes: rows that are new or changed, bad lines, and how far the file has been read."""

    fresh: list[tuple[Any, ...]]
    bad: list[BadRow]
    rows_done: int
    bytes_done: int


@dataclass
class Taking:
    """One import in progress outside any act: two 64-bit digests a row of the file, three numbers an active record."""

    store: ObjectStore
    held: CreditImport
    ids: np.ndarray[Any, Any]
    active_keys: np.ndarray[Any, Any]
    active_contents: np.ndarray[Any, Any]
    keys: array[int] = field(default_factory=lambda: array("q"))
    contents: array[int] = field(default_factory=lambda: array("q"))
    repaired: array[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def begin(cls, session: Session, store: ObjectStore, held: CreditImport) -> Taking:
        """Know what is on the list now."""
        columns = [array("q"), array("q"), array("q")]
        here = select(CreditRecord.id, CreditRecord.key, CreditRecord.content).where(
            CreditRecord.source == held.source,
            CreditRecord.gone_import_id.is_(None),
            CreditRecord.first_import_id != held.id,
        )
        for part in session.execute(here.execution_options(yield_per=50_000)).partitions():
            for column, values in zip(columns, zip(*part, strict=True), strict=True):
                column.extend(values)
        ids, keys, contents = (np.frombuffer(column, dtype=np.int64) for column in columns)
        order = np.argsort(keys, kind="stable")
        return cls(store, held, ids[order], keys[order], contents[order])

    @property
    def is_graded(self) -> bool:
        """Whether the list is one of ratings."""
        return self.held.source == RATINGS

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Read the file; rows that were written before an interruption are read again and not written again."""
        done, rows, bad = 0, list[Row](), list[BadRow]()
        with self.store.open(self.held.sha256) as stream:
            for _, row in read_file(stream, graded=self.is_graded):
                done += 1
                if isinstance(row, BadRow):
                    bad.append(row)
                else:
                    rows.append(row)
                if done % size == 0 or done == self.held.rows_done:
                    yield self._batch(rows, bad, done, min(stream.tell(), self.held.size))
                    rows, bad = [], []
            yield self._batch(rows, bad, done, self.held.size)

    def _batch(self, rows: list[Row], bad: list[BadRow], done: int, read: int) -> Batch:
        digests = [row.digests() for row in rows]
        fresh = []
        known = self._known(digests)
        for row, (key, content), same in zip(rows, digests, known, strict=True):
            if row.repaired_on is not None:
                self.repaired.append(key)
                continue
            self.keys.append(key)
            self.contents.append(content)
            if not same:
                fresh.append((self.held.source, *row[:10], key, content, self.held.id))
        return Batch(fresh, bad, done, read) if done > self.held.rows_done else Batch([], [], done, read)

    def _known(self, digests: list[tuple[int, int]]) -> Sequence[bool]:
        """For each row whether the list has it now, word for word."""
        if not len(self.active_keys) or not digests:
            return [False] * len(digests)
        wanted = np.array(digests, dtype=np.int64)
        places = np.searchsorted(self.active_keys, wanted[:, 0])
        places[places == len(self.active_keys)] = 0
        same = (self.active_keys[places] == wanted[:, 0]) & (self.active_contents[places] == wanted[:, 1])
        return [bool(one) for one in same]

    def doubled(self) -> set[int]:
        """The digests of records the file has more than once."""
        keys = np.sort(np.frombuffer(self.keys, dtype=np.int64)) if self.keys else np.empty(0, np.int64)
        return {int(key) for key in np.unique(keys[1:][keys[1:] == keys[:-1]])} if len(keys) else set()

    def ended(self, *, torn: bool) -> dict[str, np.ndarray[Any, Any]]:
        """Ids of the records that end: changed, repaired, and unless the file is torn those no longer on it."""
        keys = np.frombuffer(self.keys, dtype=np.int64) if self.keys else np.empty(0, np.int64)
        contents = np.frombuffer(self.contents, dtype=np.int64) if self.contents else np.empty(0, np.int64)
        repaired = np.frombuffer(self.repaired, dtype=np.int64) if self.repaired else np.empty(0, np.int64)
        listed = np.isin(self.active_keys, keys)
        mended = np.isin(self.active_keys, repaired) & ~listed
        changed = listed & ~np.isin(self.active_contents, contents)
        gone = ~listed & ~mended if not torn else np.zeros(len(self.active_keys), dtype=bool)
        return {"changed": self.ids[changed], "repaired": self.ids[mended], "removed": self.ids[gone]}


def keep_batch(act: Act, import_id: int, batch: Batch) -> CreditImport:
    """Write one part of the file; Conflict("credit.import_over") where another worker has ended the import."""
    held = queries.import_by_id(act.session, import_id, locked=True)
    if held.finished_at is not None or held.failed is not None:
        raise Conflict("credit.import_over", field="file")
    if batch.rows_done <= held.rows_done:
        return held
    _write(act.session, batch.fresh)
    _write_bad(act.session, held, batch.bad)
    held.rows_done, held.bytes_done = batch.rows_done, batch.bytes_done
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
    _settle_doubles(act, taking, held)
    active = len(taking.ids)
    ended = taking.ended(torn=held.bad > 0)
    rows = len(np.unique(np.frombuffer(taking.keys, np.int64))) if taking.keys else 0
    if not rows and (active or held.bad) and not len(taking.repaired):
        raise Invalid("credit.empty", field="file", bad=held.bad)
    check_shrink(active, len(ended["removed"]), confirmed=held.confirmed)
    for how, ids in ended.items():
        for start in range(0, len(ids), 500):
            part = [int(one) for one in ids[start : start + 500]]
            act.session.execute(
                update(CreditRecord)
                .where(CreditRecord.id.in_(part))
                .values(gone_import_id=held.id, gone_how=how)
                .execution_options(synchronize_session=False)
            )
    added = queries.records_begun(act.session, held)
    before = queries.newest_import(act.session, held.source)
    held.version = before.version + 1 if before else 1
    held.rows, held.finished_at = rows, act.now
    held.changed, held.repaired, held.removed = (len(ended[how]) for how in ("changed", "repaired", "removed"))
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


def _settle_doubles(act: Act, taking: Taking, held: CreditImport) -> None:
    """The same row twice is one; rows of one record that differ are all bad. The file is read once more for them."""
    doubled = taking.doubled()
    if not doubled:
        return
    groups: dict[tuple[str, str, str], list[tuple[int, Row]]] = {}
    with taking.store.open(held.sha256) as stream:
        for line, row in read_file(stream, graded=taking.is_graded):
            if isinstance(row, Row) and row.repaired_on is None and row.digests()[0] in doubled:
                groups.setdefault(row.key, []).append((line, row))
    lost: list[BadRow] = []
    clashing: set[int] = set()
    for rows in groups.values():
        written = queries.records_written(act.session, held, rows[0][1])
        if len({row for _, row in rows}) > 1:
            lost += [BadRow(line, "credit.row_contradiction", shown(row)) for line, row in rows]
            clashing.add(rows[0][1].digests()[0])
            extra = written
        else:
            extra = written[1:]
        if extra:
            act.session.execute(delete(CreditRecord).where(CreditRecord.id.in_(extra)))
    if lost:
        _forget(taking, clashing)
        _write_bad(act.session, held, lost)
        act.session.flush()


def _write_bad(session: Session, held: CreditImport, rows: list[BadRow]) -> None:
    if rows:
        session.execute(insert(CreditBadRow), [{"import_id": held.id, **row.as_json()} for row in rows])
        held.bad += len(rows)


def _forget(taking: Taking, digests: set[int]) -> None:
    """Take contradicting rows out of what the file says: the record they are about stays as it was."""
    keys = np.frombuffer(taking.keys, dtype=np.int64)
    keep = ~np.isin(keys, np.array(sorted(digests), dtype=np.int64))
    contents = np.frombuffer(taking.contents, dtype=np.int64)
    taking.keys, taking.contents = array("q", keys[keep].tobytes()), array("q", contents[keep].tobytes())


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

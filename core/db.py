"""The database: model base, types that come back exactly, one writer gate, turnstiles."""

from __future__ import annotations

import fcntl
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    Integer,
    String,
    Text,
    and_,
    create_engine,
    event,
    false,
    or_,
    text,
)
from sqlalchemy.engine import Connection, Dialect, ExceptionContext, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from core import canonical
from core.locker import Locker, secret_file
from core.vault import Vault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CHECKPOINT_PAGES = 2000
READERS = 64
"""SQLite connections kept open, one for each thread of the server: closing one goes through the writer gate."""

Id = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An instant as integer microseconds since 1970 UTC: the same on both databases, zone never lost."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


class Score(TypeDecorator[Decimal]):
    """A Decimal as its text: never through a float."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text (RFC 8785): equal values are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if type(value) is canonical.Written:
            return value.text
        return None if value is None else canonical.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """The base of every table."""

    type_annotation_map: ClassVar = {datetime: Instant, Decimal: Score, int: BigInteger}


class Row:
    """A table row with its integer key."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)


class Staged(Row):
    """A row whose `state` moves by `core.machine.advance` only; `epoch` fences late writers.

    What is due is asked by state every second, and nearly every row has long been done: hence the index.
    """

    state: Mapped[str] = mapped_column(String(40), index=True)
    state_at: Mapped[datetime]
    epoch: Mapped[int] = mapped_column(default=0)


class Gate:
    """One writer at a time, among threads and processes, on one machine."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.RLock()
        self._depth = 0

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Inside, no other holder of this gate runs."""
        with self._lock:
            if self._depth:
                yield
                return
            with self._file.open("a") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                self._depth = 1
                try:
                    yield
                finally:
                    self._depth = 0


@dataclass
class _Door:
    """The threads of this process inside one turnstile, and the connection that stands there for them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: int = 0
    connection: Any = None


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def is_among(first: Any, second: Any, pairs: Iterable[tuple[Any, Any]]) -> ColumnElement[bool]:
    """Whether (first, second) is one of the pairs, so that an index over both finds it.

    SQLite reads the whole table for a row value in a list.
    """
    seconds: dict[Any, list[Any]] = {}
    for one, other in sorted(set(pairs)):
        seconds.setdefault(one, []).append(other)
    return or_(false(), *(and_(first == one, second.in_(others)) for one, others in seconds.items()))


def _without_values(context: ExceptionContext) -> None:
    """An error of the database names no value, for it is written to the log: PostgreSQL's DETAIL tells whole rows."""
    told = getattr(getattr(context.original_exception, "diag", None), "message_primary", None)
    if told is not None:
        context.original_exception.args = (told,)
        if context.sqlalchemy_exception is not None:
            context.sqlalchemy_exception.args = (f"({type(context.original_exception).__name__}) {told}",)


class Database:
    """One database by URL: SQLite behind a writer gate, or PostgreSQL.

    SQLite: WAL with synchronous=FULL, foreign keys on, every write and every checkpoint (also the one at closing a
    connection) inside the gate, no automatic checkpoints, no mmap. Versions before 3.51.3 can corrupt the file when
    two connections checkpoint at once; behind the gate they never do. `locker_key` is the file with the
    key of what lies encrypted (core.locker): `locker.key` in the folder unless told otherwise.
    """

    def __init__(self, url: str, *, folder: Path, locker_key: Path | None = None) -> None:
        self.url = make_url(url)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.gate = Gate(folder / "writer.gate")
        self._doors, self._together = threading.Lock(), dict[str, _Door]()
        self._line = threading.Lock()
        self.vault = Vault()
        self.engine = self._sqlite_engine() if self.is_sqlite else self._server_engine()
        event.listen(self.engine, "handle_error", _without_values)
        self.locker = Locker(secret_file(locker_key or folder / "locker.key"))
        self.engine.dialect.locker = self.locker  # type: ignore[attr-defined]

    def _server_engine(self) -> Engine:
        return create_engine(self.url, pool_size=20, max_overflow=30, hide_parameters=True)

    def _sqlite_engine(self) -> Engine:
        gate = self.gate

        class GatedConnection(sqlite3.Connection):
            def close(self) -> None:
                with gate.hold():
                    super().close()

        options = {"factory": GatedConnection, "timeout": 30}
        engine = create_engine(self.url, pool_size=READERS, connect_args=options, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, _: Any) -> None:
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "wal_autocheckpoint=0",
                "mmap_size=0",
                "busy_timeout=30000",
            ):
                connection.execute(f"PRAGMA {pragma}")
            settings = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            if settings not in (["wal", 2, 1], ["memory", 2, 1]):
                raise RuntimeError(f"SQLite refused its safe settings: {settings}")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
            connection.exec_driver_sql(f"BEGIN {mode}")

        return engine

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back on any error."""
        if not self.is_sqlite:
            with Session(self.engine, expire_on_commit=False, info={"vault": self.vault}) as session, session.begin():
                yield session
            return
        with self.gate.hold():
            engine = self.engine.execution_options(writes=True)
            with Session(engine, expire_on_commit=False, info={"vault": self.vault}) as session, session.begin():
                yield session
            self._checkpoint_when_due()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view; anything written inside is rolled back."""
        with Session(self.engine, expire_on_commit=False, info={"vault": self.vault}) as session:
            if not self.is_sqlite:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            try:
                yield session
            finally:
                session.expunge_all()  # what was read stays readable after the view is closed
                session.rollback()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A view for one statement, without what a session keeps of rows."""
        with self.engine.connect() as connection:
            yield connection

    def _checkpoint_when_due(self) -> None:
        log = Path(f"{self.url.database}-wal")
        if log.exists() and log.stat().st_size > CHECKPOINT_PAGES * 4096:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, behind the gate; nothing to do on PostgreSQL."""
        if self.is_sqlite:
            with self.gate.hold():
                connection = self.engine.raw_connection()
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()

    def rewrite(self) -> None:
        """Write the file anew and empty its log, so that no value that was overwritten stays behind in either.

        On PostgreSQL dead rows stay until the server's own VACUUM FULL: rewriting there is the keeper's to order.
        """
        if self.is_sqlite:
            with self.gate.hold():
                connection = self.engine.raw_connection()
                try:
                    connection.cursor().execute("VACUUM")
                finally:
                    connection.close()
            self.checkpoint()

    def clock(self) -> datetime:
        """What the database server's own clock says; only PostgreSQL has one."""
        with self.engine.connect() as connection:
            instant: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return instant.astimezone(UTC)

    @contextmanager
    def turnstile(self, name: str, *, shared: bool) -> Iterator[None]:
        """Many may be inside as `shared`; one alone as not shared, after all who were inside have left.

        The closing barrier (PROOF, "close with a barrier"): a bid is stamped and committed inside as shared, the
        closing waits for everyone who was stamped. Enter before the writer gate, never after.
        """
        if self.is_sqlite:
            file = self.folder / f"turnstile-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
            with file.open("a") as handle:
                fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
                yield
            return
        if shared:
            with self._inside_together(name):
                yield
            return
        with self.engine.connect() as connection, connection.begin():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(name)})
            yield

    @contextmanager
    def _inside_together(self, name: str) -> Iterator[None]:
        """All threads of this process share one connection that stands in the turnstile for them: a crowd needs one."""
        with self._doors:
            door = self._together.setdefault(name, _Door())
        with door.lock:
            if door.connection is None:
                connection = self.engine.connect()
                try:
                    connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _key(name)})
                except BaseException:
                    connection.close()
                    raise
                door.connection = connection
            door.inside += 1
        try:
            yield
        finally:
            with door.lock:
                door.inside -= 1
                if not door.inside:
                    door.connection.close()
                    door.connection = None

    def line(self) -> AbstractContextManager[object]:
        """Where writers of this process wait that would wait for each other anyway, without a connection each."""
        return self.gate.hold() if self.is_sqlite else self._line

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

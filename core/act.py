"""Who acts, the act (one actor, one instant, one transaction), and the platform acts are made of."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from core.carriers import Carrier
from core.chance import Chance, system
from core.clock import Clock, GuardedClock, Reading, reading_of, reading_when
from core.crowd import Crowd
from core.db import Database
from core.ledger.notes import Signer
from core.store import ObjectStore
from core.trust import NOBODY, Trust

if TYPE_CHECKING:
    from core.ledger.journal import Journal
    from core.render.signing import PaperSeal

log = logging.getLogger("sunbid.act")


@dataclass(frozen=True)
class Actor:
    """A person (with organisation and roles), the public, or the system itself."""

    name: str
    person_id: int | None = None
    organisation_id: int | None = None
    roles: frozenset[str] = frozenset()

    def has(self, *roles: str) -> bool:
        """Say whether the actor holds any of the roles."""
        return bool(self.roles.intersection(roles))


PUBLIC = Actor("public")
SYSTEM = Actor("system", roles=frozenset({"system"}))


@dataclass
class Act:
    """Everything a service may use; made by the door, committed by the door, never by a service.

    `now` is the one instant of the act; `store` holds content-addressed objects; `signer` is the platform's ledger
    key, which opens no bid; `trust` names the witnesses and the timestamping authority.
    """

    actor: Actor
    now: datetime
    session: Session
    store: ObjectStore
    signer: Signer
    chance: Chance = field(default=system)
    trust: Trust = field(default=NOBODY)
    reading: Reading | None = None
    """What is known of `now`; None where nothing is in doubt."""
    written: list[dict[str, Any]] = field(default_factory=list)
    """Leaves and heads of this act, for the journal."""


@dataclass(frozen=True)
class Stamp:
    """The instant at which something arrived, with what is known of it; good while its turnstile is held."""

    reading: Reading

    @property
    def at(self) -> datetime:
        """The instant itself."""
        return self.reading.now


@dataclass
class Platform:
    """What acts are made of on this installation; made once by `portal.app`, the demo or a test."""

    database: Database
    store: ObjectStore
    clock: Clock
    signer: Signer
    chance: Chance = field(default=system)
    trust: Trust = field(default=NOBODY)
    journal: Journal | None = None
    seal: PaperSeal | None = None
    """The certificate with which papers are signed; None where none was made (then they carry no signature)."""
    crowds: dict[str, Crowd] = field(default_factory=dict)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    """Who takes letters where, by channel; the log where an installation names nobody."""

    @contextmanager
    def act(
        self, actor: Actor, *, through: str | None = None, shared: bool = True, as_ordered: bool = False
    ) -> Iterator[Act]:
        """Open one act: one transaction, one instant, committed at the end or rolled back on any error.

        `through` names a turnstile entered before the instant is stamped (see `Database.turnstile`). Whoever goes
        through alone is overtaken by nobody who gave an order before: an act `as_ordered` is stamped first and then
        waits for its turn, and an act alone without it (a closing) waits until every such act is done.
        """
        with ExitStack() as stack:
            reading = None
            if through is not None and not shared:
                stack.enter_context(self.database.turnstile(f"orders:{through}", shared=as_ordered))
                reading = reading_of(self.clock) if as_ordered else None
            if through is not None:
                stack.enter_context(self.database.turnstile(through, shared=shared))
            self._compare_database()
            reading = reading or reading_of(self.clock)
            act = self._made(actor, reading, stack.enter_context(self.database.writing()))
            yield act
        self._write_journal(act.written)

    @contextmanager
    def acts(self, actor: Actor, stamps: Sequence[Stamp]) -> Iterator[list[Act]]:
        """Acts of one transaction, each at its own stamp; when this is left all are durable or none is."""
        with ExitStack() as stack:
            stack.enter_context(self.database.line())
            self._compare_database()
            session = stack.enter_context(self.database.writing())
            made = [self._made(actor, stamp.reading, session) for stamp in stamps]
            yield made
        self._write_journal(line for act in made for line in act.written)

    def _made(self, actor: Actor, reading: Reading, session: Session) -> Act:
        return Act(actor, reading.now, session, self.store, self.signer, self.chance, self.trust, reading)

    def _write_journal(self, lines: Iterable[dict[str, Any]]) -> None:
        if self.journal is not None:
            try:
                self.journal.write(lines)
            except OSError:
                # The act is done and its answer true; the worker makes up for the journal and the status page says so.
                log.exception("the journal could not be written")

    def crowd(self, name: str) -> Crowd:
        """Where work of that name waits, to be done together by the first whose turn it is."""
        return self.crowds.setdefault(name, Crowd())

    @contextmanager
    def stamp(self, turnstile: str, *, arrived: float | None = None) -> Iterator[Stamp]:
        """Enter a turnstile as one of many and stamp the instant; whoever closes it waits until the stamp is let go.

        `arrived`: what the system's clock showed when it came, where it lay unread since; the stamp is of that instant.
        """
        with self.database.turnstile(turnstile, shared=True):
            self._compare_database()
            yield Stamp(reading_when(self.clock, arrived))

    def _compare_database(self) -> None:
        """Compare the clock with the database's every few seconds, where the database has one of its own."""
        clock = self.clock
        if self.database.is_sqlite or not isinstance(clock, GuardedClock) or not clock.is_due("database", 5.0):
            return
        began = time.monotonic()
        instant = self.database.clock()
        clock.observe("database", instant, uncertainty=(time.monotonic() - began) / 2)

    def reading(self) -> AbstractContextManager[Session]:
        """One consistent read-only view of the database."""
        return self.database.reading()
